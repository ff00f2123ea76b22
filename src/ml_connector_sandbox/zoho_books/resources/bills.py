"""``/bills``: vendors' invoices."""

from __future__ import annotations

from datetime import date

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.api.paging import ListRules, Predicate, page_of_register
from ml_connector_sandbox.zoho_books.books import approval, purchases
from ml_connector_sandbox.zoho_books.books.documents import Bill
from ml_connector_sandbox.zoho_books.books.purchases import vendor_by_id
from ml_connector_sandbox.zoho_books.books.values import number
from ml_connector_sandbox.zoho_books.errors import invalid, missing
from ml_connector_sandbox.zoho_books.resources import _bill_answer as answer
from ml_connector_sandbox.zoho_books.resources._upsert import upsert_target

# Words of ``filter_by`` after ``Status.`` and of ``status`` that name one shown status.
STATUS_WORDS = {
    "Paid": "paid",
    "Open": "open",
    "Overdue": "overdue",
    "Void": "void",
    "PartiallyPaid": "partially_paid",
    "Unpaid": "unpaid",
    "Draft": "draft",
    "Pending": "pending_approval",
}
UNPAID = {"open", "overdue", "partially_paid"}


def rules(call: ApiCall) -> ListRules[Bill]:
    """What the list filters and sorts by. There is no filter by custom field."""
    books = call.books
    return ListRules(
        report_name="Bills",
        default_column="created_time",
        default_order="D",
        columns={
            "vendor_name": lambda one: vendor_by_id(books, one.vendor_id).contact_name.casefold(),
            "bill_number": lambda one: one.number,
            "date": lambda one: one.date,
            "due_date": lambda one: one.due_date,
            "total": lambda one: one.total,
            "balance": lambda one: one.balance,
            "created_time": lambda one: one.created,
            "last_modified_time": lambda one: one.modified,
        },
        exact={
            "vendor_id": lambda one: one.vendor_id,
            "total": lambda one: str(number(one.total)),
        },
        texts={
            "bill_number": lambda one: one.number,
            "reference_number": lambda one: one.reference_number,
            "vendor_name": lambda one: vendor_by_id(books, one.vendor_id).contact_name,
            "description": lambda one: " ".join(line.texts["description"] for line in one.lines),
            "item_name": lambda one: " ".join(line.texts["name"] for line in one.lines),
        },
        dates={
            "date": lambda one: one.date,
            "due_date": lambda one: one.due_date,
            "created_date": lambda one: one.created.astimezone(books.zone).date(),
        },
        search=lambda one: f"{one.number} {one.reference_number} {vendor_by_id(books, one.vendor_id).contact_name}",
        modified=lambda one: one.modified,
    )


def list_bills(call: ApiCall) -> Reply:
    """A page of bills, newest first unless asked otherwise."""
    rows, context = page_of_register(call, rules(call), call.books.bills, _status(call))
    return Reply(payload={"bills": [answer.row(call.books, one) for one in rows], "page_context": context})


def get_bill(call: ApiCall) -> Reply:
    """One bill in full."""
    return Reply(payload={"bill": answer.detail(call.books, bill_of(call))})


def create_bill(call: ApiCall) -> Reply:
    """A new bill, open and posted at once."""
    return _created(call, purchases.create_bill(call.books, call.body, by=call.user.name))


def update_bill(call: ApiCall) -> Reply:
    """Change the named fields; a named array replaces the old one as a whole."""
    return _updated(call, purchases.update_bill(call.books, bill_of(call), call.body, call.user.name))


def upsert_bill(call: ApiCall) -> Reply:
    """Change, or create, the bill that holds a unique custom field's value."""
    found, body = upsert_target(call, "bill", "Bill")
    if found is None:
        reply = _created(call, purchases.create_bill(call.books, body, by=call.user.name))
        reply.status = call.switches.upsert_created_status
        return reply
    bill = call.books.bills.get(found)
    if bill is None:
        raise missing("Bill")
    return _updated(call, purchases.update_bill(call.books, bill, body, call.user.name))


