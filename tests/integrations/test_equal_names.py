"""Names of customers and vendors in a Zoho Books organisation that permits each name once, and in one that does not care."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest
from zoho_sales_world import BOOKS, INVOICE, codes, sentences, view

from ml_connector.canonical.master_data import Party
from ml_connector.connectors.zoho_books import compose as zoho
from ml_connector.integrations.decisions import Decision, Hold, Write
from ml_connector.integrations.party_names import names_unique, taken
from ml_connector.integrations.vendor_flow import Vendors
from ml_connector.integrations.views import Linked, View
from ml_connector.integrations.ways import XERO, ZOHO
from ml_connector.integrations.zoho_parties import ZohoCustomers

ONCE = {"duplicate_names": "no"}
JOHN = Party("7", "customer", "John Smith", private_person=True)
OTHER = Party("90", "customer", "John Smith")
SUPPLY = Party("8", "vendor", "Boreal Supply")


def around(party: Party, *there: Party, set_there: dict[str, str], **changes: Any) -> View:
    """A view of a party that a person has called new, among the contacts of one organisation."""
    flow = "customers" if party.kind == "customer" else "vendors"
    seen = view(
        INVOICE, tables={flow: {party.id: "new"}}, ledger={"parties": {one.id: one for one in there}}
    )  # fmt: skip
    made = dataclasses.replace(
        seen, document=party, links={}, ways=ZOHO, set_there=set_there,
        compose=lambda action, document, reference: zoho.compose(action, document, BOOKS, reference, {}),
    )  # fmt: skip
    return dataclasses.replace(made, **changes)


def planned(party: Party, *there: Party, set_there: dict[str, str] = ONCE, **changes: Any) -> Decision:
    flow = ZohoCustomers() if party.kind == "customer" else Vendors()
    return flow.plan(around(party, *there, set_there=set_there, **changes))


def named(decision: Decision) -> str:
    assert isinstance(decision, Write)
    body = msgspec.json.decode(decision.steps[0].body)
    assert body["contact_name"] == decision.steps[0].number
    return decision.steps[0].number


@pytest.mark.parametrize(
    "other",
    [
        OTHER,
        msgspec.structs.replace(OTHER, active=False),
        msgspec.structs.replace(OTHER, kind="vendor"),
        msgspec.structs.replace(OTHER, name="  JOHN   smith "),
    ],
    ids=["live", "inactive", "vendor", "spelled"],
)
def test_a_new_customer_whose_name_any_contact_has_gets_its_number_behind_it(other: Party) -> None:
    decision = planned(JOHN, other)
    assert named(decision) == "John Smith (ST 7)"
    assert isinstance(decision, Write) and "another contact has the name 'John Smith'" in decision.notes[0]
    for allowed in ({}, {"duplicate_names": "yes"}):
        assert named(planned(JOHN, other, set_there=allowed)) == "John Smith"


def test_a_vendor_whose_name_a_customer_has_gets_its_number_behind_it() -> None:
    firm = msgspec.structs.replace(SUPPLY, id="91", kind="customer", active=False)
    assert named(planned(SUPPLY, firm)) == "Boreal Supply (ST 8)"
    assert named(planned(SUPPLY, OTHER)) == "Boreal Supply"


def test_the_bare_name_that_another_new_one_gets_first_is_taken() -> None:
    assert named(planned(JOHN, promised=True)) == "John Smith (ST 7)"
    assert named(planned(JOHN, promised=True, set_there={})) == "John Smith"


def renamed(*there: Party, set_there: dict[str, str] = ONCE, **changes: Any) -> Decision:
    """John Smith was John Smyth until now."""
    before = msgspec.structs.replace(JOHN, name="John Smyth")
    now = Party("55", "customer", "John Smyth")
    link = Linked("parties", now.id, now, before, now)
    return planned(JOHN, now, *there, set_there=set_there, link=link, **changes)


def test_a_renamed_customer_whose_new_name_is_taken_gets_its_number_behind_it() -> None:
    assert named(renamed()) == "John Smith"
    assert named(renamed(OTHER)) == "John Smith (ST 7)"
    assert named(renamed(promised=True)) == "John Smith (ST 7)"
    assert named(renamed(OTHER, set_there={})) == "John Smith"


@pytest.mark.parametrize("linked", [False, True])
def test_one_whose_name_with_the_number_is_taken_too_is_held_before_anything_is_sent(linked: bool) -> None:
    behind = Party("92", "vendor", "John Smith (ST 7)", active=False)
    decision = renamed(OTHER, behind) if linked else planned(JOHN, OTHER, behind)
    assert isinstance(decision, Hold) and codes(decision) == ["duplicate_name"]
    assert decision.waits[0].key == "parties:92"
    [sentence, *_] = sentences(decision)
    assert "'John Smith (ST 7)'" in sentence and "the inactive vendor 92" in sentence


def test_names_are_gathered_of_live_ones_or_of_all() -> None:
    gone = msgspec.structs.replace(OTHER, active=False)
    assert taken([gone]) == {}
    assert taken([gone, JOHN], inactive=True) == {"john smith": frozenset({"90", "7"})}


def test_where_the_ledger_itself_takes_each_name_once_no_setting_is_asked() -> None:
    assert names_unique(XERO, {}) and not names_unique(ZOHO, {}) and names_unique(ZOHO, ONCE)
