"""How things stand: every flow in number and money, what waits and why, and whether every run adds up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.errors import Acts
from ml_connector.sealing import Sealer
from ml_connector.service.backfills import BackfillForecast, backfills
from ml_connector.service.balance import Run, Runs, runs_together
from ml_connector.service.clearing.report import attention as deposits_wrong
from ml_connector.service.connections import Connection, connections_in
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.doubles import open_doubles_in
from ml_connector.service.following import causes_of
from ml_connector.service.forecasting import Forecast, forecasts
from ml_connector.service.integrating import FlowLine, Integration, integrations_in
from ml_connector.service.made_vendors import incomplete_in
from ml_connector.service.posted import AWAITING, EARLIER, STOPPED, staged_flows
from ml_connector.service.roles import ALL
from ml_connector.service.stages import Staged, stages_in
from ml_connector.service.standing import stuck_by_flow
from ml_connector.service.still import Still, still_in
from ml_connector.service.strange_accounts import strange_accounts_in
from ml_connector.service.tallies import Cause, Tally, counted, tallied, title_of
from ml_connector.sync.announced import Loss, Silent, losses, silent
from ml_connector.sync.states import State

UNREAD = "unread"


@dataclass(frozen=True, slots=True)
class FlowStatus:
    """One flow. ``states`` by the words of the ledger; ``skipped`` by reason.

    ``read`` are the versions that came in, each in one of the states; ``repeats`` are rows that were read again and
    were the same, ``stale`` those older than what was known. ``unbalanced`` are the first of the ``unbalanced_count``
    runs that do not add up.

    Posted is what stands in the target's general ledger now, each record once; versions that were posted before it, or of
    what is void or gone there, are EARLIER. What was sent and waits for approval there is a state of its own, AWAITING, as
    last read; ``awaiting_since`` is when the oldest of it was sent. Where people of the target decide, what they rejected
    or cancelled is STOPPED. ``recodings``: of what is planned, documents that stand there and are only
    to be recoded.
    """

    flow: str
    title: str
    mode: str
    start_date: dt.date | None
    read: int
    repeats: int
    stale: int
    unread: int
    states: dict[str, Tally]
    skipped: dict[str, Tally]
    waiting: tuple[Cause, ...]
    last_run: Run | None
    unbalanced: tuple[Run, ...]
    awaiting_since: dt.datetime | None = None
    unbalanced_count: int = 0
    recodings: int = 0

    @property
    def balanced(self) -> bool:
        """Every run adds up."""
        return not self.unbalanced_count

    @property
    def to_approve(self) -> int:
        """How many plans of a live flow wait to be approved here: taken up by an earlier start date, or somebody's own."""
        return self.tally(State.PLANNED).count - self.recodings if self.mode == "live" else 0

    def tally(self, state: State) -> Tally:
        """How many are in a state, and how much."""
        return self.states.get(state.word, Tally())


