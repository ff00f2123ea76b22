"""Who of several that are about to be made goes before whom: as shown where it is sent so, else the earlier id."""

from __future__ import annotations

import pytest

from ml_connector.canonical.master_data import Party
from ml_connector.sync.coming import Comer, Coming
from ml_connector.sync.matching import PartyIndex

JOHN = "John Smith"


def customer(id: str, name: str = JOHN, email: str = "") -> Party:
    return Party(id, "customer", name, email=email)


def coming(*comers: tuple[str, str, bool]) -> Coming:
    found = Coming()
    for number, (source_id, name, firm) in enumerate(comers, 1):
        found.add(Comer(source_id, customer(f"new: {source_id}", name), firm, 0 if firm else number))
    return found


@pytest.mark.parametrize(
    ("there", "source_id", "live", "promised"),
    [
        ([], "7", False, False),
        ([("3", JOHN, False)], "7", False, True),
        ([("3", "JÖHN  Smith", False)], "7", True, True),
        ([("3", "John Smyth", False)], "7", False, False),
        ([("7", JOHN, False)], "3", False, False),  # the later one makes way
        ([("7", JOHN, True)], "3", False, True),  # it was approved, and is sent as it was shown
        ([("12", JOHN, False)], "9", False, False),  # numbers, not text
        ([("3", JOHN, False), ("7", "John Smith (ST 7)", True)], "7", True, True),
        ([("7", "John Smith (ST 7)", True)], "7", True, True),  # as shown, though nobody has the bare name any more
        ([("7", "John Smith (ST 7)", False)], "7", False, False),  # shown anew
        ([("3", JOHN, False), ("7", JOHN, True)], "7", True, False),
        ([("3", JOHN, True), ("7", JOHN, True)], "7", True, True),
    ],
)
def test_who_has_the_bare_name(there: list[tuple[str, str, bool]], source_id: str, live: bool, promised: bool) -> None:
    assert coming(*there).promised(customer(source_id), source_id, live) is promised


def test_those_that_go_after_it_are_planned_again_unless_they_are_on_their_way() -> None:
    found = coming(("5", JOHN, False), ("7", JOHN, True), ("9", "Mary Olson", False))
    first = Comer("3", customer("new: 3"), False, 8)
    found.add(first)
    assert found.behind(first) == [1]
    assert found.behind(Comer("8", customer("new: 8"), False, 9)) == []


def test_a_shared_fact_counts_as_the_name_does() -> None:
    found = Coming()
    found.add(Comer("3", customer("new: 3", "J. Smith", email="john@smith.example"), False, 1))
    one = customer("7", email="John@smith.example")
    assert [other.source_id for other in found.ahead(one, "7", False)] == ["3"]
    found.fresh.add("3")
    assert found.unseen(one, "7", False) and not found.unseen(customer("7"), "7", False)
    found.drop("3")
    assert found.ahead(one, "7", False) == []


def test_what_is_about_to_be_made_is_a_candidate_that_is_taken() -> None:
    index, there = PartyIndex([customer("c9", "Mary Olson")], {}), {"3": customer("new: customers 3")}
    [found] = index.candidates(customer("7"), "r", "customers", coming=there)
    assert (found.party.id, found.taken_by, found.proof) == ("new: customers 3", "3", True)
    assert index.candidates(customer("7"), "r", "customers") == []
