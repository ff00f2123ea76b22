"""Customers and vendors that both systems keep: what is planned on each side, for linked ones and for new ones."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest
from invoice_world import CONTACTS, INVOICE, assert_readable, body, codes, guid, sentences, step, view

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Address
from ml_connector.connectors.servicetitan import CONNECTOR as SERVICETITAN
from ml_connector.connectors.writing import Action, Composed
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.customer_flow import Customers
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Skip, Unchanged, Write
from ml_connector.integrations.party_back import CustomersBack, VendorsBack
from ml_connector.integrations.vendor_flow import UniqueVendors
from ml_connector.integrations.views import Linked, View
from ml_connector.sync.matching import PartyIndex

HOME = Address("12 Main St", "", "Austin", "TX", "78701", "USA")
MOVED = Address("9 Oak Ave", "", "Austin", "TX", "78702", "USA")
CONTACT = guid(40)
ANN = Party("c40", "customer", "Ann Lee", email="ann@lee.example", phone="512 555 0100", address=HOME)
ANN_THERE = msgspec.structs.replace(ANN, id=CONTACT, roles="customer", name="Ann Lee (ST c40)")
PARTS = Party("v4", "vendor", "Parts Inc", email="pay@parts.example", phone="512 555 0400", address=HOME)
PARTS_THERE = msgspec.structs.replace(PARTS, id=CONTACT, roles="vendor")
CREATE = {"new_from_ledger": "create"}


def changed(party: Party, **values: Any) -> Party:
    return msgspec.structs.replace(party, **values)


def servicetitan(action: Action, document: Document, reference: str) -> Composed:
    return SERVICETITAN.compose(action, document, view(INVOICE).source, reference, {})


def around(document: Party, settings: dict[str, Any] | None = None, **changes: Any) -> View:
    return dataclasses.replace(
        view(INVOICE, tables={"vendors": {}}, settings=settings or {}), document=document, source_id=document.id, **changes
    )  # fmt: skip


def plan(flow: FlowType, found: View) -> Decision:
    decision = flow.plan(found)
    for text in sentences(decision):
        assert_readable(text)
    return decision


def forward(now: Party = ANN, there: Party = ANN_THERE, **changes: Any) -> Decision:
    """A version of a customer that was agreed as ANN and ANN_THERE."""
    link = Linked("parties", CONTACT, ANN_THERE, ANN, there)
    return plan(Customers(), around(now, link=link, **changes))


def back(now: Party = ANN_THERE, here: Party = ANN, **changes: Any) -> Decision:
    """A version of the contact, seen from the other end."""
    link = Linked("customers", ANN.id, ANN, ANN_THERE, here)
    return plan(CustomersBack(), around(now, link=link, compose=servicetitan, **changes))


def vendor_back(now: Party, **changes: Any) -> Decision:
    link = Linked("vendors", PARTS.id, PARTS, PARTS_THERE, PARTS)
    return plan(VendorsBack(), around(now, link=link, compose=servicetitan, **changes))


# --- linked ----------------------------------------------------------------------------------------------------------


def test_only_what_was_changed_goes_to_xero() -> None:
    decision = forward(changed(ANN, phone="512 555 0111"))
    one, sent = step(decision), body(decision)
    assert (one.entity, one.action, one.target_id) == ("parties", Action.UPDATE, CONTACT)
    assert set(sent) == {"ContactID", "Name", "Phones"} and sent["Name"] == "Ann Lee (ST c40)"
    assert sent["Phones"][0]["PhoneNumber"] == "512 555 0111"
    assert isinstance(decision, Write) and decision.agreed is not None
    assert (decision.agreed.source.phone, decision.agreed.answered) == ("512 555 0111", ("phone",))


def test_only_what_was_changed_goes_to_servicetitan() -> None:
    decision = back(changed(ANN_THERE, phone="512 555 0111"))
    one, sent = step(decision), body(decision)
    assert (one.entity, one.action, one.target_id) == ("customers", Action.UPDATE, ANN.id)
    assert sent == {
        "customer": {"name": "Ann Lee"}, "contacts": [{"type": "Phone", "value": "512 555 0111"}]
    }  # fmt: skip


def test_a_change_that_still_has_to_come_over_stays_a_change() -> None:
    """The e-mail was changed in Xero; the forward flow, which writes the phone, does not take it for agreed."""
    decision = forward(changed(ANN, phone="512 555 0111"), changed(ANN_THERE, email="new@lee.example"))
    assert isinstance(decision, Write) and decision.agreed is not None and decision.agreed.target is not None
    assert decision.agreed.target.email == "ann@lee.example" and "EmailAddress" not in body(decision)
    answer = changed(ANN_THERE, email="new@lee.example", phone="512 555 0111")
    shown = decision.agreed.with_answer(answer)
    assert shown is not None and (shown.email, shown.phone) == ("ann@lee.example", "512 555 0111")


def test_what_the_other_side_makes_of_a_change_is_agreed_and_told() -> None:
    decision = forward(changed(ANN, phone="512 555 0111", email="änn@lee.example"))
    assert isinstance(decision, Write) and decision.agreed is not None
    answer = changed(ANN_THERE, phone="(512) 555-0111")
    assert decision.agreed.otherwise(answer) == ("email",) and "left out" in " ".join(decision.notes)
    agreed = decision.agreed.with_answer(answer)
    link = Linked("parties", CONTACT, agreed, decision.agreed.source, answer)
    again = around(changed(ANN, phone="512 555 0111", email="änn@lee.example"), link=link)
    assert isinstance(plan(Customers(), again), Unchanged)


def test_our_own_change_does_not_come_back() -> None:
    ours = changed(ANN_THERE, phone="512 555 0111")
    link = Linked("customers", ANN.id, changed(ANN, phone="512 555 0111"), ours, changed(ANN, phone="512 555 0111"))
    assert isinstance(plan(CustomersBack(), around(ours, link=link)), Unchanged)


def test_where_both_changed_a_field_the_plan_tells_which_value_gave_way() -> None:
    here, there = changed(ANN, phone="512 555 0111"), changed(ANN_THERE, phone="512 555 0122")
    decision = forward(here, there)
    assert isinstance(decision, Write) and "512 555 0122 gives way" in decision.notes[0]
    assert codes(back(there, here)) == ["party_gives_way"]
    theirs = {"owners": ("customers.phone=ledger",)}
    assert codes(forward(here, there, settings=theirs)) == ["party_gives_way"]
    assert isinstance(back(there, here, settings=theirs), Write)


def test_a_field_nobody_owns_waits_and_goes_as_it_is_released() -> None:
    here, there = changed(ANN, phone="512 555 0111"), changed(ANN_THERE, phone="512 555 0122")
    held = {"owners": ("customers.phone=hold",)}
    assert (
        codes(forward(here, there, settings=held))
        == codes(back(there, here, settings=held))
        == ["party_changed_on_both"]
    )
    released = frozenset(["party_changed_on_both"])
    assert body(forward(here, there, settings=held, released=released))["Phones"][0]["PhoneNumber"] == "512 555 0111"
    assert body(back(there, here, settings=held, released=released))["contacts"][0]["value"] == "512 555 0122"


def test_a_new_name_is_free_in_xero_and_bare_in_servicetitan() -> None:
    assert body(forward(changed(ANN, name="Ann Ray")))["Name"] == "Ann Ray"
    assert body(forward(changed(ANN, name="Jane Doe")))["Name"] == "Jane Doe (ST c40)"
    assert body(back(changed(ANN_THERE, name="Ann Ray (ST c40)")))["customer"]["name"] == "Ann Ray"


def test_inactivity_does_not_travel_and_an_archived_contact_is_not_written() -> None:
    assert isinstance(forward(changed(ANN, active=False)), Unchanged)
    assert codes(back(changed(ANN_THERE, active=False))) == ["contact_archived"]
    moved = forward(changed(ANN, phone="512 555 0111"), changed(ANN_THERE, active=False))
    assert isinstance(moved, Hold) and [(one.code, one.kind) for one in moved.waits] == [("customer_inactive", "fact")]


def test_a_removed_value_is_told_and_stays_there() -> None:
    assert codes(forward(changed(ANN, email=""))) == ["party_value_removed"]


def test_a_merged_counterpart_is_not_written() -> None:
    assert codes(back(changed(ANN_THERE, phone="1"), changed(ANN, merged_into="c41"))) == ["counterpart_merged"]
    assert codes(back(changed(ANN_THERE, merged_into=guid(41), active=False))) == ["contact_merged_away"]


def test_a_changed_address_is_whole_or_waits() -> None:
    sent = body(back(changed(ANN_THERE, address=changed_address(country=""))))
    assert sent["customer"]["address"]["country"] == "USA" and sent["customer"]["address"]["street"] == "9 Oak Ave"
    waits = back(changed(ANN_THERE, address=changed_address(zip="")))
    assert codes(waits) == ["address_incomplete"] and "no postal code" in sentences(waits)[0]


def test_a_changed_address_has_the_country_that_is_set() -> None:
    nowhere = msgspec.structs.replace(HOME, country="")
    link = Linked("customers", ANN.id, changed(ANN, address=nowhere), ANN_THERE, changed(ANN, address=nowhere))
    moved = changed(ANN_THERE, address=changed_address(country=""))

    def planned(**settings: str) -> Decision:
        def compose(action: Action, document: Document, reference: str) -> Composed:
            return SERVICETITAN.compose(action, document, view(INVOICE).source, reference, settings)

        return plan(CustomersBack(), around(moved, link=link, compose=compose))

    assert body(planned(country="USA"))["customer"]["address"]["country"] == "USA"
    waits = planned()
    assert codes(waits) == ["address_incomplete"] and "no country" in sentences(waits)[0]


def changed_address(**values: str) -> Address:
    return msgspec.structs.replace(MOVED, **values)


@pytest.mark.parametrize("change", [{"email": "new@parts.example"}, {"address": MOVED}])
def test_where_a_vendor_is_paid_changes_only_when_a_person_says_so(change: dict[str, Any]) -> None:
    waits = vendor_back(changed(PARTS_THERE, **change))
    assert codes(waits) == ["vendor_remittance_changed"]
    released = frozenset(["vendor_remittance_changed"])
    assert isinstance(vendor_back(changed(PARTS_THERE, **change), released=released), Write)
    link = Linked("parties", CONTACT, PARTS_THERE, PARTS, PARTS_THERE)
    assert codes(plan(UniqueVendors(), around(changed(PARTS, **change), link=link))) == ["vendor_remittance_changed"]


def test_a_vendors_contact_person_and_phone_travel() -> None:
    sent = body(vendor_back(changed(PARTS_THERE, phone="512 555 0444", first_name="Pat", last_name="Ng")))
    assert (sent["phone"], sent["firstName"], sent["lastName"]) == ("512 555 0444", "Pat", "Ng")
    assert "address" not in sent and "email" not in sent


def test_the_baseline_changes_nothing() -> None:
    only = {"parties_baseline": "yes"}
    assert codes(forward(changed(ANN, phone="1"), settings=only)) == ["parties_baseline"]
    assert codes(back(changed(ANN_THERE, phone="1"), settings=only)) == ["parties_baseline"]
    assert codes(plan(Customers(), around(ANN, settings=only))) == ["parties_baseline"]
    assert codes(new(settings={**only, **CREATE})) == ["parties_baseline"]


# --- not linked yet --------------------------------------------------------------------------------------------------

NEW = changed(ANN_THERE, id=guid(50), name="Bo Ray", email="bo@ray.example", phone="512 555 0500")


def new(
    contact: Party = NEW, known: tuple[Party, ...] = (), taken: dict[Any, str] | None = None, **changes: Any
) -> Decision:
    """A contact that nobody has linked; ServiceTitan's customers are ``known``."""
    found = PartyIndex(known, taken or {}).candidates(contact, "r", "customers_back")
    settings = changes.pop("settings", CREATE)
    return plan(
        CustomersBack(), around(contact, settings=settings, candidates=tuple(found), compose=servicetitan, **changes)
    )  # fmt: skip


