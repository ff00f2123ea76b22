"""Recoding: posted documents are brought to what a mapping table says today, once a person has seen and approved it.

A mapping change alone touches nothing that is posted. A recoding has the posted versions planned once more under a mark of
its own; what comes of that is shown, and goes the way of any other plan: approved by its digest, sent as an intent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.integrations.base import IntegrationType
from ml_connector.integrations.tables import TableType
from ml_connector.sealing import Sealer
from ml_connector.service.approving import Approved, Shown, approve_shown
from ml_connector.service.desk import Change, Desk
from ml_connector.service.finding import RECORDS, opened_document
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.keys import table_named
from ml_connector.service.mapping.rows import rows_in
from ml_connector.service.recoded import RecodingReport, recoding
from ml_connector.service.roles import Role
from ml_connector.service.syncing import lists_anew
from ml_connector.sync.recoding import SEALED_AS, Outcome, Told, encode
from ml_connector.sync.release import restage
from ml_connector.sync.states import Priority, State

_AT_ONCE = 1_000  # records in one transaction, so that a worker never waits long for one
_STANDING = (State.POSTED, State.UNCHANGED)


async def begin_recoding(
    desk: Desk, integration: Integration, table: str, *, keys: Sequence[str] = (), since: dt.date | None = None,
    until: dt.date | None = None,
) -> int:  # fmt: skip
    """Have what is posted planned by a mapping table, or rows of it, and shown; the number of the recoding.

    ``since`` and ``until`` are document dates, both included. Nothing is sent before it is approved. Raises NotFound where
    nothing posted fits, BadInput, Refused.
    """
    desk.require(Role.APPROVER, Role.BOOKKEEPER)
    if since and until and since > until:
        raise BadInput(
            f"No document is dated from {since} to {until}: the first day is after the last; turn them round."
        )
    kind = desk.runtime.integrations[integration.kind]
    found, flows = table_named(kind, table), _flows(kind, integration, table)
    await _refuse_unknown(desk, integration, table, keys)
    sealer, recoding_id, after, count = await desk.sealer(), 0, 0, 0
    while True:
        async with desk.changing(sealer) as change:
            if not recoding_id:
                recoding_id = await _begin(desk, change, integration, table, keys, since, until)
            rows = await _standing(change, integration, flows, since, until, after)
            fit = [row for row in rows if _uses(found, keys, sealer, row)]
            count += len(fit)
            if not count and len(rows) < _AT_ONCE:
                raise NotFound(_nothing(table, keys))
            await _mark(desk, change, sealer, recoding_id, fit)
        if len(rows) < _AT_ONCE:
            return recoding_id
        after = rows[-1][0]


def _flows(kind: IntegrationType, integration: Integration, table: str) -> list[str]:
    """The flows that are on and whose posted documents go by the table. Raises BadInput, Refused."""
    if kind.not_recoded:
        raise Refused(f"{kind.title}: {kind.not_recoded} Recode it there by hand.")
    tables = {one: None for flow in kind.flows for one in flow.recodes}
    if table not in tables:
        raise BadInput(
            f"Nothing that is posted is coded by the mapping table {table}; what can be recoded by: {', '.join(tables)}."
        )
    names = [flow.name for flow in kind.flows if table in flow.recodes]
    on = [one for one in names if integration.flow(one).mode != "off"]
    if not on:
        raise Refused(
            f"Nothing is planned for {', '.join(names)} while they are off: turn one to preview or live first."
        )
    return on


async def _refuse_unknown(desk: Desk, integration: Integration, table: str, keys: Collection[str]) -> None:
    """A row that is not there would recode nothing, and say so of each document."""
    async with desk.looking() as reading:
        known = {row.key for row in await rows_in(reading, integration, table)}
    unknown = sorted(set(keys) - known)
    if unknown:
        raise BadInput(
            f"The mapping table {table} has no row '{unknown[0]}'; its rows are {', '.join(sorted(known)) or 'none'}."
        )


async def _begin(
    desk: Desk, change: Change, integration: Integration, table: str, keys: Sequence[str], since: dt.date | None,
    until: dt.date | None,
) -> int:  # fmt: skip
    row = await change.one(
        """insert into recoding (tenant_id, integration_id, table_name, keys, since, until, begun_by, begun_at)
        values (%s, %s, %s, %s, %s, %s, %s, %s) returning recoding_id""",
        desk.tenant_id, integration.integration_id, table, sorted(set(keys)), since, until, desk.actor.name,
        desk.clock.now(),
    )  # fmt: skip
    assert row is not None
    rows, first, last = sorted(set(keys)), str(since or ""), str(until or "")
    await lists_anew(change, integration)  # what somebody has recoded there a moment ago counts
    change.event("recoding begun", recoding=row[0], table=table, rows=rows, since=first, until=last)
    return int(row[0])


_Row = tuple[Any, ...]


async def _standing(
    change: Change, integration: Integration, flows: Sequence[str], since: dt.date | None, until: dt.date | None,
    after: int,
) -> list[_Row]:  # fmt: skip
    """The next records of which something that we made stands in the ledger. No planner looks at them meanwhile."""
    await change.one(
        "select 1 from integration where tenant_id = %s and integration_id = %s for update",
        change.tenant_id, integration.integration_id,
    )  # fmt: skip
    return await change.all(
        f"""select r.record_id, r.version_id, s.state, d.content_hash, d.canonical {RECORDS}
        where r.tenant_id = %s and f.integration_id = %s and f.name = any(%s::text[]) and l.origin = 'created'
          and d.document_date >= coalesce(%s::date, '-infinity') and d.document_date <= coalesce(%s::date, 'infinity')
          and r.record_id > %s
        order by r.record_id limit %s""",
        change.tenant_id, integration.integration_id, list(flows), since, until, after, _AT_ONCE,
    )  # fmt: skip


def _uses(table: TableType, keys: Collection[str], sealer: Sealer, row: _Row) -> bool:
    if not keys:
        return True
    tried = table.looked_up(opened_document(sealer, row[3], row[4])).values()
    return any(not set(keys).isdisjoint(one) for one in tried)


def _nothing(table: str, keys: Sequence[str]) -> str:
    rows = f" and row {', '.join(keys)}" if keys else ""
    return f"Nothing was posted in these days that goes by the mapping table {table}{rows}."


async def _mark(desk: Desk, change: Change, sealer: Sealer, recoding_id: int, rows: Sequence[_Row]) -> None:
    """Mark what can be looked at now and have it planned; tell of the rest why not."""
    free = [row for row in rows if row[2] in _STANDING]
    marked = await change.all(
        """insert into recoded (tenant_id, recoding_id, record_id) select %s, %s, one from unnest(%s::bigint[]) as one
        on conflict (tenant_id, record_id) where ended_at is null do nothing returning record_id""",
        desk.tenant_id, recoding_id, [row[0] for row in free],
    )  # fmt: skip
    going = {row[0] for row in marked}
    for row in rows:
        if row[0] not in going:
            await _pass_over(desk, change, sealer, recoding_id, row)
    versions = [row[1] for row in free if row[0] in going]
    await change.run(
        "delete from plan where tenant_id = %s and version_id = any(%s::bigint[])", desk.tenant_id, versions
    )
    await restage(change.connection, desk.tenant_id, versions, _STANDING, Priority.RELEASED)
    for row in free:
        if row[0] in going:
            change.event("recoding asked", record_id=row[0], version_id=row[1], recoding=recoding_id)


async def _pass_over(desk: Desk, change: Change, sealer: Sealer, recoding_id: int, row: _Row) -> None:
    state = State(row[2])
    why = (
        "It is part of another recoding that has not ended."
        if state in _STANDING
        else f"Its newest version is {state.word}, which goes first."
    )
    told = Told((), why, "Begin the recoding again once that has ended.")
    await change.run(
        """insert into recoded (tenant_id, recoding_id, record_id, outcome, told, ended_at)
        values (%s, %s, %s, %s, %s, %s)""",
        desk.tenant_id, recoding_id, row[0], Outcome.OVERTAKEN.value, sealer.seal(SEALED_AS, encode(told)),
        desk.clock.now(),
    )  # fmt: skip


# --- approving and stopping ------------------------------------------------------------------------------------------


async def approve_recoding(desk: Desk, shown: RecodingReport) -> Approved:
    """Approve exactly what a recoding shows; what is another by now is not approved. Raises NotFound, Refused."""
    desk.require(Role.APPROVER)
    plans = [Shown(one.record_id, one.digest) for one in shown.to_approve]
    if not plans:
        raise NotFound(f"Nothing of recoding {shown.recoding_id} waits to be approved.")
    return await approve_shown(desk, plans, {"recoding": str(shown.recoding_id)})


async def stop_recoding(desk: Desk, recoding_id: int) -> int:
    """Leave everything of a recoding that is not approved as it is posted; how many documents. Raises NotFound."""
    desk.require(Role.APPROVER, Role.BOOKKEEPER)
    found = await recoding(desk, recoding_id)
    async with desk.changing() as change:
        await change.one(
            "select 1 from integration where tenant_id = %s and integration_id = %s for update",
            desk.tenant_id, found.integration_id,
        )  # fmt: skip
        rows = await change.all(
            """update recoded m set outcome = %s, ended_at = %s from record r
            join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
            where m.tenant_id = %s and m.recoding_id = %s and m.ended_at is null and r.tenant_id = m.tenant_id
              and r.record_id = m.record_id
              and (s.state = any(%s::smallint[])
                   or s.state = %s and not exists (select 1 from plan p where p.tenant_id = s.tenant_id
                                                   and p.version_id = s.version_id and p.approved_at is not null))
            returning r.version_id""",
            Outcome.WITHDRAWN.value, desk.clock.now(), desk.tenant_id, found.recoding_id,
            [State.PLANNED.value, State.HELD.value, State.REJECTED.value, State.SKIPPED.value], State.STAGED.value,
        )  # fmt: skip
        versions = [row[0] for row in rows]
        await change.run(
            "delete from plan where tenant_id = %s and version_id = any(%s::bigint[])", desk.tenant_id, versions
        )
        await restage(change.connection, desk.tenant_id, versions, [State.PLANNED, State.HELD], Priority.RELEASED)
        change.event("recoding stopped", recoding=found.recoding_id, records=len(versions))
    return len(versions)
