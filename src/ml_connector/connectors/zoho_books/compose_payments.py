"""Customers' payments, refunds, and the application of credit notes, as Zoho payloads. Pure.

One payment settles any number of invoices, and what is left of it is unused; money that is applied later is an update of that
payment with all that it settles. There is no void: it is deleted (FACTS 6.6).
A refund and an application are sent to an address that names what they are of, so their payloads here are frames: ``credit``
(the entity), ``id``, and ``refund`` or ``allocation``, which alone goes out; for the removal of an application
``allocation_id``. Ids of earlier applications that look just like it stand under ``known``: it is none of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_connector.canonical.master_data import Organisation
from ml_connector.canonical.money import is_exact, plain, total
from ml_connector.canonical.sales import Invoice, Payment, PaymentKind
from ml_connector.connectors.json_fields import encode
from ml_connector.connectors.writing import Action, Composed
from ml_connector.connectors.zoho_books import editions
from ml_connector.connectors.zoho_books.lines import REFERENCE_NUMBER_LIMIT, cut, present, rate, reference_of
from ml_connector.connectors.zoho_books.settings import reference_field_of
from ml_connector.connectors.zoho_books.translate_sales import CREDIT_NOTE, PAYMENT
from ml_connector.errors import BadInput

REFUNDED = {PAYMENT: "payments", CREDIT_NOTE: "credit_notes"}


def payment(
    action: Action, document: Payment, organisation: Organisation, reference: str, settings: Mapping[str, str]
) -> Composed:
    """A payment with all it settles, or a refund; for a void, which of them is to be deleted. Raises BadInput."""
    if document.kind is PaymentKind.REFUND:
        return _refund(action, document, organisation, reference, settings)
    if action is Action.VOID:
        return Composed(b"", document.amount)
    _check(document)
    notes: list[str] = []
    shown = document.currency or organisation.currency
    if not is_exact(document.amount, shown):
        raise BadInput(
            f"The payment's amount {document.amount} has more decimals than {shown}: correct it at the source."
        )
    body: dict[str, Any] = {
        "customer_id": document.party.id,
        "payment_mode": _mode(document, settings),
        "amount": plain(document.amount),
        "date": str(document.date),
        "account_id": document.bank_account.id,
        "invoices": [{"invoice_id": one.document.id, "amount_applied": plain(one.amount)} for one in document.splits],
        **present(reference_number=_number(document, notes)),
        **rate(document.exchange_rate, document.currency, organisation),
        **(editions.head(organisation.edition, "payments", settings) if action is Action.CREATE else {}),
        **reference_of(action, document.memo, reference, reference_field_of(settings), "description"),
    }
    return Composed(encode(body), document.amount, tuple(notes))


def application(action: Action, document: Invoice) -> Composed:
    """Applying a credit note to an invoice, or taking that back: its first part. Others are earlier ones. Raises BadInput."""
    part, *earlier = document.allocations
    frame: dict[str, Any] = {"credit": "credit_notes", "id": document.id}
    if action is Action.VOID:
        if not part.id:
            raise BadInput("Nothing tells which application of the credit is meant: read the credit from Zoho first.")
        on = {"document": part.document.id} if part.document.id else {}
        return Composed(encode({**frame, **on, "allocation_id": part.id}), part.amount)
    if action is not Action.CREATE:
        raise BadInput("An applied credit cannot be changed in Zoho: take it back and apply it anew.")
    if not part.document.id or part.amount <= 0:
        raise BadInput("A credit note is applied with an invoice that is in Zoho and an amount above zero.")
    known = {"known": [one.id for one in earlier]} if earlier else {}
    applied = {"invoice_id": part.document.id, "amount_applied": plain(part.amount)}
    return Composed(encode({**frame, **known, "allocation": applied}), part.amount)


def _refund(
    action: Action, document: Payment, organisation: Organisation, reference: str, settings: Mapping[str, str]
) -> Composed:
    """Money given back, of a payment or credit note. Our reference is its reference number: lists show that alone."""
    entity = REFUNDED.get(document.refunds.name, "")
    if not entity or not document.refunds.id:
        raise BadInput("A refund in Zoho gives back a credit note or a payment that is there: name it.")
    frame = {"credit": entity, "id": document.refunds.id}
    if action is Action.VOID:
        return Composed(encode(frame), document.amount)
    if action is Action.UPDATE:
        raise BadInput("A refund cannot be changed from here: remove it and enter it anew.")
    if document.amount >= 0:
        raise BadInput("A refund is money given back, so its amount is negative: correct it at the source.")
    _check_booked(document, f"The refund {document.number}".rstrip())
    sent: dict[str, Any] = {
        "date": str(document.date),
        "refund_mode": _mode(document, settings),
        "reference_number": reference,
        "amount": plain(-document.amount),
        "from_account_id": document.bank_account.id,
        **present(description=document.number),
        **rate(document.exchange_rate, document.currency, organisation),
    }
    return Composed(encode({**frame, "refund": sent}), document.amount)


def _check(document: Payment) -> None:
    """Raises BadInput for what Zoho could not book."""
    what = f"The payment {document.number or document.id}".rstrip()
    if document.kind not in (PaymentKind.PAYMENT, PaymentKind.OVERPAYMENT, PaymentKind.PREPAYMENT):
        raise BadInput(f"{what} is a {document.kind.value}, which Zoho has no payment for.")
    if not document.party.id:
        raise BadInput(f"{what} has no customer in Zoho: link or create the customer.")
    if document.amount <= 0:
        raise BadInput(f"{what} is not above zero: money given back is a refund.")
    _check_booked(document, what)
    if not all(one.document.id and one.amount > 0 for one in document.splits):
        raise BadInput(f"{what}: what it settles is an invoice that is in Zoho and an amount above zero.")
    applied = total(one.amount for one in document.splits)
    if applied > document.amount:
        raise BadInput(f"{what} is over {document.amount} and settles {applied}: correct it at the source.")


def _check_booked(document: Payment, what: str) -> None:
    if document.date is None:
        raise BadInput(f"{what} has no date: enter it at the source.")
    if not document.bank_account.id:
        raise BadInput(f"{what} has no account to book it on: fill the mapping of payment types.")


def _mode(document: Payment, settings: Mapping[str, str]) -> str:
    return document.method.name or settings.get("payment_mode", "Others")


def _number(document: Payment, notes: list[str]) -> str:
    """Cheque or authorisation number, and the payment's own date where it is booked on another."""
    dated = f"(dated {document.original_date})" if document.original_date else ""
    room = REFERENCE_NUMBER_LIMIT - 1 - len(dated)
    return " ".join(part for part in (cut(document.number, room, "payment number", notes), dated) if part)