def test_a_contact_is_linked_with_the_customer_it_surely_is() -> None:
    bo = Party("c50", "customer", "Bo Ray", phone="(512) 555-0500", private_person=True)
    decision = new(known=(bo,), settings={})
    assert isinstance(decision, Adopt)
    assert (decision.target_entity, decision.target_id, decision.origin) == ("customers", "c50", "matched")
    assert "they differ in e-mail, address" in decision.evidence
    assert decision.agreed is not None and (decision.agreed.source, decision.agreed.target) == (NEW, bo)


def test_a_private_persons_name_is_no_proof_on_this_side_either() -> None:
    bo = Party("c50", "customer", "Bo Ray", private_person=True)
    assert codes(new(known=(bo,))) == ["contact_ambiguous"]
    assert isinstance(new(known=(bo,), released=frozenset(["contact_ambiguous"])), Write)
    assert isinstance(new(known=(changed(bo, private_person=False),)), Adopt)
    taken = {("customers_back", "c50"): guid(51)}
    assert codes(new(known=(changed(bo, phone=NEW.phone),), taken=taken)) == ["contact_ambiguous"]
    assert step(new(known=(changed(bo, merged_into="c1"),))).action is Action.CREATE


@pytest.mark.parametrize("settings", [{}, CREATE, {"parties_baseline": "yes"}])
def test_an_inactive_customer_is_neither_linked_nor_made_again(settings: dict[str, Any]) -> None:
    gone = Party("c50", "customer", "Bo Ray", phone=NEW.phone, active=False)
    decision = new(known=(gone,), settings=settings)
    assert isinstance(decision, Skip) and decision.code == "contact_inactive_there"
    assert "ServiceTitan's customer Bo Ray (c50), which is inactive" in decision.sentence


