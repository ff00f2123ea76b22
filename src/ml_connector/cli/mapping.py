"""``map``: mapping tables out and in as CSV, one value at a time, and suggestions."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from ml_connector.cli import covering, differing, render, simulating
from ml_connector.cli.asking import confirm
from ml_connector.cli.choosing import day
from ml_connector.cli.context import Cli, Exit, Given
from ml_connector.errors import BadInput, Refused
from ml_connector.integrations.tables import TableType
from ml_connector.service.integrating import integration_named
from ml_connector.service.mapping import files, history, suggesting, values
from ml_connector.service.mapping import targets as ledger_entries
from ml_connector.service.mapping.keys import table_named
from ml_connector.service.mapping.rows import EVER, FOR_EVER, Applied, Changed
from ml_connector.service.mapping.suggesting import Suggestion
from ml_connector.service.mapping.targets import Target
from ml_connector.service.tallies import counted

_From = Annotated[str, Parameter(name="--from")]
_Flag = Annotated[bool, Parameter(negative=(), show_default=False)]


def mount(app: App) -> None:
    """Add these commands."""
    group = App(name="map", help="Mapping tables: GL accounts, tax, business units, vendors and others.")
    group.command(export, help_epilogue="Example: ml-connector map export accounts accounts.csv")
    group.command(import_, name="import", help_epilogue="Example: ml-connector map import accounts accounts.csv")
    group.command(suggest, help_epilogue="Example: ml-connector map suggest accounts --accept-exact")
    group.command(set_, name="set", help_epilogue="Example: ml-connector map set accounts 5100 460000000000388")
    group.command(history_, name="history", help_epilogue="Example: ml-connector map history accounts 5100")
    group.command(targets, help_epilogue="Example: ml-connector map targets accounts materials --json")
    covering.mount(group)
    simulating.mount(group)
    differing.mount(group)
    app.command(group)


async def export(
    table: str, file: Path | None = None, *, force: _Flag = False, integration: str = "", cli: Given
) -> int:
    """Write a table as CSV, with an empty row for every key that has none yet.

    Parameters
    ----------
    table
        The mapping table, such as accounts.
    file
        Where to write it; without one it goes to the terminal.
    force
        Write over a file that is there.
    integration
        Its kind or number, when there are several.
    """
    if file is not None:
        _may_write(cli, file, force)
    async with cli.desk() as desk:
        text = await files.export_mapping(desk, await integration_named(desk, integration), table)
    if file is not None:
        _write(file, text)
    if cli.json:
        cli.show({"table": table, "file": str(file) if file else None, "csv": text}, lambda *_: None)
    elif file is None:
        sys.stdout.write(text)
    else:
        cli.say(f"{counted(text.count(chr(10)) - 1, 'row')} written to {file}.")
    return Exit.GOOD


def _may_write(cli: Cli, file: Path, force: bool) -> None:
    """What a person has filled into a file is not lost by a slip. Raises Refused."""
    if force or not file.exists() or file.is_char_device():
        return
    if cli.json or not sys.stdin.isatty():
        raise Refused(f"{file} is there already: add --force to write over it, or give another name.")
    confirm(cli, f"{file} is there already.", "Write over it?", yes=False)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8-sig")  # so that spreadsheets read names as they are
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}.") from error


async def targets(table: str, text: str = "", *, integration: str = "", cli: Given) -> int:
    """List what may be filled into a table: the ledger's entries with id, number and name; last what may not, and why.

    Parameters
    ----------
    table
        The mapping table, such as accounts.
    text
        Only entries with this in their id, number or name.
    integration
        Its kind or number, when there are several.
    """
    async with cli.desk() as desk:
        found = await ledger_entries.targets(desk, await integration_named(desk, integration), table, text)
    cli.show(found, _targets)
    return Exit.GOOD


def _targets(console: Console, found: list[Target]) -> None:
    made = render.table("fill in", "number", "name", "")
    for one in found:
        told = f"not to be chosen: {one.refused}" if one.refused else one.note
        render.add(made, "-" if one.refused else one.value, one.number or "-", one.name, told)
    console.print(made)


async def import_(table: str, file: Path, *, anyway: _Flag = False, integration: str = "", cli: Given) -> int:
    """Read a table from CSV. A file with one fault changes nothing.

    Rows with an empty target, and rows that are not in the file, stay as they are.

    Parameters
    ----------
    table
        The mapping table, such as accounts.
    file
        A CSV file with at least the columns source_key and target_key.
    anyway
        Take keys too that no document uses.
    integration
        Its kind or number, when there are several.
    """
    text = simulating.read(file)
    async with cli.desk() as desk:
        found = await files.import_mapping(desk, await integration_named(desk, integration), table, text, anyway=anyway)
    cli.show(found, _applied)
    return Exit.GOOD


async def set_(
    table: str, key: str, value: str = "", *, note: str = "", from_: _From = "", until: str = "",
    anyway: _Flag = False, remove: _Flag = False, integration: str = "", cli: Given,
) -> int:  # fmt: skip
    """Map one key to a value, or take its row away with --remove.

    Parameters
    ----------
    table
        The mapping table, such as accounts.
    key
        The key at the source, such as the number of a GL account.
    value
        The value at the target, such as the id of an account; its number or name will do where only one has it.
    note
        Why.
    from_
        The first document date on which the value holds; what held before ends the day before.
    until
        The last such date; what held before holds again from the day after.
    anyway
        Map the key though no document uses it.
    remove
        Take the key's rows away; what is posted stays posted.
    integration
        Its kind or number, when there are several.
    """
    if bool(value) == remove:
        raise BadInput("Give a value, or --remove to take the row away.")
    if remove and (from_ or until):
        raise BadInput("--remove takes all rows of the key away; --from and --until go with a value.")
    days = values.Days(day("from", from_) or EVER, day("until", until) or FOR_EVER)
    async with cli.desk() as desk:
        chosen = await integration_named(desk, integration)
        if remove:
            found = await values.remove_value(desk, chosen, table, key)
        else:
            found = await values.set_value(desk, chosen, table, key, value, note, anyway=anyway, days=days)
    cli.show(found, _applied)
    return Exit.GOOD


async def history_(table: str, key: str = "", *, integration: str = "", cli: Given) -> int:
    """Show who changed which row of a table, when, from what to what, and who confirmed it; the newest first.

    Parameters
    ----------
    table
        The mapping table, such as accounts.
    key
        Only the rows of this key.
    integration
        Its kind or number, when there are several.
    """
    async with cli.desk() as desk:
        found = await history.history(desk, await integration_named(desk, integration), table, key)
    cli.show(found, _history)
    return Exit.GOOD


def _history(console: Console, found: history.History) -> None:
    if not found.changes:
        of = f"row {found.key!r} of " if found.key else ""
        render.lines(console, f"Nobody has changed {of}the mapping table {found.table}.")
        return
    made = render.table("when (UTC)", "who", "key", "was", "is", "documents dated", "note")
    for one in found.changes:
        was, is_ = f"{one.was} {one.was_name}".strip() or "-", f"{one.value} {one.name}".strip() or "-"
        note = one.note if one.what == "changed" else one.what
        render.add(made, f"{one.at:%Y-%m-%d %H:%M}", one.who, one.key, was, is_, one.days, note)
    console.print(made)


def _applied(console: Console, found: Applied) -> None:
    render.lines(
        console,
        f"{found.table}: {counted(found.added, 'row')} added, {found.changed:,} changed, {found.removed:,} removed, "
        f"{found.unchanged:,} unchanged, {found.left_empty:,} left empty.",
        *_row(found.row),
        *_freed(found),
    )
    if found.planned_before:
        was = counted(found.planned_before, "planned document was", "planned documents were")
        them = "it" if found.planned_before == 1 else "them"
        render.lines(console, f"{was} planned before this; 'ml-connector preview' plans {them} again and shows {them}.")
    render.lines(console, *found.warnings, style="yellow")


def _row(row: Changed | None) -> tuple[str, ...]:
    """The row that was set, and what stood there before."""
    if row is None:
        return ()
    was = f"was {row.was} {row.was_name}".strip() if row.was else "there was no such row"
    now = f"is {row.value} {row.name}".strip() if row.value else "has no row any more"
    now = f"{now}, {row.span}" if row.span else now
    return (f"{row.key} {now} ({'as before' if row.was == row.value else was}).",)


_GO_ON = "documents that waited for it go on"
_STILL_PLANNED = "documents that use it are still to be planned and take it up"


def _freed(found: Applied) -> list[str]:
    told = [
        f"{counted(found.released, 'document that waited for it goes on', _GO_ON)}." if found.released else "",
        f"{counted(found.under_way, 'document that uses it is still to be planned and takes it up', _STILL_PLANNED)}."
        if found.under_way
        else "",
    ]
    return [one for one in told if one] or ["No document waited for it."]


async def suggest(table: str, *, accept_exact: _Flag = False, integration: str = "", cli: Given) -> int:
    """Suggest values for keys without a row, with the evidence.

    Parameters
    ----------
    table
        The mapping table, such as accounts.
    accept_exact
        Take over the suggestions that have proof, and no other.
    integration
        Its kind or number, when there are several.
    """
    async with cli.desk() as desk:
        chosen = await integration_named(desk, integration)
        applied = await suggesting.accept_exact(desk, chosen, table) if accept_exact else None
        left = await suggesting.suggest(desk, chosen, table)
        unread = await suggesting.unread(desk, chosen, table)
        kind = table_named(desk.runtime.integrations[chosen.kind], table)
    _show_suggestions(cli, applied, left, unread, kind)
    if left and (told := by_hand(kind)):
        cli.say(told)
    return Exit.ATTENTION if left else Exit.GOOD


def by_hand(table: TableType) -> str:
    """Why no suggestion of a table is taken by itself; empty where those with proof are."""
    if not table.decided:
        return ""
    return (
        f"A person decides every row of {table.name}, so none is taken unseen: 'ml-connector map set {table.name} KEY VALUE' "
        f"fills one. It takes: {table.value_words}."
    )


def _show_suggestions(
    cli: Cli, applied: Applied | None, left: list[Suggestion], unread: str, table: TableType
) -> None:  # fmt: skip
    """``unread``: what has not been read, so that keys may be missing; without any, that is all there is to be said."""
    if cli.json:
        cli.show({"applied": applied, "open": left, "unread": unread}, lambda *_: None)
        return
    if applied is not None:
        _applied(cli.out, applied)
    if left:
        _suggestions(cli.out, left)
    elif not unread:
        render.lines(cli.out, _SELDOM if table.seldom else "Every key that was seen has a row.")
    if unread:
        render.lines(cli.out, unread, style="yellow")


_SELDOM = "Nothing waits for a row: what has none is matched, made or left to the bills by itself."


def _suggestions(console: Console, left: list[Suggestion]) -> None:
    made = render.table("key", "name", "used", "waiting", "suggested", "evidence", right=("used", "waiting"))
    for one in left:
        first = one.candidates[0] if one.candidates else None
        suggested = f"{first.value} {first.name}" if first else "-"
        evidence = (f"{first.evidence} (proof)" if first.proof else first.evidence) if first else "nothing alike"
        render.add(made, one.key, one.name, one.uses, one.waiting, suggested, evidence)
    console.print(made)
