"""``records``, ``explain``, ``replay``, ``release`` and ``link``."""

from __future__ import annotations

import datetime as dt
import json

from cyclopts import App
from rich.console import Console
from rich.padding import Padding

from ml_connector.cli import render
from ml_connector.cli.context import Exit, Given
from ml_connector.errors import BadInput
from ml_connector.service import deciding, replaying
from ml_connector.service.deciding import LinkedByHand, Released
from ml_connector.service.explaining import Life, find_record
from ml_connector.service.explaining import explain as whole_life
from ml_connector.service.finding import Filter
from ml_connector.service.records import Page
from ml_connector.service.records import records as find_records
from ml_connector.service.replaying import Replayed


def mount(app: App) -> None:
    """Add these commands."""
    app.command(records, help_epilogue="Example: ml-connector records --state held --flow bills")
    app.command(explain, help_epilogue="Example: ml-connector explain INV-1042\n\nExample: ml-connector explain '#17'")
    app.command(replay, help_epilogue="Example: ml-connector replay --flow bills --state rejected")
    app.command(release, help_epilogue="Example: ml-connector release '#17' period_closed")
    app.command(link, help_epilogue="Example: ml-connector link '#17' 460000000123456")


def _date(name: str, text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise BadInput(f"--{name} {text!r} is no date such as 2026-01-31.") from error


async def records(
    text: str = "", *, flow: str = "", state: str = "", reason: str = "", number: str = "", since: str = "",
    until: str = "", run: int = 0, limit: int = 50, after: int = 0, cli: Given,
) -> int:  # fmt: skip
    """List records.

    Parameters
    ----------
    text
        Part of a number or of a vendor's name, or an id of either system.
    flow
        Only this flow, such as bills.
    state
        Only this state, such as held.
    reason
        Only what waits for this, such as account_unmapped.
    number
        Only this document number (case, blanks, dashes, zeros ignored).
    since
        Only documents dated on or after this day.
    until
        Only documents dated on or before this day.
    run
        Only what this run read.
    limit
        How many to show.
    after
        Only records after this one: where the page before ended.
    """
    chosen = Filter(
        flow=flow, state=state, reason=reason, number=number, text=text, run_id=run, since=_date("since", since),
        until=_date("until", until),
    )  # fmt: skip
    async with cli.desk() as desk:
        found = await find_records(desk, chosen, limit=limit, after=after)
    cli.show(found, _records)
    return Exit.GOOD


def _records(console: Console, page: Page) -> None:
    wide = console.width >= 110
    columns = ("#", "flow", "number", "party", "date", "amount", "state", *(("why",) if wide else ()))
    made = render.table(*columns, right=("#", "amount"))
    for one in page.records:
        amount = render.money(one.amount, one.currency) if one.amount else "-"
        number = one.number or one.source_id
        why = (one.why or (f"is {one.target_id}" if one.target_id else ""),) if wide else ()
        render.add(
            made,
            f"#{one.record_id}",
            one.flow,
            number,
            one.party,
            one.date or "-",
            amount,
            render.state(one.state),
            *why,
        )
    console.print(made)
    for word, tally in page.total.items():
        render.lines(console, f"{word}: {tally.count:,}" + (f", {render.sums(tally.sums)}" if tally.sums else ""))
    if page.after:
        render.lines(console, f"There are more: add --after {page.after}.")


async def explain(record: str, *, cli: Given) -> int:
    """Tell a record's whole life: read, decided, sent, answered, and by whom.

    Parameters
    ----------
    record
        A document's number, its id in either system, or #record.
    """
    async with cli.desk() as desk:
        life = await whole_life(desk, record)
    cli.show(life, show_life)
    return Exit.ATTENTION if life.versions[-1].waits else Exit.GOOD


def show_life(console: Console, life: Life) -> None:
    """A record's life, the newest state first and then everything in order."""
    newest = life.versions[-1]
    amount = f", {render.money(newest.amount, newest.currency)}" if newest.amount else ""
    dated = f" of {newest.date}" if newest.date else ""
    render.lines(
        console,
        f"Record #{life.record_id}: {life.flow} {newest.number or life.source_id}{dated}, {life.party}{amount}",
        style="bold",
    )
    told = f"It is {newest.state}" + (f": {newest.why}." if newest.why else ".")
    render.lines(console, told, f"Reference {life.reference}, id at the source {life.source_id}.")
    if life.link:
        linked = (
            f"{life.link.target_entity} {life.link.target_id} ({life.link.origin}, {render.instant(life.link.made_at)})"
        )
        render.lines(console, f"Its counterpart: {linked}.")
    for wait in newest.waits:
        render.lines(console, f"  {wait.sentence}", style="yellow")
        console.print(Padding(render.plain_text(wait.action), (0, 0, 0, 4)))
    _versions(console, life)
    _intents(console, life)
    _timeline(console, life)


def _versions(console: Console, life: Life) -> None:
    made = render.table(
        "version", "read (UTC)", "number", "amount", "state", title="Versions", right=("version", "amount")
    )
    for one in life.versions:
        amount = render.money(one.amount, one.currency)
        render.add(made, one.sequence, render.instant(one.read_at), one.number, amount, render.state(one.state))
    console.print(made)


def _intents(console: Console, life: Life) -> None:
    for one in life.intents:
        render.lines(
            console,
            f"Step {one.step + 1}, {one.action} {one.entity}: {one.state} ({render.instant(one.made_at)})",
            style="bold",
        )
        console.print(Padding(render.plain_text(json.dumps(one.body, indent=1, ensure_ascii=False)), (0, 0, 0, 4)))
    for call in life.exchanges:
        render.lines(
            console, f"  {render.instant(call.at)} {call.method} {call.url} -> {call.status} ({call.milliseconds} ms)"
        )


_QUIET = ("decision", "step", "intent", "waits")


def _timeline(console: Console, life: Life) -> None:
    made = render.table("when (UTC)", "what", "by", "details", title="Its life")
    for entry in life.timeline:
        details = ", ".join(f"{name} {value}" for name, value in entry.details.items() if name not in _QUIET and value)
        waits = "; ".join(str(wait[-1]) for wait in entry.details.get("waits", ()))
        render.add(made, render.instant(entry.at), entry.kind, entry.actor, entry.note or waits or details)
    console.print(made)


# --- changing ----------------------------------------------------------------------------------------------------


async def replay(
    record: str = "", *, flow: str = "", state: str = "", reason: str = "", run: int = 0, since: str = "",
    until: str = "", cli: Given,
) -> int:  # fmt: skip
    """Plan records again. What is posted is recognised and never posted twice.

    Parameters
    ----------
    record
        One record: a number, an id, or #record.
    flow
        Records of this flow.
    state
        Records in this state, such as rejected.
    reason
        Records that wait for this, such as duplicate_number.
    run
        What this run read.
    since
        Documents dated on or after this day.
    until
        Documents dated on or before this day.
    """
    async with cli.desk() as desk:
        ids = (await find_record(desk, record),) if record else ()
        chosen = Filter(
            flow=flow, state=state, reason=reason, run_id=run, record_ids=ids, since=_date("since", since),
            until=_date("until", until),
        )  # fmt: skip
        found = await replaying.replay(desk, chosen)
    cli.show(found, _replayed)
    return Exit.GOOD


def _replayed(console: Console, found: Replayed) -> None:
    render.lines(console, f"{found.count:,} records are planned again (run {', '.join(map(str, found.runs))}):")
    for word, tally in found.taken.items():
        render.lines(
            console, f"  {tally.count:,} that were {word}" + (f", {render.sums(tally.sums)}" if tally.sums else "")
        )
    render.lines(console, "'ml-connector sync' works them off now; 'ml-connector up' by itself.")


async def release(record: str, code: str = "", *, cli: Given) -> int:
    """Let a record go on that only a person can let go.

    Parameters
    ----------
    record
        A document's number, its id in either system, or #record.
    code
        What to release: already_exported, period_closed or preview_changed.
    """
    async with cli.desk() as desk:
        found = await deciding.release(desk, record, code)
    cli.show(found, _released)
    return Exit.GOOD


def _released(console: Console, found: Released) -> None:
    render.lines(console, f"Record #{found.record_id} goes on past {found.code}.")
    if found.still_waiting:
        render.lines(console, f"It was also waiting for {', '.join(found.still_waiting)}.")


async def link(record: str, target: str, *, cli: Given) -> int:
    """Say that a record is a document that the target has already.

    Parameters
    ----------
    record
        A document's number, its id in either system, or #record.
    target
        The id of its counterpart in the target system.
    """
    async with cli.desk() as desk:
        found = await deciding.link(desk, record, target)
    cli.show(found, _linked)
    return Exit.GOOD


def _linked(console: Console, found: LinkedByHand) -> None:
    render.lines(
        console, f"Record #{found.record_id} is {found.target_entity} {found.target_id}; nothing was written there."
    )
