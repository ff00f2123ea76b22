"""A bill that is staged already, and a newer version of it: told with both versions, or staged again where that is right."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Address, Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Decision, Hold, Unchanged, Waiting, waiting
from ml_connector.integrations.drafts import is_code, money
from ml_connector.integrations.staged_bill import composed, is_dead, source_checks, target_bill
from ml_connector.integrations.staging import Pair, Staged
from ml_connector.integrations.supplier_parts import PENDING
from ml_connector.integrations.views import Linked, View

# Where nobody has decided anything there yet.
_OPEN_THERE = frozenset([BillState.DRAFT, BillState.SUBMITTED])
_NEVER_PAID = frozenset([BillState.DRAFT, BillState.SUBMITTED, BillState.REJECTED])
_SHOWN = ("total", "number", "date", "due_date", "currency", "tax", "shipping", "other", "discount", "terms")
_NAMED = ("lines", "vendor", "location", "job", "purchase_order", "legal_entity")


def changed(bill: Bill, view: View, pair: Pair) -> Decision:
    """What becomes of a new version. A payment that moves balance and state, or a credit applied, changes nothing."""
    link = view.link
    assert link is not None
    posted = link.source
    if is_dead(bill):
        return _void(link, pair)
    if not isinstance(posted, Bill) or as_staged(posted) == as_staged(bill):
        return Unchanged()
    told = {"what": changes(posted, bill), "id": link.target_id, **pair.words}
    wait = _stopped(link, view, told)
    return Hold((wait,)) if wait is not None else _again(bill, posted, view, pair, told)


def _stopped(link: Linked, view: View, told: dict[str, str]) -> Waiting | None:
    """Why a change cannot be staged again; ``told`` are the fields of its sentence."""
    now, key = link.now, f"bills:{link.target_id}"
    if not isinstance(now, Bill):
        return waiting("staged_gone", "fact", key, **told)
    told["state"] = now.status or str(now.state)
    if now.state not in _OPEN_THERE:
        return waiting("changed_after_decision", "fact", key, **told)
    if view.settings.edits == "hold":
        return waiting("changed_after_staging", "setting", "setting:edits", **told)
    ours = bool(now.reference) and now.reference in (view.reference, view.kept_reference)
    return None if ours else waiting("staged_not_ours", "person", "staged_not_ours", **told)


def _void(link: Linked, pair: Pair) -> Decision:
    """Nothing is cancelled from here: once it is so there, both sides agree."""
    now = link.now
    if not isinstance(now, Bill) or now.state is BillState.CANCELED:
        return Unchanged()
    told = {"number": now.number, "state": now.status or str(now.state), **pair.words}
    return Hold((waiting("void_after_staging", "fact", f"bills:{link.target_id}", **told),))


def _again(bill: Bill, posted: Bill, view: View, pair: Pair, told: dict[str, str]) -> Decision:
    """The same document under the same keys. Lines that it has lost would stay there, so then it is told instead."""
    draft = Staged(bill.currency, pair=pair)
    source_checks(bill, draft)
    target = target_bill(bill, view, draft)
    if draft.waits:
        return Hold(tuple(draft.waits), draft.asked_for(PENDING))
    if len(target.lines) < _lines_before(posted, view, pair):
        return Hold((waiting("staged_lines_lost", "person", "staged_lines_lost", **told),))
    assert view.link is not None
    return composed(target, bill, view, draft, Action.UPDATE, view.link.target_id)


def _lines_before(posted: Bill, view: View, pair: Pair) -> int:
    draft = Staged(posted.currency, pair=pair)
    return len(target_bill(posted, view, draft).lines) if posted.complete and is_code(posted.currency) else 0


def as_staged(bill: Bill) -> Bill:
    """What a staged bill must not differ in; whatever it names is known by its id."""
    return Bill(
        id="", vendor=_by_id(bill.vendor), total=bill.total, number=bill.number, date=bill.date, due_date=bill.due_date,
        currency=bill.currency, tax_basis=bill.tax_basis, lines=tuple(_line(line) for line in bill.lines), tax=bill.tax,
        shipping=bill.shipping, other=bill.other, discount=bill.discount, location=_by_id(bill.location),
        job=_by_id(bill.job), purchase_order=Ref(number=bill.purchase_order.number), terms=bill.terms,
        legal_entity=_by_id(bill.legal_entity), remit_to=Address(),
    )  # fmt: skip


def _line(line: BillLine) -> BillLine:
    named = {name: _by_id(getattr(line, name)) for name in ("account", "tax_code", "location", "job", "business_unit")}
    return msgspec.structs.replace(line, dimensions=tuple(_by_id(one) for one in line.dimensions), **named)


def _by_id(one: Ref) -> Ref:
    return Ref(one.id) if one.id else one


def changes(before: Bill, after: Bill) -> str:
    """Both versions in what they differ, in words."""
    was, is_ = as_staged(before), as_staged(after)
    found = [name for name in (*_SHOWN, *_NAMED) if getattr(was, name) != getattr(is_, name)]
    told = [f"{name} {_shown(before, name)} -> {_shown(after, name)}" for name in found if name in _SHOWN]
    told += [f"{name} {_label(before, name)} -> {_label(after, name)}" for name in found if name not in _SHOWN]
    return ", ".join(told).replace("_", " ") or "a detail"


def _shown(bill: Bill, name: str) -> str:
    value = getattr(bill, name)
    return "none" if value in (None, "") else money(value) if isinstance(value, Decimal) else str(value)


def _label(bill: Bill, name: str) -> str:
    if name == "lines":
        return "(" + "; ".join(f"{money(line.amount)} {line.description[:30]}".strip() for line in bill.lines) + ")"
    one: Ref = getattr(bill, name)
    return one.label() or "none"


def paid_undecided(source: Bill, there: Bill) -> bool:
    """Whether the ledger shows money paid on a bill that nobody has approved there, or that was rejected.

    Such bills are listed for a bookkeeper: the payment went out before, or against, the decision.
    """
    owed = source.balance if source.balance is not None else source.total
    paid = source.state in (BillState.PAID, BillState.PARTLY_PAID) or (source.total > ZERO and owed < source.total)
    return paid and not is_dead(source) and there.state in _NEVER_PAID