def delete_bill(call: ApiCall) -> Reply:
    """Remove for good; refused with payments applied."""
    purchases.delete_bill(call.books, bill_of(call))
    return Reply(message="The bill has been deleted.")


def void_bill(call: ApiCall) -> Reply:
    """Take out of the ledger; refused with payments applied."""
    purchases.set_bill_state(call.books, bill_of(call), "void", call.user.name)
    return Reply(message="The bill has been marked as void.", status=201)


def open_bill(call: ApiCall) -> Reply:
    """Bring a void bill back."""
    purchases.set_bill_state(call.books, bill_of(call), "open", call.user.name)
    return Reply(message="The status of the bill has been changed to open.", status=201)


def submit_bill(call: ApiCall) -> Reply:
    """Hand a draft in for approval."""
    approval.move(call.books, bill_of(call), "pending_approval", call.user.name)
    return Reply(message="The bill has been submitted for approval successfully.")


def approve_bill(call: ApiCall) -> Reply:
    """Approve a bill: it is open and in the ledger."""
    approval.move(call.books, bill_of(call), "approved", call.user.name)
    return Reply()


def set_custom_fields(call: ApiCall) -> Reply:
    """Set custom fields only; the body is an array."""
    if not all(isinstance(one, dict) for one in call.body):
        raise invalid("custom_fields")
    purchases.set_bill_custom(call.books, bill_of(call), call.body, call.user.name)
    return Reply(message="Custom Fields Updated Successfully")


def bill_of(call: ApiCall) -> Bill:
    """The bill of the path. Raises Refused with 404."""
    bill = call.books.bills.get(call.path["bill_id"])
    if bill is None:
        raise missing("Bill")
    return bill


def _created(call: ApiCall, bill: Bill) -> Reply:
    return Reply(
        payload={"bill": answer.detail(call.books, bill)},
        message="The bill has been created.",
        status=201,
        location=f"/api/v3/bills/{bill.document_id}",
    )


def _updated(call: ApiCall, bill: Bill) -> Reply:
    message = "Bill information has been updated."
    return Reply(payload={"bill": answer.detail(call.books, bill)}, message=message)


def _status(call: ApiCall) -> list[Predicate]:
    today = call.books.today()
    words = [call.query.get("status", "")]
    words.append(STATUS_WORDS.get(call.query.get("filter_by", "").removeprefix("Status."), ""))
    return [_shown(word, today) for word in words if word]


def _shown(word: str, today: date) -> Predicate:
    wanted = UNPAID if word == "unpaid" else {word}
    return lambda one: answer.status(one, today) in wanted


ONE = "/bills/{bill_id}"
ROUTES = [
    Route(method="GET", path="/bills", scope="bills.READ", handler=list_bills),
    Route(method="POST", path="/bills", scope="bills.CREATE", handler=create_bill, takes_body=True),
    Route(method="PUT", path="/bills", scope="bills.UPDATE", handler=upsert_bill, takes_body=True),
    Route(method="GET", path=ONE, scope="bills.READ", handler=get_bill),
    Route(method="PUT", path=ONE, scope="bills.UPDATE", handler=update_bill, takes_body=True),
    Route(method="DELETE", path=ONE, scope="bills.DELETE", handler=delete_bill),
    Route(method="POST", path=f"{ONE}/status/void", scope="bills.CREATE", handler=void_bill),
    Route(method="POST", path=f"{ONE}/status/open", scope="bills.CREATE", handler=open_bill),
    Route(method="POST", path=f"{ONE}/submit", scope="bills.CREATE", handler=submit_bill),
    Route(method="POST", path=f"{ONE}/approve", scope="bills.CREATE", handler=approve_bill),
    # The path is singular.
    Route(
        method="PUT",
        path="/bill/{bill_id}/customfields",
        scope="bills.UPDATE",
        handler=set_custom_fields,
        takes_body=True,
        body_type=list,
    ),
]
