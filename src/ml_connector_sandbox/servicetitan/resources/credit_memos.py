"""credit-memos and their items: amounts as numbers and days without a time. Inactive ones only where asked for."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from operator import attrgetter, eq, ge, gt, le, lt, ne

from aiohttp import web

from ml_connector_sandbox.servicetitan.answers import invalid
from ml_connector_sandbox.servicetitan.books import CreditMemoItem, TenantBooks
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
from ml_connector_sandbox.servicetitan.payment_rows import credit_memo_item_row, credit_memo_row
from ml_connector_sandbox.servicetitan.shapes import Row

_RULES = ListRules()
_ITEM_RULES = ListRules(sorts=("Id", "CreatedOn"), filtered=False)  # neither ids nor a window of changes
_MEMOS_A_CALL = 50
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


async def _items(call: ApiCall) -> web.Response:
    """Items of many memos, each with the memo's id."""
    tests = among("memo_id", call.parameters.comma_ids("creditMemoIds", _MEMOS_A_CALL))
    return _listed(call, tests, "credit-memo-items", _row_of_many)


async def _own_items(call: ApiCall) -> web.Response:
    """Items of one memo."""
    number = call.path_id("id")
    if call.books.credit_memos.get(number) is None:
        raise invalid({"id": [f"Credit memo {number} was not found."]})
    return _listed(call, among("memo_id", [number]), "credit-memos/items", credit_memo_item_row)


def _listed(
    call: ApiCall, tests: list[Test], view: str, row: Callable[[TenantBooks, CreditMemoItem], Row]
) -> web.Response:
    asked, books = call.parameters, call.books
    units = among("business_unit_id", asked.comma_ids("businessUnitIds"))
    created = window(asked.stamp("createdOnOrAfter"), asked.stamp("createdBefore"), attrgetter("created_on"))
    page = read_page(call, books.credit_memo_items, _ITEM_RULES, [*tests, *units, *created])
    return envelope(call, page, books.credit_memo_items, view, lambda one: row(books, one))


def _row_of_many(books: TenantBooks, item: CreditMemoItem) -> Row:
    return {**credit_memo_item_row(books, item), "creditMemoId": item.memo_id}


_READ = "tn.acc.creditmemos:r"

OPERATIONS = (
    Operation("GET", "accounting", "credit-memos", _READ, _list),
    Operation("GET", "accounting", "credit-memos/credit-memo-items", _READ, _items),
    Operation("GET", "accounting", "credit-memos/{id}/items", _READ, _own_items),
)
