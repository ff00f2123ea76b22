"""What a vendor that we made still lacks in its ledger, and that its new documents wait for it where that is set."""

from __future__ import annotations

from typing import Any

import bill_world
import msgspec
import payment_world
import pytest

from ml_connector.canonical.erased import erased
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Address
from ml_connector.integrations.complete_vendors import FORM_1099, REMIT_TO, TAX_ID, TERMS, completeness
from ml_connector.integrations.decisions import Hold, Write

HELD = {"hold_incomplete_vendors": "yes"}
WHOLE = Party(
    "zv1", "vendor", "Beta Supplies", currency="USD", address=Address("1 Main St", city="Austin"), has_tax_id=True,
    has_terms=True, has_1099=True,
)  # fmt: skip


def lacking(**changes: Any) -> Party:
    return msgspec.structs.replace(WHOLE, **changes)


def test_what_is_missing_is_named_and_what_is_not_told_is_not_missing() -> None:
    whole = completeness(WHOLE, "US")
    assert (whole.complete, whole.missing, whole.not_told) == (True, (), ())
    bare = completeness(lacking(has_tax_id=False, has_terms=False, has_1099=False, address=Address()), "US")
    assert bare.missing == (TAX_ID, FORM_1099, TERMS, REMIT_TO) and not bare.complete
    silent = completeness(lacking(has_terms=None, has_1099=None), "US")
    assert (silent.complete, silent.not_told) == (True, (FORM_1099, TERMS))


@pytest.mark.parametrize("address", [Address("1 Main St"), Address(city="Austin", zip="78701"), Address(" ", city=" ")])
def test_a_remit_to_address_has_a_street_and_a_city(address: Address) -> None:
    assert completeness(lacking(address=address), "US").missing == (REMIT_TO,)


def test_form_1099_is_asked_for_in_the_united_states_only() -> None:
    for edition, missing in (("US", (FORM_1099,)), ("", (FORM_1099,)), ("CA", ()), ("UK", ())):
        assert completeness(lacking(has_1099=False), edition).missing == missing


def test_what_only_a_list_has_told_is_not_complete() -> None:
    listed = completeness(lacking(has_tax_id=None, address=Address(), in_full=False), "US")
    assert not listed.complete and listed.not_told == () and "could not be read yet" in listed.lacks


def bill(vendor: Party, *, created: bool = True, **changes: Any) -> list[str]:
    """Why the good bill of that vendor waits."""
    parties = {**bill_world.VENDORS, "zv1": vendor}
    ours = frozenset([("vendors", "v1")]) if created else frozenset()
    given = {"settings": HELD, "ledger": {"parties": parties}, "created": ours, **changes}
    return bill_world.codes(bill_world.plan(bill_world.BILL, **given))


def test_a_bill_waits_for_its_vendor_by_setting_and_by_what_the_vendor_lacks() -> None:
    assert bill(WHOLE) == []
    assert bill(lacking(has_tax_id=False)) == ["vendor_lacks_details"]
    assert bill(lacking(in_full=False)) == ["vendor_lacks_details"]
    assert bill(lacking(has_tax_id=False), settings={}) == []
    assert bill(lacking(has_tax_id=False), created=False) == []  # it was there before
    assert bill(lacking(has_tax_id=False), released=frozenset(["vendor_lacks_details"])) == []


def test_the_wait_names_what_is_missing_and_ends_with_the_vendors_next_change() -> None:
    ledger = {"parties": {"zv1": lacking(has_tax_id=False, has_1099=False)}}
    ours = frozenset([("vendors", "v1")])
    decision = bill_world.plan(bill_world.BILL, settings=HELD, ledger=ledger, created=ours)
    assert isinstance(decision, Hold)
    [wait] = decision.waits
    assert (wait.kind, wait.key) == ("fact", "parties:zv1")
    assert "Beta Supplies" in wait.sentence and "tax id, form 1099." in wait.sentence


def order(vendor: Party, **changes: Any) -> object:
    beta = msgspec.structs.replace(vendor, id=payment_world.BETA)
    given = {
        "settings": HELD, "ledger": {"parties": {payment_world.BETA: beta}}, "created": frozenset([("vendors", "v1")]),
        **changes,
    }  # fmt: skip
    return payment_world.plan(payment_world.ORDER, **given)


def test_a_new_order_waits_too_and_one_that_stands_follows_its_source() -> None:
    assert isinstance(order(WHOLE), Write)
    held = order(lacking(has_terms=False))
    assert isinstance(held, Hold) and [one.code for one in held.waits] == ["vendor_lacks_details"]
    posted = payment_world.linked_order(payment_world.order(delivery="Elsewhere"))
    assert isinstance(order(lacking(has_terms=False), link=posted), Write)


def test_of_an_erased_vendor_no_address_is_missing() -> None:
    shown = erased(WHOLE)
    assert isinstance(shown, Party)
    found = completeness(shown, "US")
    assert found.complete and found.not_told == (REMIT_TO,)
