"""When the doubles sweep is due, where its looks go on, and which lists it works on are whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ml_connector.sync.directory import ALL_ANEW, read_all_anew
from ml_connector.sync.lane import Lane, wake

EVERY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sweep:
    """Whether a sweep is due, when a person has asked for it, and where its looks go on.

    ``began`` is the group after which the looks of this sweep begin, ``after`` the last one that was tried.
    """

    requested_at: dt.datetime | None
    due: bool
    under_way: bool
    began: str
    after: str

    def order(self, keys: Collection[str]) -> list[str]:
        """Groups still to be looked at by this sweep: those that no sweep has tried for longest come first."""
        ordered = sorted(keys, key=self._rank)
        return [key for key in ordered if self._rank(key) > self._rank(self.after)] if self.under_way else ordered

    def _rank(self, key: str) -> tuple[bool, str]:
        return key <= self.began, key


async def sweep_of(lane: Lane) -> Sweep:
    """How the sweep of this lane's connection stands."""
    async with lane.database.tenant(lane.tenant_id) as connection:
        row = await (
            await connection.execute(
                b"""select swept_at, requested_at, looked_from is not null, coalesce(looked_from, looked_after), looked_after
                from sweep where tenant_id = %s and connection_id = %s""",
                [lane.tenant_id, lane.connection_id],
            )
        ).fetchone()
    swept_at, requested_at, under_way, began, after = row or (None, None, False, "", "")
    due = requested_at is not None or swept_at is None or lane.clock.now() - swept_at >= EVERY
    return Sweep(requested_at, due, under_way, began, after)


async def lacking_lists(lane: Lane, entities: Sequence[str], requested_at: dt.datetime | None) -> list[str]:
    """Lists that were not proven whole within the day, or since a person asked."""
    async with lane.database.tenant(lane.tenant_id) as connection:
        rows = await (
            await connection.execute(
                b"""select name, complete_at from feed where tenant_id = %s and connection_id = %s
                and name = any(%s::text[])""",
                [lane.tenant_id, lane.connection_id, [f"directory {entity}" for entity in entities]],
            )
        ).fetchall()
    if not entities:
        return ["no flow that writes there is on"]
    proven: dict[str, dt.datetime | None] = dict(rows)
    since = max(lane.clock.now() - ALL_ANEW, requested_at or dt.datetime.min.replace(tzinfo=dt.UTC))
    found = []
    for entity in entities:
        at = proven.get(f"directory {entity}")
        if at is None or at < since:
            last = f"last on {at:%Y-%m-%d %H:%M} UTC" if at else "never so far"
            found.append(f"the list of {entity.replace('_', ' ')} could not be read whole ({last})")
    return found


async def read_since(lane: Lane, entities: Sequence[str], since: dt.datetime) -> bool:
    """Whether all lists were read from their beginning after a person asked; if not, the next slice does it."""
    async with lane.transaction() as transaction:
        rows = await transaction.all(
            """select name from feed where tenant_id = %s and connection_id = %s and name = any(%s::text[])
               and complete_at >= %s""",
            lane.tenant_id, lane.connection_id, [f"walk {entity}" for entity in entities], since,
        )  # fmt: skip
        if len(rows) == len(entities):
            return True
        await read_all_anew(transaction.connection, lane.tenant_id, lane.connection_id)
        await wake(transaction, lane.connection_id, "doubles")
    return False
