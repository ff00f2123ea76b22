"""A contact per location: whose an invoice is then, what of it stays the customer's, and how such contacts are made."""

from __future__ import annotations

import dataclasses
from typing import Any

import memo_world as memos
import msgspec
import payment_world as paid
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
    credit,
    guid,
    invoice,
    linked,
    sentences,
    shown,
    step,
    view,
)
from invoice_world import plan as plan_invoice

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Address, Ref
from ml_connector.canonical.sales import Payment, PaymentKind
from ml_connector.connectors.writing import Action
from ml_connector.integrations.credit_memo_flow import CreditMemos
from ml_connector.integrations.customer_flow import Customers, Locations
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Skip, Unchanged, Write
from ml_connector.integrations.invoice_flow import Invoices
from ml_connector.integrations.party_back import CustomersBack
from ml_connector.integrations.payment_flow import Payments
from ml_connector.integrations.views import Linked, Made, View
from ml_connector.sync.matching import PartyIndex

D = paid.D
PLACE = guid(60)  # the contact of the good invoice's location
PER = {"contact_per": "location"}
PER_LOCATION = msgspec.structs.replace(SETTINGS, contact_per="location")
KEY, LINKS = ("locations", "c1-l1"), {("locations", "c1-l1"): PLACE, ("customers", "c1"): JANE}
THERE = {**CONTACTS, PLACE: Party(PLACE, "customer", "Jane Doe, 12 Main St", currency="USD")}


def per_location(document: Any = INVOICE, **changes: Any) -> Decision:
    around: dict[str, Any] = {"links": LINKS, "brings": frozenset(["customers", "locations"]), "settings": PER}
    return plan_invoice(document, ledger={"parties": THERE}, **{**around, **changes})


# --- whose it is -----------------------------------------------------------------------------------------------------


def test_invoices_and_adjustments_are_the_locations() -> None:
    assert step(per_location()).party_id == PLACE
    assert step(plan_invoice(INVOICE, links=LINKS)).party_id == JANE
    decision = per_location(credit(), links={**LINKS, ("invoices", "i1"): guid(77)})
    assert body(decision)["Contact"] == {"ContactID": PLACE}
    assert step(per_location(invoice(location=Ref()))).party_id == JANE  # it has none


def test_the_links_that_are_needed() -> None:
    assert Invoices().needs_links(INVOICE, PER_LOCATION) == (KEY,)
    assert Invoices().needs_links(invoice(location=Ref()), PER_LOCATION) == (("customers", "c1"),)
    assert CreditMemos().needs_links(invoice(kind="credit note"), PER_LOCATION) == (KEY,)
    assert Payments().needs_links(paid.payment(), PER_LOCATION)[0] == ("customers", "c1")


@pytest.mark.parametrize(
    ("around", "code", "asks"),
    [
        ({"asked": frozenset([KEY])}, "customer_pending", (KEY,)),
        ({}, "location_unknown", ()),  # another customer's by now, or somebody else is billed for it
        ({"brings": frozenset(["customers"])}, "customer_flow_off", ()),
        ({"tables": {"locations": {"c1-l1": ARCHIVED}}}, "customer_inactive", ()),
    ],
)
def test_what_waits_for_the_location(around: dict[str, Any], code: str, asks: tuple[tuple[str, str], ...]) -> None:
    decision = per_location(links={("customers", "c1"): JANE}, **around)
    assert isinstance(decision, Hold) and codes(decision) == [code] and decision.asks_for == asks
    assert decision.waits[0].key in ("locations:c1-l1", f"parties:{ARCHIVED}")
    assert "locations" in decision.waits[0].action or code == "customer_pending"


def test_a_person_names_the_contact_that_owes_what_is_sold_at_somebody_elses_location() -> None:
    decision = per_location(links={("customers", "c1"): JANE}, tables={"locations": {"c1-l1": PLACE}})
    assert step(decision).party_id == PLACE


# --- what changes ----------------------------------------------------------------------------------------------------

POSTED = {"customer": Ref(PLACE, "Jane Doe, 12 Main St")}
OTHER = {**LINKS, ("locations", "c1-l2"): guid(61), ("locations", "c2-l1"): guid(62)}


def later(now: dict[str, Any] | None = None, **changes: Any) -> Decision:
    there = shown(**{**POSTED, **(now or {})})
    return per_location(invoice(**changes), link=linked(now=there), links=OTHER)


