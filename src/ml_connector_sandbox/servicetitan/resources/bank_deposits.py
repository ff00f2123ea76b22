"""bank-deposits: header amounts as numbers, the payments within as texts."""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.servicetitan.answers import invalid
from ml_connector_sandbox.servicetitan.books.invoices import SYNC_STATUSES
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.exporting import mark_bank_deposits_exported
from ml_connector_sandbox.servicetitan.listing import (
    ListRules,
    between,
    envelope,
    equal,
    on_day,
    read_page,
    window,
)
from ml_connector_sandbox.servicetitan.payment_rows import deposit_row, transaction_row

_RULES = ListRules(active=False)
_TRANSACTION_RULES = ListRules(sorts=(), active=False, filtered=False)


async def _list(call: ApiCall) -> web.Response:
    asked, books = call.parameters, call.books
    status = asked.enum("depositStatus", ("Undefined", "Open", "Deposited"))
    tests = [
        *equal("review_status", asked.enum("reviewStatus", ("NeedsReview", "Reviewed"))),
        *equal("status", None if status == "Undefined" else status),
        *equal("sync_status", asked.enum("syncStatus", SYNC_STATUSES)),
        *between("gross", asked.decimal("grossAmountGreater"), asked.decimal("grossAmountLess")),
        *window(asked.stamp("depositDateOnOrAfter"), asked.stamp("depositDateBefore"), on_day("deposit_date")),
        *window(asked.stamp("reviewedOnOrAfter"), asked.stamp("reviewedBefore"), lambda one: one.reviewed_on),
    ]
    page = read_page(call, books.bank_deposits, _RULES, tests)
    return envelope(call, page, books.bank_deposits, "bank-deposits", lambda one: deposit_row(books, one))


async def _transactions(call: ApiCall) -> web.Response:
    number, books = call.path_id("id"), call.books
    if number not in books.bank_deposits:
        raise invalid({"id": [f"Bank deposit {number} was not found."]})
    page = read_page(call, books.payments, _TRANSACTION_RULES, equal("deposit_id", number))
    return envelope(call, page, books.payments, "transactions", lambda one: transaction_row(books, call.switches, one))


_READ, _WRITE = "tn.acc.bankdeposits:r", "tn.acc.bankdeposits:w"

OPERATIONS = (
    Operation("GET", "accounting", "bank-deposits", _READ, _list),
    Operation("GET", "accounting", "bank-deposits/{id}/transactions", _READ, _transactions),
    Operation("POST", "accounting", "bank-deposits/markasexported", _WRITE, mark_bank_deposits_exported),
)
