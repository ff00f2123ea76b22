"""Release: what waited for something that has arrived goes back to `staged`, set by set, never record by record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ml_connector.store.database import Session as Transaction
from ml_connector.sync.states import Priority, State

# Held versions that wait for one of the keys are staged again; all their waits go, since they are planned anew.
_RELEASE = """
    with freed as (
        update version_state s set state = %b, reason = '', changed_at = now()
        from (select distinct version_id from wait where tenant_id = %b and kind = %b and key = any(%b::text[])) w
        where s.tenant_id = %b and s.version_id = w.version_id and s.state = %b
        returning s.version_id, s.flow_id
    ), done as (
        delete from wait where tenant_id = %b and version_id in (select version_id from freed)
    )
    insert into work (tenant_id, connection_id, priority, version_id, flow_id)
    select %b, f.target_id, %b, freed.version_id, freed.flow_id
    from freed join flow f on f.tenant_id = %b and f.flow_id = freed.flow_id
    on conflict (tenant_id, version_id) do nothing
    returning connection_id"""


async def release(connection: Transaction, tenant_id: int, kind: str, keys: Sequence[str]) -> int:
    """Free everything that waits for (kind, one of keys); how many. Wakes the lanes that have work now.

    What waits for several things and gets one of them is planned again too, and then waits for the rest.
    """
    if not keys:
        return 0
    rows = await (
        await connection.execute(
            _RELEASE.encode(),
            [
                State.STAGED.value, tenant_id, kind, list(keys), tenant_id, State.HELD.value, tenant_id, tenant_id,
                Priority.RELEASED.value, tenant_id,
            ],
        )
    ).fetchall()  # fmt: skip
    lanes = {row[0] for row in rows}
    for lane in sorted(lanes):
        await connection.execute(
            "insert into wake (tenant_id, connection_id, reason) values (%s, %s, 'released')", [tenant_id, lane]
        )
    return len(rows)


# Old holds are planned again, a slice at a time and behind everything else; what they wait for stays until it is known
# whether they still do. Only what a person has to decide is left alone.
_SWEEP = """
    with old as (
        select distinct w.version_id, w.flow_id, f.target_id
        from wait w join flow f on f.tenant_id = w.tenant_id and f.flow_id = w.flow_id
        where w.tenant_id = %b and f.target_id = %b and f.mode <> 'off' and w.since < %b
          and not exists (select 1 from wait p where p.tenant_id = w.tenant_id and p.version_id = w.version_id
                          and p.kind = 'person')
        limit %b
    ), freed as (
        update version_state s set state = %b, reason = '' from old
        where s.tenant_id = %b and s.version_id = old.version_id and s.state = %b
        returning s.version_id
    )
    insert into work (tenant_id, connection_id, priority, version_id, flow_id)
    select %b, old.target_id, %b, old.version_id, old.flow_id from old join freed using (version_id)
    on conflict (tenant_id, version_id) do nothing"""


async def sweep(connection: Transaction, tenant_id: int, connection_id: int, before: datetime, at_most: int) -> int:
    """Stage holds of a lane again that are older than ``before`` (clock time); how many."""
    done = await connection.execute(
        _SWEEP.encode(),
        [
            tenant_id, connection_id, before, at_most, State.STAGED.value, tenant_id, State.HELD.value, tenant_id,
            Priority.BACKFILL.value,
        ],
    )  # fmt: skip
    return done.rowcount


async def restage(
    connection: Transaction, tenant_id: int, versions: Sequence[int], states: Sequence[State], priority: Priority
) -> list[int]:
    """Put versions that are in one of ``states`` back to `staged`; the ids of those that went. Lanes are woken."""
    rows = await (
        await connection.execute(
            b"""with freed as (
                update version_state set state = %b, reason = '', changed_at = now()
                where tenant_id = %b and version_id = any(%b::bigint[]) and state = any(%b::smallint[])
                returning version_id, flow_id
            ), done as (
                delete from wait where tenant_id = %b and version_id in (select version_id from freed)
            )
            insert into work (tenant_id, connection_id, priority, version_id, flow_id)
            select %b, f.target_id, %b, freed.version_id, freed.flow_id
            from freed join flow f on f.tenant_id = %b and f.flow_id = freed.flow_id
            on conflict (tenant_id, version_id) do update set priority = excluded.priority
            returning version_id, connection_id""",
            [
                State.STAGED.value, tenant_id, list(versions), [state.value for state in states], tenant_id, tenant_id,
                priority.value, tenant_id,
            ],
        )
    ).fetchall()  # fmt: skip
    for lane in sorted({row[1] for row in rows}):
        await connection.execute(
            "insert into wake (tenant_id, connection_id, reason) values (%s, %s, 'staged again')", [tenant_id, lane]
        )
    return [row[0] for row in rows]
