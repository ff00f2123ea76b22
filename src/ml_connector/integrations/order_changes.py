"""An order that the ledger has already, and a newer version of it: changed there while it is open, else told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import BillLine, OrderState, PurchaseOrder
from ml_connector.connectors.writing import Action, Step
from ml_connector.integrations.decisions import Decision, Hold, Unchanged, Write, waiting
from ml_connector.integrations.drafts import Draft
from ml_connector.integrations.invoice_standing import own_reference
from ml_connector.integrations.order_rules import composed_order, held, is_canceled, notes_of, step_of, target_order
from ml_connector.integrations.payment_tables import SHIPPING, TAX
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.views import View

# How far an order has come in the ledger; it never goes back there.
_RANK = {
    OrderState.PENDING: 0,
    OrderState.DRAFT: 0,
    OrderState.SUBMITTED: 1,
    OrderState.SENT: 2,
    OrderState.RECEIVED: 2,
    OrderState.AUTHORISED: 2,
}


def changed(order: PurchaseOrder, view: View) -> Decision:
    """Changed while it is open there; what is billed, removed, or not ours is told with both versions."""
    link = view.link
    assert link is not None
    posted, now = link.source, link.now
    if not isinstance(posted, PurchaseOrder) or _as_posted(posted) == _as_posted(order):
        return Unchanged()
    told = {"id": link.target_id, "what": _changes(posted, order)}
    if not isinstance(now, PurchaseOrder) or now.state is OrderState.DELETED:
        return Unchanged() if is_canceled(order) else Hold((waiting("order_gone", "person", "order_gone", **told),))
    if now.state is OrderState.BILLED:
        return Hold((waiting("order_billed", "person", "order_billed", number=now.number, **told),))
    if not own_reference(link, view):
        return Hold((waiting("order_not_ours", "person", "order_not_ours", number=now.number, **told),))
    return _deleted(now, view) if is_canceled(order) else _updated(order, posted, now, view)


def _deleted(now: PurchaseOrder, view: View) -> Decision:
    composed = view.compose(Action.VOID, now, view.reference)
    step = Step("purchase_orders", Action.VOID, view.reference, composed.body, target_id=now.id, total=now.total)
    return Write((step,), "purchase_orders", composed.notes)


def _updated(order: PurchaseOrder, posted: PurchaseOrder, now: PurchaseOrder, view: View) -> Decision:
    draft = Draft(order.currency)
    target = target_order(order, view, draft)
    if draft.waits:
        return held(draft, order)
    lines = _merged(target.lines, posted, now, view)
    if lines is None:
        told = {"number": now.number, "what": _changes(posted, order)}
        return Hold((waiting("order_lines_unpaired", "person", "order_lines_unpaired", **told),))
    ahead = _RANK.get(now.state, 0) > _RANK[target.state]  # people have submitted or approved it there
    state = now.state if ahead else target.state
    target = msgspec.structs.replace(target, id=now.id, lines=lines, state=state)
    composed = composed_order(Action.UPDATE, target, order, view, draft)
    if composed is None:
        return Hold(tuple(draft.waits))
    return Write((step_of(Action.UPDATE, target, composed, view),), "purchase_orders", notes_of(draft, composed))


def _merged(
    lines: Sequence[BillLine], posted: PurchaseOrder, now: PurchaseOrder, view: View
) -> tuple[BillLine, ...] | None:
    """The lines with the ids that Xero gave them; account and tracking that people changed there stay.

    None where lines cannot be paired and what people did there would be lost.
    """
    base = view.link.base if view.link is not None else None
    before = base.lines if isinstance(base, PurchaseOrder) else ()
    keys = line_keys(posted, view.settings)
    if len(keys) != len(before) or {one.id for one in now.lines} - {one.id for one in before}:
        return tuple(lines) if isinstance(base, PurchaseOrder) and _recorded(base) == _recorded(now) else None
    was, is_ = dict(zip(keys, before, strict=True)), {one.id: one for one in now.lines}
    return tuple(_kept(line, was.get(line.id), is_) for line in lines)


def _kept(line: BillLine, was: BillLine | None, now: dict[str, BillLine]) -> BillLine:
    shown = now.get(was.id) if was is not None else None
    if was is None or shown is None:
        return line
    own: dict[str, Any] = {"id": shown.id}
    if shown.account != was.account:
        own["account"] = shown.account
    if shown.dimensions != was.dimensions:
        own["dimensions"] = shown.dimensions
    return msgspec.structs.replace(line, **own)


def line_keys(order: PurchaseOrder, settings: Settings) -> list[str]:
    """What the lines of an order that was posted are known by, in the order in which they were sent."""
    if settings.order_lines == "total":
        return ["total"]
    charges = ((TAX, order.tax), (SHIPPING, order.shipping))
    return [line.id for line in order.lines if line.amount] + [key for key, amount in charges if amount]


def _recorded(order: PurchaseOrder) -> list[tuple[Any, ...]]:
    """What a line carries that people may have changed."""
    return [(one.id, one.amount, one.account, one.dimensions) for one in order.lines]


def _as_posted(order: PurchaseOrder) -> PurchaseOrder:
    """What a posted order must not differ in. Its way from sent to received is none; names are known by their ids."""
    state = OrderState.SENT if order.state is OrderState.RECEIVED else order.state
    lines = tuple(msgspec.structs.replace(one, account=Ref(), business_unit=Ref(), job=Ref()) for one in order.lines)
    return msgspec.structs.replace(
        order, id="", stamp="", memo="", status="", sent_on=None, received_on=None, exported=False, currency="",
        vendor_document="", reference="", state=OrderState.CANCELED if is_canceled(order) else state, active=True,
        lines=lines, vendor=Ref(order.vendor.id), business_unit=Ref(order.business_unit.id), job=Ref(order.job.id),
    )  # fmt: skip


def _changes(before: PurchaseOrder, after: PurchaseOrder) -> str:
    """How two versions differ, in words."""
    shown = ("number", "total", "date", "tax", "shipping", "required_on", "state")
    was, is_ = _as_posted(before), _as_posted(after)
    changed = [
        name for name in (*shown, "lines", "vendor", "delivery", "job") if getattr(was, name) != getattr(is_, name)
    ]
    told = [
        f"{name} {_shown(getattr(was, name))} -> {_shown(getattr(is_, name))}" if name in shown else name
        for name in changed
    ]
    return ", ".join(told).replace("_", " ") or "a detail"


def _shown(value: Any) -> str:
    return "none" if value in (None, "") else str(value)
