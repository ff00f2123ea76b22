"""How sales documents reach the ledger."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books.ledger import Posting
from ml_connector_sandbox.zoho_books.books.sales_documents import (
    CreditNote,
    CustomerPayment,
    Invoice,
    InvoicePayment,
    SalesDocument,
    SalesRefund,
)
from ml_connector_sandbox.zoho_books.books.values import ZERO, rounded

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records

# Drafts and void documents are not in the ledger.
POSTED_STATES = frozenset({"sent", "open"})


def post_sale(books: Records, document: SalesDocument) -> None:
    """Invoices: debit receivables, credit the lines' accounts and output tax. Credit notes: the reverse."""
    entity, sign = ("invoice", 1) if isinstance(document, Invoice) else ("creditnote", -1)
    if document.state not in POSTED_STATES:
        books.ledger.post(document.document_id, ())
        return
    receivable = _base(books, document, document.total)
    sides = _sides(books, document)
    account, amount = sides[-1]
    # Base-currency rounding and inclusive-tax cents end up in the last line, so that receivables are exact.
    sides[-1] = (account, amount + receivable - sum((one for _, one in sides), ZERO))
    sides.append((books.accounts_receivable.account_id, -receivable))
    negated = [(account, -sign * amount) for account, amount in sides]
    books.ledger.post(
        document.document_id, _postings(entity, document.document_id, document.date, document.customer_id, negated)
    )


def post_customer_payment(books: Records, payment: CustomerPayment) -> None:
    """Debit the account the money went to, less bank charges; credit receivables with what invoices took, at each
    invoice's rate, and with what is unused, at the payment's. What the rates differ by is gain or loss."""
    places = books.price_precision
    charges = rounded(payment.bank_charges * payment.exchange_rate, places)
    paid = rounded(payment.amount * payment.exchange_rate, places)
    receivable = books.accounts_receivable.account_id
    sides = [(payment.account_id, paid - charges)]
    if charges:
        sides.append((books.system_account("Bank Fees and Charges", "expense").account_id, charges))
    sides += [(receivable, -_taken(books, one)) for one in payment.applied]
    sides.append((receivable, -rounded((payment.amount - payment.used) * payment.exchange_rate, places)))
    sides.append((books.other_expenses.account_id, -sum((amount for _, amount in sides), ZERO)))
    entry, on, customer = payment.payment_id, payment.date, payment.customer_id
    books.ledger.post(entry, _postings("customer_payment", entry, on, customer, sides))


def post_sales_refund(books: Records, source: CustomerPayment | CreditNote, refund: SalesRefund) -> None:
    """Debit receivables, credit the account the money came from."""
    amount = rounded(refund.amount * source.exchange_rate, books.price_precision)
    sides = [(books.accounts_receivable.account_id, amount), (refund.from_account_id, -amount)]
    entry = refund.refund_id
    books.ledger.post(entry, _postings("customer_refund", entry, refund.date, source.customer_id, sides))


def _postings(
    entity: str, entry: str, on: date, contact_id: str, sides: list[tuple[str, Decimal]]
) -> tuple[Posting, ...]:
    return tuple(Posting(entity, entry, on, account, contact_id, amount) for account, amount in sides if amount)


def _taken(books: Records, one: InvoicePayment) -> Decimal:
    invoice = books.invoices.get(one.invoice_id)
    return rounded(one.amount * (invoice.exchange_rate if invoice else one.made.exchange_rate), books.price_precision)


def _base(books: Records, document: SalesDocument, amount: Decimal) -> Decimal:
    return rounded(amount * document.exchange_rate, books.price_precision)


def _sides(books: Records, document: SalesDocument) -> list[tuple[str, Decimal]]:
    sides: list[tuple[str, Decimal]] = []
    if document.adjustment:
        other = books.system_account("Other Charges", "income")
        sides.append((other.account_id, _base(books, document, document.adjustment)))
    tax = sum((amount for _, amount in document.taxes.values()), ZERO)
    if tax:
        payable = books.system_account("Tax Payable", "other_current_liability")
        sides.append((payable.account_id, _base(books, document, tax)))
    return sides + [(line.account_id, _base(books, document, line.net)) for line in document.lines]
