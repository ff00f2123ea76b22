"""payments: one payment over many invoices. There is no read by id, and reads do not show the export id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aiohttp import web

from ml_connector_sandbox.servicetitan.books import Payment
from ml_connector_sandbox.servicetitan.books.invoices import SYNC_STATUSES
from ml_connector_sandbox.servicetitan.books.payments import JOURNAL_ENTRY, RECEIVE_PAYMENT
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.export import export_page
from ml_connector_sandbox.servicetitan.listing import (
    ListRules,
    Test,
    active_state,
    among,
    between,
    envelope,
    equal,
    in_batch,
    on_day,
    read_page,
)
from ml_connector_sandbox.servicetitan.payment_rows import payment_row
from ml_connector_sandbox.servicetitan.shapes import Row

_RULES = ListRules(active=False)


async def _list(call: ApiCall) -> web.Response:
    asked, books = call.parameters, call.books
    tests = [
        *active_state(call, "ActiveOnly"),
        *among("sync_status", asked.comma_enums("statuses", SYNC_STATUSES)),
        *among("business_unit_id", asked.comma_ids("businessUnitIds")),
        *among("deposit_id", asked.comma_ids("depositIds")),
        *equal("customer_id", asked.integer("customerId")),
        *between("total", asked.decimal("totalGreater"), asked.decimal("totalLess")),
        *_applied(asked.comma_ids("appliedToInvoiceIds")),
        *_applied_number(call),
        *_paid(call),
        *_transaction(call),
        *in_batch(call),
    ]
    page = read_page(call, books.payments, _RULES, tests, [books.invoices, books.payment_types])
    return envelope(call, page, books.payments, "payments", lambda one: _row(call, one))


def _applied(ids: Sequence[int]) -> list[Test]:
    return [lambda payment: any(one.invoice_id in ids for one in payment.splits)] if ids else []


def _applied_number(call: ApiCall) -> list[Test]:
    number = call.parameters.text("appliedToReferenceNumber")
    if number is None:
        return []
    ids = [one.id for one in call.books.invoices if one.reference_number == number]
    return [lambda payment: any(one.invoice_id in ids for one in payment.splits)]


def _paid(call: ApiCall) -> list[Test]:
    """``paidOnAfter`` leaves out the instant itself unless the switch takes it in; ``paidOnBefore`` always does."""
    after, before, read = call.parameters.stamp("paidOnAfter"), call.parameters.stamp("paidOnBefore"), on_day("paid_on")
    tests: list[Test] = []
    if after is not None:
        inclusive = call.switches.paid_on_after_is_inclusive
        tests.append(lambda one: (read(one) or "") > after or (inclusive and read(one) == after))
    if before is not None:
        tests.append(lambda one: (read(one) or "") < before)
    return tests


def _transaction(call: ApiCall) -> list[Test]:
    """Undefined is every kind."""
    kind = call.parameters.enum("transactionType", ("Undefined", JOURNAL_ENTRY, RECEIVE_PAYMENT))
    if kind in (None, "Undefined"):
        return []
    ids = {one.id for one in call.books.payment_types if one.transaction == kind}
    return [lambda payment: payment.type_id in ids]


async def _export(call: ApiCall) -> web.Response:
    """Every payment, deleted ones too."""

    def every(_: Any) -> bool:
        return True

    return export_page(call, call.books.payments, "export/payments", lambda one: _row(call, one), every)


def _row(call: ApiCall, payment: Payment) -> Row:
    return payment_row(call.books, call.switches, payment)


_READ = "tn.acc.payments:r"

OPERATIONS = (
    Operation("GET", "accounting", "payments", _READ, _list),
    Operation("GET", "accounting", "export/payments", _READ, _export),
)
