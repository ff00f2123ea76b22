"""What the target shows, laid against what a step was to make of it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.connectors.writing import Action, Step
from ml_connector.sync.content import differences

DAY = dt.date(2026, 10, 14)


@pytest.mark.parametrize(
    ("number", "total", "told"),
    [
        ("INV 77", "100.00", []),
        (" INV  77 ", "-100.00", []),
        ("INV77", "100.00", ["number INV77 instead of INV  77"]),
        ("INV 77", "100.01", ["total 100.01 instead of 100.00"]),
    ],
)
def test_blanks_that_a_target_closes_up_and_its_own_signs_are_no_difference(
    number: str, total: str, told: list[str]
) -> None:
    step = Step("bills", Action.CREATE, "ref-1", b"", "", "v1", "INV  77", DAY, Decimal("100.00"), "USD")
    there = Bill("b1", Ref("v1"), Decimal(total), number=number, date=DAY, currency="USD")
    assert differences(step, there) == told
