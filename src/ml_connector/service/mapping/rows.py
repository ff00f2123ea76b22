"""The rows of a mapping table as stored, and what changing them sets in motion."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from ml_connector.integrations.base import IntegrationType
from ml_connector.integrations.tables import TableType
from ml_connector.service.desk import Change, Desk, Reading
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.keys import under_way
from ml_connector.service.outdated import made_plans, outdated
from ml_connector.sync.release import release, restage
from ml_connector.sync.states import Priority, State

#: How the open ends of a row's validity are held in memory.
EVER, FOR_EVER = dt.date.min, dt.date.max


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """One row: a source key and its value, valid on document dates from and until, both included."""

    key: str
    valid_from: dt.date
    valid_until: dt.date
    value: str
    note: str = ""

    def overlaps(self, other: Row) -> bool:
        """Whether some date would find both."""
        return self.key == other.key and self.valid_from <= other.valid_until and other.valid_from <= self.valid_until

    def span(self) -> str:
        """Its validity in words."""
        first = "" if self.valid_from == EVER else f"from {self.valid_from}"
        last = "" if self.valid_until == FOR_EVER else f"until {self.valid_until}"
        if first and not last:
            return f"{first} on"
        return " ".join(filter(None, (first, last))) or "on all days"


@dataclass(frozen=True, slots=True)
class Changed:
    """A row before and after, with what the target calls its values; empty where there was, or is, none.

    ``span``: its days in words, empty for all.
    """

    key: str
    value: str
    name: str
    was: str
    was_name: str
    span: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """What a change of a table did, and how many documents went on because of it.

    ``under_way`` more that use its keys had been let go on before and are still to be planned: they take it up. ``row`` is
    the row that was set or taken away by hand.
    ``planned_before`` documents have a stored plan that has read a row as it was before; a preview plans them again.
    """

    table: str
    added: int
    changed: int
    removed: int
    unchanged: int
    left_empty: int
    released: int
    warnings: tuple[str, ...] = ()
    planned_before: int = 0
    under_way: int = 0
    row: Changed | None = None


_ROWS = """
    select source_key, greatest(valid_from, date '0001-01-01'), least(valid_until, date '9999-12-31'), target_key, note
    from mapping where tenant_id = %s and integration_id = %s and table_name = %s order by source_key, valid_from"""


async def rows_in(reading: Reading, integration: Integration, table: str) -> list[Row]:
    """The rows of a table by key and date."""
    return [Row(*row) for row in await reading.all(_ROWS, reading.tenant_id, integration.integration_id, table)]


async def apply(
    desk: Desk,
    integration: Integration,
    table: str,
    rows: Sequence[Row],
    *,
    remove: Sequence[Row] = (),
    left_empty: int = 0,
    warnings: tuple[str, ...] = (),
) -> Applied:
    """Write rows (same key and beginning replaces) and take others away; what waited for their keys goes on."""
    touched = [row.key for row in (*rows, *remove)]
    staged = await under_way(desk, integration, found_type(desk, integration, table), touched)
    sealer = await desk.sealer()
    async with desk.changing(sealer) as change:
        alone = await change.one(
            """select settings ->> 'four_eyes' = 'yes' from integration
            where tenant_id = %s and integration_id = %s for update""",
            desk.tenant_id, integration.integration_id,
        )  # fmt: skip
        confirmed_by = None if alone and alone[0] else desk.actor.name
        held = {(row.key, row.valid_from): row for row in await rows_in(change, integration, table)}
        new = [row for row in rows if held.get((row.key, row.valid_from)) != row]
        for row in remove:
            await _remove(change, integration, table, row)
        for row in new:
            await _write(desk, change, integration, table, row, held.get((row.key, row.valid_from)), confirmed_by)
        keys = sorted({row.key for row in (*new, *remove)})
        former = sorted({before.value for (key, _), before in held.items() if key in set(keys)})
        skipped = [code for name, code in _kind(desk, integration).skipped_by_tables if name == table]
        freed = (
            await _follow(change, integration, found_type(desk, integration, table), keys, former, skipped)
            if keys
            else 0
        )
        added = sum((row.key, row.valid_from) not in held for row in new)
        plans = await made_plans(change, [flow.flow_id for flow in integration.flows]) if keys else []
        before = await outdated(change, sealer, plans)
        return Applied(
            table, added, len(new) - added, len(remove), len(rows) - len(new), left_empty, freed, warnings, before,
            staged if keys else 0,
        )  # fmt: skip


async def _write(
    desk: Desk, change: Change, integration: Integration, table: str, row: Row, before: Row | None,
    confirmed_by: str | None,
) -> None:  # fmt: skip
    await change.run(
        """insert into mapping (tenant_id, integration_id, table_name, source_key, target_key, valid_from, valid_until,
                                note, changed_by, changed_at, confirmed_by)
        values (%s, %s, %s, %s, %s, coalesce(%s, date '-infinity'), coalesce(%s, date 'infinity'), %s, %s, %s, %s)
        on conflict (tenant_id, integration_id, table_name, source_key, valid_from) do update
        set target_key = excluded.target_key, valid_until = excluded.valid_until, note = excluded.note,
            changed_by = excluded.changed_by, changed_at = excluded.changed_at, confirmed_by = excluded.confirmed_by""",
        desk.tenant_id, integration.integration_id, table, row.key, row.value, _bounded(row.valid_from),
        _bounded(row.valid_until), row.note, desk.actor.name, desk.clock.now(),
        confirmed_by,
    )  # fmt: skip
    change.event(
        "mapping changed", integration=integration.integration_id, table=table, key=row.key,
        before=before.value if before else None, after=row.value, valid=row.span(), note=row.note,
    )  # fmt: skip


async def _remove(change: Change, integration: Integration, table: str, row: Row) -> None:
    await change.run(
        """delete from mapping where tenant_id = %s and integration_id = %s and table_name = %s and source_key = %s
           and valid_from = coalesce(%s, date '-infinity')""",
        change.tenant_id, integration.integration_id, table, row.key, _bounded(row.valid_from),
    )  # fmt: skip
    change.event(
        "mapping changed", integration=integration.integration_id, table=table, key=row.key, before=row.value, after=None,
        valid=row.span(), note="",
    )  # fmt: skip


def _bounded(day: dt.date) -> dt.date | None:
    return None if day in (EVER, FOR_EVER) else day


def found_type(desk: Desk, integration: Integration, table: str) -> TableType:
    """The table's type. Raises KeyError."""
    return _kind(desk, integration).table(table)


