"""What a new contact is called where names are unique."""

from __future__ import annotations

import unicodedata

from ml_connector.canonical.documents import Party
from ml_connector.integrations.base import View

_LIMIT = 255  # of a contact's name in Xero
_BRACKETS = str.maketrans("<>", "()")


def free_name(party: Party, view: View) -> tuple[str, tuple[str, ...]]:
    """The name, with ServiceTitan's number behind it where another live contact has it; and a note that tells it.

    It stands in the ledger only and is never written back.
    """
    wanted = _folded(party.name)
    if not any(one.active and _folded(one.name) == wanted for one in view.ledger.parties.values()):
        return party.name, ()
    behind = f" (ST {party.id})"
    name = party.name.strip()[: _LIMIT - len(behind)].rstrip() + behind
    return name, (f"another contact is called '{party.name}' in the ledger, so this one becomes '{name}' there",)


def _folded(name: str) -> str:
    """A name as Xero compares it: without case, accents and further spaces, in the characters it takes."""
    plain = unicodedata.normalize("NFKD", " ".join(name.translate(_BRACKETS).split()))
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()
