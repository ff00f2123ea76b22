"""Customers: matched on proof, a private person's name only suggests, created under a free name when nobody is alike."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest
from invoice_world import (
    ARCHIVED,
    CONTACTS,
    INVOICE,
    JANE,
    SETTINGS,
    assert_readable,
    body,
    codes,
    guid,
    sentences,
    step,
    view,
)

from ml_connector.canonical.master_data import Party
from ml_connector.connectors.writing import Action
from ml_connector.integrations.customer_flow import Customers
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Skip, Unchanged, Write
from ml_connector.integrations.party_names import taken
from ml_connector.integrations.vendor_flow import UniqueVendors, Vendors
from ml_connector.integrations.views import Candidate, Linked
from ml_connector.integrations.ways import ZOHO
from ml_connector.sync.matching import PartyIndex

FIRM = Party("c1", "customer", "Acme Offices", email="ap@acme.example", phone="512 555 0100")
JOHN = Party("c7", "customer", "John Smith", email="john@smith.example", private_person=True)
ACME = Party(guid(11), "customer", "Acme Offices", email="office@acme.example")
SMITH = Party(guid(12), "customer", "John Smith", phone="512 555 0199")
MAPLE = Party("c9", "customer", "Maple Court", email="rent@maple.example", phone="612 555 0101")


def like(party: Party, name: str, *, email: str = "", **changes: Any) -> Party:
    """A contact of that name and the party's phone; its e-mail only if given."""
    return msgspec.structs.replace(party, id=guid(14), name=name, email=email, **changes)


PROVEN = Candidate(ACME, "same name", True, 100.0)


def plan(customer: Party = FIRM, *, chosen: str = "", contacts: tuple[Party, ...] = (), **changes: Any) -> Decision:
    """The decision; candidates are found among ``contacts`` as the engine finds them, unless they are given."""
    taken = changes.pop("taken", {})
    around = view(
        INVOICE, tables={"customers": {customer.id: chosen} if chosen else {}},
        ledger={"parties": {**CONTACTS, **{one.id: one for one in contacts}}},
    )  # fmt: skip
    index = PartyIndex(around.ledger.parties.values(), taken)
    found = index.candidates(customer, around.reference, "customers", chosen)
    around = dataclasses.replace(around, document=customer, links={}, candidates=tuple(found))
    decision = Customers().plan(dataclasses.replace(around, **changes))
    for text in sentences(decision):
        assert_readable(text)
    return decision


TAKEN = {("customers", SMITH.id): "c6", ("customers", ACME.id): "c6"}


@pytest.mark.parametrize(
    ("customer", "around", "adopted"),
    [
        (FIRM, {"contacts": (ACME,)}, (ACME.id, "matched")),
        (msgspec.structs.replace(JOHN, phone="(512) 555-0199"), {"contacts": (SMITH,)}, (SMITH.id, "matched")),
        (JOHN, {"contacts": (SMITH,), "chosen": SMITH.id}, (SMITH.id, "person")),
        (FIRM, {"chosen": JANE}, (JANE, "person")),
        (FIRM, {"contacts": (ACME,), "taken": {("vendors", ACME.id): "v6"}}, (ACME.id, "matched")),
        (MAPLE, {"contacts": (like(MAPLE, "Maple Courts", email=MAPLE.email),)}, (guid(14), "matched")),
        (
            like(MAPLE, "Johnson Supply", account_number="A7"),
            {"contacts": (like(MAPLE, "Johnstone Supply", account_number="A7"),)},
            (guid(14), "matched"),
        ),
    ],
)
def test_a_customer_that_is_there_is_linked(customer: Party, around: dict[str, Any], adopted: tuple[str, str]) -> None:
    decision = plan(customer, **around)
    assert isinstance(decision, Adopt)
    assert (decision.target_entity, decision.target_id, decision.origin) == ("parties", *adopted)


