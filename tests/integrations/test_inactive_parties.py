"""Parties that are inactive on one side: told, or carried over as any other field, by a step of its own."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest
from bill_world import BILL, assert_readable, codes, sentences, view

from ml_connector.canonical.documents import Document, as_deleted
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Address
from ml_connector.connectors.servicetitan import CONNECTOR as SERVICETITAN
from ml_connector.connectors.writing import Action, Composed
from ml_connector.integrations.decisions import Decision, Unchanged, Write
from ml_connector.integrations.loosening import loosened
from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION
from ml_connector.integrations.vendor_flow import Vendors
from ml_connector.integrations.views import Linked, View
from ml_connector.integrations.zoho_parties import ZohoCustomers, ZohoVendorsBack

HOME = Address("12 Main St", "", "Austin", "TX", "78701", "U.S.A.")
PARTS = Party("v4", "vendor", "Parts Inc", email="pay@parts.example", phone="512 555 0400", address=HOME)
THERE = msgspec.structs.replace(PARTS, id="zv9", roles="vendor")
FOLLOW = {"inactive_parties": "follow", "parties_back": "yes"}
LEAVE = {"inactive_parties": "leave", "parties_back": "yes"}


def changed(party: Party, **values: Any) -> Party:
    return msgspec.structs.replace(party, **values)


def off(party: Party, **values: Any) -> Party:
    return changed(party, active=False, **values)


def servicetitan(action: Action, document: Document, reference: str) -> Composed:
    return SERVICETITAN.compose(action, document, view(BILL).source, reference, {})


def told(decision: Decision) -> Decision:
    for text in sentences(decision):
        assert_readable(text)
    return decision


def around(document: Party, link: Linked, settings: dict[str, Any], **changes: Any) -> View:
    found = view(BILL, settings=settings)
    return dataclasses.replace(found, document=document, source_id=document.id, link=link, **changes)


def plan(
    now: Party, there: Party = THERE, agreed: tuple[Party, Party] = (PARTS, THERE), settings: Any = FOLLOW, **more: Any
) -> Decision:  # fmt: skip
    """A new version of a vendor that was agreed as told."""
    return told(Vendors().plan(around(now, Linked("parties", "zv9", agreed[1], agreed[0], there), settings, **more)))


def back(
    now: Party, here: Party = PARTS, agreed: tuple[Party, Party] = (PARTS, THERE), settings: Any = FOLLOW, **more: Any
) -> Decision:  # fmt: skip
    """A new version of the contact, seen from the other end."""
    link = Linked("vendors", "v4", agreed[0], agreed[1], here)
    return told(ZohoVendorsBack().plan(around(now, link, settings, compose=servicetitan, **more)))


def steps(decision: Decision) -> list[tuple[str, str, Any]]:
    assert isinstance(decision, Write)
    return [(one.action.value, one.target_id, msgspec.json.decode(one.body)) for one in decision.steps]


def test_inactive_on_one_side_is_told_and_left_unless_it_is_set() -> None:
    assert codes(plan(off(PARTS), settings=LEAVE)) == ["party_status_left"]
    assert codes(plan(PARTS, off(THERE), settings=LEAVE)) == ["party_status_left"]
    assert codes(back(THERE, off(PARTS), settings=LEAVE)) == ["party_status_left"]
    assert codes(back(off(THERE), settings=LEAVE)) == ["contact_archived"]
    assert isinstance(plan(off(PARTS), off(THERE), settings=LEAVE), Unchanged)


def test_followed_it_is_set_by_a_step_of_its_own_and_nothing_else() -> None:
    assert steps(plan(off(PARTS))) == [("set status", "zv9", {"status": "inactive"})]
    assert steps(back(off(THERE))) == [("set status", "v4", {"active": False})]
    were = off(PARTS), off(THERE)
    assert steps(plan(PARTS, off(THERE), were)) == [("set status", "zv9", {"status": "active"})]
    assert steps(back(THERE, off(PARTS), were)) == [("set status", "v4", {"active": True})]
    assert isinstance(plan(off(PARTS), off(THERE)), Unchanged)


def test_other_fields_go_before_it_is_closed_and_after_it_is_opened() -> None:
    closing = plan(off(PARTS, phone="512 555 0499"))
    assert [action for action, *_ in steps(closing)] == ["update", "set status"]
    opening = plan(changed(PARTS, phone="512 555 0499"), off(THERE), (off(PARTS), off(THERE)))
    assert [action for action, *_ in steps(opening)] == ["set status", "update"]
    assert isinstance(closing, Write) and closing.early is not None and closing.agreed is not None
    assert (closing.early.answered, closing.early.source.active) == (("phone",), True)
    assert closing.agreed.answered == ("phone", "active") and not closing.agreed.source.active
    assert isinstance(opening, Write) and opening.early is not None and opening.early.answered == ("active",)


def test_once_the_first_step_is_agreed_the_other_alone_is_left() -> None:
    now = off(PARTS, phone="512 555 0499")
    decision = plan(now)
    assert isinstance(decision, Write) and decision.early is not None
    answer = changed(THERE, phone="512 555 0499")
    shown = decision.early.with_answer(answer)
    assert shown is not None
    assert [action for action, *_ in steps(plan(now, answer, (decision.early.source, shown)))] == ["set status"]


def test_what_one_side_alone_has_changed_goes_by_the_flow_from_there_or_stays() -> None:
    assert isinstance(plan(PARTS, off(THERE)), Unchanged), "the flow back brings it"
    kept = {**FOLLOW, "parties_back": "no"}
    assert codes(plan(PARTS, off(THERE), settings=kept)) == ["party_status_left"]
    reopened = plan(off(PARTS, phone="1"), THERE, (off(PARTS), off(THERE)), kept)
    assert [action for action, *_ in steps(reopened)] == ["update"], "what a person has opened again stays open"


def test_opposite_changes_are_a_persons_or_the_owners() -> None:
    were = off(PARTS), THERE
    assert codes(plan(PARTS, off(THERE), were)) == ["party_changed_on_both"]
    released = frozenset(["party_changed_on_both"])
    assert steps(plan(PARTS, off(THERE), were, released=released))[0][2] == {"status": "active"}
    ours = {**FOLLOW, "owners": ("vendors.status=source",)}
    assert steps(plan(PARTS, off(THERE), were, ours))[0][2] == {"status": "active"}
    assert codes(plan(off(PARTS), THERE, were)) == ["party_status_left"], "linked so"


def test_an_owner_of_the_status_may_be_set_while_it_is_left() -> None:
    assert codes(plan(off(PARTS), settings={**LEAVE, "owners": ("vendors.status=source",)})) == ["party_status_left"]


def test_a_contact_that_is_gone_closes_nobody() -> None:
    gone = as_deleted(THERE)
    assert isinstance(gone, Party) and not gone.active
    assert codes(back(gone)) == ["contact_archived"]


def test_a_customer_that_was_merged_away_closes_nobody() -> None:
    ann = Party("c1", "customer", "Ann Lee", address=HOME)
    contact = changed(ann, id="z1", roles="customer")
    link = Linked("parties", "z1", contact, ann, contact)
    found = around(off(ann, merged_into="c2"), link, FOLLOW, links={("customers", "c2"): "z2"})
    assert codes(told(ZohoCustomers().plan(found))) == ["customer_merged_away"]


@pytest.mark.parametrize(("before", "after", "looser"), [("leave", "follow", True), ("follow", "leave", False)])
def test_turning_it_on_is_an_approvers(before: str, after: str, looser: bool) -> None:
    settings = view(BILL).settings
    one, other = (msgspec.structs.replace(settings, inactive_parties=value) for value in (before, after))
    assert bool(loosened(INTEGRATION, one, other)) is looser


def test_a_change_in_servicetitan_names_no_status() -> None:
    [(action, _, body)] = steps(back(changed(THERE, phone="512 555 0499")))
    assert action == "update" and "active" not in body
