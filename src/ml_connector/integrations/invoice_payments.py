"""Taking what is ours off an invoice in Xero, so that it can be changed; it goes back onto it afterwards.

Xero lets no amount of an invoice be changed while something of it is paid or credited. Payments are removed and made anew;
over- and prepayments are taken off and applied again; the credit note of a write-off or fee is removed with its
application and made anew, since its share of the tax is that of the invoice; that of a credit memo is only taken off. What
people have reconciled, paid or credited there themselves is never taken off, nor a credit note of an adjustment: then the
change waits, with both versions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, Payment, PaymentKind
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.checks import check_periods
from ml_connector.integrations.decisions import STAYS, Decision, Write
from ml_connector.integrations.drafts import Draft, money
from ml_connector.integrations.invoice_standing import Change, settled
from ml_connector.integrations.payment_parts import parts_of, with_part
from ml_connector.integrations.views import ASIDE, Using, View, aside_key

# What of the head is sent alone, without the lines, once something is paid. Xero also lets the contact (unless a credit note
# paid it) and lines' words, accounts and tracking be changed then: those go with the whole of it, see invoice_updates.
HEAD = frozenset(["number", "due_date", "job", "location"])
_CREDITING = ("payments", "credit_memos")  # flows whose credits go back onto it by themselves


@dataclass(frozen=True, slots=True)
class _Aside:
    """What one document of ours settles of the invoice, or did before this change, and the steps that take it off.

    ``stays``: the document itself is not removed.
    """

    whole: Decimal
    still: Decimal
    steps: tuple[Step, ...]
    dates: tuple[dt.date | None, ...]
    stays: bool = False


def payments_off(change: Change, passes_on: bool, view: View, draft: Draft) -> tuple[Step, ...]:
    """The steps that remove all that settles it; none where that is not all ours, would not fit on it again, or cannot be

    taken off it alone.

    ``passes_on``: it becomes another contact's, and an over- or prepayment stays its own contact's.
    """
    if not view.ways.takes_off:
        return ()
    if not change.what or set(change.what) <= HEAD or change.now.kind == "credit note" or not change.now.active:
        return ()
    ours = list(_ours(change, view))
    whole, left = total(one.whole for one in ours), total(one.still for one in ours)
    # Between two removals the invoice may show either, as it was read before the first or after it.
    fits = settled(change.now) in (whole, left) and whole <= change.invoice.total
    if not ours or not fits or _reconciled(change, view) or (passes_on and any(one.stays for one in ours)):
        return ()
    check_periods((date for one in ours for date in one.dates), view, draft, change.told)
    told = money(whole, change.now.currency)
    draft.notes.append(
        f"what we have put on it ({told}) is taken off it for the change, and goes back onto it afterwards"
    )
    return tuple(step for one in ours for step in one.steps)


def begun(view: View) -> bool:
    """Whether a step of this very change has taken something off it, so that nothing may be left on it."""
    return any(action is Action.VOID and ASIDE in reference for _, action, reference in view.done)


def with_removals(removals: Sequence[Step], decision: Decision) -> Decision:
    """The change with what goes before it."""
    if not isinstance(decision, Write) or not removals:
        return decision
    main = decision.main if decision.main == STAYS else decision.main + len(removals)
    return msgspec.structs.replace(decision, steps=(*removals, *decision.steps), main=main)


def _ours(change: Change, view: View) -> Iterator[_Aside]:
    """What our records have put on it and stands there, or was removed by a step of this very change."""
    for using in view.users:
        document = using.document
        if isinstance(document, Payment) and document.kind is PaymentKind.PAYMENT:
            found = _paid(using, document, change, view)
        elif isinstance(document, Payment | Invoice) and using.flow in _CREDITING:
            found = _credited(using, document, change, view)
        else:
            found = None
        if found is not None:
            yield found


def _reconciled(change: Change, view: View) -> bool:
    """Whether a payment of ours on it is matched with the bank."""
    paid = (one.document for one in view.users if isinstance(one.document, Payment) and one.document.reconciled)
    return any(one.active and any(part.document.id == change.now.id for part in one.splits) for one in paid)


def _paid(using: Using, payment: Payment, change: Change, view: View) -> _Aside | None:
    on_it = any(one.document.id == change.now.id for one in payment.splits)
    removed = _is_done(using.entity, payment.id, view)
    if not removed and not (on_it and payment.active):  # a removed one shows no invoice any more
        return None
    step = _removal(using.entity, payment, payment.id, payment.amount, view)
    return _Aside(payment.amount, payment.amount if payment.active else ZERO, (step,), (payment.date,))


def _credited(using: Using, credit: Payment | Invoice, change: Change, view: View) -> _Aside | None:
    """An over- or prepayment or credit memo that is applied to it; or the credit note of a write-off or fee, if that is on

    it alone.
    """
    ours, note = dict(using.applied), isinstance(credit, Invoice) and using.flow == "payments"
    there = [one for one in parts_of(credit) if one.document.id == change.now.id and one.id in ours]
    shown = {one.id for one in parts_of(credit)}
    gone = [
        Allocation(id_, Ref(change.now.id), amount)
        for id_, amount in using.applied
        if id_ not in shown and _is_done("allocations", id_, view)
    ]
    removed = note and _is_done(using.entity, credit.id, view)
    if not (there or gone) or not (credit.active or removed) or (note and len(there) < len(shown)):
        return None
    # Without the invoice, which is not read again after each of them then, but just before it is changed itself.
    parts = [Allocation(one.id, Ref(), one.amount) for one in sorted((*gone, *there), key=lambda one: one.id)]
    steps = [_removal("allocations", with_part(credit, credit.id, (one,)), one.id, one.amount, view) for one in parts]
    if note and isinstance(credit, Invoice):
        steps.append(_removal(using.entity, with_part(credit, credit.id, ()), credit.id, credit.total, view))
    dates = (*(one.date for one in there), *((credit.date,) if note else ()))
    still = total(one.amount for one in there)
    return _Aside(still + total(one.amount for one in gone), still, tuple(steps), dates, stays=not note)


def _is_done(entity: str, target_id: str, view: View) -> bool:
    return (entity, Action.VOID, aside_key(view.reference, target_id)) in view.done


def _removal(entity: str, document: Document, target_id: str, amount: Decimal, view: View) -> Step:
    reference = aside_key(view.reference, target_id)
    sent = view.compose(Action.VOID, document, reference)
    return Step(entity, Action.VOID, reference, sent.body, target_id=target_id, total=amount)