@pytest.mark.parametrize(
    ("customer", "around", "code"),
    [
        (JOHN, {"contacts": (SMITH,)}, "customer_ambiguous"),  # a private person's name only suggests
        (msgspec.structs.replace(FIRM, name="Acme Office"), {"contacts": (ACME,)}, "customer_ambiguous"),
        # A name that is merely alike may be the neighbour's, the wife's, or another firm's.
        (like(MAPLE, "Johnson Supply"), {"contacts": (like(MAPLE, "Johnstone Supply"),)}, "customer_ambiguous"),
        (like(MAPLE, "Maple Court 102"), {"contacts": (like(MAPLE, "Maple Court 101"),)}, "customer_ambiguous"),
        (
            like(MAPLE, "Maple Court 102", email=MAPLE.email),
            {"contacts": (like(MAPLE, "Maple Court 101", email=MAPLE.email),)},
            "customer_ambiguous",
        ),
        (
            like(MAPLE, "Joan Smith", email=MAPLE.email, private_person=True),
            {"contacts": (like(MAPLE, "John Smith", email=MAPLE.email),)},
            "customer_ambiguous",
        ),
        (FIRM, {"contacts": (ACME, msgspec.structs.replace(ACME, id=guid(13)))}, "customer_ambiguous"),
        (FIRM, {"contacts": (ACME,), "taken": TAKEN}, "customer_taken"),
        (JOHN, {"contacts": (SMITH,), "chosen": SMITH.id, "taken": TAKEN}, "customer_taken"),
        (FIRM, {"chosen": "404"}, "customer_unknown_there"),
        (FIRM, {"chosen": ARCHIVED}, "customer_inactive"),
        (FIRM, {"contacts": (msgspec.structs.replace(ACME, active=False),)}, "customer_inactive"),
        (msgspec.structs.replace(FIRM, name=" "), {}, "customer_incomplete"),
    ],
)
def test_what_waits_for_a_person(customer: Party, around: dict[str, Any], code: str) -> None:
    decision = plan(customer, **around)
    assert isinstance(decision, Hold) and codes(decision) == [code]
    assert "customers" in decision.waits[0].action or code == "customer_incomplete"


def test_one_nobody_is_like_is_created_with_our_reference_as_its_number() -> None:
    decision = plan()
    one, sent = step(decision), body(decision)
    assert (one.entity, one.action, one.reference) == ("parties", Action.CREATE, "servicetitan-1-invoices-i1")
    assert (sent["Name"], sent["ContactNumber"]) == ("Acme Offices", "servicetitan-1-invoices-i1")
    assert isinstance(decision, Write) and not decision.notes


@pytest.mark.parametrize("spelled", ["John Smith", "JOHN  SMITH", "Jöhn Smith"])
def test_a_name_that_is_taken_gets_servicetitans_number_behind_it(spelled: str) -> None:
    other = msgspec.structs.replace(SMITH, name=spelled)
    decision = plan(JOHN, contacts=(other,), chosen="new")
    assert (step(decision).number, body(decision)["Name"]) == ("John Smith (ST c7)", "John Smith (ST c7)")
    assert isinstance(decision, Write) and "this one becomes 'John Smith (ST c7)' there" in decision.notes[0]
    archived = msgspec.structs.replace(other, active=False)
    assert step(plan(JOHN, contacts=(archived,), chosen="new")).number == "John Smith"


def test_a_long_name_keeps_what_tells_it_apart() -> None:
    long = msgspec.structs.replace(JOHN, name="J" * 300)
    other = msgspec.structs.replace(SMITH, name="J" * 300)
    name = step(plan(long, contacts=(other,), chosen="new")).number
    assert len(name) == 255 and name.endswith("J (ST c7)")


def test_two_people_of_one_name_are_two() -> None:
    """The other is linked with a customer of his own, and nothing but the name is alike."""
    assert step(plan(JOHN, contacts=(SMITH,), taken=TAKEN)).number == "John Smith (ST c7)"
    same_phone = msgspec.structs.replace(JOHN, phone=SMITH.phone)
    assert codes(plan(same_phone, contacts=(SMITH,), taken=TAKEN)) == ["customer_taken"]


def test_a_name_that_is_only_like_a_persons_is_no_reason_to_ask() -> None:
    jon = msgspec.structs.replace(SMITH, name="Jon Smith")
    assert step(plan(JOHN, contacts=(jon,))).number == "John Smith"
    same_mail = msgspec.structs.replace(jon, name="Smith Family", email=JOHN.email)
    assert codes(plan(JOHN, contacts=(same_mail,))) == ["customer_ambiguous"]


