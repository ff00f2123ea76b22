from __future__ import annotations

import io
from decimal import Decimal

import pytest
from rich.console import Console

from ml_connector.cli.flows import show_status
from ml_connector.service.status import FlowStatus, IntegrationStatus, Status
from ml_connector.service.tallies import Cause, Tally


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
