"""Vendors of a ledger as suppliers: matched on proof, else created with everything they are paid by; never changed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from bill_world import codes
from staging_world import HOME, SUPPLIERS, VENDOR, linked, plan, staged

from ml_connector.canonical.master_data import Party, Person
from ml_connector.canonical.parts import Address
from ml_connector.connectors.writing import Action
from ml_connector.errors import BadInput
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Unchanged, Write
from ml_connector.integrations.views import Candidate
from ml_connector.integrations.xero_servicenow import INTEGRATION as XERO
from ml_connector.integrations.zoho_books_servicenow import INTEGRATION

BETA, DELTA = SUPPLIERS["s1"], SUPPLIERS["s3"]
PROVEN = Candidate(DELTA, "same e-mail", proof=True, score=99.0)
LIKE = Candidate(DELTA, "name 93 % alike", proof=False, score=93.0)
CODED = Candidate(BETA, "same name", proof=False, score=100.0)
NOBODY: dict[str, Any] = {"ledger": {"parties": {}}}


def vend(vendor: Party = VENDOR, *, chosen: str = "", **changes: Any) -> Decision:
    return plan(vendor, "vendors", tables={"vendors": {vendor.id: chosen} if chosen else {}}, **changes)


@pytest.mark.parametrize(
    ("around", "adopted"),
    [
        ({"candidates": (PROVEN,)}, ("s3", "matched")),
        ({"candidates": (CODED, LIKE)}, ("s1", "matched")),
        ({"candidates": (CODED, PROVEN)}, ("s1", "matched")),
        ({"chosen": "s3", "candidates": (CODED,)}, ("s3", "person")),
    ],
)
def test_a_supplier_that_is_there_is_linked(around: dict[str, Any], adopted: tuple[str, str]) -> None:
    decision = vend(**around)
    assert isinstance(decision, Adopt)
    assert (decision.target_entity, decision.target_id, decision.origin) == ("parties", *adopted)


def test_a_vendor_nobody_is_like_is_created_with_all_that_it_is_paid_by() -> None:
    person = Person("c2", "Ann", "Dee", "ann@beta.example")
    decision = vend(msgspec.structs.replace(VENDOR, persons=(person,), currency="CAD"), **NOBODY)
    assert isinstance(decision, Write)
    [step] = decision.steps
    assert (step.entity, step.action, step.reference, step.number) == (
        "parties", Action.CREATE, "mlc-7", "Beta Supplies",
    )  # fmt: skip
    sent = staged(decision)
    assert (sent.id, sent.kind, sent.account_number, sent.currency) == ("", "vendor", "v1", "CAD")
    assert (sent.address, sent.persons, sent.email) == (HOME, (person,), "ap@beta.example")
    assert isinstance(vend(chosen="new", candidates=(PROVEN, CODED)), Write)


@pytest.mark.parametrize("chosen", ["", "s1", "new"])
def test_what_its_own_creation_has_left_is_completed_by_it(chosen: str) -> None:
    left = msgspec.structs.replace(
        CODED, party=msgspec.structs.replace(BETA, reference="mlc-7"), evidence="our reference"
    )
    decision = vend(chosen=chosen, candidates=(left,))
    assert isinstance(decision, Write) and decision == vend(**NOBODY)
    gone = msgspec.structs.replace(left, party=msgspec.structs.replace(left.party, active=False), proof=True)
    assert codes(vend(candidates=(gone,))) == ["supplier_row_inactive"]


@pytest.mark.parametrize(
    ("around", "code"),
    [
        ({"candidates": (LIKE,)}, "supplier_ambiguous"),
        ({"candidates": (PROVEN, msgspec.structs.replace(PROVEN, party=SUPPLIERS["s2"]))}, "supplier_ambiguous"),
        ({}, "supplier_ambiguous"),  # somebody else's name has its code
        ({"candidates": (msgspec.structs.replace(PROVEN, taken_by="v9"),)}, "supplier_taken"),
        ({"candidates": (msgspec.structs.replace(CODED, taken_by="v9"),)}, "supplier_taken"),
        ({"candidates": (msgspec.structs.replace(PROVEN, party=SUPPLIERS["s2"]),)}, "supplier_row_inactive"),
        ({"chosen": "s404"}, "supplier_row_unknown"),
        ({"chosen": "s3", "candidates": (msgspec.structs.replace(PROVEN, taken_by="v9"),)}, "supplier_taken"),
    ],
)
def test_what_a_person_decides(around: dict[str, Any], code: str) -> None:
    decision = vend(**around)
    assert isinstance(decision, Hold) and codes(decision) == [code]
    assert (decision.waits[0].kind, decision.waits[0].key) == ("mapping", "vendors:v1")


@pytest.mark.parametrize(
    ("name", "address", "held"),
    [
        ("Beta Company", HOME, True),
        ("Beta Company", msgspec.structs.replace(HOME, street=HOME.street.upper() + "."), True),
        ("Beta Company", msgspec.structs.replace(HOME, zip=""), False),
        ("Beta Company", msgspec.structs.replace(HOME, street="1 Other Way"), False),
        ("Omega Company", HOME, False),
    ],
)
def test_another_name_at_the_very_address_is_for_a_person(name: str, address: Address, held: bool) -> None:
    there = Party("s9", "vendor", name, account_number="SUP-9", address=address)
    decision = vend(ledger={"parties": {"s9": there}})
    assert isinstance(decision, Hold if held else Write)
    if held:
        assert codes(decision) == ["supplier_ambiguous"]


def test_one_of_several_that_point_to_a_supplier_is_held_with_the_others_names() -> None:
    twin = msgspec.structs.replace(VENDOR, id="v2")
    one, other = codes(vend(candidates=(msgspec.structs.replace(PROVEN, proof=False, claimed_by=(twin,)),)))
    assert (one, other) == ("party_claimed", "party_claimed_too")


def test_a_vendor_needs_a_name() -> None:
    assert codes(vend(msgspec.structs.replace(VENDOR, name=" "))) == ["supplier_without_name"]


@pytest.mark.parametrize(
    ("changes", "skipped"),
    [
        ({"kind": "customer"}, True),
        ({"roles": "customer"}, True),
        ({"kind": "customer", "roles": "customer vendor"}, False),
    ],
)
def test_customers_are_passed_over(changes: dict[str, Any], skipped: bool) -> None:
    decision = vend(msgspec.structs.replace(VENDOR, **changes), **NOBODY)
    assert (codes(decision) == ["no_vendor"]) is skipped


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"address": Address("9 Elm Road", city="New York")},
            "1 Ship Street, 55802, Duluth, MN, US -> 9 Elm Road, New York",
        ),
        ({"email": "new@beta.example"}, "e-mail ap@beta.example -> new@beta.example"),
        ({"name": "Beta Ltd"}, "name Beta Supplies -> Beta Ltd"),
        ({"active": False}, "active yes -> no"),
    ],
)
def test_a_change_is_told_and_never_sent(changes: dict[str, Any], says: str) -> None:
    decision = vend(msgspec.structs.replace(VENDOR, **changes), link=linked(VENDOR, BETA, "parties", "s1"))
    assert isinstance(decision, Hold) and codes(decision) == ["supplier_changed"]
    assert says in decision.waits[0].sentence


def test_what_is_no_change_of_a_supplier() -> None:
    link = linked(VENDOR, BETA, "parties", "s1")
    assert isinstance(vend(msgspec.structs.replace(VENDOR, stamp="2026-07-01", memo="nice"), link=link), Unchanged)


def test_an_address_that_is_completed_is_no_change_of_where_a_vendor_is_paid() -> None:
    before = msgspec.structs.replace(VENDOR, address=msgspec.structs.replace(VENDOR.address, zip="", country=""))
    link = linked(before, BETA, "parties", "s1")
    assert isinstance(vend(VENDOR, link=link), Unchanged)
    moved = msgspec.structs.replace(VENDOR, address=msgspec.structs.replace(VENDOR.address, street="9 Elm Road"))
    assert codes(vend(moved, link=link)) == ["supplier_changed"]
    more = msgspec.structs.replace(VENDOR, address=msgspec.structs.replace(VENDOR.address, street2="Suite 5"))
    assert codes(vend(more, link=linked(VENDOR, BETA, "parties", "s1"))) == ["supplier_changed"]


def test_what_the_connector_cannot_send_is_told() -> None:
    def refused(action: Action, document: Any, reference: str) -> Any:
        raise BadInput("The name is longer than 80 characters.")

    assert codes(vend(compose=refused, **NOBODY)) == ["unsuitable"]


def test_how_vendors_are_read() -> None:
    settings: Any = None
    zoho, xero = INTEGRATION.flow("vendors"), XERO.flow("vendors")
    assert zoho.source_entities(settings) == xero.source_entities(settings) == ("parties",)
    assert zoho.reading_options(settings) == {"contact_type": "vendor", "details": "yes"}
    assert xero.reading_options(settings) == {}
