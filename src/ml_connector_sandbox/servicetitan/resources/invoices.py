"""invoices: the list with its many filters, both feeds, and marking exported. There is no read by id."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from operator import eq, gt, lt, ne

from aiohttp import web

from ml_connector_sandbox.servicetitan.books import Invoice, InvoiceItem
from ml_connector_sandbox.servicetitan.books.invoices import CONFIGURATIONS, REVIEW_STATUSES, SYNC_STATUSES
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.export import export_page
from ml_connector_sandbox.servicetitan.exporting import mark_invoices_exported
from ml_connector_sandbox.servicetitan.invoice_rows import fed_item_row, invoice_row
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
    window,
)
from ml_connector_sandbox.servicetitan.shapes import Row

_RULES = ListRules(ids_maximum=None, active=False, order_by=True)
_COMPARERS: dict[str, Callable[[Decimal, Decimal], bool]] = {"Equals": eq, "NotEquals": ne, "Greater": gt, "Less": lt}


async def _list(call: ApiCall) -> web.Response:
    asked, books = call.parameters, call.books
    tests = [
        *active_state(call, "ActiveOnly" if call.switches.invoices_default_active_only else "All"),
        *among("sync_status", asked.enums("statuses", SYNC_STATUSES)),
        *among("review_status", asked.enums("reviewStatuses", REVIEW_STATUSES)),
        *among("configuration", asked.enums("invoiceConfigurations", CONFIGURATIONS)),
        *among("assigned_to_id", asked.repeated_ids("assignedToIds")),
        *equal("reference_number", asked.text("number")),
        *equal("job_id", asked.integer("jobId")),
        *equal("customer_id", asked.integer("customerId")),
        *equal("business_unit_id", asked.integer("businessUnitId")),
        *equal("adjustment_to_id", asked.integer("adjustmentToId")),
        *between("total", asked.decimal("totalGreater"), asked.decimal("totalLess")),
        *window(asked.stamp("invoicedOnOrAfter"), asked.stamp("invoicedOnBefore"), on_day("invoice_date")),
        *window(asked.stamp("dueDateOnOrAfter"), asked.stamp("dueDateBefore"), on_day("due_date")),
        *_job_number(call),
        *in_batch(call),
        *_balance(call),
    ]
    page = read_page(call, books.invoices, _RULES, tests, [books.jobs])
    return envelope(call, page, books.invoices, "invoices", lambda one: _row(call, one))


def _job_number(call: ApiCall) -> list[Test]:
    number = call.parameters.text("jobNumber")
    if number is None:
        return []
    ids = {job.id for job in call.books.jobs if job.job_number == number}
    return [lambda invoice: invoice.job_id in ids]


def _balance(call: ApiCall) -> list[Test]:
    """Both parts of the filter, or neither; without a comparer it is equality."""
    amount = call.parameters.decimal("balanceFilter.Balance")
    comparer = call.parameters.enum("balanceFilter.Comparer", tuple(_COMPARERS)) or "Equals"
    if amount is None or comparer not in _COMPARERS:
        return []
    compare = _COMPARERS[comparer]
    return [lambda invoice: compare(invoice.balance, amount)]


async def _export(call: ApiCall) -> web.Response:
    """Every invoice, inactive ones too."""

    def every(_: Invoice) -> bool:
        return True

    return export_page(call, call.books.invoices, "export/invoices", lambda one: _row(call, one), every)


async def _export_items(call: ApiCall) -> web.Response:
    """Every item ever, removed ones too, by its own modification."""

    def every(_: InvoiceItem) -> bool:
        return True

    table = call.books.invoice_items
    return export_page(call, table, "export/invoice-items", lambda one: fed_item_row(call.books, one), every)


def _row(call: ApiCall, invoice: Invoice) -> Row:
    return invoice_row(call.books, call.switches, invoice)


_READ, _WRITE = "tn.acc.invoices:r", "tn.acc.invoices:w"

OPERATIONS = (
    Operation("GET", "accounting", "invoices", _READ, _list),
    Operation("GET", "accounting", "export/invoices", _READ, _export),
    Operation("GET", "accounting", "export/invoice-items", "tn.acc.invoiceitems:r", _export_items),
    Operation("POST", "accounting", "invoices/markasexported", _WRITE, mark_invoices_exported),
)