@pytest.mark.parametrize(
    ("changes", "contact"),
    [({"location": Ref("l2", "9 Oak")}, guid(61)), ({"customer": Ref("c2", "Next Owner")}, guid(62))],
)
def test_an_invoice_that_moves_goes_to_the_other_contact_while_it_is_open(
    changes: dict[str, Any], contact: str
) -> None:
    decision = later(**changes)
    assert (step(decision).action, step(decision).party_id) == (Action.UPDATE, contact)
    assert codes(later({"balance": D(50)}, **changes)) == ["change_when_paid"]
    assert isinstance(later(), Unchanged)


def test_where_customers_are_the_contacts_another_location_is_but_a_word() -> None:
    decision = plan_invoice(invoice(location=Ref("l2", "9 Oak")), link=linked(now=shown(balance=D(50))))
    assert body(decision)["Reference"].startswith("Job J-100, 9 Oak")


# --- payments --------------------------------------------------------------------------------------------------------

SOLD = invoice(id="A", location=Ref("l1", "12 Main St"))
AT = guid(65)
PAID_LINKS = {**paid.LINKS, KEY: AT}


def pay(document: Payment, **changes: Any) -> Decision:
    around = {"settings": PER, "links": PAID_LINKS, "sources": {("invoices", "A"): SOLD}}
    return paid.plan(document, **{**around, **changes})


def test_a_write_off_is_the_invoices_contact_as_it_is_and_as_it_is_to_be() -> None:
    write_off = paid.payment(type_="2")
    there = paid.invoice("A", customer=Ref(AT, "Smith, 12 Main St"))
    live = pay(write_off, shown=(there,))
    assert isinstance(live, Write) and live.steps[0].party_id == AT
    to_come = {**PAID_LINKS, KEY: "new: locations c1-l1", ("invoices", "A"): "new: invoices A"}
    seen = pay(paid.payment(type_="3"), links=to_come)  # a write-off waits for the invoice's tax
    assert isinstance(seen, Write) and seen.steps[0].party_id == "new: locations c1-l1"
    assert set(seen.placeholders) == {"new: locations c1-l1", "new: invoices A"}


def test_money_on_nothing_is_the_customers() -> None:
    decision = pay(paid.payment("100", {}, type_="5"))
    assert isinstance(decision, Write) and decision.steps[0].party_id == paid.SMITH


def test_it_is_not_applied_to_a_locations_invoice() -> None:
    reference, pot = f"{paid.PREFIX}p1", guid(300)
    advance = Payment(
        pot, Ref(paid.SMITH), D(100), PaymentKind.OVERPAYMENT, paid.ON, "USD", bank_account=Ref(paid.BANK),
        unapplied=D(100), reference=reference,
    )  # fmt: skip
    before, after = paid.payment("100", {}, type_="5"), paid.payment("100", {"A": "60"}, type_="5")
    link = Linked("overpayments", pot, advance, before, advance)
    around: dict[str, Any] = {"link": link, "made": {reference: Made("overpayments", pot)}}
    theirs, ours = (paid.invoice("A", customer=Ref(one)) for one in (AT, paid.SMITH))
    held = pay(after, shown=(theirs, advance), **around)
    assert paid.codes(held) == ["credit_other_contact"]
    assert isinstance(pay(after, shown=(ours, advance), **around), Write)


# --- the contacts of locations ---------------------------------------------------------------------------------------

HOME = Address("12 Main St", "", "Austin", "TX", "78701", "USA")
SITE = Party("c1-l1", "customer", "Jane Doe, 12 Main St", private_person=True, address=HOME)
FIRM = msgspec.structs.replace(SITE, name="Acme, Depot", private_person=False)
SAME = Party(guid(70), "customer", "Acme, Depot")


def around(document: Document, **changes: Any) -> View:
    return dataclasses.replace(view(INVOICE, settings=PER), document=document, source_id=document.id, **changes)


def site(document: Party = SITE, *contacts: Party, chosen: str = "", taken: Any = (), **changes: Any) -> Decision:
    found = around(document, links=changes.pop("links", {}), **changes)
    parties = {**CONTACTS, **{one.id: one for one in contacts}}
    index = PartyIndex(parties.values(), dict(taken))
    candidates = tuple(index.candidates(document, found.reference, "locations", chosen, apart=Locations.apart))
    found.mappings["locations"].update({document.id: chosen} if chosen else {})  # type: ignore[attr-defined]
    found = dataclasses.replace(
        found, candidates=candidates, ledger=dataclasses.replace(found.ledger, parties=parties)
    )  # fmt: skip
    decision = Locations().plan(found)
    for text in sentences(decision):
        assert_readable(text)
    return decision


