"""Tracked inventory bills against the ledger's payable bills: received not billed, billed not received, and the like."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from ml_connector.canonical.money import ZERO
from ml_connector.canonical.numbers import name_key
from ml_connector.errors import NotFound
from ml_connector.integrations.tracked import LineDifference, Track
from ml_connector.sealing import Sealer
from ml_connector.service.billed import Billed, TrackingFlow, billed_not_received, tracking_flows
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.roles import READERS
from ml_connector.service.tallies import Tally, in_currency, title_of
from ml_connector.sync.tracked import opened

#: The lists in their order, each of findings; what a person has to decide is in no other.
LISTS = {
    "received_not_billed": ("received_not_billed",),
    "billed_not_received": ("billed_not_received",),
    "price_differences": ("price_difference",),
    "currencies_differ": ("currencies_differ",),
    "to_decide": ("match_suggested", "several_candidates"),
    "matched": ("matched",),
}
AGES = ((30, "0-30 days"), (60, "31-60 days"), (90, "61-90 days"))
_OLDER = "over 90 days"


@dataclass(frozen=True, slots=True)
class TrackedBill:
    """An inventory bill and the ledger's payable bill, or one of the two. Amounts contain tax and freight.

    ``record_id`` is 0 for a bill that only the ledger has. All but ``billed`` is in ``currency``; ``difference`` is billed
    less received, None in two currencies.
    ``ordered`` is of the whole order. ``age`` is in days: since it was received, or billed where it was not received.
    ``awaiting``: the bill there is a draft. ``since`` is when this was found.
    """

    finding: str
    record_id: int
    number: str
    vendor: str
    currency: str
    order: str
    ordered_on: dt.date | None
    sent_on: dt.date | None
    received_on: dt.date | None
    billed_on: dt.date | None
    ordered: Decimal | None
    received: Decimal | None
    billed: Decimal | None
    billed_currency: str
    difference: Decimal | None
    number_there: str
    target_id: str
    awaiting: bool
    evidence: str
    sentence: str
    action: str
    age: int | None
    order_there: str = ""
    lines: tuple[LineDifference, ...] = ()
    since: dt.datetime | None = None

    @property
    def sums(self) -> dict[str, Decimal]:
        """What it stands for in sums: the difference where prices differ, both amounts where currencies do, else what was

        received, or billed where nothing was.
        """
        if self.finding == "price_difference":
            return {self.currency: self.difference or ZERO}
        if self.finding == "currencies_differ":
            return {self.currency: self.received or ZERO, self.billed_currency: self.billed or ZERO}
        return {self.currency: (self.billed if self.received is None else self.received) or ZERO}

    def add_to(self, tally: Tally) -> None:
        """Count it once, in each of its currencies."""
        for place, (currency, amount) in enumerate(self.sums.items()):
            tally.add(0 if place else 1, currency, amount)


@dataclass(frozen=True, slots=True)
class TrackingList:
    """All of one kind. ``ages`` are tallies by how old they are."""

    name: str
    title: str
    total: Tally
    ages: dict[str, Tally]
    bills: tuple[TrackedBill, ...]


@dataclass(frozen=True, slots=True)
class TrackingReport:
    """Everything tracked as of day ``on`` in the company's zone. ``awaiting``: of what is matched, the drafts there.

    ``flows`` are the integrations whose inventory bills are tracked; none when the flow is off everywhere.
    """

    on: dt.date
    flows: tuple[str, ...]
    lists: tuple[TrackingList, ...]
    awaiting: Tally = field(default_factory=Tally)

    @property
    def open(self) -> bool:
        """Whether a person has something to look at."""
        return any(one.total.count for one in self.lists if one.name != "matched")


async def tracking(desk: Desk, *, vendor: str = "", kind: str = "") -> TrackingReport:
    """What was received, billed, both or at another price; of vendors with ``vendor`` in their name, and of one list.

    Raises NotFound for a list that there is not.
    """
    desk.require(*READERS)
    if kind and kind not in LISTS:
        raise NotFound(f"There is no list {kind!r}; there are {', '.join(LISTS)}.")
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        today = await _today(desk, reading)
        flows = await tracking_flows(desk, reading)
        found = [one for flow in flows for one in await _of_flow(reading, sealer, flow, today)]
    wanted = name_key(vendor)
    chosen = [one for one in found if wanted in name_key(one.vendor)]
    lists = tuple(_list(name, chosen) for name in LISTS if kind in ("", name))
    waiting = Tally()
    for one in chosen:
        if one.finding == "matched" and one.awaiting:
            one.add_to(waiting)
    return TrackingReport(today, tuple(flow.title for flow in flows), lists, waiting)


async def _today(desk: Desk, reading: Reading) -> dt.date:
    row = await reading.one("select zone from tenant where tenant_id = %s", desk.tenant_id)
    assert row is not None
    return desk.clock.now().astimezone(ZoneInfo(row[0])).date()


_TRACKED = """
    select t.record_id, t.detail, t.since from tracking t
    where t.tenant_id = %s and t.flow_id = %s order by t.record_id"""


async def _of_flow(reading: Reading, sealer: Sealer, flow: TrackingFlow, today: dt.date) -> list[TrackedBill]:
    rows = await reading.all(_TRACKED, reading.tenant_id, flow.flow_id)
    tracks = [(record_id, opened(sealer.open(b"tracking", detail)), since) for record_id, detail, since in rows]
    billed = await billed_not_received(reading, sealer, flow, [track for _, track, _ in tracks])
    return [
        *(tracked_bill(record_id, track, since, today) for record_id, track, since in tracks),
        *(_billed(one, today) for one in billed),
    ]


def tracked_bill(record_id: int, track: Track, since: dt.datetime | None, today: dt.date) -> TrackedBill:
    """A stored finding as people see it."""
    currency, theirs, order = track.currency, track.billed_currency, track.order_there
    received, billed = in_currency(track.received, currency), _amount(track.billed, theirs)
    return TrackedBill(
        finding=track.finding, record_id=record_id, number=track.number, vendor=track.vendor.name or track.vendor.id,
        currency=currency, order=track.order.number or track.order.id, ordered_on=track.ordered_on,
        sent_on=track.sent_on, received_on=track.received_on, billed_on=track.billed_on,
        ordered=_amount(track.ordered, currency), received=received, billed=billed, billed_currency=theirs,
        difference=billed - received if billed is not None and theirs == currency else None,
        number_there=track.number_there, target_id=track.target_id, awaiting=track.awaiting, evidence=track.evidence,
        sentence=track.sentence, action=track.action, age=_age(track.received_on, today),
        order_there=" ".join(part for part in (order.number, order.name) if part),
        lines=tuple(_line(one, currency) for one in track.lines), since=since,
    )  # fmt: skip


def _amount(amount: Decimal | None, currency: str) -> Decimal | None:
    return None if amount is None else in_currency(amount, currency)


def _line(one: LineDifference, currency: str) -> LineDifference:
    amounts = {"received": in_currency(one.received, currency), "billed": in_currency(one.billed, currency)}
    return msgspec.structs.replace(one, **amounts)


def _billed(one: Billed, today: dt.date) -> TrackedBill:
    bill = one.bill
    return TrackedBill(
        finding="billed_not_received", record_id=0, number="", vendor=bill.vendor.name or bill.vendor.id,
        currency=one.currency, order=one.order, ordered_on=None, sent_on=None, received_on=None, billed_on=bill.date,
        ordered=None, received=None, billed=in_currency(bill.total, one.currency), billed_currency=one.currency,
        difference=None, number_there=bill.number, target_id=bill.id, awaiting=one.awaiting, evidence=one.evidence,
        sentence=one.sentence, action=one.action, age=_age(bill.date, today),
    )  # fmt: skip


def _age(day: dt.date | None, today: dt.date) -> int | None:
    return None if day is None else (today - day).days


def _list(name: str, found: Iterable[TrackedBill]) -> TrackingList:
    """The oldest first."""
    mine = sorted((one for one in found if one.finding in LISTS[name]), key=lambda one: -(one.age or 0))
    total, ages = Tally(), dict[str, Tally]()
    for one in mine:
        one.add_to(total)
        one.add_to(ages.setdefault(_age_told(one.age), Tally()))
    return TrackingList(
        name, title_of(LISTS[name][0]) if name != "to_decide" else "To be decided", total, ages, tuple(mine)
    )


def _age_told(age: int | None) -> str:
    if age is None:
        return "no date"
    return next((words for most, words in AGES if age <= most), _OLDER)


# --- one record, and files ---------------------------------------------------------------------------------------


async def tracking_of(desk: Desk, reading: Reading, sealer: Sealer, record_id: int) -> TrackedBill | None:
    """What a record was found to be, in an open transaction; None where it is no tracked bill."""
    row = await reading.one(
        "select detail, since, finding from tracking where tenant_id = %s and record_id = %s",
        reading.tenant_id, record_id,
    )  # fmt: skip
    if row is None or not any(row[2] in findings for findings in LISTS.values()):
        return None
    return tracked_bill(record_id, opened(sealer.open(b"tracking", row[0])), row[1], await _today(desk, reading))


_LEFT_OUT = ("lines", "since", "action")


def as_csv(report: TrackingReport) -> str:
    """Every bill of a report as a row, amounts and dates as text."""
    names = [one.name for one in fields(TrackedBill) if one.name not in _LEFT_OUT]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    for one in (bill for kind in report.lists for bill in kind.bills):
        writer.writerow(_cells(one, names))
    return out.getvalue()


def _cells(one: TrackedBill, names: Sequence[str]) -> list[str]:
    values = (getattr(one, name) for name in names)
    return ["" if value is None else str(value) for value in values]
