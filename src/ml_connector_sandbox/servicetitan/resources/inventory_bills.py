"""inventory-bills: the bare array, the paginated twin, the export feed, and marking exported."""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.servicetitan.bill_queries import RULES, bill_tests
from ml_connector_sandbox.servicetitan.bill_rows import inventory_bill_row
from ml_connector_sandbox.servicetitan.books import Bill
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.export import export_page
from ml_connector_sandbox.servicetitan.exporting import mark_exported
from ml_connector_sandbox.servicetitan.listing import Page, bare_array, envelope, equal, read_page
from ml_connector_sandbox.servicetitan.shapes import Row

_TYPES = ("NotSet", "Procurement", "ApBill", "RecurringBill")
_VIEW = "inventory-bills"


def _default_type(call: ApiCall) -> str:
    return "NotSet" if call.switches.inventory_bills_of_every_type else "Procurement"


def _page(call: ApiCall) -> Page:
    asked = call.parameters.enum("billType", _TYPES) or _default_type(call)
    kind = None if asked == "NotSet" else asked
    tests = [*bill_tests(call), *equal("bill_type", kind)]
    return read_page(call, call.books.bills, RULES, tests, [call.books.jobs, call.books.purchase_orders])


async def _list(call: ApiCall) -> web.Response:
    page = _page(call)
    return bare_array(call, page, call.books.bills, _VIEW, lambda bill: _row(call, bill))


async def _paginated(call: ApiCall) -> web.Response:
    page = _page(call)
    return envelope(call, page, call.books.bills, _VIEW, lambda bill: _row(call, bill))


async def _export(call: ApiCall) -> web.Response:
    """Every bill of the default type, deleted ones too."""
    kind = _default_type(call)

    def fed(bill: Bill) -> bool:
        return kind in ("NotSet", bill.bill_type)

    def row(bill: Bill) -> Row:
        return {**_row(call, bill), "active": bill.active}

    return export_page(call, call.books.bills, "export/inventory-bills", row, fed)


async def _mark(call: ApiCall) -> web.Response:
    return await mark_exported(call, "inventoryBillIds", "inventoryBillId")


def _row(call: ApiCall, bill: Bill) -> Row:
    return inventory_bill_row(call.books, call.switches, bill)


_READ, _WRITE = "tn.acc.inventorybills:r", "tn.acc.inventorybills:w"

OPERATIONS = (
    Operation("GET", "accounting", "inventory-bills", _READ, _list),
    Operation("GET", "accounting", "inventory-bills/paginated", _READ, _paginated),
    Operation("GET", "accounting", "export/inventory-bills", _READ, _export),
    Operation("POST", "accounting", "inventory-bills/markasexported", _WRITE, _mark),
)
