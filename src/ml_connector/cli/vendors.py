"""``vendors``: those that were made in a ledger from here, and what they lack there."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.table import Table

from ml_connector.cli import render
from ml_connector.cli.context import Exit, Given
from ml_connector.service import made_vendors as service
from ml_connector.service.made_vendors import MadeVendor, MadeVendors
from ml_connector.service.tallies import counted

_Flag = Annotated[bool, Parameter(negative=(), show_default=False)]


def mount(app: App) -> None:
    """Add this command."""
    app.command(vendors, help_epilogue="Example: ml-connector vendors --incomplete")


async def vendors(*, incomplete: _Flag = False, cli: Given) -> int:
    """Show the vendors that were made in a ledger from here, and what each still lacks there.

    Ends with 1 when one lacks something.

    Parameters
    ----------
    incomplete
        Only those that lack a tax id, form 1099, payment terms or a remit-to address.
    """
    async with cli.desk() as desk:
        found = await service.made_vendors(desk, incomplete=incomplete)
    cli.show(found, show_vendors)
    return Exit.ATTENTION if found.incomplete else Exit.GOOD


def show_vendors(console: Console, found: MadeVendors) -> None:
    """A table of the vendors, and what their ledgers do not tell."""
    if found.vendors:
        console.print(_table(found.vendors))
    if not found.made:
        render.lines(console, "No vendor was made in a ledger from here.")
        return
    lacking = counted(found.incomplete, "lacks", "lack") if found.incomplete else "none of them lacks"
    render.lines(console, f"{counted(found.made, 'vendor')} made from here; {lacking} something there.")
    for ledger in dict.fromkeys(one.connection for one in found.vendors):
        silent = sorted({name for one in found.vendors if one.connection == ledger for name in one.not_told})
        if silent:
            render.lines(console, f"Not told by {ledger} of some or all, and never missing: {', '.join(silent)}.")


def _table(shown: tuple[MadeVendor, ...]) -> Table:
    made = render.table("vendor", "in", "made", "lacks", "not told", "waiting", right=("waiting",))
    for one in shown:
        lacks = ", ".join(one.lacks if one.read else (*one.lacks, "not read yet")) or "-"
        render.add(made, f"{one.name} ({one.vendor_id})", one.connection, f"{one.made_at:%Y-%m-%d}", lacks,
                   ", ".join(one.not_told) or "-", f"{one.waiting:,}")  # fmt: skip
    return made
