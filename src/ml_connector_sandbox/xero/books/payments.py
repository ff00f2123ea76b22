"""Payments of invoices and bills, refunds of credits."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.xero.books.body import Body, child, day, decimal, flag, given, text
from ml_connector_sandbox.xero.books.documents import (
    AUTHORISED,
    CREDIT_NOTE,
    DELETED,
    INVOICE,
    OVERPAYMENT,
    PREPAYMENT,
    Document,
    Payment,
)
from ml_connector_sandbox.xero.books.issues import (
    PAYMENT_ACCOUNT_TYPE,
    PAYMENT_ACCOUNT_UNKNOWN,
    PAYMENT_EARLY,
    PAYMENT_EXCEEDS,
    UNAUTHORISED_DOCUMENT,
    Issues,
)
from ml_connector_sandbox.xero.books.masters import ACTIVE, Account
from ml_connector_sandbox.xero.books.periods import require_open
from ml_connector_sandbox.xero.books.posting import post_payment
from ml_connector_sandbox.xero.books.trading import settle
from ml_connector_sandbox.xero.books.values import ZERO, rounded

if TYPE_CHECKING:
    from ml_connector_sandbox.xero.books.organisation import OrganisationBooks

_TARGETS = {INVOICE: "InvoiceNumber", CREDIT_NOTE: "CreditNoteNumber", PREPAYMENT: "", OVERPAYMENT: ""}

Taken = defaultdict[str, Decimal]
"""Document id -> what earlier payments of the same batch will take from it."""


def propose(books: OrganisationBooks, body: Body, issues: Issues, taken: Taken, app: str = "") -> Payment | None:
    """The payment as asked for; None when it names no single document that is on record."""
    document = _document(books, body, issues)
    account = _account(books, body, issues)
    amount = rounded(decimal(body, "Amount") or ZERO)
    if amount <= ZERO:
        issues.invented("amount")
    if document is None:
        return None
    _check(document, amount, taken, issues)
    moment = books.now()
    made = Payment(
        payment_id=books.new_id(),
        document=document,
        account_id=account.account_id if account else "",
        date=day(body, "Date") or books.today(),
        amount=amount,
        rate=_rate(books, body, document, amount),
        bank_amount=decimal(body, "BankAmount") or amount,
        reference=text(body, "Reference"),
        is_reconciled=flag(body, "IsReconciled"),
        created=moment,
        updated=moment,
        app=app,
    )
    require_open(books, [made.date], issues)
    if made.date < document.date:
        issues.warn(PAYMENT_EARLY)
    taken[document.document_id] += amount
    return made


def commit(books: OrganisationBooks, payment: Payment) -> None:
    """Enter it: the document moves with the payment's own stamp."""
    document = payment.document
    document.payments.append(payment)
    post_payment(books, payment)
    settle(books, document)
    document.updated = payment.updated = books.now()
    books.payments.put(payment)
    books.register(document.kind).put(document, announce=books.switches.payment_fires_invoice)


def delete(books: OrganisationBooks, payment: Payment, issues: Issues) -> None:
    """Reverse a payment, unless it is reconciled, part of a batch, in a locked period, or deleted already."""
    if payment.status == DELETED:
        issues.invented("payment status")
    if payment.is_reconciled:
        issues.invented("reconciled")
    if payment.in_batch:
        issues.invented("in batch")
    require_open(books, [payment.date], issues)
    if issues.messages:
        return
    payment.status = DELETED
    post_payment(books, payment)
    document = payment.document
    settle(books, document)
    document.updated = books.now()
    if books.switches.deleted_payment_moves:
        payment.updated = document.updated
    books.payments.put(payment)
    books.register(document.kind).put(document, announce=books.switches.payment_fires_invoice)


def _document(books: OrganisationBooks, body: Body, issues: Issues) -> Document | None:
    named = [kind for kind in _TARGETS if any(child(body, kind).values())]
    named += [kind for kind in (INVOICE, CREDIT_NOTE) if kind not in named and text(body, _TARGETS[kind])]
    if len(named) != 1:
        issues.invented("one target")
        return None
    kind = named[0]
    found = _found(books, kind, child(body, kind), body)
    if found is None:
        issues.invented("unknown target", kind)
    return found


def _found(books: OrganisationBooks, kind: str, sent: Body, body: Body) -> Document | None:
    register = books.register(kind)
    if text(sent, f"{kind}ID"):
        return register.get(text(sent, f"{kind}ID"))
    field = _TARGETS[kind]
    number = (text(sent, field) or text(body, field)) if field else ""
    return next(iter(register.having("number", number)), None) if number else None


def _account(books: OrganisationBooks, body: Body, issues: Issues) -> Account | None:
    sent = child(body, "Account")
    account = books.accounts.get(text(sent, "AccountID").lower()) if given(sent, "AccountID") else None
    if account is None and (code := text(sent, "Code") or text(body, "Code")):
        account = books.account_by_code(code)
    if account is None or account.status != ACTIVE:
        issues.add(PAYMENT_ACCOUNT_UNKNOWN)
        return None
    if account.type != "BANK" and not account.payments_enabled:
        issues.add(PAYMENT_ACCOUNT_TYPE)
    return account


def _check(document: Document, amount: Decimal, taken: Taken, issues: Issues) -> None:
    due = document.due - taken[document.document_id]
    if document.status != AUTHORISED or due <= ZERO:
        issues.add(UNAUTHORISED_DOCUMENT)
    if amount > due:
        issues.add(PAYMENT_EXCEEDS)


def _rate(books: OrganisationBooks, body: Body, document: Document, amount: Decimal) -> Decimal:
    """Of the document's currency; from the bank amount where only that is sent."""
    if document.currency_code == books.profile.base_currency:
        return Decimal(1)
    sent, bank = decimal(body, "CurrencyRate"), decimal(body, "BankAmount")
    if sent:
        return sent
    return amount / bank if bank else books.currencies[document.currency_code].rate
