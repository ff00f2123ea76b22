"""Paying vendors: payments, the parts of them that bills take, advances and refunds, with the checks the API makes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.zoho_books.books import choices, lines, periods
from ml_connector_sandbox.zoho_books.books.body import Body, day, decimal, objects, required, text
from ml_connector_sandbox.zoho_books.books.documents import Bill, BillPayment, Refund, VendorPayment
from ml_connector_sandbox.zoho_books.books.masters import CONTROL_TYPES
from ml_connector_sandbox.zoho_books.books.posting import post_payment, post_refund
from ml_connector_sandbox.zoho_books.books.purchases import rate_of, vendor_by_id, vendor_of
from ml_connector_sandbox.zoho_books.books.values import ZERO
from ml_connector_sandbox.zoho_books.errors import Refused, invalid

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records

TEXTS = {"description": 500, "location_id": 0}
MODULE = "vendor_payment"


@dataclass(frozen=True, slots=True)
class Part:
    """What a body wants one bill to take; ``bill_payment_id`` keeps the part that is there."""

    bill: Bill
    amount: Decimal
    bill_payment_id: str = ""


def create_payment(books: Records, body: Body, created: datetime | None = None, by: str = "") -> VendorPayment:
    """A new payment; without ``bills`` it is an advance. All or nothing. Raises Refused."""
    vendor = vendor_of(books, body)
    moment = created or books.now()
    payment = VendorPayment(
        payment_id=books.new_id(),
        vendor_id=vendor.contact_id,
        number="",
        date=day(body, "date", moment.astimezone(books.zone).date()),
        amount=positive_amount(body, "amount"),
        currency_code=vendor.currency_code,
        exchange_rate=rate_of(books, body, vendor),
        paid_through_account_id=money_account(books, body, "paid_through_account_id"),
        created=moment,
        modified=moment,
        sequence=books.next_sequence(),
        created_by=by,
    )
    _fill(books, payment, body)
    parts = _parts(books, payment, body, payment.amount)
    payment.number = books.next_payment_number()
    _allocate(books, payment, parts, moment)
    return _enter(books, payment)


def update_payment(books: Records, payment: VendorPayment, body: Body) -> VendorPayment:
    """Change a payment: fields not named stay, ``bills`` is replaced as a whole. Raises Refused and changes nothing."""
    periods.require_open(books, "purchase", payment.date)
    changed = _changed(books, payment, body)
    parts = _parts(books, payment, body, changed.amount) if "bills" in body else _as_they_are(books, payment)
    if changed.amount < payment.amount - payment.balance and "bills" not in body:
        raise too_much(books, "The amount is less than what bills and refunds have taken.")
    held = dict(payment.custom)
    _fill(books, payment, body)
    payment.amount, payment.date = changed.amount, changed.date
    payment.paid_through_account_id, payment.exchange_rate = changed.paid_through_account_id, changed.exchange_rate
    payment.modified = books.now()
    choices.drop_unique(books, MODULE, held)
    _allocate(books, payment, parts, books.now())
    return _enter(books, payment)


def _changed(books: Records, payment: VendorPayment, body: Body) -> VendorPayment:
    """A copy with the named amount, date, account and rate. Raises Refused."""
    if "vendor_id" in body and text(body, "vendor_id") != payment.vendor_id:
        raise invalid("vendor_id")
    copy = replace(payment, date=day(body, "date", payment.date))
    periods.require_open(books, "purchase", copy.date)
    if "amount" in body:
        copy.amount = positive_amount(body, "amount")
    if "paid_through_account_id" in body:
        copy.paid_through_account_id = money_account(books, body, "paid_through_account_id")
    if "exchange_rate" in body:
        copy.exchange_rate = rate_of(books, body, vendor_by_id(books, payment.vendor_id))
    return copy


def delete_payment(books: Records, payment: VendorPayment) -> None:
    """Remove a payment for good; its bills are owed again. Raises Refused in a closed period or when money came back."""
    check_deletable(books, payment)
    choices.drop_unique(books, MODULE, payment.custom)
    _allocate(books, payment, [], books.now())
    books.vendor_payments.remove(payment)
    books.ledger.post(payment.payment_id, ())


def check_deletable(books: Records, payment: VendorPayment) -> None:
    """Raises Refused in a closed period, or when money came back."""
    periods.require_open(books, "purchase", payment.date)
    if payment.refunds:
        raise Refused(400, books.switches.payments_applied_code, "Payments with refunds cannot be deleted.")


def apply_advance(
    books: Records, payment: VendorPayment, bill: Bill, amount: Decimal, moment: datetime | None = None
) -> BillPayment:
    """Let a bill take ``amount`` (bill currency) of what is left of a payment. Raises Refused."""
    _payable(books, payment, bill)
    if amount <= 0 or amount > payment.balance or amount > bill.balance:
        raise too_much(books, "The amount is more than the payment's balance or the bill's.")
    at = moment or books.now()
    part = BillPayment(
        made=payment,
        bill_payment_id=books.new_id(),
        bill_id=bill.document_id,
        amount=amount,
        applied_on=at.astimezone(books.zone).date(),
    )
    payment.applied.append(part)
    bill.payments.append(part)
    _moved(books, payment, at)
    books.touch(bill, moment=moment)
    return part


def unapply(books: Records, bill: Bill, part: BillPayment) -> None:
    """Take a part off its bill; the money stays with the vendor as an advance. Raises Refused in a closed period."""
    periods.require_open(books, "purchase", part.made.date)
    bill.payments.remove(part)
    part.made.applied.remove(part)
    _moved(books, part.made, books.now())
    books.touch(bill)


def refund(books: Records, payment: VendorPayment, body: Body, created: datetime | None = None) -> Refund:
    """The vendor pays back (part of) an advance. Raises Refused over the payment's balance."""
    moment = created or books.now()
    amount = positive_amount(body, "amount")
    if amount > payment.balance:
        raise too_much(books, "The amount refunded is more than the payment's balance.")
    made = Refund(
        refund_id=books.new_id(),
        amount=amount,
        date=day(body, "date", moment.astimezone(books.zone).date()),
        to_account_id=money_account(books, body, "to_account_id"),
        refund_mode=text(body, "refund_mode", 100) or "Cash",
        reference_number=text(body, "reference_number", 100),
        description=text(body, "description", 500),
    )
    periods.require_open(books, "purchase", made.date)
    payment.refunds.append(made)
    post_refund(books, payment, made)
    payment.modified = max(moment, payment.modified)
    books.vendor_payments.put(payment)
    return made


