"""``recode``: posted documents brought to what a mapping table says today, once they are seen and approved."""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from ml_connector.cli import progress, render
from ml_connector.cli.asking import confirm
from ml_connector.cli.choosing import Yes, day
from ml_connector.cli.context import Exit, Given
from ml_connector.service.approving import Approved
from ml_connector.service.integrating import integration_named
from ml_connector.service.recoded import (
    RecodedDocument,
    RecodingLine,
    RecodingList,
    RecodingReport,
    recoding,
    recodings,
)
from ml_connector.service.recoding import approve_recoding, begin_recoding, stop_recoding
from ml_connector.service.syncing import wait_until_quiet
from ml_connector.service.tallies import counted

_Rows = Annotated[tuple[str, ...], Parameter(name="--row", negative=(), show_default=False)]
_SHOWN = 200  # documents that are listed for a person; --json has all


def mount(app: App) -> None:
    """Add these commands."""
    group = App(name="recode", help="Posted documents: brought to what a mapping table says today, once approved.")
    group.command(begin, help_epilogue="Example: ml-connector recode begin accounts --row 4000 --since 2026-07-01")
    group.command(show, help_epilogue="Example: ml-connector recode show 3")
    group.command(approve, help_epilogue="Example: ml-connector recode approve 3")
    group.command(stop, help_epilogue="Example: ml-connector recode stop 3")
    group.command(list_, name="list", help_epilogue="Example: ml-connector recode list")
    app.command(group)


async def begin(
    table: str, *, row: _Rows = (), since: str = "", until: str = "", integration: str = "", cli: Given
) -> int:
    """Show what would become of posted documents by a mapping table as it is today. Nothing is sent.

    Where the ledger shows another coding than was posted, somebody has recoded it there, and it stays. Ends with 1
    when something waits to be approved.

    Parameters
    ----------
    table
        The mapping table, such as accounts.
    row
        Only by this row (its key); may be repeated.
    since
        Documents dated on or after this day.
    until
        Documents dated on or before this day.
    integration
        Its kind or number, when there are several.
    """
    async with cli.vendor_desk() as desk:
        found = await integration_named(desk, integration)
        made = await begin_recoding(
            desk, found, table, keys=row, since=day("since", since), until=day("until", until)
        )  # fmt: skip
        with progress.shown(cli) as report:
            quiet = await wait_until_quiet(desk, found, report)
        shown = await recoding(desk, made)
    cli.show(shown, _shown)
    if quiet.sentence:
        cli.say(quiet.sentence)
    return Exit.ATTENTION if shown.to_approve else Exit.GOOD


async def show(number: int = 0, *, cli: Given) -> int:
    """Show a recoding: each document with old and new coding, the sums, and what is not recoded and why.

    Ends with 1 when something waits to be approved.

    Parameters
    ----------
    number
        Of the recoding; without one the newest.
    """
    async with cli.desk() as desk:
        found = await recoding(desk, number)
    cli.show(found, _shown)
    return Exit.ATTENTION if found.to_approve else Exit.GOOD


async def approve(number: int, *, yes: Yes = False, cli: Given) -> int:
    """Approve what a recoding shows: exactly that is sent to the ledger, and what is another by then is held.

    Ends with 1 when something was not approved.

    Parameters
    ----------
    number
        Of the recoding.
    yes
        Do not ask.
    """
    async with cli.desk() as desk:
        found = await recoding(desk, number)
        if not cli.json and not yes:
            _shown(cli.err, found)
        many = counted(len(found.to_approve), "document")
        if found.to_approve:
            confirm(cli, f"{many} of the ledger would be recoded as shown.", "Approve it?", yes=yes)
        done = await approve_recoding(desk, found)
    cli.show(done, _approved)
    return Exit.ATTENTION if done.refused else Exit.GOOD


