"""Nearly equal names are found as if each were compared with all, and an index that is kept up answers as a new one."""

from __future__ import annotations

import random
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from ml_connector.canonical.master_data import Party
from ml_connector.integrations.party_names import NamesTaken, taken
from ml_connector.sync.alike import Names
from ml_connector.sync.matching import SUGGEST_FROM, PartyIndex

WORDS = st.sampled_from(
    [
        "acme",
        "acne",
        "johnson",
        "johnstone",
        "supply",
        "suply",
        "of",
        "texas",
        "smith",
        "smyth",
        "1",
        "101",
        "102",
        "ä",
        "o",
    ]
)
NAMES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join) | st.text("abcä 1", min_size=1, max_size=14).map(
    lambda text: " ".join(text.split()) or "a"
)


@given(st.lists(NAMES, max_size=25), NAMES, st.sampled_from([70.0, SUGGEST_FROM, 95.0]))
@settings(max_examples=400, deadline=None)
def test_the_same_as_comparing_with_each(known: list[str], wanted: str, score: float) -> None:
    names = Names(score)
    for one in known:
        names.add(one)
    plain = {one: fuzz.token_sort_ratio(wanted, one) for one in known}
    enough = sorted(((one, value) for one, value in plain.items() if value >= score), key=lambda one: (-one[1], one[0]))
    assert names.like(wanted, 25) == enough
    assert names.like(wanted, 2) == enough[:2]


@given(st.lists(NAMES, min_size=1, max_size=12, unique=True), NAMES)
@settings(max_examples=150, deadline=None)
def test_one_that_was_dropped_is_not_found(known: list[str], wanted: str) -> None:
    names = Names(SUGGEST_FROM)
    for one in known:
        names.add(one)
    names.drop(known[0])
    left = [one for one in known[1:] if fuzz.token_sort_ratio(wanted, one) >= SUGGEST_FROM]
    assert sorted(one for one, _ in names.like(wanted, 20)) == sorted(left)


PARTIES = st.builds(
    Party,
    st.sampled_from([f"t{n}" for n in range(8)]),
    st.just("customer"),
    NAMES,
    active=st.booleans(),
    email=st.sampled_from(["", "a@x.example", "b@x.example"]),
    phone=st.sampled_from(["", "512 555 0100"]),
    private_person=st.booleans(),
    merged_into=st.sampled_from(["", "", "", "t1", "t2"]),
    reference=st.sampled_from(["", "", "our-1", "our-2"]),
)
TAKEN = st.dictionaries(
    st.tuples(st.sampled_from(["customers", "vendors"]), st.sampled_from([f"t{n}" for n in range(8)])),
    st.sampled_from(["1", "2"]),
    max_size=3,
)


@given(st.lists(st.one_of(PARTIES, st.sampled_from([f"t{n}" for n in range(8)])), max_size=25), TAKEN, TAKEN, PARTIES)
@settings(max_examples=300, deadline=None)
def test_an_index_that_is_kept_up_answers_as_one_that_is_made_anew(
    steps: list[Party | str], before: Mapping[tuple[str, str], str], after: Mapping[tuple[str, str], str], wanted: Party
) -> None:
    kept, names, now = PartyIndex((), before), NamesTaken(), dict[str, Party]()
    for one in steps:
        id_ = one if isinstance(one, str) else one.id
        if id_ in now:
            names.drop(now.pop(id_))
        if isinstance(one, str):
            kept.drop(one)
        else:
            now[id_] = one
            kept.add(one)
            names.add(one)
    kept.hold(after)
    anew = PartyIndex(now.values(), after)
    for reference, chosen, strict in (("our-1", "", False), ("", "t2", False), ("", "", True)):
        given_ = wanted, reference, "customers", chosen
        assert kept.candidates(*given_, strict=strict) == anew.candidates(*given_, strict=strict)
    for other in now.values():
        assert kept.claim(wanted, other) == anew.claim(wanted, other)
        assert kept.merged(other.id) == anew.merged(other.id)
    assert kept.named(wanted.name) == anew.named(wanted.name)
    assert names.holders == taken(now.values())


def test_among_very_many_only_few_are_compared() -> None:
    chance, names = random.Random(6), Names(SUGGEST_FROM)
    parts = ["".join(chance.choices("aeioubcdfghklmnprstvwz", k=chance.randint(3, 7))) for _ in range(400)]
    for _ in range(5_000):
        names.add(" ".join(chance.sample(parts, chance.randint(2, 3))))
    some = sorted(names._sorted)[::500]
    compared = [len(names._near(" ".join(sorted(one.split())))) for one in some]
    assert max(compared) < 2_500 and sum(compared) / len(compared) < 1_250
    assert all(names.like(one, 1) == [(one, 100.0)] for one in some)
