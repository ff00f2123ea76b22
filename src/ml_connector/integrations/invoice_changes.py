"""What became of an invoice after it was posted: left alone, changed, authorised, voided, or shown to a person.

The source owns customer, number, dates, quantities, amounts and tax; account, tax type and tracking that an accountant has
changed in the ledger stay. What Xero does not let be changed, as the document stands there now, is held with both versions.
"""

from __future__ import annotations

import msgspec

from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.checks import check_periods, currency_of
from ml_connector.integrations.decisions import Decision, Hold, Unchanged, Write, gone_there, waiting
from ml_connector.integrations.drafts import Draft, unit_name
from ml_connector.integrations.invoice_checks import is_nothing, not_at_gate, wanted_state
from ml_connector.integrations.invoice_credits import is_free, taken_off
from ml_connector.integrations.invoice_payments import with_removals
from ml_connector.integrations.invoice_standing import DRAFTS, HALF, Change, entity_there, held, own_reference, paid
from ml_connector.integrations.invoice_updates import updated
from ml_connector.integrations.payment_parts import with_part
from ml_connector.integrations.unread import unread
from ml_connector.integrations.views import View


def changed(invoice: Invoice, view: View) -> Decision:
    """The decision on a later version of an invoice that is linked. Its currency is filled in."""
    assert view.link is not None
    posted, now = view.link.source, view.link.now
    if not isinstance(posted, Invoice):
        return Unchanged()
    posted = msgspec.structs.replace(posted, currency=currency_of(posted.currency, posted.business_unit, view))
    what = changes(posted, invoice) or (HALF,) * view.half_changed
    if not what and not _to_be_authorised(invoice, view):
        return Unchanged()
    if not isinstance(now, Invoice):
        return Hold((gone_there(view.link.target_entity, view.link.target_id),))
    change = Change(invoice, posted, now, what)
    if (hold := unread(now, entity_there(now), change.told, view)) is not None:
        return hold
    if not invoice.active or is_nothing(invoice):
        return _removed(change, view)
    return left_scope(posted, invoice, view) or not_at_gate(invoice, view.settings) or updated(change, view)


def left_scope(posted: Invoice, now: Invoice, view: View) -> Hold | None:
    """A person decides about what was posted and belongs to other business units now: with it goes what is paid on it."""
    units = view.settings.business_units
    left = posted.business_unit.id in units and now.business_unit.id not in units
    if not units or not left or "left_scope" in view.released:
        return None
    name = unit_name(now.business_unit, view) or "(none)"
    return Hold((waiting("left_scope", "setting", "setting:business_units", name=name),))


# --- what has changed --------------------------------------------------------------------------------------------


def changes(before: Invoice, after: Invoice) -> tuple[str, ...]:
    """The names of what has changed of an invoice or credit memo, but for what it is applied to."""
    was, is_ = _substance(before), _substance(after)
    return tuple(name for name in was.__struct_fields__ if getattr(was, name) != getattr(is_, name))


def _substance(invoice: Invoice) -> Invoice:
    """What a posted invoice must not differ in. How far it has come, who has paid and who has looked at it is its way.

    Whatever it names is known by its id: a customer that is renamed changes no invoice. Accounts of lines are the
    ledger's matter, and terms count only where they alone say when it is due. What a line sells is known by its code, which
    was read before its id was.
    """
    return msgspec.structs.replace(
        invoice, id="", stamp="", exported=False, memo="", balance=None, complete=True, state=InvoiceState.PENDING,
        state_words="", allocations=(), terms="" if invoice.due_date else invoice.terms, adjusts=Ref(invoice.adjusts.id),
        lines=tuple(
            msgspec.structs.replace(line, account=Ref(), item=Ref(), business_unit=_by_id(line.business_unit))
            for line in invoice.lines
        ),
        **{name: _by_id(getattr(invoice, name)) for name in ("customer", "tax_zone", "business_unit", "location", "job")},
    )  # fmt: skip


def _by_id(one: Ref) -> Ref:
    return Ref(one.id) if one.id else one


def _to_be_authorised(invoice: Invoice, view: View) -> bool:
    """Whether it is a draft that we made, and its batch is posted now."""
    assert view.link is not None
    now = view.link.now
    if not isinstance(now, Invoice) or now.state not in DRAFTS or not invoice.active:
        return False
    if invoice.state is InvoiceState.KEPT_BACK or not_at_gate(invoice, view.settings) is not None:
        return False
    return wanted_state(invoice, view.settings) is InvoiceState.AUTHORISED and own_reference(view.link, view) != ""


# --- removing ----------------------------------------------------------------------------------------------------


def _removed(change: Change, view: View) -> Decision:
    """Inactive or empty now: voided there, unless something stands against it."""
    assert view.link is not None
    now = change.now
    if not now.active:
        return Unchanged()
    told = "its total became zero" if change.invoice.active else "it became inactive"
    if not own_reference(view.link, view):
        return held(change, "It was linked and not made here, so it is never voided")
    draft = Draft(now.currency)
    if not is_free(now, view):
        draft.wait(paid(told, now, view))
    aside = taken_off(now, told, view, draft)
    check_periods((now.date,), view, draft, "" if now.state in DRAFTS else told)
    if draft.waits:
        return Hold(tuple(draft.waits))
    sent = view.compose(Action.VOID, with_part(now, now.id, ()), view.reference)
    step = Step(
        entity_there(now), Action.VOID, view.reference, sent.body, target_id=now.id, party_id=now.customer.id,
        number=now.number, date=now.date, total=now.total, currency=now.currency,
    )  # fmt: skip
    notes = (f"voided, because {told} in ServiceTitan", *draft.notes, *sent.notes)
    return with_removals(aside, Write((step,), step.entity, notes))
