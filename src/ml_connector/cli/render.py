"""Results for people: tables that fit 80 columns, amounts as bookkeepers write them, reasons in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from textwrap import fill

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.service.backfills import BackfillForecast, sentences
from ml_connector.service.forecasting import Forecast
from ml_connector.service.posted import AWAITING
from ml_connector.service.settings import Setting
from ml_connector.service.status import FlowStatus
from ml_connector.service.still import Still
from ml_connector.service.tallies import Cause, Tally, counted, merged
from ml_connector.sync.announced import DAYS, OFTEN, Loss

#: States in the order they are shown; the first word of each is the column.
SHOWN_STATES = (
    "posted", "awaiting approval", "stopped there", "earlier", "unchanged", "linked", "tracked", "skipped", "held",
    "rejected",
)  # fmt: skip
_IN_FLIGHT = ("staged", "planned", "sending", "uncertain")
_COLOURS = {"held": "yellow", "rejected": "red", "posted": "green", "linked": "green", "uncertain": "magenta"}


def table(*columns: str, right: Iterable[str] = (), title: str = "") -> Table:
    """An empty table. Columns named in ``right`` hold numbers."""
    made = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold", pad_edge=False)
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", no_wrap=name in right, overflow="fold")
    return made


def keep_whole(made: Table, *names: str) -> None:
    """Never break the words of these columns."""
    for column in made.columns:
        if column.header in names:
            column.no_wrap = True
    made.padding = (0, 1, 0, 0)


_ANY_WIDTH = 10_000  # columns: what a table would take if it had them


def fitting(console: Console, made: Callable[[str], Table]) -> Table:
    """A table with what stands between the sums of a cell: one below the other where it is too wide, so that none is cut."""
    table = made(", ")
    needed = console.measure(table, options=console.options.update(max_width=_ANY_WIDTH)).maximum
    return table if needed <= console.width else made("\n")


def to_look_at(console: Console, doubles: Mapping[str, int], vendors: Mapping[str, int]) -> None:
    """By connection: what stands there twice, and the vendors made from here that lack something there."""
    for name, count in doubles.items():
        lines(console, f"{count:,} standing twice in {name}: 'ml-connector doubles' shows them.", style="red")
    for name, count in vendors.items():
        told = counted(count, "vendor that was made from here lacks", "vendors that were made from here lack")
        lines(console, f"{told} something in {name}: 'ml-connector vendors --incomplete' names it.")


def findings(console: Console, found: Iterable[Finding]) -> None:
    """What a check has found, a line each."""
    for one in found:
        style = "red" if one.verdict is Verdict.MISSING else "yellow"
        lines(console, f"{one.subject}: {one.sentence} {one.action}", style=style)


def losses(console: Console, found: Iterable[Loss]) -> None:
    """How many changes came unannounced, and what follows from it."""
    for one in found:
        changes = one.announced + one.unannounced
        told = f"{one.connection}, {one.entity}: {one.unannounced:,} of {changes:,} changes of {DAYS} days came unannounced"
        often = f"; read at least every {OFTEN.total_seconds() / 60:.0f} minutes" if one.too_much else ""
        lines(console, f"{told} ({one.percent} %){often}.", style="yellow" if one.too_much else "")


def forecasts(console: Console, found: Iterable[Forecast]) -> None:
    """What is still to be written where, and about when it is over."""
    for one in found:
        each = ", ".join(f"{flow} {count:,}" for flow, count in one.left.items())
        when = f": {one.sentence}" if one.sentence else ""
        lines(console, f"{one.count:,} to go to {one.connection} ({each}){when}.", style="yellow" * one.paused)


def still(console: Console, found: Iterable[Still]) -> None:
    """What stands still, and why."""
    for one in found:
        lines(console, f"{one.sentence}. {one.why}", style="yellow")


def backfills(console: Console, found: Sequence[BackfillForecast]) -> None:
    """What is read from the beginning, and about when that is over."""
    for sentence in sentences(found):
        lines(console, sentence)


def awaiting(console: Console, flow: FlowStatus, target: str) -> None:
    """What a flow has sent, and somebody in the target has still to approve."""
    waiting = flow.states.get(AWAITING)
    if waiting is None:
        return
    told = f"{flow.flow}: {waiting.count:,} sent ({sums(waiting.sums)}) and not in the general ledger yet"
    since = f"the oldest since {instant(flow.awaiting_since)} UTC"
    lines(console, f"{told}: they wait for approval in {target}, {since}.", style="yellow")


def to_approve(console: Console, flow: FlowStatus) -> None:
    """What a live flow does not send before somebody here has approved it."""
    if flow.to_approve:
        waits = counted(flow.to_approve, "plan waits", "plans wait")
        lines(
            console,
            f"{flow.flow}: {waits} to be approved here before anything is sent: 'ml-connector approve --flow {flow.flow}' "
            "does it, and says which of them are your own and need somebody else (setting four_eyes).",
            style="yellow",
        )


def settings(found: Iterable[Setting]) -> Table:
    """Settings with their values, choices and consequences."""
    made = table("setting", "value", "what follows from it")
    for one in found:
        choices = f" ({', '.join(one.choices)})" if one.choices else ""
        add(made, one.name, one.value or "-", one.consequence + choices)
    return made


def plain_text(text: object, style: str = "") -> Text:
    """A cell or line that is never taken for markup."""
    return Text(str(text), style=style)


def add(made: Table, *cells: object) -> None:
    """Add a row of plain cells."""
    made.add_row(*[cell if isinstance(cell, Text) else plain_text(cell) for cell in cells])


def money(amount: Decimal, currency: str = "") -> str:
    """An amount with thousands and at least two decimals, in its currency."""
    exponent = amount.as_tuple().exponent
    text = f"{amount:,.2f}" if isinstance(exponent, int) and exponent > -2 else f"{amount:,}"
    return f"{text} {currency}".strip()


def sums(found: Mapping[str, Decimal], between: str = ", ") -> str:
    """Sums per currency."""
    return between.join(money(amount, currency) for currency, amount in sorted(found.items())) or "-"


def instant(at: datetime | None) -> str:
    """An instant, UTC, to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else "-"


