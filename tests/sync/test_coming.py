"""Who of several that are about to be made goes before whom: as shown where it is sent so, else the earlier id."""

from __future__ import annotations

import pytest

from ml_connector.canonical.master_data import Party
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.decisions import Write
from ml_connector.integrations.vendor_flow import UniqueVendors, Vendors
from ml_connector.integrations.ways import XERO, ZOHO
from ml_connector.sync.coming import Comer, Coming, comers_list, named
from ml_connector.sync.matching import PartyIndex

JOHN = "John Smith"


def customer(id: str, name: str = JOHN, email: str = "") -> Party:
    return Party(id, "customer", name, email=email)


def of(source_id: str) -> tuple[str, str]:
    return "customers", source_id


def coming(*comers: tuple[str, str, bool]) -> Coming:
    found = Coming()
    for number, (source_id, name, firm) in enumerate(comers, 1):
        found.add(Comer(*of(source_id), customer(f"new: {source_id}", name), firm, 0 if firm else number))
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
    assert coming(*there).promised(customer(source_id), of(source_id), live, XERO) is promised


def test_those_that_go_after_it_are_planned_again_unless_they_are_on_their_way() -> None:
    found = coming(("5", JOHN, False), ("7", JOHN, True), ("9", "Mary Olson", False))
    first = Comer(*of("3"), customer("new: 3"), False, 8)
    found.add(first)
    assert found.behind(first) == [1]
    assert found.behind(Comer(*of("8"), customer("new: 8"), False, 9)) == []


def test_a_shared_fact_counts_as_the_name_does() -> None:
    found = Coming()
    found.add(Comer(*of("3"), customer("new: 3", "J. Smith", email="john@smith.example"), False, 1))
    one = customer("7", email="John@smith.example")
    assert [other.source_id for other in found.ahead(one, of("7"), False)] == ["3"]
    found.fresh.add(of("3"))
    assert found.unseen(one, of("7"), False) and not found.unseen(customer("7"), of("7"), False)
    found.drop(of("3"))
    assert found.ahead(one, of("7"), False) == []


def test_what_is_about_to_be_made_is_a_candidate_that_is_taken() -> None:
    index, there = PartyIndex([customer("c9", "Mary Olson")], {}), {of("3"): customer("new: customers 3")}
    [found] = index.candidates(customer("7"), "r", "customers", coming=there)
    assert (found.party.id, found.taken_by, found.proof) == ("new: customers 3", "3", True)
    assert index.candidates(customer("7"), "r", "customers") == []


def test_a_customer_goes_before_a_vendor_that_is_not_on_its_way() -> None:
    """The vendor is planned again, and is linked with the customer's contact, of which it is not another vendor's."""
    found, one = Coming(), customer("new: customers 900")
    found.add(Comer("vendors", "3", customer("new: vendors 3"), False, 5))
    first = Comer(*of("900"), one, False, 8)
    found.add(first)
    assert found.behind(first) == [5]
    assert [other.record for other in found.ahead(customer("3"), ("vendors", "3"), False)] == [of("900")]
    assert found.ahead(one, of("900"), False) == []
    [candidate] = PartyIndex([], {}).candidates(
        customer("3"), "r", "vendors", coming={of("900"): first.seen_by("vendors")}
    )
    assert (candidate.shared_with, candidate.taken_by, candidate.proof) == (of("900"), "", True)


def test_a_vendor_that_is_on_its_way_goes_before_a_customer() -> None:
    found = Coming()
    found.add(Comer("vendors", "3", customer("new: vendors 3"), True, 0))
    assert [one.record for one in found.ahead(customer("900"), of("900"), False)] == [("vendors", "3")]


def test_where_names_are_unique_a_vendor_knows_of_a_customers_name_and_is_never_taken_for_it() -> None:
    found = Coming()
    found.add(Comer(*of("900"), customer("new: customers 900"), False, 8, kind="customer"))
    one, record = Party("3", "vendor", JOHN), ("vendors", "3")
    assert found.promised(one, record, False, ZOHO)
    assert found.made_before(one, record, False, "vendor") == []
    assert [other.record for other in found.made_before(customer("901"), of("901"), False, "customer")] == [of("900")]
    assert comers_list(Vendors(), {}) == ("parties", "vendor")
    assert comers_list(Vendors(), {"duplicate_names": "no"}) == comers_list(UniqueVendors(), {}) == ("parties", "")