@dataclass(frozen=True, slots=True)
class IntegrationStatus:
    """One integration and its flows. ``forecasts``: of each connection with a backlog, about when it is over there.

    ``backfills``: what is read from the beginning, a call for each document. ``stuck``: by flow, how many documents do
    not go on at the target: see ``standing``. ``not_possible``: what the vendors' APIs do not allow, in sentences.
    ``still``: flows that stand still, and why.
    """

    integration_id: int
    kind: str
    title: str
    source: str
    target: str
    flows: tuple[FlowStatus, ...]
    forecasts: tuple[Forecast, ...] = ()
    backfills: tuple[BackfillForecast, ...] = ()
    stuck: dict[str, int] = field(default_factory=dict)
    not_possible: tuple[str, ...] = ()
    still: tuple[Still, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """A tenant's whole state. ``attention`` says in sentences what a person has to look at.

    ``doubles``: by connection, how many things stand there in two live documents. ``losses``: where webhooks are set up,
    how many changes they announced. ``incomplete_vendors``: by connection, how many vendors that we made lack something.
    ``settings``: which settings name an account that the ledger does not have, or that nobody has looked up yet.
    """

    connections: tuple[Connection, ...]
    integrations: tuple[IntegrationStatus, ...]
    attention: tuple[str, ...]
    doubles: dict[str, int] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()
    incomplete_vendors: dict[str, int] = field(default_factory=dict)
    settings: tuple[Finding, ...] = ()


_RECODINGS = """
    select s.flow_id, count(*) from recoded m join record r using (tenant_id, record_id)
    join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id and s.state = %s
    where m.tenant_id = %s and m.ended_at is null and s.flow_id = any(%s::int[]) group by 1"""
_UNREAD = """
    select flow_id, source_id, problem from unread
    where tenant_id = %s and flow_id = any(%s::int[]) and resolved_at is null order by flow_id, first_read_at"""


async def status(desk: Desk) -> Status:
    """How everything of the tenant stands, from one snapshot."""
    desk.require(*ALL)
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        known = tuple(await connections_in(reading, desk.clock.now()))
        joined = await integrations_in(desk, reading)
        found = [await _integration(desk, reading, sealer, one) for one in joined]
        deposits = [line for one in joined for line in await deposits_wrong(desk, reading, sealer, one)]
        twice = await open_doubles_in(reading)
        incomplete = await incomplete_in(desk, reading, sealer)
        settings = await strange_accounts_in(desk, reading, sealer, joined)
        lost = await losses(reading.connection, desk.tenant_id, desk.clock.now())
        unheard = [_unheard(desk, one) for one in await silent(reading.connection, desk.tenant_id)]
    told = [f"{name}: {count:,} standing twice, see 'ml-connector doubles'" for name, count in twice.items()]
    wrong = (*_dead(known), *unheard, *_strange(settings), *_open(found), *deposits, *told)
    return Status(known, tuple(found), wrong, twice, tuple(lost.values()), incomplete, settings)


async def _integration(desk: Desk, reading: Reading, sealer: Sealer, integration: Integration) -> IntegrationStatus:
    ids = [flow.flow_id for flow in integration.flows]
    staged = staged_flows(desk, integration)
    stages = await stages_in(reading, ids, staged)
    recodings = dict(await reading.all(_RECODINGS, State.PLANNED.value, reading.tenant_id, ids))
    unread = await reading.all(_UNREAD, reading.tenant_id, ids)
    still = await still_in(reading, ids, desk.clock.now())
    causes = await causes_of(reading, sealer, ids)
    runs = await runs_together(reading, ids)
    flows = tuple(
        _flow(
            flow,
            [one for one in stages if one.flow_id == flow.flow_id],
            [*causes.get(flow.flow_id, []), *_unread(sealer, [row for row in unread if row[0] == flow.flow_id])],
            runs.get(flow.flow_id, Runs()),
            sum(row[0] == flow.flow_id for row in unread),
            recodings.get(flow.flow_id, 0),
        )
        for flow in integration.flows
    )
    return IntegrationStatus(
        integration.integration_id, integration.kind, integration.title, integration.source, integration.target, flows,
        await forecasts(desk, reading, sealer, integration, still),
        await backfills(desk, reading, sealer, integration),
        await stuck_by_flow(reading, sealer, integration) if staged else {},
        integration.not_possible, still,
    )  # fmt: skip


def _flow(
    flow: FlowLine, stages: list[Staged], causes: list[Cause], runs: Runs, unread: int, recodings: int
) -> FlowStatus:
    return FlowStatus(
        flow=flow.name,
        title=flow.title,
        mode=flow.mode,
        start_date=flow.start_date,
        read=runs.read,
        repeats=runs.repeats,
        stale=runs.stale,
        unread=unread,
        states=_states(stages),
        skipped=tallied(
            (title_of(one.reason), one.count, one.currency, one.amount)
            for one in stages
            if one.word == State.SKIPPED.word
        ),
        waiting=tuple(causes),
        last_run=runs.last,
        unbalanced=runs.unbalanced,
        awaiting_since=min((one.since for one in stages if one.word == AWAITING and one.since), default=None),
        unbalanced_count=runs.unbalanced_count,
        recodings=recodings,
    )


def _states(stages: list[Staged]) -> dict[str, Tally]:
    """By word; posted is told also where nothing of what was posted stands there."""
    states = tallied((one.word, one.count, one.currency, one.amount) for one in stages)
    if states.keys() & {AWAITING, STOPPED, EARLIER}:
        states.setdefault(State.POSTED.word, Tally())
    return states


def _unread(sealer: Sealer, rows: list[tuple[Any, ...]]) -> list[Cause]:
    if not rows:
        return []
    flow_id, source_id, problem = rows[0]
    example = sealer.open(f"unread {flow_id} {source_id}".encode(), problem).decode()
    action = "It is read again by itself; if it stays, tell us what the source shows."
    return [Cause(UNREAD, "Could not be read", len(rows), {}, f"{source_id}: {example}", action, str(Acts.US))]


# --- what a person has to look at --------------------------------------------------------------------------------


def _dead(known: tuple[Connection, ...]) -> list[str]:
    return [
        f"{one.name}{'' if one.state == 'good' else f' {one.state}'}: {one.problem}"
        if one.problem
        else f"{one.name} {one.state}."
        for one in known
        if one.state != "good" or one.problem or one.grant_state != "good"
    ]


def _strange(settings: tuple[Finding, ...]) -> list[str]:
    return [f"{one.subject}: {one.sentence}" for one in settings if one.verdict is Verdict.MISSING]


def _unheard(desk: Desk, one: Silent) -> str:
    connector = desk.runtime.connectors[one.vendor]
    refused = f", and {counted(one.refused, 'delivery was', 'deliveries were')} refused: is its key the vendor's?"
    return (
        f"The webhook '{one.name}' is set up and has announced nothing yet, while readings found "
        f"{counted(one.found, 'change', 'changes')} in {connector.title}{refused if one.refused else '.'} "
        f"See that its address is entered there ({connector.webhook_place})."
    )


def _open(found: list[IntegrationStatus]) -> list[str]:
    told = [
        f"{flow}: {counted(count, 'document does', 'documents do')} not go on in {one.target}, see 'ml-connector standing'"
        for one in found
        for flow, count in one.stuck.items()
    ]
    told += [f"{still.sentence}." for one in found for still in one.still]
    for integration, flow in ((one, flow) for one in found for flow in one.flows):
        told += [f"{flow.flow}: {cause.title} ({cause.count:,})" for cause in flow.waiting if cause.person]
        if flow.to_approve:
            told.append(f"{flow.flow}: planned, and waiting to be approved here ({flow.to_approve:,})")
        if flow.recodings:
            told.append(f"{flow.flow}: recodings to be approved ({flow.recodings:,})")
        if waiting := flow.states.get(AWAITING):
            told.append(f"{flow.flow}: waiting for approval in {integration.target} ({waiting.count:,})")
        told += [f"{flow.flow}: run {run.run_id} does not balance: {run.imbalance}" for run in flow.unbalanced]
        if more := flow.unbalanced_count - len(flow.unbalanced):
            told.append(f"{flow.flow}: {counted(more, 'more run does', 'more runs do')} not balance")
    return told
