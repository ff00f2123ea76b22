"""``status``: every flow in number and money, what waits and why."""

from __future__ import annotations

from decimal import Decimal

from cyclopts import App
from rich.console import Console
from rich.table import Table

from ml_connector.cli import render
from ml_connector.cli.connecting import show_connections
from ml_connector.cli.context import Exit, Given
from ml_connector.service.posted import AWAITING, EARLIER, STOPPED
from ml_connector.service.status import FlowStatus, Status
from ml_connector.service.status import status as current_status
from ml_connector.service.tallies import Tally, counted
from ml_connector.sync.states import State


def mount(app: App) -> None:
    """Add these commands."""
    app.command(status, help_epilogue="Example: ml-connector status --json")


async def status(*, cli: Given) -> int:
    """Show every flow in number and money, what waits and why."""
    async with cli.desk() as desk:
        found = await current_status(desk)
    cli.show(found, show_status)
    return Exit.ATTENTION if found.attention else Exit.GOOD


def show_status(console: Console, found: Status) -> None:
    """Connections, one table of flows per integration, and everything that waits."""
    show_connections(console, list(found.connections))
    render.to_look_at(console, found.doubles, found.incomplete_vendors)
    render.losses(console, found.losses)
    render.findings(console, found.settings)
    if not found.integrations:
        render.lines(console, "Nothing is integrated yet: 'ml-connector integrate' joins two connections.")
    for integration in found.integrations:
        title = f"{integration.title}: {integration.source} to {integration.target}"
        _counts(console, title, integration.flows)
        _money(console, integration.flows)
        render.backfills(console, integration.backfills)
        render.forecasts(console, integration.forecasts)
        render.still(console, integration.still)
        for flow in integration.flows:
            render.to_approve(console, flow)
            render.awaiting(console, flow, integration.target)
            render.causes(console, flow.waiting, f"Waiting in {flow.flow}:")
            for run in flow.unbalanced:
                render.lines(console, f"Run {run.run_id} does not balance: {run.imbalance}", style="red")
            if more := flow.unbalanced_count - len(flow.unbalanced):
                render.lines(console, f"{counted(more, 'more run does', 'more runs do')} not balance.", style="red")


_SHORT = {"awaiting approval": "to approve", "stopped there": "stopped", "unchanged": "same"}
_SUMMED = (State.POSTED.word, AWAITING, STOPPED, State.LINKED.word, State.HELD.word, State.REJECTED.word)
_SELDOM = (AWAITING, STOPPED)
_WIDE = 110  # columns from which on every state has its own
_ALWAYS = ("read", "posted", "skipped", "held")


def _counts(console: Console, title: str, flows: tuple[FlowStatus, ...]) -> None:
    """Where there is little room, columns in which nothing stands are left out: a number is never cut."""
    wide = console.width >= _WIDE
    names = ("read", *render.SHOWN_STATES, "open")
    rows = [(f"{flow.read:,}", *render.tally_cells(flow.states)) for flow in flows]
    always = [name for name in names if name not in (*_SELDOM, EARLIER)] if wide else _ALWAYS
    kept = [n for n, name in enumerate(names) if name in always or any(row[n] != "0" for row in rows)]
    shown = [names[n] if wide else _SHORT.get(names[n], names[n]) for n in kept]
    made = render.table("flow", *(("mode",) if wide else ()), *shown, title=title, right=("flow", *shown))
    made.columns[0].justify = "left"
    made.padding = (0, 1) if wide else (0, 1, 0, 0)
    for flow, row in zip(flows, rows, strict=True):
        render.add(made, flow.flow, *((flow.mode,) if wide else ()), *(row[n] for n in kept))
    console.print(made)


def _money(console: Console, flows: tuple[FlowStatus, ...]) -> None:
    """Sums by state; as for the counts, columns in which nothing stands go where there is little room."""
    if found := {flow.flow: sums for flow in flows if (sums := _sums(flow))}:
        seldom = _SELDOM if console.width >= _WIDE else tuple(word for word in _SUMMED if word not in _ALWAYS)
        shown = [word for word in _SUMMED if word not in seldom or any(word in sums for sums in found.values())]

        def made(between: str) -> Table:
            table = render.table("sums of", *shown, right=shown)
            for name, sums in found.items():
                render.add(table, name, *(render.sums(sums.get(word, {}), between) for word in shown))
            return table

        console.print(render.fitting(console, made))
    for flow in flows:
        if flow.last_run is not None:
            adds_up = "every run adds up" if flow.balanced else "NOT EVERY RUN ADDS UP"
            at = render.instant(flow.last_run.finished_at or flow.last_run.started_at)
            again = f"; {flow.repeats:,} read again, unchanged" if flow.repeats else ""
            render.lines(console, f"{flow.flow} ({flow.mode}): last {flow.last_run.kind} {at} UTC; {adds_up}{again}.")
        else:
            render.lines(console, f"{flow.flow} ({flow.mode}): not read yet.")


def _sums(flow: FlowStatus) -> dict[str, dict[str, Decimal]]:
    """By state what stands in it, of those in which something does."""
    tallies = {word: flow.states.get(word, Tally()) for word in _SUMMED}
    return {word: one.sums for word, one in tallies.items() if one.count and one.sums}
