"""``records``, ``replay``, ``release``, ``link`` and ``dismiss``; ``explain`` is mounted beside them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from ml_connector.cli import render
from ml_connector.cli.asking import confirm
from ml_connector.cli.choosing import Yes, day, many
from ml_connector.cli.choosing import amount as amount_of
from ml_connector.cli.context import Cli, Exit, Given
from ml_connector.cli.explaining import explain
from ml_connector.errors import Acts, BadInput
from ml_connector.integrations.reasons import REASONS
from ml_connector.service import deciding, dismissing, releasing, replaying
from ml_connector.service.deciding import LinkedByHand
from ml_connector.service.desk import Desk
from ml_connector.service.dismissing import Dismissed
from ml_connector.service.explaining import find_record
from ml_connector.service.finding import Filter
from ml_connector.service.posted import STOPPED
from ml_connector.service.records import Page, Record
from ml_connector.service.records import records as find_records
from ml_connector.service.releasing import Releasable, Released
from ml_connector.service.replaying import Replayable, Replayed
from ml_connector.service.tallies import acts_of, counted
from ml_connector.sync.states import State

_Flag = Annotated[bool, Parameter(negative=(), show_default=False)]


def mount(app: App) -> None:
    """Add these commands."""
    app.command(records, help_epilogue="Example: ml-connector records --state held --flow bills")
    app.command(explain, help_epilogue="Example: ml-connector explain INV-1042\n\nExample: ml-connector explain '#17'")
    app.command(replay, help_epilogue="Example: ml-connector replay --flow bills --state rejected")
    app.command(
        release,
        help_epilogue="Example: ml-connector release --reason period_closed --until 2026-07-31 --vendor Johnstone\n\n"
        "Example: ml-connector release '#17' period_closed",
    )
    app.command(link, help_epilogue="Example: ml-connector link '#17' 460000000123456")
    app.command(dismiss, help_epilogue="Example: ml-connector dismiss '#17' 'received twice by mistake'")


async def records(
    text: str = "", *, flow: str = "", state: str = "", reason: str = "", number: str = "", vendor: str = "",
    since: str = "", until: str = "", run: int = 0, limit: int = 50, after: int = 0, cli: Given,
) -> int:  # fmt: skip
    """List records. Ends with 1 when one of those listed waits for a person or was rejected.

    Parameters
    ----------
    text
        Part of a number or of a vendor's name, or an id of either system.
    flow
        Only this flow, such as bills.
    state
        Only this state, such as held, 'awaiting approval' or open, which is all that is on its way.
    reason
        Only what waits for this, such as account_unmapped.
    number
        Only this document number (case, blanks, dashes, zeros ignored).
    vendor
        Only documents of this vendor: part of its name, or its id in the source.
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
        flow=flow, state=state, reason=reason, number=number, text=text, party=vendor, run_id=run,
        since=day("since", since), until=day("until", until),
    )  # fmt: skip
    async with cli.desk() as desk:
        found = await find_records(desk, chosen, limit=limit, after=after)
        flows = {one.name for kind in desk.runtime.integrations.values() for one in kind.flows}
    if text in flows and not flow and not found.total:
        raise BadInput(
            f"No number and no name has {text!r} in it; the flow of that name is asked for with --flow {text}."
        )
    _refuse_unknown_reason(reason, found)
    cli.show(found, _records)
    return Exit.ATTENTION if any(_waits(one) for one in found.records) else Exit.GOOD


def _waits(one: Record) -> bool:
    """Whether a person has to look at it: it failed, or what it waits for does not come by itself."""
    if one.state in (State.REJECTED.word, STOPPED):
        return True
    return one.state == State.HELD.word and acts_of(one.reason) != Acts.NOBODY


def _refuse_unknown_reason(reason: str, found: Page) -> None:
    """A ledger's own codes are reasons too, so one that is not ours is wrong only where nothing bears it."""
    if not reason or reason in REASONS or found.total:
        return
    near = get_close_matches(reason.lower().replace(" ", "_").replace("-", "_"), REASONS, 1, 0.0)
    raise BadInput(
        f"There is no reason {reason!r} and no record waits for it; the nearest is {near[0]}. 'ml-connector records "
        "--state held --json' shows the reason of every record."
    )


