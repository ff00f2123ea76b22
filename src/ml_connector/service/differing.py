"""In what entries that are linked and never changed differ from their counterparts, as both sides were last read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ml_connector.canonical.documents import Document
from ml_connector.errors import BadInput
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.ways import Ways
from ml_connector.service.company_books import listed
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.integrating import Integration
from ml_connector.service.roles import READERS
from ml_connector.sync.mapping import Table, tables_of


@dataclass(frozen=True, slots=True)
class Differing:
    """An entry of the source and its counterpart. ``what``: in what they differ, in words; empty where the target's is gone.

    ``name`` and ``target`` are what each side calls it; the target's is empty where it does not show it any more.
    """

    source_id: str
    name: str
    target_id: str
    target: str
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Differences:
    """Of a flow: how many of its entries are linked, and those of them that differ or whose counterpart is gone."""

    flow: str
    linked: int
    differing: tuple[Differing, ...]


@dataclass(frozen=True, slots=True)
class _Books:
    """What laying two entries against each other takes, see views.Books."""

    mappings: Mapping[str, Table]
    source_lists: Mapping[str, Mapping[str, Document]]
    ways: Ways


async def differences(desk: Desk, integration: Integration, flow_name: str) -> Differences:
    """What differs, by the names of the source. Raises NotFound, and BadInput for a flow that changes what it links."""
    desk.require(*READERS)
    flow = integration.flow(flow_name)
    kind = desk.runtime.integrations[integration.kind]
    type_ = kind.flow(flow.name)
    if not type_.matches:
        able = ", ".join(one.name for one in kind.flows if one.matches) or "none"
        raise BadInput(
            f"{flow.title} changes what it has linked, so nothing differs for long; flows that do not: {able}."
        )
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        names = [one.name for one in kind.tables]
        tables = await tables_of(reading.connection, desk.tenant_id, integration.integration_id, names)
        lists = {one: await listed(reading, sealer, flow.source_id, one) or {} for one in type_.source_lists}
        there = await listed(reading, sealer, flow.target_id, type_.matches) or {}
        links = await _links(reading, integration, flow.name)
    here = lists[type_.source_entities(None)[-1]]
    books = _Books(tables, lists, type_.ways)
    laid = [_laid(type_, source_id, target_id, here, there, books) for source_id, target_id in links]
    found = sorted((one for one in laid if one is not None), key=lambda one: (one.name.casefold(), one.source_id))
    return Differences(flow.name, len(links), tuple(found))


async def _links(reading: Reading, integration: Integration, flow: str) -> list[tuple[str, str]]:
    rows = await reading.all(
        "select source_id, target_id from link where tenant_id = %s and integration_id = %s and entity = %s",
        reading.tenant_id, integration.integration_id, flow,
    )  # fmt: skip
    return [(row[0], row[1]) for row in rows]


def _laid(
    flow: FlowType,
    source_id: str,
    target_id: str,
    here: Mapping[str, Document],
    there: Mapping[str, Document],
    books: _Books,
) -> Differing | None:
    """One pair; None where nothing is to be told. What the source's list does not show any more has ended there."""
    mine, theirs = here.get(source_id), there.get(target_id)
    name = str(getattr(mine, "name", ""))
    if theirs is None:
        return Differing(source_id, name, target_id, "", ())
    apart = (
        flow.differences(mine, theirs, books) if mine is not None else ("activity (not listed in the source any more)",)
    )
    return Differing(source_id, name, target_id, str(getattr(theirs, "name", "")), apart) if apart else None
