"""How long all that waits for its turn at a connection takes there at the least, at the rate its vendor allows."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.connectors.base import Connector, Limits, Window
from ml_connector.connectors.writing import Action
from ml_connector.integrations.base import FlowType, IntegrationType
from ml_connector.lanes.freshness import moving
from ml_connector.sealing import Sealer
from ml_connector.service.company_books import organisation_of
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.following import FOLLOWING
from ml_connector.service.integrating import Integration
from ml_connector.service.still import Still
from ml_connector.service.tallies import counted
from ml_connector.sync.states import IN_FLIGHT, Needed, State

_MINUTE, _HOUR, _DAY = 60.0, 3_600.0, 86_400.0
_settings = msgspec.json.Decoder(dict[str, str])


@dataclass(frozen=True, slots=True)
class Rate:
    """What a vendor allows: calls a minute, 0 where it counts none, and of a day that it counts, what is left of it now.

    ``midnight`` is in how many clock seconds that day ends. ``reads`` of the calls of each minute go to lists, which are
    read again while documents are sent.
    """

    per_minute: float
    per_day: int | None = None
    left_today: int = 0
    midnight: float = 0.0
    reads: int = 0

    @property
    def for_documents(self) -> float:
        """Calls a minute that lists leave; half of them at the least."""
        return max(self.per_minute - self.reads, self.per_minute / 2)

    def seconds(self, calls: int) -> float | None:
        """Clock seconds that so many calls take at least; None where nothing is counted."""
        if not self.per_minute or self.per_day == 0:
            return None
        if self.per_day is None or calls <= self.left_today:
            return calls / self.for_documents * _MINUTE
        days, rest = divmod(calls - self.left_today - 1, self.per_day)
        return self.midnight + days * _DAY + (rest + 1) / self.for_documents * _MINUTE


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is still to be written at a connection, by flow, and about when that is over, while a worker runs.

    ``calls`` is about how many calls it takes, in full batches, with what is looked up before and read back after.
    ``seconds`` (of the clock) is None where it cannot be told, and then ``sentence`` is empty. ``paused``: it goes on only
    when a person has brought the connection back. ``reading``: more is being read, which is not counted yet.
    """

    connection: str
    left: dict[str, int]
    calls: int
    per_minute: float
    per_day: int | None
    seconds: float | None
    paused: bool
    reading: bool
    sentence: str

    @property
    def count(self) -> int:
        """How many documents."""
        return sum(self.left.values())


def told(rate: Rate, seconds: float | None, *, paused: bool, reading: bool) -> str:
    """How long it takes at the least, in words; empty where that cannot be told."""
    if paused:
        return "paused"
    if seconds is None:
        return ""
    by_day = rate.per_day is not None and seconds >= _DAY
    at = f"{rate.per_day:,} calls a day" if by_day else f"{rate.per_minute:,.0f} calls a minute"
    return f"{lasting(seconds)}, at {at}" + (", for what has been read so far" if reading else "")


def lasting(seconds: float) -> str:
    """How long something takes at the least, in words."""
    if seconds < _MINUTE:
        return "a minute or so"
    for unit, word in ((_DAY, "day"), (_HOUR, "hour")):
        if seconds >= 2 * unit:
            return f"at least {counted(math.ceil(seconds / unit), word)}"
    return f"at least {counted(math.ceil(seconds / _MINUTE), 'minute')}"


def calls_for(connector: Connector, kind: IntegrationType, left: Mapping[str, int], settings: Mapping[str, str]) -> int:
    """About how many calls of their target documents by flow take. ``settings``: of its connection."""
    return sum(connector.calls_for(*_written(kind.flow(name)), count, settings) for name, count in left.items())


def _written(flow: FlowType) -> tuple[str, Action]:
    """What most of a flow's documents are at its target: a credit is a bill where bills are staged."""
    if flow.follows:
        return flow.follows, Action.MARK_EXPORTED
    return (flow.writes[0] if flow.writes else flow.name if flow.dated else "parties"), Action.CREATE


# --- of a tenant's connections -----------------------------------------------------------------------------------


# What is held and follows another record goes on with that one, unless that waits for a person or is passed over, or
# follows one that does. A plan of a flow that is live waits for a person, too.
_BACKLOG = """
    with recursive newest as (
        select s.version_id, s.state, f.flow_id, f.name, f.name || ':' || r.source_id as key, f.mode, r.needed
        from flow f join record r on r.tenant_id = f.tenant_id and r.flow_id = f.flow_id
        join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
        where f.tenant_id = %(tenant)s and f.integration_id = %(integration)s and s.state = any(%(states)s::smallint[])
    ), stuck as (
        select n.version_id, n.key from newest n
        where n.state = %(rejected)s or n.state = %(planned)s and n.mode = 'live'  -- its plan waits to be approved
          or n.state = %(held)s and exists (
            select 1 from wait w where w.tenant_id = %(tenant)s and w.version_id = n.version_id
            and (w.code <> all(%(following)s::text[]) or exists (
                select 1 from flow of join record r on r.tenant_id = of.tenant_id and r.flow_id = of.flow_id
                join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
                where of.tenant_id = %(tenant)s and of.integration_id = %(integration)s and w.kind = 'link'
                and of.name = split_part(w.key, ':', 1) and r.source_id = split_part(w.key, ':', 2)
                and s.state = %(skipped)s)))
        union
        select n.version_id, n.key from stuck
        join wait w on w.tenant_id = %(tenant)s and w.kind = 'link' and w.key = stuck.key
        join newest n on n.version_id = w.version_id and n.state = %(held)s
    )
    select name, count(*) from newest n
    where flow_id = any(%(flows)s::int[]) and (mode = 'live' or needed >= %(needed)s) and state <> %(rejected)s
      and not exists (select 1 from stuck where stuck.version_id = n.version_id)
    group by flow_id, name order by flow_id"""
