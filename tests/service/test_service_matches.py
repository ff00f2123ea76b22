"""Whom parties without a counterpart may be: every pair with its evidence, and each of both sides suggested once."""

from __future__ import annotations

import threading
from typing import Any

import msgspec
import pytest
from service_ledger import LISTS, VENDORS, Company

from ml_connector.canonical.master_data import Party
from ml_connector.errors import NotFound
from ml_connector.service.mapping.values import set_value
from ml_connector.service.matches import LIKELIEST, NAMED, Match, Matches, matches
from ml_connector.sync.matching import PartyIndex

pytestmark = pytest.mark.anyio

TWINS = (
    *VENDORS,
    Party("v4", "vendor", "Johnstone Supply"),
    Party("v5", "vendor", "Zebra Roofing"),
    Party("v6", "vendor", "Johnstone Supply", active=False),
)


async def found(company: Company, *, at_most: int = 1000) -> Matches:
    return await matches(company.desk, await company.now(), "vendors", at_most=at_most)


@pytest.fixture
async def known(company: Company) -> Company:
    """Both lists read; no vendor is needed, so none is linked."""
    company.titan.lists["vendors"] = TWINS
    company.books.lists["parties"] = (*LISTS["parties"], Party("p3", "vendor", "Quarry Stone"))
    await company.read()
    await company.plan()
    return company


def by_pair(told: Matches) -> dict[tuple[str, str], Match]:
    return {(one.key, one.target_id): one for one in told.found}


async def test_each_pair_is_told_with_evidence_and_who_claims_it(known: Company) -> None:
    told = await found(known)
    pairs = by_pair(told)
    assert pairs.keys() == {("v1", "p1"), ("v4", "p1"), ("v3", "p1"), ("v2", "p2")}
    twin = pairs["v1", "p1"]
    assert (twin.name, twin.target_name, twin.evidence, twin.proof) == (
        "Johnstone Supply", "Johnstone Supply", "same name", False,
    )  # fmt: skip
    assert twin.claimed_by == ("Johnstone Supply (v4)", "Johnson Supply (v3)")
    assert pairs["v3", "p1"].evidence.endswith("% alike") and pairs["v2", "p2"].claimed_by == ()
    assert (told.linked, told.alone_here, told.alone_there, told.left) == (0, 1, 1, 0)


async def test_each_party_of_the_target_is_suggested_once_to_the_best(known: Company) -> None:
    told = await found(known)
    suggested = [(one.key, one.target_id) for one in told.found if one.suggested]
    assert sorted(suggested) == [("v1", "p1"), ("v2", "p2")]
    assert told.suggested == 2
    assert [one.target_id for one in told.found if one.key == "v3"] == ["p1"]
    assert told.found[-1].key == "v3", "a name that is only alike comes last"


async def test_one_that_is_alone_with_its_evidence_has_proof(known: Company) -> None:
    known.titan.lists["vendors"] = tuple(
        msgspec.structs.replace(one, name="Yellow Barn", stamp="2026-09-01T00:00:00Z") if one.id == "v4" else one
        for one in TWINS
    )
    await known.read()
    assert by_pair(await found(known))["v1", "p1"].proof


async def test_what_is_decided_by_a_row_is_not_told_and_the_rest_is_counted(known: Company) -> None:
    await set_value(known.desk, await known.now(), "vendors", "v1", "p1", anyway=True)
    assert "v1" not in {one.key for one in (await found(known)).found}
    few = await found(known, at_most=1)
    assert len(few.found) == 1 and few.left == 1


async def test_what_a_row_gives_to_another_is_neither_suggested_nor_proof(known: Company) -> None:
    await set_value(known.desk, await known.now(), "vendors", "v5", "p1", anyway=True)
    told = await found(known)
    twin = by_pair(told)["v1", "p1"]
    assert (twin.linked_to, twin.proof, twin.suggested) == ("v5", False, False)
    assert [one.key for one in told.found if one.suggested] == ["v2"]
    assert ("v3", "p1") not in by_pair(told), "what is only alike is told of those that nobody has"
    assert told.alone_there == 1, "the one that a person has given away is not left over"


async def test_what_a_row_of_the_table_beside_gives_is_not_offered(company: Company) -> None:
    company.titan.lists["customers"] = (Party("c1", "customer", "Green Hill School"),)
    company.books.lists["parties"] = (*LISTS["parties"], Party("p9", "customer", "Green Hill School"))
    await company.read(flows=("customers",))
    await company.plan()
    now = await company.now()
    assert by_pair(await matches(company.desk, now, "customers"))["c1", "p9"].proof
    await set_value(company.desk, now, "locations", "l7", "p9", anyway=True)
    told = await matches(company.desk, await company.now(), "customers")
    assert (told.found, told.alone_here) == ((), 1)


MANY = 14


@pytest.fixture
async def shared(company: Company) -> Company:
    """Many vendors on both sides with one e-mail address."""
    mail = "office@shared.example"
    company.titan.lists["vendors"] = tuple(
        Party(f"v{n}", "vendor", f"Branch Number {n}", email=mail) for n in range(10, 10 + MANY)
    )
    company.books.lists["parties"] = tuple(
        Party(f"p{n}", "vendor", f"Branch Number {n}", email=mail) for n in range(10, 10 + MANY)
    )
    await company.read()
    await company.plan()
    return company


async def test_of_many_that_share_a_fact_the_likeliest_are_told(shared: Company) -> None:
    told = await found(shared)
    assert len(told.found) == MANY * LIKELIEST and told.left == 0
    assert {len(one.claimed_by) for one in told.found} == {NAMED}
    assert {one.more_claims for one in told.found} == {MANY - 1 - NAMED}
    assert {(one.key[1:], one.target_id[1:]) for one in told.found if one.proof} == {
        (f"{n}",) * 2 for n in range(10, 24)
    }
    assert (told.suggested, told.alone_here, told.alone_there) == (MANY, 0, 0)
    few = await found(shared, at_most=3)
    assert (len(few.found), few.left, few.suggested) == (3, MANY * LIKELIEST - 3, 3)
    assert (few.alone_here, few.alone_there) == (0, 0), "what is not told is not like nobody"


async def test_they_are_weighed_beside_the_event_loop(shared: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    threads, weigh = set[int](), PartyIndex.candidates

    def candidates(self: PartyIndex, *given: Any, **named: Any) -> Any:
        threads.add(threading.get_ident())
        return weigh(self, *given, **named)

    monkeypatch.setattr(PartyIndex, "candidates", candidates)
    await found(shared)
    assert threads and threading.get_ident() not in threads


async def test_a_table_that_is_none_of_parties_is_refused_with_those_that_are(known: Company) -> None:
    with pytest.raises(
        NotFound, match=r"'accounts' is no mapping table of parties.*those are customers, locations, vendors"
    ):
        await matches(known.desk, await known.now(), "accounts")
