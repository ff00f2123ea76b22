"""Changing an invoice in Xero: whole while nothing of it is paid, else its head alone; what is there already is left.

Payments of ours are taken off it first and go back onto it afterwards.
"""

from __future__ import annotations

from typing import Any

import msgspec

from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState
from ml_connector.connectors.writing import Action, Composed, Step
from ml_connector.errors import BadInput
from ml_connector.integrations.base import Decision, Hold, Unchanged, View, Write, waiting
from ml_connector.integrations.drafts import Draft
from ml_connector.integrations.invoice_checks import (
    customer,
    entity_of,
    number,
    source_checks,
    target_customer,
    wanted_state,
)
from ml_connector.integrations.invoice_merge import Unpaired, merged
from ml_connector.integrations.invoice_payments import HEAD, begun, taken_off, with_removals
from ml_connector.integrations.invoice_rules import composed, target_invoice, target_lines, total_differs
from ml_connector.integrations.invoice_standing import (
    DRAFTS,
    Change,
    entity_there,
    held,
    own_reference,
    paid,
    settled,
    void,
)


def updated(change: Change, view: View) -> Decision:
    """The decision on a posted invoice that has changed, is at its gate and still charges something."""
    assert view.link is not None
    reference = own_reference(view.link, view)
    if not change.now.active and reference:
        return void(change)
    if why := _never_written(change, reference):
        return Unchanged() if _agrees(change, view) else held(change, why)
    draft = Draft(change.invoice.currency)
    # That it was exported when it was first seen was decided before it was posted.
    source_checks(change.invoice, view, draft, change.now.date, "" if change.now.state in DRAFTS else change.told)
    target_lines(change.invoice, view, draft)
    found = number(change.invoice, view, draft)
    contact, asks = customer(change.invoice, view, draft)
    target = target_invoice(change.invoice, found, contact, _state(change, view), view, draft)
    target = msgspec.structs.replace(target, id=change.now.id, reference=reference)
    decision = _sent(change, target, view, draft)
    if isinstance(decision, Unchanged) or not draft.waits:
        return decision
    pending = all(wait.code == "customer_pending" for wait in draft.waits)
    return Hold(tuple(draft.waits), asks if pending else ())


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
    return "A credit note that is posted is not changed from here" if change.now.kind == "credit note" else ""


def _agrees(change: Change, view: View) -> bool:
    """Whether somebody has brought the ledger's document into line by hand, as far as its figures tell."""
    now, invoice = change.now, change.invoice
    if "number" in change.what and number_key(now.number) != number_key(number(invoice, view, Draft())):
        return False
    due = invoice.due_date if now.kind == "invoice" and invoice.due_date else now.due_date
    figures = (now.date, now.due_date, now.total, now.tax, now.customer.id, entity_there(now))
    wanted = (
        invoice.date,
        due,
        abs(invoice.total),
        abs(invoice.tax),
        target_customer(invoice, view),
        entity_of(invoice),
    )
    return now.active and figures == wanted


# --- what is sent ------------------------------------------------------------------------------------------------


def _sent(change: Change, target: Invoice, view: View, draft: Draft) -> Decision:
    """The change, or why it cannot be sent; Unchanged where the ledger shows it already."""
    whole, why = _whole(change, target, view, draft)
    if whole is not None and _shows(change.now, whole):
        return Unchanged()
    try:
        if whole is not None and _in_place(change, whole, view):
            return _all(change, whole, view, draft)
        aside: tuple[Step, ...] = ()
        if whole is not None and (settled(change.now) or begun(view)):
            aside = taken_off(change, _passes_on(change, whole), view, draft)
        if settled(change.now) and not aside:
            return _head(change, target, view, draft)
        if whole is None:
            return held(change, why)
        return with_removals(aside, _all(change, whole, view, draft))
    except BadInput as error:
        return Hold((waiting("unsuitable", "source", f"invoices:{change.invoice.id}", why=error.sentence),))


def _in_place(change: Change, whole: Invoice, view: View) -> bool:
    """Whether it is changed with what is ours on it: Xero lets that be of words, accounts, tracking and the contact.

    Of the contact it does not where a credit note is on it.
    """
    passes = _passes_on(change, whole)
    ours = taken_off(change, passes, view, Draft())
    fixed = settled(change.now) and _fixed(change.now) == _fixed(whole)
    return bool(ours) and bool(fixed) and not (passes and any(step.entity != "payments" for step in ours))


def _passes_on(change: Change, whole: Invoice) -> bool:
    """Whether it becomes another contact's."""
    return change.now.customer.id != whole.customer.id


def _whole(change: Change, target: Invoice, view: View, draft: Draft) -> tuple[Invoice | None, str]:
    """The document with its lines laid against the ledger's, or why they cannot be."""
    try:
        lines = merged(change.posted, change.invoice, target.lines, view, draft)
    except Unpaired as error:
        return None, str(error)
    return msgspec.structs.replace(target, lines=lines), ""


def _head(change: Change, target: Invoice, view: View, draft: Draft) -> Decision:
    """Something is paid: the head alone is changed, and the lines stay as they are."""
    if not change.what or not set(change.what) <= HEAD:
        draft.wait(paid(change.told, change.now))
    if draft.waits:
        return Hold(tuple(draft.waits))
    now = change.now
    target = msgspec.structs.replace(target, lines=(), date=now.date, total=now.total, customer=now.customer)
    return _step(change, target, view.compose(Action.UPDATE, target, target.reference), draft)


def _all(change: Change, target: Invoice, view: View, draft: Draft) -> Decision:
    if draft.waits:
        return Hold(tuple(draft.waits))
    target, sent = composed(Action.UPDATE, target, view, draft)
    if not draft.waits and sent.total != change.invoice.total:  # waits: for the rounding line's account
        return Hold((total_differs(sent.total, change.invoice),))
    return _step(change, target, sent, draft)


def _step(change: Change, target: Invoice, sent: Composed, draft: Draft) -> Write:
    step = Step(
        entity_there(change.now), Action.UPDATE, target.reference, sent.body, target_id=target.id,
        party_id=target.customer.id, number=target.number, date=target.date, total=target.total,
        currency=target.currency,
    )  # fmt: skip
    return Write((step,), step.entity, (f"changed in ServiceTitan: {change.told}", *draft.notes, *sent.notes))


# --- what is there already ---------------------------------------------------------------------------------------


def _shows(now: Invoice, target: Invoice) -> bool:
    """Whether the ledger shows all of it already, because somebody has entered it there."""
    named = ("number", "date", "due_date", "memo", "total", "tax")
    if any(getattr(now, name) != getattr(target, name) for name in named) or now.customer.id != target.customer.id:
        return False
    if now.state in DRAFTS and now.state is not target.state:
        return False
    return [_figures(line) for line in now.lines] == [_figures(line) for line in target.lines]


def _fixed(one: Invoice) -> tuple[Any, ...]:
    """What Xero lets nobody change once something is paid."""
    return one.date, one.total, one.tax, [
        (line.id, line.quantity, line.unit_price, line.amount, line.tax, line.tax_code.id) for line in one.lines
    ]  # fmt: skip


def _figures(line: InvoiceLine) -> tuple[Any, ...]:
    options = tuple(sorted(option.id for option in line.dimensions))
    return (line.id, line.amount, line.tax, line.description, line.tax_code.id, line.account.number, options)