def test_a_location_that_nobody_is_like_becomes_a_contact_of_its_own() -> None:
    decision = site()
    assert (body(decision)["Name"], step(decision).action) == ("Jane Doe, 12 Main St", Action.CREATE)
    assert body(decision)["Addresses"][0]["AddressLine1"] == "12 Main St" and "EmailAddress" not in body(decision)
    namesake = Party(guid(71), "customer", "Jane Doe, 12 Main St")
    assert step(site(SITE, namesake, chosen="new")).number == "Jane Doe, 12 Main St (ST c1-l1)"


def test_it_is_matched_as_customers_are() -> None:
    decision = site(FIRM, SAME)
    assert isinstance(decision, Adopt) and (decision.target_id, decision.origin) == (SAME.id, "matched")
    private = msgspec.structs.replace(SAME, name=SITE.name)
    assert codes(site(SITE, private)) == ["customer_ambiguous"]
    assert codes(site(FIRM, SAME, taken=[(("locations", SAME.id), "c9-l9")])) == ["customer_taken"]
    assert isinstance(site(SITE, private, chosen=private.id), Adopt)


def test_a_customers_contact_is_no_locations_nor_the_other_way_round() -> None:
    taken = {("customers", SAME.id): "c9"}
    assert isinstance(site(FIRM, SAME, taken=taken), Write)
    assert codes(site(FIRM, SAME, chosen=SAME.id, taken=taken)) == ["customer_taken"]
    index = PartyIndex([SAME], {("locations", SAME.id): "c1-l1"})
    assert index.candidates(FIRM, "", "customers", apart=Customers.apart) == []


def test_one_without_a_name_waits_for_one() -> None:
    decision = site(msgspec.structs.replace(SITE, name=""))
    assert isinstance(decision, Hold) and codes(decision) == ["location_incomplete"]
    assert decision.waits[0].key == "locations:c1-l1"


def test_what_names_a_merged_one_goes_to_the_contact_of_the_one_that_is_left() -> None:
    merged = msgspec.structs.replace(SITE, active=False, merged_into="c1-l2")
    survivor = ("locations", "c1-l2")
    assert Locations().needs_links(merged, PER_LOCATION) == (survivor,)
    waits = site(merged, asked=frozenset([survivor]))
    assert isinstance(waits, Hold) and codes(waits) == ["customer_merged"] and waits.asks_for == (survivor,)
    assert codes(site(merged, links={survivor: PLACE})) == ["customer_merged_away"]


def test_its_name_and_address_follow_and_nothing_else() -> None:
    there = msgspec.structs.replace(SITE, id=PLACE, name="Jane Doe, 12 Main St (ST c1-l1)")
    link = Linked("parties", PLACE, there, SITE, msgspec.structs.replace(there, email="people@typed.example"))
    renamed = msgspec.structs.replace(SITE, name="Jane Roe, 12 Main St")
    decision = site(renamed, link=link)
    assert (step(decision).action, step(decision).target_id) == (Action.UPDATE, PLACE)
    assert body(decision) == {"ContactID": PLACE, "Name": "Jane Roe, 12 Main St"}
    assert isinstance(site(SITE, link=link), Unchanged)


def test_what_people_change_in_it_stays_in_the_ledger() -> None:
    contact = Party(PLACE, "customer", "Jane Doe, 12 Main St", roles="customer")
    created = {**PER, "new_from_ledger": "create"}
    for apart, code in ((True, "contact_of_location"), (False, "contact_not_wanted")):
        found = around(contact, apart=apart)
        settings = found.settings if not apart else msgspec.structs.replace(found.settings, **created)
        decision = CustomersBack().plan(dataclasses.replace(found, settings=settings))
        assert isinstance(decision, Skip) and decision.code == code
        assert_readable(decision.sentence)


def test_it_is_read_and_goes_live_only_where_locations_are_the_contacts() -> None:
    assert Locations().source_entities(SETTINGS) == () and Locations().source_entities(PER_LOCATION) == ("locations",)
    assert "contact_per=location" in Locations().not_live(SETTINGS, ()) and not Locations().not_live(PER_LOCATION, ())


def test_a_part_of_a_credit_memo_is_applied_within_the_location_alone() -> None:
    there = paid.invoice("A", customer=Ref(AT))
    given = memos.memo("40", {"A": "40"}, location=Ref("l1", "12 Main St"))
    tables = {"locations": {}}
    decision = CreditMemos().plan(
        memos.view(given, settings=PER, links=PAID_LINKS, at_target=memos.showing([there]), tables=tables)
    )
    assert isinstance(decision, Write) and {one.party_id for one in decision.steps} == {AT, ""}
    elsewhere = msgspec.structs.replace(given, location=Ref())
    held = CreditMemos().plan(
        memos.view(elsewhere, settings=PER, links=PAID_LINKS, at_target=memos.showing([there]), tables=tables)
    )
    assert paid.codes(held) == ["credit_other_contact"]
