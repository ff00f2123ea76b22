"""Which stored plans were made from something that is otherwise now: a row of a mapping table, or a setting."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ml_connector.sealing import Sealer
from ml_connector.service.desk import Reading
from ml_connector.sync.mapping import Table, tables_of
from ml_connector.sync.reads import moved, opened
from ml_connector.sync.states import State

#: Events of what a person changes and plans are made from. Which settings a plan has looked at is not known.
_SETTINGS = ("settings changed", "connection settings changed")
_ROWS = ("mapping changed",)


@dataclass(frozen=True, slots=True)
class Made:
    """When a stored plan of an integration was made, and what it has read of the mapping tables, sealed."""

    integration_id: int
    planned_at: dt.datetime
    reads: bytes | None


async def made_plans(reading: Reading, flows: Sequence[int]) -> list[Made]:
    """The stored plans of flows that wait for their approval."""
    rows = await reading.all(
        """select f.integration_id, p.planned_at, p.reads from version_state s
        join flow f on f.tenant_id = s.tenant_id and f.flow_id = s.flow_id
        join plan p on p.tenant_id = s.tenant_id and p.version_id = s.version_id
        where s.tenant_id = %s and s.flow_id = any(%s::int[]) and s.state = %s""",
        reading.tenant_id, list(flows), State.PLANNED.value,
    )  # fmt: skip
    return [Made(*row) for row in rows]


async def outdated(reading: Reading, sealer: Sealer, plans: Iterable[Made]) -> int:
    """How many would be made otherwise now, as far as that is known without making them.

    A plan from before its reads were kept counts as older than any row that was changed since.
    """
    settings, rows = await changed_at(reading, _SETTINGS), await changed_at(reading, _ROWS)
    known: dict[int, Mapping[str, Table]] = {}
    count = 0
    for one in plans:
        if settings is not None and one.planned_at < settings:
            count += 1
        elif one.reads is None:
            count += rows is not None and one.planned_at < rows
        else:
            if one.integration_id not in known:
                known[one.integration_id] = await _tables(reading, one.integration_id)
            count += bool(moved(opened(sealer.open, one.reads), known[one.integration_id]))
    return count


async def _tables(reading: Reading, integration_id: int) -> Mapping[str, Table]:
    rows = await reading.all(
        "select distinct table_name from mapping where tenant_id = %s and integration_id = %s",
        reading.tenant_id, integration_id,
    )  # fmt: skip
    return await tables_of(reading.connection, reading.tenant_id, integration_id, [row[0] for row in rows])


async def changed_at(reading: Reading, kinds: tuple[str, ...]) -> dt.datetime | None:
    """When a person last changed something of these kinds; None if never."""
    row = await reading.one(
        """select max(latest.at) from unnest(%s::text[]) as changed (kind)
        cross join lateral (select at from audit_event where tenant_id = %s and record_id is null
                            and kind = changed.kind order by chain_no desc limit 1) latest""",
        list(kinds), reading.tenant_id,
    )  # fmt: skip
    return row[0] if row else None
