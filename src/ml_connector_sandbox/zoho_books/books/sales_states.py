"""Marking invoices and credit notes sent, open, draft or void, and deleting them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books import choices, numbering, periods
from ml_connector_sandbox.zoho_books.books.crediting import take_off
from ml_connector_sandbox.zoho_books.books.receiving import unapply
from ml_connector_sandbox.zoho_books.books.sales import touch
from ml_connector_sandbox.zoho_books.books.sales_documents import CreditNote, Invoice
from ml_connector_sandbox.zoho_books.errors import Refused

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records

# The states from which an invoice, or a credit note, comes into each of these.
_INVOICE = {"sent": ("draft",), "void": ("draft", "sent"), "draft": ("void",)}
_CREDIT_NOTE = {"open": ("draft", "void"), "void": ("draft", "open"), "draft": ("void",)}


def set_invoice_state(books: Records, invoice: Invoice, to: str, by: str = "") -> None:
    """Sent: posted. Void: payments and credits are taken off, and are unused again. Draft: a void one comes back.

    Raises Refused in a closed period, from another state, and when a returning number is taken.
    """
    _from(books, invoice.state, to, _INVOICE)
    periods.require_open(books, "sales", invoice.date)
    if to == "void":
        _free(books, invoice)
    elif invoice.state == "void":
        numbering.number_free(books, invoice)
    invoice.state = to
    touch(books, invoice, by)


def set_credit_note_state(books: Records, note: CreditNote, to: str, by: str = "") -> None:
    """Open, draft or void; refused while applied or refunded, and in a closed period. Raises Refused."""
    _from(books, note.state, to, _CREDIT_NOTE)
    periods.require_open(books, "sales", note.date)
    _unused(books, note)
    if note.state == "void":
        numbering.number_free(books, note)
    note.state = to
    touch(books, note, by)


def delete_invoice(books: Records, invoice: Invoice) -> None:
    """Remove an invoice for good; refused with payments or credits applied, and in a closed period."""
    periods.require_open(books, "sales", invoice.date)
    if invoice.payments or invoice.credits:
        message = "Invoices with payments or credits applied cannot be deleted."
        raise Refused(400, books.switches.payments_applied_code, message)
    choices.drop_unique(books, "invoice", invoice.custom)
    books.invoices.remove(invoice)
    books.ledger.post(invoice.document_id, ())


def delete_credit_note(books: Records, note: CreditNote) -> None:
    """Remove a credit note for good; refused while applied or refunded, and in a closed period."""
    periods.require_open(books, "sales", note.date)
    _unused(books, note)
    choices.drop_unique(books, "creditnote", note.custom)
    books.credit_notes.remove(note)
    books.ledger.post(note.document_id, ())


def _from(books: Records, state: str, to: str, known: dict[str, tuple[str, ...]]) -> None:
    if state == to and not books.switches.same_status_refused:
        return
    if state not in known[to]:
        message = f"A document that is {state} cannot become {to}."
        raise Refused(400, books.switches.wrong_status_code, message)


def _free(books: Records, invoice: Invoice) -> None:
    for part in invoice.payments:
        periods.require_open(books, "sales", part.made.date)
    for part in list(invoice.payments):
        unapply(books, invoice, part)
    for applied in list(invoice.credits):
        take_off(books, applied)


def _unused(books: Records, note: CreditNote) -> None:
    if note.credits or note.refunds:
        message = "The credit note is applied to invoices or was refunded."
        raise Refused(400, books.switches.payments_applied_code, message)
