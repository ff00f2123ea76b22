"""How purchase documents reach the ledger."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books.documents import (
    Bill,
    BillPayment,
    LineItem,
    PurchaseDocument,
    Refund,
    VendorPayment,
)
from ml_connector_sandbox.zoho_books.books.ledger import Posting
from ml_connector_sandbox.zoho_books.books.values import ZERO, rounded

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records

# Draft and void documents, and those waiting for approval, are not in the ledger.
POSTED_STATES = frozenset({"open", "paid", "closed"})


def post_document(books: Records, document: PurchaseDocument) -> None:
    """Bills: debit the lines and recoverable tax, credit payables. Vendor credits: the reverse."""
    entity, sign = ("bill", 1) if isinstance(document, Bill) else ("vendor_credit", -1)
    if document.state not in POSTED_STATES:
        books.ledger.post(document.document_id, ())
        return
    payable = _base(books, document, document.total)
    sides = _sides(books, document)
    account, amount = sides[-1]
    # Base-currency rounding and inclusive-tax cents end up in the last line, so that payables are exact.
    sides[-1] = (account, amount + payable - sum((one for _, one in sides), ZERO))
    sides.append((books.accounts_payable.account_id, -payable))
    books.ledger.post(
        document.document_id,
        tuple(
            Posting(entity, document.document_id, document.date, account, document.vendor_id, sign * amount)
            for account, amount in sides
            if amount
        ),
    )


def post_payment(books: Records, payment: VendorPayment) -> None:
    """Debit payables with what bills took, at each bill's rate, and prepaid expenses with the advance; credit the account
    paid through, at the payment's rate. What the two rates differ by is gain or loss, kept in other expenses."""
    paid = rounded(payment.amount * payment.exchange_rate, books.price_precision)
    taken = [(books.accounts_payable.account_id, _taken(books, one)) for one in payment.applied]
    advance = rounded((payment.amount - payment.used) * payment.exchange_rate, books.price_precision)
    sides = [*taken, (books.prepaid_expenses.account_id, advance), (payment.paid_through_account_id, -paid)]
    sides.append((books.other_expenses.account_id, -sum((amount for _, amount in sides), ZERO)))
    books.ledger.post(payment.payment_id, _sides_of(payment, payment.payment_id, payment.date, sides))


def post_refund(books: Records, payment: VendorPayment, refund: Refund) -> None:
    """Debit the account the money came to, credit prepaid expenses."""
    amount = rounded(refund.amount * payment.exchange_rate, books.price_precision)
    sides = [(refund.to_account_id, amount), (books.prepaid_expenses.account_id, -amount)]
    books.ledger.post(refund.refund_id, _sides_of(payment, refund.refund_id, refund.date, sides))


def _sides_of(payment: VendorPayment, entry: str, on: date, sides: list[tuple[str, Decimal]]) -> tuple[Posting, ...]:
    return tuple(
        Posting("vendor_payment", entry, on, account, payment.vendor_id, amount) for account, amount in sides if amount
    )


def _taken(books: Records, one: BillPayment) -> Decimal:
    bill = books.bills.get(one.bill_id)
    return rounded(one.amount * (bill.exchange_rate if bill else one.made.exchange_rate), books.price_precision)


def _base(books: Records, document: PurchaseDocument, amount: Decimal) -> Decimal:
    return rounded(amount * document.exchange_rate, books.price_precision)


def _sides(books: Records, document: PurchaseDocument) -> list[tuple[str, Decimal]]:
    sides: list[tuple[str, Decimal]] = []
    if document.adjustment:
        sides.append((books.other_expenses.account_id, _base(books, document, document.adjustment)))
    for tax_id, (_, amount) in document.taxes.items():
        if books.tax_by_id(tax_id).recoverable:
            sides.append((books.input_tax.account_id, _base(books, document, amount)))
    for line in document.lines:
        cost = line.net + _cost_tax(books, line)
        sides.append((line.account_id, _base(books, document, cost)))
    return sides


def _cost_tax(books: Records, line: LineItem) -> Decimal:
    """Tax that is not recoverable is part of the line's cost."""
    return sum((amount for tax_id, _, amount in line.taxes if not books.tax_by_id(tax_id).recoverable), ZERO)
