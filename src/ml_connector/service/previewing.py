"""Preview: what would be posted, linked, held and passed over, as stored plans; nothing is sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from ml_connector.sealing import Sealer
from ml_connector.service.desk import Change, Desk, Reading
from ml_connector.service.finding import Filter, conditions
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.following import causes_of
from ml_connector.service.integrating import FlowLine, Integration, integration_between
from ml_connector.service.plans import PLANNED, PLANS, Planned, shown_plans
from ml_connector.service.records import MOST
from ml_connector.service.roles import READERS, Role
from ml_connector.service.syncing import Quiet, Report, request_sync, wait_until_quiet
from ml_connector.service.tallies import Cause, Tally, tallied, title_of
from ml_connector.sync.release import restage
from ml_connector.sync.states import Priority, State


@dataclass(frozen=True, slots=True)
class PlanPage:
    """Stored plans, and where the next page begins (``after``; 0 when this is the last). ``total`` is of the filter."""

    plans: tuple[Planned, ...]
    after: int
    total: Tally


@dataclass(frozen=True, slots=True)
class FlowPreview:
    """One flow's preview. ``tracks``: its documents are only matched with what the ledger has, which ``tracked`` counts,

    and nothing of it is ever posted.
    """

    flow: str
    title: str
    mode: str
    post: Tally
    link: Tally
    linked: Tally
    hold: Tally
    skipped: dict[str, Tally]
    held: tuple[Cause, ...]
    planned: tuple[Planned, ...]
    tracks: bool = False
    tracked: Tally = field(default_factory=Tally)


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen. ``quiet`` says whether everything was looked at."""

    integration: str
    quiet: Quiet
    flows: tuple[FlowPreview, ...]


def _silent(_: object) -> None:
    return


async def preview(desk: Desk, integration: Integration, report: Report = _silent, *, limit: int = 20) -> Preview:
    """Turn flows that are off to preview, read and plan, and show it; flows that are live are left as they are.

    Flows that run as needed, and flows that follow what another has posted, stay off. At most
    ``limit`` documents of each flow are opened; counts and sums are of all. Raises ConnectorError.
    """
    desk.require(Role.APPROVER, Role.BOOKKEEPER)
    kind = desk.runtime.integrations[integration.kind]
    for flow in integration.flows:
        type_ = kind.flow(flow.name)
        if flow.mode == "off" and not type_.as_needed and not type_.follows:
            await set_flow_mode(desk, integration, flow.name, "preview")
    integration = await integration_between(desk, integration.kind, integration.source_id, integration.target_id)
    await _plan_anew(desk, integration)
    await request_sync(desk, integration)
    quiet = await wait_until_quiet(desk, integration, report)
    return await shown_preview(desk, integration, quiet, limit=limit)


async def _plan_anew(desk: Desk, integration: Integration) -> None:
    """What an earlier preview showed is planned again: mappings and settings may be others now."""
    flows = [flow.flow_id for flow in integration.flows if flow.mode != "off"]
    async with desk.changing() as change:
        again = await _restage_planned(change, flows)
        change.event("preview asked for", integration=integration.kind, planned_again=again)


async def _restage_planned(change: Change, flows: list[int]) -> int:
    rows = await change.all(
        """select version_id from version_state
        where tenant_id = %s and flow_id = any(%s::int[]) and state = %s""",
        change.tenant_id, flows, State.PLANNED.value,
    )  # fmt: skip
    versions = [row[0] for row in rows]
    return len(await restage(change.connection, change.tenant_id, versions, [State.PLANNED], Priority.DOCUMENT))


async def shown_preview(desk: Desk, integration: Integration, quiet: Quiet, *, limit: int = 20) -> Preview:
    """The stored plans of an integration as they are now."""
    sealer = await desk.sealer()
    kind = desk.runtime.integrations[integration.kind]
    async with desk.looking() as reading:
        causes = await causes_of(reading, sealer, [flow.flow_id for flow in integration.flows])
        flows = [
            await _flow(reading, sealer, flow, tuple(causes.get(flow.flow_id, ())), limit, kind.flow(flow.name).tracks)
            for flow in integration.flows
        ]
    return Preview(integration.kind, quiet, tuple(flows))


