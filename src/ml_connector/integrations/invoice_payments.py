"""Taking our own payments off an invoice in Xero, so that it can be changed; they go back onto it afterwards.

Xero lets no amount of an invoice be changed while something of it is paid. What people have reconciled, paid or credited
there themselves is never taken off: then the change waits, with both versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from ml_connector.canonical.documents import Payment, PaymentKind
from ml_connector.canonical.money import total
from ml_connector.connectors.base import Action, Step
from ml_connector.integrations.base import STAYS, Decision, Using, View, Write, aside_key
from ml_connector.integrations.drafts import Draft, money
from ml_connector.integrations.invoice_checks import period
from ml_connector.integrations.invoice_standing import Change, settled

# What of the head is sent alone, without the lines, once something is paid. Xero also lets the contact (unless a credit note
# paid it) and lines' words, accounts and tracking be changed then: those go with the whole of it, see invoice_updates.
HEAD = frozenset(["number", "due_date", "job", "location"])


def taken_off(change: Change, view: View, draft: Draft) -> tuple[Step, ...]:
    """The steps that remove all that is paid on it; none where that is not all ours, or would not fit on it again."""
    if not change.what or set(change.what) <= HEAD or change.now.kind == "credit note" or not change.now.active:
        return ()
    paid = list(_ours(change, view))
    whole, left = (total(one.amount for _, one in paid if one.active or not only) for only in (False, True))
    # Between two removals the invoice may show either, as it was read before the first or after it.
    if not paid or settled(change.now) not in (whole, left) or whole > change.invoice.total:
        return ()
    if any(payment.reconciled and payment.active for _, payment in paid):
        return ()
    period((payment.date for _, payment in paid), view, draft)
    told = money(whole, change.now.currency)
    draft.notes.append(f"our payments of {told} are taken off it for the change, and go back onto it afterwards")
    return tuple(_removal(using, payment, view) for using, payment in paid)


def with_removals(removals: Sequence[Step], decision: Decision) -> Decision:
    """The change with what goes before it."""
    if not isinstance(decision, Write) or not removals:
        return decision
    main = decision.main if decision.main == STAYS else decision.main + len(removals)
    return msgspec.structs.replace(decision, steps=(*removals, *decision.steps), main=main)


def _ours(change: Change, view: View) -> Iterator[tuple[Using, Payment]]:
    """What our records have paid on it and stands there, or was removed by a step of this very change."""
    for using in view.users:
        payment = using.document
        if not isinstance(payment, Payment) or payment.kind is not PaymentKind.PAYMENT:
            continue
        on_it = any(one.document.id == change.now.id for one in payment.splits)
        removed = (using.entity, Action.VOID, aside_key(view.reference, payment.id)) in view.done
        if removed or (on_it and payment.active):  # a removed one shows no invoice any more
            yield using, payment


def _removal(using: Using, payment: Payment, view: View) -> Step:
    reference = aside_key(view.reference, payment.id)
    sent = view.compose(Action.VOID, payment, reference)
    return Step(using.entity, Action.VOID, reference, sent.body, target_id=payment.id, total=payment.amount)