def _records(console: Console, page: Page) -> None:
    wide = console.width >= 110
    columns = ("#", "flow", "number", "party", "date", "amount", "state", *(("why",) if wide else ()))
    made = render.table(*columns, right=("#", "amount"))
    for one in page.records:
        amount = render.money(one.amount, one.currency) if one.amount else "-"
        number = one.number or one.source_id
        why = (one.why or (f"is {one.target_name or one.target_id}" if one.target_id else ""),) if wide else ()
        cells = (f"#{one.record_id}", one.flow, number, one.party, one.date or "-", amount, render.state(one.state))
        render.add(made, *cells, *why)
    console.print(made)
    for word, tally in page.total.items():
        render.lines(console, f"{word}: {tally.count:,}" + (f", {render.sums(tally.sums)}" if tally.sums else ""))
    if page.after:
        render.lines(console, f"There are more: add --after {page.after}.")


# --- changing ----------------------------------------------------------------------------------------------------


async def replay(
    record: str = "", *, flow: str = "", state: str = "", reason: str = "", vendor: str = "", run: int = 0,
    since: str = "", until: str = "", dry_run: _Flag = False, yes: Yes = False, cli: Given,
) -> int:  # fmt: skip
    """Plan records again. What is posted is recognised and never posted twice.

    Of several it first says how many they are and their sum, and asks.

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
    vendor
        Records of this vendor: part of its name, or its id in the source.
    run
        What this run read.
    since
        Documents dated on or after this day.
    until
        Documents dated on or before this day.
    dry_run
        Only say how many they are and their sum.
    yes
        Do not ask.
    """
    async with cli.desk() as desk:
        ids = (await find_record(desk, record),) if record else ()
        chosen = Filter(
            flow=flow, state=state, reason=reason, party=vendor, run_id=run, record_ids=ids,
            since=day("since", since), until=day("until", until),
        )  # fmt: skip
        listed = await replaying.replayable(desk, chosen)
        if dry_run:
            cli.show({"total": listed.total, "states": listed.states}, lambda console, _: _would(console, listed))
            return Exit.GOOD
        if not record:
            confirm(cli, _told(listed), "Replay them?", yes=yes)
        found = await replaying.replay_listed(desk, listed)
    cli.show(found, _replayed)
    return Exit.GOOD


def _told(listed: Replayable) -> str:
    by_state = "; ".join(f"{word}: {amount_of(tally)}" for word, tally in listed.states.items())
    return f"{many(listed.total)} would be planned again ({by_state}); what is posted is not posted twice."


def _would(console: Console, listed: Replayable) -> None:
    render.lines(console, _told(listed), "Nothing was done.")


def _replayed(console: Console, found: Replayed) -> None:
    told = counted(found.count, "record is planned again", "records are planned again")
    runs = f"{'run' if len(found.runs) == 1 else 'runs'} {', '.join(map(str, found.runs))}"
    render.lines(console, f"{told} ({runs}):" if found.runs else f"{told}:")
    for word, tally in found.taken.items():
        render.lines(console, f"  that were {word}: {amount_of(tally)}")
    render.lines(console, "'ml-connector sync' works them off now; 'ml-connector up' by itself.")


