"""How documents, payments and allocations reach the ledger.

Receivables and payables carry what is outstanding, credits included: an over- or prepayment stands there until it is
set off, so that the two accounts always equal the open documents. Base amounts are the document's divided by its rate.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.xero.books.documents import (
    AUTHORISED,
    INVOICE,
    OVERPAYMENT,
    POSTED,
    PREPAYMENT,
    Allocation,
    Document,
    Payment,
)
from ml_connector_sandbox.xero.books.ledger import Posting
from ml_connector_sandbox.xero.books.values import ZERO, rounded

if TYPE_CHECKING:
    from ml_connector_sandbox.xero.books.organisation import OrganisationBooks

Side = tuple[str, Decimal]


def base(amount: Decimal, rate: Decimal) -> Decimal:
    """An amount in the base currency."""
    return rounded(amount / rate)


def post_document(books: OrganisationBooks, document: Document) -> None:
    """A sale debits receivables and credits its lines and the tax; a purchase and a credit the other way round."""
    if document.status not in POSTED:
        books.ledger.post(document.document_id, ())
        return
    control = base(document.total, document.rate)
    others = _bank(document, control) if document.kind in (OVERPAYMENT, PREPAYMENT) else _lines(books, document)
    if others:
        account, amount = others[0]
        # Cents of conversion end up in the first line, so that the control account is exact.
        others[0] = (account, amount + control - sum((one for _, one in others), ZERO))
    sign = _sign(document)
    sides = [(books.control(document).account_id, sign * control)]
    sides += [(account, -sign * amount) for account, amount in others]
    _post(books, document.document_id, document.date, document.contact_id, sides)


def post_payment(books: OrganisationBooks, payment: Payment) -> None:
    """Money against the control account; what the rates differ by is currency gain. A deleted one is withdrawn."""
    document = payment.document
    if payment.status != AUTHORISED:
        books.ledger.post(payment.payment_id, ())
        return
    sign = _sign(document)
    control, bank = base(payment.amount, document.rate), base(payment.amount, payment.rate)
    sides = [
        (payment.account_id, sign * bank),
        (books.control(document).account_id, -sign * control),
        (books.system("REALISEDCURRENCYGAIN").account_id, sign * (control - bank)),
    ]
    _post(books, payment.payment_id, payment.date, document.contact_id, sides)


def post_allocation(books: OrganisationBooks, one: Allocation, withdrawn: bool = False) -> None:
    """Both documents stand in the same control account: only a difference of rates is posted."""
    sign = _sign(one.invoice)
    gain = base(one.amount, one.credit.rate) - base(one.amount, one.invoice.rate)
    sides = [
        (books.control(one.invoice).account_id, sign * gain),
        (books.system("REALISEDCURRENCYGAIN").account_id, -sign * gain),
    ]
    _post(books, one.allocation_id, one.date, one.invoice.contact_id, [] if withdrawn else sides)


def difference(books: OrganisationBooks) -> dict[str, Decimal]:
    """Control account -> ledger balance less what the open documents say; all zero when the books are straight.

    In organisations with one currency, to the cent; with more, conversion of part payments may leave cents.
    """
    found: dict[str, Decimal] = {}
    for name, sale in (("DEBTORS", True), ("CREDITORS", False)):
        account = books.system(name).account_id
        rows = [one for one in books.open_documents() if one.is_sale is sale]
        owed = sum((_sign(one) * base(one.due, one.rate) for one in rows), ZERO)
        found[name] = books.ledger.balance(account) - owed
    return found


def _sign(document: Document) -> int:
    """Of the document's own side in its control account: what a customer owes us is a debit."""
    return 1 if document.is_sale == (document.kind == INVOICE) else -1


def _bank(document: Document, amount: Decimal) -> list[Side]:
    return [(document.bank_account_id, amount)]


def _lines(books: OrganisationBooks, document: Document) -> list[Side]:
    sides: list[Side] = []
    for line in document.lines:
        net = line.amount - line.tax if document.amounts == "Inclusive" else line.amount
        account = books.account_by_code(line.account_code)
        if account is not None and (net or line.tax):
            sides.append((account.account_id, base(net, document.rate)))
    if document.total_tax:
        sides.append((books.system("GST").account_id, base(document.total_tax, document.rate)))
    return sides


def _post(books: OrganisationBooks, entry: str, day: date, contact_id: str, sides: list[Side]) -> None:
    books.ledger.post(entry, tuple(Posting(day, account, contact_id, amount) for account, amount in sides if amount))
