"""A changed bill sent to the ledger as a whole: its head and its lines laid against what stands there."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from ml_connector.canonical.numbers import number_key
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.bill_checks import check_whole
from ml_connector.integrations.bill_composing import (
    all_lines,
    booked,
    composed_bill,
    effective_number,
    number_for,
    target_bill,
)
from ml_connector.integrations.bill_kinds import number_table
from ml_connector.integrations.bill_merge import ChangedThere, Unpaired, Versions, merged
from ml_connector.integrations.bill_rules import target_lines
from ml_connector.integrations.checks import check_periods, first_open_day
from ml_connector.integrations.decisions import Decision, Hold, Write, waiting
from ml_connector.integrations.demanded import demanded_tags
from ml_connector.integrations.drafts import Draft, is_code, money
from ml_connector.integrations.taxes_there import rates_changed
from ml_connector.integrations.views import View

_Value = TypeVar("_Value")


class BillChange(msgspec.Struct, frozen=True):
    """A bill as it is wanted and as it was posted, what the ledger shows now, and what has changed, in words."""

    bill: Bill
    posted: Bill
    now: Bill | None
    what: str


def held(change: BillChange, view: View, why: str, given: str = "") -> Hold:
    """A change that is not sent, with both versions; it is looked at again when the document changes there.

    ``given``: the code of the reason, where it is one of its own.
    """
    link, now = view.link, change.now
    assert link is not None
    code = given if given else "changed_after_posting"
    there = f"no document {link.target_id}" if now is None else _there(now)
    told = {"what": change.what, "there": there, "why": why}
    return Hold((waiting(code, "fact", f"{link.target_entity}:{link.target_id}", **told),))


def _there(now: Bill) -> str:
    return f"{now.number} of {now.date} over {money(now.total, now.currency)}, {now.state}"


def updated(change: BillChange, view: View) -> Decision:
    """The whole bill as it is wanted, under the ledger's own line ids; what cannot go is held."""
    now, link = change.now, view.link
    assert now is not None and link is not None
    if not now.complete:
        told = {"what": change.what, "id": now.id}
        return Hold((waiting("counterpart_unread", "fact", f"{link.target_entity}:{now.id}", **told),))
    draft = Draft(change.bill.currency)
    try:
        return _written(change, now, view, draft)
    except (Unpaired, ChangedThere) as error:
        code = "bill_lines_unpaired" if isinstance(error, Unpaired) else "bill_changed_there"
        return held(change, view, str(error), code)


def _written(change: BillChange, now: Bill, view: View, draft: Draft) -> Decision:
    """Raises Unpaired, ChangedThere."""
    assert view.link is not None
    base, entity = view.link.base, view.link.target_entity
    if not isinstance(base, Bill) or not base.complete:
        raise Unpaired("what the ledger showed when it was posted is not known")
    bill, versions = change.bill, Versions(change.bill, change.posted, base, now)
    check_whole(bill, view.settings, draft)
    if bill.complete and is_code(bill.currency):
        all_lines(bill, view, view.settings, draft)
    else:  # what cannot be seen cannot be spread; accounts can be asked for already
        target_lines(bill, view, draft)
    target = _head(versions, view, draft)
    check_periods((now.date, target.date), view, draft, changes=change.what)
    if draft.waits:
        return Hold(tuple(draft.waits))
    lines = merged(versions, view, draft)
    draft.lines[:] = lines.lines
    demanded_tags(bill, draft.lines, view, draft)
    rates_changed(now, entity, draft.lines, view, draft)
    if draft.waits:
        return Hold(tuple(draft.waits))
    composed = composed_bill(Action.UPDATE, bill, target, view, draft, lines.as_rounding)
    if composed is None:
        return Hold(tuple(draft.waits))
    step = Step(
        entity, Action.UPDATE, view.reference, composed.body, target_id=now.id, party_id=target.vendor.id,
        number=target.number, date=target.date, total=bill.total, currency=bill.currency,
    )  # fmt: skip
    return Write((step,), entity, (*draft.notes, *composed.notes))


# --- the head ------------------------------------------------------------------------------------------------------


def _head(versions: Versions, view: View, draft: Draft) -> Bill:
    """The ledger's bill as it is to be, without lines. What only the ledger has changed stays. Raises ChangedThere."""
    wanted, posted, base, now = versions.wanted, versions.posted, versions.base, versions.now
    moved = _dated(versions, view, draft)
    due = _agreed("due date", (posted.due_date, wanted.due_date), (base.due_date, now.due_date))
    head = target_bill(msgspec.structs.replace(wanted, date=moved.date, due_date=due, memo=moved.memo),
                       _number(versions, view, draft), now.vendor.id, view)  # fmt: skip
    order = head.purchase_order.number or now.purchase_order.number
    return msgspec.structs.replace(head, id=now.id, purchase_order=Ref(number=order), location=now.location)


def _dated(versions: Versions, view: View, draft: Draft) -> Bill:
    """The bill with the day that it is booked on and the note of it: the ledger's, as long as its own has not changed."""
    wanted, posted, base, now = versions.wanted, versions.posted, versions.base, versions.now
    if wanted.date == posted.date:
        return msgspec.structs.replace(wanted, date=now.date, memo=now.memo)
    day = first_open_day(wanted.date, view.settings, view.ledger.organisation, wanted)
    moved = booked(wanted, _agreed("date", (posted.date, wanted.date), (base.date, now.date), as_=day))
    if moved.memo:
        draft.notes.append(f"booked on {day}, the first open day, and not on {wanted.date}")
    return moved if moved.memo else msgspec.structs.replace(moved, memo=now.memo)


def _number(versions: Versions, view: View, draft: Draft) -> str:
    given = view.mappings[number_table(versions.wanted)].get(versions.wanted.id)
    before, after = (effective_number(one, given) for one in (versions.posted, versions.wanted))
    base, now = versions.base.number, versions.now.number
    if number_key(before) == number_key(after):
        return now
    if number_key(now) not in (number_key(base), number_key(after)):
        raise ChangedThere(f"its number was {base} when it was posted")
    return number_for(versions.wanted, view, draft)


def _agreed(
    what: str, source: tuple[_Value, _Value], ledger: tuple[_Value, _Value], as_: _Value | None = None
) -> _Value:  # fmt: skip
    """What both sides come to: what one of them alone has changed, or both alike. Raises ChangedThere.

    Of each side what it was and what it is; ``as_``: what the source's becomes in the ledger, where that is another.
    """
    wanted = source[1] if as_ is None else as_
    if source[0] == source[1]:
        return ledger[1]
    if ledger[1] in (ledger[0], wanted):
        return wanted
    raise ChangedThere(f"its {what} was {ledger[0] or 'none'} when it was posted")
