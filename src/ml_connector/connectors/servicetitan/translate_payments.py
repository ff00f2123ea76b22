"""ServiceTitan's customer payments as canonical documents. Pure."""

from __future__ import annotations

from decimal import Decimal

from ml_connector.canonical.money import ZERO, plain, total
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Payment, PaymentKind
from ml_connector.connectors.servicetitan import payloads_sales as payloads
from ml_connector.connectors.servicetitan.client import marked
from ml_connector.connectors.servicetitan.translate import Unreadable, date, named, ref_id, text

_POSTED = frozenset(["Posted", "Exported"])


def payment(payload: payloads.Payment, *, journal: bool = False) -> Payment:
    """A payment with its splits. ``journal``: the API lists it among those that move no money.

    Splits have the payment's own sign, so that they and what is unapplied sum to the amount: a refund's are negative,
    whichever way ServiceTitan shows them, which is not published. Raises Unreadable naming the field.
    """
    if payload.customer is None or not payload.customer.id:
        raise Unreadable("it names no customer")
    if payload.total is None:
        raise Unreadable("field total is missing")
    splits = tuple(_split(one, refund=payload.total < ZERO) for one in payload.applied_to or [])
    applied = total(one.amount for one in splits)
    account, reference = payload.general_ledger_account, marked(payload.memo)
    return Payment(
        id=str(payload.id),
        party=named(payload.customer),
        amount=plain(payload.total),
        kind=_kind(payload, payload.total),
        date=date(payload.date, "date"),
        method=Ref(_type_id(payload), text(payload.type)),
        number=text(payload.check_number) or text(payload.auth_code),
        splits=splits,
        unapplied=plain(payload.total - applied if payload.unapplied_amount is None else payload.unapplied_amount),
        bank_account=Ref() if account is None else Ref(ref_id(account.id), text(account.name), text(account.number)),
        business_unit=named(payload.business_unit),
        deposit=named(payload.deposit),
        refunds=Ref(ref_id(payload.refunded_payment_id)),
        journal=journal,
        state=text(payload.sync_status),
        posted=payload.sync_status in _POSTED,
        exported=payload.sync_status == "Exported",
        active=payload.active,
        reference=reference,
        ours=bool(reference),
        stamp=payload.modified_on or "",
    )


def _kind(payload: payloads.Payment, amount: Decimal) -> PaymentKind:
    """Money given back is negative, or names the payment it gives back. Whether unapplied money is an overpayment or a

    prepayment is a ledger's distinction that ServiceTitan does not make.
    """
    return PaymentKind.REFUND if amount < ZERO or payload.refunded_payment_id else PaymentKind.PAYMENT


def _type_id(payload: payloads.Payment) -> str:
    found = str(payload.type_id or "").strip()
    return "" if found == "0" else found


def _split(applied: payloads.Applied, *, refund: bool) -> Allocation:
    if applied.applied_amount is None:
        raise Unreadable(f"field appliedAmount of split {applied.applied_id} is missing")
    document = Ref(str(applied.applied_to), number=text(applied.applied_to_reference_number))
    amount = min(applied.applied_amount, -applied.applied_amount) if refund else applied.applied_amount
    return Allocation(str(applied.applied_id), document, plain(amount), date(applied.applied_on, "appliedOn"))
