"""A payment of Zoho Books that has a counterpart in ServiceTitan already, and has changed since. Nothing of it is changed

there: ServiceTitan's payments are changed as a whole, by people, and what is exported is locked.
"""

from __future__ import annotations

from decimal import Decimal

from ml_connector.canonical.documents import Document
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.sales import Payment
from ml_connector.integrations.back_rules import INVOICES, merged, on_ours
from ml_connector.integrations.back_tables import MODES, mode_key
from ml_connector.integrations.decisions import Decision, Hold, Unchanged, waiting
from ml_connector.integrations.drafts import money
from ml_connector.integrations.views import View


def changed(payment: Payment, view: View) -> Decision:
    """Held with both versions, unless it came from ServiceTitan, or ServiceTitan shows it as it is now."""
    link = view.link
    assert link is not None
    there = link.now
    posted = link.source if isinstance(link.source, Payment) else None
    stands = there if isinstance(there, Payment) and there.active else None
    if not link.mirrored or posted is None:
        return Unchanged()
    same = _same(posted, payment)
    # The amount of one that a person has dismissed tells nothing of what was entered: it is no share, or one that is settled.
    more = not (same and link.dismissed) and _more_ours(payment, posted, link.base, view)
    if not more and same and _as_entered(stands, link.base):
        return Unchanged()
    if stands is None or (payment.active and _agrees(payment, stands, view)):
        return Unchanged()
    told = {"id": link.target_id, "there": _shown(stands)}
    key = f"payments:{link.target_id}"
    if not payment.active:
        return Hold((waiting("payment_back_deleted", "fact", key, **told),))
    what = _told(posted, payment) if not (more and same) else _linked_since(payment, view)
    return Hold((waiting("payment_back_changed", "fact", key, what=what, **told),))


def _more_ours(payment: Payment, posted: Payment, entered: Document | None, view: View) -> bool:
    """Whether a share alone went, and more of what it is on is ServiceTitan's now."""
    if not isinstance(entered, Payment) or entered.amount == posted.amount:
        return False
    went = _on(entered)
    return any(amount > went.get(on, ZERO) for on, amount in _on_theirs(payment, view).items())


def _on_theirs(payment: Payment, view: View) -> dict[str, Decimal]:
    """By ServiceTitan's invoice, what of it is on its counterpart."""
    return {one.document.id: one.amount for one in merged(on_ours(payment, view), view)}


def _linked_since(payment: Payment, view: View) -> str:
    ours = on_ours(payment, view)
    shown = " and ".join(f"{one.document.number or one.document.id} {money(one.amount)}" for one in ours)
    return f"invoices of it that were Zoho Books' alone are linked with ServiceTitan's now, which makes it {shown}"


def _on(payment: Payment) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for one in payment.splits:
        found[one.document.id] = found.get(one.document.id, ZERO) + one.amount
    return found


def _same(before: Payment, after: Payment) -> bool:
    """In everything that ServiceTitan was told, words and the number of a cheque left out."""
    return (before.active, before.amount, before.date, before.method.name, _on(before)) == (
        after.active, after.amount, after.date, after.method.name, _on(after),
    )  # fmt: skip


def _as_entered(there: Payment | None, entered: Document | None) -> bool:
    """Whether nobody has changed ServiceTitan's since, as people are asked to where Zoho's was changed for a while."""
    if there is None or not isinstance(entered, Payment):
        return True
    was = entered.amount, entered.date, entered.method.id, _on(entered)
    return was == (there.amount, there.date, there.method.id, _on(there))


def _agrees(payment: Payment, there: Payment, view: View) -> bool:
    """Whether somebody has brought ServiceTitan's to what Zoho's is now."""
    ours = _on_theirs(payment, view)
    foreign = any((INVOICES, one.document.id) not in view.behind for one in payment.splits)
    amount = sum(ours.values(), ZERO) if foreign else payment.amount
    type_ = view.mappings[MODES].get(mode_key(payment.method), payment.date)
    return (there.amount, there.date, there.method.id, _on(there)) == (amount, payment.date, type_, ours)


def _told(before: Payment, after: Payment) -> str:
    """How two versions differ, in words."""
    if _same(before, after):
        return "it is as it was then (again), and ServiceTitan's was changed meanwhile"
    amounts = money(before.amount, before.currency), money(after.amount, after.currency)
    parts = [f"amount {amounts[0]} -> {amounts[1]}"] if before.amount != after.amount else []
    if before.date != after.date:
        parts.append(f"date {before.date or 'none'} -> {after.date or 'none'}")
    if before.method.name != after.method.name:
        parts.append(f"mode {before.method.name or 'none'} -> {after.method.name or 'none'}")
    if _on(before) != _on(after):
        parts.append(f"invoices {_numbers(before)} -> {_numbers(after)}")
    return ", ".join(parts)


def _numbers(payment: Payment) -> str:
    shown = (f"{one.document.number or one.document.id} {money(one.amount)}" for one in payment.splits)
    return " and ".join(shown) or "none"


def _shown(there: Payment) -> str:
    return f"{money(there.amount)} of {there.date or 'no date'} on invoices {_numbers(there)}"
