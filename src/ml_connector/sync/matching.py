"""Who is who: candidates among the target's parties for one of the source's, with the evidence. Fuzzy only suggests."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import msgspec
from rapidfuzz import fuzz, process

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.numbers import name_key
from ml_connector.integrations.party_facts import facts
from ml_connector.integrations.views import Candidate

# "Johnstone Supply" and "Johnson Supply" score above 90 and are two firms, so a score never links; below this it
# does not even suggest.
SUGGEST_FROM = 88.0
SUGGESTIONS = 3
Record = tuple[str, str]  # (flow, source id)
_NOBODY: Mapping[Record, Party] = MappingProxyType({})

# A phone is shared: by a household, by branches, and by everybody whose property one firm manages.
_SHARED = "phone"


class PartyIndex:
    """The target's parties, found by reference, strong facts and name.

    ``taken``: by flow and party, the source's record that is linked with it already. ``persons``: ids of parties that are
    known to be private persons', though the target does not tell.
    """

    def __init__(self, parties: Iterable[Party], taken: Mapping[tuple[str, str], str]) -> None:
        self._taken: dict[str, dict[str, str]] = defaultdict(dict)
        for (flow, id_), source_id in taken.items():
            self._taken[id_][flow] = source_id
        self.persons: set[str] = set()
        self._by_name: dict[str, list[Party]] = defaultdict(list)
        self._by_fact: dict[tuple[str, str], list[Party]] = defaultdict(list)
        self._by_reference: dict[str, Party] = {}
        self._by_id: dict[str, Party] = {}
        for party in parties:
            self.add(party)

    def add(self, party: Party) -> None:
        """Add one more party of the target."""
        self._by_id[party.id] = party
        if party.reference:
            self._by_reference[party.reference] = party
        if party.merged_into:
            return
        self._by_name[name_key(party.name)].append(party)
        for fact in facts(party):
            self._by_fact[fact].append(party)

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
            return [Candidate(self._standing(self._by_id[chosen]), "chosen", True, 100.0)]
        if reference in self._by_reference:
            return [Candidate(self._standing(self._by_reference[reference]), "our reference", True, 100.0)]
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
        """The party that is left after every merger."""
        seen = {party.id}
        while party.merged_into not in seen and party.merged_into in self._by_id:
            party = self._by_id[party.merged_into]
            seen.add(party.id)
        return party

    def named(self, name: str) -> str:
        """The id of the one party of that name, empty if there is none or several."""
        same = self._by_name.get(name_key(name), []) if name_key(name) else []
        return same[0].id if len(same) == 1 else ""

    def merged(self, id_: str) -> str:
        """The id of the party that stands for this one now: itself, or what it was merged into, however often."""
        seen: set[str] = set()
        while id_ not in seen and (party := self._by_id.get(id_)) is not None and party.merged_into:
            seen.add(id_)
            id_ = party.merged_into
        return id_

    def _by_strong_fact(self, party: Party, more: PartyIndex) -> list[Candidate]:
        others: dict[str, Party] = {}
        shared: dict[str, list[str]] = defaultdict(list)
        for fact in facts(party):
            for other in (*self._by_fact.get(fact, ()), *more._by_fact.get(fact, ())):
                others[other.id] = other
                shared[other.id].append(fact[0])
        found = [_weighed(party, self._known(others[id_]), kinds) for id_, kinds in shared.items()]
        return sorted(found, key=lambda one: (-one.proof, -one.score))

    def _by_exact_name(self, party: Party, more: PartyIndex) -> list[Candidate]:
        key = name_key(party.name)
        same = [*self._by_name.get(key, ()), *more._by_name.get(key, ())]
        proof = len(same) == 1 and not party.private_person and not self._known(same[0]).private_person
        return [Candidate(other, "same name", proof, 100.0) for other in same]

    def _similar(self, party: Party, _: PartyIndex) -> list[Candidate]:
        """Those that nobody has: of two records of one source that are only alike, neither is the other's counterpart."""
        return [one for one in self._alike(party) if one.party.id not in self._taken]

    def _alike(self, party: Party) -> list[Candidate]:
        found = process.extract(
            name_key(party.name), self._by_name.keys(), scorer=fuzz.token_sort_ratio,
            score_cutoff=SUGGEST_FROM, limit=SUGGESTIONS,
        )  # fmt: skip
        return [
            Candidate(other, f"name {score:.0f} % alike", False, score)
            for name, score, _ in found
            for other in self._by_name[name]
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
    return not (party.private_person or other.private_person) and set(kinds) != {_SHARED}


def _numbers(name: str) -> list[str]:
    """The numbers in a name, which tell one flat, shop or branch from the next."""
    return sorted(re.findall(r"\d+", name))
