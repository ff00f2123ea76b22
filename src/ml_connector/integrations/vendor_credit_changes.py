"""What becomes of a vendor's credit after it was posted: its content as a bill's, and what it is applied to follows.

A change of its content goes while nothing of it is applied, and is held with both versions else. One that is cancelled is
taken off its bills, as far as we have put it there, and voided; what others have applied or given back holds that.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from decimal import Decimal

import msgspec

from ml_connector.canonical.money import total
from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.integrations import bill_changes
from ml_connector.integrations.bill_changes import alike, is_removed
from ml_connector.integrations.bill_composing import effective_number
from ml_connector.integrations.bill_kinds import number_table
from ml_connector.integrations.bill_updates import BillChange, held
from ml_connector.integrations.decisions import STAYS, Adopt, Decision, Hold, Unchanged, Write, gone_there, waiting
from ml_connector.integrations.drafts import Draft, money
from ml_connector.integrations.invoice_standing import own_reference
from ml_connector.integrations.payment_standing import applications, on_hold
from ml_connector.integrations.vendor_credit_parts import ENTITY, applied, on_bills, taken_back, to_come
from ml_connector.integrations.views import Linked, View

APPLIED_TO = "what it is applied to"


def begun(view: View) -> Bill | None:
    """What a version that broke off has made of a credit that has no counterpart yet, as the ledger shows it."""
    made = view.made.get(view.reference) if view.link is None else None
    there = view.at_target.get((made.entity, made.target_id)) if made is not None else None
    return there if isinstance(there, Bill) and there.active else None


def changed(credit: Bill, view: View) -> Decision:
    """The decision on a later version of a credit that is linked. One that changes nothing of ours is never held."""
    link = view.link
    assert link is not None
    posted, now, read = link.source, link.now, _read(view)
    alike_ = isinstance(posted, Bill) and alike(posted, read, view.settings) and on_bills(posted) == on_bills(read)
    same = alike_ and not view.replaced
    if isinstance(now, Bill) and now.active and not now.complete:
        return Unchanged() if same else _unread(now)
    if is_removed(credit):
        return _removed(view)
    content = _content(view, view.proven.values())
    if not isinstance(content, Unchanged | Write):
        return content
    decision = _followed(credit, content, view)
    ours = own_reference(link, view) != ""
    return Unchanged() if same and ours and isinstance(decision, Hold) else decision


def made_in_part(credit: Bill, there: Bill, view: View) -> Decision:
    """The decision on a credit that an earlier version has made, and whose other steps it has not come to."""
    if not there.complete:
        return _unread(there)
    there = msgspec.structs.replace(there, reference=view.reference)
    live = msgspec.structs.replace(_read(view), active=True, state=BillState.RECEIVED)
    known = dataclasses.replace(view, link=Linked(ENTITY, there.id, there, live, there))
    if is_removed(credit):
        return _removed(known)
    number = effective_number(credit, view.mappings[number_table(credit)].get(credit.id))
    meant = (credit.total, number_key(number), view.links.get(("vendors", credit.vendor.id)))
    if (there.total, number_key(there.number), there.vendor.id) != meant:
        ours = f"{number} over {money(-credit.total, credit.currency)}"
        told = {"reference": view.reference, "other": _shown(there), "ours": ours}
        return Hold((waiting("conflict", "person", "conflict", **told),))
    decision = _followed(credit, Unchanged(), known)
    if isinstance(decision, Unchanged):
        return Adopt(ENTITY, there.id, "created", "our reference and the same content")
    return decision


def _unread(now: Bill) -> Hold:
    return Hold((waiting("counterpart_unread", "fact", f"{ENTITY}:{now.id}", id=now.id, what=APPLIED_TO),))


def _shown(there: Bill) -> str:
    return f"document {there.id}: {there.number} over {money(-there.total, there.currency)}"


# --- its content ---------------------------------------------------------------------------------------------------


def _read(view: View) -> Bill:
    """The credit as it was read: its currency may be its business unit's."""
    assert isinstance(view.document, Bill)
    return view.document


def _content(view: View, ours: Collection[str]) -> Decision:
    """What the rules of bills say of it, with what has the ids ``ours`` off the bills that it is on."""
    link = view.link
    assert link is not None
    now = link.now
    if isinstance(now, Bill):
        now = _without(now, total(one.amount for one in now.credits if one.id in ours))
    return bill_changes.changed(_read(view), dataclasses.replace(view, link=dataclasses.replace(link, now=now)))


def _without(now: Bill, amount: Decimal) -> Bill:
    """The ledger's credit with so much more of it open, as a document of its own."""
    if not amount or now.balance is None:
        return msgspec.structs.replace(now, credits=())
    state = BillState.OPEN if now.state is BillState.PAID else now.state
    return msgspec.structs.replace(now, credits=(), balance=now.balance - amount, state=state)


def _removed(view: View) -> Decision:
    """It is taken off the bills that we have put it on, and voided."""
    mine = applications(view)
    decision, now = _content(view, mine), view.link.now if view.link is not None else None
    if not isinstance(decision, Write) or not isinstance(now, Bill):
        return decision
    draft = Draft(now.currency)
    off = taken_back(now, [one for one in now.credits if one.id in mine], "it was cancelled", view, draft)
    if draft.waits:
        return Hold(tuple(draft.waits))
    steps = (*off, *decision.steps)
    return msgspec.structs.replace(decision, steps=steps, main=len(steps) - 1)


# --- what it is applied to -----------------------------------------------------------------------------------------


def _followed(credit: Bill, content: Unchanged | Write, view: View) -> Decision:
    """What it is applied to is brought in line, behind the change of its content if there is one."""
    link, draft = view.link, Draft(credit.currency)
    assert link is not None
    there = link.now
    if not isinstance(there, Bill) or not there.active:
        return _not_there(credit, view) if on_bills(credit) else Unchanged()
    if isinstance(content, Write):
        there = msgspec.structs.replace(there, total=credit.total, balance=None)
    steps = applied(credit, there, own_reference(link, view) or view.reference, view, draft)
    if draft.waits:
        return on_hold(draft, view)
    if isinstance(content, Write):
        notes = (*content.notes, *draft.notes)
        return msgspec.structs.replace(
            content, steps=(*content.steps, *steps), notes=notes, placeholders=to_come(credit, view)
        )  # fmt: skip
    return Write(tuple(steps), ENTITY, tuple(draft.notes), to_come(credit, view), STAYS) if steps else Unchanged()


def _not_there(credit: Bill, view: View) -> Hold:
    """What is applied to bills is void in the ledger, or the ledger shows it no more."""
    link = view.link
    assert link is not None
    if not isinstance(link.now, Bill):
        return Hold((gone_there(link.target_entity, link.target_id),))
    posted = link.source if isinstance(link.source, Bill) else credit
    return held(BillChange(credit, posted, link.now, APPLIED_TO), view, "it is void there")
