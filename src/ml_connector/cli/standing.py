"""``standing`` and ``fields``: what became of what was posted at the target, and how that is set up."""

from __future__ import annotations

from cyclopts import App
from rich.console import Console

from ml_connector.cli import render
from ml_connector.cli.connecting import STYLES
from ml_connector.cli.context import Exit, Given
from ml_connector.connectors.checking import FieldThere, Finding
from ml_connector.service.connections import connection_named
from ml_connector.service.fields import Fields
from ml_connector.service.fields import fields as asked_fields
from ml_connector.service.standing import StandingReport, Stuck
from ml_connector.service.standing import standing as report
from ml_connector.service.tallies import counted


def mount(app: App) -> None:
    """Add these commands."""
    app.command(standing, help_epilogue="Example: ml-connector standing zoho_books-servicenow")
    app.command(fields, help_epilogue="Example: ml-connector fields ServiceNow")


async def standing(integration: str = "", *, cli: Given) -> int:
    """Show what became of posted documents at the target: how far each has come there, and what does not go on.

    Ends with 1 when something does not.

    Parameters
    ----------
    integration
        Its kind or number, when there are several.
    """
    async with cli.desk() as desk:
        found = await report(desk, integration)
    cli.show(found, show_standing)
    return Exit.ATTENTION if found.stuck else Exit.GOOD


_SHOWN = 30  # of each kind, so that the few that were rejected are seen beside the many that were paid too early


def show_standing(console: Console, found: StandingReport) -> None:
    """Every stage with count and sum, then what does not go on."""
    if not found.stages:
        render.lines(console, f"Nothing that was posted shows a state at {found.target} yet.")
        return
    made = render.table("flow", f"at {found.target}", "documents", "sum", "since", right=("documents", "sum"))
    for one in found.stages:
        render.add(made, one.flow, one.state, f"{one.count:,}", render.sums(one.sums), f"{one.since:%Y-%m-%d}")
    console.print(made)
    if found.stuck:
        _show_stuck(console, found.stuck)
    else:
        render.lines(console, "Everything goes on there.")


def _show_stuck(console: Console, stuck: tuple[Stuck, ...]) -> None:
    """What does not go on, kind by kind: the first of each, how many more there are, and who does what about them."""
    for kind in dict.fromkeys(one.finding for one in stuck):
        found = [one for one in stuck if one.finding == kind]
        made = render.table("record", "number", "party", "amount", "there", "what is wrong", right=("amount",))
        for one in found[:_SHOWN]:
            amount = render.money(one.amount, one.currency)
            render.add(made, f"#{one.record_id}", one.number, one.party, amount, one.status, one.why)
        console.print(made)
        more = f"... and {len(found) - _SHOWN:,} more (--json shows all). " if len(found) > _SHOWN else ""
        render.lines(console, f"{more}{found[0].action}", "")
    render.lines(console, f"{counted(len(stuck), 'document does', 'documents do')} not go on there.")


async def fields(connection: str, *, cli: Given) -> int:
    """Ask a connection where each field goes there, and whether its tables, columns and choices are as they must be.

    Ends with 1 when something is missing.

    Parameters
    ----------
    connection
        Its name or number.
    """
    async with cli.vendor_desk() as desk:
        found = await asked_fields(desk, await connection_named(desk, connection))
    cli.show(found, _show_fields)
    return Exit.GOOD if found.good else Exit.ATTENTION


def _show_fields(console: Console, found: Fields) -> None:
    _show_places(console, found.fields)
    _show_findings(console, found.findings)
    if not found.fields and not found.findings:
        render.lines(console, f"{found.connection} is the same for everybody: there is nothing to set up.")


def _show_places(console: Console, fields: tuple[FieldThere, ...]) -> None:
    if not fields:
        return
    made = render.table("what", "goes to", "which is", "")
    for one in fields:
        render.add(made, one.what, one.place, one.told, render.plain_text(one.verdict.value, STYLES[one.verdict]))
    console.print(made)


def _show_findings(console: Console, findings: tuple[Finding, ...]) -> None:
    if not findings:
        return
    made = render.table("what", "", "found")
    for one in findings:
        verdict = render.plain_text(one.verdict.value, STYLES[one.verdict])
        render.add(made, one.subject, verdict, f"{one.sentence} {one.action}".strip())
    console.print(made)
