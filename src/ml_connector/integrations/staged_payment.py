"""What of a vendor payment is staged: a row for every bill, with its method, and where the vendor was paid."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from ml_connector.canonical.documents import DELETED, Document
from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Payment
from ml_connector.integrations.decisions import Waiting, waiting
from ml_connector.integrations.drafts import money
from ml_connector.integrations.payment_rules import NEAR
from ml_connector.integrations.staging import Pair, Staged, source_key
from ml_connector.integrations.supplier_parts import check_remit_to, remit_to, supplier
from ml_connector.integrations.views import PART, View

#: How a payment is made, in the words of a payment detail there.
METHODS = ("bank_transfer", "cash_payment", "cheque", "credit_card", "debit_card", "wire_transfer")
NO_MODE = "(none)"
BILLS = "bills"


def target_payment(payment: Payment, view: View, draft: Staged, method: str = "") -> Payment:
    """The payment as it is staged; what is missing for it is added to the draft. ``method``: one that a setting names."""
    whose = supplier(payment.party, view, draft)
    splits = _splits(payment.splits, payment.currency, view, draft)
    address = remit_to(payment.party, whose.id, view, draft)
    if whose.id:
        check_remit_to(payment.party, address, view, draft)
    return Payment(
        id="",
        party=whose,
        amount=total(split.amount for split in splits),
        date=payment.date,
        currency=payment.currency,
        method=Ref(name=method or _method(payment, view, draft)),
        number=payment.number or payment.id,
        splits=splits,
        reference=view.reference,
        remit_to=address,
    )


def _method(payment: Payment, view: View, draft: Staged) -> str:
    key = source_key(payment.method, NO_MODE)
    row = view.mappings["payment_methods"].get(key, payment.date)
    if row in METHODS:
        return str(row)
    told = {"name": payment.method.label() or "no mode", "choices": ", ".join(METHODS), **draft.words}
    draft.wait(waiting("payment_method_unmapped", "mapping", f"payment_methods:{key}", **told))
    return ""


def _splits(parts: Sequence[Allocation], currency: str, view: View, draft: Staged) -> tuple[Allocation, ...]:
    """A row for each bill that is staged. What pays a bill from before the start date is left out, visibly."""
    found = []
    for part in parts:
        bill, target = part.document, view.links.get((BILLS, part.document.id), "")
        if target:
            draft.names(target)
            found.append(msgspec.structs.replace(part, document=_numbered(bill, view)))
        elif (older := _older(bill, view)) is not None:
            draft.notes.append(
                f"{money(part.amount, currency)} of it is on {_told(older)}, older than the start date "
                f"{view.settings.start_date}, and left out"
            )
        else:
            _missing(bill, view, draft)
    return tuple(found)


def check_keyed(target: Payment, view: View, draft: Staged) -> None:
    """Nobody has keyed a row by hand there: the same invoice, amount, and a near date, without our reference."""
    if "staged_payment_twin" in view.released or target.date is None:
        return
    ids = {split.document.id: view.links.get((BILLS, split.document.id), "") for split in target.splits}
    for split in target.splits:
        for other in view.at_target.values():
            if _is_keyed(other, split.amount, ids[split.document.id], target.date):
                told = {"amount": money(split.amount, target.currency), "date": str(getattr(other, "date", ""))}
                told |= {"id": other.id, "number": split.document.name or split.document.id}
                draft.wait(waiting("staged_payment_twin", "person", "staged_payment_twin", **told, **draft.words))


def _is_keyed(other: Document, amount: Decimal, invoice: str, date: dt.date) -> bool:
    if not isinstance(other, Payment) or not other.active or other.reference or other.date is None:
        return False
    same = other.amount == amount and any(split.document.id == invoice for split in other.splits)
    return same and abs(other.date - date) <= NEAR


def parts_left(payment: Payment, view: View, pair: Pair) -> list[Waiting]:
    """What was taken in of a payment before the rest was refused, and stands there though nothing is staged any more.

    Nobody is linked with it, and nothing is taken back from here: once it is not there any more, both sides agree.
    """
    what = how_dead(payment) if not payment.active else "changed so that nothing of it is staged any more"
    left = [one for one in view.at_target.values() if isinstance(one, Payment) and one.active and _is_part(one, view)]
    return [
        waiting(
            "payment_left_in_part", "fact", f"vendor_payments:{one.id}", what=what, number=one.number or one.id,
            amount=money(one.amount, one.currency), date=str(one.date), **pair.words,
        )
        for one in sorted(left, key=lambda one: one.id)
    ]  # fmt: skip


def _is_part(one: Payment, view: View) -> bool:
    return one.reference == view.reference or one.reference.startswith(view.reference + PART)


def _numbered(bill: Ref, view: View) -> Ref:
    """The bill by the ERP invoice number that it has there: the ledger's id, unless it was linked with another one."""
    there = view.counterpart(BILLS, bill.id)
    number = there.own_number if isinstance(there, Bill) and there.own_number else bill.id
    return Ref(bill.id, bill.number, number)


