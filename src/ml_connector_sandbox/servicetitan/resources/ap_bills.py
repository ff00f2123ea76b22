"""ap-bills: the whole bill, where the tenant has the AP module."""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.servicetitan.answers import module_refusal, not_found
from ml_connector_sandbox.servicetitan.bill_queries import RULES, bill_tests
from ml_connector_sandbox.servicetitan.bill_rows import ap_bill_row
from ml_connector_sandbox.servicetitan.books import Bill
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.exporting import mark_exported
from ml_connector_sandbox.servicetitan.listing import among, envelope, equal, read_page, row_of
from ml_connector_sandbox.servicetitan.shapes import Row

_TYPES = ("NotSet", "Procurement", "ApBill")
_STATUSES = ("Unreconciled", "Discrepancy", "Reconciled", "Canceled")
_SOURCES = ("Undefined", "Standalone", "Purchasing", "Recurring", "OCR", "API")
_VIEW = "ap-bills"


def _require_module(call: ApiCall) -> None:
    if not (call.books.ap_module and call.switches.ap_bills_available):
        raise module_refusal(call.switches.ap_module_missing_status, "Accounts payable is not enabled.")


async def _list(call: ApiCall) -> web.Response:
    _require_module(call)
    kind = call.parameters.enum("billType", _TYPES) or "Procurement"
    tests = [
        *bill_tests(call),
        *among("status", call.parameters.enums("statuses", _STATUSES)),
        *among("source", call.parameters.enums("sources", _SOURCES)),
        *equal("bill_type", None if kind == "NotSet" else kind),
    ]
    page = read_page(call, call.books.bills, RULES, tests, [call.books.jobs, call.books.purchase_orders])
    return envelope(call, page, call.books.bills, _VIEW, lambda bill: _row(call, bill))


async def _one(call: ApiCall) -> web.Response:
    _require_module(call)
    number = call.path_id("billId")
    bill = call.books.bills.get(number)
    if bill is None or not bill.active:
        raise not_found("Bill", number)
    return call.answer(row_of(call, call.books.bills, _VIEW, bill, lambda one: _row(call, one)))


async def _mark(call: ApiCall) -> web.Response:
    _require_module(call)
    return await mark_exported(call, "billIds", "billId")


def _row(call: ApiCall, bill: Bill) -> Row:
    return ap_bill_row(call.books, call.switches, bill)


_READ, _WRITE = "tn.acc.apbills:r", "tn.acc.apbills:w"

OPERATIONS = (
    Operation("GET", "accounting", "ap-bills", _READ, _list),
    Operation("GET", "accounting", "ap-bills/{billId}", _READ, _one),
    Operation("POST", "accounting", "ap-bills/markasexported", _WRITE, _mark),
)
