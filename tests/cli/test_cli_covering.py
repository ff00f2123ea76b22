"""``map coverage`` as it is read: shares, keys without a row, and what nothing is known of."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from io import StringIO

import pytest
from rich.console import Console

from ml_connector.cli.covering import _coverage
from ml_connector.service.mapping.coverage import Coverage, OpenKey, TableCoverage

DAY = dt.date(2026, 8, 5)
SUMS = {"USD": Decimal("100.00")}


def shown(*tables: TableCoverage, not_surveyed: tuple[str, ...] = ()) -> str:
    console = Console(file=StringIO(), width=400)
    begun = dt.datetime(2026, 8, 6, tzinfo=dt.UTC)
    zero = {"USD": Decimal(0)}
    _coverage(console, Coverage("A with B", DAY, begun, 0, 1, SUMS, 0, Decimal(0), zero, tables, not_surveyed))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def items(*, unread: bool) -> TableCoverage:
    key = OpenKey("CMP", "Compressor", 1, SUMS, DAY)
    return TableCoverage("items", 1, False, 1, 0, Decimal(0), {"USD": Decimal(0)}, (key,), unread)


def test_what_is_not_surveyed_is_said_with_what_to_do() -> None:
    text = shown(items(unread=False), not_surveyed=("payment_modes", "expense_accounts"))
    assert "Not surveyed, and not counted: payment_modes, expense_accounts." in text
    assert "map coverage --survey --back" in text
    assert "Not surveyed" not in shown(items(unread=False)), "an integration of one way alone says nothing of it"


@pytest.mark.parametrize("unread", [True, False])
def test_a_list_that_was_never_read_is_told_beside_the_keys(unread: bool) -> None:
    text = shown(items(unread=unread))
    assert "CMP" in text and ("The ledger's list has not been read yet" in text) is unread