def on_older_bills(payment: Payment, view: View) -> str:
    """The bills in words, where all that a payment pays are from before the start date and none is there; else empty."""
    if any((BILLS, part.document.id) in view.links for part in payment.splits):
        return ""
    found = [_older(part.document, view) for part in payment.splits]
    return " and ".join(_told(one) for one in found if one is not None) if None not in found else ""


def _older(bill: Ref, view: View) -> Bill | None:
    shown = view.sources.get((BILLS, bill.id))
    is_older = isinstance(shown, Bill) and shown.date is not None and shown.date < view.settings.start_date
    return shown if is_older and isinstance(shown, Bill) else None


def _told(bill: Bill) -> str:
    return f"bill {bill.number or bill.id} of {bill.date}"


def _missing(bill: Ref, view: View, draft: Staged) -> None:
    """A payment waits for its bills."""
    key, number = f"{BILLS}:{bill.id}", bill.number or bill.id
    if BILLS not in view.brings:
        draft.wait(waiting("staged_bill_flow_off", "link", key, number=number, **draft.words))
    elif (BILLS, bill.id) in view.asked or BILLS not in view.read_through:
        draft.wait(waiting("staged_bill_pending", "link", key, number=number, **draft.words))
    else:
        draft.unread.append((BILLS, bill.id))
        draft.wait(waiting("staged_bill_unread", "link", key, number=number, **draft.words))


# --- a newer version ---------------------------------------------------------------------------------------------


def as_staged(payment: Payment) -> Payment:
    """What a staged payment must not differ in: whom it paid what for, when and how. What is unapplied shows nowhere."""
    return Payment(
        id="", party=Ref(payment.party.id), amount=payment.amount, date=payment.date, currency=payment.currency,
        method=Ref(source_key(payment.method, NO_MODE)), number=payment.number, active=payment.active,
        splits=tuple(sorted((_bare(one) for one in payment.splits), key=lambda one: (one.id, one.document.id))),
    )  # fmt: skip


def how_dead(payment: Payment) -> str:
    """How one that is not there any more ended, as people say it."""
    return DELETED if payment.state == DELETED else "voided"


def _bare(one: Allocation) -> Allocation:
    return Allocation(one.id, Ref(one.document.id), one.amount)


def more_splits(posted: Payment, payment: Payment) -> Payment | None:
    """The payment with no more than what was applied since; None where anything else has changed, too."""
    before, after = as_staged(posted), as_staged(payment)
    old = {one.id for one in before.splits}
    kept = tuple(one for one in after.splits if one.id in old)
    if msgspec.structs.replace(after, splits=kept) != before or len(kept) == len(after.splits):
        return None
    return msgspec.structs.replace(payment, splits=tuple(one for one in payment.splits if one.id not in old))


def changes(before: Payment, after: Payment) -> str:
    """Both versions in what they differ, in words."""
    if not after.active:
        return f"it was {how_dead(after)}"
    shown = ("amount", "date", "currency", "number")
    was, is_ = as_staged(before), as_staged(after)
    told = [f"{name} {_text(before, name)} -> {_text(after, name)}" for name in shown
            if getattr(was, name) != getattr(is_, name)]  # fmt: skip
    told += [f"{name} {_label(before, name)} -> {_label(after, name)}" for name in ("party", "method")
             if getattr(was, name) != getattr(is_, name)]  # fmt: skip
    if was.splits != is_.splits:
        told.append(f"applied to {_applied(before)} -> {_applied(after)}")
    return ", ".join(told) or "a detail"


def _text(payment: Payment, name: str) -> str:
    value = getattr(payment, name)
    return money(value) if isinstance(value, Decimal) else str(value or "none")


def _label(payment: Payment, name: str) -> str:
    one: Ref = getattr(payment, name)
    return one.label() or "none"


def _applied(payment: Payment) -> str:
    parts = [f"{one.document.number or one.document.id} {money(one.amount)}" for one in payment.splits]
    return "(" + ("; ".join(parts) or money(ZERO)) + ")"
