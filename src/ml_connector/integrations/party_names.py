"""What a new contact is called where names are unique."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping

from ml_connector.canonical.master_data import Party
from ml_connector.integrations.decisions import Hold, waiting
from ml_connector.integrations.views import View
from ml_connector.integrations.ways import Ways, spelled

DUPLICATE_NAMES = "duplicate_names"  # the setting of a connection whose organisations may choose


def names_unique(ways: Ways, set_there: Mapping[str, str]) -> bool:
    """Whether no two contacts have one name: by what the ledger is, or as its connection's settings say of this one."""
    return ways.unique_names or set_there.get(DUPLICATE_NAMES) == "no"


def free_name(party: Party, view: View, own: str = "") -> tuple[str, tuple[str, ...]]:
    """The name, with ServiceTitan's number behind it where another live contact has it; and a note that tells it.

    It stands in the ledger only and is never written back. ``own`` is the party's own contact, where it has one.
    """
    if not names_unique(view.ways, view.set_there):
        return party.name, ()
    if not _holders(party.name, view, own) and not view.promised:
        return party.name, ()
    name = behind(party, view.ways)
    return name, (
        f"another contact has the name '{party.name}' in the ledger, or gets it before this one, so this one becomes "
        f"'{name}' there",
    )


def name_held(party: Party, name: str, view: View, own: str = "") -> Hold | None:
    """The hold of a party where another contact has even the name that ``free_name`` found for it; None where it is free."""
    if name == party.name or not (holders := sorted(_holders(name, view, own))):
        return None
    shown = ", ".join(_shown(id_, view) for id_ in holders)
    message = f"'{party.name}' is taken, and '{name}', which it would get in its place, is the name of {shown}."
    return Hold((waiting("duplicate_name", "fact", f"parties:{holders[0]}", message=message),))


def _holders(name: str, view: View, own: str) -> frozenset[str]:
    names = view.ledger.taken_names
    if names is None:
        names = taken(view.ledger.parties.values(), inactive=view.ways.inactive_keep_names)
    return names.get(_folded(name), frozenset()) - {own}


def _shown(id_: str, view: View) -> str:
    there = view.ledger.parties.get(id_)
    what = (there.kind if there is not None and view.ways.one_kind else "") or "contact"
    return f"the {'inactive ' if there is not None and not there.active else ''}{what} {id_}"


def behind(party: Party, ways: Ways) -> str:
    """The party's name with ServiceTitan's number behind it, as long as the ledger takes it."""
    number = f" (ST {party.id})"
    return party.name.strip()[: ways.name_limit - len(number)].rstrip() + number


def same_name(one: str, other: str) -> bool:
    """Whether two names are one to the ledger."""
    return _folded(one) == _folded(other)


class NamesTaken:
    """The ids of parties by name, as names are compared: gathered once, and kept up as parties come and go.

    Of live ones alone, or of those that are ``inactive`` too.
    """

    def __init__(self, parties: Iterable[Party] = (), *, inactive: bool = False) -> None:
        self._inactive = inactive
        self.holders: dict[str, frozenset[str]] = {}
        for one in parties:
            self.add(one)

    def add(self, party: Party) -> None:
        """One more party."""
        if party.active or self._inactive:
            name = _folded(party.name)
            self.holders[name] = self.holders.get(name, frozenset()) | {party.id}

    def drop(self, party: Party) -> None:
        """A party as it was added, which is there no more."""
        name = _folded(party.name)
        left = self.holders.pop(name, frozenset()) - {party.id}
        if left:
            self.holders[name] = left


def taken(parties: Iterable[Party], *, inactive: bool = False) -> Mapping[str, frozenset[str]]:
    """The ids of live parties by name, as names are compared; with ``inactive``, of all."""
    return NamesTaken(parties, inactive=inactive).holders


def _folded(name: str) -> str:
    """A name as a ledger compares it that has each once: without case, accents and further spaces, in letters it takes."""
    plain = unicodedata.normalize("NFKD", spelled(name))
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()
