"""A payment that stands in the ledger as one document, and a newer version of it: that document is changed, never doubled.

Money that ServiceTitan applies later goes onto its invoices by a change of the payment. What people have applied in the
ledger themselves stays on it; where both do not fit in, the change waits, and so does one that would remove the payment. What
people have taken off an invoice is not put back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Payment, PaymentKind
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft, followed, money
from ml_connector.integrations.payment_parts import Part, steps_of
from ml_connector.integrations.payment_rules import check_open
from ml_connector.integrations.payment_standing import Change, Standing
from ml_connector.integrations.views import View
from ml_connector.integrations.whole_payment_parts import WHOLE, numbers_of


def changed_whole(
    one: Standing, payment: Payment, parts: Sequence[Part], change: Change, view: View, draft: Draft
) -> bool:
    """Whether the document is the whole payment and stays it; then the step that changes it, if any, is in the change.

    It is entered anew only where it becomes another contact's, which a payment is once and for all.
    """
    part = next((part for part in parts if part.key == WHOLE and part.key not in change.kept), None)
    now = one.document
    if part is None or one.leaving or not isinstance(now, Payment) or now.kind is not PaymentKind.PAYMENT:
        return False
    assert isinstance(part.document, Payment)
    if not now.active:
        change.kept[part.key] = one
        draft.wait(waiting("removed_there", "person", "removed_there", id=now.id, what=change.what))
    elif followed(now.party.id, view.ledger.parties) != part.document.party.id:
        change.removed.append(one)
    else:
        change.kept[part.key] = one
        _change(now, one.reference, payment, part.document, change, view, draft)
    return True


def _change(
    now: Payment, reference: str, payment: Payment, wanted: Payment, change: Change, view: View, draft: Draft
) -> None:
    """The step that makes the ledger's payment what it is to be; none where it is that already."""
    on = _on(now, wanted, change, view, draft)
    dated = payment.date in (now.date, now.original_date)
    moved = change.anew and now.bank_account.id != wanted.bank_account.id
    if on == _by_invoice(now) and now.amount == wanted.amount and dated and not moved:
        return
    if now.reconciled:
        told = {"id": now.id, "amount": money(now.amount, draft.currency), "what": change.what}
        draft.wait(waiting("payment_reconciled", "fact", f"payments:{now.id}", **told))
    for target, amount in on.items():
        if (more := amount - _by_invoice(now).get(target, ZERO)) > 0:
            check_open(target, more, view, draft)
    target_payment = msgspec.structs.replace(
        wanted,
        id=now.id,
        party=Ref(now.party.id),
        date=now.date if dated else wanted.date,
        original_date=now.original_date if dated else None,
        bank_account=wanted.bank_account if change.anew or not now.bank_account.id else now.bank_account,
        splits=tuple(Allocation("", Ref(target), amount) for target, amount in on.items()),
        unapplied=wanted.amount - total(on.values()),
        memo=now.memo,  # people's own words: an update takes the place of all that stands there
    )
    change.dates += [now.date, target_payment.date]
    change.applied += steps_of(
        "payments", Action.UPDATE, target_payment, reference, view, draft, target_id=now.id, total=wanted.amount
    )


def _on(now: Payment, wanted: Payment, change: Change, view: View, draft: Draft) -> dict[str, Decimal]:
    """By the ledger's invoice, what is to be on it: what ServiceTitan says, and what people have applied there besides."""
    there, asked, ours = _by_invoice(now), _by_invoice(wanted), _ours(now, view)
    taken = {on: amount for on, amount in ours.items() if there.get(on, ZERO) < amount <= asked.get(on, ZERO)}
    if taken:
        told = {"id": now.id, "number": numbers_of(taken, view), "what": change.what}
        draft.wait(waiting("payment_taken_off", "fact", f"payments:{now.id}", **told))
    found = dict(asked)
    for on, amount in there.items():
        if amount > (mine := ours.get(on, ZERO)):
            less = max(mine - asked.get(on, ZERO), ZERO)  # what ServiceTitan has taken off of ours
            found[on] = max(asked.get(on, ZERO), amount - less)
    if (over := total(found.values()) - wanted.amount) > 0:
        more = [on for on in found if found[on] > asked.get(on, ZERO)] or list(asked)
        why = f"with what ServiceTitan has it on now that is {money(over, draft.currency)} more than the payment"
        told = {"id": now.id, "number": numbers_of(more, view), "why": why}
        draft.wait(waiting("payment_applied_by_hand", "fact", f"payments:{now.id}", **told))
    return found


def check_unused(now: Payment, what: str, view: View, draft: Draft) -> None:
    """Removing a payment undoes all that it is on: it waits where people have put it on something besides, and while any of

    it is given back, for no list shows a refund, and with the payment it would go from the bank account.
    """
    assert isinstance(view.document, Payment)
    if (back := given_back(now)) > 0:
        told = {"id": now.id, "amount": money(back, draft.currency), "what": what}
        draft.wait(waiting("payment_given_back", "fact", f"payments:{now.id}", **told))
    ours, asked = _ours(now, view), _asked(view.document, view)
    theirs = [on for on, amount in _by_invoice(now).items() if amount > max(ours.get(on, ZERO), asked.get(on, ZERO))]
    if theirs:
        why = f"ServiceTitan changed it so that it would be removed there: {what}"
        told = {"id": now.id, "number": numbers_of(theirs, view), "why": why}
        draft.wait(waiting("payment_applied_by_hand", "fact", f"payments:{now.id}", **told))


def given_back(now: Payment) -> Decimal:
    """What a payment's own figures show as refunded, positive: what it is neither on nor still has unused."""
    return now.amount - total(one.amount for one in now.splits) - now.unapplied if now.complete else ZERO


def _ours(now: Payment, view: View) -> Mapping[str, Decimal]:
    """What we had put on which invoice when both last agreed; of a payment that was not linked yet all that it shows.

    A change of ours sends along what people have applied, so of what was there then only what ServiceTitan had is ours.
    Where that cannot be told, since an invoice of it has another counterpart by now or none, all of it is.
    """
    link = view.link
    base = link.base if link is not None else None
    if link is None or not isinstance(base, Payment) or base.id != now.id:
        return _by_invoice(now)
    shown = _by_invoice(base)
    if not isinstance(link.source, Payment):
        return shown
    posted = _asked(link.source, view)
    told = all(amount <= shown.get(on, ZERO) for on, amount in posted.items())
    return posted if told else shown


def _asked(payment: Payment, view: View) -> Mapping[str, Decimal]:
    """By the ledger's invoice, what ServiceTitan has a payment on; under no id what is on those without a counterpart."""
    found: dict[str, Decimal] = {}
    for split in payment.splits:
        target = view.links.get(("invoices", split.document.id), "")
        found[target] = found.get(target, ZERO) + split.amount
    return found


def _by_invoice(payment: Payment) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for one in payment.splits:
        found[one.document.id] = found.get(one.document.id, ZERO) + one.amount
    return found
