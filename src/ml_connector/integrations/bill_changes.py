"""What became of a bill after it was posted: left alone, changed as a whole, voided, or shown to a person.

The source owns vendor, number, dates, quantities and amounts, also those that come with reconciling a bill that was posted
when it was received. Account, tax, tag and place that an accountant has given a line in the ledger stay. What is paid,
void, not open or not ours there, and what would become the opposite document, is held with both versions.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState
from ml_connector.canonical.tie_out import difference
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.bill_checks import bill_date, not_at_gate
from ml_connector.integrations.bill_composing import entity_of
from ml_connector.integrations.bill_kinds import is_credit
from ml_connector.integrations.bill_settings import Settings
from ml_connector.integrations.bill_updates import BillChange, held, updated
from ml_connector.integrations.checks import check_periods, currency_of
from ml_connector.integrations.decisions import Decision, Hold, Unchanged, Write, gone_there
from ml_connector.integrations.drafts import Draft, money, unit_name
from ml_connector.integrations.invoice_standing import own_reference
from ml_connector.integrations.views import View

_STOPPED = (BillState.CANCELED, BillState.DISCREPANCY)


def changed(bill: Bill, view: View) -> Decision:
    """The decision on a later version of a bill that is linked."""
    assert view.link is not None
    posted, now = view.link.source, view.link.now
    if not isinstance(posted, Bill) or alike(posted, bill, view.settings):
        return Unchanged()
    change = BillChange(
        _as_dated(bill, view), _as_dated(posted, view), now if isinstance(now, Bill) else None,
        _changes(posted, bill, view.settings),
    )  # fmt: skip
    gone = change.now is None or change.now.state is BillState.CANCELED
    if is_removed(bill):
        code = "canceled_after_posting"
        kept = kept_as_it_is(change, view, code) or _billed(change, view, code)
        return Unchanged() if gone else kept or voided(change, view)
    if not_ours := kept_as_it_is(change, view) or _stopped(change, view):
        return not_ours
    return not_at_gate(bill, view.settings) or updated(change, view)


def alike(before: Bill, after: Bill, settings: Settings) -> bool:
    """Whether the ledger's document is to be the same; what a credit is applied to is no part of that."""
    return _as_posted(before, settings) == _as_posted(after, settings)


def is_removed(bill: Bill) -> bool:
    """Whether nothing is owed for it any more: it is cancelled, or comes to nothing."""
    nothing = bill.total == 0 and bill.complete and difference(bill) == 0
    return not bill.active or bill.state is BillState.CANCELED or nothing


def _as_dated(bill: Bill, view: View) -> Bill:
    """The bill in its currency, with the date that the ledger gets."""
    currency = currency_of(bill.currency, bill.business_unit, view)
    return msgspec.structs.replace(bill, currency=currency, date=bill_date(bill, view.settings))


# --- why it is left as it is there ---------------------------------------------------------------------------------


def kept_as_it_is(change: BillChange, view: View, code: str = "") -> Hold | None:
    """What the ledger, or whose document it is, keeps from being changed or voided from here. ``code``: of the reason."""
    now, link = change.now, view.link
    assert link is not None
    if now is None:
        return Hold((gone_there(link.target_entity, link.target_id),))
    if not own_reference(link, view):
        return held(change, view, "it was not made from here", code)
    if now.state is BillState.CANCELED:
        return held(change, view, "it is void there", code)
    if settled := _settled(now):
        return held(change, view, f"{money(abs(settled), now.currency)} of it is paid or credited there", code)
    if now.state is not BillState.OPEN:
        return held(change, view, "it is not open there", code)
    return None


def _settled(now: Bill) -> Decimal:
    """What of it is paid, credited or, of a credit, applied."""
    if now.balance is None:
        return now.total if now.state in (BillState.PAID, BillState.PARTLY_PAID) else ZERO
    return now.total - now.balance


def _stopped(change: BillChange, view: View) -> Hold | None:
    """What a person has to settle before anything is changed for it."""
    why = next(_objections(change, view), "")
    return held(change, view, why) if why else None


