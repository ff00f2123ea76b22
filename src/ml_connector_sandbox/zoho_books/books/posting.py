"""How purchase documents reach the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books.documents import Bill, LineItem, Payment, PurchaseDocument
from ml_connector_sandbox.zoho_books.books.ledger import Posting
from ml_connector_sandbox.zoho_books.books.values import ZERO, rounded

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks

# Draft and void documents, and those waiting for approval, are not in the ledger.
POSTED_STATES = frozenset({"open", "paid", "closed"})


def post_document(books: OrganisationBooks, document: PurchaseDocument) -> None:
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


def post_payment(books: OrganisationBooks, bill: Bill, payment: Payment, withdrawn: bool = False) -> None:
    """Debit payables, credit the account paid through. A withdrawn payment stays as an advance to the vendor."""
    amount = _base(books, bill, payment.amount)
    debit = books.prepaid_expenses if withdrawn else books.accounts_payable
    books.ledger.post(
        payment.bill_payment_id,
        (
            _side(bill, payment, debit.account_id, amount),
            _side(bill, payment, payment.paid_through_account_id, -amount),
        ),
    )


def _side(bill: Bill, payment: Payment, account_id: str, amount: Decimal) -> Posting:
    return Posting("vendor_payment", payment.payment_id, payment.date, account_id, bill.vendor_id, amount)


def _base(books: OrganisationBooks, document: PurchaseDocument, amount: Decimal) -> Decimal:
    return rounded(amount * document.exchange_rate, books.price_precision)


def _sides(books: OrganisationBooks, document: PurchaseDocument) -> list[tuple[str, Decimal]]:
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


def _cost_tax(books: OrganisationBooks, line: LineItem) -> Decimal:
    """Tax that is not recoverable is part of the line's cost."""
    return sum((amount for tax_id, _, amount in line.taxes if not books.tax_by_id(tax_id).recoverable), ZERO)
