"""How many changes webhooks announced, and how many only a reading found; where too many were missed, it is read sooner.

Counted per connection, entity and day (UTC) are new versions: those of hinted documents as announced, those that a reading
from its cursor found as announced where a hint came since the version before and still waits; one that was taken has led
to nothing, so nobody would have known. While nothing was ever heard of an entity, what readings find of it counts apart:
perhaps nobody announces it. But where a webhook is set up and nothing at all was ever heard, a person is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ml_connector.store.database import Session as Transaction
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import Lane, LaneTransaction

DAYS = 7  # that a rate is of, today's included
OFTEN = timedelta(minutes=5)  # of the clock, between readings where too much is missed


@dataclass(frozen=True, slots=True)
class Loss:
    """Changes of an entity at a connection in the last DAYS; ``most`` percent of them may go unannounced."""

    connection: str
    entity: str
    announced: int
    unannounced: int
    most: int

    @property
    def percent(self) -> float:
        """How many of a hundred changes no webhook announced; 0 while there was none."""
        changes = self.announced + self.unannounced
        return round(100 * self.unannounced / changes, 1) if changes else 0.0

    @property
    def too_much(self) -> bool:
        """Whether readings come sooner for it."""
        return 100 * self.unannounced > self.most * (self.announced + self.unannounced)


@dataclass(frozen=True, slots=True)
class Silent:
    """A webhook that is set up and has announced nothing yet, while readings found changes; ``refused`` deliveries."""

    name: str
    vendor: str
    found: int
    refused: int


# One that hears nothing is not missed where another one of its vendor hears.
_SILENT = b"""
    select h.name, h.vendor, sum(a.found)::integer, h.refused::integer
    from hook h join connection c on c.tenant_id = h.tenant_id and c.vendor = h.vendor
    join announcement a on a.tenant_id = c.tenant_id and a.connection_id = c.connection_id
         and a.day >= (h.made_at at time zone 'UTC')::date
    where h.tenant_id = %s and h.keyed
      and not exists (select 1 from hook o where o.tenant_id = h.tenant_id and o.vendor = h.vendor and o.heard > o.void)
    group by h.hook_id, h.name, h.vendor, h.refused having sum(a.found) > 0 order by h.hook_id"""


async def silent(connection: Transaction, tenant_id: int) -> list[Silent]:
    """The webhooks that seem to be entered nowhere, in the order they were made."""
    rows = await (await connection.execute(_SILENT, [tenant_id])).fetchall()
    return [Silent(*row) for row in rows]


_LOSSES = b"""
    select c.connection_id, c.name, a.entity, sum(a.announced)::integer, sum(a.unannounced)::integer, h.most
    from connection c
    join (select vendor, min(most_lost)::integer as most from hook where tenant_id = %s and keyed group by vendor) h
      on h.vendor = c.vendor
    join announcement a on a.tenant_id = c.tenant_id and a.connection_id = c.connection_id and a.day > %s
    where c.tenant_id = %s group by c.connection_id, c.name, a.entity, h.most
    having sum(a.announced) + sum(a.unannounced) > 0 order by c.connection_id, a.entity"""


async def losses(connection: Transaction, tenant_id: int, now: datetime) -> dict[tuple[int, str], Loss]:
    """By connection and entity, wherever a webhook is set up and something has changed."""
    after = (now - timedelta(days=DAYS)).date()
    rows = await (await connection.execute(_LOSSES, [tenant_id, after, tenant_id])).fetchall()
    return {(row[0], row[2]): Loss(*row[1:]) for row in rows}


async def soonest(transaction: LaneTransaction, flow: Flow, planned: datetime) -> datetime:
    """When a flow is read next that would be read as ``planned``: soon, where webhooks miss too much of it."""
    lane = transaction.lane
    found = await losses(transaction.connection, lane.tenant_id, lane.clock.now())
    entities = flow.type.source_entities(flow.settings)
    missed = [one for (place, entity), one in found.items() if place == lane.connection_id and entity in entities]
    return min(planned, lane.clock.now() + OFTEN) if any(one.too_much for one in missed) else planned


async def is_heard(lane: Lane, entity: str) -> bool | None:
    """Whether the webhook that is set up for this connection has ever told of the entity; None where there is none."""
    async with lane.database.tenant(lane.tenant_id) as connection:
        row = await (
            await connection.execute(
                b"""select exists (select 1 from announcement a where a.tenant_id = h.tenant_id
                                  and a.connection_id = %s and a.entity = %s and a.hinted > 0)
                from hook h where h.tenant_id = %s and h.vendor = %s and h.keyed limit 1""",
                [lane.connection_id, entity, lane.tenant_id, lane.connector.vendor],
            )
        ).fetchone()
    return bool(row[0]) if row else None


_FOUND = """
    select count(*), count(*) filter (where exists (
        select 1 from inbox i
        where i.tenant_id = r.tenant_id and i.connection_id = %s and i.entity = %s and i.object_id = r.source_id
          and i.taken_at is null
          and i.hinted_at >= coalesce((select max(p.read_at) from document p where p.tenant_id = r.tenant_id
                                       and p.record_id = r.record_id and p.version_id < r.version_id), '-infinity')))
    from record r join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id and s.run_id = %s
    where r.tenant_id = %s and r.flow_id = %s and r.source_id = any(%s::text[])"""


async def count_found(
    transaction: LaneTransaction, flow: Flow, entity: str, run_id: int, ids: Sequence[str], *, heard: bool
) -> None:
    """Count the new versions among a page's documents that a reading has found; ``heard``: by whether announced."""
    lane = transaction.lane
    row = await transaction.one(_FOUND, lane.connection_id, entity, run_id, lane.tenant_id, flow.flow_id, list(ids))
    assert row is not None
    if heard:
        await _add(transaction, entity, announced=row[1], unannounced=row[0] - row[1])
    else:
        await _add(transaction, entity, found=row[0])


async def count_hinted(transaction: LaneTransaction, entity: str, run_id: int) -> None:
    """Count the new versions that the run of a hint has brought."""
    lane = transaction.lane
    row = await transaction.one(
        "select count(*) from version_state where tenant_id = %s and run_id = %s", lane.tenant_id, run_id
    )
    assert row is not None
    await _add(transaction, entity, announced=row[0])


async def _add(
    transaction: LaneTransaction, entity: str, *, announced: int = 0, unannounced: int = 0, found: int = 0
) -> None:
    lane = transaction.lane
    if announced or unannounced or found:
        await transaction.run(
            """insert into announcement (tenant_id, connection_id, entity, day, announced, unannounced, found)
            values (%s, %s, %s, %s, %s, %s, %s)
            on conflict (tenant_id, connection_id, entity, day) do update
            set announced = announcement.announced + excluded.announced,
                unannounced = announcement.unannounced + excluded.unannounced,
                found = announcement.found + excluded.found""",
            lane.tenant_id, lane.connection_id, entity, lane.clock.now().date(), announced, unannounced, found,
        )  # fmt: skip
