"""``map coverage``: how much of the last 90 days' documents the mapping tables know."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from ml_connector.cli import render
from ml_connector.cli.context import Cli, Exit, Given
from ml_connector.errors import BadInput
from ml_connector.service.integrating import integration_named
from ml_connector.service.mapping import coverage as covering
from ml_connector.service.mapping import surveying
from ml_connector.service.mapping.coverage import Coverage, TableCoverage
from ml_connector.service.mapping.surveying import SurveyState
from ml_connector.service.tallies import counted

_Flag = Annotated[bool, Parameter(negative=(), show_default=False)]
_AT_MOST = 20  # keys of a table that are listed


def mount(group: App) -> None:
    """Add this command to the group ``map``."""
    group.command(coverage, help_epilogue="Example: ml-connector map coverage --survey")


async def coverage(*, survey: _Flag = False, back: _Flag = False, integration: str = "", cli: Given) -> int:
    """Tell what share of the last documents find a row for every key, and which keys have none.

    Ends with 1 while some document would wait for a row.

    Parameters
    ----------
    survey
        Read the documents of the last 90 days now; nothing of them is planned. Without it the last survey counts.
    back
        With --survey: read also what would go back by flows that are off, which costs calls of the other system.
    integration
        Its kind or number, when there are several.
    """
    if back and not survey:
        raise BadInput("--back says what a survey reads: 'ml-connector map coverage --survey --back'.")
    async with cli.vendor_desk() if survey else cli.desk() as desk:
        chosen = await integration_named(desk, integration)
        if survey:
            await surveying.survey(desk, chosen, lambda now: _told(cli, now), back=back)
        found = await covering.coverage(desk, chosen)
    cli.show(found, _coverage)
    return Exit.GOOD if found.covered == found.documents and not found.left else Exit.ATTENTION


def _told(cli: Cli, now: SurveyState) -> None:
    """How far the survey is, on the error output."""
    if cli.json:
        return
    left = f", {counted(now.left, 'list')} to go" if now.left else ""
    stops = (
        "; today's calls are kept for live work, so it goes on when it is asked for again tomorrow"
        if now.spared
        else ""
    )
    cli.err.print(render.plain_text(f"{counted(now.documents, 'document')} read{left}{stops}."))


def _coverage(console: Console, found: Coverage) -> None:
    render.lines(
        console,
        f"{found.integration}: {counted(found.documents, 'document')} dated since {found.since}"
        f"{_sums(found.sums)}. {found.covered:,} of them find a row for every key: {found.percent} % of the documents"
        f"{_money(found.money)}.",
    )
    if found.left:
        render.lines(console, f"{counted(found.left, 'list')} still to be read: survey again.", style="yellow")
    made = render.table("table", "documents", "keys", "covered", "of the money", right=("documents", "keys", "covered"))
    for one in found.tables:
        covered = "by itself" if one.by_itself else f"{one.percent} %"
        money = (
            "" if one.by_itself else ", ".join(f"{share} % {currency}".strip() for currency, share in one.money.items())
        )
        render.add(made, one.table, f"{one.documents:,}", f"{one.keys:,}", covered, money)
    console.print(made)
    for one in found.tables:
        if one.open:
            _open(console, one)
    if found.not_surveyed:
        render.lines(console, f"Not surveyed, and not counted: {', '.join(found.not_surveyed)}. {_WAY_BACK}")


_WAY_BACK = (
    "Their keys are shown by documents that go back, which are read once such a flow is on, or by 'ml-connector map coverage "
    "--survey --back'."
)


def _open(console: Console, table: TableCoverage) -> None:
    made = render.table(f"{table.table} without a row", "name", "documents", "sum", "last", right=("documents", "sum"))
    for one in table.open[:_AT_MOST]:
        render.add(made, one.key, one.name, f"{one.documents:,}", render.sums(one.sums), str(one.last))
    console.print(made)
    if table.unread:
        render.lines(
            console,
            "The ledger's list has not been read yet; what it has needs no row: preview a flow that uses it, and ask again.",
            style="yellow",
        )
    more = len(table.open) - _AT_MOST
    if more > 0:
        render.lines(
            console, f"and {more:,} more; 'ml-connector map export {table.table}' has them all once they are read."
        )


def _sums(sums: dict[str, Decimal]) -> str:
    return f", {render.sums(sums)}" if sums else ""


def _money(shares: dict[str, Decimal]) -> str:
    told = ", ".join(f"{share} % of {currency or 'the money'}" for currency, share in shares.items())
    return f", {told}" if told else ""