def test_a_name_that_a_change_gives_is_taken_and_the_party_is_nobody_s_counterpart() -> None:
    there = Party("c7", "customer", JOHN, email="john@smith.example")
    found, renaming = Coming(), Comer(*of("5"), there, False, 4, there=True)
    found.add(renaming)
    assert found.promised(customer("9"), of("9"), False, ZOHO)
    assert not found.promised(customer("3"), of("3"), False, ZOHO)
    assert found.made_before(customer("9"), of("9"), False, "") == []
    assert list(found.like(customer("9", "Somebody", email="john@smith.example"), of("9"))) == []
    found.add(Comer(*of("9"), customer("new: 9"), False, 6))
    assert found.behind(renaming) == [6]
    found.drop(of("5"))
    assert not found.promised(customer("9"), of("9"), False, ZOHO)


def test_to_other_flows_a_private_person_s_name_only_suggests() -> None:
    john = Comer(*of("900"), customer("new: customers 900"), False, 8, private=True)
    assert (john.seen_by("vendors").private_person, john.seen_by("customers").private_person) == (True, False)
    there = PartyIndex([customer("c9")], {("customers", "c9"): "900"})
    assert there.candidates(customer("3"), "r", "vendors")[0].proof
    there.persons.add("c9")
    [candidate] = there.candidates(customer("3"), "r", "vendors")
    assert (candidate.proof, candidate.shared_with) == (False, of("900"))


def test_what_leans_on_a_record_is_known_by_it() -> None:
    found = Coming(leaning={5: of("900"), 6: of("7")})
    assert (found.leaning_on(of("900")), found.leaning_on(of("3"))) == ([5], [])


def test_one_of_a_similar_name_is_offered_though_another_has_it_only_where_names_are_strict() -> None:
    there = Party("s1", "vendor", "Harbor Counsel Group")
    index = PartyIndex([there], {("vendors", "s1"): "v1"})
    alike = Party("v2", "vendor", "Harbour Counsel Group")
    assert index.candidates(alike, "mlc-2", "vendors") == []
    [found] = index.candidates(alike, "mlc-2", "vendors", strict=True)
    assert (found.party.id, found.proof, found.taken_by) == ("s1", False, "v1")
    made = PartyIndex([Party("s1", "vendor", there.name, account_number="v1")], {("vendors", "s1"): "v1"})
    assert made.candidates(alike, "mlc-2", "vendors", strict=True) == []
    same = Party("v3", "vendor", "Harbor Counsel Group")
    assert index.candidates(same, "mlc-3", "vendors", strict=True) == index.candidates(same, "mlc-3", "vendors")


def test_who_is_only_alike_and_another_records_is_not_suggested() -> None:
    """The source tells "Johnson" and "Johnstone" apart itself: what is previewed on empty books is what is done."""
    index = PartyIndex([Party("x1", "vendor", "Johnstone Supply")], {("vendors", "x1"): "v1"})
    for flow in ("vendors", "customers"):
        assert index.candidates(Party("2", flow, "Johnson Supply"), "r2", flow) == []
    [found] = PartyIndex([Party("x1", "vendor", "Johnstone Supply")], {}).candidates(
        Party("2", "vendor", "Johnson Supply"), "r2", "vendors"
    )
    assert not found.proof


@pytest.mark.parametrize(
    ("actions", "name"),
    [
        ([Action.UPDATE], "New Name"),
        ([Action.SET_STATUS, Action.UPDATE], "New Name"),
        ([Action.UPDATE, Action.SET_STATUS], "New Name"),
        ([Action.SET_STATUS], None),
        ([Action.CREATE], None),
    ],
)
def test_a_change_names_its_contact_whether_its_status_is_set_too_or_not(
    actions: list[Action], name: str | None
) -> None:
    numbers = {Action.UPDATE: "New Name", Action.SET_STATUS: JOHN, Action.CREATE: "New Name"}
    steps = tuple(Step("parties", one, "r", b"", target_id="c7", number=numbers[one]) for one in actions)
    found = named(customer("7"), Write(steps, "parties"))
    assert (found.name if found else None) == name and (found is None or found.id == "c7")
