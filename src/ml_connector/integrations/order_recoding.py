"""Recoding of orders that are in the ledger: account and tracking of their lines as the mapping tables say today."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ml_connector.canonical.purchases import BillLine, OrderState, PurchaseOrder
from ml_connector.connectors.writing import Action
from ml_connector.errors import BadInput
from ml_connector.integrations.decisions import Decision, Unchanged
from ml_connector.integrations.drafts import NO_ACCOUNT, Draft, account_key, money
from ml_connector.integrations.invoice_standing import own_reference
from ml_connector.integrations.order_changes import line_keys
from ml_connector.integrations.order_rules import order_account
from ml_connector.integrations.payment_tables import SHIPPING, TAX
from ml_connector.integrations.recoding import Line, Recoder, left, of_erased
from ml_connector.integrations.units_of_lines import unit_coding
from ml_connector.integrations.views import View

TABLES = ("order_accounts", "business_units")


def recoded(order: PurchaseOrder, view: View) -> Decision:
    """The decision on an order that a recoding names. Its currency is filled in."""
    job, link = view.recoding, view.link
    assert job is not None and link is not None
    now, base = link.now, link.base
    if not isinstance(now, PurchaseOrder):
        return left("gone_there", id=link.target_id)
    keys = line_keys(order, view.settings)
    if not isinstance(base, PurchaseOrder) or len(keys) != len(base.lines):
        return left(
            "recoding_unpaired", why="The lines that the ledger showed when it was posted are not those of today"
        )
    there = {line.id: line for line in now.lines}
    if any(line.id not in there for line in base.lines):
        return left("recoding_unpaired", why="Lines were removed or entered anew in the ledger")
    recoder = Recoder(view, job)
    pairs = zip(keys, base.lines, strict=True)
    lines = {was.id: _recoded(key, was, there[was.id], order, recoder) for key, was in pairs}
    return recoder.ended() or _fixed(now, view) or _written(now, lines, recoder)


def _recoded(key: str, was: BillLine, now: BillLine, order: PurchaseOrder, recoder: Recoder) -> BillLine:
    told = Line(now.description or f"line {key}", now.amount)
    draft = Draft(order.currency)
    change = _account if recoder.job.table == "order_accounts" else _tracking
    given = change(key, told, (was, now), order, recoder, draft)
    recoder.waits += draft.waits
    return now if draft.waits else msgspec.structs.replace(now, **given)


def _account(
    key: str, told: Line, both: tuple[BillLine, BillLine], order: PurchaseOrder, recoder: Recoder, draft: Draft
) -> dict[str, Any]:
    rows = _rows(key, order)
    if not recoder.job.asks(*rows):
        return {}
    wanted = order_account(rows[0], told.words, order, recoder.view, draft)
    return {} if draft.waits else {"account": recoder.account(told, both[0].account, both[1].account, wanted)}


def _rows(key: str, order: PurchaseOrder) -> Sequence[str]:
    """The rows of the table that a line may go by; tax and shipping go by that of lines without an account, too."""
    if key in (TAX, SHIPPING):
        return (key, NO_ACCOUNT)
    line = next((one for one in order.lines if one.id == key), None)
    return (account_key(line.account) if line is not None else NO_ACCOUNT,)


def _tracking(
    key: str, told: Line, both: tuple[BillLine, BillLine], order: PurchaseOrder, recoder: Recoder, draft: Draft
) -> dict[str, Any]:
    unit, view = order.business_unit, recoder.view
    if view.settings.business_unit_as == "none" or not unit.id or not recoder.job.asks(unit.id):
        return {}
    wanted = unit_coding(unit, order.date, view, draft).get("dimensions", ())
    if draft.waits:
        return {}
    return {"dimensions": recoder.tracking(told, both[0].dimensions, both[1].dimensions, wanted)}


def _fixed(now: PurchaseOrder, view: View) -> Unchanged | None:
    """Why the ledger's order is not changed; None where it may be. No period is closed to orders."""
    assert view.link is not None
    if now.state is OrderState.DELETED:
        return left("recoding_void", number=now.number, state=str(now.state))
    if now.state is OrderState.BILLED:
        return left("recoding_billed", number=now.number)
    return of_erased(now) if own_reference(view.link, view) else left("recoding_not_ours", number=now.number)


def _written(now: PurchaseOrder, lines: dict[str, BillLine], recoder: Recoder) -> Decision:
    shown = msgspec.structs.replace(now, lines=tuple(lines.get(line.id, line) for line in now.lines))
    try:
        composed = recoder.view.compose(Action.UPDATE, shown, now.reference)
    except BadInput as error:
        return left("recoding_unsuitable", why=error.sentence)
    if composed.total != now.total:
        told = {"stated": money(now.total, now.currency), "target": money(composed.total, now.currency)}
        return left("target_total_differs", **told)
    return recoder.write("purchase_orders", now, composed, now.vendor, now.total)
