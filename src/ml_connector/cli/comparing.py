"""``compare``: what customers owe on both sides, and why that differs."""

from __future__ import annotations

from cyclopts import App
from rich.console import Console

from ml_connector.cli import render
from ml_connector.cli.choosing import day
from ml_connector.cli.context import Exit, Given
from ml_connector.service.integrating import integration_named
from ml_connector.service.owed import Compared
from ml_connector.service.receivables import compare as compared
from ml_connector.service.tallies import counted


def mount(app: App) -> None:
    """Add this command."""
    app.command(
        compare,
        help_epilogue="Example: ml-connector compare servicetitan-xero\n\n"
        "Example: ml-connector compare servicetitan-xero --at 2026-06-30",
    )


async def compare(integration: str = "", *, at: str = "", cli: Given) -> int:
    """Compare what every customer owes on both sides now: before going live, and at a month's end.

    Changes nothing. Ends with 1 when customers differ.

    Parameters
    ----------
    integration
        Its kind or number, when there are several.
    at
        Only documents dated until this day; balances are as they are now.
    """
    async with cli.vendor_desk() as desk:
        found = await compared(desk, await integration_named(desk, integration), day("at", at))
    cli.show(found, _compared)
    return Exit.ATTENTION if found.differing else Exit.GOOD


def _compared(console: Console, found: Compared) -> None:
    until = f", documents until {found.at}" if found.at else ""
    render.lines(
        console,
        f"{counted(found.customers, 'customer')} with open items{until}: {render.sums(found.here) or '0'} in "
        f"{found.source}, {render.sums(found.there) or '0'} in {found.target}.",
    )
    if not found.differing:
        render.lines(console, "Every customer owes the same on both sides.")
        return
    made = render.table("customer", "here", "there", "difference", right=("here", "there", "difference"))
    for one in found.differing:
        sums = (one.here, one.there, one.here - one.there)
        render.add(made, one.customer, *(render.money(amount, one.currency) for amount in sums))
        for part in one.differences:
            such = f", such as {part.example}" if part.example else ""
            render.add(made, f"  {part.cause} ({part.count:,}){such}", "", "", render.money(part.amount, one.currency))
    console.print(made)
    render.lines(console, *(f"{cause}: {words}." for cause, words in found.causes.items()))
