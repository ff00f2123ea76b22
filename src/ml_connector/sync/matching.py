"""Who is who: candidates among the target's parties for one of the source's, with the evidence. Fuzzy only suggests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

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
    """The target's parties, found by reference, strong facts and name. ``taken`` are ids that are linked already."""

    def __init__(self, parties: Iterable[Party], taken: Mapping[str, str]) -> None:
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
        self._by_name[name_key(party.name)].append(party)
        for fact in facts(party):
            self._by_fact[fact].append(party)
        if party.reference:
            self._by_reference[party.reference] = party

    def candidates(self, party: Party, reference: str, chosen: str = "") -> list[Candidate]:
        """The parties that may be ``party``, best first.

        Proof is: our own reference; a strong fact together with a similar name; or exactly the same name, unique here
        and not a private person's. A party linked to another record is offered with that record named.
        """
        if chosen and chosen in self._by_id:
            return [self._candidate(self._by_id[chosen], "chosen", True, 100.0, party.id)]
        if reference in self._by_reference:
            return [self._candidate(self._by_reference[reference], "our reference", True, 100.0, party.id)]
        proven = self._by_strong_fact(party) or self._by_exact_name(party)
        return proven or self._similar(party)

    def named(self, name: str) -> str:
        """The id of the one party of that name, empty if there is none or several."""
        same = self._by_name.get(name_key(name), []) if name_key(name) else []
        return same[0].id if len(same) == 1 else ""

    def _by_strong_fact(self, party: Party) -> list[Candidate]:
        found: dict[str, Candidate] = {}
        for fact in facts(party):
            for other in self._by_fact.get(fact, ()):
                score = fuzz.token_sort_ratio(name_key(party.name), name_key(other.name))
                proof = score >= SUGGEST_FROM
                evidence = f"same {fact[0]}, name {score:.0f} % alike"
                found.setdefault(other.id, self._candidate(other, evidence, proof, score, party.id))
        return sorted(found.values(), key=lambda one: (-one.proof, -one.score))

    def _by_exact_name(self, party: Party) -> list[Candidate]:
        same = self._by_name.get(name_key(party.name), [])
        proof = len(same) == 1 and not party.private_person
        return [self._candidate(other, "same name", proof, 100.0, party.id) for other in same]

    def _similar(self, party: Party) -> list[Candidate]:
        found = process.extract(
            name_key(party.name), self._by_name.keys(), scorer=fuzz.token_sort_ratio,
            score_cutoff=SUGGEST_FROM, limit=SUGGESTIONS,
        )  # fmt: skip
        return [
            self._candidate(other, f"name {score:.0f} % alike", False, score, party.id)
            for name, score, _ in found
            for other in self._by_name[name]
        ]

    def _candidate(self, other: Party, evidence: str, proof: bool, score: float, source_id: str) -> Candidate:
        holder = self._taken.get(other.id, "")
        return Candidate(other, evidence, proof, score, "" if holder == source_id else holder)
