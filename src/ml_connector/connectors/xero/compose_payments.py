"""Payments, refunds, over- and prepayments, and the application of credits, as Xero payloads. Pure.

An application is sent to an address that names the credit, so its payload here is a frame: ``credit`` (the entity), ``id``
of the credit, and ``allocation``, whose bytes are what goes out; for its removal ``allocation_id`` in place of that, and
``invoice``, the id of what it is on. Ids of earlier applications that look just like it stand under ``known``: it is none
of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_connector.canonical.master_data import Organisation
from ml_connector.canonical.money import plain
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, Payment, PaymentKind
from ml_connector.connectors.json_fields import encode
from ml_connector.connectors.writing import Action, Composed
from ml_connector.connectors.xero import references
from ml_connector.connectors.xero.compose_documents import currency
from ml_connector.connectors.xero.lines import DESCRIPTION_LIMIT, cents
from ml_connector.connectors.xero.translate_documents import REFUNDS
from ml_connector.connectors.xero.values import is_guid
from ml_connector.errors import BadInput

_ADVANCES = {
    PaymentKind.OVERPAYMENT: ("overpayments", "RECEIVE-OVERPAYMENT", "Overpayment"),
    PaymentKind.PREPAYMENT: ("prepayments", "RECEIVE-PREPAYMENT", "Prepayment"),
}
KNOWN = "known"
_TO_COME = "new: "  # begins the id, in plans, of what Xero has still to make
_REFUNDED = {name: (key, id_name) for name, key, id_name in REFUNDS.values()}


def applies(document: Invoice | Payment) -> bool:
    """Whether the document stands for the application of a credit to one invoice: it exists, or is still to be made."""
    there = is_guid(document.id) or document.id.startswith(_TO_COME)
    return there and bool(_parts(document)) and _credit(document) != ""


def application(action: Action, document: Invoice | Payment) -> Composed:
    """Applying a credit to an invoice, or taking that back: its first part. Others are earlier ones. Raises BadInput."""
    part, *earlier = _parts(document)
    frame: dict[str, Any] = {"credit": _credit(document), "id": document.id}
    if action is Action.VOID:
        if not part.id:
            raise BadInput("Nothing tells which application of the credit is meant: read the credit from Xero first.")
        on = {"invoice": part.document.id} if part.document.id else {}
        return Composed(encode({**frame, **on, "allocation_id": part.id}), part.amount)
    if action is not Action.CREATE:
        raise BadInput("An applied credit cannot be changed in Xero: take it back and apply it anew.")
    date = part.date or document.date
    if not part.document.id or part.amount <= 0 or date is None:
        raise BadInput("A credit is applied with an invoice that is in Xero, an amount above zero, and a date.")
    allocation = {
        "Amount": plain(part.amount),
        "Date": date.isoformat(),
        "Invoice": {"InvoiceID": part.document.id},
    }
    known = {KNOWN: [one.id for one in earlier]} if earlier else {}
    return Composed(encode({**frame, **known, "allocation": allocation}), part.amount)


def payment(
    action: Action, document: Payment, organisation: Organisation, reference: str, settings: Mapping[str, str]
) -> Composed:
    """A payment, refund, over- or prepayment, or the removal of a payment. Raises BadInput."""
    if action is Action.VOID:
        if document.kind in _ADVANCES:
            raise BadInput("Xero's API cannot remove an over- or prepayment: remove or refund it in Xero.")
        return Composed(encode({"Status": "DELETED"}), document.amount)
    if action is Action.UPDATE:
        raise BadInput("A payment cannot be changed in Xero: remove it and enter it anew.")
    _check(document)
    notes: list[str] = []
    if document.kind in _ADVANCES:
        body = _advance(document, organisation, reference, settings, notes)
    else:
        body = _single(document, organisation, reference, notes)
    return Composed(encode(body), document.amount, tuple(notes))


def _check(document: Payment) -> None:
    """Raises BadInput for what Xero could not book."""
    what = f"The payment {document.number or document.id}".rstrip()
    if document.date is None:
        raise BadInput(f"{what} has no date: enter it at the source.")
    if not (document.bank_account.id or document.bank_account.number):
        raise BadInput(f"{what} has no account to book it on: fill the mapping of payment types.")
    if document.amount != cents(document.amount):
        raise BadInput(f"{what}: {document.amount} has more than two decimals: correct it at the source.")
    if not document.amount:
        raise BadInput(f"{what} is zero: there is nothing to book.")
    if (document.amount < 0) != (document.kind is PaymentKind.REFUND):
        raise BadInput(f"{what}: money given back, and nothing else, is a refund with a negative amount.")


def _single(document: Payment, organisation: Organisation, reference: str, notes: list[str]) -> dict[str, Any]:
    """A payment on one invoice, or a refund of one credit."""
    return {
        **(_refund(document.refunds) if document.kind is PaymentKind.REFUND else _on_invoice(document)),
        "Account": _account(document.bank_account),
        "Date": str(document.date),
        "Amount": plain(abs(document.amount)),
        **_reference(document, reference, notes),
        **_rate(document, organisation),
    }


def _on_invoice(document: Payment) -> dict[str, Any]:
    if len(document.splits) != 1 or not document.splits[0].document.id:
        raise BadInput("A payment in Xero is on exactly one invoice that is there: split it, a step for each.")
    if document.splits[0].amount != document.amount:
        raise BadInput(
            f"The payment of {document.amount} applies {document.splits[0].amount} to its invoice: the rest must be a "
            "payment of its own."
        )
    return {"Invoice": {"InvoiceID": document.splits[0].document.id}}


def _refund(of: Ref) -> dict[str, Any]:
    if of.name not in _REFUNDED or not of.id:
        raise BadInput(
            "A refund in Xero gives back a credit note, an overpayment or a prepayment that is there: name it."
        )
    key, id_name = _REFUNDED[of.name]
    return {key: {id_name: of.id}}


def _advance(
    document: Payment, organisation: Organisation, reference: str, settings: Mapping[str, str], notes: list[str]
) -> dict[str, Any]:
    """Money without an invoice: a bank transaction of one line without tax, which carries our reference, too."""
    _, kind, word = _ADVANCES[document.kind]
    if not document.party.id:
        raise BadInput(f"The {word.lower()} has no customer in Xero: link or create it.")
    amount = plain(document.amount)
    code = settings.get("prepayment_account", "") if document.kind is PaymentKind.PREPAYMENT else ""
    words = " ".join(part for part in (word, document.number) if part)
    line = {
        "Description": references.written(words, reference, DESCRIPTION_LIMIT, document.original_date),
        "Quantity": 1,
        "UnitAmount": amount,
        "LineAmount": amount,
        **({"AccountCode": code} if code else {}),
    }
    return {
        "Type": kind,
        "Contact": {"ContactID": document.party.id},
        "BankAccount": _account(document.bank_account),
        "Date": str(document.date),
        "LineAmountTypes": "NoTax",
        **_reference(document, reference, notes),
        **currency(document.currency, document.exchange_rate, organisation),
        "LineItems": [line],
    }


def _account(ref: Ref) -> dict[str, str]:
    """By id where it is one (bank accounts may have no code), else by code."""
    return {"AccountID": ref.id} if is_guid(ref.id) else {"Code": ref.number or ref.id}


def _reference(document: Payment, reference: str, notes: list[str]) -> dict[str, str]:
    """Cheque or authorisation number first, then ours."""
    if not references.fits(document.number, reference, dated=document.original_date):
        notes.append(f"the payment's number was cut so that our reference stays within {references.LIMIT} characters")
    text = references.written(document.number, reference, dated=document.original_date)
    return {"Reference": text} if text else {}


def _rate(document: Payment, organisation: Organisation) -> dict[str, Any]:
    """A payment's currency is its invoice's; only a rate goes with it."""
    given = currency(document.currency, document.exchange_rate, organisation)
    return {"CurrencyRate": given["CurrencyRate"]} if "CurrencyRate" in given else {}


def _parts(document: Invoice | Payment) -> tuple[Allocation, ...]:
    return document.splits if isinstance(document, Payment) else document.allocations


def _credit(document: Invoice | Payment) -> str:
    """The entity of a credit; empty for a document that is none."""
    if isinstance(document, Invoice):
        return "credit_notes" if document.kind == "credit note" else ""
    return _ADVANCES[document.kind][0] if document.kind in _ADVANCES else ""
