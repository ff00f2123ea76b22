"""``/vendorcredits``: credits from vendors. Their scope is debitnotes; there is no upsert."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.api.paging import ListRules, Predicate, page_of_register
from ml_connector_sandbox.zoho_books.books import purchases
from ml_connector_sandbox.zoho_books.books.documents import VendorCredit
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.purchases import vendor_by_id
from ml_connector_sandbox.zoho_books.books.values import ZERO, iso, number, stamp
from ml_connector_sandbox.zoho_books.errors import missing
from ml_connector_sandbox.zoho_books.resources import _document_answer as common
from ml_connector_sandbox.zoho_books.resources._common import tags

STATUS_WORDS = {
    "Status.Open": "open",
    "Status.Closed": "closed",
    "Status.Void": "void",
    "Status.Draft": "draft",
}


def rules(books: OrganisationBooks) -> ListRules[VendorCredit]:
    """What the list filters and sorts by; this one has a filter by custom field value."""
    return ListRules(
        report_name="Vendor Credits",
        default_column="created_time",
        default_order="D",
        columns={
            "vendor_name": lambda one: vendor_by_id(books, one.vendor_id).contact_name.casefold(),
            "vendor_credit_number": lambda one: one.number,
            "balance": lambda one: one.balance,
            "total": lambda one: one.total,
            "date": lambda one: one.date,
            "created_time": lambda one: one.created,
            "last_modified_time": lambda one: one.modified,
        },
        exact={"vendor_id": lambda one: one.vendor_id, "total": lambda one: str(number(one.total))},
        texts={
            "vendor_credit_number": lambda one: one.number,
            "reference_number": lambda one: one.reference_number,
            "notes": lambda one: one.texts.get("notes", ""),
            "custom_field": lambda one: " ".join(str(value) for value in one.custom.values()),
        },
        dates={"date": lambda one: one.date},
        search=lambda one: f"{one.number} {one.reference_number}",
        modified=lambda one: one.modified,
    )


def list_credits(call: ApiCall) -> Reply:
    """A page of vendor credits."""
    rows, context = page_of_register(call, rules(call.books), call.books.vendor_credits, _status(call))
    shown = [_row(call.books, one) for one in rows]
    return Reply(payload={call.switches.vendor_credits_list_key: shown, "page_context": context})


def get_credit(call: ApiCall) -> Reply:
    """One vendor credit in full."""
    return Reply(payload={"vendor_credit": detail(call.books, credit_of(call))})


def create_credit(call: ApiCall) -> Reply:
    """A new vendor credit, open and posted."""
    credit = purchases.create_vendor_credit(call.books, call.body, by=call.user.name)
    return Reply(
        payload={"vendor_credit": detail(call.books, credit)},
        message="Vendor credit has been created.",
        status=201,
        location=f"/api/v3/vendorcredits/{credit.document_id}",
    )


def update_credit(call: ApiCall) -> Reply:
    """Change the named fields."""
    credit = purchases.update_vendor_credit(call.books, credit_of(call), call.body, call.user.name)
    message = "Vendor credit information has been updated."
    return Reply(payload={"vendor_credit": detail(call.books, credit)}, message=message)


def delete_credit(call: ApiCall) -> Reply:
    """Remove for good; refused while applied."""
    purchases.delete_vendor_credit(call.books, credit_of(call))
    return Reply(message="The vendor credit has been deleted.")


def void_credit(call: ApiCall) -> Reply:
    """Take out of the ledger; refused while applied."""
    purchases.set_credit_state(call.books, credit_of(call), "void", call.user.name)
    return Reply(message="The vendor credit has been voided.", status=201)


def open_credit(call: ApiCall) -> Reply:
    """Bring a void credit back."""
    purchases.set_credit_state(call.books, credit_of(call), "open", call.user.name)
    return Reply(message="The status of the vendor credit has been changed to open.", status=201)


def status(credit: VendorCredit) -> str:
    """The status shown: a credit used up is closed."""
    used_up = credit.state == "open" and credit.balance == ZERO and credit.total != ZERO
    return "closed" if used_up else credit.state


def detail(books: OrganisationBooks, credit: VendorCredit) -> dict[str, Any]:
    """A vendor credit in full."""
    return {
        "vendor_credit_id": credit.document_id,
        "vendor_credit_number": credit.number,
        "status": status(credit),
        **common.document(books, credit),
        "adjustment": number(credit.adjustment),
        "total_credits_used": number(credit.credited),
        "total_refunded_amount": 0,
        "balance": number(credit.balance),
        "taxes": common.tax_rows(credit),
        "comments": [],
        "vendor_credit_refunds": [],
        "bills_credited": bills_credited(books, credit),
    }


def bills_credited(books: OrganisationBooks, credit: VendorCredit) -> list[dict[str, Any]]:
    """The bills a credit is applied to."""
    return [
        {
            "vendor_credit_id": credit.document_id,
            "vendor_credit_bill_id": one.vendor_credit_bill_id,
            "bill_id": one.bill_id,
            "bill_number": _bill_number(books, one.bill_id),
            "date": iso(one.date),
            "amount": number(one.amount),
        }
        for one in credit.credits
    ]


def _bill_number(books: OrganisationBooks, bill_id: str) -> str:
    bill = books.bills.get(bill_id)
    return bill.number if bill else ""


def _row(books: OrganisationBooks, credit: VendorCredit) -> dict[str, Any]:
    currency = books.currencies[credit.currency_code]
    return {
        "vendor_credit_id": credit.document_id,
        "vendor_credit_number": credit.number,
        "status": status(credit),
        "reference_number": credit.reference_number,
        "date": iso(credit.date),
        "total": number(credit.total),
        "balance": number(credit.balance),
        "vendor_id": credit.vendor_id,
        "vendor_name": vendor_by_id(books, credit.vendor_id).contact_name,
        "currency_id": currency.currency_id,
        "currency_code": currency.currency_code,
        "created_time": stamp(credit.created, books.zone),
        "last_modified_time": stamp(credit.modified, books.zone),
        "has_attachment": False,
        "exchange_rate": number(credit.exchange_rate),
        "tags": tags(books, credit.tags),
    }


def credit_of(call: ApiCall) -> VendorCredit:
    """The vendor credit of the path. Raises Refused with 404."""
    credit = call.books.vendor_credits.get(call.path["vendor_credit_id"])
    if credit is None:
        raise missing("Vendor credit")
    return credit


def _status(call: ApiCall) -> list[Predicate]:
    words = (call.query.get("status", ""), STATUS_WORDS.get(call.query.get("filter_by", ""), ""))
    return [_shown(word) for word in words if word]


def _shown(word: str) -> Predicate:
    return lambda one: status(one) == word


ONE = "/vendorcredits/{vendor_credit_id}"
ROUTES = [
    Route(method="GET", path="/vendorcredits", scope="debitnotes.READ", handler=list_credits),
    Route(
        method="POST",
        path="/vendorcredits",
        scope="debitnotes.CREATE",
        handler=create_credit,
        takes_body=True,
    ),
    Route(method="GET", path=ONE, scope="debitnotes.READ", handler=get_credit),
    Route(method="PUT", path=ONE, scope="debitnotes.UPDATE", handler=update_credit, takes_body=True),
    Route(method="DELETE", path=ONE, scope="debitnotes.DELETE", handler=delete_credit),
    Route(method="POST", path=f"{ONE}/status/void", scope="debitnotes.CREATE", handler=void_credit),
    Route(method="POST", path=f"{ONE}/status/open", scope="debitnotes.CREATE", handler=open_credit),
]
