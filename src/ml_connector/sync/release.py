"""Release: what waited for something that has arrived goes back to `staged`, set by set, never record by record.

However many wait: one transaction frees some thousands, the oldest first, and leaves the rest to the lanes of their
targets. What is left is noted with the lane's feeds, by what it waits for and how far it has been freed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml_connector.connectors.writing import STATUS_REFUSED
from ml_connector.integrations.reasons import FOR_VERSION
from ml_connector.store.database import Session as Transaction
from ml_connector.sync.states import HELD_BACK, UNREAD, Priority, State

AT_ONCE = 2_000  # versions freed in one transaction, so that nobody waits long for it

# Held and refused versions that wait for what is chosen are staged again; all their waits go, since they are planned
# anew. Chosen are those after a version: one that is held again for the same thing is not freed again by the same release.
_WAITING = """
    from wait w join flow f on f.tenant_id = w.tenant_id and f.flow_id = w.flow_id
    where w.tenant_id = %b and w.version_id > %b and f.target_id = coalesce(%b::integer, f.target_id) and """
_RELEASE = """
    with chosen as (select distinct w.version_id {waiting} order by w.version_id limit %b), freed as (
        update version_state s set state = %b, reason = '', changed_at = now()
        from chosen
        where s.tenant_id = %b and s.version_id = chosen.version_id and s.state = any(%b::smallint[])
        returning s.version_id, s.flow_id
    ), done as (
        delete from wait where tenant_id = %b and version_id in (select version_id from freed)
    ), queued as (
        insert into work (tenant_id, connection_id, priority, version_id, flow_id)
        select %b, f.target_id, %b, freed.version_id, freed.flow_id
        from freed join flow f on f.tenant_id = %b and f.flow_id = freed.flow_id
        on conflict (tenant_id, version_id) do nothing
        returning version_id, connection_id
    )
    select chosen.version_id, queued.connection_id from chosen left join queued using (version_id)
    order by chosen.version_id"""
_NOTED = "release "


@dataclass(frozen=True, slots=True)
class _Awaited:
    """What is waited for: ``keys`` of a kind, or a link of whatever entity a key begins with, in one integration."""

    by: str  # key | entity
    of: str  # the kind, or the integration's id
    keys: tuple[str, ...]

    @property
    def condition(self) -> str:
        if self.by == "key":
            return "w.kind = %b and w.key = any(%b::text[])"
        return "w.kind = 'link' and f.integration_id = %b and starts_with(w.key, %b)"

    @property
    def values(self) -> tuple[Any, ...]:
        return (self.of, list(self.keys)) if self.by == "key" else (int(self.of), self.keys[0])

    def noted(self, key: str) -> str:
        """The name under which a lane's feeds keep what is left of ``key``."""
        return f"{_NOTED}{self.by} {self.of} {key if self.by == 'key' else self.keys[0]}"


def _read(name: str) -> _Awaited:
    by, of, key = name.removeprefix(_NOTED).split(" ", 2)
    return _Awaited(by, of, (key,))


async def release(connection: Transaction, tenant_id: int, kind: str, keys: Sequence[str]) -> int:
    """Free everything that waits for (kind, one of keys); how many. Wakes the lanes that have work now.

    What waits for several things and gets one of them is planned again too, and then waits for the rest. Where there are
    very many, the lanes of their targets go on with it, see ``release_on``.
    """
    return await _release(connection, tenant_id, _Awaited("key", kind, tuple(keys))) if keys else 0


async def release_links(connection: Transaction, tenant_id: int, integration_id: int, entity: str) -> int:
    """Free everything of an integration that waits for a link of ``entity``, whichever: its flow may bring them now."""
    return await _release(connection, tenant_id, _Awaited("entity", str(integration_id), (f"{entity}:",)))


async def _release(connection: Transaction, tenant_id: int, awaited: _Awaited) -> int:
    chosen = await _free(connection, tenant_id, awaited, 0, None)
    lanes = {lane for _, lane in chosen if lane is not None}
    went = sum(lane is not None for _, lane in chosen)
    if len(chosen) == AT_ONCE:
        left, others = await _note(connection, tenant_id, awaited, chosen[-1][0])
        went, lanes = went + left, lanes | others
    await _wake(connection, tenant_id, lanes, "released")
    return went


async def release_on(connection: Transaction, tenant_id: int, connection_id: int) -> int:
    """Go on with what a large release has left to this lane; how many went. 0 when nothing is left of any."""
    while True:
        row = await (
            await connection.execute(
                b"""select name, cursor from feed where tenant_id = %b and connection_id = %b and starts_with(name, %b)
                order by name limit 1""",
                [tenant_id, connection_id, _NOTED],
            )
        ).fetchone()
        if row is None:
            return 0
        name, last = str(row[0]), int(row[1])
        chosen = await _free(connection, tenant_id, _read(name), last, connection_id)
        await _moved(connection, tenant_id, connection_id, name, chosen[-1][0] if len(chosen) == AT_ONCE else None)
        if went := sum(lane is not None for _, lane in chosen):
            return went


