"""Money from before the start that the opening balances brought into the ledger, and a person has linked with its payment.

It is never posted, changed or removed. What the source puts of it on invoices from after the start is applied to them, each
once; what people have applied there counts, and what was too much is theirs to take back.
"""

from __future__ import annotations

from decimal import Decimal

from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Allocation
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.writing import Step
from ml_connector.integrations.checks import check_currency, check_periods
from ml_connector.integrations.decisions import STAYS, Decision, Hold, Unchanged, Write, waiting
from ml_connector.integrations.drafts import Draft, money
from ml_connector.integrations.payment_parts import apply, new_payment
from ml_connector.integrations.payment_rules import check_contact, check_open, is_new, linked_invoice
from ml_connector.integrations.payment_scope import since_start
from ml_connector.integrations.views import View

ADVANCES = ("overpayments", "prepayments")


def is_carried(payment: Payment, view: View) -> bool:
    """Whether it is from before the start and linked with an over- or prepayment that others have entered."""
    advance = _advance(view)
    early = payment.date is not None and payment.date < view.settings.start_date
    return early and payment.amount > 0 and advance is not None and not advance.reference.startswith(view.reference)


def carried(payment: Payment, view: View) -> Decision:
    """The applications that are still to be made of it. The payment's currency is filled in."""
    advance, draft = _advance(view), Draft(payment.currency)
    assert advance is not None and view.link is not None
    placed = since_start(payment, view, view.settings) if payment.active else []
    if told := _reversed(payment, view) or _too_much(advance, placed, view):
        draft.wait(waiting("payment_not_ours", "fact", _key(view), id=advance.id, what=told))
    for unseen in sorted(_ours(view) - {one.id for one in advance.splits}):
        draft.wait(waiting("posted_unseen", "fact", _key(view), id=unseen))
    steps, spare = list[Step](), advance.amount - total(one.amount for one in _before_this(advance, view))
    for split in placed:
        target = linked_invoice(split.document, view, draft)
        amount = split.amount - _on(target, advance, view)
        if target and amount > 0:
            steps += _applied(payment, split, target, amount, advance, view, draft)
            spare -= amount
    if spare < 0:
        left = {"left": money(advance.unapplied, draft.currency), "credit": advance.kind.value, "id": advance.id}
        draft.wait(waiting("carried_used_up", "fact", _key(view), short=money(-spare, draft.currency), **left))
    if draft.waits:
        return Hold(tuple(draft.waits))
    if not steps:
        return Unchanged()
    invoices = (view.links.get(("invoices", one.document.id), "") for one in payment.splits)
    new = tuple(dict.fromkeys(id_ for id_ in invoices if is_new(id_)))
    return Write(tuple(steps), view.link.target_entity, tuple(dict.fromkeys(draft.notes)), new, STAYS)


def _advance(view: View) -> Payment | None:
    now = view.link.now if view.link is not None and view.link.target_entity in ADVANCES else None
    return now if isinstance(now, Payment) and now.active else None


def _key(view: View) -> str:
    assert view.link is not None
    return f"{view.link.target_entity}:{view.link.target_id}"


# --- what is applied already -------------------------------------------------------------------------------------


def _before_this(advance: Payment, view: View) -> list[Allocation]:
    """Without what this very version has applied: its plan lists that, whether it is done or not."""
    own = set(view.proven.values())
    return [one for one in advance.splits if one.id not in own]


def _ours(view: View) -> set[str]:
    """Ids of the applications that earlier versions have made."""
    return {made.target_id for made in view.made.values() if made.entity == "allocations"}


def _on(target: str, advance: Payment, view: View) -> Decimal:
    return total(one.amount for one in _before_this(advance, view) if one.document.id == target)


def _reversed(payment: Payment, view: View) -> str:
    """What was linked is not that money any more, in words."""
    before = view.link.source if view.link is not None else None
    if not payment.active:
        return "reversed"
    if isinstance(before, Payment) and before.amount != payment.amount:
        return f"amount {money(before.amount)} -> {money(payment.amount)}"
    return ""


def _too_much(advance: Payment, placed: list[Allocation], view: View) -> str:
    """What we have applied in the ledger and the source has not on invoices any more, in words."""
    mine = _ours(view)
    wanted = {view.links.get(("invoices", one.document.id), ""): one.amount for one in placed}
    for one in advance.splits:
        if one.id in mine and _on(one.document.id, advance, view) > wanted.get(one.document.id, ZERO):
            return f"less of it is on invoice {one.document.number or one.document.id}"
    return ""


# --- what is still to be applied ---------------------------------------------------------------------------------


def _applied(
    payment: Payment, split: Allocation, target: str, amount: Decimal, advance: Payment, view: View, draft: Draft
) -> list[Step]:
    reference = _reference(f"{view.reference}-applied-{split.document.id}", view)
    check_currency(view.links.get(("customers", payment.party.id), ""), "customer", view, draft)
    if reference not in view.proven:
        check_open(target, amount, view, draft)
        check_contact(target, advance, view, draft)
    date = max(one for one in (split.date, payment.date, advance.date) if one is not None)
    check_periods((date,), view, draft)
    if draft.waits:
        return []
    alike = tuple(one for one in _before_this(advance, view) if (one.document.id, one.amount) == (target, amount))
    credit = new_payment(payment, advance.amount, advance.bank_account, kind=advance.kind, date=date, splits=alike)
    return apply(credit, advance.id, target, amount, reference, view, draft)


def _reference(first: str, view: View) -> str:
    """One that no step of an earlier version has: money may be put on one invoice several times."""
    n = sum(one == first or one.startswith(f"{first}+") for one in view.made)
    return f"{first}+{n}" if n else first
