"""Firms of many parties on both sides: what the truth table says follows from what the two sides know of each."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

import pytest

from ml_connector_sandbox.company import Company, party_names
from ml_connector_sandbox.company.parties import LEAST, parties
from ml_connector_sandbox.company.party_cases import CASES
from ml_connector_sandbox.company.party_truth import ALONE, LINKED, SUGGESTED, PartyTruth, judged
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox, seeded
from ml_connector_sandbox.zoho_books.books.masters import Contact

START = datetime(2026, 11, 16, 14, 0, tzinfo=UTC)
KINDS = ("customer", "vendor")


def build(customers: int = 600, vendors: int = 200, seed: int = 1) -> Company:
    return parties(SandboxClock.starting(START), customers, vendors, seed)


@pytest.fixture(scope="module")
def firm() -> Company:
    return build()


def rows(firm: Company, *ends: str) -> Iterator[PartyTruth]:
    assert firm.parties is not None
    return (one for one in firm.parties.sources if not ends or one.ends in ends)


def normal(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def contact(firm: Company, contact_id: str) -> Contact:
    found = firm.seed.organisation.contacts.get(contact_id)
    assert found is not None
    return found


def ours(firm: Company, one: PartyTruth) -> tuple[str, set[str], bool, bool]:
    """Name, e-mail and telephone, whether it is a private person, whether it is in use."""
    books, number = firm.seed.tenant, int(one.source_id)
    if one.kind == "vendor":
        vendor = books.vendors[number]
        return normal(vendor.name), {vendor.email, vendor.phone} - {""}, False, vendor.active
    customer = books.customers[number]
    facts = {said.value for said in books.contacts.in_group(number) if said.active}
    return normal(customer.name), facts, customer.type == "Residential", customer.active


def theirs(found: Contact) -> tuple[str, set[str]]:
    return normal(found.contact_name), {one[name] for one in found.persons for name in ("email", "phone")} - {""}


def names_here(firm: Company) -> Counter[tuple[str, str]]:
    return Counter((one.kind, ours(firm, one)[0]) for one in rows(firm))


def names_there(firm: Company) -> Counter[tuple[str, str]]:
    return Counter((one.contact_type, theirs(one)[0]) for one in firm.seed.organisation.contacts)


def test_names_are_unlike_their_neighbours_and_never_repeated() -> None:
    for name, most in ((party_names.firm, 33_600), (party_names.supplier, 19_200)):
        every = [name(number) for number in range(most)]
        assert len(set(every)) == most
        likeness = [SequenceMatcher(None, one, other).ratio() for one, other in pairwise(every[:1_500])]
        assert max(likeness) < 0.75
    assert len({party_names.person(number) for number in range(60_000)}) == 60_000
    assert len({party_names.phone(number) for number in range(60_000)}) == 60_000
    assert len({party_names.place(number) for number in range(60_000)}) == 60_000


def test_both_sides_have_exactly_so_many_of_each(firm: Company) -> None:
    books, there = firm.seed.tenant, Counter(one.contact_type for one in firm.seed.organisation.contacts)
    assert (len(books.customers), len(books.vendors), dict(there)) == (600, 200, {"customer": 600, "vendor": 200})
    assert firm.parties is not None and len({one.source_id for one in rows(firm)}) == 800
    counterparts = {(one.kind, one.target_id) for one in rows(firm) if one.target_id}
    lonely = {(kind, number) for kind in KINDS for number in firm.parties.only_there[kind]}
    every = {(one.contact_type, one.contact_id) for one in firm.seed.organisation.contacts}
    assert counterparts | lonely == every and not counterparts & lonely


def test_every_case_is_there_for_each_kind_it_happens_to(firm: Company) -> None:
    found = {(one.kind, one.case) for one in rows(firm)}
    wanted = {(kind, one.name) for one in CASES for kind in one.kinds if one.name != "only_there"}
    assert found == wanted | {(kind, "both_kinds") for kind in KINDS}
    small = {(one.kind, one.case) for one in rows(build(LEAST, LEAST))}
    assert small == found


def test_what_must_be_linked_is_proven_by_a_fact_or_a_firms_own_name(firm: Company) -> None:
    here, there = names_here(firm), names_there(firm)
    for one in rows(firm, LINKED):
        (name, facts, private, active), (their_name, their_facts) = (
            ours(firm, one),
            theirs(contact(firm, one.target_id)),
        )
        assert active is (one.case != "inactive_here"), one  # what is switched off here is the same party all the same
        same_name = name == their_name or their_name == f"{name} llc"
        unique = here[one.kind, name] == there[one.kind, their_name] == 1 and not private
        assert same_name and contact(firm, one.target_id).active, one
        assert facts & their_facts or unique, one


def test_what_a_person_has_to_decide_is_not_proven(firm: Company) -> None:
    here, there = names_here(firm), names_there(firm)
    for one in rows(firm, SUGGESTED):
        (name, facts, private, _), target = ours(firm, one), contact(firm, one.target_id)
        their_name, their_facts = theirs(target)
        unique = here[one.kind, name] == there[one.kind, their_name] == 1 and not private
        proven = name == their_name and (bool(facts & their_facts) or unique) and target.active
        assert not proven, one
        assert not one.candidates or one.target_id in one.candidates


def test_what_stands_alone_shares_name_and_fact_with_nobody_who_is_free(firm: Company) -> None:
    taken = {one.target_id for one in rows(firm, LINKED)}
    by_fact: dict[str, list[Contact]] = {}
    for found in firm.seed.organisation.contacts:
        for fact in theirs(found)[1]:
            by_fact.setdefault(fact, []).append(found)
    for one in rows(firm, ALONE):
        name, facts, _, _ = ours(firm, one)
        like = [found for fact in facts for found in by_fact.get(fact, []) if found.contact_type == one.kind]
        assert one.target_id == "" and all(found.contact_id in one.lookalikes for found in like), one
        assert not any(theirs(found)[0] == name and found.contact_id not in taken for found in like), one


def test_a_merged_customer_names_the_one_that_stands(firm: Company) -> None:
    books = firm.seed.tenant
    losers = [one for one in rows(firm, ALONE) if one.case == "merged"]
    winners = {one.source_id: one for one in rows(firm, LINKED) if one.case == "merged"}
    assert len(losers) == 2 * len(winners) > 0
    for one in losers:
        assert not books.customers[int(one.source_id)].active
        assert winners[str(books.crm.standing(int(one.source_id)).id)].target_id in one.lookalikes


def test_a_firm_that_buys_and_sells_has_a_record_of_each_kind_on_both_sides(firm: Company) -> None:
    both = [one for one in rows(firm) if one.case == "both_kinds"]
    assert [one.kind for one in both] == ["customer", "vendor"] and len({one.name for one in both}) == 1
    assert [contact(firm, one.target_id).contact_type for one in both] == ["customer", "vendor"]


def test_the_same_seed_gives_the_same_parties_and_another_gives_others(firm: Company) -> None:
    again, other = build(), build(seed=2)
    assert firm.parties is not None and again.parties is not None and other.parties is not None
    assert firm.parties.as_dict() == again.parties.as_dict() != other.parties.as_dict()
    assert firm.servicetitan.as_dict() == again.servicetitan.as_dict()


def test_links_are_held_against_the_truth(firm: Company) -> None:
    truth = list(rows(firm))
    perfect = {one.source_id: one.target_id for one in truth if one.ends == LINKED}
    shown = {one.source_id: one.candidates for one in truth}
    found = judged(truth, perfect, shown)
    assert found.counts() == {
        "right": len(perfect), "wrong": 0, "bold": 0, "missed": 0, "shared": 0,
        "suggested": sum(one.ends == SUGGESTED for one in truth), "unsuggested": 0,
    }  # fmt: skip
    twin, first = [one for one in truth if one.case == "two_here_unproven"][1::-1]
    wrong = {**perfect, twin.source_id: twin.lookalikes[0], first.source_id: first.target_id}
    found = judged(truth, wrong)
    assert (found.wrong, found.bold, found.shared) == ([twin.source_id], [first.source_id], [first.target_id])
    assert judged(truth, {}).counts() | {"unsuggested": 0} == {
        "right": 0, "wrong": 0, "bold": 0, "missed": len(perfect), "shared": 0, "suggested": sum(
            one.ends == SUGGESTED and not one.candidates for one in truth), "unsuggested": 0,
    }  # fmt: skip


def test_the_kind_takes_two_numbers_and_says_so() -> None:
    clock = SandboxClock.starting(START)
    assert seeded("parties:40,40", clock).kind == "parties:40,40"
    for wrong in ("parties:40", "parties:40,x", "parties:", "parties:1,2,3"):
        with pytest.raises(ValueError, match="names no two numbers"):
            seeded(wrong, clock)
    with pytest.raises(ValueError, match="40 or more"):
        seeded("parties:39,40", clock)
    with pytest.raises(ValueError, match=r"names for|numbers for"):
        parties(clock, 40, 30_000)


@pytest.mark.anyio
async def test_the_hand_over_tells_who_is_whom() -> None:
    async with Sandbox.running("parties:60,40") as sandbox:
        told: dict[str, Any] = sandbox.handover["company"]["parties"]
        read = [PartyTruth.of(values) for values in told["sources"]]
        assert sandbox.company.parties is not None and read == sandbox.company.parties.sources
        assert sandbox.servicetitan.switches.limits is False and set(told["only_there"]) == {*KINDS}
