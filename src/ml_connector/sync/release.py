"""Release: what waited for something that has arrived goes back to `staged`, set by set, never record by record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ml_connector.store.database import Session as Transaction
from ml_connector.sync.states import Priority, State

# Held versions that wait for what is chosen are staged again; all their waits go, since they are planned anew.
_RELEASE = """
    with freed as (
        update version_state s set state = %b, reason = '', changed_at = now()
        from ({chosen}) w
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
_BY_KEY = "select distinct version_id from wait where tenant_id = %b and kind = %b and key = any(%b::text[])"
_BY_ENTITY = """
    select distinct w.version_id from wait w join flow f using (tenant_id, flow_id)
    where tenant_id = %b and f.integration_id = %b and w.kind = 'link' and starts_with(w.key, %b)"""


async def release(connection: Transaction, tenant_id: int, kind: str, keys: Sequence[str]) -> int:
    """Free everything that waits for (kind, one of keys); how many. Wakes the lanes that have work now.

    What waits for several things and gets one of them is planned again too, and then waits for the rest.
    """
    return await _release(connection, tenant_id, _BY_KEY, tenant_id, kind, list(keys)) if keys else 0


async def release_links(connection: Transaction, tenant_id: int, integration_id: int, entity: str) -> int:
    """Free everything of an integration that waits for a link of ``entity``, whichever: its flow may bring them now."""
    return await _release(connection, tenant_id, _BY_ENTITY, tenant_id, integration_id, f"{entity}:")


async def _release(connection: Transaction, tenant_id: int, chosen: str, *values: object) -> int:
    rows = await (
        await connection.execute(
            _RELEASE.format(chosen=chosen).encode(),
            [
                State.STAGED.value, *values, tenant_id, State.HELD.value, tenant_id, tenant_id, Priority.RELEASED.value,
                tenant_id,
            ],
        )
    ).fetchall()  # fmt: skip
    await _wake(connection, tenant_id, {row[0] for row in rows}, "released")
    return len(rows)


async def _wake(connection: Transaction, tenant_id: int, lanes: set[int], reason: str) -> None:
    for lane in sorted(lanes):
        await connection.execute(
            "insert into wake (tenant_id, connection_id, reason) values (%s, %s, %s)", [tenant_id, lane, reason]
        )


# What a person let go on is meant for the version they saw: a release lapses for a version read after it.
_LAPSED = """
    select d.version_id, r.code from release r
    join document d on d.tenant_id = r.tenant_id and d.record_id = r.record_id
    where r.tenant_id = %b and d.version_id = any(%b::bigint[]) and r.code = any(%b::text[]) and d.read_at > r.at"""


async def lapsed(
    connection: Transaction, tenant_id: int, versions: Sequence[int], codes: Sequence[str]
) -> set[tuple[int, str]]:
    """(version, code) of those releases of ``codes`` that were given before the version was read.

    Releasing and reading lock the record's integration, so their times (of the product's clock) tell which came first.
    """
    rows = await (await connection.execute(_LAPSED.encode(), [tenant_id, list(versions), list(codes)])).fetchall()
    return {(version_id, code) for version_id, code in rows}


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
    await _wake(connection, tenant_id, {row[1] for row in rows}, "staged again")
    return [row[0] for row in rows]