def _kind(desk: Desk, integration: Integration) -> IntegrationType:
    return desk.runtime.integrations[integration.kind]


async def _follow(
    change: Change, integration: Integration, table: TableType, keys: list[str], former: list[str], skipped: list[str]
) -> int:
    """The rows are facts of a new generation: what waits for them, or for what they named before, goes on."""
    await change.run(
        "update integration set generation = generation + 1 where tenant_id = %s and integration_id = %s",
        change.tenant_id, integration.integration_id,
    )  # fmt: skip
    names = sorted({f"{table.name}:{waited}" for key in keys for waited in table.freed_by(key)})
    freed = await release(change.connection, change.tenant_id, "mapping", names)
    if table.name in {flow.name for flow in integration.flows}:  # who it is there: as good as the flow's own link
        freed += await release(change.connection, change.tenant_id, "link", names)
    await _look_again(change, integration, skipped)
    return freed + await release(change.connection, change.tenant_id, "fact", facts_of(table, former))


def facts_of(table: TableType, values: Sequence[str]) -> list[str]:
    """What those wait for who were held for an entry of the target that one of these values names."""
    return [f"{entity}:{one}" for value in values for entity, one in _named(table, value)]


async def _look_again(change: Change, integration: Integration, codes: list[str]) -> None:
    """What rows of the table said to pass over is planned again; which of them a row is about stands in no column."""
    rows = await change.all(
        """select r.version_id from record r join flow f using (tenant_id, flow_id)
        join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
        where r.tenant_id = %s and f.integration_id = %s and s.state = %s and s.reason = any(%s::text[])""",
        change.tenant_id, integration.integration_id, State.SKIPPED.value, codes,
    )  # fmt: skip
    await restage(change.connection, change.tenant_id, [row[0] for row in rows], [State.SKIPPED], Priority.RELEASED)


def _named(table: TableType, value: str) -> tuple[tuple[str, str], ...]:
    """What a stored value names; nothing where a value of former days cannot be read."""
    try:
        return table.names(value)
    except ValueError:
        return ()
