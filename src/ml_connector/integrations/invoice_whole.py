"""The whole of a changed document: made anew, its lines laid against the ledger's, compared with those, and sent."""

from __future__ import annotations

from typing import Any

import msgspec

from ml_connector.canonical.money import ZERO
from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState
from ml_connector.connectors.writing import Action, Composed, Step
from ml_connector.integrations.debtors import contact_of
from ml_connector.integrations.decisions import Decision, Hold, Write
from ml_connector.integrations.demanded import demanded_tags
from ml_connector.integrations.drafts import Draft
from ml_connector.integrations.invoice_checks import customer, entity_of, number, source_checks
from ml_connector.integrations.invoice_merge import Unpaired, merged
from ml_connector.integrations.invoice_rules import composed, target_invoice, target_lines, total_differs
from ml_connector.integrations.invoice_standing import DRAFTS, Change, entity_there
from ml_connector.integrations.taxes_there import rates_changed
from ml_connector.integrations.views import View


def made_anew(
    change: Change, state: InvoiceState, reference: str, view: View, draft: Draft
) -> tuple[Invoice, tuple[tuple[str, str], ...]]:
    """The document as it is to be, and the customer that it asks for; what is missing goes to the draft."""
    invoice, now = change.invoice, change.now
    # That it was exported when it was first seen was decided before it was posted.
    source_checks(invoice, view, draft, now.date, "" if now.state in DRAFTS else change.told)
    target_lines(invoice, view, draft)
    found = number(invoice, view, draft)
    contact, asks = customer(invoice, view, draft)
    target = target_invoice(invoice, found, contact, state, view, draft)
    return msgspec.structs.replace(target, id=now.id, reference=reference), asks


def laid(change: Change, target: Invoice, view: View, draft: Draft) -> tuple[Invoice | None, str]:
    """The document with its lines laid against the ledger's, or why they cannot be."""
    try:
        lines = merged(change.posted, change.invoice, target.lines, view, draft)
    except Unpaired as error:
        return None, str(error)
    return msgspec.structs.replace(target, lines=lines), ""


# --- what is sent ------------------------------------------------------------------------------------------------


def whole_sent(change: Change, target: Invoice, view: View, draft: Draft) -> Decision:
    demanded_tags(change.invoice, target.lines, view, draft)
    rates_changed(change.now, entity_there(change.now), target.lines, view, draft)
    if draft.waits:
        return Hold(tuple(draft.waits))
    target, sent = composed(Action.UPDATE, target, view, draft)
    if not draft.waits and sent.total != change.invoice.total:  # waits: for the rounding line's account
        return Hold((total_differs(sent.total, change.invoice),))
    return change_step(change, target, sent, draft)


def change_step(change: Change, target: Invoice, sent: Composed, draft: Draft) -> Write:
    step = Step(
        entity_there(change.now), Action.UPDATE, target.reference, sent.body, target_id=target.id,
        party_id=target.customer.id, number=target.number, date=target.date, total=target.total,
        currency=target.currency,
    )  # fmt: skip
    return Write((step,), step.entity, (f"changed in ServiceTitan: {change.told}", *draft.notes, *sent.notes))


# --- what is there already ---------------------------------------------------------------------------------------


def agrees(change: Change, view: View) -> bool:
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
        contact_of(invoice, view),
        entity_of(invoice),
    )
    return now.active and figures == wanted


def shows(now: Invoice, target: Invoice) -> bool:
    """Whether the ledger shows all of it already, because somebody has entered it there."""
    named = ("number", "date", "due_date", "memo", "total", "tax")
    if any(getattr(now, name) != getattr(target, name) for name in named) or now.customer.id != target.customer.id:
        return False
    if now.state in DRAFTS and now.state is not target.state:
        return False
    if [_figures(line) for line in now.lines] != [_figures(line) for line in target.lines]:
        return False
    pairs = zip(now.lines, target.lines, strict=True)
    return all(there.location.id == line.location.id for there, line in pairs if line.location.id)


def _figures(line: InvoiceLine) -> tuple[Any, ...]:
    """What must be the same of a line. Zoho shows no tax at all on one that is not taxed, Xero shows zero."""
    options = tuple(sorted(option.id for option in line.dimensions))
    return (line.id, line.amount, line.tax or ZERO, line.description, line.tax_code.id, line.account.number, options)
