"""Vendors that ServiceTitan and Zoho Books both keep: changes follow, and a list's row takes no address away."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
from bill_world import BILL, assert_readable, codes, sentences, view

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Address
from ml_connector.integrations.decisions import Adopt, Decision, Unchanged, Write
from ml_connector.integrations.party_merge import differences
from ml_connector.integrations.vendor_flow import Vendors
from ml_connector.integrations.views import Candidate, Linked

HOME = Address("12 Main St", "", "Austin", "TX", "78701", "U.S.A.")
MOVED = Address("9 Oak Ave", "", "Austin", "TX", "78702", "USA")
PARTS = Party("v4", "vendor", "Parts Inc", email="pay@parts.example", phone="512 555 0400", address=HOME)
THERE = msgspec.structs.replace(PARTS, id="zv9", roles="vendor", stamp="2026-07-01T00:00:00+0000")
ROW = msgspec.structs.replace(THERE, address=Address(), in_full=False)


def changed(party: Party, **values: Any) -> Party:
    return msgspec.structs.replace(party, **values)


def plan(now: Party, there: Party = THERE, base: Party = THERE, **changes: Any) -> Decision:
    """A new version of a vendor that was agreed as PARTS and ``base``."""
    link = Linked("parties", "zv9", base, PARTS, there)
    decision = Vendors().plan(dataclasses.replace(view(BILL), document=now, source_id=now.id, link=link, **changes))
    for text in sentences(decision):
        assert_readable(text)
    return decision


def body(decision: Decision) -> dict[str, Any]:
    assert isinstance(decision, Write)
    sent: dict[str, Any] = msgspec.json.decode(decision.steps[0].body)
    return sent


def test_a_phone_goes_alone_and_whatever_the_list_shows() -> None:
    for there in (THERE, ROW):
        sent = body(plan(changed(PARTS, phone="512 555 0499"), there))
        assert sent["contact_persons"] == [{"phone": "512 555 0499", "is_primary_contact": True}]
        assert "billing_address" not in sent and "email" not in sent


def test_a_row_of_the_list_takes_no_address_away() -> None:
    assert isinstance(plan(PARTS, ROW), Unchanged)
    assert isinstance(plan(PARTS, THERE, ROW), Unchanged)
    assert isinstance(plan(PARTS, ROW, ROW), Unchanged)


def test_an_address_waits_until_the_contact_was_read_and_then_for_a_person() -> None:
    moved = changed(PARTS, address=MOVED)
    for base in (THERE, ROW):
        assert codes(plan(moved, ROW, base)) == ["party_unread_there"]
        assert codes(plan(moved, THERE, base)) == ["vendor_remittance_changed"]
    released = frozenset(["vendor_remittance_changed"])
    assert body(plan(moved, released=released))["billing_address"]["address"] == "9 Oak Ave"
    assert codes(plan(moved, ROW, released=released)) == ["party_unread_there"]


def test_what_was_agreed_by_a_row_is_agreed_with_the_address_it_is_first_shown_with() -> None:
    elsewhere = changed(THERE, address=MOVED)
    decision = plan(PARTS, elsewhere, ROW)
    assert isinstance(decision, Unchanged) and decision.agreed is not None
    kept = decision.agreed.target
    assert kept is not None and (kept.address, kept.in_full) == (MOVED, True)
    assert codes(plan(PARTS, changed(THERE, address=HOME), kept)) == [], "it moved there, and that goes the other way"


def test_the_ledgers_name_stands_where_both_sides_changed_it() -> None:
    decision = plan(changed(PARTS, name="Parts Incorporated"), changed(THERE, name="Parts Int."))
    assert codes(decision) == ["party_gives_way"]
    mine = plan(changed(PARTS, phone="1"), changed(THERE, phone="2"))
    assert body(mine)["contact_persons"][0]["phone"] == "1"


def test_a_row_differs_in_no_address() -> None:
    assert differences("vendors", PARTS, ROW) == ()
    assert differences("vendors", PARTS, changed(THERE, address=MOVED)) == ("address",)


def test_a_baseline_links_and_makes_nothing() -> None:
    around = dataclasses.replace(view(BILL, settings={"parties_baseline": "yes"}), document=PARTS)
    assert codes(Vendors().plan(around)) == ["parties_baseline"]
    found = (Candidate(ROW, "same e-mail, name 100 % alike", True, 100.0),)
    adopted = Vendors().plan(dataclasses.replace(around, candidates=found))
    assert isinstance(adopted, Adopt) and adopted.evidence.startswith("same e-mail")
    link = Linked("parties", "zv9", THERE, PARTS, THERE)
    waits = Vendors().plan(dataclasses.replace(around, document=changed(PARTS, phone="1"), link=link))
    assert codes(waits) == ["parties_baseline"]