_CONNECTION = """
    select c.name, c.vendor, c.settings, c.state = 'good' and g.state = 'good',
           greatest(0, extract(epoch from l.not_before - %s)), exists (
                select 1 from run r where r.tenant_id = c.tenant_id and r.flow_id = any(%s::int[]) and r.kind = 'read'
                and r.finished_at is null)
    from connection c join vendor_grant g using (tenant_id, grant_id) left join lane l using (tenant_id, connection_id)
    where tenant_id = %s and connection_id = %s"""


async def forecasts(
    desk: Desk, reading: Reading, sealer: Sealer, integration: Integration, still: Sequence[Still] = ()
) -> tuple[Forecast, ...]:
    """For each connection that an integration writes to and has something waiting for, about when it is over there.

    ``still``: the flows that stand still at a connection, which nobody can tell when they are over.
    """
    kind = desk.runtime.integrations[integration.kind]
    targets: dict[int, list[int]] = {}
    stand = {(one.connection_id, flow_id) for one in still for flow_id in one.flow_ids}
    for flow in integration.flows:
        if (flow.target_id, flow.flow_id) in stand:
            continue
        if flow.mode in ("live", "as needed") and not kind.flow(flow.name).tracks:
            targets.setdefault(flow.target_id, []).append(flow.flow_id)
    found = [await _of(desk, reading, sealer, integration, target, ids) for target, ids in sorted(targets.items())]
    return tuple(one for one in found if one is not None)


async def _of(
    desk: Desk, reading: Reading, sealer: Sealer, integration: Integration, target: int, flows: list[int]
) -> Forecast | None:
    left = await _left(reading, integration.integration_id, flows)
    if not left:
        return None
    now = desk.clock.now()
    row = await reading.one(_CONNECTION, now, flows, reading.tenant_id, target)
    assert row is not None
    name, vendor, settings, good, waits, reads = row
    kind, connector = desk.runtime.integrations[integration.kind], desk.runtime.connectors[vendor]
    organisation = await organisation_of(reading, sealer, target)
    decoded = _settings.decode(settings)
    limits = connector.limits(organisation, {}, decoded)
    lists = {entity for one in integration.flows if one.flow_id in flows for entity in kind.flow(one.name).target_lists}
    rate = await rate_of(reading, limits, now, organisation.zone, moving(lists))
    calls = calls_for(connector, kind, left, decoded)
    seconds = rate.seconds(calls) if good else None
    over = None if seconds is None else seconds + _wait(waits, seconds, rate)
    words = told(rate, over, paused=not good, reading=reads)
    return Forecast(name, left, calls, rate.per_minute, rate.per_day, over, not good, reads, words)


def _wait(waits: Any, seconds: float, rate: Rate) -> float:
    """What the lane waits before it begins; a wait for the day's end is in the rate already."""
    already = rate.midnight if rate.per_day is not None and seconds >= rate.midnight > 0 else 0.0
    return max(0.0, float(waits or 0.0) - already)


async def _left(reading: Reading, integration_id: int, flows: Collection[int]) -> dict[str, int]:
    """By flow what is to be planned or sent, and what is held and follows that by itself."""
    values = {
        "tenant": reading.tenant_id,
        "integration": integration_id,
        "flows": list(flows),
        "states": [state.value for state in (*IN_FLIGHT, State.HELD, State.REJECTED)],
        "held": State.HELD.value,
        "planned": State.PLANNED.value,
        "rejected": State.REJECTED.value,
        "skipped": State.SKIPPED.value,
        "following": list(FOLLOWING),
        "needed": Needed.LIVE.value,
    }
    return dict(await (await reading.connection.execute(_BACKLOG.encode(), values)).fetchall())


async def rate_of(reading: Reading, limits: Limits, now: dt.datetime, zone: str, reads: int = 0) -> Rate:
    """The tightest of a connection's limits, with what is left of its day."""
    sliding = [one.calls * _MINUTE / one.seconds for one in limits.limits if one.window is Window.SLIDING]
    per_minute = min(sliding, default=0.0)
    days = [one for one in limits.limits if one.window is Window.DAY]
    if not days:
        return Rate(per_minute, reads=reads)
    day = min(days, key=lambda one: one.calls)
    local = now.astimezone(ZoneInfo(zone or "UTC"))
    midnight = dt.datetime.combine(local.date() + dt.timedelta(days=1), dt.time(), local.tzinfo)
    row = await reading.one(
        "select day_used from budget where tenant_id = %s and scope = %s and name = %s and day = %s",
        reading.tenant_id, day.scope, day.name, local.date(),
    )  # fmt: skip
    left = max(0, day.calls - (int(row[0]) if row else 0))
    return Rate(per_minute, day.calls, left, (midnight.astimezone(dt.UTC) - now).total_seconds(), reads)