async def _free(
    connection: Transaction, tenant_id: int, awaited: _Awaited, after: int, lane: int | None
) -> list[tuple[int, int | None]]:
    """The next versions that wait for it, each with the lane it goes to, if it was held."""
    waiting = _WAITING + awaited.condition
    rows = await connection.execute(
        _RELEASE.format(waiting=waiting).encode(),
        [
            tenant_id, after, lane, *awaited.values, AT_ONCE, State.STAGED.value, tenant_id,
            [State.HELD.value, State.REJECTED.value], tenant_id, tenant_id, Priority.RELEASED.value, tenant_id,
        ],
    )  # fmt: skip
    return [(row[0], row[1]) for row in await rows.fetchall()]


async def _note(connection: Transaction, tenant_id: int, awaited: _Awaited, last: int) -> tuple[int, set[int]]:
    """Leave what waits after version ``last`` to the lanes of its targets; how many there are, and those lanes."""
    waiting, values = _WAITING + awaited.condition, [tenant_id, last, None, *awaited.values]
    left = await (
        await connection.execute(f"select count(distinct w.version_id) {waiting}".encode(), values)
    ).fetchone()
    rows = await connection.execute(f"select distinct f.target_id, w.key {waiting}".encode(), values)
    noted = sorted({(lane, awaited.noted(key)) for lane, key in await rows.fetchall()})
    await connection.execute(
        b"""insert into feed (tenant_id, connection_id, name, cursor, moved_at)
        select %b, lane, name, %b, now() from unnest(%b::integer[], %b::text[]) as left_over (lane, name)
        on conflict (tenant_id, connection_id, name) do update
        set cursor = excluded.cursor, moved_at = excluded.moved_at""",
        [tenant_id, str(last).encode(), [lane for lane, _ in noted], [name for _, name in noted]],
    )
    return (int(left[0]) if left else 0), {lane for lane, _ in noted}


async def _moved(connection: Transaction, tenant_id: int, connection_id: int, name: str, last: int | None) -> None:
    """How far a release has come; ``None`` when it is done."""
    if last is None:
        await connection.execute(
            b"delete from feed where tenant_id = %b and connection_id = %b and name = %b",
            [tenant_id, connection_id, name],
        )
    else:
        await connection.execute(
            b"""update feed set cursor = %b, moved_at = now()
            where tenant_id = %b and connection_id = %b and name = %b""",
            [str(last).encode(), tenant_id, connection_id, name],
        )


async def _wake(connection: Transaction, tenant_id: int, lanes: set[int], reason: str) -> None:
    for lane in sorted(lanes):
        await connection.execute(
            "insert into wake (tenant_id, connection_id, reason) values (%s, %s, %s)", [tenant_id, lane, reason]
        )


def holds(code: str, released: int, version_id: int) -> bool:
    """Whether what a person let go on at version ``released`` holds for another: some reasons are for the version seen.

    Versions are numbered in the order in which they were read.
    """
    return code not in FOR_VERSION or version_id <= released


# Old holds are planned again, a slice at a time and behind everything else; what they wait for stays until it is known
# whether they still do. Only what a person has to decide is left alone; what could not be read goes once a day, and so does
# a refused status.
_SWEEP = """
    with old as (
        select distinct w.version_id, w.flow_id, f.target_id
        from wait w join flow f on f.tenant_id = w.tenant_id and f.flow_id = w.flow_id
        where w.tenant_id = %b and f.target_id = %b and f.mode <> 'off'
          and w.since < %b - case when w.code = any(%b::text[]) then interval '23 hours' else interval '0' end
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
            tenant_id, connection_id, before, [UNREAD, STATUS_REFUSED], at_most, State.STAGED.value, tenant_id,
            State.HELD.value, tenant_id, Priority.BACKFILL.value,
        ],
    )  # fmt: skip
    return done.rowcount


async def restage(
    connection: Transaction, tenant_id: int, versions: Sequence[int], states: Sequence[State], priority: Priority
) -> list[int]:
    """Put versions that are in one of ``states`` back to `staged`; the ids of those that went. Lanes are woken.

    A version that is not its record's newest stays: planned again it would write older figures over newer ones. What the
    mass-change breaker holds never goes this way: an approver decides about all of it at once.
    """
    rows = await (
        await connection.execute(
            b"""with freed as (
                update version_state s set state = %b, reason = '', changed_at = now()
                from record r
                where s.tenant_id = %b and s.version_id = any(%b::bigint[]) and s.state = any(%b::smallint[])
                  and not (s.state = %b and s.reason = %b)
                  and r.tenant_id = s.tenant_id and r.record_id = s.record_id and r.version_id = s.version_id
                returning s.version_id, s.flow_id
            ), done as (
                delete from wait where tenant_id = %b and version_id in (select version_id from freed)
            )
            insert into work (tenant_id, connection_id, priority, version_id, flow_id)
            select %b, f.target_id, %b, freed.version_id, freed.flow_id
            from freed join flow f on f.tenant_id = %b and f.flow_id = freed.flow_id
            on conflict (tenant_id, version_id) do update set priority = excluded.priority
            returning version_id, connection_id""",
            [
                State.STAGED.value, tenant_id, list(versions), [state.value for state in states],
                State.HELD.value, HELD_BACK, tenant_id, tenant_id, priority.value, tenant_id,
            ],
        )
    ).fetchall()  # fmt: skip
    await _wake(connection, tenant_id, {row[1] for row in rows}, "staged again")
    return [row[0] for row in rows]
