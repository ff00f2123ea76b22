"""A payment whose counterpart people have entered in the ledger: it is never changed from here, but laid beside ours.

So stands one that was linked by a match or a person, also in place of one of ours that people have deleted there. A change of
it in the source is held with what the two differ in, until the ledger's is corrected or the change is dismissed.
"""

from __future__ import annotations

from decimal import Decimal

from ml_connector.canonical.documents import amount_of
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Unchanged, gone_there, waiting
from ml_connector.integrations.drafts import Draft, followed, money
from ml_connector.integrations.payment_rules import rule_of, shown_invoice
from ml_connector.integrations.payment_standing import is_ours
from ml_connector.integrations.unread import unread
from ml_connector.integrations.views import Made, View


def is_others(view: View) -> bool:
    """Whether what stands for the record is what others have entered: nothing that we have made is known to stand."""
    link = view.link
    if link is None or (link.now is not None and is_ours(link.now, view)):
        return False
    made = [one for one in view.made.values() if one.entity != "allocations"]
    return not any(one.target_id == link.target_id or _may_stand(one, view) for one in made)


def _may_stand(one: Made, view: View) -> bool:
    """Whether it is there, or was never read and so may be."""
    shown = view.at_target.get((one.entity, one.target_id))
    return bool(getattr(shown, "active", True)) if shown is not None else (one.entity, one.target_id) not in view.gone


def not_ours(payment: Payment, before: Payment | None, same: bool, what: str, view: View) -> Decision:
    """The decision on a version of it. ``before``: the version that was linked; ``what`` has changed since, in words."""
    link = view.link
    assert link is not None
    now = link.now if isinstance(link.now, Payment | Invoice) else None
    stands = now is not None and now.active
    if same or before is None or not (stands or payment.active):
        return Unchanged()
    if now is None:
        return Hold((gone_there(link.target_entity, link.target_id),))
    if payment.active and (hold := unread(now, link.target_entity, what, view)) is not None:
        return hold
    shown = _differing(payment, before, now, view)
    if shown:
        told = {"id": now.id, "what": f"{what}; the ledger {', and '.join(shown)}"}
        return Hold((waiting("payment_not_ours", "fact", f"{link.target_entity}:{now.id}", **told),))
    if link.mirrored:  # its base is what the flow that went the other way has entered
        return Unchanged()
    return Adopt(link.target_entity, link.target_id, "matched", "linked already, and both agree on what has changed")


def _differing(payment: Payment, before: Payment, now: Payment | Invoice, view: View) -> list[str]:
    """What the ledger shows otherwise than the source has it. What no ledger shows counts where the source changed it."""
    if not payment.active:
        return ["has it still"]
    if not now.active:
        return ["shows it as removed"]
    found, there = [], _by_invoice(now)
    if (amount := abs(amount_of(now) or ZERO)) != abs(payment.amount):
        found.append(f"shows amount {money(amount)}")
    if payment.date not in (now.date, now.original_date):
        found.append(f"shows date {now.date or 'none'}")
    if there != _asked(payment, view):
        known = _numbers(before, now, view)
        numbers = sorted((known.get(target, target), part) for target, part in there.items())
        on = ", ".join(f"{money(part)} on {number}" for number, part in numbers)
        found.append(f"shows {on}" if on else "shows it on no invoice")
    party = now.party if isinstance(now, Payment) else now.customer
    if before.party.id != payment.party.id and not _is_of(party.id, payment, view):
        found.append(f"shows customer {party.name or party.id}")
    if before.method.id != payment.method.id and not _is_booked_so(payment, now, view):
        found.append(_account_told(now, view))
    if before.refunds.id != payment.refunds.id:
        found.append("does not show what it refunds")
    return found


def _is_of(contact: str, payment: Payment, view: View) -> bool:
    known = view.ledger.parties
    return followed(contact, known) == followed(view.links.get(("customers", payment.party.id), ""), known)


def _is_booked_so(payment: Payment, now: Payment | Invoice, view: View) -> bool:
    """Whether it stands as the table says of its type now."""
    rule = rule_of(payment, view, Draft(payment.currency))
    if rule is None or rule.kind == "none":
        return False
    return rule.is_credit if isinstance(now, Invoice) else not rule.is_credit and rule.account == now.bank_account.id


def _account_told(now: Payment | Invoice, view: View) -> str:
    account = now.bank_account if isinstance(now, Payment) else Ref()
    known = view.ledger.accounts.get(account.id)
    name = (known.name if known is not None else account.name) or account.id
    return f"shows account {name}" if name else "does not show the account of its type"


def _by_invoice(now: Payment | Invoice) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for one in now.splits if isinstance(now, Payment) else now.allocations:
        found[one.document.id] = found.get(one.document.id, ZERO) + one.amount
    return found


def _asked(payment: Payment, view: View) -> dict[str, Decimal]:
    """By the ledger's invoice; what is on one without a counterpart is under the source's id, as on none of the ledger's."""
    found: dict[str, Decimal] = {}
    for one in payment.splits:
        target = view.links.get(("invoices", one.document.id), f"invoices:{one.document.id}")
        found[target] = found.get(target, ZERO) + one.amount
    return {target: amount for target, amount in found.items() if amount}


def _numbers(before: Payment, now: Payment | Invoice, view: View) -> dict[str, str]:
    """By the ledger's id what people call the invoices that it is on there, or was in the source."""
    on = now.splits if isinstance(now, Payment) else now.allocations
    named = [(view.links.get(("invoices", one.document.id), ""), one.document.number) for one in before.splits]
    named += [(one.document.id, one.document.number) for one in on]
    shown = ((target, shown_invoice(target, view)) for target, _ in named)
    named += [(target, one.number) for target, one in shown if one is not None]
    return {target: number for target, number in named if target and number}
