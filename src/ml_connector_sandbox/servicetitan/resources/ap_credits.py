"""ap-credits: what vendors credit, as a list without lines and without a read by id; and marking them exported."""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.servicetitan.books import ApCredit, CreditSplit
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.exporting import mark_ap_credits_exported
from ml_connector_sandbox.servicetitan.listing import ListRules, Test, among, envelope, equal, read_page
from ml_connector_sandbox.servicetitan.shapes import Row, named, stamps
from ml_connector_sandbox.servicetitan.stamps import midnight, shown, shown_or_none

_RULES = ListRules(active=False)
_SYNC_STATUSES = ("Pending", "Posted", "Exported", "PostedAndExported")


async def _list(call: ApiCall) -> web.Response:
    books = call.books
    tests = [*_synced(call), *equal("active", None if call.switches.inactive_ap_credits_are_listed else True)]
    page = read_page(call, books.ap_credits, _RULES, tests)
    return envelope(call, page, books.ap_credits, "ap-credits", lambda one: _row(call, one))


def _synced(call: ApiCall) -> list[Test]:
    """PostedAndExported is a value of the filter only."""
    asked = call.parameters.enums("syncStatuses", _SYNC_STATUSES)
    both = {"Posted", "Exported"} if "PostedAndExported" in asked else set()
    return among("sync_status", frozenset((asked - {"PostedAndExported"}) | both))


def _row(call: ApiCall, credit: ApCredit) -> Row:
    books, batch = call.books, credit.batch
    return {
        "id": credit.id,
        "inventoryReturnId": credit.return_id,
        "jobId": credit.job_id,
        "active": credit.active,
        **stamps(credit),
        "date": midnight(credit.credit_date),
        "canceledOn": shown_or_none(credit.canceled_on),
        "number": credit.number,
        "referenceNumber": credit.reference_number,
        "memo": credit.memo,
        "amount": credit.amount,
        "appliedAmount": credit.applied,
        "status": credit.status,
        "syncStatus": credit.sync_status,
        "batch": None if batch is None else {"id": batch.id, "number": batch.number, "name": batch.name},
        "businessUnit": named(books.business_units, credit.business_unit_id),
        "remittanceVendor": named(books.vendors, credit.remittance_vendor_id),
        "vendor": named(books.vendors, credit.vendor_id),
        "paymentStatus": credit.payment_status,
        "splits": [_split(credit, one) for one in credit.splits],
        "budgetCodeId": None,
        "customFields": None,
    }


def _split(credit: ApCredit, one: CreditSplit) -> Row:
    return {
        "id": one.id,
        "active": one.active,
        "createdOn": shown(one.created_on),
        "inventoryBillId": one.bill_id,
        "vendorCreditId": credit.id,
        "amount": one.amount,
    }


_READ, _WRITE = "tn.acc.apcredits:r", "tn.acc.apcredits:w"

OPERATIONS = (
    Operation("GET", "accounting", "ap-credits", _READ, _list),
    Operation("POST", "accounting", "ap-credits/markasexported", _WRITE, mark_ap_credits_exported),
)
