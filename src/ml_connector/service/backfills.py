"""What is being read from the beginning, a call for each document: how many calls that still takes, and about how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from ml_connector.connectors.base import Connector
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.lanes.quota import Quota, quota
from ml_connector.sealing import Sealer
from ml_connector.service.company_books import organisation_of
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.forecasting import Rate, lasting, rate_of
from ml_connector.service.integrating import Integration
from ml_connector.sync.backfill import ENDING, Backfill, of_feed

_settings = msgspec.json.Decoder(dict[str, str])


@dataclass(frozen=True, slots=True)
class BackfillForecast:
    """A backfill of one entity of a flow: ``read`` of ``rows`` documents, and the ``calls`` that are left.

    Of the ``day`` calls that the vendor counts ``reserve`` are kept for live work for the rest of today. ``seconds`` (of
    the clock) is None where it cannot be told.
    """

    connection: str
    flow: str
    entity: str
    read: int
    rows: int
    calls: int
    day: int
    reserve: int
    seconds: float | None
    sentence: str


_UNDER_WAY = """
    select c.name, c.vendor, c.settings, f.name, d.name, d.cursor, c.connection_id
    from flow f join connection c on c.tenant_id = f.tenant_id and c.connection_id = f.source_id
    join feed d on d.tenant_id = f.tenant_id and d.connection_id = f.source_id
               and starts_with(d.name, 'flow ' || f.flow_id || ' ') and right(d.name, %s) = %s
    where f.tenant_id = %s and f.integration_id = %s and f.mode <> 'off' and d.cursor <> ''
    order by f.flow_id, d.name"""


async def backfills(
    desk: Desk, reading: Reading, sealer: Sealer, integration: Integration
) -> tuple[BackfillForecast, ...]:
    """The backfills under way of an integration's flows."""
    rows = await reading.all(_UNDER_WAY, len(ENDING), ENDING, reading.tenant_id, integration.integration_id)
    found = []
    for name, vendor, settings, flow, feed, kept, connection_id in rows:
        organisation = await organisation_of(reading, sealer, connection_id)
        limits = desk.runtime.connectors[vendor].limits(organisation, {}, _settings.decode(settings))
        rate = await rate_of(reading, limits, desk.clock.now(), organisation.zone)
        entity = feed.removesuffix(ENDING).rpartition(" ")[2]
        found.append(forecast(name, flow, entity, of_feed(bytes(kept)), rate))
    return tuple(found)


_READ_FROM = """
    select c.vendor, c.settings from connection c where c.tenant_id = %s and c.connection_id = %s and exists (
        select 1 from flow f where f.tenant_id = c.tenant_id and f.source_id = c.connection_id and f.mode <> 'off')"""


async def plan_of_the_day(desk: Desk, connection_id: int) -> Finding | None:
    """How a day that the vendor counts is shared, of a connection whose documents may cost a call each to read."""
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        row = await reading.one(_READ_FROM, reading.tenant_id, connection_id)
        connector = desk.runtime.connectors[row[0]] if row else None
        if row is None or connector is None or type(connector).size is Connector.size:
            return None
        organisation = await organisation_of(reading, sealer, connection_id)
        limits = connector.limits(organisation, {}, _settings.decode(row[1]))
        rate = await rate_of(reading, limits, desk.clock.now(), organisation.zone)
    return None if rate.per_day is None else _shared(quota(rate.per_day, rate.left_today, rate.midnight))


def _shared(plan: Quota) -> Finding:
    said = (
        f"Of {plan.day:,} calls a day {plan.day - plan.for_backfill:,} are kept for live work. By our own count "
        f"{plan.left:,} are left today: {plan.reserve:,} stay for live work until midnight, and {plan.surplus:,} can be used "
        "for reading from the beginning."
    )
    if plan.surplus:
        return Finding("plan of the day", Verdict.GOOD, said)
    action = "First readings go on after midnight in the organisation's zone; changes and postings go on now."
    return Finding("plan of the day", Verdict.WARNING, said, action)


def forecast(connection: str, flow: str, entity: str, backfill: Backfill, rate: Rate) -> BackfillForecast:
    """When a backfill is over at the least, at a rate of which live work keeps its share."""
    plan = quota(rate.per_day, rate.left_today, rate.midnight) if rate.per_day is not None else None
    spared = replace(rate, per_day=plan.for_backfill, left_today=plan.surplus) if plan is not None else rate
    seconds = spared.seconds(backfill.left)
    day, reserve = (plan.day, plan.reserve) if plan is not None else (0, 0)
    sentence = _told(entity, backfill, plan, seconds)
    return BackfillForecast(
        connection, flow, entity, backfill.read, backfill.rows, backfill.left, day, reserve, seconds, sentence
    )


def _told(entity: str, backfill: Backfill, plan: Quota | None, seconds: float | None) -> str:
    more = "" if backfill.exact else "more than "
    words = [
        f"{entity.replace('_', ' ')} are read from the beginning: {backfill.read:,} of {more}{backfill.rows:,}, "
        f"about {backfill.left:,} calls are left"
    ]
    if plan is not None:
        words.append(
            f"of {plan.day:,} calls a day {plan.day - plan.for_backfill:,} are kept for live work, and {plan.surplus:,} "
            "can be used for this today"
        )
    return "; ".join([*words, *([lasting(seconds)] if seconds is not None else [])])


def sentences(found: Sequence[BackfillForecast]) -> list[str]:
    """A sentence for each."""
    return [f"{one.connection}: {one.sentence}." for one in found]
