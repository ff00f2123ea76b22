"""``/CreditNotes`` and their allocations."""

from __future__ import annotations

from ml_connector_sandbox.xero.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.xero.api.reading import Rules, select
from ml_connector_sandbox.xero.books.trading import CREDIT_NOTES
from ml_connector_sandbox.xero.resources import _document_answer as answer
from ml_connector_sandbox.xero.resources._allocations import allocation_routes
from ml_connector_sandbox.xero.resources._trading import contact_fields, document_of, update, write
from ml_connector_sandbox.xero.resources.contacts import listed

PLURAL = "CreditNotes"


def rules(call: ApiCall) -> Rules:
    """What the list filters by."""
    return Rules(
        fields={
            "Status": lambda one: one.status,
            "Type": lambda one: one.type,
            "CreditNoteNumber": lambda one: one.number,
            "CreditNoteID": lambda one: one.document_id,
            "Reference": lambda one: one.reference,
            "Date": lambda one: one.date,
            "RemainingCredit": lambda one: one.due,
            **contact_fields(call),
        }
    )


def list_credit_notes(call: ApiCall) -> Reply:
    """With lines in pages only."""
    found = select(call, rules(call), call.books.credit_notes)
    rows = [answer.row(call.books, one, call.unit_places, with_lines=found.paged, summary=False) for one in found.rows]
    return listed(found.pagination, PLURAL, rows, found.unchanged)


def get_credit_note(call: ApiCall) -> Reply:
    """By id or number."""
    note = document_of(call, CREDIT_NOTES.name)
    return Reply(payload={PLURAL: [answer.single(call.books, note, call.unit_places)]})


def write_credit_notes(call: ApiCall) -> Reply:
    """PUT creates, POST creates or updates."""
    return write(call, CREDIT_NOTES, PLURAL)


def update_credit_note(call: ApiCall) -> Reply:
    """Change one."""
    return update(call, CREDIT_NOTES, PLURAL)


ROUTES = [
    Route(method="GET", path="/CreditNotes", handler=list_credit_notes),
    Route(method="PUT", path="/CreditNotes", handler=write_credit_notes),
    Route(method="POST", path="/CreditNotes", handler=write_credit_notes),
    Route(method="GET", path="/CreditNotes/{id}", handler=get_credit_note),
    Route(method="POST", path="/CreditNotes/{id}", handler=update_credit_note),
    *allocation_routes("CreditNotes", CREDIT_NOTES.name),
]
