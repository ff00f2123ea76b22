"""The README's table of cases says what the demonstration's company says itself: which bills, how many, ending how."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ml_connector_sandbox import company
from ml_connector_sandbox.company import Company
from ml_connector_sandbox.kernel.clock import SandboxClock

README = Path(__file__).parents[2] / "README.md"
#: The company's cases behind each row, by how the row begins.
ROWS = {
    "ordinary bills": ("ordinary",),
    "one order in three shipments": ("partial_receipts", "freight", "tax_in_a_mapped_zone"),
    "lines of zero": ("zero_and_negative_lines", "ten_decimals"),
    "items and expenses": ("items_and_expenses", "expense_only"),
    "more returned than bought": ("net_negative",),
    "bought and returned": ("zero",),
    "the vendor is on both sides": ("vendor_on_both_sides",),
    "names in many scripts": ("unicode_names", "unicode_descriptions", "html_descriptions", "long_descriptions"),
    "without a vendor invoice number": ("without_vendor_number",),
    "the same number of two": ("same_number_of_two_vendors",),
    "an invoice received twice": ("same_number_same_total",),
    "two receipts under one": ("same_number_other_total",),
    "keyed by hand": ("keyed_by_hand",),
    "Johnstone Supply": ("near_equal_vendor_names",),
    "the vendor is inactive": ("vendor_inactive_in_the_ledger",),
    "a GL account without": ("unmapped_account", "inactive_account"),
    "tax in a zone without": ("tax_in_an_unmapped_zone",),
    "the stated total": ("does_not_tie",),
    "dated in a locked period": ("locked_period",),
    "exported before": ("exported_before", "discrepancy", "do_not_pay"),
    "reconciled and posted": ("posted_in_servicetitan",),
    "cancelled": ("cancelled", "before_the_start", "long_before_the_start"),
}
WORDS = {"posted": "posted", "held": "held", "skipped": "skipped", "unread": "never read"}


@pytest.fixture(scope="module")
def demo() -> Company:
    return company.demo(SandboxClock.starting(datetime(2026, 11, 16, 14, tzinfo=UTC), 60))


def table() -> list[tuple[str, list[int], str]]:
    """Case, numbers of bills, and ending of every row."""
    part = README.read_text().split("| case | bills |")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in part.splitlines()[2:]]
    return [(case, [int(one) for one in bills.split("+")], ending) for case, bills, ending in rows]


def cases_of(row: str) -> tuple[str, ...]:
    return next(cases for begin, cases in ROWS.items() if row.startswith(begin))


def test_every_row_and_every_bill_is_there(demo: Company) -> None:
    rows = table()
    assert [sum(row.startswith(begin) for row, _, _ in rows) for begin in ROWS] == [1] * len(ROWS) == [1] * len(rows)
    assert sorted(case for cases in ROWS.values() for case in cases) == sorted({one.case for one in demo.truth})
    assert sum(sum(numbers) for _, numbers, _ in rows) == len(demo.truth)
    assert f"its {len(demo.truth)} bills" in README.read_text()


@pytest.mark.parametrize(
    ("row", "numbers", "ending"), table(), ids=lambda one: one[:30] if isinstance(one, str) else ""
)
def test_a_row_says_how_its_bills_end(demo: Company, row: str, numbers: list[int], ending: str) -> None:
    ends = Counter((case, one.ends) for case in cases_of(row) for one in demo.truth if one.case == case)
    assert numbers in (list(ends.values()), [ends.total()])
    told = {word for word, shown in WORDS.items() if re.search(rf"\b{shown}\b", ending)}
    assert told == {one for _, one in ends}
