"""Contact persons that a change of their contact must not lose.

An update that leaves them out may drop them; the canonical party knows none. So before contacts are changed they are read,
and the persons of those that have any go along as they stand. Nothing else of the step's body is touched, and a contact
without persons, as most are, goes out byte for byte as it was shown. With the others more leaves than preview and intent
know: the exception that ``base.Step`` names. The exchange shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from ml_connector.connectors import json_fields
from ml_connector.connectors.writing import Action, Step
from ml_connector.connectors.xero import values
from ml_connector.connectors.xero.client import Books
from ml_connector.connectors.xero.read import AT_ONCE, named
from ml_connector.connectors.xero.requests import body_of
from ml_connector.connectors.xero.resources import RESOURCES, fields_of

_WRITABLE = ("FirstName", "LastName", "EmailAddress", "IncludeInEmails")


async def kept(books: Books, steps: Sequence[Step]) -> list[Step]:
    """The steps, changes of contacts with the persons these have. Raises what reading raises; then nothing was sent."""
    ids = [step.target_id for step in steps if _changes(step) and values.is_guid(step.target_id)]
    if not ids or books.session.settings.get("keep_persons", "yes") == "no":
        return list(steps)
    found: dict[str, list[dict[str, Any]]] = {}
    for start in range(0, len(ids), AT_ONCE):
        for row in await named(books, RESOURCES["parties"], ids[start : start + AT_ONCE]):
            found[row.id] = _persons(row.raw)
    return [_with(step, found.get(step.target_id, [])) for step in steps]


def _changes(step: Step) -> bool:
    """An archived contact keeps what it has: Xero takes nothing else with it."""
    return (step.entity, step.action) == ("parties", Action.UPDATE) and "ContactStatus" not in body_of(step)


def _persons(raw: bytes) -> list[dict[str, Any]]:
    persons = json_fields.children(fields_of(raw), "ContactPersons")
    return [{name: one[name] for name in _WRITABLE if one.get(name) not in (None, "")} for one in persons]


def _with(step: Step, persons: list[dict[str, Any]]) -> Step:
    return replace(step, body=json_fields.encode({**body_of(step), "ContactPersons": persons})) if persons else step
