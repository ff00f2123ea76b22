"""Xero's invoices, bills, credit notes, payments and purchase orders as canonical documents. Pure.

Amounts of lines are those that Xero computed; an inclusive document's lines contain their tax, so its ``tax`` is zero and
each line tells its own. ``prefix`` is the beginning of the link that carries our reference ("" = it ends the Reference).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from msgspec.structs import replace

from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Allocation, Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine, BillState, OrderState, PurchaseOrder
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState, Payment, PaymentKind
from ml_connector.connectors.json_fields import Fields, Unreadable, amount, child, children, needed_amount, text
from ml_connector.connectors.xero import references
from ml_connector.connectors.xero.translate import contact_ref
from ml_connector.connectors.xero.values import day, id_of, needed, stamp

_STATES = {
    "DRAFT": InvoiceState.DRAFT,
    "SUBMITTED": InvoiceState.SUBMITTED,
    "AUTHORISED": InvoiceState.AUTHORISED,
    "PAID": InvoiceState.PAID,
    "VOIDED": InvoiceState.VOID,
    "DELETED": InvoiceState.DELETED,
}
_ORDERS = {word: OrderState(word.lower()) for word in ("DRAFT", "SUBMITTED", "AUTHORISED", "BILLED", "DELETED")}
_BASES = {"inclusive": TaxBasis.INCLUSIVE, "notax": TaxBasis.NONE}
_GONE = (InvoiceState.VOID, InvoiceState.DELETED)
# What a refund gives back, by the type of its payment, and the object that names it.
REFUNDS = {
    "ARCREDITPAYMENT": ("credit note", "CreditNote", "CreditNoteID"),
    "AROVERPAYMENTPAYMENT": ("overpayment", "Overpayment", "OverpaymentID"),
    "ARPREPAYMENTPAYMENT": ("prepayment", "Prepayment", "PrepaymentID"),
}


def invoice(row: Fields, prefix: str) -> Invoice:
    """A sales invoice. Raises Unreadable."""
    state = _state(row)
    return Invoice(
        id=needed(row, "InvoiceID"),
        customer=contact_ref(row),
        number=text(row, "InvoiceNumber"),
        due_date=day(row, "DueDate"),
        lines=tuple(_invoice_line(line) for line in children(row, "LineItems")),
        state=state,
        state_words=text(row, "Status"),
        active=state not in _GONE,
        balance=_balance(row, "AmountDue", state),
        **_shown(row, prefix),
    )


def credit_note(row: Fields) -> Invoice:
    """A sales credit note: its total is positive. Raises Unreadable."""
    state = _state(row)
    return Invoice(
        id=needed(row, "CreditNoteID"),
        customer=contact_ref(row),
        kind="credit note",
        number=text(row, "CreditNoteNumber"),
        lines=tuple(_invoice_line(line) for line in children(row, "LineItems")),
        state=state,
        state_words=text(row, "Status"),
        active=state not in _GONE,
        balance=_balance(row, "RemainingCredit", state),
        allocations=allocations(row),
        original_date=references.dated(text(row, "Reference")),
        **_shown(row),
    )


def bill(row: Fields, prefix: str) -> Bill:
    """A payable bill; draft and submitted ones are not in the general ledger yet. Raises Unreadable."""
    state = _bill_state(row)
    return Bill(
        id=needed(row, "InvoiceID"),
        vendor=contact_ref(row),
        number=text(row, "InvoiceNumber"),
        due_date=day(row, "DueDate"),
        lines=tuple(_bill_line(line) for line in children(row, "LineItems")),
        state=state,
        active=state is not BillState.CANCELED,
        balance=amount(row, "AmountDue") if state is not BillState.CANCELED else ZERO,
        paid=amount(row, "AmountPaid") if text(row, "AmountPaid") else None,
        **_shown(row, prefix),
    )


def vendor_credit(row: Fields) -> Bill:
    """A credit from a vendor: a bill with every amount negated; its ``credits`` are the bills it is applied to, by amounts

    that are not. Raises Unreadable.
    """
    shown, state = _shown(row), _bill_state(row)
    left = amount(row, "RemainingCredit") if text(row, "RemainingCredit") and state is not BillState.CANCELED else ZERO
    return Bill(
        id=needed(row, "CreditNoteID"),
        vendor=contact_ref(row),
        number=text(row, "CreditNoteNumber"),
        lines=tuple(_credited(_bill_line(line)) for line in children(row, "LineItems")),
        state=state,
        active=state is not BillState.CANCELED,
        balance=-left,
        credits=allocations(row),
        **(shown | {"total": -shown["total"], "tax": -shown["tax"]}),
    )


def _credited(line: BillLine) -> BillLine:
    tax = None if line.tax is None else -line.tax
    return replace(line, amount=-line.amount, unit_cost=-line.unit_cost, tax=tax)


def _shown(row: Fields, prefix: str | None = None) -> dict[str, Any]:
    """What invoices, credit notes and bills show alike. ``prefix``: of the link that carries our reference; None where

    a document has none.
    """
    words, reference = references.read(text(row, "Reference"))
    total = needed_amount(row, "Total")
    return {
        "total": total,
        "date": day(row, "Date"),
        "currency": text(row, "CurrencyCode"),
        "tax_basis": _basis(row),
        "tax": _tax(row),
        "memo": words,
        "exchange_rate": _rate(row),
        "reference": reference or ("" if prefix is None else references.of_link(text(row, "Url"), prefix)),
        "complete": bool(children(row, "LineItems")) or not total,
        "stamp": stamp(row),
    }


def payment(row: Fields) -> Payment:
    """A payment received on an invoice, made on a bill, or a refund: then it is negative, and ``refunds`` names what it gives

    back, its kind in ``name``. Xero's payments are on one document each. Raises Unreadable.
    """
    kind = text(row, "PaymentType")
    invoice_ = child(row, "Invoice")
    words, reference = references.read(text(row, "Reference"))
    paid = needed_amount(row, "Amount")
    refunded = _refunded(row, kind)
    on = Ref(id_of(invoice_, "InvoiceID"), "", text(invoice_, "InvoiceNumber"))
    split = () if refunded.name else (Allocation(needed(row, "PaymentID"), on, paid, day(row, "Date")),)
    return Payment(
        id=needed(row, "PaymentID"),
        party=contact_ref(invoice_),
        amount=-paid if refunded.name else paid,
        kind=PaymentKind.REFUND if refunded.name else PaymentKind.PAYMENT,
        date=day(row, "Date"),
        currency=text(invoice_, "CurrencyCode"),
        number=words,
        splits=split,
        unapplied=-paid if refunded.name else ZERO,
        bank_account=_account(child(row, "Account")),
        refunds=refunded,
        state=text(row, "Status"),
        reconciled=row.get("IsReconciled") is True,
        active=text(row, "Status") != "DELETED",
        exchange_rate=_rate(row),
        reference=reference,
        original_date=references.dated(text(row, "Reference")),
        stamp=stamp(row),
        to_vendor=kind == "ACCPAYPAYMENT",
    )


def advance(row: Fields, kind: PaymentKind) -> Payment:
    """An over- or prepayment of a customer. What was refunded of it is in neither the splits nor ``unapplied``.

    Raises Unreadable.
    """
    live = text(row, "Status") != "VOIDED"
    left = amount(row, "RemainingCredit") if live else ZERO
    return Payment(splits=allocations(row), unapplied=left, active=live, **_advanced(row, kind))


def bank_transaction(row: Fields, kind: PaymentKind) -> Payment:
    """A bank transaction that made an over- or prepayment, as that: nothing of it is applied yet. Raises Unreadable."""
    return Payment(
        unapplied=needed_amount(row, "Total"),
        bank_account=_account(child(row, "BankAccount")),
        reconciled=row.get("IsReconciled") is True,
        active=text(row, "Status") not in ("DELETED", "VOIDED"),
        **_advanced(row, kind),
    )


def _advanced(row: Fields, kind: PaymentKind) -> dict[str, Any]:
    """What an over- or prepayment and the bank transaction that made it show alike."""
    words, reference = advance_reference(row)
    return {
        "id": needed(row, "OverpaymentID" if kind is PaymentKind.OVERPAYMENT else "PrepaymentID"),
        "party": contact_ref(row),
        "amount": needed_amount(row, "Total"),
        "kind": kind,
        "date": day(row, "Date"),
        "currency": text(row, "CurrencyCode"),
        "number": words,
        "state": text(row, "Status"),
        "exchange_rate": _rate(row),
        "reference": reference,
        "original_date": _own_date(row),
        "stamp": stamp(row),
    }


def advance_reference(row: Fields) -> tuple[str, str]:
    """The words of an over- or prepayment's Reference, and our reference: there, or in a line's description.

    The published document offers a Reference on them and says elsewhere that it is not kept.
    """
    words, reference = references.read(text(row, "Reference"))
    in_lines = (references.read(text(line, "Description"))[1] for line in children(row, "LineItems"))
    return words, reference or next((one for one in in_lines if one), "")


def _own_date(row: Fields) -> dt.date | None:
    """The date that an over- or prepayment has at its source, where our reference stands."""
    texts = (text(row, "Reference"), *(text(line, "Description") for line in children(row, "LineItems")))
    return next((day for one in texts if (day := references.dated(one)) is not None), None)


def purchase_order(row: Fields) -> PurchaseOrder:
    """A purchase order. Raises Unreadable."""
    word = needed(row, "Status")
    if word not in _ORDERS:
        raise Unreadable(f"Status {word!r} is none that Xero documents")
    words, reference = references.read(text(row, "Reference"))
    return PurchaseOrder(
        id=needed(row, "PurchaseOrderID"),
        number=text(row, "PurchaseOrderNumber"),
        vendor=contact_ref(row),
        total=needed_amount(row, "Total"),
        status=word,
        date=day(row, "Date"),
        lines=tuple(_bill_line(line) for line in children(row, "LineItems")),
        state=_ORDERS[word],
        tax=_tax(row),
        currency=text(row, "CurrencyCode"),
        tax_basis=_basis(row),
        required_on=day(row, "DeliveryDate"),
        delivery=text(row, "DeliveryAddress"),
        memo=words,
        active=word != "DELETED",
        reference=reference,
        stamp=stamp(row),
    )


def allocations(row: Fields) -> tuple[Allocation, ...]:
    """The parts of a credit that are applied to invoices; removed ones are left out. Raises Unreadable."""
    return tuple(allocation(one) for one in children(row, "Allocations") if one.get("IsDeleted") is not True)


def allocation(row: Fields) -> Allocation:
    """One application of a credit. Raises Unreadable."""
    to = child(row, "Invoice")
    return Allocation(
        id=id_of(row, "AllocationID") or id_of(row, "AllocationId"),
        document=Ref(id_of(to, "InvoiceID"), "", text(to, "InvoiceNumber")),
        amount=needed_amount(row, "Amount"),
        date=day(row, "Date"),
    )


def _refunded(row: Fields, kind: str) -> Ref:
    """What a refund gives back; lists show it in place of an invoice, details under its own name."""
    if kind not in REFUNDS:
        return Ref()
    name, key, id_name = REFUNDS[kind]
    shown = child(row, key)
    return Ref(id_of(shown, id_name) or id_of(child(row, "Invoice"), "InvoiceID"), name)


def _state(row: Fields) -> InvoiceState:
    word = needed(row, "Status")
    if word not in _STATES:
        raise Unreadable(f"Status {word!r} is none that Xero documents")
    return _STATES[word]


def _bill_state(row: Fields) -> BillState:
    match _state(row):
        case InvoiceState.DRAFT | InvoiceState.SUBMITTED:
            return BillState.DRAFT
        case InvoiceState.PAID:
            return BillState.PAID
        case InvoiceState.AUTHORISED:
            settled = amount(row, "AmountPaid") or amount(row, "AmountCredited")
            return BillState.PARTLY_PAID if settled else BillState.OPEN
        case _:
            return BillState.CANCELED


def _balance(row: Fields, name: str, state: InvoiceState) -> Decimal | None:
    """What is open. The answer to a void still shows what was; later ones show zero."""
    if state in _GONE:
        return ZERO
    return amount(row, name) if text(row, name) else None


def _basis(row: Fields) -> TaxBasis:
    return _BASES.get(text(row, "LineAmountTypes").lower(), TaxBasis.EXCLUSIVE)


def _tax(row: Fields) -> Decimal:
    return amount(row, "TotalTax") if _basis(row) is TaxBasis.EXCLUSIVE else ZERO


def _rate(row: Fields) -> Decimal | None:
    """The currency's rate; 1 is none, and lists of payments show 0 for unknown."""
    rate = amount(row, "CurrencyRate")
    return rate if rate not in (0, 1) else None