def state(word: str) -> Text:
    """A state in its colour."""
    return plain_text(word, _COLOURS.get(word, ""))


def lines(console: Console, *texts: str, style: str = "") -> None:
    """Lines of plain text."""
    for text in texts:
        console.print(plain_text(text, style))


def entries(console: Console, found: Iterable[str]) -> None:
    """A list, the further lines of an entry deeper than its first."""
    for one in found:
        wrapped = fill(
            one, console.width, initial_indent="  - ", subsequent_indent="    ", break_long_words=False,
            break_on_hyphens=False,
        )  # fmt: skip
        console.print(plain_text(wrapped), soft_wrap=True)


def causes(console: Console, found: Sequence[Cause], heading: str) -> None:
    """Everything that waits: how many, how much, one example, and what to do."""
    if not found:
        return
    lines(console, heading, style="bold")
    for cause in found:
        worth = f", {sums(cause.sums)}" if cause.sums else ""
        lines(console, f"  {cause.title} ({cause.count:,}{worth})", style="yellow" if cause.person else "")
        console.print(Padding(plain_text(f"For example: {cause.example}"), (0, 0, 0, 4), expand=False))
        console.print(Padding(plain_text(cause.action), (0, 0, 0, 4), expand=False))


def tally_cells(states: Mapping[str, Tally]) -> list[str]:
    """Counts in the order of SHOWN_STATES, then everything in flight."""
    flying = sum(states[word].count for word in _IN_FLIGHT if word in states)
    return [*(f"{states[word].count:,}" if word in states else "0" for word in SHOWN_STATES), f"{flying:,}"]


def total(tallies: Iterable[Tally]) -> Tally:
    """Several tallies as one."""
    found = list(tallies)
    return Tally(sum(one.count for one in found), merged(one.sums for one in found))
