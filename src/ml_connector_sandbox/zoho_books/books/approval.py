"""Approving purchases: a draft is submitted, somebody approves or rejects it, and only then it is in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books import periods
from ml_connector_sandbox.zoho_books.books.documents import Bill
from ml_connector_sandbox.zoho_books.errors import Refused

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records

# From which states a bill comes into each of these.
_FROM = {
    "pending_approval": ("draft", "rejected"),
    "approved": ("pending_approval",),
    "rejected": ("pending_approval",),
}


def move(books: Records, bill: Bill, to: str, by: str = "") -> None:
    """Submit (``pending_approval``), ``approved`` or ``rejected``. An approved bill is open and posted. Raises Refused."""
    if bill.state not in _FROM[to]:
        message = f"A bill that is {bill.state} cannot become {to}."
        raise Refused(400, books.switches.wrong_status_code, message)
    periods.require_open(books, "purchase", bill.date)
    bill.state = "open" if to == "approved" else to
    books.touch(bill, by)
