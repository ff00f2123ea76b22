"""What a vendor does not let a connection do: the flows concerned stand still, and the lane's other work goes on.

A refusal with a token that was just refreshed says that a right is missing, not which; only a person can give it. So it
is tried again after an hour, or at once when somebody connects again or asks for a reading. It is kept with the
connection's feeds, since it says how far they may be read and written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ml_connector.connectors.writing import Later, Outcome, Unread
from ml_connector.store.database import Session as Transaction
from ml_connector.sync.lane import Lane

REFUSED = "refused flow "
TRIED_AGAIN = timedelta(hours=1)  # of the clock; every try costs a token


@dataclass(frozen=True, slots=True)
class Refusal:
    """A flow of this lane that is refused, until when (clock time), and why, for a person."""

    flow_id: int
    until: datetime
    sentence: str


async def refused_flows(lane: Lane) -> Mapping[int, Refusal]:
    """The flows that are refused now, by id."""
    async with lane.database.tenant(lane.tenant_id) as connection:
        rows = await (
            await connection.execute(
                b"""select name, moved_at, cursor from feed
                where tenant_id = %s and connection_id = %s and starts_with(name, %s) and moved_at > %s""",
                [lane.tenant_id, lane.connection_id, REFUSED, lane.clock.now()],
            )
        ).fetchall()
    found = [Refusal(int(name.removeprefix(REFUSED)), until, bytes(why).decode()) for name, until, why in rows]
    return {one.flow_id: one for one in found}


async def refuse(lane: Lane, flows: Iterable[int], sentence: str) -> None:
    """Let these flows stand still in this lane. Raises LeaseLost."""
    until = lane.clock.now() + TRIED_AGAIN
    async with lane.transaction() as transaction:
        for flow_id in sorted(set(flows)):
            await transaction.run(
                """insert into feed (tenant_id, connection_id, name, cursor, moved_at) values (%s, %s, %s, %s, %s)
                on conflict (tenant_id, connection_id, name) do update
                set cursor = excluded.cursor, moved_at = excluded.moved_at""",
                lane.tenant_id, lane.connection_id, f"{REFUSED}{flow_id}", sentence.encode(), until,
            )  # fmt: skip
            transaction.event("not permitted", flow=flow_id, why=sentence)
    await hold_back(lane, {flow_id: Refusal(flow_id, until, sentence) for flow_id in flows})


async def hold_back(lane: Lane, refusals: Mapping[int, Refusal]) -> None:
    """Leave the work of refused flows in the queue until they are tried again; also what has come since."""
    for one in refusals.values():
        async with lane.transaction() as transaction:
            await transaction.run(
                """update work set not_before = %s
                where tenant_id = %s and connection_id = %s and flow_id = %s and not_before < %s""",
                one.until, lane.tenant_id, lane.connection_id, one.flow_id, one.until,
            )  # fmt: skip


async def try_again(connection: Transaction, tenant_id: int, flows: Collection[int]) -> None:
    """Forget the refusals of these flows on both sides, and let their work go on: a person wants to know."""
    await connection.execute(
        b"""with forgotten as (
            delete from feed where tenant_id = %s and name = any(%s::text[]) returning connection_id, name
        )
        update work w set not_before = '-infinity' from forgotten f
        where w.tenant_id = %s and w.connection_id = f.connection_id and f.name = %s || w.flow_id::text""",
        [tenant_id, [f"{REFUSED}{flow_id}" for flow_id in flows], tenant_id, REFUSED],
    )


async def put_off(lane: Lane, flows: Collection[int], outcomes: Sequence[Outcome]) -> list[Later]:
    """What was provably not done and concerns the whole lane; where a right is missing, ``flows`` alone stand still.

    A document that cannot be read before its change concerns that change alone.
    """
    later = [one for one in outcomes if isinstance(one, Later) and not isinstance(one, Unread)]
    forbidden = [one for one in later if one.forbidden]
    if forbidden:
        await refuse(lane, flows, forbidden[0].why)
    return [one for one in later if not one.forbidden]
