"""``/invoices``: what customers owe. They are made as drafts and marked as sent by a call of its own."""

from __future__ import annotations

from datetime import date

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.api.paging import ListRules, Predicate, page_of_register
from ml_connector_sandbox.zoho_books.books import sales, sales_states
from ml_connector_sandbox.zoho_books.books.sales import customer_by_id
from ml_connector_sandbox.zoho_books.books.sales_documents import Invoice
from ml_connector_sandbox.zoho_books.books.values import number
from ml_connector_sandbox.zoho_books.errors import invalid, missing
from ml_connector_sandbox.zoho_books.resources import _invoice_answer as answer
from ml_connector_sandbox.zoho_books.resources._common import primary_person
from ml_connector_sandbox.zoho_books.resources._sales_answer import own_number
from ml_connector_sandbox.zoho_books.resources._upsert import upsert_target

# Words of ``filter_by`` after ``Status.`` that name one shown status.
STATUS_WORDS = {
    "Sent": "sent",
    "Draft": "draft",
    "OverDue": "overdue",
    "Overdue": "overdue",
    "Paid": "paid",
    "Void": "void",
    "Unpaid": "unpaid",
    "PartiallyPaid": "partially_paid",
}
UNPAID = {"sent", "overdue", "partially_paid"}


def rules(call: ApiCall) -> ListRules[Invoice]:
    """What the list filters and sorts by; it is not sorted by the last change."""
    books = call.books
    return ListRules(
        report_name="Invoices",
        default_column="created_time",
        default_order="D",
        columns={
            "customer_name": lambda one: customer_by_id(books, one.customer_id).contact_name.casefold(),
            "invoice_number": lambda one: one.number,
            "date": lambda one: one.date,
            "due_date": lambda one: one.due_date,
            "total": lambda one: one.total,
            "balance": lambda one: one.balance,
            "created_time": lambda one: one.created,
        },
        exact={
            "customer_id": lambda one: one.customer_id,
            "total": lambda one: str(number(one.total)),
            "balance": lambda one: str(number(one.balance)),
        },
        texts={
            "invoice_number": lambda one: one.number,
            "reference_number": lambda one: one.reference_number,
            "customer_name": lambda one: customer_by_id(books, one.customer_id).contact_name,
            "item_name": lambda one: " ".join(line.texts["name"] for line in one.lines),
            "item_description": lambda one: " ".join(line.texts["description"] for line in one.lines),
            "email": lambda one: str(primary_person(customer_by_id(books, one.customer_id)).get("email", "")),
            "custom_field": lambda one: " ".join(str(value) for value in one.custom.values()),
        },
        dates={
            "date": lambda one: one.date,
            "due_date": lambda one: one.due_date,
            "created_date": lambda one: one.created.astimezone(books.zone).date(),
        },
        search=lambda one: f"{one.number} {one.reference_number} {customer_by_id(books, one.customer_id).contact_name}",
        modified=lambda one: one.modified,
    )


def list_invoices(call: ApiCall) -> Reply:
    """A page of invoices, newest first; ``response_option=2`` tells their number only."""
    rows, context = page_of_register(call, rules(call), call.books.invoices, _tests(call))
    context["seller_app_sales_channels"] = ""
    if call.query.get("response_option") == "2":
        return Reply(payload={"page_context": context | {"total": len(call.books.invoices)}})
    return Reply(payload={"invoices": [answer.row(call.books, one) for one in rows], "page_context": context})


def get_invoice(call: ApiCall) -> Reply:
    """One invoice in full."""
    return Reply(payload={"invoice": answer.detail(call.books, invoice_of(call))})


def create_invoice(call: ApiCall) -> Reply:
    """A new invoice, a draft unless ``send`` e-mails it."""
    own = own_number(call.query, call.body)
    return _created(call, sales.create_invoice(call.books, call.body, own_number=own, by=call.user.name))


def update_invoice(call: ApiCall) -> Reply:
    """Change the named fields; a named array replaces the old one as a whole."""
    own = own_number(call.query, call.body)
    changed = sales.update_invoice(call.books, invoice_of(call), call.body, own_number=own, by=call.user.name)
    return _updated(call, changed)


def upsert_invoice(call: ApiCall) -> Reply:
    """Change, or create, the invoice that holds a unique custom field's value."""
    found, body = upsert_target(call, "invoice", "Invoice")
    own = own_number(call.query, call.body) and call.switches.upsert_keeps_number
    if found is None:
        reply = _created(call, sales.create_invoice(call.books, body, own_number=own, by=call.user.name))
        reply.status = call.switches.upsert_created_status
        return reply
    old = call.books.invoices.get(found)
    if old is None:
        raise missing("Invoice")
    return _updated(call, sales.update_invoice(call.books, old, body, own_number=own, by=call.user.name))


