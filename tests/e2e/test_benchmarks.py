"""The measurements run and count right, on a handful of documents; what they find is not judged here."""

from __future__ import annotations

import pytest

from benchmarks import bills, invoices

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


async def test_bills_without_limits() -> None:
    found = await bills.cost(12)
    assert found["posted"] == 12 and found["calls"]["zoho_books"] > 1


async def test_invoices_without_limits() -> None:
    found = await invoices.cost(12)
    assert found["posted"]["invoices"] == found["posted"]["payments"] == 12


async def test_a_backfill_under_limits() -> None:
    found = await invoices.backfill(60, 20.0)
    assert found["posted"]["invoices"] == found["posted"]["payments"] == 60
    assert found["writes"]["Invoices"] == round(60 * found["writes_per_invoice"]) >= 2
    assert found["http_429"] == {"servicetitan": 0, "xero": 0}