# --- merged ----------------------------------------------------------------------------------------------------------

MERGED = msgspec.structs.replace(FIRM, id="c9", active=False, merged_into="c1")


def test_a_merged_customer_waits_for_the_one_that_survived() -> None:
    assert Customers().needs_links(MERGED, SETTINGS) == (("customers", "c1"),)
    assert Customers().needs_links(FIRM, SETTINGS) == ()
    decision = plan(MERGED, asked=frozenset([("customers", "c1")]))
    assert isinstance(decision, Hold) and decision.asks_for == (("customers", "c1"),)
    assert [(one.code, one.kind, one.key) for one in decision.waits] == [("customer_merged", "link", "customers:c1")]
    assert plan(MERGED) == Hold(decision.waits)


def test_a_merged_customers_documents_go_to_the_survivors_contact() -> None:
    decision = plan(MERGED, links={("customers", "c1"): JANE})
    assert isinstance(decision, Skip) and decision.code == "customer_merged_away"
    link = Linked("parties", ACME.id, ACME, FIRM, ACME)  # one that had a contact of its own before
    assert codes(plan(MERGED, links={("customers", "c1"): JANE}, link=link)) == ["customer_merged_away"]


# --- linked ----------------------------------------------------------------------------------------------------------


def test_a_linked_customer_is_left_alone_until_something_changes() -> None:
    there = msgspec.structs.replace(ACME, phone="512 555 0177")
    link = Linked("parties", ACME.id, there, FIRM, there)  # linked as it was: nothing is overwritten
    assert isinstance(plan(link=link), Unchanged)
    renamed = msgspec.structs.replace(FIRM, name="Acme Towers")
    assert set(body(plan(renamed, link=link))) == {"ContactID", "Name"}
    assert codes(plan(renamed, link=dataclasses.replace(link, now=None))) == ["counterpart_missing"]
    assert Customers().target_entity(FIRM) == "parties"


# --- vendors ---------------------------------------------------------------------------------------------------------


def test_vendors_in_xero_get_a_free_name_too() -> None:
    vendor = Party("v1", "vendor", "Jane Doe")
    around = dataclasses.replace(view(INVOICE, tables={"vendors": {"v1": "new"}}), document=vendor)
    assert step(UniqueVendors().plan(around)).number == "Jane Doe (ST v1)"
    assert step(Vendors().plan(dataclasses.replace(around, ways=ZOHO))).number == "Jane Doe"
    assert (UniqueVendors.target_vendor, Vendors.target_vendor) == ("xero", "zoho_books")


def test_taken_names_are_gathered_once() -> None:
    """What the view says is taken is not looked for among all contacts again; names compare as Xero compares them."""
    parties = [Party("1", "customer", " JANE  Doé"), Party("2", "customer", "Old", active=False)]
    assert taken(parties) == {"jane doe": frozenset(["1"])}
    vendor = Party("v1", "vendor", "Jane Doe")
    around = dataclasses.replace(view(INVOICE, tables={"vendors": {"v1": "new"}}), document=vendor)
    free = dataclasses.replace(around, ledger=dataclasses.replace(around.ledger, taken_names={}))
    names = {"jane doe": frozenset(["1"])}
    held = dataclasses.replace(around, ledger=dataclasses.replace(around.ledger, taken_names=names))
    assert step(UniqueVendors().plan(free)).number == "Jane Doe"
    assert step(UniqueVendors().plan(held)).number == "Jane Doe (ST v1)"


def test_a_firm_that_is_customer_too_is_linked_with_its_one_contact() -> None:
    vendor = Party("v1", "vendor", "Acme Offices")
    candidates = PartyIndex([ACME], {("customers", ACME.id): "c1"}).candidates(vendor, "r", "vendors")
    around = dataclasses.replace(
        view(INVOICE, tables={"vendors": {}}), document=vendor, candidates=tuple(candidates)
    )  # fmt: skip
    decision = UniqueVendors().plan(around)
    assert isinstance(decision, Adopt) and decision.target_id == ACME.id
