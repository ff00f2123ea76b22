"""Who is who: candidates among the target's parties for one of the source's, with the evidence. Fuzzy only suggests."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

import msgspec
from rapidfuzz import fuzz

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.numbers import name_key
from ml_connector.integrations.party_facts import facts
from ml_connector.integrations.views import Candidate
from ml_connector.sync.alike import Names

# "Johnstone Supply" and "Johnson Supply" score above 90 and are two firms, so a score never links; below this it
# does not even suggest.
SUGGEST_FROM = 88.0
SUGGESTIONS = 3
Record = tuple[str, str]  # (flow, source id)
Key = TypeVar("Key", str, tuple[str, str])
_NOBODY: Mapping[Record, Party] = MappingProxyType({})

# A phone is shared: by a household, by branches, and by everybody whose property one firm manages.
SHARED = "phone"
CHOSEN = "chosen"  # the evidence of what a person has said


class PartyIndex:
    """The target's parties, found by reference, strong facts and name; the order in which they came makes no difference.

    ``taken``: by flow and party, the source's record that is linked with it already. ``persons``: ids of parties that are
    known to be private persons', though the target does not tell.
    """

    def __init__(self, parties: Iterable[Party], taken: Mapping[tuple[str, str], str]) -> None:
        self._taken: dict[str, dict[str, str]] = {}
        self.persons: set[str] = set()
        self._by_name: dict[str, dict[str, Party]] = defaultdict(dict)
        self._by_fact: dict[tuple[str, str], dict[str, Party]] = defaultdict(dict)
        self._by_reference: dict[str, dict[str, Party]] = defaultdict(dict)
        self._by_id: dict[str, Party] = {}
        self._names = Names(SUGGEST_FROM)
        for party in parties:
            self.add(party)
        self.hold(taken)

    def add(self, party: Party) -> None:
        """Add one more party of the target, or put it in the place of what it was before."""
        self.drop(party.id)
        self._by_id[party.id] = party
        if party.reference:
            self._by_reference[party.reference][party.id] = party
        if party.merged_into:
            return
        key = name_key(party.name)
        self._by_name[key][party.id] = party
        self._names.add(key)
        for fact in facts(party):
            self._by_fact[fact][party.id] = party

    def drop(self, id_: str) -> None:
        """Take a party away, if it is there."""
        former = self._by_id.pop(id_, None)
        if former is None:
            return
        key = name_key(former.name)
        _without(self._by_reference, former.reference, id_)
        _without(self._by_name, key, id_)
        for fact in facts(former):
            _without(self._by_fact, fact, id_)
        if key not in self._by_name:
            self._names.drop(key)

    def hold(self, taken: Mapping[tuple[str, str], str]) -> None:
        """Who has which party now, in the place of what was known of it."""
        self._taken = {}
        for (flow, id_), source_id in taken.items():
            self._taken.setdefault(id_, {})[flow] = source_id

    def take(self, flow: str, id_: str, source_id: str) -> None:
        """One more has a party."""
        self._taken.setdefault(id_, {})[flow] = source_id

    def candidates(
        self, party: Party, reference: str, flow: str, chosen: str = "", coming: Mapping[Record, Party] = _NOBODY,
        apart: Sequence[str] = (), strict: bool = False,
    ) -> list[Candidate]:  # fmt: skip
        """The parties that may be ``party``, best first.

        Proof is: our own reference; a strong fact together with the same name; a strong fact other than the phone, of
        a private person on neither side, together with a similar name whose numbers are the same; or exactly the same
        name, unique here and of a private person on neither side. A party linked to another record of the flow is
        offered with that record named; one that was merged is the one it was merged into. ``coming``: by record, parties
        that are about to be made for it. ``apart``: flows whose parties are none of this one's: theirs are offered only
        where a person has chosen one. ``strict``: one of a similar name is offered although another record has it,
        unless it was made for that one: on empty books all are made, as the preview says.
        """
        more = PartyIndex(coming.values(), {(of, one.id): source_id for (of, source_id), one in coming.items()})
        found = self._found(party, reference, chosen, more, apart)
        if not found and strict:
            found = [one for one in self._alike(party) if not self._numbered_here(one.party)]
        return [self._held(one, (flow, *apart), party.id, more) for one in found]

    def is_linked(self, id_: str, flows: Sequence[str]) -> bool:
        """Whether the party with that id is linked with a record of one of these flows."""
        return not self._taken.get(id_, {}).keys().isdisjoint(flows)

    def _found(
        self, party: Party, reference: str, chosen: str, more: PartyIndex, apart: Sequence[str]
    ) -> list[Candidate]:
        if chosen and chosen in self._by_id:
            return [Candidate(self._standing(self._by_id[chosen]), CHOSEN, True, 100.0)]
        if reference in self._by_reference:
            ours = min(self._by_reference[reference].values(), key=lambda one: one.id)
            return [Candidate(self._standing(ours), "our reference", True, 100.0)]
        ways = (self._by_strong_fact, self._by_exact_name, self._similar)
        found = (
            [one for one in way(party, more) if not any(of.is_linked(one.party.id, apart) for of in (self, more))]
            for way in ways
        )
        return next(filter(None, found), [])

    def _numbered_here(self, party: Party) -> bool:
        """Whether it bears the number of the very record that has it, as one that was made for that record does."""
        return party.account_number in self._taken.get(party.id, {}).values()

    def _standing(self, party: Party) -> Party:
        """The party that is left after every merger; itself where the mergers lead back to it, and nobody is left."""
        return self._by_id.get(self.merged(party.id), party)

    def named(self, name: str) -> str:
        """The id of the one party of that name, empty if there is none or several."""
        same = self._by_name.get(name_key(name), {}) if name_key(name) else {}
        return next(iter(same)) if len(same) == 1 else ""

    def merged(self, id_: str) -> str:
        """The id of the party that stands for this one now: itself, or what it was merged into, however often.

        Itself, too, where the mergers lead in a circle: then nothing is to be moved on.
        """
        seen, last = {id_}, id_
        while (party := self._by_id.get(last)) is not None and party.merged_into:
            last = party.merged_into
            if last in seen:
                return id_
            seen.add(last)
        return last

    def claim(self, party: Party, other: Party) -> int:
        """How strongly a record of the source points to a party of the target by itself.

        2: by a fact and the same name; 1: by a fact and a similar name, or by a name that only one has here, unless it
        points to somebody else by a fact; 0: not at all.
        """
        other = self._known(other)
        same = bool(name_key(party.name)) and name_key(party.name) == name_key(other.name)
        if kinds := _shared(party, other):
            return (2 if same else 1) if _is_proof(party, other, kinds) else 0
        alone = self._by_name.get(name_key(other.name), {}).keys() <= {other.id}
        if not (same and alone) or party.private_person or other.private_person:
            return 0
        nearer = {id_: one for fact in facts(party) for id_, one in self._by_fact.get(fact, {}).items()}
        return 0 if any(_is_proof(party, self._known(one), _shared(party, one)) for one in nearer.values()) else 1

    def _by_strong_fact(self, party: Party, more: PartyIndex) -> list[Candidate]:
        others: dict[str, Party] = {}
        shared: dict[str, list[str]] = defaultdict(list)
        for fact in facts(party):
            for other in (*self._by_fact.get(fact, {}).values(), *more._by_fact.get(fact, {}).values()):
                others[other.id] = other
                shared[other.id].append(fact[0])
        found = [_weighed(party, self._known(others[id_]), kinds) for id_, kinds in shared.items()]
        return sorted(found, key=lambda one: (-one.proof, -one.score, one.party.id))

    def _by_exact_name(self, party: Party, more: PartyIndex) -> list[Candidate]:
        key = name_key(party.name)
        same = [one for index in (self, more) for _, one in sorted(index._by_name.get(key, {}).items())]
        proof = len(same) == 1 and not party.private_person and not self._known(same[0]).private_person
        return [Candidate(other, "same name", proof, 100.0) for other in same]

    def _similar(self, party: Party, _: PartyIndex) -> list[Candidate]:
        """Those that nobody has: of two records of one source that are only alike, neither is the other's counterpart."""
        return [one for one in self._alike(party) if one.party.id not in self._taken]

    def _alike(self, party: Party) -> list[Candidate]:
        return [
            Candidate(other, f"name {score:.0f} % alike", False, score)
            for name, score in self._names.like(name_key(party.name), SUGGESTIONS)
            for _, other in sorted(self._by_name[name].items())
        ]

    def _known(self, party: Party) -> Party:
        return msgspec.structs.replace(party, private_person=True) if party.id in self.persons else party

    def _held(self, one: Candidate, flows: Sequence[str], source_id: str, more: PartyIndex) -> Candidate:
        holders = {**more._taken.get(one.party.id, {}), **self._taken.get(one.party.id, {})}
        mine = [holders.pop(flow, "") for flow in flows]
        taken_by = next((holder for holder in mine if holder not in ("", source_id)), "")
        shared_with = min(holders.items(), default=None)
        if not taken_by and shared_with is None:
            return one
        return msgspec.structs.replace(one, taken_by=taken_by, shared_with=shared_with)


