"""Who is who: candidates among the target's parties for one of the source's, with the evidence. Fuzzy only suggests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec
from rapidfuzz import fuzz, process

from ml_connector.canonical.documents import Party
from ml_connector.canonical.numbers import name_key
from ml_connector.integrations.base import Candidate

# "Johnstone Supply" and "Johnson Supply" score above 90 and are two firms, so a score never links; below this it
# does not even suggest.
SUGGEST_FROM = 88.0
SUGGESTIONS = 3


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())[-10:]


def facts(party: Party) -> tuple[tuple[str, str], ...]:
    """Strong facts of a party, normalised: (kind, value). Empty values are left out."""
    found = (
        ("tax id", _digits(party.tax_id) or party.tax_id.casefold()),
        ("e-mail", party.email.strip().casefold()),
        ("phone", _digits(party.phone)),
        ("account number", party.account_number.strip().casefold()),
    )
    return tuple((kind, value) for kind, value in found if value)


class PartyIndex:
    """The target's parties, found by reference, strong facts and name.

    ``taken``: by flow and party, the source's record that is linked with it already.
    """

    def __init__(self, parties: Iterable[Party], taken: Mapping[tuple[str, str], str]) -> None:
        self._taken = taken
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

    def candidates(self, party: Party, reference: str, flow: str, chosen: str = "") -> list[Candidate]:
        """The parties that may be ``party``, best first.

        Proof is: our own reference; a strong fact together with a similar name; or exactly the same name, unique here
        and of a private person on neither side. A party linked to another record of the flow is offered with that record
        named; one that was merged is the one it was merged into.
        """
        found = self._found(party, reference, chosen)
        return [self._held(one, flow, party.id) for one in found]

    def _found(self, party: Party, reference: str, chosen: str) -> list[Candidate]:
        if chosen and chosen in self._by_id:
            return [Candidate(self._standing(self._by_id[chosen]), "chosen", True, 100.0)]
        if reference in self._by_reference:
            return [Candidate(self._standing(self._by_reference[reference]), "our reference", True, 100.0)]
        return self._by_strong_fact(party) or self._by_exact_name(party) or self._similar(party)

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

    def _by_strong_fact(self, party: Party) -> list[Candidate]:
        found: dict[str, Candidate] = {}
        for fact in facts(party):
            for other in self._by_fact.get(fact, ()):
                score = fuzz.token_sort_ratio(name_key(party.name), name_key(other.name))
                proof = score >= SUGGEST_FROM
                evidence = f"same {fact[0]}, name {score:.0f} % alike"
                found.setdefault(other.id, Candidate(other, evidence, proof, score))
        return sorted(found.values(), key=lambda one: (-one.proof, -one.score))

    def _by_exact_name(self, party: Party) -> list[Candidate]:
        same = self._by_name.get(name_key(party.name), [])
        proof = len(same) == 1 and not party.private_person and not same[0].private_person
        return [Candidate(other, "same name", proof, 100.0) for other in same]

    def _similar(self, party: Party) -> list[Candidate]:
        found = process.extract(
            name_key(party.name), self._by_name.keys(), scorer=fuzz.token_sort_ratio,
            score_cutoff=SUGGEST_FROM, limit=SUGGESTIONS,
        )  # fmt: skip
        return [
            Candidate(other, f"name {score:.0f} % alike", False, score)
            for name, score, _ in found
            for other in self._by_name[name]
        ]

    def _held(self, one: Candidate, flow: str, source_id: str) -> Candidate:
        holder = self._taken.get((flow, one.party.id), "")
        return one if holder in ("", source_id) else msgspec.structs.replace(one, taken_by=holder)
