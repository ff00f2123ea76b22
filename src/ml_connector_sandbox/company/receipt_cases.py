"""The awkward receipts of a company that keeps no bills: received orders are the source."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from ml_connector_sandbox.company.catalogue import ACCOUNT_ZONE, SUPPLIERS, UNMAPPED_ACCOUNT
from ml_connector_sandbox.company.seed import Ending, Seed
from ml_connector_sandbox.company.truth import HELD, SKIPPED

VENDOR = SUPPLIERS[0]
NO_ZONE = "(no zone)"
"""The mapping key of tax on receipts: they name no zone."""


def parts_with_charges(seed: Seed) -> None:
    """Three shipments of one order, sharing its tax and freight."""
    items = (seed.line("FRN-80-96", 3), seed.line("REG-6x12", 10))
    tax, shipping = Decimal("210.44"), Decimal("96.30")
    order = seed.order(VENDOR, items, seed.dates.day(3), zone=ACCOUNT_ZONE, tax=tax, shipping=shipping)
    for place, quantities in enumerate(((1, 0), (1, 4), None)):
        seed.receive("parts_with_charges", order, seed.dates.day(5 + 3 * place), quantities=quantities)


def without_invoice_number(seed: Seed) -> None:
    """Nobody typed the vendor's number at receiving: the receipt's own number is taken, visibly."""
    seed.purchase("without_invoice_number", VENDOR, (seed.line("DSC-60A", 2),), seed.dates.day(6), number="")


def one_number_twice(seed: Seed) -> None:
    """Two receipts under one vendor invoice number."""
    order = seed.order(VENDOR, (seed.line("TL-GAUGE", 5),), seed.dates.day(4))
    number = seed.next_number()
    held = Ending(ends=HELD, reason="same_number_other_total", waits=("bill_numbers:{id}",))
    seed.receive("one_number_twice", order, seed.dates.day(7), number=number, quantities=(2,))
    seed.receive("one_number_twice", order, seed.dates.day(9), held, number=number)


def unmapped_account(seed: Seed) -> None:
    """A GL account without a counterpart."""
    number = UNMAPPED_ACCOUNT[0]
    held = Ending(ends=HELD, reason="account_unmapped", waits=(f"accounts:{number}",))
    items = (seed.line("BRD-CTRL", 1, accounts=seed.cost_of_sale(number)),)
    seed.purchase("unmapped_account", VENDOR, items, seed.dates.day(11), held)


def before_the_start(seed: Seed) -> None:
    """Received before the start date, typed after it."""
    skipped = Ending(ends=SKIPPED, reason="before_start")
    entered = seed.dates.start_date + timedelta(days=1)
    on = seed.dates.before_start(5)
    seed.purchase("before_the_start", VENDOR, (seed.line("DSC-60A", 1),), on, skipped, entered=entered)


CASES = (parts_with_charges, without_invoice_number, one_number_twice, unmapped_account, before_the_start)