def _without(index: dict[Key, dict[str, Party]], key: Key, id_: str) -> None:
    """Take a party from under a key, which goes with its last one."""
    there = index.get(key, {})
    if there.pop(id_, None) is not None and not there:
        del index[key]


def _shared(party: Party, other: Party) -> list[str]:
    """The kinds of facts that two parties have in common."""
    theirs = set(facts(other))
    return [fact[0] for fact in facts(party) if fact in theirs]


def _weighed(party: Party, other: Party, kinds: Sequence[str]) -> Candidate:
    """The candidate that shares facts of these kinds, and whether they and the two names are proof."""
    ours, theirs = name_key(party.name), name_key(other.name)
    score = fuzz.token_sort_ratio(ours, theirs)
    return Candidate(
        other, f"same {' and '.join(kinds)}, name {score:.0f} % alike", _is_proof(party, other, kinds), score
    )


def _is_proof(party: Party, other: Party, kinds: Sequence[str]) -> bool:
    ours, theirs = name_key(party.name), name_key(other.name)
    if ours and ours == theirs:
        return True
    if fuzz.token_sort_ratio(ours, theirs) < SUGGEST_FROM or _numbers(ours) != _numbers(theirs):
        return False
    return not (party.private_person or other.private_person) and set(kinds) != {SHARED}


def _numbers(name: str) -> list[str]:
    """The numbers in a name, which tell one flat, shop or branch from the next."""
    return sorted(re.findall(r"\d+", name))