def test_a_new_one_is_made_where_that_is_set() -> None:
    decision = new()
    one, sent = step(decision), body(decision)
    assert (one.entity, one.action, sent["name"], sent["type"]) == ("customers", Action.CREATE, "Bo Ray", "Commercial")
    assert isinstance(decision, Write) and decision.agreed is not None and decision.agreed.source == NEW
    person = changed(NEW, first_name="Bo", last_name="Ray")
    assert body(new(person))["type"] == "Residential"
    assert codes(new(settings={})) == ["contact_not_wanted"]


def test_one_without_an_address_waits_with_what_is_missing() -> None:
    decision = new(changed(NEW, address=Address(street="1 Elm")))
    assert isinstance(decision, Hold) and [(one.code, one.kind) for one in decision.waits] == [
        ("contact_incomplete", "source")
    ]
    assert "no city" in sentences(decision)[0] and "no country" in sentences(decision)[0]


@pytest.mark.parametrize(
    ("contact", "code"),
    [
        (changed(NEW, roles=""), "contact_without_documents"),
        (changed(NEW, roles="vendor"), "contact_of_another_role"),
        (changed(NEW, active=False), "contact_archived"),
        (changed(NEW, merged_into=guid(51)), "contact_merged_away"),
    ],
)
def test_what_is_no_customer_is_passed_over(contact: Party, code: str) -> None:
    decision = new(contact)
    assert isinstance(decision, Skip) and decision.code == code


def test_a_merged_contact_is_never_a_match_and_stands_for_the_one_that_is_left() -> None:
    merged, left = CONTACTS[guid(4)], CONTACTS[guid(1)]
    index = PartyIndex([changed(merged, reference="ours"), left], {})
    assert [one.party for one in index.candidates(ANN, "ours", "customers")] == [left]
    assert index.candidates(changed(ANN, name=merged.name, private_person=False), "r", "customers") == []


def test_where_a_firm_is_paid_too_its_new_email_waits_whichever_of_its_roles_was_changed() -> None:
    there = changed(ANN_THERE, roles="customer vendor")
    assert codes(forward(changed(ANN, email="x@y.example"), there)) == ["vendor_remittance_changed"]


def test_what_both_show_alike_is_agreed_though_the_rest_is_passed_over() -> None:
    decision = forward(changed(ANN, phone="", email="x@lee.example"), changed(ANN_THERE, email="x@lee.example"))
    assert isinstance(decision, Skip) and decision.agreed is not None
    assert decision.agreed.source.email == decision.agreed.target.email == "x@lee.example"
    assert decision.agreed.source.phone == ANN.phone
