"""``tracking``: inventory bills against the ledger's payable bills."""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console

from ml_connector.cli import render
from ml_connector.cli.context import Exit, Given
from ml_connector.service import tracking as service
from ml_connector.service.tallies import Tally, counted
from ml_connector.service.tracking import TrackedBill, TrackingList, TrackingReport

_TOLD_IN_FULL = ("to_decide", "currencies_differ")
_Flag = Annotated[bool, Parameter(negative=(), show_default=False)]


def mount(app: App) -> None:
    """Add this command."""
    app.command(
        tracking,
        help_epilogue="Example: ml-connector tracking --vendor johnstone\n\n"
        "Example: ml-connector tracking --only received_not_billed --csv > accrual.csv",
    )


async def tracking(*, vendor: str = "", only: str = "", matched: _Flag = False, csv: _Flag = False, cli: Given) -> int:
    """Show what was received and not billed, billed and not received, and billed at another price.

    Nothing of it is ever posted. Ends with 1 when there is something to look at.

    Parameters
    ----------
    vendor
        Only vendors with this in their name.
    only
        One list: received_not_billed, billed_not_received, price_differences, currencies_differ, to_decide or matched.
    matched
        List also what is matched, which is else only counted.
    csv
        Write a row for every bill, the matched among them, as CSV.
    """
    async with cli.desk() as desk:
        found = await service.tracking(desk, vendor=vendor, kind=only)
    if cli.json or not csv:
        cli.show(found, lambda console, report: show(console, report, everything=matched or only == "matched"))
    else:
        sys.stdout.write(service.as_csv(found))
    return Exit.ATTENTION if found.open else Exit.GOOD


def show(console: Console, found: TrackingReport, *, everything: bool) -> None:
    """Each list with its sums and ages; what is matched only as a sum, unless ``everything`` is asked for."""
    if not found.flows:
        render.lines(
            console,
            "Nothing is tracked: the flow inventory_bills is off, or nothing that has one is integrated ('ml-connector live "
            "inventory_bills' turns on that of ServiceTitan with Xero).",
        )
        return
    for one in found.lists:
        if one.name == "currencies_differ" and not one.total.count:  # no company of one currency misses it
            continue
        render.lines(console, f"{one.title}: {_worth(one.total)}", style="bold")
        if one.name == "matched" and found.awaiting.count:
            told = counted(found.awaiting.count, "is a draft there", "are drafts there")
            render.lines(console, f"  of these, {told} ({render.sums(found.awaiting.sums)})")
        if one.total.count and (everything or one.name != "matched"):
            _ages(console, one)
            _bills(console, one)
    render.lines(console, f"As of {found.on}. 'ml-connector explain RECORD' tells one of them in full.")


def _worth(tally: Tally) -> str:
    return f"{tally.count:,}" + (f", {render.sums(tally.sums)}" if tally.sums else "")


def _ages(console: Console, one: TrackingList) -> None:
    render.lines(console, "  " + "; ".join(f"{words}: {_worth(tally)}" for words, tally in one.ages.items()))


def _bills(console: Console, listed: TrackingList) -> None:
    made = render.table(
        "#", "number", "vendor", "order", "received", "billed", "apart", "there", "days",
        right=("#", "received", "billed", "apart", "days"),
    )  # fmt: skip
    for one in listed.bills:
        record = f"#{one.record_id}" if one.record_id else "-"
        days = "-" if one.age is None else str(one.age)
        amounts = (_amount(one.received, one.currency), _amount(one.billed, one.billed_currency))
        draft = " (draft)" if one.awaiting else ""
        render.add(made, record, one.number or "-", one.vendor, one.order or "-", *amounts, _apart(one),
                   f"{one.number_there or '-'}{draft}", days)  # fmt: skip
    console.print(made)
    for one in listed.bills if listed.name in _TOLD_IN_FULL else ():
        render.lines(console, f"  #{one.record_id} {one.sentence}", style="yellow")
        render.lines(console, f"    {one.action}")


def _amount(amount: Decimal | None, currency: str) -> str:
    return "-" if amount is None else render.money(amount, currency)


def _apart(one: TrackedBill) -> str:
    return f"{one.difference:+,}" if one.difference else "-"


def show_one(console: Console, one: TrackedBill | None) -> None:
    """What was found of one record: the sentence, the way out, the dates, the amounts, and lines that differ."""
    if one is None:
        return
    render.lines(console, f"  {one.sentence}", style="" if one.finding == "matched" else "yellow")
    if one.finding != "matched":
        render.lines(console, f"    {one.action}")
    days = (
        ("ordered", one.ordered_on),
        ("sent", one.sent_on),
        ("received", one.received_on),
        ("billed", one.billed_on),
    )
    told = ", ".join(f"{word} {day or '-'}" for word, day in days)
    order = f"Order {one.order}" + (f" ({one.order_there} in the ledger)" if one.order_there else "")
    render.lines(console, f"  {order if one.order else 'No order'}: {told}.")
    ordered, received = (_amount(amount, one.currency) for amount in (one.ordered, one.received))
    billed = _amount(one.billed, one.billed_currency)
    render.lines(console, f"  ordered {ordered}, received {received}, billed {billed}.")
    for line in one.lines:
        render.lines(console, f"    {line.what}: {line.received:,} received, {line.billed:,} billed")
