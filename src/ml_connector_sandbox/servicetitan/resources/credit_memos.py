"""credit-memos: amounts as numbers and days without a time. Inactive ones only where asked for."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from operator import eq, ge, gt, le, lt, ne

from aiohttp import web

from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.listing import (
    ListRules,
    Test,
    among,
    envelope,
    on_day,
    read_page,
    window,
)
from ml_connector_sandbox.servicetitan.payment_rows import credit_memo_row

_RULES = ListRules()
_COMPARERS: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "Equal": eq, "NotEqual": ne, "GreaterThan": gt, "GreaterThanOrEqual": ge, "LessThan": lt, "LessThanOrEqual": le,
}  # fmt: skip


async def _list(call: ApiCall) -> web.Response:
    asked, books = call.parameters, call.books
    tests = [
        *among("business_unit_id", asked.comma_ids("businessUnitIds")),
        *window(asked.stamp("dateOnOrAfter"), asked.stamp("dateBefore"), on_day("memo_date")),
        *_applied(call),
        *_compared(call, "total"),
        *_compared(call, "balance"),
        *_in_batch(call),
    ]
    page = read_page(call, books.credit_memos, _RULES, tests, [books.invoices])
    return envelope(call, page, books.credit_memos, "credit-memos", lambda one: credit_memo_row(books, one))


def _applied(call: ApiCall) -> list[Test]:
    ids, number = call.parameters.comma_ids("appliedToInvoiceIds"), call.parameters.text("appliedToReferenceNumber")
    if number is not None:
        ids = [*ids, *(one.id for one in call.books.invoices if one.reference_number == number)]
    first, last, read = (
        call.parameters.stamp("appliedOnOrAfter"),
        call.parameters.stamp("appliedBefore"),
        on_day("applied_on"),
    )
    tests = window(first, last, read)
    if not ids and number is None and not tests:
        return []
    return [
        lambda memo: any(
            (one.invoice_id in ids or not (ids or number)) and all(test(one) for test in tests) for one in memo.splits
        )
    ]


def _in_batch(call: ApiCall) -> list[Test]:
    """Here the number of a batch is a text, as it is shown; on the other lists it is an integer."""
    number, text = call.parameters.integer("batchId"), call.parameters.text("batchNumber")
    named = [] if text is None else [lambda memo: memo.batch is not None and memo.batch.number == text]
    return named if number is None else [*named, lambda memo: memo.batch is not None and memo.batch.id == number]


def _compared(call: ApiCall, name: str) -> list[Test]:
    amount = call.parameters.decimal(f"{name}Filter.Amount")
    comparer = call.parameters.enum(f"{name}Filter.Comparer", tuple(_COMPARERS)) or "Equal"
    if amount is None or comparer not in _COMPARERS:
        return []
    compare = _COMPARERS[comparer]
    return [lambda memo: compare(getattr(memo, name), amount)]


OPERATIONS = (Operation("GET", "accounting", "credit-memos", "tn.acc.creditmemos:r", _list),)
