"""Changing a ledger's credit note: whole or not at all, with what is ours taken off it first and applied again afterwards.

One of an adjustment and one of a credit memo change alike; what they are applied to differs, so they bring the steps for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.decisions import STAYS, Decision, Hold, Unchanged, Write
from ml_connector.integrations.drafts import Draft
from ml_connector.integrations.invoice_credits import is_free, taken_off
from ml_connector.integrations.invoice_payments import with_removals
from ml_connector.integrations.invoice_standing import FIGURES, Change, entity_there, held, paid
from ml_connector.integrations.invoice_whole import agrees, change_step, laid, shows, whole_sent
from ml_connector.integrations.views import View

Apply = Callable[[Invoice], Sequence[Step]]


def credit_changed(
    change: Change, target: Invoice, apply: Apply, to_come: tuple[str, ...], view: View, draft: Draft
) -> Decision | None:
    """The change, or why it cannot be sent; None where the ledger shows it already, and only ``put_back`` is left.

    ``apply`` gives the steps that apply the credit as it is then, ``to_come`` the ids that these still wait for. Raises
    BadInput.
    """
    now = change.now
    if _done(change, target, view):
        return None
    whole, why = laid(change, target, view, draft)
    if shows(now, _as_credit(whole, now)) if whole is not None else agrees(change, view):
        return None
    free = is_free(now, view)
    if not free and FIGURES.intersection(change.what) and agrees(change, view):
        return Unchanged()
    if not free:
        draft.wait(paid(change.told, now, view))
    if whole is None:
        return Hold(tuple(draft.waits)) if draft.waits else held(change, why)
    aside = taken_off(now, change.told, view, draft)
    again = tuple(apply(whole)) if free else ()
    decision = with_removals(aside, whole_sent(change, whole, view, draft))
    if not isinstance(decision, Write):
        return decision
    return msgspec.structs.replace(decision, steps=(*decision.steps, *again), placeholders=to_come if again else ())


def put_back(
    change: Change, target: Invoice, aside: Sequence[Step], again: Sequence[Step], to_come: tuple[str, ...],
    view: View, draft: Draft,
) -> Decision:  # fmt: skip
    """What the ledger's credit shows already is applied: after ``aside``, by the steps ``again``."""
    done = _done(change, target, view)
    if draft.waits:
        return Hold(tuple(draft.waits))
    if not (aside or done or again):
        return Unchanged()
    main = len(aside) if done else STAYS
    steps = (*aside, *done, *again)
    return Write(steps, entity_there(change.now), tuple(draft.notes), to_come if again else (), main)


def _done(change: Change, target: Invoice, view: View) -> tuple[Step, ...]:
    """The change itself where this very version has made it, as the ledger shows it: a plan lists what is done, too."""
    if (entity_there(change.now), Action.UPDATE, target.reference) not in view.done:
        return ()
    shown = msgspec.structs.replace(change.now, allocations=(), state=InvoiceState.AUTHORISED)
    sent = view.compose(Action.UPDATE, shown, target.reference)
    return change_step(change, target, sent, Draft()).steps


def _as_credit(target: Invoice, now: Invoice) -> Invoice:
    """A credit note as the ledger shows it: with positive amounts, which those of an adjustment are not, and its due date."""
    if target.total > 0:
        return msgspec.structs.replace(target, due_date=now.due_date)
    lines = tuple(
        msgspec.structs.replace(line, amount=-line.amount, tax=None if line.tax is None else -line.tax)
        for line in target.lines
    )
    return msgspec.structs.replace(
        target, total=-target.total, tax=-target.tax, due_date=now.due_date, lines=lines
    )  # fmt: skip