def _account(row: Fields) -> Ref:
    return Ref(id_of(row, "AccountID"), text(row, "Name"), text(row, "Code"))


def _line_account(row: Fields) -> Ref:
    return Ref(id_of(row, "AccountID"), "", text(row, "AccountCode"))


def _tracking(row: Fields) -> tuple[Ref, ...]:
    return tuple(
        Ref(text(one, "TrackingOptionID"), text(one, "Option"), text(one, "TrackingCategoryID"))
        for one in children(row, "Tracking")
    )


def _invoice_line(row: Fields) -> InvoiceLine:
    taxable = bool(amount(row, "TaxAmount"))
    return InvoiceLine(unit_price=amount(row, "UnitAmount"), taxable=taxable, **_line(row))


def _bill_line(row: Fields) -> BillLine:
    return BillLine(unit_cost=amount(row, "UnitAmount"), **_line(row))


def _line(row: Fields) -> dict[str, Any]:
    """What lines show alike, whatever document they are of."""
    return {
        "id": id_of(row, "LineItemID"),
        "amount": amount(row, "LineAmount"),
        "description": text(row, "Description"),
        "sku": text(row, "ItemCode"),
        "quantity": amount(row, "Quantity"),
        "account": _line_account(row),
        "tax_code": Ref(text(row, "TaxType")),
        "dimensions": _tracking(row),
        "tax": amount(row, "TaxAmount") if text(row, "TaxAmount") else None,
    }