async def release(
    record: str = "", code: str = "", *, reason: str = "", flow: str = "", vendor: str = "", run: int = 0,
    since: str = "", until: str = "", yes: Yes = False, cli: Given,
) -> int:  # fmt: skip
    """Let records go on that only a person can let go: one, or all that wait for a reason.

    Of several it first shows them with their sum, and asks. What was read anew since then is not released.

    Parameters
    ----------
    record
        One record: a document's number, its id in either system, or #record.
    code
        What to release of that record: already_exported, period_closed or preview_changed.
    reason
        Release all records that wait for this; the options below say which of them.
    flow
        Records of this flow.
    vendor
        Records of this vendor: part of its name, or its id in the source.
    run
        What this run read.
    since
        Documents dated on or after this day.
    until
        Documents dated on or before this day.
    yes
        Do not ask.
    """
    if record and (flow or vendor or run or since or until):
        raise BadInput("Give a record, or a reason with options that say which records; not both.")
    async with cli.desk() as desk:
        if record:
            found = await releasing.release(desk, record, code or reason)
        else:
            chosen = Filter(
                flow=flow, reason=reason, party=vendor, run_id=run, since=day("since", since),
                until=day("until", until),
            )  # fmt: skip
            found = await _release_list(cli, desk, chosen, yes)
    cli.show(found, _released)
    return Exit.ATTENTION if found.changed else Exit.GOOD


async def _release_list(cli: Cli, desk: Desk, chosen: Filter, yes: bool) -> Released:
    listed = await releasing.releasable(desk, chosen)
    if not cli.json and not yes:
        _listed(cli.err, listed)
    told = f"{many(listed.total)} would go on past {listed.code} ({listed.title.lower()})."
    confirm(cli, told, "Release them?", yes=yes)
    return await releasing.release_listed(desk, listed)


_SHOWN = 100


def _listed(console: Console, listed: Releasable) -> None:
    made = render.table("#", "flow", "number", "party", "date", "amount", right=("#", "amount"))
    for one in listed.records[:_SHOWN]:
        amount = render.money(one.amount, one.currency) if one.amount else "-"
        render.add(made, f"#{one.record_id}", one.flow, one.number or "-", one.party, one.date or "-", amount)
    console.print(made)
    if len(listed.records) > _SHOWN:
        more = len(listed.records) - _SHOWN
        render.lines(console, f"... and {more:,} more ('ml-connector records --reason {listed.code}' shows all).")


def _released(console: Console, found: Released) -> None:
    numbers = ", ".join(f"#{one}" for one in found.record_ids[:5]) + (", ..." if len(found.record_ids) > 5 else "")
    goes = "goes" if found.total.count == 1 else "go"
    render.lines(console, f"{many(found.total)} {goes} on past {found.code}" + (f": {numbers}." if numbers else "."))
    for code, count in found.still_waiting.items():
        render.lines(console, f"{count:,} of them also waited for {code}.")
    if found.changed:
        shown = ", ".join(f"#{one}" for one in found.changed)
        render.lines(console, f"Not released, since it changed meanwhile: {shown}. Look at it again.", style="yellow")


async def link(record: str, target: str, *, cli: Given) -> int:
    """Say that a record is a document that the target has already.

    Of a vendor whose counterpart is gone an approver says which contact is left, once anything is posted on it; with the
    setting four_eyes two people do, one after the other. Ends with 1 while the second one is waited for.

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
    return Exit.ATTENTION if found.asked else Exit.GOOD


def _linked(console: Console, found: LinkedByHand) -> None:
    if found.asked:
        render.lines(
            console,
            f"Documents of record #{found.record_id} are posted already, so {found.target_id} would be another payee: "
            "nothing is linked until somebody else, an approver, types the same command (setting four_eyes).",
            style="yellow",
        )
        return
    render.lines(
        console, f"Record #{found.record_id} is {found.target_entity} {found.target_id}; nothing was written there."
    )


async def dismiss(record: str, why: str, *, cli: Given) -> int:
    """Say that nothing is to be done about a held or rejected record. A replay takes it up again.

    Parameters
    ----------
    record
        A document's number, its id in either system, or #record.
    why
        The reason; it stays in the audit trail.
    """
    async with cli.desk() as desk:
        found = await dismissing.dismiss(desk, record, why)
    cli.show(found, _dismissed)
    return Exit.GOOD


def _dismissed(console: Console, found: Dismissed) -> None:
    render.lines(console, f"Record #{found.record_id} was {found.was} and is passed over now: {found.why}")
