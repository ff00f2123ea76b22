"""Money from customers: payments, the parts of them that invoices take, what is unused, and refunds of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books import choices, lines, periods
from ml_connector_sandbox.zoho_books.books.body import Body, day, decimal, objects, required, text
from ml_connector_sandbox.zoho_books.books.crediting import new_refund, withdraw
from ml_connector_sandbox.zoho_books.books.payments import money_account, positive_amount, too_much
from ml_connector_sandbox.zoho_books.books.purchases import rate_of
from ml_connector_sandbox.zoho_books.books.sales import customer_by_id, customer_of, touch
from ml_connector_sandbox.zoho_books.books.sales_documents import CustomerPayment, Invoice, InvoicePayment, SalesRefund
from ml_connector_sandbox.zoho_books.books.sales_posting import post_customer_payment, post_sales_refund
from ml_connector_sandbox.zoho_books.books.values import ZERO
from ml_connector_sandbox.zoho_books.errors import Refused, invalid

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records

MODULE = "customer_payment"
TEXTS = {"description": 2000, "location_id": 0}


@dataclass(frozen=True, slots=True)
class Part:
    """What a body wants one invoice to take; ``invoice_payment_id`` keeps the part that is there."""

    invoice: Invoice
    amount: Decimal
    invoice_payment_id: str = ""


def create(books: Records, body: Body, created: datetime | None = None, by: str = "") -> CustomerPayment:
    """A new payment; what ``invoices`` does not take is unused. All or nothing. Raises Refused."""
    customer = customer_of(books, body)
    moment = created or books.now()
    payment = CustomerPayment(
        payment_id=books.new_id(),
        customer_id=customer.contact_id,
        number="",
        date=day(body, "date", moment.astimezone(books.zone).date()),
        amount=positive_amount(body, "amount"),
        currency_code=customer.currency_code,
        exchange_rate=rate_of(books, body, customer),
        account_id=_deposit(books, body, books.undeposited_funds.account_id),
        created=moment,
        modified=moment,
        sequence=books.next_sequence(),
        created_by=by,
    )
    required(body, "payment_mode", 100)
    payment.bank_charges = _charges(body, payment)
    _fill(books, payment, body)
    parts = _parts(books, payment, body, payment.amount)
    payment.number = str(books.next_in_sequence("CustomerPayment"))
    _allocate(books, payment, parts, moment)
    return _enter(books, payment)


def update(books: Records, payment: CustomerPayment, body: Body) -> CustomerPayment:
    """Change a payment: fields not named stay, ``invoices`` is replaced as a whole. Raises Refused and changes nothing."""
    periods.require_open(books, "sales", payment.date)
    changed = _changed(books, payment, body)
    parts = _parts(books, payment, body, changed.amount) if "invoices" in body else _as_they_are(books, payment)
    if changed.amount < payment.amount - payment.unused and "invoices" not in body:
        raise too_much(books, "The amount is less than what invoices and refunds have taken.")
    held = dict(payment.custom)
    _fill(books, payment, body)
    for name in ("amount", "date", "account_id", "exchange_rate", "bank_charges"):
        setattr(payment, name, getattr(changed, name))
    payment.modified = books.now()
    choices.drop_unique(books, MODULE, held)
    _allocate(books, payment, parts, books.now())
    return _enter(books, payment)


def delete(books: Records, payment: CustomerPayment) -> None:
    """Remove a payment for good; its invoices are owed again. Raises Refused in a closed period or when it was refunded."""
    check_deletable(books, payment)
    choices.drop_unique(books, MODULE, payment.custom)
    _allocate(books, payment, [], books.now())
    books.customer_payments.remove(payment)
    books.ledger.post(payment.payment_id, ())


def check_deletable(books: Records, payment: CustomerPayment) -> None:
    """Raises Refused in a closed period, or when money was given back."""
    periods.require_open(books, "sales", payment.date)
    if payment.refunds:
        raise Refused(400, books.switches.payments_applied_code, "Payments with refunds cannot be deleted.")


def apply_unused(books: Records, payment: CustomerPayment, invoice: Invoice, amount: Decimal) -> InvoicePayment:
    """Let an invoice take ``amount`` (invoice currency) of what is unused; call ``check_unused`` first."""
    at = books.now()
    part = next((one for one in payment.applied if one.invoice_id == invoice.document_id), None)
    if part is None:
        part = InvoicePayment(
            made=payment,
            invoice_payment_id=books.new_id(),
            invoice_id=invoice.document_id,
            amount=ZERO,
            applied_on=at.astimezone(books.zone).date(),
        )
        payment.applied.append(part)
        invoice.payments.append(part)
    part.amount += amount
    invoice.state = "sent"
    touch(books, invoice, moment=at)
    _moved(books, payment, at)
    return part


def check_unused(books: Records, payment: CustomerPayment, invoice: Invoice, amount: Decimal) -> None:
    """May the invoice take ``amount`` of what is unused. Raises Refused."""
    _payable(books, payment, invoice)
    if amount <= 0:
        raise invalid("amount_applied")
    if amount > payment.unused or amount > invoice.balance:
        raise too_much(books, "The amount is more than the payment's unused money or the invoice's balance.")


def unapply(books: Records, invoice: Invoice, part: InvoicePayment) -> None:
    """Take a part off its invoice; the money is unused again. Raises Refused in a closed period."""
    periods.require_open(books, "sales", part.made.date)
    invoice.payments.remove(part)
    part.made.applied.remove(part)
    touch(books, invoice)
    _moved(books, part.made, books.now())


def refund(books: Records, payment: CustomerPayment, body: Body, created: datetime | None = None) -> SalesRefund:
    """Give back (part of) what is unused. Raises Refused over it."""
    made = new_refund(books, body, payment.unused, created)
    payment.refunds.append(made)
    post_sales_refund(books, payment, made)
    payment.modified = max(created or books.now(), payment.modified)
    books.customer_payments.put(payment)
    return made


def delete_refund(books: Records, payment: CustomerPayment, made: SalesRefund) -> None:
    """Take a refund back; the money is unused again. Raises Refused in a closed period."""
    withdraw(books, payment, made)
    payment.modified = books.now()
    books.customer_payments.put(payment)


def _changed(books: Records, payment: CustomerPayment, body: Body) -> CustomerPayment:
    """A copy with the named amount, date, account, rate and charges. Raises Refused."""
    if "customer_id" in body and text(body, "customer_id") != payment.customer_id:
        raise invalid("customer_id")
    copy = replace(payment, date=day(body, "date", payment.date))
    periods.require_open(books, "sales", copy.date)
    if "amount" in body:
        copy.amount = positive_amount(body, "amount")
    copy.account_id = _deposit(books, body, payment.account_id)
    if "exchange_rate" in body:
        copy.exchange_rate = rate_of(books, body, customer_by_id(books, payment.customer_id))
    copy.bank_charges = _charges(body, copy)
    return copy


def _deposit(books: Records, body: Body, default: str) -> str:
    return money_account(books, body, "account_id") if text(body, "account_id") else default


def _charges(body: Body, payment: CustomerPayment) -> Decimal:
    found = decimal(body, "bank_charges", payment.bank_charges)
    if not 0 <= found <= payment.amount:
        raise invalid("bank_charges")
    return found


def _fill(books: Records, payment: CustomerPayment, body: Body) -> None:
    """Texts and choices; whatever can be refused is checked before the first of them is changed."""
    periods.require_open(books, "sales", payment.date)
    texts = {name: text(body, name, limit) for name, limit in TEXTS.items() if name in body}
    lines.require_location(books, texts.get("location_id", ""))
    tags = choices.read_tags(books, body, "transaction") if "tags" in body else payment.tags
    custom = payment.custom
    if "custom_fields" in body:
        given = choices.read_custom(books, MODULE, objects(body, "custom_fields"))
        custom = choices.merge_custom(books, custom, given)
    choices.check_custom(books, MODULE, custom, payment.payment_id)
    reference = text(body, "reference_number", 100, payment.reference_number)
    mode = text(body, "payment_mode", 100) or payment.payment_mode
    payment.texts |= texts
    payment.tags, payment.custom, payment.reference_number, payment.payment_mode = tags, custom, reference, mode


def _parts(books: Records, payment: CustomerPayment, body: Body, amount: Decimal) -> list[Part]:
    found = [_part(books, payment, one) for one in objects(body, "invoices")]
    if len({one.invoice.document_id for one in found}) < len(found):
        raise invalid("invoice_id")
    if sum((one.amount for one in found), payment.refunded) > amount:
        raise too_much(books, "The amount applied to invoices is more than the amount of the payment.")
    return found


def _part(books: Records, payment: CustomerPayment, one: Body) -> Part:
    invoice = books.invoices.get(required(one, "invoice_id"))
    if invoice is None:
        raise lines.unknown(books, "invoice_id")
    _payable(books, payment, invoice)
    amount = positive_amount(one, "amount_applied")
    own = sum((part.amount for part in payment.applied if part.invoice_id == invoice.document_id), ZERO)
    if amount > invoice.balance + own:
        raise too_much(books, f"The amount applied is more than the balance of invoice {invoice.number}.")
    kept = text(one, "invoice_payment_id")
    if kept and kept not in {part.invoice_payment_id for part in payment.applied}:
        raise invalid("invoice_payment_id")
    return Part(invoice, amount, kept)


def _payable(books: Records, payment: CustomerPayment, invoice: Invoice) -> None:
    if invoice.customer_id != payment.customer_id:
        raise invalid("invoice_id")
    if invoice.state == "sent" or (invoice.state == "draft" and books.switches.draft_invoice_payable):
        return
    message = f"Invoice {invoice.number} is {invoice.state} and cannot be paid."
    raise Refused(400, books.switches.wrong_status_code, message)


def _allocate(books: Records, payment: CustomerPayment, parts: list[Part], moment: datetime) -> None:
    """Put ``parts`` in place of what was applied; every invoice that is or was touched is changed at ``moment``."""
    before = {one.invoice_id: one for one in payment.applied}
    touched = [invoice for invoice in map(books.invoices.get, before) if invoice is not None]
    for invoice in touched:
        invoice.payments.remove(before[invoice.document_id])
    payment.applied = []
    today = moment.astimezone(books.zone).date()
    for part in parts:
        old = before.get(part.invoice.document_id)
        one = InvoicePayment(
            made=payment,
            invoice_payment_id=part.invoice_payment_id or (old.invoice_payment_id if old else books.new_id()),
            invoice_id=part.invoice.document_id,
            amount=part.amount,
            applied_on=old.applied_on if old else today,
        )
        payment.applied.append(one)
        part.invoice.payments.append(one)
        part.invoice.state = "sent"
        if part.invoice.document_id not in before:
            touched.append(part.invoice)
    for invoice in touched:
        touch(books, invoice, moment=moment)


def _as_they_are(books: Records, payment: CustomerPayment) -> list[Part]:
    found = ((books.invoices.get(one.invoice_id), one) for one in payment.applied)
    return [Part(invoice, one.amount, one.invoice_payment_id) for invoice, one in found if invoice is not None]


def _moved(books: Records, payment: CustomerPayment, at: datetime) -> None:
    """Note that something was applied or taken off; whether the payment's own stamp moves is a switch."""
    if books.switches.applying_bumps_source:
        payment.modified = max(at, payment.modified)
    books.customer_payments.put(payment)
    post_customer_payment(books, payment)


def _enter(books: Records, payment: CustomerPayment) -> CustomerPayment:
    books.customer_payments.put(payment)
    choices.file_unique(books, MODULE, payment.custom, payment.payment_id)
    post_customer_payment(books, payment)
    return payment
