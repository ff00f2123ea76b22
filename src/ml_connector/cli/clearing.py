"""``clearing``: bank deposits against the clearing accounts that their payments are booked on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from cyclopts import App, Parameter
from rich.console import Console
from rich.padding import Padding

from ml_connector.cli import render
from ml_connector.cli.choosing import amount
from ml_connector.cli.context import Exit, Given
from ml_connector.service.clearing.report import balances_of
from ml_connector.service.clearing.report import clearing as report
from ml_connector.service.clearing.shapes import ClearedDeposit, ClearingAccount, ClearingReport
from ml_connector.service.tallies import counted

_Flag = Annotated[bool, Parameter(negative=(), show_default=False)]
_Balances = Annotated[tuple[str, ...], Parameter(name="--balance", negative=(), show_default=False)]


def mount(app: App) -> None:
    """Add this command."""
    app.command(
        clearing,
        help_epilogue="Example: ml-connector clearing servicetitan-xero\n\n"
        "Example: ml-connector clearing --balance 1090=1250.00",
    )


async def clearing(integration: str = "", *, all: _Flag = False, balance: _Balances = (), cli: Given) -> int:
    """Show what payments are booked on each clearing account, what was deposited of it, and what it should stand at.

    Bank deposits are read and never posted. Ends with 1 when there is something to look at.

    Parameters
    ----------
    integration
        The integration, by kind or number; not needed when only one reads bank deposits.
    all
        List every bank deposit, and not only those to be looked at.
    balance
        ACCOUNT=AMOUNT: what the ledger says an account stands at, by its number or name; the difference is explained.
    """
    given = balances_of(balance)
    async with cli.desk() as desk:
        found = await report(desk, integration, everything=all, balances=given)
    cli.show(found, show)
    return Exit.ATTENTION if found.open else Exit.GOOD


def show(console: Console, found: ClearingReport) -> None:
    """Each account in sentences, then the deposits."""
    if found.mode == "off":
        render.lines(console, "Bank deposits are not read: the flow deposits is off ('ml-connector live deposits').")
    if found.problem:
        render.lines(console, found.problem, style="yellow")
    if not found.accounts:
        render.lines(console, "No payment type is mapped to an account yet ('ml-connector map export payment_types').")
    for one in found.accounts:
        _account(console, one)
    if found.deposits:
        _deposits(console, found.deposits)
    left = found.read.count - len(found.deposits)
    if left:
        render.lines(console, f"{counted(left, 'bank deposit')} with nothing to look at; --all lists them.")
    render.lines(
        console, *filter(None, (found.balances, f"As of {found.on}. Nothing of it is posted by this product."))
    )


def _account(console: Console, one: ClearingAccount) -> None:
    types = f" ({', '.join(one.types)})" if one.types else ""
    render.lines(console, f"{one.label}{types}", style="bold")
    _inside(console, f"booked in the ledger {amount(one.booked)}")
    if one.gross.count:
        _inside(
            console, f"deposited {amount(one.gross)} gross; fees {render.sums(one.fees)}, net {render.sums(one.net)}"
        )
    off = bool(one.missing.count or one.difference)
    for text in one.sentences:
        _inside(console, text, style="yellow" if off else "")


def _inside(console: Console, text: str, indent: int = 2, style: str = "") -> None:
    console.print(Padding(render.plain_text(text, style), (0, 0, 0, indent)))


def _deposits(console: Console, found: Sequence[ClearedDeposit]) -> None:
    made = render.table(
        "#", "deposit", "date", "payments", "gross", "fees", "net", "not in the ledger",
        right=("#", "payments", "gross", "fees", "net", "not in the ledger"),
    )  # fmt: skip
    for one in found:
        open_ = "" if one.deposited else " (open)"
        amounts = (render.money(each, one.currency) for each in (one.gross, one.fees, one.net))
        missing = amount(one.missing) if one.missing.count else "-"
        render.add(
            made, f"#{one.record_id}", f"{one.number}{open_}", one.date or "-", len(one.payments), *amounts, missing
        )
    console.print(made)
    wrong = [one for one in found if not one.good]
    for one in wrong:
        render.lines(console, f"#{one.record_id} {one.number}:", style="bold")
        _troubles(console, one)
    _actions(console, wrong)


def _troubles(console: Console, one: ClearedDeposit) -> None:
    for text in (*(() if one.ties else (one.sentence,)), *one.differences):
        _inside(console, text, style="yellow")
    for payment in one.payments:
        if not payment.booked:
            record = f" (#{payment.record_id})" if payment.record_id else ""
            over = render.money(payment.amount, payment.currency)
            _inside(console, f"payment {payment.id}{record} over {over}: {payment.why}", style="yellow")


def _actions(console: Console, found: Sequence[ClearedDeposit]) -> None:
    """What to do about all of them, each once."""
    untied = [one.action for one in found if not one.ties]
    actions = dict.fromkeys([*untied, *(part.action for one in found for part in one.payments if not part.booked)])
    if told := [one for one in actions if one]:
        render.lines(console, "What to do:", style="bold")
        for text in told:
            _inside(console, f"- {text}")


def show_one(console: Console, one: ClearedDeposit | None) -> None:
    """A bank deposit among what is explained of its record: whether it adds up, and what became of each payment."""
    if one is None:
        return
    if one.ties:
        _inside(console, one.sentence)
    _troubles(console, one)
    booked = sum(payment.booked for payment in one.payments)
    _inside(console, f"{booked:,} of its {counted(len(one.payments), 'payment')} in the ledger.")
    _actions(console, [one])
