"""What both bill lists can be asked for."""

from __future__ import annotations

from collections.abc import Callable

from ml_connector_sandbox.servicetitan.books import Bill, TenantBooks
from ml_connector_sandbox.servicetitan.calls import ApiCall
from ml_connector_sandbox.servicetitan.listing import ListRules, Test, among, in_batch

RULES = ListRules(sorts=(), active=False, ids_maximum=None)
SYNC_STATUSES = ("Pending", "Posted", "Exported", "PostedAndExported")


def live(bill: Bill) -> bool:
    """Deleted bills are in no list."""
    return bill.active


def bill_tests(call: ApiCall) -> list[Test]:
    """The tests of the parameters common to inventory-bills and ap-bills."""
    asked, books = call.parameters, call.books
    return [
        live,
        *_sync_status(asked.enums("syncStatuses", SYNC_STATUSES)),
        *among("business_unit_id", asked.comma_ids("businessUnitIds")),
        *_contains(asked.text("billNumber"), lambda bill: bill.reference_number),
        *_contains(asked.text("jobNumber"), lambda bill: _job_number(books, bill)),
        *_contains(asked.text("purchaseOrderNumber"), lambda bill: _order_number(books, bill)),
        *_order_type(books, asked.comma_ids("purchaseOrderTypes")),
        *in_batch(call),
        *_dates(call),
        *_cost(call),
    ]


def _sync_status(asked: frozenset[str]) -> list[Test]:
    if "PostedAndExported" in asked:
        asked = asked | {"Posted", "Exported"}
    return among("sync_status", asked)


def _contains(text: str | None, read: Callable[[Bill], str]) -> list[Test]:
    """Numbers match in part."""
    return [] if text is None else [lambda bill: text in read(bill)]


def _job_number(books: TenantBooks, bill: Bill) -> str:
    job = books.jobs.get(bill.job_id)
    return "" if job is None else job.job_number


def _order_number(books: TenantBooks, bill: Bill) -> str:
    order = books.purchase_orders.get(bill.purchase_order_id)
    return "" if order is None else order.number


def _order_type(books: TenantBooks, types: list[int]) -> list[Test]:
    def of_type(bill: Bill) -> bool:
        order = books.purchase_orders.get(bill.purchase_order_id)
        return order is not None and order.type_id in types

    return [of_type] if types else []


def _dates(call: ApiCall) -> list[Test]:
    """``dateFrom`` and ``dateTo``, both inclusive."""
    first, last = call.parameters.stamp("dateFrom"), call.parameters.stamp("dateTo")
    by_creation = call.switches.bill_date_filter_uses_created_on

    def read(bill: Bill) -> str:
        return bill.created_on if by_creation else f"{bill.bill_date.isoformat()}T00:00:00.0000000Z"

    tests: list[Test] = []
    if first is not None:
        tests.append(lambda bill: read(bill) >= first)
    if last is not None:
        tests.append(lambda bill: read(bill) <= last)
    return tests


def _cost(call: ApiCall) -> list[Test]:
    least, most = call.parameters.decimal("minCost"), call.parameters.decimal("maxCost")
    whole = call.switches.bill_amount_includes_tax_and_shipping
    tests: list[Test] = []
    if least is not None:
        tests.append(lambda bill: bill.amount(whole) >= least)
    if most is not None:
        tests.append(lambda bill: bill.amount(whole) <= most)
    return tests
