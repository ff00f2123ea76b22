"""Sales invoices, credit notes and purchase orders as Xero payloads. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from ml_connector.canonical.master_data import Organisation
from ml_connector.canonical.money import plain
from ml_connector.canonical.purchases import OrderState, PurchaseOrder
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors.json_fields import encode
from ml_connector.connectors.writing import Action, Composed
from ml_connector.connectors.xero import references
from ml_connector.connectors.xero.lines import BASES, Frame, lines
from ml_connector.connectors.xero.settings import link
from ml_connector.errors import BadInput

NUMBER_LIMIT = 255
_STATUS = {
    InvoiceState.DRAFT: "DRAFT",
    InvoiceState.SUBMITTED: "SUBMITTED",
    InvoiceState.AUTHORISED: "AUTHORISED",
}
_OPEN = (InvoiceState.DRAFT, InvoiceState.SUBMITTED)  # deleted instead of voided
_ORDER_STATUS = {
    OrderState.PENDING: "DRAFT",
    OrderState.DRAFT: "DRAFT",
    OrderState.SUBMITTED: "SUBMITTED",
    OrderState.SENT: "AUTHORISED",
    OrderState.RECEIVED: "AUTHORISED",
    OrderState.AUTHORISED: "AUTHORISED",
}


def invoice(
    action: Action, document: Invoice, organisation: Organisation, reference: str, settings: Mapping[str, str]
) -> Composed:
    """An invoice or credit note. ``state`` is what it shall be (draft, submitted, authorised); for a void, what it is.

    Raises BadInput.
    """
    credit = document.kind == "credit note"
    id_key = "CreditNoteID" if credit else "InvoiceID"
    if action is Action.VOID:
        status = "DELETED" if document.state in _OPEN else "VOIDED"
        return Composed(encode({id_key: document.id, "Status": status}), document.total)
    what = f"{'Credit note' if credit else 'Invoice'} {document.number or document.id}"
    sign = -1 if credit and document.total < 0 else 1
    if document.total < 0 and not credit:
        raise BadInput(f"{what} is negative: Xero takes it as a credit note only.")
    if document.discount:
        raise BadInput(f"{what} has a discount of {document.discount} of its own: it must be a line, with an account.")
    frame = Frame(what, document.tax_basis, document.state is not InvoiceState.DRAFT, sign)
    head = {
        **({id_key: document.id} if action is Action.UPDATE else {"Type": "ACCRECCREDIT" if credit else "ACCREC"}),
        **_number("CreditNoteNumber" if credit else "InvoiceNumber", document.number, what),
        "Contact": _contact(document.customer.id, what, "customer"),
        **_reference(frame, document.memo, reference, "" if credit else link(settings), document.original_date),
        **({} if credit else _day("DueDate", document.due_date)),
    }
    if action is Action.UPDATE and not document.lines:
        frame.notes.append("only number, contact, reference and due date are changed; the lines stay as they are")
        return Composed(encode(head), document.total, tuple(frame.notes))
    return _with_lines(frame, head, document, organisation)


def _with_lines(frame: Frame, head: Mapping[str, Any], document: Invoice, organisation: Organisation) -> Composed:
    if document.state not in _STATUS:
        raise BadInput(f"{frame.what} cannot be made {document.state.value} in Xero: draft, submitted or authorised.")
    if document.date is None:
        raise BadInput(f"{frame.what} has no date: enter it at the source.")
    if frame.complete and document.kind == "invoice" and document.due_date is None:
        raise BadInput(
            f"{frame.what} has no due date, which Xero demands: give its customer or the sale payment terms."
        )
    sent = lines(frame, document.lines)
    body = {
        **head,
        **_day("Date", document.date),
        "LineAmountTypes": BASES[document.tax_basis],
        "Status": _STATUS[document.state],
        **currency(document.currency, document.exchange_rate, organisation),
        "LineItems": sent.sent,
    }
    return Composed(encode(body), frame.sign * sent.total, tuple(frame.notes))


def purchase_order(action: Action, document: PurchaseOrder, organisation: Organisation, reference: str) -> Composed:
    """A purchase order. What is sent or received is authorised; billed is Xero's to say. Raises BadInput."""
    if action is Action.VOID:
        return Composed(encode({"PurchaseOrderID": document.id, "Status": "DELETED"}), document.total)
    what = f"Purchase order {document.number or document.id}"
    if document.state not in _ORDER_STATUS:
        raise BadInput(f"{what} cannot be made {document.state.value} in Xero: draft, submitted or authorised.")
    if document.shipping:
        raise BadInput(f"{what} has shipping of {document.shipping}: it must be a line of its own, with an account.")
    if document.date is None:
        raise BadInput(f"{what} has no date: enter it at the source.")
    frame = Frame(what, document.tax_basis, document.state not in (OrderState.PENDING, OrderState.DRAFT))
    sent = lines(frame, document.lines)
    body = {
        **({"PurchaseOrderID": document.id} if action is Action.UPDATE else {}),
        **_number("PurchaseOrderNumber", document.number, what),
        "Contact": _contact(document.vendor.id, what, "vendor"),
        **_reference(frame, document.memo, reference, ""),
        **_day("Date", document.date),
        **_day("DeliveryDate", document.required_on),
        **({"DeliveryAddress": document.delivery} if document.delivery else {}),
        "LineAmountTypes": BASES[document.tax_basis],
        "Status": _ORDER_STATUS[document.state],
        **currency(document.currency, None, organisation),
        "LineItems": sent.sent,
    }
    return Composed(encode(body), sent.total, tuple(frame.notes))


def currency(code: str, rate: Decimal | None, organisation: Organisation) -> dict[str, Any]:
    """Always the currency; a rate only with a foreign one, and never 1. Raises BadInput."""
    shown = code or organisation.currency
    sent = {"CurrencyCode": shown} if shown else {}
    if rate is None or shown == organisation.currency:
        return sent
    if rate == 1:
        raise BadInput(f"An exchange rate of 1 between {shown} and {organisation.currency} is no rate: leave it out.")
    return {**sent, "CurrencyRate": plain(rate)}


def _number(key: str, number: str, what: str) -> dict[str, str]:
    """The number as it is, never shortened. Without one Xero would count by itself, and it could not be found again."""
    if not number:
        raise BadInput(f"{what} has no number: enter one at the source.")
    if len(number) > NUMBER_LIMIT or not number.isascii() or not number.isprintable():
        raise BadInput(f"{what}: Xero takes numbers of at most {NUMBER_LIMIT} plain letters, digits and signs.")
    return {key: number}


def _contact(id_: str, what: str, role: str) -> dict[str, str]:
    """By id and nothing else: other fields would change the contact, a name alone could make a new one."""
    if not id_:
        raise BadInput(f"{what} has no {role} in Xero: link or create it.")
    return {"ContactID": id_}


def _reference(frame: Frame, words: str, reference: str, prefix: str, dated: dt.date | None = None) -> dict[str, str]:
    behind = "" if prefix else reference
    if not references.fits(words, behind, dated=dated):
        frame.notes.append(
            f"the reference text was cut so that our reference stays within {references.LIMIT} characters"
        )
    text = references.written(words, behind, dated=dated)
    shown = {"Reference": text} if text else {}
    return {**shown, "Url": references.link(prefix, reference)} if prefix and reference else shown


def _day(key: str, day: dt.date | None) -> dict[str, str]:
    return {key: day.isoformat()} if day else {}
