"""When a flow reads: its schedule in one line, in the company's zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ml_connector.lanes.schedule import DEFAULT, next_run
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration
from ml_connector.service.roles import Role

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A flow's schedule and its next runs (UTC). ``zone`` is the company's, in which the schedule is meant."""

    flow: str
    title: str
    schedule: str
    zone: str
    next_runs: tuple[datetime, ...]


async def schedule(desk: Desk, integration: Integration, flow_name: str, text: str | None = None) -> Scheduled:
    """A flow's schedule, set anew when ``text`` is given. Raises NotFound, BadInput; then nothing is changed."""
    flow = integration.flow(flow_name)
    desk.require(Role.OPERATOR, Role.APPROVER, Role.BOOKKEEPER)
    async with desk.changing() as change:
        row = await change.one(
            """select f.schedule, t.zone from flow f join tenant t using (tenant_id)
            where f.tenant_id = %s and f.flow_id = %s for update of f""",
            desk.tenant_id, flow.flow_id,
        )  # fmt: skip
        assert row is not None
        held, zone = row
        runs = _next(held if text is None else text, zone, desk.clock.now())
        if text is not None and text != held:
            await change.run(
                "update flow set schedule = %s, next_read_at = %s where tenant_id = %s and flow_id = %s",
                text, runs[0], desk.tenant_id, flow.flow_id,
            )  # fmt: skip
            change.event("schedule set", flow=flow.name, was=held, schedule=text)
            await change.wake([integration.source_id], "schedule set")
            held = text
    return Scheduled(flow.name, flow.title, held or DEFAULT, zone, runs)


def _next(text: str, zone: str, after: datetime) -> tuple[datetime, ...]:
    runs: list[datetime] = []
    for _ in range(_SHOWN):
        after = next_run(text, zone, after)
        runs.append(after)
    return tuple(runs)
