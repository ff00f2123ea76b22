"""How every party of a firm must be matched on first contact, and what a set of links is worth against that."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

LINKED, SUGGESTED, ALONE = "linked", "suggested", "alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyTruth:
    """One ServiceTitan customer or vendor and its counterpart.

    ``kind``: customer or vendor. ``target_id``: the Zoho contact that is the same party, empty for none. ``ends``:
    ``linked``, there is proof enough (name with e-mail or telephone, or a firm's name that is there once on each side),
    be it switched off in ServiceTitan, since documents that name it need it;
    ``suggested``, a person has to say, and ``candidates`` are whom to show; ``alone``, there is none, so it is never
    linked. ``lookalikes``: contacts that resemble it and are others.
    """

    source_id: str
    kind: str
    case: str
    name: str
    ends: str
    target_id: str = ""
    candidates: tuple[str, ...] = ()
    lookalikes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For the hand-over file."""
        return {**asdict(self), "candidates": list(self.candidates), "lookalikes": list(self.lookalikes)}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> PartyTruth:
        """The inverse of ``as_dict``. Raises TypeError on fields that do not fit."""
        lists = {name: tuple(values[name]) for name in ("candidates", "lookalikes")}
        return cls(**{**values, **lists})


@dataclass(slots=True)
class Parties:
    """The truth table. ``only_there``: ids of Zoho contacts that have no counterpart, by kind."""

    sources: list[PartyTruth] = field(default_factory=list)
    only_there: dict[str, list[str]] = field(default_factory=lambda: {"customer": [], "vendor": []})

    def as_dict(self) -> dict[str, Any]:
        """For the hand-over file."""
        return {"sources": [one.as_dict() for one in self.sources], "only_there": self.only_there}


@dataclass(slots=True)
class Judgement:
    """What links are worth, in ids of source records.

    ``right``: linked as they must be. ``wrong``: linked with another party, or one that has no counterpart. ``bold``:
    linked with their counterpart without proof enough. ``missed``: not linked though there is proof. ``shared``: contacts
    that two records are linked with. ``suggested`` and ``unsuggested``: those a person has to decide, with and without
    their counterpart among the suggestions.
    """

    right: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    bold: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    suggested: list[str] = field(default_factory=list)
    unsuggested: list[str] = field(default_factory=list)

    def counts(self) -> dict[str, int]:
        """How many of each."""
        return {name: len(ids) for name, ids in asdict(self).items()}


def judged(
    truth: Iterable[PartyTruth], links: Mapping[str, str], suggestions: Mapping[str, Iterable[str]] | None = None
) -> Judgement:
    """Hold links (source id -> contact id) and suggestions (source id -> contact ids) of both kinds against the truth."""
    found = Judgement(shared=[one for one, times in Counter(links.values()).items() if times > 1])
    for one in truth:
        linked = links.get(one.source_id, "")
        if linked and linked != one.target_id:
            found.wrong.append(one.source_id)
        elif linked:
            (found.right if one.ends == LINKED else found.bold).append(one.source_id)
        elif one.ends == LINKED:
            found.missed.append(one.source_id)
        if one.ends == SUGGESTED and not linked:
            shown = set((suggestions or {}).get(one.source_id, ()))
            (found.suggested if set(one.candidates) <= shown else found.unsuggested).append(one.source_id)
    return found
