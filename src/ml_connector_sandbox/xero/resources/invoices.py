"""``/Invoices``: sales invoices and bills."""

from __future__ import annotations

from ml_connector_sandbox.xero.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.xero.api.reading import Rules, select
from ml_connector_sandbox.xero.api.where import Predicate
from ml_connector_sandbox.xero.books.trading import INVOICES
from ml_connector_sandbox.xero.resources import _document_answer as answer
from ml_connector_sandbox.xero.resources._trading import contact_fields, document_of, update, write
from ml_connector_sandbox.xero.resources.contacts import listed

PLURAL = "Invoices"


def rules(call: ApiCall) -> Rules:
    """What the list filters by."""
    return Rules(
        fields={
            "Status": lambda one: one.status,
            "Type": lambda one: one.type,
            "InvoiceNumber": lambda one: one.number,
            "InvoiceID": lambda one: one.document_id,
            "Reference": lambda one: one.reference,
            "Date": lambda one: one.date,
            "DueDate": lambda one: one.due_date,
            "AmountDue": lambda one: one.due,
            "AmountPaid": lambda one: one.paid,
            **contact_fields(call),
        },
        sets={
            "IDs": lambda one: one.document_id,
            "InvoiceNumbers": lambda one: one.number,
            "ContactIDs": lambda one: one.contact_id,
            "Statuses": lambda one: one.status,
        },
        search=lambda one: (one.number, one.reference, answer.contact_of(call.books, one).name),
        forced_by=("Statuses", "summaryOnly"),
    )


def list_invoices(call: ApiCall) -> Reply:
    """Voided and deleted ones are there. ``includeArchived`` is about archived contacts' invoices, which always are."""
    tests: list[Predicate] = []
    if call.asked_flag("createdByMyApp"):
        tests.append(lambda one: one.app == call.app.client_id)
    found = select(call, rules(call), call.books.invoices, tests)
    summary, places = call.asked_flag("summaryOnly"), call.unit_places
    rows = [answer.row(call.books, one, places, with_lines=found.paged, summary=summary) for one in found.rows]
    return listed(found.pagination, PLURAL, rows, found.unchanged)


def get_invoice(call: ApiCall) -> Reply:
    """By id or number."""
    return Reply(payload={PLURAL: [answer.single(call.books, document_of(call, INVOICES.name), call.unit_places)]})


def write_invoices(call: ApiCall) -> Reply:
    """PUT creates, POST creates or updates by id or by a sales invoice's number."""
    return write(call, INVOICES, PLURAL)


def update_invoice(call: ApiCall) -> Reply:
    """Change one."""
    return update(call, INVOICES, PLURAL)


ROUTES = [
    Route(method="GET", path="/Invoices", handler=list_invoices),
    Route(method="PUT", path="/Invoices", handler=write_invoices),
    Route(method="POST", path="/Invoices", handler=write_invoices),
    Route(method="GET", path="/Invoices/{id}", handler=get_invoice),
    Route(method="POST", path="/Invoices/{id}", handler=update_invoice),
]