async def stop(number: int, *, cli: Given) -> int:
    """Give a recoding up: what is not approved of it stays as it is posted.

    Parameters
    ----------
    number
        Of the recoding.
    """
    async with cli.desk() as desk:
        count = await stop_recoding(desk, number)
    told = f"{counted(count, 'document')} of recoding {number} stay as they are posted."
    cli.show({"recoding": number, "stopped": count}, lambda console, _: render.lines(console, told))
    return Exit.GOOD


async def list_(*, cli: Given) -> int:
    """List all recodings, the newest first."""
    async with cli.desk() as desk:
        found = await recodings(desk)
    cli.show(found, _listed)
    return Exit.GOOD


# --- what a person sees ------------------------------------------------------------------------------------------


def _shown(console: Console, found: RecodingReport) -> None:
    render.lines(console, _head(found), style="bold")
    render.lines(console, _counts(found))
    if found.pairs:
        _pairs(console, found)
    moved = [one for one in found.documents if one.lines]
    if moved:
        _documents(console, moved[:_SHOWN])
    _more(console, len(moved) - _SHOWN)
    stay = [one for one in found.documents if one.sentence]
    for one in stay[:_SHOWN]:
        render.lines(console, f"#{one.record_id} {one.number} {one.party}: {one.sentence}", style="yellow")
        render.lines(console, f"    {one.action}")
    _more(console, len(stay) - _SHOWN)
    if found.to_approve:
        render.lines(
            console, f"'ml-connector recode approve {found.recoding_id}' approves it, 'ml-connector recode stop "
            f"{found.recoding_id}' gives it up.",
        )  # fmt: skip


def _head(found: RecodingReport | RecodingLine) -> str:
    rows = f", row {', '.join(found.keys)}" if found.keys else ""
    days = f", dated {found.since or 'ever'} to {found.until or 'today'}" if found.since or found.until else ""
    begun = f"{found.begun_at:%Y-%m-%d %H:%M} UTC by {found.begun_by}"
    return f"Recoding {found.recoding_id} by the mapping table {found.table}{rows}{days}, begun {begun}."


def _counts(found: RecodingReport | RecodingLine) -> str:
    words = {"planned": "to be approved", "same": "shown so already", "left": "stay as they are"}
    told = [f"{count:,} {words.get(outcome, outcome)}" for outcome, count in found.counts.items()]
    return f"Documents: {', '.join(told) or 'none'}."


def _pairs(console: Console, found: RecodingReport) -> None:
    made = render.table("what", "from", "to", "lines", "sum without tax", right=("lines", "sum without tax"))
    for one in found.pairs:
        render.add(made, one.what, one.was, one.becomes, one.lines, render.money(one.amount, one.currency))
    console.print(made)


def _documents(console: Console, moved: list[RecodedDocument]) -> None:
    made = render.table(
        "#", "flow", "number", "party", "date", "line", "from", "to", "amount", "", right=("#", "amount")
    )
    for one in moved:
        for line in one.lines:
            render.add(
                made, f"#{one.record_id}", one.flow, one.number or "-", one.party, one.date or "-", line.line[:40],
                line.was, line.becomes, render.money(line.amount, one.currency), one.outcome,
            )  # fmt: skip
    console.print(made)


def _more(console: Console, count: int) -> None:
    if count > 0:
        render.lines(console, f"... and {count:,} more (--json has all).")


def _approved(console: Console, found: Approved) -> None:
    if found.record_ids:
        render.lines(console, f"{counted(len(found.record_ids), 'document')} approved: recoded as shown, or held.")
        render.lines(console, "'ml-connector sync' sends them now; 'ml-connector up' by itself.")
    for one in found.refused:
        render.lines(console, one.sentence, style="yellow")


def _listed(console: Console, found: RecodingList) -> None:
    for one in found.recodings:
        render.lines(console, _head(one))
        render.lines(console, f"    {_counts(one)}")
    if not found.recodings:
        render.lines(console, "No recoding yet: 'ml-connector recode begin accounts' shows what one would do.")
