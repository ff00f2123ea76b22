"""Having the last documents read for the keys that they use, before anything goes live."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from ml_connector.errors import Refused
from ml_connector.integrations.base import FlowType, IntegrationType
from ml_connector.lanes.survey import SURVEY, Surveyed, surveyed_flows, whole_table
from ml_connector.lanes.survey_back import back_flows, back_tables
from ml_connector.sealing import Sealer
from ml_connector.service.checking import PATIENCE, asked
from ml_connector.service.connections import connections_in
from ml_connector.service.desk import Change, Desk
from ml_connector.service.integrating import Integration
from ml_connector.service.roles import Role
from ml_connector.service.working import Work, working

DAYS = 90
_MAY = (Role.OPERATOR, Role.APPROVER, Role.BOOKKEEPER)
_RESUMED = dt.timedelta(days=1)  # a survey that was broken off goes on for so long; then it begins anew


@dataclass(frozen=True, slots=True)
class SurveyState:
    """A survey of documents dated on or after ``since``. ``left``: lists still to be read; ``spared``: not today any more."""

    since: dt.date
    left: int
    documents: int
    spared: bool


_answer = msgspec.json.Decoder(list[dict[str, object]])


def _silent(_: SurveyState) -> None:
    return


async def survey(
    desk: Desk, integration: Integration, report: Callable[[SurveyState], None] = _silent, *, back: bool = False,
    seconds: float = PATIENCE,
) -> SurveyState:  # fmt: skip
    """Read what the last 90 days' documents use, each in its system's lane; where it was broken off within a day it goes on.

    ``back``: also what would go back by flows that are off. Waits up to ``seconds`` (machine time) for each part. Ends early
    where a vendor's day has no more calls to spare. Raises NotAnswered, and Refused with why a system could not be read.
    """
    desk.require(*_MAY)
    since = await _begin(desk, integration, back=back)
    async with working(desk.runtime) as work:
        while True:
            state = await _part(desk, integration, since, work, seconds)
            report(state)
            if not state.left or state.spared:
                return state
            await work.pause()


async def survey_on(
    desk: Desk, integration: Integration, *, back: bool = False, seconds: float = PATIENCE
) -> SurveyState:
    """One part of it, begun or gone on with: as much as a lane reads in one turn. Raises what ``survey`` raises."""
    desk.require(*_MAY)
    since = await _begin(desk, integration, back=back)
    async with working(desk.runtime) as work:
        return await _part(desk, integration, since, work, seconds)


async def _part(desk: Desk, integration: Integration, since: dt.date, work: Work, seconds: float) -> SurveyState:
    async with desk.looking() as reading:
        known = {one.connection_id: one for one in await connections_in(reading, desk.clock.now())}
    turn, what = known[await _whose_turn(desk, integration)], f"{SURVEY}{integration.integration_id}"
    (told,) = _answer.decode(await asked(desk, turn, what, work, seconds))
    if "problem" in told:
        raise Refused(str(told["problem"]))
    now = msgspec.convert(told, Surveyed)
    return SurveyState(since, now.left, now.documents, now.spared)


async def _whose_turn(desk: Desk, integration: Integration) -> int:
    """The connection that is read next; the source's where nothing is left to read."""
    kind = desk.runtime.integrations[integration.kind]
    async with desk.looking() as reading:
        row = await reading.one(
            "select to_read[1] from survey where tenant_id = %s and integration_id = %s",
            desk.tenant_id, integration.integration_id,
        )  # fmt: skip
    name = str(row[0] or "").partition(" ")[0] if row is not None else ""
    goes_back = bool(name) and kind.flow(name).source_vendor != kind.source_vendor
    return integration.target_id if goes_back else integration.source_id


async def _begin(desk: Desk, integration: Integration, *, back: bool = False) -> dt.date:
    """Begin a survey, or go on with the one that was broken off; its first day."""
    kind = desk.runtime.integrations[integration.kind]
    now, place = desk.clock.now(), (desk.tenant_id, integration.integration_id)
    since = now.date() - dt.timedelta(days=DAYS)
    on = [one.name for one in integration.flows if one.mode != "off"]
    going_back = back_flows(kind, on, asked=back)
    sealer = await desk.sealer()
    async with desk.changing() as change:
        going = await change.one(
            """select since from survey where tenant_id = %s and integration_id = %s and ended_at is null
            and begun_at > %s for update""",
            *place, now - _RESUMED,
        )  # fmt: skip
        if going is None:
            await change.run("delete from survey where tenant_id = %s and integration_id = %s", *place)
            await change.run(
                """insert into survey (tenant_id, integration_id, since, begun_at, begun_by, to_read)
                values (%s, %s, %s, %s, %s, %s)""",
                *place, since, now, desk.actor.name, _lists(surveyed_flows(kind, on), kind, integration),
            )  # fmt: skip
            change.event("survey begun", integration=integration.integration_id, since=str(since))
        for flow in going_back:
            await _with(change, sealer, flow, kind, integration)
    return going[0] if going is not None else since


async def _with(
    change: Change, sealer: Sealer, flow: FlowType, kind: IntegrationType, integration: Integration
) -> None:
    """Have a survey read what goes back by a flow too, after all else, unless it does already."""
    place, added = (change.tenant_id, integration.integration_id), 0
    for table in back_tables(kind, [flow]):
        added += await change.run(
            """insert into survey_key (tenant_id, integration_id, key, name) values (%s, %s, %s, %s)
            on conflict do nothing""",
            *place, whole_table(table), sealer.seal(b"survey key", b""),
        )  # fmt: skip
    if added:
        await change.run(
            "update survey set to_read = to_read || %s::text[] where tenant_id = %s and integration_id = %s",
            _lists([flow], kind, integration), *place,
        )  # fmt: skip


def _lists(flows: Iterable[FlowType], kind: IntegrationType, integration: Integration) -> list[str]:
    settings = msgspec.convert(integration.settings, kind.settings, strict=False)
    return [f"{one.name} {entity}" for one in flows for entity in one.source_entities(settings)]
