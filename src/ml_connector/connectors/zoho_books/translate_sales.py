"""Zoho's invoices, credit notes, customer payments and refunds as canonical documents. Pure.

A list row shows no lines and no applications: its invoice is not ``complete``, its payment has no splits. Unknown fields are
ignored, a missing required one raises ``Unreadable``. ``field`` is as in ``translate``.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Allocation, Ref, TaxBasis
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState, Payment, PaymentKind
from ml_connector.connectors.json_fields import Fields, Unreadable, amount, children, needed, needed_amount, text
from ml_connector.connectors.zoho_books import translate
from ml_connector.connectors.zoho_books.own_dates import without_date
from ml_connector.connectors.zoho_books.values import day

CREDIT_NOTE, PAYMENT = "credit note", "payment"  # what a refund gives back, in the ``name`` of ``refunds``

# Approval states are not in the general ledger yet; `viewed` and `overdue` are sent ones, `closed` a credit that is used up.
_STATES = {
    "draft": InvoiceState.DRAFT,
    "rejected": InvoiceState.DRAFT,
    "pending_approval": InvoiceState.SUBMITTED,
    "approved": InvoiceState.SUBMITTED,
    "sent": InvoiceState.AUTHORISED,
    "viewed": InvoiceState.AUTHORISED,
    "open": InvoiceState.AUTHORISED,
    "unpaid": InvoiceState.AUTHORISED,
    "overdue": InvoiceState.AUTHORISED,
    "partially_paid": InvoiceState.AUTHORISED,
    "paid": InvoiceState.PAID,
    "closed": InvoiceState.PAID,
    "void": InvoiceState.VOID,
}


def invoice(row: Fields, field: str) -> Invoice:
    """A sales invoice of the list or in full detail. Raises Unreadable."""
    document = Invoice(
        id=needed(row, "invoice_id"),
        number=text(row, "invoice_number"),
        due_date=day(row, "due_date"),
        terms=text(row, "payment_terms_label"),
        **_shown(row, field),
    )
    return _with_lines(document, row) if "line_items" in row else document


def credit_note(row: Fields, field: str) -> Invoice:
    """A credit note: its total is positive, ``allocations`` are the invoices it is applied to. Raises Unreadable."""
    document = Invoice(
        id=needed(row, "creditnote_id"),
        kind="credit note",
        number=text(row, "creditnote_number"),
        allocations=tuple(_credited(one) for one in children(row, "invoices_credited")),
        **_shown(row, field),
    )
    return _with_lines(document, row) if "line_items" in row else document


def payment(row: Fields, field: str) -> Payment:
    """A payment of a customer, with what it settles and what of it is on nothing. Raises Unreadable.

    An application's day is Zoho's own (``apply_date``) where it is told, else the payment's.
    """
    paid_on, reference = day(row, "date"), _reference(row, field, "description")
    number, own_date = without_date(text(row, "reference_number"), reference)
    return Payment(
        id=needed(row, "payment_id"),
        party=Ref(needed(row, "customer_id"), text(row, "customer_name")),
        amount=needed_amount(row, "amount"),
        date=paid_on,
        currency=text(row, "currency_code"),
        method=Ref(name=text(row, "payment_mode")),
        number=number,
        memo=translate.words_of(text(row, "description")),
        splits=tuple(
            Allocation(
                text(one, "invoice_payment_id"),
                Ref(needed(one, "invoice_id"), number=text(one, "invoice_number")),
                needed_amount(one, "amount_applied"),
                day(one, "apply_date") or paid_on,
            )
            for one in children(row, "invoices")
        ),
        unapplied=amount(row, "unused_amount"),
        bank_account=Ref(text(row, "account_id"), text(row, "account_name")),
        state=text(row, "payment_status"),
        exchange_rate=amount(row, "exchange_rate") or None,
        reference=reference,
        original_date=own_date,
        stamp=text(row, "last_modified_time") or text(row, "updated_time"),
        complete="invoices" in row,
    )


def refund(row: Fields, of: Ref, party: Ref, id_key: str) -> Payment:
    """A refund of a payment or credit note, ``of`` which it is told beside the row; its amount is negative.

    A list of refunds shows ``amount_fcy`` in place of ``amount``. Our reference is its reference number. Raises Unreadable.
    """
    given, reference = amount(row, "amount") or amount(row, "amount_fcy"), text(row, "reference_number")
    number, own_date = without_date(translate.words_of(text(row, "description")), reference)
    return Payment(
        id=needed(row, id_key),
        party=party,
        amount=-given,
        kind=PaymentKind.REFUND,
        date=day(row, "date"),
        method=Ref(name=text(row, "refund_mode")),
        number=number,
        unapplied=-given,
        bank_account=Ref(text(row, "from_account_id"), text(row, "from_account_name")),
        refunds=of,
        exchange_rate=amount(row, "exchange_rate") or None,
        reference=reference,
        original_date=own_date,
    )


def _shown(row: Fields, field: str) -> dict[str, Any]:
    """What invoices and credit notes show alike."""
    word = needed(row, "status").lower()
    if word not in _STATES:
        raise Unreadable(f"status {word!r} is none that Zoho documents")
    state, reference = _STATES[word], translate.reference(row, field)
    words, own_date = without_date(text(row, "reference_number"), reference)
    return {
        "customer": Ref(needed(row, "customer_id"), text(row, "customer_name")),
        "total": needed_amount(row, "total"),
        "date": day(row, "date"),
        "currency": text(row, "currency_code"),
        "location": translate.location_of(row),
        "memo": words,
        "state": state,
        "state_words": word,
        "active": state is not InvoiceState.VOID,
        "balance": amount(row, "balance") if text(row, "balance") else None,
        "exchange_rate": amount(row, "exchange_rate") or None,
        "reference": reference,
        "original_date": own_date,
        "complete": False,
        "stamp": text(row, "last_modified_time"),
    }


def _with_lines(head: Invoice, row: Fields) -> Invoice:
    """The head with lines and tax. What Zoho keeps beside the lines (shipping, adjustment, rounding off) is a line here, with

    the account that Zoho names for it; a discount on the document stays one. Inclusive only where the lines' gross amounts
    alone give the total, else exclusive with the tax stated: the tie-out holds either way.
    """
    shown, extra = children(row, "line_items"), _beside(row)
    off = amount(row, "discount_total") if text(row, "discount_type") == "entity_level" else ZERO
    head = replace(head, discount=off, complete=True)
    gross = (*(_line(one, "item_total_inclusive_of_tax") for one in shown), *extra)
    if row.get("is_inclusive_tax") is True and total(one.amount for one in gross) - off == head.total:
        return replace(head, lines=gross, tax_basis=TaxBasis.INCLUSIVE)
    net = (*(_line(one, "item_total") for one in shown), *extra)
    tax = amount(row, "tax_total") or total(amount(one, "tax_amount") for one in children(row, "taxes"))
    return replace(head, lines=net, tax=tax)


def _beside(row: Fields) -> Sequence[InvoiceLine]:
    kinds = (
        ("shipping_charge", "Shipping charge", "shipping_charge_account"),
        ("adjustment", text(row, "adjustment_description") or "Adjustment", "adjustment_account"),
        ("roundoff_value", "Rounding off", ""),
    )
    return [
        InvoiceLine(
            "", value, words, unit_price=value, account=Ref(text(row, f"{account}_id"), text(row, f"{account}_name"))
        )
        for key, words, account in kinds
        if (value := amount(row, key))
    ]


def _line(row: Fields, amount_field: str) -> InvoiceLine:
    """A line. Its words are the description; the name, which is the item's, only where there is none."""
    tax_id, taxes = text(row, "tax_id"), children(row, "line_item_taxes")
    return InvoiceLine(
        id=text(row, "line_item_id"),
        amount=amount(row, amount_field) or amount(row, "item_total"),
        description=text(row, "description") or text(row, "name"),
        sku=text(row, "sku"),
        quantity=amount(row, "quantity"),
        unit_price=amount(row, "rate"),
        account=Ref(text(row, "account_id"), text(row, "account_name"), text(row, "account_code")),
        tax_code=Ref(tax_id, text(row, "tax_name"), text(row, "tax_percentage")) if tax_id else Ref(),
        tax=total(amount(one, "tax_amount") for one in taxes) if taxes else None,
        tax_parts=translate.tax_parts(taxes),
        taxable=bool(tax_id),
        dimensions=translate.tags(row),
        item=Ref(text(row, "item_id"), text(row, "name") if text(row, "item_id") else ""),
        location=translate.location_of(row),
    )


def _credited(row: Fields) -> Allocation:
    """A credit note's part on an invoice; the pages call its amount ``credited_amount``."""
    document = Ref(needed(row, "invoice_id"), number=text(row, "invoice_number"))
    return Allocation(text(row, "creditnote_invoice_id"), document, applied_amount(row), translate.loose_day(row))


def applied_amount(row: Fields) -> Decimal:
    """How much of a credit is on a document, by whichever of its names the answer uses. Raises Unreadable."""
    for name in ("credited_amount", "amount_applied", "amount"):
        if text(row, name):
            return amount(row, name)
    raise Unreadable("an applied credit shows no amount")


def _reference(row: Fields, field: str, words: str) -> str:
    """Our reference: in its custom field, else the last line of the field ``words``."""
    return translate.reference(row if field else {"notes": text(row, words)}, field)