def _objections(change: BillChange, view: View) -> Iterator[str]:
    """What keeps a bill that is not cancelled from being changed there, each as part of a sentence."""
    bill, posted, now, link = change.bill, change.posted, change.now, view.link
    assert now is not None and link is not None
    if bill.state is BillState.DISCREPANCY:
        yield "ServiceTitan marks it as having a discrepancy"
    if bill.do_not_pay:
        yield "ServiceTitan marks it 'do not pay', and the ledger is not told that"
    if entity_of(bill) != link.target_entity:
        yield f"it comes to {money(bill.total, bill.currency)} now and would be the opposite document"
    if link.target_entity != "bills" and not is_credit(bill):
        yield "a vendor credit is not changed from here"
    if bill.vendor.id != posted.vendor.id:
        yield f"its vendor is {bill.vendor.name or bill.vendor.id} now"
    if bill.source_kind != posted.source_kind:
        yield f"it is a {bill.source_kind} now and was a {posted.source_kind}"
    if bill.currency != (now.currency or bill.currency):
        yield f"it is in {bill.currency or 'no currency'} now"
    if view.settings.business_units and bill.business_unit.id not in view.settings.business_units:
        yield f"business unit {unit_name(bill.business_unit, view) or '(none)'} is not in this integration's scope"


def _billed(change: BillChange, view: View, code: str) -> Hold | None:
    """A receipt that is cancelled after the source made a bill of it: what is owed for it may be on that bill, not posted."""
    own = change.bill.own_bill
    return held(change, view, f"ServiceTitan made bill {own.label()} of this receipt", code) if own.id else None


def voided(change: BillChange, view: View) -> Decision:
    """It is made void there, where it stands in an open period."""
    now, draft = change.now, Draft(change.bill.currency)
    assert now is not None and view.link is not None
    check_periods((now.date,), view, draft, changes=change.what)
    if draft.waits:
        return Hold(tuple(draft.waits))
    entity = view.link.target_entity
    composed = view.compose(Action.VOID, now, view.reference)
    step = Step(entity, Action.VOID, view.reference, composed.body, target_id=now.id, total=now.total)
    return Write((step,), entity, composed.notes)


# --- what has changed ----------------------------------------------------------------------------------------------


def _as_posted(bill: Bill, settings: Settings) -> Bill:
    """What a posted bill must not differ in. Received, reconciled and posted are its way, and no change.

    Whatever it names is known by its id: a vendor that is renamed changes no bill, and an order's number shows as soon as
    the right to read orders is there. Accounts of lines are the ledger's matter: which of an item's accounts is read is
    a setting.
    """
    stopped = bill.state in _STOPPED
    named = ("vendor", "tax_zone", "business_unit", "location", "job")
    return msgspec.structs.replace(
        bill, id="", stamp="", exported=False, memo="", terms="", balance=None, complete=True, hidden_reason="", hidden_by="",
        state=bill.state if stopped else BillState.RECEIVED, purchase_order=Ref(bill.purchase_order.id),
        ordered=None, ordered_on=None, order_sent_on=None, own_bill=Ref(), credits=(),
        lines=tuple(_line_as_posted(line) for line in bill.lines),
        post_date=bill.post_date if settings.bill_date == "post date" else None,
        **{name: _by_id(getattr(bill, name)) for name in named},
    )  # fmt: skip


def _line_as_posted(line: BillLine) -> BillLine:
    unit, job, location = (_by_id(one) for one in (line.business_unit, line.job, line.location))
    return msgspec.structs.replace(line, account=Ref(), business_unit=unit, job=job, location=location)


def _by_id(one: Ref) -> Ref:
    return Ref(one.id) if one.id else one


def _changes(before: Bill, after: Bill, settings: Settings) -> str:
    shown = ("total", "number", "date", "due_date", "post_date", "tax", "shipping", "other", "discount", "state")
    named = ("lines", "vendor", "tax_zone", "business_unit", "job", "purchase_order", "active", "do_not_pay")
    was, is_ = _as_posted(before, settings), _as_posted(after, settings)
    changed = [name for name in (*shown, *named) if getattr(was, name) != getattr(is_, name)]
    told = [f"{name} {_shown(before, name)} -> {_shown(after, name)}" if name in shown else name for name in changed]
    return ", ".join(told).replace("_", " ") or "a detail"


def _shown(bill: Bill, name: str) -> str:
    value = getattr(bill, name)
    return "none" if value in (None, "") else money(value) if isinstance(value, Decimal) else str(value)
