"""Parties that others point to as well: held with the others' names and what to do; and those whose source is still read."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from invoice_world import INVOICE, assert_readable, guid, sentences, view

from ml_connector.canonical.master_data import Party
from ml_connector.integrations.customer_flow import Customers
from ml_connector.integrations.decisions import Adopt, Decision, Hold
from ml_connector.integrations.party_back import CustomersBack
from ml_connector.integrations.vendor_flow import UniqueVendors, Vendors
from ml_connector.integrations.views import Candidate

ACME = Party(guid(11), "customer", "Acme Offices", email="office@acme.example", roles="customer")
MINE = Party("c1", "customer", "Acme Offices", email="office@acme.example")
OTHERS = tuple(Party(f"c{n}", "customer", "Acme Offices") for n in range(2, 9))
FORWARD = {"customers": Customers(), "vendors": UniqueVendors(), "vendors at Zoho": Vendors()}


def plan(flow: Any, party: Party, candidate: Candidate, **changes: Any) -> Decision:
    around = dataclasses.replace(
        view(INVOICE, tables={"vendors": {}, "customers": {}}), document=party, source_id=party.id, links={},
        candidates=(candidate,), **changes,
    )  # fmt: skip
    decision = flow.plan(around)
    for text in sentences(decision):
        assert_readable(text)
    return decision


def claimed(*others: Party) -> Candidate:
    return Candidate(ACME, "same e-mail, name 100 % alike", False, 100.0, claimed_by=others)


@pytest.mark.parametrize("flow", FORWARD.values(), ids=FORWARD)
def test_one_of_several_is_held_with_the_others_names_and_freed_by_each_of_them(flow: Any) -> None:
    decision = plan(flow, MINE, claimed(*OTHERS))
    assert isinstance(decision, Hold)
    first, *others = decision.waits
    assert (first.code, first.kind, first.key) == ("party_claimed", "mapping", f"{flow.name}:c1")
    assert (
        "'Acme Offices' (c1) and 'Acme Offices' (c2)" in first.sentence
        and "(c6) and 2 more all point" in first.sentence
    )
    assert ACME.id in first.sentence and f"mapping table {flow.name} with {ACME.id}" in first.action
    assert [(one.code, one.kind, one.key) for one in others] == [
        ("party_claimed_too", "mapping", f"{flow.name}:c{n}") for n in range(2, 9)
    ]


def test_a_contact_that_goes_back_names_the_row_of_the_party_it_may_be() -> None:
    contact, twin = ACME, Party(guid(12), "customer", "Acme Offices", roles="customer")
    decision = plan(CustomersBack(), contact, Candidate(MINE, "same name", False, 100.0, claimed_by=(twin,)))
    assert isinstance(decision, Hold)
    assert [(one.code, one.kind, one.key) for one in decision.waits] == [
        ("contact_claimed", "mapping", "customers:c1"), ("party_claimed_too", "source", f"customers_back:{twin.id}"),
    ]  # fmt: skip
    assert "row 'c1' of the mapping table customers" in decision.waits[0].action


@pytest.mark.parametrize("flow", FORWARD.values(), ids=FORWARD)
def test_while_the_source_is_read_only_what_was_made_for_the_record_is_linked(flow: Any) -> None:
    proven = Candidate(ACME, "same name", True, 100.0)
    decision = plan(flow, MINE, proven, all_read=False)
    assert isinstance(decision, Hold)
    assert [(one.code, one.kind, one.key) for one in decision.waits] == [
        ("party_still_read", "fact", f"read:{flow.name}")
    ]
    assert isinstance(plan(flow, MINE, proven), Adopt)
    ours = Party(ACME.id, "customer", "Acme Offices", reference=view(INVOICE).reference)
    made = Candidate(ours, "our reference", True, 100.0)
    assert isinstance(plan(flow, MINE, made, all_read=False), Adopt)


@pytest.mark.parametrize("flow", FORWARD.values(), ids=FORWARD)
def test_who_has_it_is_named_where_that_is_known(flow: Any) -> None:
    taken = Candidate(ACME, "same name", True, 100.0, taken_by="c7", holder="Acme Towers")
    decision = plan(flow, MINE, taken)
    assert isinstance(decision, Hold) and ": 'Acme Towers' (c7)." in decision.waits[0].sentence
    unknown = plan(flow, MINE, Candidate(ACME, "same name", True, 100.0, taken_by="c7"))
    assert isinstance(unknown, Hold) and "c7" not in unknown.waits[0].sentence


def test_mergers_in_a_circle_are_told_with_it() -> None:
    merged = Party("c1", "customer", "Acme Offices", active=False, merged_into="c2")
    decision = plan(Customers(), merged, Candidate(ACME, "same name", True), circle=("c1", "c2", "c3"))
    assert isinstance(decision, Hold)
    [wait] = decision.waits
    assert (wait.code, wait.kind, wait.key) == ("merge_loop", "link", "customers:c1")
    assert "c1 into c2 into c3 into c1" in wait.sentence