def delete_invoice(call: ApiCall) -> Reply:
    """Remove for good; refused with payments or credits applied."""
    sales_states.delete_invoice(call.books, invoice_of(call))
    return Reply(message="The invoice has been deleted.")


def mark_sent(call: ApiCall) -> Reply:
    """It is owed from now on; nobody is e-mailed."""
    sales_states.set_invoice_state(call.books, invoice_of(call), "sent", call.user.name)
    return Reply(message="Invoice status has been changed to Sent.")


def mark_void(call: ApiCall) -> Reply:
    """Take out of the ledger; payments and credits are unused again."""
    sales_states.set_invoice_state(call.books, invoice_of(call), "void", call.user.name)
    return Reply(message="Invoice status has been changed to Void.")


def mark_draft(call: ApiCall) -> Reply:
    """Bring a void invoice back."""
    sales_states.set_invoice_state(call.books, invoice_of(call), "draft", call.user.name)
    return Reply(message="Status of invoice changed from void to draft")


def set_custom_fields(call: ApiCall) -> Reply:
    """Set custom fields only; the body is an array."""
    if not all(isinstance(one, dict) for one in call.body):
        raise invalid("custom_fields")
    sales.set_custom(call.books, invoice_of(call), call.body, call.user.name)
    return Reply(message="Custom Fields Updated Successfully")


def invoice_of(call: ApiCall) -> Invoice:
    """The invoice of the path. Raises Refused with 404."""
    invoice = call.books.invoices.get(call.path["invoice_id"])
    if invoice is None:
        raise missing("Invoice")
    return invoice


def _created(call: ApiCall, invoice: Invoice) -> Reply:
    if call.query.get("send", "").lower() == "true" or call.body.get("send") is True:
        invoice.is_emailed = True
        sales_states.set_invoice_state(call.books, invoice, "sent")
    return Reply(
        payload={"invoice": answer.detail(call.books, invoice)},
        message="The invoice has been created.",
        status=201,
        location=f"/api/v3/invoices/{invoice.document_id}",
    )


def _updated(call: ApiCall, invoice: Invoice) -> Reply:
    message = "Invoice information has been updated."
    return Reply(payload={"invoice": answer.detail(call.books, invoice)}, message=message)


def _tests(call: ApiCall) -> list[Predicate]:
    today, item = call.books.today(), call.query.get("item_id", "")
    words = [call.query.get("status", "")]
    words.append(STATUS_WORDS.get(call.query.get("filter_by", "").removeprefix("Status."), ""))
    found = [_shown(word, today) for word in words if word]
    if item:
        found.append(lambda one: any(line.item_id == item for line in one.lines))
    return found


def _shown(word: str, today: date) -> Predicate:
    wanted = UNPAID if word == "unpaid" else {word}
    return lambda one: answer.status(one, today) in wanted


ONE = "/invoices/{invoice_id}"
_READ, _CREATE, _UPDATE, _DELETE = (f"invoices.{word}" for word in ("READ", "CREATE", "UPDATE", "DELETE"))
ROUTES = [
    Route(method="GET", path="/invoices", scope=_READ, handler=list_invoices),
    Route(method="POST", path="/invoices", scope=_CREATE, handler=create_invoice, takes_body=True),
    Route(method="PUT", path="/invoices", scope=_UPDATE, handler=upsert_invoice, takes_body=True),
    Route(method="GET", path=ONE, scope=_READ, handler=get_invoice),
    Route(method="PUT", path=ONE, scope=_UPDATE, handler=update_invoice, takes_body=True),
    Route(method="DELETE", path=ONE, scope=_DELETE, handler=delete_invoice),
    Route(method="POST", path=f"{ONE}/status/sent", scope=_CREATE, handler=mark_sent),
    Route(method="POST", path=f"{ONE}/status/void", scope=_CREATE, handler=mark_void),
    Route(method="POST", path=f"{ONE}/status/draft", scope=_CREATE, handler=mark_draft),
    # The path is singular.
    Route(
        method="PUT",
        path="/invoice/{invoice_id}/customfields",
        scope=_UPDATE,
        handler=set_custom_fields,
        takes_body=True,
        body_type=list,
    ),
]
