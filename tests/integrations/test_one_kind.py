"""Where a contact is customer or vendor for good: a person's choice of the other kind is held, and told which it is."""

from __future__ import annotations

import dataclasses

import pytest
from invoice_world import INVOICE, assert_readable, codes, sentences, view

from ml_connector.canonical.master_data import Party
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.customer_flow import Customers
from ml_connector.integrations.decisions import Adopt, Decision
from ml_connector.integrations.party_facts import is_of_kind
from ml_connector.integrations.vendor_flow import UniqueVendors, Vendors
from ml_connector.integrations.zoho_parties import ZohoCustomers

ACME = Party("p1", "customer", "Acme Offices")
AS_VENDOR = Party("z1", "vendor", "Acme Offices", roles="vendor")
AS_CUSTOMER = Party("z1", "customer", "Acme Offices", roles="customer")
FORMER_VENDOR, FORMER_CUSTOMER = (
    Party("z1", "vendor", "Acme"),
    Party("z1", "customer", "Acme"),
)  # read before roles were


def chosen(flow: FlowType, there: Party) -> Decision:
    around = view(INVOICE, tables={flow.name: {ACME.id: there.id}}, ledger={"parties": {there.id: there}})
    decision = flow.plan(dataclasses.replace(around, document=ACME, links={}))
    for text in sentences(decision):
        assert_readable(text)
    return decision


@pytest.mark.parametrize(
    ("flow", "there"),
    [
        (ZohoCustomers(), AS_VENDOR),
        (Vendors(), AS_CUSTOMER),
        (ZohoCustomers(), FORMER_VENDOR),
        (Vendors(), FORMER_CUSTOMER),
    ],
)
def test_a_contact_of_the_other_kind_is_not_taken(flow: FlowType, there: Party) -> None:
    decision = chosen(flow, there)
    assert codes(decision) == ["contact_of_other_kind"]
    (told,) = [one for one in sentences(decision) if "two contacts" in one]
    assert f"'{ACME.id}'" not in told and f"which is a {there.kind} there" in told


@pytest.mark.parametrize(
    ("flow", "there"),
    [
        (ZohoCustomers(), AS_CUSTOMER),
        (Vendors(), AS_VENDOR),
        (ZohoCustomers(), FORMER_CUSTOMER),
        (Vendors(), FORMER_VENDOR),
        (ZohoCustomers(), Party("z1", "", "Acme Offices")),  # of which no kind is told
        (Customers(), AS_VENDOR),  # one that may be both
        (UniqueVendors(), AS_CUSTOMER),
    ],
)
def test_one_of_its_kind_is_taken(flow: FlowType, there: Party) -> None:
    assert isinstance(chosen(flow, there), Adopt)


def test_only_a_ledger_of_one_kind_has_lists_of_each() -> None:
    assert (ZohoCustomers().party_list, Vendors().party_list) == (("parties", "customer"), ("parties", "vendor"))
    assert Customers().party_list == UniqueVendors().party_list == ("parties", "")
    assert is_of_kind(AS_VENDOR, "") and not is_of_kind(AS_VENDOR, "customer")
