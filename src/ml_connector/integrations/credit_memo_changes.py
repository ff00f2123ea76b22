"""A credit memo of which something stands in the ledger: what it is applied to follows, and so does its content.

Xero lets no amount of a credit note be changed once something of it is applied, and of Zoho Books that is told nowhere, so
what is ours is taken off it before and applied again. What others have applied, and every refund, holds the change with both
versions. One that became inactive is taken off its invoices and voided, as far as what is on them is ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.connectors.writing import Step
from ml_connector.errors import BadInput
from ml_connector.integrations.checks import check_periods, currency_of
from ml_connector.integrations.credit_memo_parts import ENTITY, applied, as_payment
from ml_connector.integrations.credit_updates import credit_changed, put_back
from ml_connector.integrations.decisions import (
    STAYS,
    Adopt,
    Decision,
    Hold,
    Skip,
    Unchanged,
    Write,
    gone_there,
    waiting,
)
from ml_connector.integrations.drafts import Draft
from ml_connector.integrations.invoice_changes import changes, left_scope
from ml_connector.integrations.invoice_checks import customer, not_at_gate, number, own_key
from ml_connector.integrations.invoice_credits import off_already, taken
from ml_connector.integrations.invoice_credits import standing as standing_parts
from ml_connector.integrations.invoice_standing import (
    HALF,
    Change,
    held,
    new_reference,
    other_than,
    own_reference,
    paid,
    void,
    void_and_renumbered,
)
from ml_connector.integrations.invoice_whole import agrees, made_anew
from ml_connector.integrations.payment_parts import merged, remove, with_part
from ml_connector.integrations.payment_rules import is_new
from ml_connector.integrations.payment_standing import Standing, applications, on_hold, taken_back
from ml_connector.integrations.unread import unread
from ml_connector.integrations.views import View


@dataclass(frozen=True, slots=True)
class There:
    """The credit note that stands for a memo; ``now`` None where the ledger shows it no more.

    ``posted``: the version that was posted, None where no version was to its end. ``reference``: ours on it, empty where
    others have made it.
    """

    now: Invoice | None
    posted: Invoice | None
    reference: str


def standing(memo: Invoice, view: View) -> There | None:
    """What stands for the memo: its counterpart, else what a step of ours made for a version that broke off."""
    link = view.link
    if link is not None and not void_and_renumbered(memo, view):
        posted = link.source if isinstance(link.source, Invoice) else None
        return There(link.now if isinstance(link.now, Invoice) else None, posted, own_reference(link, view))
    reference = new_reference(memo, number(memo, view, Draft(memo.currency)), view)
    made = view.made.get(reference)
    note = view.at_target.get((made.entity, made.target_id)) if made is not None else None
    return There(note, None, reference) if isinstance(note, Invoice) and note.active else None


def changed(memo: Invoice, there: There, view: View) -> Decision:
    """The decision on a memo that has a credit note. A version that changes nothing of ours is never held."""
    posted = there.posted
    if posted is not None:
        posted = msgspec.structs.replace(posted, currency=currency_of(posted.currency, posted.business_unit, view))
    what = changes(posted, memo) if posted is not None else ()
    what = what or (HALF,) * view.half_changed
    moved = view.taken_off or view.replaced or taken(view)
    same = posted is not None and not what and _on(posted) == _on(memo) and not moved
    told = ", ".join(what) or "what it is applied to"
    decision = unread(there.now, ENTITY, told, view) or _decided(memo, there, posted, what, view)
    return Unchanged() if same and there.reference and isinstance(decision, Hold) else decision


def to_come(memo: Invoice, note: Invoice, view: View) -> tuple[str, ...]:
    """Ids that the ledger has still to give: of the contact, and of the invoices it is on."""
    ids = (note.customer.id, *(view.links.get(("invoices", one.document.id), "") for one in memo.allocations))
    return tuple(dict.fromkeys(id_ for id_ in ids if is_new(id_)))


def _on(memo: Invoice) -> set[tuple[str, object]]:
    return {(one.document.id, one.amount) for one in merged(as_payment(memo))}


def _decided(memo: Invoice, there: There, posted: Invoice | None, what: tuple[str, ...], view: View) -> Decision:
    note = there.now
    if note is None:
        assert view.link is not None
        return Hold((gone_there(view.link.target_entity, view.link.target_id),))
    change = Change(memo, posted or memo, note, what or ("what it is applied to",))
    if not memo.active:
        return _removed(change, there, view)
    if not note.active:
        return void(change, view)
    if there.reference and view.link is not None and (what or taken(view)):
        return _content(change, there.reference, view)
    if what and not agrees(change, view):
        return held(change, "It was linked and not made here, so it is never written")
    return _followed(memo, note, there, view)


def _content(change: Change, reference: str, view: View) -> Decision:
    """The change of the note itself, and then what it is applied to."""
    memo, note, draft = change.invoice, change.now, Draft(change.invoice.currency)
    if passed := _not_now(change, view):
        return passed
    off, coming = standing_parts(view), to_come(memo, note, view)
    target, _ = made_anew(change, InvoiceState.AUTHORISED, reference, view, draft)

    def applied_then(whole: Invoice) -> list[Step]:
        left = whole.total - total(one.amount for one in note.allocations)
        then = msgspec.structs.replace(
            note, total=whole.total, balance=left, date=whole.date, customer=whole.customer
        )  # fmt: skip
        return applied(memo, then, reference, view, draft, off)

    try:
        decision = credit_changed(change, target, applied_then, coming, view, draft)
        if decision is None:
            again = applied(memo, note, reference, view, draft)
            decision = put_back(change, target, off_already(note, view, draft), again, coming, view, draft)
    except BadInput as error:
        return Hold((waiting("unsuitable", "source", own_key(memo), why=error.sentence),))
    return on_hold(draft, view) if draft.waits else decision


def _not_now(change: Change, view: View) -> Hold | Skip | None:
    """Why its content is left as it is; what is begun goes on."""
    if taken(view):
        return None
    memo = change.invoice
    left = None if memo.allocations else left_scope(change.posted, memo, view)
    return left or not_at_gate(memo, view.settings)


def _followed(memo: Invoice, note: Invoice, there: There, view: View) -> Decision:
    """What it is applied to is brought in line."""
    draft = Draft(memo.currency)
    made_in_part = view.link is None or void_and_renumbered(memo, view)
    if made_in_part and (wait := _other(memo, note, there.reference, view, draft)):
        return wait
    steps = applied(memo, note, there.reference or view.reference, view, draft)
    if draft.waits:
        return on_hold(draft, view)
    replaces = view.link.target_id if view.link is not None and view.link.target_id != note.id else ""
    if steps:
        return Write(tuple(steps), ENTITY, tuple(draft.notes), to_come(memo, note, view), STAYS, replaces)
    if view.link is None or replaces:
        return Adopt(ENTITY, note.id, "created", "our reference and the same content", replaces)
    return Unchanged()


def _other(memo: Invoice, note: Invoice, reference: str, view: View, draft: Draft) -> Hold | None:
    """What stands under our reference is not what would be posted."""
    contact, asks = customer(memo, view, draft)
    if not contact:
        return Hold(tuple(draft.waits), asks)
    found = number(memo, view, Draft(memo.currency))
    wait = other_than(memo, found, contact, note, reference)
    return Hold((wait,)) if wait is not None else None


def _removed(change: Change, there: There, view: View) -> Decision:
    """Inactive now: taken off its invoices and voided there, unless something of others stands against it."""
    note, draft = change.now, Draft(change.now.currency)
    if not note.active:
        return Unchanged()
    if not there.reference:
        return held(change, "It was linked and not made here, so it is never voided")
    told = "it became inactive"
    mine, pot = applications(view), Standing(there.reference, ENTITY, note)
    steps = [step for one in note.allocations for step in taken_back(pot, note, one, mine, view, draft)]
    used = note.total - note.balance if note.balance is not None else ZERO
    if used > total(one.amount for one in note.allocations):
        draft.wait(paid(told, note, view))
    check_periods((note.date, *(one.date for one in note.allocations)), view, draft, told)
    steps += remove(ENTITY, with_part(note, note.id, ()), note.id, there.reference, view, draft, total=note.total)
    if draft.waits:
        return on_hold(draft, view)
    notes = (f"voided, because {told} in ServiceTitan", *draft.notes)
    return Write(tuple(steps), ENTITY, notes, main=len(steps) - 1)