_THERE = [State.POSTED.value, State.LINKED.value, State.UNCHANGED.value]
_TALLIES = """
    select case when s.state = %s then 'skipped ' || s.reason
                when s.state = %s then 'hold'
                when s.state = %s then 'tracked'
                when s.state = any(%s::smallint[]) or s.state = %s and p.target like 'recode: %%' then 'linked'
                when s.state = %s and p.target like 'new: %%' then 'post'
                when s.state = %s then 'link' else '' end,
           count(*), d.currency, sum(d.amount)
    from version_state s
    join record r on r.tenant_id = s.tenant_id and r.record_id = s.record_id and r.version_id = s.version_id
    join document d on d.tenant_id = s.tenant_id and d.version_id = s.version_id
    left join plan p on p.tenant_id = s.tenant_id and p.version_id = s.version_id
    where s.tenant_id = %s and s.flow_id = %s group by 1, d.currency"""


async def _flow(
    reading: Reading, sealer: Sealer, flow: FlowLine, held: tuple[Cause, ...], limit: int, tracks: bool
) -> FlowPreview:
    planned = State.PLANNED.value
    rows = await reading.all(
        _TALLIES, State.SKIPPED.value, State.HELD.value, State.TRACKED.value, _THERE, planned, planned, planned,
        reading.tenant_id, flow.flow_id,
    )  # fmt: skip
    tallies = tallied((row[0], *row[1:]) for row in rows)
    skipped = tallied(
        (title_of(row[0].removeprefix("skipped ")), *row[1:]) for row in rows if row[0].startswith("skipped ")
    )
    return FlowPreview(
        flow.name, flow.title, flow.mode, tallies.get("post", Tally()), tallies.get("link", Tally()),
        tallies.get("linked", Tally()), tallies.get("hold", Tally()), skipped, held,
        await _planned(reading, sealer, flow, limit), tracks, tallies.get("tracked", Tally()),
    )  # fmt: skip


#: A plan that was approved and is another by now waits for its approval again, as it is now; on a live flow some wait, too.
AGAIN = f"""(s.state = {State.HELD.value} and p.renewed_digest is not null
              and s.reason in ('preview_changed', 'above_limit', 'row_unconfirmed'))"""
TO_APPROVE = f"(s.state = {State.PLANNED.value} or {AGAIN})"


async def _planned(reading: Reading, sealer: Sealer, flow: FlowLine, limit: int) -> tuple[Planned, ...]:
    rows = await reading.all(
        f"""{PLANNED} where r.tenant_id = %s and f.flow_id = %s and s.state = %s and p.target not like 'recode: %%'
        order by r.version_id limit %s""",
        reading.tenant_id, flow.flow_id, State.PLANNED.value, limit,
    )  # fmt: skip
    return await shown_plans(reading, sealer, rows)


async def stored_plans(desk: Desk, chosen: Filter, *, limit: int = 50, after: int = 0) -> PlanPage:
    """The stored plans of a filter that wait for their approval, at most ``limit`` (1 to 1,000) beyond record ``after``.

    Raises BadInput, NotFound.
    """
    desk.require(*READERS)
    sealer = await desk.sealer()
    limit = max(1, min(limit, MOST))
    async with desk.looking() as reading:
        found = await conditions(desk, reading, sealer, chosen)
        found.add(TO_APPROVE)
        totals = await reading.all(
            f"select count(*), d.currency, sum(d.amount) {PLANS} where {found.sql} group by d.currency",
            *found.values,
        )
        found.add("r.record_id > %s", after)
        rows = await reading.all(f"{PLANNED} where {found.sql} order by r.record_id limit %s", *found.values, limit + 1)
        shown = await shown_plans(reading, sealer, rows[:limit])
    total = Tally()
    for count, currency, amount in totals:
        total.add(count, currency, amount)
    return PlanPage(shown, shown[-1].record_id if len(rows) > limit else 0, total)
