"""A bill that is staged already, and a newer version of it: told with both versions, or staged again where that is right."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO, total
from ml_connector.canonical.parts import Address, Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState
from ml_connector.connectors.writing import Action
from ml_connector.integrations.decisions import Decision, Hold, Unchanged, Waiting, waiting
from ml_connector.integrations.drafts import is_code, money
from ml_connector.integrations.staged_bill import composed, how_dead, is_dead, source_checks, still_there, target_bill
from ml_connector.integrations.staging import Pair, Staged
from ml_connector.integrations.supplier_parts import PENDING
from ml_connector.integrations.views import Linked, View

# Where nobody has decided anything there yet.
_OPEN_THERE = frozenset([BillState.DRAFT, BillState.SUBMITTED])
_SHOWN = ("total", "number", "date", "due_date", "currency", "tax", "shipping", "other", "discount", "terms")
_REFERRED = ("vendor", "location", "job", "purchase_order", "legal_entity")
# What a line may differ in, as a sentence calls it; its tags are what tells the cost centre.
_LINE_WORDS = {
    "amount": "amount", "tax": "tax", "freight": "freight", "description": "description", "sku": "item", "kind": "kind",
    "quantity": "quantity", "unit_cost": "price", "account": "account", "dimensions": "tag", "location": "location",
    "job": "project", "business_unit": "business unit", "tax_code": "tax code",
}  # fmt: skip
_MONEY = ("amount", "tax", "freight")


def changed(bill: Bill, view: View, pair: Pair) -> Decision:
    """What becomes of a new version. A payment that moves balance and state, or a credit applied, changes nothing."""
    link = view.link
    assert link is not None
    posted = link.source
    if is_dead(bill):
        return _void(bill, link, pair)
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
    return None if now.reference == view.reference else waiting("staged_not_ours", "person", "staged_not_ours", **told)


def _void(bill: Bill, link: Linked, pair: Pair) -> Decision:
    now = link.now
    if not isinstance(now, Bill) or now.state is BillState.CANCELED:
        return Unchanged()
    return Hold((still_there(now, how_dead(bill), pair),))


def _again(bill: Bill, posted: Bill, view: View, pair: Pair, told: dict[str, str]) -> Decision:
    """The same document under the same keys. Lines and taxes that it has lost would stay there, so then it is told."""
    draft = Staged(bill.currency, pair=pair)
    source_checks(bill, draft)
    target = target_bill(bill, view, draft)
    if draft.waits:
        return Hold(tuple(draft.waits), draft.asked_for(PENDING))
    if _has_lost(_target_before(posted, view, pair), target):
        return Hold((waiting("staged_lines_lost", "person", "staged_lines_lost", **told),))
    assert view.link is not None
    return composed(target, bill, view, draft, Action.UPDATE, view.link.target_id)


def _target_before(posted: Bill, view: View, pair: Pair) -> Bill | None:
    """What was staged of a version, by the tables of today; None where that cannot be told."""
    readable = posted.complete and is_code(posted.currency)
    return target_bill(posted, view, Staged(posted.currency, pair=pair)) if readable else None


def _has_lost(before: Bill | None, after: Bill) -> bool:
    """Whether rows of what was staged have no row any more that takes their place."""
    return before is not None and (len(after.lines) < len(before.lines) or bool(_taxes(before) - _taxes(after)))


def _taxes(bill: Bill) -> set[str]:
    """The taxes that a bill has, by name; empty for what no line tells."""
    named = {line.tax_code.name or line.tax_code.id for line in bill.lines if line.tax}
    rest = bill.tax - total(line.tax or ZERO for line in bill.lines)
    return named | ({""} if rest else set())


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
    found = [name for name in (*_SHOWN, *_REFERRED) if getattr(was, name) != getattr(is_, name)]
    told = [f"{name} {_shown(before, name)} -> {_shown(after, name)}" for name in found if name in _SHOWN]
    told += [f"{name} {_label(before, name)} -> {_label(after, name)}" for name in found if name in _REFERRED]
    told = [one.replace("_", " ") for one in told]
    return ", ".join(told + (_lines_told(before, after) if was.lines != is_.lines else [])) or "a detail"


def _lines_told(before: Bill, after: Bill) -> list[str]:
    """What the lines differ in: line by line where there are as many as before, else all of both."""
    if len(before.lines) != len(after.lines):
        return [f"lines {_all_lines(before)} -> {_all_lines(after)}"]
    pairs = enumerate(zip(before.lines, after.lines, strict=True), 1)
    return [f"line {n}: {told}" for n, (was, is_) in pairs if (told := _line_told(was, is_))]


def _line_told(before: BillLine, after: BillLine) -> str:
    was, is_ = _line(before), _line(after)
    found = [name for name in was.__struct_fields__ if getattr(was, name) != getattr(is_, name)]
    told = [
        f"{_LINE_WORDS[name]} {_part(before, name)} -> {_part(after, name)}" for name in found if name in _LINE_WORDS
    ]
    return ", ".join(told) or ("entered anew" if found else "")


def _part(line: BillLine, name: str) -> str:
    """A part of a line for a sentence."""
    value = getattr(line, name)
    if isinstance(value, Ref):
        return value.label() or "none"
    if isinstance(value, tuple):
        return " and ".join(one.name or one.id for one in value) or "none"  # their number is the id of their tag
    return "none" if value in (None, "") else money(value) if name in _MONEY else str(value)


def _shown(bill: Bill, name: str) -> str:
    value = getattr(bill, name)
    return "none" if value in (None, "") else money(value) if isinstance(value, Decimal) else str(value)


def _label(bill: Bill, name: str) -> str:
    one: Ref = getattr(bill, name)
    return one.label() or "none"


def _all_lines(bill: Bill) -> str:
    return "(" + "; ".join(f"{money(line.amount)} {line.description[:30]}".strip() for line in bill.lines) + ")"
