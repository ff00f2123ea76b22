from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from rich.console import Console

from ml_connector.cli import render
from ml_connector.cli.flows import _mode_set, show_preview, show_status
from ml_connector.cli.mapping import by_hand
from ml_connector.cli.standing import show_standing
from ml_connector.cli.tracking import show as show_tracking
from ml_connector.integrations.zoho_books_servicenow import INTEGRATION as STAGING
from ml_connector.service.flows import ModeSet
from ml_connector.service.previewing import FlowPreview, Preview
from ml_connector.service.standing import Stage, StandingReport, Stuck
from ml_connector.service.status import FlowStatus, IntegrationStatus, Status
from ml_connector.service.syncing import Progress, Quiet
from ml_connector.service.tallies import Cause, Tally
from ml_connector.service.tracking import LISTS, TrackingList, TrackingReport


def _status() -> Status:
    def flow(name: str, mode: str) -> FlowStatus:
        states = {word: Tally(12_345, {"USD": Decimal("1234567.89")}) for word in ("posted", "held", "skipped")}
        cause = Cause(
            "account_unmapped",
            "A GL account has no counterpart",
            12,
            {},
            "Account [5100] is used.",
            "Map it.",
            "bookkeeper",
        )
        return FlowStatus(name, name.title(), mode, None, 12_345, 0, 0, 0, states, {}, (cause,), None, ())

    flows = (flow("vendors", "as needed"), flow("bills", "live"), flow("bills_exported", "preview"))
    made = IntegrationStatus(1, "servicetitan-zoho_books", "ServiceTitan with Zoho Books", "A", "B", flows)
    return Status((), (made,), ())


@pytest.mark.parametrize("width", [80, 120])
def test_status_keeps_every_column(width: int) -> None:
    out = io.StringIO()
    show_status(Console(file=out, width=width), _status())
    shown = out.getvalue()
    assert max(len(line) for line in shown.splitlines()) <= width
    assert "bills_exported" in shown and "as needed" in shown
    rows = [line for line in shown.splitlines() if line.startswith((" bills ", "bills "))]
    assert rows[0].split().count("12,345") == 4  # read, posted, skipped, held
    assert "1,234,567.89 USD" in shown
    assert "Account [5100] is used." in shown  # never taken for markup


@pytest.mark.parametrize("width", [80, 140])
def test_sums_of_several_currencies_stand_below_each_other_where_they_would_be_cut(width: int) -> None:
    status = _status()
    several = {"CAD": Decimal("350302.14"), "EUR": Decimal("2450.00"), "USD": Decimal("1529854.21")}
    for flow in status.integrations[0].flows:
        flow.states.update(dict.fromkeys(("posted", "awaiting approval", "held"), Tally(400, several)))
    out = io.StringIO()
    show_status(Console(file=out, width=width), status)
    _, _, shown = out.getvalue().partition("sums of")
    assert shown.count("1,529,854.21 USD") == shown.count("350,302.14 CAD") == 12  # and of each flow what awaits
    assert max(len(line) for line in shown.splitlines()) <= width


def test_plans_of_a_live_flow_are_told_with_who_sends_them() -> None:
    status = _status()
    status.integrations[0].flows[1].states["planned"] = Tally(440, {})
    out = io.StringIO()
    show_status(Console(file=out, width=200), status)
    assert "bills: 440 plans wait to be approved here before anything is sent" in out.getvalue()
    assert "ml-connector approve --flow bills" in out.getvalue()


def test_a_preview_breaks_no_flow_mode_or_number_in_a_narrow_terminal() -> None:
    tally = Tally(12_345, {"USD": Decimal("1234567.89")})
    few = Tally(480, {})
    flows = tuple(
        FlowPreview(name, name.title(), mode, tally, few, few, few, {"start_date": few}, (), ())
        for name, mode in (("vendors", "as needed"), ("bills_exported", "preview"))
    )
    out = io.StringIO()
    quiet = Quiet(True, Progress(0, 0, 0, 0, 0, 0, 0, 0))
    show_preview(Console(file=out, width=80), Preview("1", quiet, flows))
    shown = out.getvalue()
    assert max(len(line) for line in shown.splitlines()) <= 80
    for words in ("bills_exported", "as needed", "1,234,567.89 USD"):
        assert words in shown
    assert shown.count("12,345") == 2 and shown.count(" 480 ") == 8


