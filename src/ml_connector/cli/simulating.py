"""``map simulate``: what a file would do if it were imported."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from ml_connector.cli import render
from ml_connector.cli.context import Exit, Given
from ml_connector.errors import BadInput
from ml_connector.integrations.reasons import REASONS
from ml_connector.service.integrating import integration_named
from ml_connector.service.mapping import simulating
from ml_connector.service.mapping.effects import Move, PlanChange, RowEffect, Simulated
from ml_connector.service.tallies import counted

_Flag = Annotated[bool, Parameter(negative=(), show_default=False)]
_AT_MOST = 20  # plans that are listed
_STILL_PLANNED = "document that uses a row is still to be planned and would take it up"
_ALL_STILL_PLANNED = "documents that use a row are still to be planned and would take it up"


def mount(group: App) -> None:
    """Add this command to the group ``map``."""
    group.command(simulate, help_epilogue="Example: ml-connector map simulate accounts accounts.csv")


async def simulate(table: str, file: Path, *, anyway: _Flag = False, integration: str = "", cli: Given) -> int:
    """Show what importing a file would do: what goes on, which plans change, which sums move, what stays posted.

    The file is checked as an import checks it. Nothing is changed.

    Parameters
    ----------
    table
        The mapping table, such as accounts.
    file
        A CSV file as 'map import' takes it.
    anyway
        Take keys too that no document uses.
    integration
        Its kind or number, when there are several.
    """
    text = read(file)
    async with cli.desk() as desk:
        chosen = await integration_named(desk, integration)
        found = await simulating.simulate(desk, chosen, table, text, anyway=anyway)
    cli.show(found, _simulated)
    return Exit.GOOD


def read(file: Path) -> str:
    """A file's text. Raises BadInput with the place where it is none."""
    try:
        return file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadInput(f"{file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        line, column = _place(error)
        raise BadInput(
            f"{file}, line {line}, column {column}: this is no text in UTF-8, and nothing was changed. Save the table as "
            "'CSV UTF-8' and import it again."
        ) from error


def _place(error: UnicodeDecodeError) -> tuple[int, int]:
    """Line and column of the first byte that is no text."""
    before = bytes(error.object[: error.start])
    return before.count(b"\n") + 1, error.start - before.rfind(b"\n")


def _simulated(console: Console, found: Simulated) -> None:
    if not found.rows:
        render.lines(console, f"{found.table}: the file changes no row.", *found.warnings)
        return
    render.lines(console, *_told(found))
    _rows(console, found.rows)
    _moves(console, "moves", found.moves)
    _moves(console, "stays posted as it was", found.stays)
    _plans(console, found.plans)
    if found.stays:
        render.lines(console, "What is posted stays; 'ml-connector recode' shows what can be brought to the new rows.")
    render.lines(console, *found.warnings, style="yellow")
    render.lines(console, "Nothing was changed; 'ml-connector map import' does it.")


def _told(found: Simulated) -> list[str]:
    sums = f", {render.sums(found.goes_on.sums)}" if found.goes_on.sums else ""
    told = [
        f"{found.table}: {counted(len(found.rows), 'row')} added or changed, {found.unchanged:,} as they are.",
        f"{counted(found.goes_on.count, 'waiting document')} would go on{sums}.",
    ]
    if found.passed_over:
        told.append(f"{counted(found.passed_over, 'waiting document')} would be passed over.")
    told += [
        f"{counted(count, 'waiting document')} would wait still: {REASONS[code].title if code in REASONS else code}."
        for code, count in found.waits.items()
    ]
    if found.under_way:
        told.append(f"{counted(found.under_way, _STILL_PLANNED, _ALL_STILL_PLANNED)}.")
    told.append(f"{counted(len(found.plans), 'stored plan')} would change.")
    told.append(f"{counted(found.posted, 'posted document')} would stay as booked by the rows of before.")
    return told


def _rows(console: Console, rows: Iterable[RowEffect]) -> None:
    numbers = ("go on", "wait still", "plans", "posted")
    made = render.table("key", "value", "documents dated", *numbers, right=numbers)
    for one in rows:
        value = f"{one.value} {one.name}".strip()
        counts = (one.goes_on, one.waits, one.planned_otherwise, one.stays)
        render.add(made, one.key, value, one.days, *(f"{count:,}" for count in counts))
    console.print(made)


def _moves(console: Console, title: str, moves: Iterable[Move]) -> None:
    made = render.table(f"{title}: key", "from", "to", "documents", "sum", right=("documents", "sum"))
    for one in moves:
        was, becomes = f"{one.was} {one.was_name}".strip() or "-", f"{one.becomes} {one.name}".strip() or "-"
        render.add(made, one.key, was, becomes, f"{one.documents:,}", render.sums(one.sums))
    if made.row_count:
        console.print(made)


def _plans(console: Console, plans: tuple[PlanChange, ...]) -> None:
    made = render.table("plan of", "digest", "becomes", "what differs")
    for one in plans[:_AT_MOST]:
        what = one.number or f"{one.flow} {one.record_id}"
        render.add(made, what, one.was[:12], one.becomes[:12] or "-", "; ".join(one.changes))
    if made.row_count:
        console.print(made)
    if len(plans) > _AT_MOST:
        render.lines(console, f"and {len(plans) - _AT_MOST:,} more plans; --json has them all.")
