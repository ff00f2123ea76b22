"""A party on both sides: changes travel, owners decide, spelling is no change, and nothing is lost or sent twice."""

from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Address
from ml_connector.integrations.party_merge import (
    FIELDS,
    Merged,
    Owner,
    Pair,
    Verdict,
    agreed_after,
    differences,
    merge,
    owners_of,
    pair,
)

HOME = Address("12 Main St", "Unit 4", "Austin", "TX", "78701", "USA")
MOVED = Address("9 Oak Ave", "", "Austin", "TX", "78702", "USA")
HERE = Party("12", "customer", "Ann Lee", email="ann@lee.example", phone="512 555 0100", address=HOME)
THERE = Party("c1", "customer", "Ann Lee", email="ann@lee.example", phone="512 555 0100", address=HOME)
FIRM = FIELDS["customers"]
OWNERS = owners_of("customers", ())


def changed(party: Party, **values: object) -> Party:
    return msgspec.structs.replace(party, **values)


def verdicts(source: Party = HERE, ledger: Party = THERE, owners: tuple[str, ...] = ()) -> dict[str, Verdict]:
    """What becomes of the fields that are not the same, from a pair that was agreed."""
    found = merge(Pair(HERE, source, THERE, ledger), FIRM, owners_of("customers", owners))
    return {name: one for name, one in found.verdicts.items() if one is not Verdict.SAME}


def test_a_change_on_one_side_travels_to_the_other() -> None:
    assert verdicts() == {}
    assert verdicts(changed(HERE, phone="512 555 0111")) == {"phone": Verdict.TO_LEDGER}
    assert verdicts(ledger=changed(THERE, email="new@lee.example")) == {"email": Verdict.TO_SOURCE}
    both = verdicts(changed(HERE, phone="512 555 0111"), changed(THERE, address=MOVED))
    assert both == {"phone": Verdict.TO_LEDGER, "address": Verdict.TO_SOURCE}


@pytest.mark.parametrize(
    ("owners", "verdict"),
    [
        ((), Verdict.TO_LEDGER),
        (("customers.phone=ledger",), Verdict.TO_SOURCE),
        (("customers.phone=hold",), Verdict.HELD),
    ],
)
def test_where_both_changed_a_field_its_owner_decides(owners: tuple[str, ...], verdict: Verdict) -> None:
    source, ledger = changed(HERE, phone="512 555 0111"), changed(THERE, phone="512 555 0122")
    assert verdicts(source, ledger, owners) == {"phone": verdict}
    assert verdicts(source, changed(THERE, phone="(512) 555-0111"), owners) == {}


@pytest.mark.parametrize(
    "spelled",
    [
        {"phone": "+1 (512) 555-0100"}, {"email": "ANN@Lee.example"}, {"name": "Ann  Lee"}, {"name": "Ann Lee (ST 12)"},
        {"address": Address("12 MAIN ST, Unit 4", "", "austin", "TX", "78701", "United States")},
    ],
)  # fmt: skip
def test_what_is_only_spelled_otherwise_is_no_change(spelled: dict[str, object]) -> None:
    assert verdicts(ledger=changed(THERE, **spelled)) == {}


def test_a_value_that_is_taken_away_goes_nowhere() -> None:
    assert verdicts(changed(HERE, phone="")) == {"phone": Verdict.KEPT}
    assert merge(Pair(HERE, changed(HERE, phone=""), THERE, THERE), FIRM, OWNERS).emptied == {"phone"}
    again = verdicts(changed(HERE, phone=""), changed(THERE, phone="512 555 0122"))
    assert again == {"phone": Verdict.TO_SOURCE}


def test_what_was_read_before_it_was_agreed_says_nothing() -> None:
    agreed = changed(THERE, phone="512 555 0199", stamp="2026-07-01T10:00:00Z")
    old = changed(THERE, phone="512 555 0100", stamp="2026-07-01T09:59:59Z")
    assert pair(HERE, HERE, agreed, old).ledger is agreed
    assert pair(HERE, HERE, agreed, changed(old, stamp="2026-07-01T10:00:00.001Z")).ledger.phone == "512 555 0100"


