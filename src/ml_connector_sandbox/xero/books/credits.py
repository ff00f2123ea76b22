"""Setting credit notes, overpayments and prepayments off against invoices of the same contact."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.xero.books.body import Body, child, decimal, text
from ml_connector_sandbox.xero.books.documents import AUTHORISED, INVOICE, Allocation, Document
from ml_connector_sandbox.xero.books.issues import Issues
from ml_connector_sandbox.xero.books.posting import post_allocation
from ml_connector_sandbox.xero.books.trading import settle
from ml_connector_sandbox.xero.books.values import ZERO, rounded

if TYPE_CHECKING:
    from ml_connector_sandbox.xero.books.organisation import OrganisationBooks


def allocate(books: OrganisationBooks, credit: Document, body: Body, issues: Issues) -> Allocation | None:
    """Set so much off; None, and the reasons in ``issues``, when it cannot be. The date is today's, whatever is sent."""
    invoice = _invoice(books, child(body, "Invoice"))
    amount = rounded(decimal(body, "Amount") or ZERO)
    if invoice is None:
        issues.invented("unknown target", INVOICE)
        return None
    _check(credit, invoice, amount, issues)
    if issues.messages:
        return None
    made = Allocation(
        allocation_id=books.new_id(), credit=credit, invoice=invoice, amount=amount, date=books.today()
    )  # fmt: skip
    for one in (credit, invoice):
        one.allocations.append(made)
    post_allocation(books, made)
    _moved(books, made)
    return made


def withdraw(books: OrganisationBooks, made: Allocation) -> None:
    """Undo an allocation."""
    for one in (made.credit, made.invoice):
        one.allocations.remove(made)
    post_allocation(books, made, withdrawn=True)
    _moved(books, made)


def _moved(books: OrganisationBooks, made: Allocation) -> None:
    moment = books.now()
    for one in (made.credit, made.invoice):
        settle(books, one)
        one.updated = moment
        books.register(one.kind).put(one)


def _invoice(books: OrganisationBooks, sent: Body) -> Document | None:
    if text(sent, "InvoiceID"):
        return books.invoices.get(text(sent, "InvoiceID"))
    number = text(sent, "InvoiceNumber")
    return next(iter(books.invoices.having("number", number)), None) if number else None


def _check(credit: Document, invoice: Document, amount: Decimal, issues: Issues) -> None:
    if credit.status != AUTHORISED or invoice.status != AUTHORISED:
        issues.invented("allocation status")
    if credit.is_sale != invoice.is_sale:
        issues.invented("allocation type")
    if credit.contact_id != invoice.contact_id or credit.currency_code != invoice.currency_code:
        issues.invented("allocation contact")
    if amount <= ZERO:
        issues.invented("amount")
    if amount > credit.due:
        issues.invented("allocation too much")
    if amount > invoice.due:
        issues.invented("allocation over due")
