"""What becomes of a credit note: the invoices it is applied to, and refunds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.books import crediting
from ml_connector_sandbox.zoho_books.books.body import Body, decimal, objects, text
from ml_connector_sandbox.zoho_books.books.payments import too_much
from ml_connector_sandbox.zoho_books.books.sales_documents import CreditNote, Invoice, SalesRefund
from ml_connector_sandbox.zoho_books.errors import invalid, missing
from ml_connector_sandbox.zoho_books.resources import _credit_note_answer as answer
from ml_connector_sandbox.zoho_books.resources._pages import page_of_rows
from ml_connector_sandbox.zoho_books.resources.credit_notes import note_of


def list_invoices(call: ApiCall) -> Reply:
    """The invoices a credit note is applied to."""
    return Reply(payload={"invoices_credited": [answer.applied(call.books, one) for one in note_of(call).credits]})


def apply_to_invoices(call: ApiCall) -> Reply:
    """Apply a credit note to invoices of the same customer; all of them or none. Answered with 200."""
    note = note_of(call)
    wanted = [_wanted(call, one) for one in objects(call.body, "invoices")]
    if not wanted or len({invoice.document_id for invoice, _ in wanted}) < len(wanted):
        raise invalid("invoices")
    for invoice, amount in wanted:
        crediting.check(call.books, note, invoice, amount)
    if sum(amount for _, amount in wanted) > note.balance:
        raise too_much(call.books, "The amount applied is more than the credit note's balance.")
    for invoice, amount in wanted:
        crediting.apply(call.books, note, invoice, amount)
    shown: list[dict[str, Any]] = [{"invoice_id": one.document_id, "amount_applied": amount} for one, amount in wanted]
    return Reply(payload={"invoices": shown}, message="Credits have been applied to the invoice(s).")


def take_off(call: ApiCall) -> Reply:
    """Take a credit note off one invoice."""
    for one in note_of(call).credits:
        if one.creditnote_invoice_id == call.path["creditnote_invoice_id"]:
            crediting.take_off(call.books, one)
            return Reply(message="Credits applied to an invoice have been deleted.")
    raise missing("Credit note")


def list_refunds(call: ApiCall) -> Reply:
    """A page of a credit note's refunds."""
    note = note_of(call)
    rows, context = page_of_rows(call, [answer.refund_row(call.books, note, one) for one in note.refunds], "Refunds")
    message = "The refunds of the existing credit note are displayed successfully."
    return Reply(payload={"creditnote_refunds": rows, "page_context": context}, message=message)


def list_all_refunds(call: ApiCall) -> Reply:
    """A page of the refunds of all credit notes; ``customer_id`` filters."""
    wanted = call.query.get("customer_id", "")
    notes = [one for one in call.books.credit_notes if wanted in ("", one.customer_id)]
    found = [answer.refund_row(call.books, note, one) for note in notes for one in note.refunds]
    rows, context = page_of_rows(call, found, "Refunds")
    message = "The list of credit note refunds are displayed successfully."
    return Reply(payload={"creditnote_refunds": rows, "page_context": context}, message=message)


def get_refund(call: ApiCall) -> Reply:
    """One refund in full."""
    note = note_of(call)
    message = "The refund of the credit note is displayed successfully."
    return Reply(payload={"creditnote_refund": _refund_shown(call, note, _refund(call, note))}, message=message)


def create_refund(call: ApiCall) -> Reply:
    """Pay out (part of) a credit note; answered with 200."""
    note = note_of(call)
    made = crediting.refund(call.books, note, call.body)
    message = "The credit note amount is refunded successfully."
    return Reply(payload={"creditnote_refund": _refund_shown(call, note, made)}, message=message)


def delete_refund(call: ApiCall) -> Reply:
    """Take a refund back."""
    note = note_of(call)
    crediting.delete_refund(call.books, note, _refund(call, note))
    return Reply(message="The refund has been successfully deleted.")


def _wanted(call: ApiCall, one: Body) -> tuple[Invoice, Decimal]:
    invoice = call.books.invoices.get(text(one, "invoice_id"))
    if invoice is None:
        raise invalid("invoice_id")
    return invoice, decimal(one, "amount_applied")


def _refund(call: ApiCall, note: CreditNote) -> SalesRefund:
    for each in note.refunds:
        if each.refund_id == call.path["creditnote_refund_id"]:
            return each
    raise missing("Refund")


def _refund_shown(call: ApiCall, note: CreditNote, one: SalesRefund) -> dict[str, Any]:
    return answer.refund_detail(call.books, note, one)


ONE = "/creditnotes/{creditnote_id}"
INVOICES, REFUNDS = f"{ONE}/invoices", f"{ONE}/refunds"
REFUND = f"{REFUNDS}/{{creditnote_refund_id}}"
ROUTES = [
    Route(method="GET", path=INVOICES, scope="creditnotes.READ", handler=list_invoices),
    Route(method="POST", path=INVOICES, scope="creditnotes.CREATE", handler=apply_to_invoices, takes_body=True),
    Route(method="DELETE", path=f"{INVOICES}/{{creditnote_invoice_id}}", scope="creditnotes.DELETE", handler=take_off),
    Route(method="GET", path="/creditnotes/refunds", scope="creditnotes.READ", handler=list_all_refunds),
    Route(method="GET", path=REFUNDS, scope="creditnotes.READ", handler=list_refunds),
    Route(method="POST", path=REFUNDS, scope="creditnotes.CREATE", handler=create_refund, takes_body=True),
    Route(method="GET", path=REFUND, scope="creditnotes.READ", handler=get_refund),
    Route(method="DELETE", path=REFUND, scope="creditnotes.DELETE", handler=delete_refund),
]
