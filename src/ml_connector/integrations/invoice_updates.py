"""Changing an invoice in Xero: whole while nothing of it is paid, else its head alone; what is there already is left.

Payments of ours are taken off it first and go back onto it afterwards. A credit note is changed whole or not at all.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors.writing import Action, Step
from ml_connector.errors import BadInput
from ml_connector.integrations.credit_updates import credit_changed, put_back
from ml_connector.integrations.decisions import Decision, Hold, Unchanged, waiting
from ml_connector.integrations.drafts import Draft
from ml_connector.integrations.invoice_checks import entity_of, is_credit, wanted_state
from ml_connector.integrations.invoice_credits import (
    applied,
    is_free,
    off_already,
    original,
    original_to_come,
    standing,
    taken,
    taken_off,
)
from ml_connector.integrations.invoice_payments import HEAD, begun, payments_off, with_removals
from ml_connector.integrations.invoice_standing import (
    DRAFTS,
    FIGURES,
    Change,
    entity_there,
    held,
    own_reference,
    paid,
    settled,
    void,
)
from ml_connector.integrations.invoice_whole import agrees, change_step, laid, made_anew, shows, whole_sent
from ml_connector.integrations.views import View


def updated(change: Change, view: View) -> Decision:
    """The decision on a posted invoice that has changed, is at its gate and still charges something."""
    assert view.link is not None
    reference = own_reference(view.link, view)
    if not change.now.active and reference:
        return void(change, view)
    if why := _never_written(change, reference):
        return Unchanged() if agrees(change, view) else held(change, why)
    draft = Draft(change.invoice.currency)
    target, asks = made_anew(change, _state(change, view), reference, view, draft)
    decision = (_credit if is_credit(target) else _sent)(change, target, view, draft)
    if isinstance(decision, Unchanged) or not draft.waits:
        return decision
    return Hold(tuple(draft.waits), draft.asking(asks))


def _state(change: Change, view: View) -> InvoiceState:
    """What is authorised stays so; a draft is authorised when its batch is posted."""
    if change.now.state in DRAFTS:
        wanted = wanted_state(change.invoice, view.settings)
        return change.now.state if wanted is InvoiceState.DRAFT else wanted
    return InvoiceState.AUTHORISED


# --- what is never written ---------------------------------------------------------------------------------------


def _never_written(change: Change, reference: str) -> str:
    """Why a change is never sent, whatever has changed; empty where it may be."""
    if not reference:
        return "It was linked and not made here, so it is never written"
    if entity_there(change.now) != entity_of(change.invoice):
        return "An invoice becomes no credit note, nor a credit note an invoice: void it there and enter the other"
    return ""


# --- what is sent ------------------------------------------------------------------------------------------------


def _sent(change: Change, target: Invoice, view: View, draft: Draft) -> Decision:
    """The change, or why it cannot be sent; Unchanged where the ledger shows it already."""
    whole, why = laid(change, target, view, draft)
    if whole is not None and shows(change.now, whole):
        return Unchanged()
    try:
        if whole is not None and _in_place(change, whole, view):
            return whole_sent(change, whole, view, draft)
        aside: tuple[Step, ...] = ()
        if whole is not None and (settled(change.now) or begun(view)):
            aside = payments_off(change, _passes_on(change, whole), view, draft)
        if settled(change.now) and not aside:
            return _head(change, target, view, draft)
        if whole is None:
            by_hand = FIGURES.intersection(change.what) and agrees(change, view)
            return Unchanged() if by_hand else held(change, why)
        return with_removals(aside, whole_sent(change, whole, view, draft))
    except BadInput as error:
        return Hold((waiting("unsuitable", "source", f"invoices:{change.invoice.id}", why=error.sentence),))


def _credit(change: Change, target: Invoice, view: View, draft: Draft) -> Decision:
    """The change of a credit note, with what is ours taken off it before and applied again; or why it cannot be sent."""
    if "adjusts" in change.what:
        original(change.invoice, view, draft)
    to_come = original_to_come(change.invoice, view)
    try:
        decision = credit_changed(
            change, target, lambda whole: _again(change, whole, view, draft), to_come, view, draft
        )  # fmt: skip
        return decision if decision is not None else _applied_again(change, target, to_come, view, draft)
    except BadInput as error:
        return Hold((waiting("unsuitable", "source", f"invoices:{change.invoice.id}", why=error.sentence),))


def _again(change: Change, target: Invoice, view: View, draft: Draft) -> tuple[Step, ...]:
    """The credit applied where it was, or to what it corrects now. What people have taken off stays off."""
    if standing(view) or taken(view) or "adjusts" in change.what:
        return applied(change.invoice, target, view, draft)
    return ()


def _applied_again(
    change: Change, target: Invoice, to_come: tuple[str, ...], view: View, draft: Draft
) -> Decision:  # fmt: skip
    """The note shows the change already: what was taken off for it is applied again, unless something is on it.

    What it corrects may be another invoice now, though nothing of the note itself has changed.
    """
    now, moves = change.now, "adjusts" in change.what and bool(standing(view))
    if moves and not is_free(now, view):
        draft.wait(paid(change.told, now, view))
    aside = taken_off(now, change.told, view, draft) if moves else off_already(now, view, draft)
    again = _again(change, target, view, draft) if moves or not settled(now) else ()
    return put_back(change, target, aside, again, to_come, view, draft)


def _in_place(change: Change, whole: Invoice, view: View) -> bool:
    """Whether it is changed with what is ours on it: Xero lets that be of words, accounts, tracking and the contact.

    Of the contact it does not where a credit note is on it.
    """
    passes = _passes_on(change, whole)
    ours = payments_off(change, passes, view, Draft())
    fixed = settled(change.now) and _fixed(change.now) == _fixed(whole)
    return bool(ours) and bool(fixed) and not (passes and any(step.entity != "payments" for step in ours))


def _passes_on(change: Change, whole: Invoice) -> bool:
    """Whether it becomes another contact's."""
    return change.now.customer.id != whole.customer.id


def _head(change: Change, target: Invoice, view: View, draft: Draft) -> Decision:
    """Something is paid: the head alone is changed, and the lines stay as they are."""
    passes = "location" in change.what and _passes_on(change, target)
    if not view.ways.edits_paid or not change.what or not set(change.what) <= HEAD or passes:
        draft.wait(paid(change.told, change.now, view))
    if draft.waits:
        return Hold(tuple(draft.waits))
    now = change.now
    target = msgspec.structs.replace(target, lines=(), date=now.date, total=now.total, customer=now.customer)
    return change_step(change, target, view.compose(Action.UPDATE, target, target.reference), draft)


def _fixed(one: Invoice) -> tuple[Any, ...]:
    """What Xero lets nobody change once something is paid."""
    return one.date, one.total, one.tax, [
        (line.id, line.quantity, line.unit_price, line.amount, line.tax, line.tax_code.id) for line in one.lines
    ]  # fmt: skip
