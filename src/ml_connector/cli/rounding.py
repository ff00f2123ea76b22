"""``rounding``: what posted documents differ by where the ledger rounds otherwise, by month."""

from __future__ import annotations

from cyclopts import App
from rich.console import Console

from ml_connector.cli import render
from ml_connector.cli.choosing import day
from ml_connector.cli.context import Exit, Given
from ml_connector.service.rounding import RoundingReport
from ml_connector.service.rounding import rounding as report
from ml_connector.service.tallies import counted


def mount(app: App) -> None:
    """Add this command."""
    app.command(rounding, help_epilogue="Example: ml-connector rounding servicetitan-xero --since 2026-07-01")


async def rounding(integration: str = "", *, since: str = "", until: str = "", cli: Given) -> int:
    """List the rounding lines of documents that were posted: by month, account and currency, with count and sum.

    Parameters
    ----------
    integration
        Its kind or number, when there are several.
    since
        Documents dated on or after this day.
    until
        Documents dated on or before this day.
    """
    async with cli.desk() as desk:
        found = await report(desk, integration, since=day("since", since), until=day("until", until))
    cli.show(found, _shown)
    return Exit.GOOD


def _shown(console: Console, found: RoundingReport) -> None:
    if not found.lines:
        render.lines(console, "No document was posted with a rounding line.")
        return
    made = render.table("month", "account", "lines", "sum", right=("lines", "sum"))
    for one in found.lines:
        render.add(made, one.month, one.account, one.count, render.money(one.amount, one.currency))
    console.print(made)
    render.lines(console, f"{counted(found.total.count, 'line')}, {render.sums(found.total.sums) or '0'} in all.")