def delete_refund(books: Records, payment: VendorPayment, made: Refund) -> None:
    """Take a refund back; the advance is there again. Raises Refused in a closed period."""
    periods.require_open(books, "purchase", made.date)
    payment.refunds.remove(made)
    books.ledger.post(made.refund_id, ())
    payment.modified = books.now()
    books.vendor_payments.put(payment)


def _fill(books: Records, payment: VendorPayment, body: Body) -> None:
    """Texts and choices; whatever can be refused is checked before the first of them is changed."""
    periods.require_open(books, "purchase", payment.date)
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


def _parts(books: Records, payment: VendorPayment, body: Body, amount: Decimal) -> list[Part]:
    found = [_part(books, payment, one) for one in objects(body, "bills")]
    if len({one.bill.document_id for one in found}) < len(found):
        raise invalid("bill_id")
    refunded = sum((one.amount for one in payment.refunds), ZERO)
    if sum((one.amount for one in found), refunded) > amount:
        raise too_much(books, "The amount applied to bills is more than the amount of the payment.")
    return found


def _part(books: Records, payment: VendorPayment, one: Body) -> Part:
    bill = books.bills.get(required(one, "bill_id"))
    if bill is None:
        raise Refused(400, books.switches.unknown_reference_code, "Invalid value passed for bill_id")
    _payable(books, payment, bill)
    amount = positive_amount(one, "amount_applied")
    own = sum((part.amount for part in payment.applied if part.bill_id == bill.document_id), ZERO)
    if amount > bill.balance + own:
        raise too_much(books, f"The amount applied is more than the balance of bill {bill.number}.")
    kept = text(one, "bill_payment_id")
    if kept and kept not in {part.bill_payment_id for part in payment.applied}:
        raise invalid("bill_payment_id")
    return Part(bill, amount, kept)


def _payable(books: Records, payment: VendorPayment, bill: Bill) -> None:
    if bill.vendor_id != payment.vendor_id:
        raise invalid("bill_id")
    if bill.state not in ("open", "paid"):
        message = f"Bill {bill.number} is {bill.state} and cannot be paid."
        raise Refused(400, books.switches.wrong_status_code, message)


def _allocate(books: Records, payment: VendorPayment, parts: list[Part], moment: datetime) -> None:
    """Put ``parts`` in place of what was applied; every bill that is or was touched is changed at ``moment``."""
    before = {one.bill_id: one for one in payment.applied}
    touched = [bill for bill in map(books.bills.get, before) if bill is not None]
    for bill in touched:
        bill.payments.remove(before[bill.document_id])
    payment.applied = []
    for part in parts:
        old = before.get(part.bill.document_id)
        one = BillPayment(
            made=payment,
            bill_payment_id=part.bill_payment_id or (old.bill_payment_id if old else books.new_id()),
            bill_id=part.bill.document_id,
            amount=part.amount,
            applied_on=old.applied_on if old else None,
        )
        payment.applied.append(one)
        part.bill.payments.append(one)
        if part.bill.document_id not in before:
            touched.append(part.bill)
    for bill in touched:
        books.touch(bill, moment=moment)


def _as_they_are(books: Records, payment: VendorPayment) -> list[Part]:
    found = ((books.bills.get(one.bill_id), one) for one in payment.applied)
    return [Part(bill, one.amount, one.bill_payment_id) for bill, one in found if bill is not None]


def _moved(books: Records, payment: VendorPayment, at: datetime) -> None:
    """Note that something was applied or taken off; whether the payment's own stamp moves is a switch."""
    if books.switches.applying_bumps_source:
        payment.modified = max(at, payment.modified)
    books.vendor_payments.put(payment)
    post_payment(books, payment)


def _enter(books: Records, payment: VendorPayment) -> VendorPayment:
    books.vendor_payments.put(payment)
    choices.file_unique(books, MODULE, payment.custom, payment.payment_id)
    post_payment(books, payment)
    return payment


def positive_amount(body: Body, name: str) -> Decimal:
    """An amount over nothing. Raises Refused."""
    found = decimal(body, name)
    if found <= 0:
        raise invalid(name)
    return found


def money_account(books: Records, body: Body, name: str) -> str:
    """Where money goes out of or comes in to: any active account but the control accounts."""
    account = books.accounts.get(required(body, name))
    if account is None:
        raise Refused(400, books.switches.unknown_reference_code, f"Invalid value passed for {name}")
    if account.account_type in CONTROL_TYPES:
        raise invalid(name)
    if not account.active:
        raise Refused(400, books.switches.inactive_code, f"The account {account.account_name} is inactive.")
    return account.account_id


def too_much(books: Records, message: str) -> Refused:
    """More is wanted than there is."""
    return Refused(400, books.switches.over_payment_code, message)
