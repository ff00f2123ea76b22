"""``erase``: one customer or vendor, once it is called by its name."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from ml_connector.cli import render
from ml_connector.cli.asking import confirm_by_name
from ml_connector.cli.choosing import Yes
from ml_connector.cli.context import Exit, Given
from ml_connector.errors import Refused
from ml_connector.service import erasing
from ml_connector.service.erasing import Erasable, Erased

_Flag = Annotated[bool, Parameter(negative=(), show_default=False)]


def mount(app: App) -> None:
    """Add this command."""
    app.command(
        erase,
        help_epilogue="Example: ml-connector erase '#17' --preview\n\nExample: ml-connector erase '#17' --yes",
    )


async def erase(record: str, *, preview: _Flag = False, yes: Yes = False, cli: Given) -> int:
    """Erase a customer or vendor from this database for good: name, telephones, e-mails, addresses, free texts.

    On both sides' copies, in all versions, plans, calls and the audit trail; ids, numbers, dates and amounts stay, and
    the trail still verifies. First it shows what would go, and asks for the name. Backups and the books of the vendors
    are not touched. Refused while anything of the party is planned, held, rejected or being sent.

    Parameters
    ----------
    record
        The party's record: its id in either system, or #record.
    preview
        Only show what would be erased.
    yes
        Do not ask for the name.
    """
    async with cli.desk() as desk:
        found = await erasing.erasable(desk, record)
        if preview:
            cli.show(found, _would)
            return Exit.ATTENTION if found.under_way else Exit.GOOD
        if found.refusal:
            raise Refused(found.refusal)
        if not cli.json:
            _would(cli.err, found)
        confirm_by_name(cli, f"This cannot be undone: {found.name} would be erased here.", found.name, yes=yes)
        done = await erasing.erase(desk, f"#{found.record_id}", found.name)
    cli.show(done, _done)
    return Exit.GOOD


def _would(console: Console, found: Erasable) -> None:
    parties = ", ".join(f"{one.list} {one.id} of {one.connection}" for one in found.parties)
    render.lines(console, f"{found.name}: record #{found.record_id}, {parties}.", style="bold")
    _rows(console, found.rows)
    if found.refusal:
        render.lines(console, found.refusal, style="yellow")


def _done(console: Console, found: Erased) -> None:
    render.lines(console, f"Record #{found.record_id} is erased; link {found.link} of the audit trail tells it:")
    _rows(console, found.rows)
    render.lines(
        console,
        "Not touched: backups of this database, and what the vendors keep. Erase there too, or nothing changes there.",
    )


def _rows(console: Console, rows: dict[str, int]) -> None:
    made = render.table("what", "rows", right=("rows",))
    for what, count in rows.items():
        render.add(made, what, f"{count:,}")
    console.print(made)