def test_a_rejected_record_is_called_rejected_everywhere() -> None:
    status = _status()
    status.integrations[0].flows[1].states["rejected"] = Tally(7, {"USD": Decimal("70.00")})
    out = io.StringIO()
    show_status(Console(file=out, width=80), status)
    shown = out.getvalue()
    assert shown.count("rejected") == 2 and "refused" not in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_a_preview_counts_what_is_tracked_apart_from_what_is_posted() -> None:
    none, tracked = Tally(), Tally(120, {"USD": Decimal("1234567.89")})
    flows = (
        FlowPreview(
            "invoices", "Invoices", "preview", Tally(480, {"USD": Decimal("1435636.19")}), none, none, none, {}, (), ()
        ),
        FlowPreview("inventory_bills", "Inventory bills", "preview", none, none, none, none, {}, (), (), True, tracked),
        FlowPreview("invoices_exported", "Exported", "off", none, none, none, none, {}, (), ()),
    )
    out = io.StringIO()
    quiet = Quiet(True, Progress(0, 0, 0, 0, 0, 0, 0, 0))
    show_preview(Console(file=out, width=80), Preview("1", quiet, flows))
    lines = out.getvalue().splitlines()
    assert max(len(line) for line in lines) <= 80
    heads = next(line for line in lines if line.lstrip().startswith("flow ")).split()
    row = next(line for line in lines if line.lstrip().startswith("inventory_bills ")).split()
    assert dict(zip(heads, row, strict=True))["tracked"] == "120"
    assert "Tracked in inventory_bills: 120, 1,234,567.89 USD; nothing of it is posted" in " ".join(
        " ".join(lines).split()
    )


def test_drafts_are_told_as_a_part_of_what_is_matched() -> None:
    lists = tuple(TrackingList(name, name.title(), Tally(12, {"USD": Decimal(900)}), {}, ()) for name in LISTS)
    out = io.StringIO()
    report = TrackingReport(date(2026, 8, 5), ("x",), lists, Tally(3, {"USD": Decimal("1200.00")}))
    show_tracking(Console(file=out, width=80), report, everything=False)
    lines = out.getvalue().splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("Matched: 12"))
    assert lines[at + 1] == "  of these, 3 are drafts there (1,200.00 USD)"


def test_a_flow_that_tracks_never_speaks_of_posting() -> None:
    out = io.StringIO()
    made = ModeSet("inventory_bills", "Inventory bills", "preview", "live", tracks=True)
    _mode_set(Console(file=out, width=120), made)
    told = " ".join(out.getvalue().split())
    assert "Nothing of it is ever posted: each document is tracked" in told
    assert "posts now" not in told and "without your having seen" not in told and "approved" not in told


def test_a_table_that_a_person_decides_says_why_nothing_is_taken_unseen() -> None:
    assert by_hand(STAGING.table("accounts")) == ""
    told = by_hand(STAGING.table("payment_methods"))
    assert told.startswith("A person decides every row of payment_methods") and "bank_transfer | cash_payment" in told


def test_what_does_not_go_on_there_is_told_kind_by_kind_with_who_does_what() -> None:
    at, money = datetime(2026, 11, 17, tzinfo=UTC), Decimal("10.00")
    shown = ("bills", "A-1", "Acme", money, "USD", "i1")
    rejected = Stuck(1, *shown, "rejected", "rejected", "rejected", "was rejected there", "Ask who rejected it.", at)
    paid = [
        Stuck(n, *shown, "submitted", "received", "paid here", "is paid", "Have it approved.", at) for n in range(2, 42)
    ]
    stage = Stage("bills", "submitted", 41, {"USD": money}, at)
    out = io.StringIO()
    show_standing(Console(file=out, width=100), StandingReport("k", "There", (stage,), (rejected, *paid)))
    told = out.getvalue()
    assert told.index("Ask who rejected it.") < told.index("is paid") < told.index("... and 10 more")
    assert told.count("is paid") == 30 and "41 documents do not go on there." in told


def test_the_further_lines_of_an_entry_stand_deeper_than_its_first() -> None:
    out = io.StringIO()
    render.entries(Console(file=out, width=40), ["bills from inventory bills and receipts: tn.acc.inventorybills:r"])
    assert out.getvalue().splitlines() == [
        "  - bills from inventory bills and",
        "    receipts: tn.acc.inventorybills:r",
    ]
