"""Setting credit notes off against invoices, and paying them out. Setting off posts nothing: both stand in receivables."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books import periods
from ml_connector_sandbox.zoho_books.books.body import Body, day, text
from ml_connector_sandbox.zoho_books.books.payments import money_account, positive_amount, too_much
from ml_connector_sandbox.zoho_books.books.sales import touch
from ml_connector_sandbox.zoho_books.books.sales_documents import (
    CreditNote,
    CustomerPayment,
    Invoice,
    InvoiceCredit,
    SalesRefund,
)
from ml_connector_sandbox.zoho_books.books.sales_posting import post_sales_refund
from ml_connector_sandbox.zoho_books.errors import Refused, invalid

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records


def check(books: Records, note: CreditNote, invoice: Invoice, amount: Decimal) -> None:
    """May the invoice take ``amount`` of the credit note. Raises Refused."""
    if note.customer_id != invoice.customer_id:
        raise invalid("invoice_id")
    owed = invoice.state == "sent" or (invoice.state == "draft" and books.switches.draft_invoice_payable)
    if note.state != "open" or not owed:
        message = "Only open credit notes can be applied, and only to invoices that are sent."
        raise Refused(400, books.switches.wrong_status_code, message)
    if amount <= 0:
        raise invalid("amount_applied")
    if amount > note.balance or amount > invoice.balance:
        raise too_much(books, "The amount is more than the credit note's balance or the invoice's.")


def apply(
    books: Records, note: CreditNote, invoice: Invoice, amount: Decimal, moment: datetime | None = None
) -> InvoiceCredit:
    """Set a credit note off against an invoice; call ``check`` first."""
    at = moment or books.now()
    applied = InvoiceCredit(
        creditnote_invoice_id=books.new_id(),
        creditnote_id=note.document_id,
        invoice_id=invoice.document_id,
        amount=amount,
        date=at.astimezone(books.zone).date(),
    )
    note.credits.append(applied)
    invoice.credits.append(applied)
    invoice.state = "sent"
    _moved(books, note, invoice, at)
    return applied


def take_off(books: Records, applied: InvoiceCredit) -> None:
    """Take a credit off its invoice; it can be used again."""
    note, invoice = books.credit_notes.get(applied.creditnote_id), books.invoices.get(applied.invoice_id)
    if note is None or invoice is None:
        raise LookupError(
            f"a side of the applied credit {applied.creditnote_invoice_id} is gone; a defect of the emulator"
        )
    note.credits.remove(applied)
    invoice.credits.remove(applied)
    _moved(books, note, invoice, books.now())


def new_refund(books: Records, body: Body, left: Decimal, created: datetime | None = None) -> SalesRefund:
    """Money given back as a body says, at most ``left``. Raises Refused."""
    amount = positive_amount(body, "amount")
    if amount > left:
        raise too_much(books, "The amount refunded is more than the balance.")
    made = SalesRefund(
        refund_id=books.new_id(),
        amount=amount,
        date=day(body, "date", (created or books.now()).astimezone(books.zone).date()),
        from_account_id=money_account(books, body, "from_account_id"),
        refund_mode=text(body, "refund_mode", 100) or "Cash",
        reference_number=text(body, "reference_number", 100),
        description=text(body, "description", 500),
    )
    periods.require_open(books, "sales", made.date)
    return made


def refund(books: Records, note: CreditNote, body: Body, created: datetime | None = None) -> SalesRefund:
    """Pay out (part of) a credit note. Raises Refused over its balance, and unless it is open."""
    if note.state != "open":
        raise Refused(400, books.switches.wrong_status_code, f"A credit note that is {note.state} cannot be refunded.")
    made = new_refund(books, body, note.balance, created)
    note.refunds.append(made)
    post_sales_refund(books, note, made)
    touch(books, note, moment=created)
    return made


def withdraw(books: Records, source: CustomerPayment | CreditNote, made: SalesRefund) -> None:
    """Take a refund out of its source and of the ledger; the caller files the source. Raises Refused in a closed period."""
    periods.require_open(books, "sales", made.date)
    source.refunds.remove(made)
    books.ledger.post(made.refund_id, ())


def delete_refund(books: Records, note: CreditNote, made: SalesRefund) -> None:
    """Take a refund back; the credit is there again. Raises Refused in a closed period."""
    withdraw(books, note, made)
    touch(books, note)


def _moved(books: Records, note: CreditNote, invoice: Invoice, at: datetime) -> None:
    touch(books, invoice, moment=at)
    if books.switches.applying_bumps_source:
        note.modified = max(at, note.modified)
    books.credit_notes.put(note)
