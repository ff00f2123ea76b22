"""What the rules stop: accounts, periods, statuses, dates."""

from __future__ import annotations

from datetime import timedelta

from ml_connector_sandbox.company import catalogue as names
from ml_connector_sandbox.company.seed import Ending, Seed
from ml_connector_sandbox.company.truth import HELD, SKIPPED, UNREAD
from ml_connector_sandbox.servicetitan.books import Bill

VENDOR = "Bluestem Refrigeration Wholesale"
REASON = "Month closed with the accountant"


def unmapped_account(seed: Seed) -> None:
    """A GL account without a counterpart, on several bills; filling it releases them all."""
    number = names.UNMAPPED_ACCOUNT[0]
    held = Ending(ends=HELD, reason="account_unmapped", waits=(f"accounts:{number}",))
    for place in range(5):
        clearing = seed.line("MTR-FAN-13", 1 + place, accounts=seed.cost_of_sale(number))
        items = (clearing, seed.line("CNT-2P-40", 2))
        vendor = names.SUPPLIERS[place]
        seed.purchase("unmapped_account", vendor, items, seed.dates.day(50 + place), held)


def inactive_account(seed: Seed) -> None:
    """The counterpart in the ledger is inactive."""
    number = names.INACTIVE_ACCOUNT[0]
    held = Ending(ends=HELD, reason="account_inactive")
    for place in range(2):
        items = (seed.line("BRD-CTRL", 1 + place, accounts=seed.cost_of_sale(number)),)
        seed.purchase("inactive_account", VENDOR, items, seed.dates.day(52 + place), held)


def locked_period(seed: Seed) -> None:
    """Dated after the start date, in a month the ledger has closed; a person decides."""
    held = Ending(ends=HELD, reason="period_closed")
    seed.organisation.lock_transactions(seed.dates.locked_through, "purchase", REASON)
    for days in (0, 9):  # on the lock date itself, and before it
        items = (seed.line("R410A-25", 25),)
        seed.purchase("locked_period", VENDOR, items, seed.dates.locked_through - timedelta(days=days), held)


def before_the_start(seed: Seed) -> None:
    """Dated before the start date, typed after it: read, and never posted."""
    skipped = Ending(ends=SKIPPED, reason="before_start")
    entered = seed.dates.start_date + timedelta(days=2)
    for days in (1, 3, 8, 15):
        on = seed.dates.before_start(days)
        seed.purchase("before_the_start", VENDOR, (seed.line("R454B-20", 20),), on, skipped, entered=entered)


def long_before_the_start(seed: Seed) -> None:
    """Dated and last changed before the start date: nobody asks for them."""
    for days in (27, 40):
        on = seed.dates.before_start(days)
        seed.purchase("long_before_the_start", VENDOR, (seed.line("R454B-20", 10),), on, Ending(ends=UNREAD))


def exported_before(seed: Seed) -> None:
    """Some ledger may have it."""
    held = Ending(ends=HELD, reason="already_exported")
    for place in range(2):
        bill = {"sync_status": "Exported"}
        items = (seed.line("FLT-16x25x4", 12 + place),)
        seed.purchase("exported_before", VENDOR, items, seed.dates.day(56 + place), held, bill=bill)


def cancelled(seed: Seed) -> None:
    """Cancelled in ServiceTitan: nothing to do."""
    on = seed.dates.day(58)
    skipped = Ending(ends=SKIPPED, reason="canceled")
    bill = {"status": "Canceled", "canceled_by": "office", "canceled_on": seed.dates.stamp(on, 7200)}
    seed.purchase("cancelled", VENDOR, (seed.line("DSC-60A", 3),), on, skipped, bill=bill)


def discrepancy(seed: Seed) -> None:
    """The vendor's paper says something else."""
    held = Ending(ends=HELD, reason="discrepancy")
    items = (seed.line("DSC-60A", 5),)
    seed.purchase("discrepancy", VENDOR, items, seed.dates.day(59), held, bill={"status": "Discrepancy"})


def do_not_pay(seed: Seed) -> None:
    """Marked by somebody, for a reason of their own."""
    held = Ending(ends=HELD, reason="do_not_pay")
    items = (seed.line("CRANE-HR", 6),)
    seed.purchase("do_not_pay", "Ironclad Crane Service", items, seed.dates.day(60), held, bill={"do_not_pay": True})


def posted_in_servicetitan(seed: Seed) -> None:
    """Further than the gate asks: reconciled, and posted in a batch."""
    bill = seed.purchase("posted_in_servicetitan", VENDOR, (seed.line("R410A-25", 50),), seed.dates.day(61))
    assert isinstance(bill, Bill)
    stamp = seed.dates.stamp(seed.dates.day(62), 60)
    seed.tenant.reconcile_bill(bill.id, stamp, reconciled_on=seed.dates.day(62))
    seed.tenant.post_bills([bill.id], "Week end", seed.dates.day(62), seed.dates.stamp(seed.dates.day(62), 90))


CASES = (
    unmapped_account,
    inactive_account,
    locked_period,
    before_the_start,
    long_before_the_start,
    exported_before,
    cancelled,
    discrepancy,
    do_not_pay,
    posted_in_servicetitan,
)
