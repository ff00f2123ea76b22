"""What may be filled into a mapping table: the ledger's entries with their ids, numbers and names."""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.canonical.documents import Document
from ml_connector.errors import NotFound
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.keys import Known, known
from ml_connector.service.roles import READERS


@dataclass(frozen=True, slots=True)
class Target:
    """One value a table takes. ``entity`` is the ledger's list it is of, empty for a word such as ``cost``.

    ``note``: what is to be known of it. ``refused``: why it may not be chosen, empty where it may.
    """

    value: str
    entity: str
    target_id: str
    number: str
    name: str
    active: bool
    note: str = ""
    refused: str = ""


async def targets(desk: Desk, integration: Integration, table: str, text: str = "") -> list[Target]:
    """What a table takes, by number and name, then what it does not take, and why; with ``text`` only what has it in
    id, number or name.

    Raises NotFound for an unknown table, one of free values, and while the ledger's lists have not been read.
    """
    desk.require(*READERS)
    found = await known(desk, integration, table, scan=False)
    if not found.targets:
        raise NotFound(f"The mapping table {table} takes no entries of {found.whose}, but {found.table.value_words}.")
    if all(entries is None for entries in found.targets.values()):
        raise NotFound("The ledger's lists have not been read yet: 'ml-connector preview' reads them.")
    return [one for one in _all(found) if _fits(one, text.casefold())]


def _all(found: Known) -> list[Target]:
    words = [Target(word, "", "", "", word, True) for word in found.table.special]
    made = [
        _target(found, entity, one, entry)
        for entity, entries in found.targets.items()
        for one, entry in (entries or {}).items()
    ]
    return words + sorted(
        made, key=lambda one: (bool(one.refused), one.entity, one.number, one.name.casefold(), one.target_id)
    )


def _target(found: Known, entity: str, target_id: str, entry: Document) -> Target:
    belongs = getattr(getattr(entry, "set", None), "name", "")
    name = ": ".join(part for part in (belongs, getattr(entry, "name", "")) if part)
    value, note = found.table.offered(entry, entity)
    refused = found.table.not_chosen(entry)
    active = bool(getattr(entry, "active", True))
    return Target(
        value, entity, target_id, getattr(entry, "number", ""), name, active, "" if refused else note, refused
    )


def _fits(one: Target, text: str) -> bool:
    return any(text in part.casefold() for part in (one.value, one.number, one.name))
