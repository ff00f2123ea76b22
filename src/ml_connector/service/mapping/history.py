"""Who changed which row of a mapping table, as the audit trail has it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from psycopg.rows import args_row

from ml_connector.audit.chain import EVENT_COLUMNS, StoredEvent
from ml_connector.audit.trail import opened
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.keys import Known, known
from ml_connector.service.roles import READERS

_WHAT = {"mapping changed": "changed", "mapping confirmed": "confirmed"}
_EVENTS = f"""
    select {EVENT_COLUMNS} from audit_event
    where tenant_id = %s and record_id is null and kind = any(%s::text[]) order by chain_no desc, position desc"""


@dataclass(frozen=True, slots=True)
class RowChange:
    """One change of a row, or its confirmation by a second person (``what``), with what the target calls its values.

    ``was`` is empty where there was no row, ``value`` where it was taken away, and both of a confirmation. ``days``: the
    dates of the documents that the row is for, in words.
    """

    at: dt.datetime
    who: str
    what: str
    key: str
    was: str
    was_name: str
    value: str
    name: str
    days: str
    note: str


@dataclass(frozen=True, slots=True)
class History:
    """The changes of a table, or of the rows of one key, the newest first."""

    table: str
    key: str
    changes: tuple[RowChange, ...]


async def history(desk: Desk, integration: Integration, table: str, key: str = "") -> History:
    """The changes of a table's rows, from the audit trail. Raises NotFound for an unknown table.

    Events from before the integration was told in them count for every integration with such a table.
    """
    desk.require(*READERS)
    found, key = await known(desk, integration, table, scan=False), key.strip()
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        events = await _events(reading, sealer)
    of_it = (
        (event, details)
        for event, details in events
        if details.get("table") == table
        and details.get("integration", integration.integration_id) == integration.integration_id
        and key in ("", details.get("key"))
    )
    return History(table, key, tuple(_change(found, event, details) for event, details in of_it))


async def _events(reading: Reading, sealer: Sealer) -> list[tuple[StoredEvent, dict[str, Any]]]:
    tenant = reading.tenant_id
    async with reading.connection.cursor(row_factory=args_row(StoredEvent)) as cursor:
        await cursor.execute(_EVENTS.encode(), [tenant, list(_WHAT)])
        return [(event, opened(sealer, event.identity(tenant), event.body)[0]) async for event in cursor]


def _change(found: Known, event: StoredEvent, details: dict[str, Any]) -> RowChange:
    was, value = str(details.get("before") or ""), str(details.get("after") or "")
    return RowChange(
        event.at, event.actor, _WHAT[event.kind], str(details["key"]), was, found.target_name(was), value,
        found.target_name(value), str(details.get("valid", "")), str(details.get("note", "")),
    )  # fmt: skip
