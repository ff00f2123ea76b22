"""What a new contact is called where names are unique."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from ml_connector.canonical.master_data import Party
from ml_connector.integrations.views import View
from ml_connector.integrations.ways import Ways, spelled


def free_name(party: Party, view: View, own: str = "") -> tuple[str, tuple[str, ...]]:
    """The name, with ServiceTitan's number behind it where another live contact has it; and a note that tells it.

    It stands in the ledger only and is never written back. ``own`` is the party's own contact, where it has one.
    """
    if not view.ways.unique_names:
        return party.name, ()
    names = view.ledger.taken_names
    holders = (taken(view.ledger.parties.values()) if names is None else names).get(_folded(party.name), frozenset())
    if not holders - {own} and not view.promised:
        return party.name, ()
    name = behind(party, view.ways)
    return name, (
        f"another contact has the name '{party.name}' in the ledger, or gets it before this one, so this one becomes "
        f"'{name}' there",
    )


def behind(party: Party, ways: Ways) -> str:
    """The party's name with ServiceTitan's number behind it, as long as the ledger takes it."""
    number = f" (ST {party.id})"
    return party.name.strip()[: ways.name_limit - len(number)].rstrip() + number


def same_name(one: str, other: str) -> bool:
    """Whether two names are one to the ledger."""
    return _folded(one) == _folded(other)


class NamesTaken:
    """The ids of live parties by name, as names are compared: gathered once, and kept up as parties come and go."""

    def __init__(self, parties: Iterable[Party] = ()) -> None:
        self.holders: dict[str, frozenset[str]] = {}
        for one in parties:
            self.add(one)

    def add(self, party: Party) -> None:
        """One more party."""
        if party.active:
            name = _folded(party.name)
            self.holders[name] = self.holders.get(name, frozenset()) | {party.id}

    def drop(self, party: Party) -> None:
        """A party as it was added, which is there no more."""
        name = _folded(party.name)
        left = self.holders.pop(name, frozenset()) - {party.id}
        if left:
            self.holders[name] = left


def taken(parties: Iterable[Party]) -> Mapping[str, frozenset[str]]:
    """The ids of live parties by name, as names are compared."""
    return NamesTaken(parties).holders


def _folded(name: str) -> str:
    """A name as a ledger compares it that has each once: without case, accents and further spaces, in letters it takes."""
    plain = unicodedata.normalize("NFKD", spelled(name))
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()