def test_of_what_nothing_is_known_both_sides_are_agreed_as_they_stand() -> None:
    other = changed(THERE, phone="512 555 0122")
    found = merge(pair(None, HERE, None, other), FIRM, OWNERS)
    assert found.verdicts["phone"] is Verdict.KEPT and differences("customers", HERE, other) == ("phone",)


def test_owners_are_named_by_flow_and_field() -> None:
    assert owners_of("vendors", ())["address"] is Owner.LEDGER and owners_of("vendors", ())["phone"] is Owner.SOURCE
    assert owners_of("vendors", ("vendors.phone=ledger", "customers.phone=hold"))["phone"] is Owner.LEDGER
    for wrong in ("customers.fax=ledger", "phone=ledger", "customers.phone=me", "customers.phone"):
        with pytest.raises(ValueError, match="names no owner"):
            owners_of("customers", (wrong,))


# --- both ways, again and again --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Both:
    """Two systems that take what they are sent, and what was agreed of them."""

    agreed: tuple[Party, Party]
    now: tuple[Party, Party]

    def merged(self, owners: dict[str, Owner]) -> tuple[Pair, Merged]:
        known = Pair(self.agreed[0], self.now[0], self.agreed[1], self.now[1])
        return known, merge(known, FIRM, owners)

    def sent(self, verdict: Verdict, owners: dict[str, Owner]) -> Both:
        """One direction's flow: it sends what goes its way, and what the other side then shows of it is agreed."""
        known, found = self.merged(owners)
        going = found.of(verdict)
        source, ledger, names = agreed_after(known, found, going)
        here, there = self.now
        back = verdict is Verdict.TO_SOURCE
        values = {name: getattr(there if back else here, name) for name in names}
        if back:
            here, source = changed(here, **values), changed(source, **values)
        else:
            there, ledger = changed(there, **values), changed(ledger, **values)
        return replace(self, agreed=(source, ledger), now=(here, there))


TEXTS = st.sampled_from(["", "a", "b", "c"])
PARTIES = st.builds(
    Party, st.just("12"), st.just("customer"), st.sampled_from(["Ann", "Bea", "Cy"]), email=TEXTS,
    phone=st.sampled_from(["", "1", "2", "3"]), address=st.sampled_from([Address(), HOME, MOVED]),
)  # fmt: skip
OWNED = st.fixed_dictionaries({one.name: st.sampled_from([Owner.SOURCE, Owner.LEDGER]) for one in FIRM})
WAYS = st.lists(st.sampled_from([Verdict.TO_LEDGER, Verdict.TO_SOURCE]), min_size=2, max_size=6).filter(
    lambda ways: len(set(ways)) == 2
)


@given(st.tuples(PARTIES, PARTIES), st.tuples(PARTIES, PARTIES), OWNED, WAYS)
def test_both_directions_end_and_lose_nothing(
    agreed: tuple[Party, Party], now: tuple[Party, Party], owners: dict[str, Owner], ways: list[Verdict]
) -> None:
    both = begun = Both(agreed, now)
    _, first = begun.merged(owners)
    for way in ways:
        both = both.sent(way, owners)
    _, last = both.merged(owners)
    assert not last.of(Verdict.TO_LEDGER, Verdict.TO_SOURCE, Verdict.HELD)  # a second pass plans nothing
    for one in FIRM:
        shown = [one.key(party, "12") for party in both.now]
        meant = {Verdict.TO_LEDGER: now[0], Verdict.TO_SOURCE: now[1]}.get(first.verdicts[one.name])
        if meant is not None:
            assert shown == [one.key(meant, "12")] * 2
        else:  # agreed as it is, or taken away: each side keeps what it shows
            assert shown == [one.key(party, "12") for party in now]
        for before, after in zip(now, both.now, strict=True):
            assert any(one.key(after, "12")) or not any(one.key(before, "12"))  # nothing is ever emptied
