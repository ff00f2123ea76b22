"""Purchase orders of ServiceTitan in the ledger, where a bill may be made of them."""

from __future__ import annotations

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.purchases import PurchaseOrder
from ml_connector.connectors.writing import Action
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.checks import check_seen, currency_of
from ml_connector.integrations.complete_vendors import check_complete
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Skip, Write, skip, waiting
from ml_connector.integrations.drafts import Draft, money, unit_name
from ml_connector.integrations.invoice_checks import instead_of
from ml_connector.integrations.order_changes import changed
from ml_connector.integrations.order_recoding import TABLES, recoded
from ml_connector.integrations.order_rules import composed_order, held, is_canceled, notes_of, step_of, target_order
from ml_connector.integrations.payment_rules import is_new
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.views import View


class PurchaseOrders(FlowType):
    """Orders become orders: drafts until they are sent, then authorised. They post nothing: no period is closed to them."""

    name = "purchase_orders"
    title = "Purchase orders: ServiceTitan to Xero"
    source_vendor, target_vendor = "servicetitan", "xero"
    priority = 5
    source_lists = ("business_units",)
    target_lists = ("accounts", "dimensions", "parties", "purchase_orders")
    tables = ("order_accounts", "business_units", "vendors", "order_numbers")
    number_table = "order_numbers"
    recodes = TABLES
    unique_numbers = True

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return ("purchase_orders",)

    def reading_options(self, settings: Settings) -> dict[str, str]:
        return {}

    def party_of(self, document: Document) -> str:
        assert isinstance(document, PurchaseOrder)
        return document.vendor.id

    def party_name(self, document: Document) -> str:
        assert isinstance(document, PurchaseOrder)
        return document.vendor.name

    def only_linked(self, document: Document, settings: Settings) -> bool:
        assert isinstance(document, PurchaseOrder)
        return document.date is not None and document.date < settings.start_date

    def number_of(self, document: Document, given: str | None, settings: Settings) -> str:
        assert isinstance(document, PurchaseOrder)
        return given or settings.number_prefix + document.number

    def target_entity(self, document: Document) -> str:
        return "purchase_orders"

    def needs_links(self, document: Document, settings: Settings) -> tuple[tuple[str, str], ...]:
        assert isinstance(document, PurchaseOrder)
        return (("vendors", document.vendor.id),)

    def plan(self, view: View) -> Decision:
        order = view.document
        assert isinstance(order, PurchaseOrder)
        order = _in_currency(order, view)
        if view.link is not None:
            return changed(order, view)
        passed = _passed_over(order, view, view.settings)
        return passed if passed is not None else _created(order, view)

    def recode(self, view: View) -> Decision:
        order = view.document
        assert isinstance(order, PurchaseOrder)
        return recoded(_in_currency(order, view), view)


def _in_currency(order: PurchaseOrder, view: View) -> PurchaseOrder:
    return msgspec.structs.replace(order, currency=currency_of(order.currency, order.business_unit, view))


def _passed_over(order: PurchaseOrder, view: View, settings: Settings) -> Skip | Adopt | None:
    """The rules that say there is nothing to write; they go before everything that could hold."""
    if settings.business_units and order.business_unit.id not in settings.business_units:
        return skip("out_of_scope", name=unit_name(order.business_unit, view) or "(none)")
    if is_canceled(order):
        return skip("order_canceled")
    if order.date is not None and order.date < settings.start_date:
        return _before_start(order, view, settings)
    if order.total == 0 and not any(line.amount for line in order.lines) and not (order.tax or order.shipping):
        return skip("order_empty")
    return None


def _before_start(order: PurchaseOrder, view: View, settings: Settings) -> Skip | Adopt:
    equal = [twin for twin in view.twins if twin.entity and not twin.taken and twin.total == order.total]
    if len(equal) == 1:
        evidence = f"dated before the start date; the ledger has vendor, number {equal[0].number} and total"
        return Adopt(equal[0].entity, equal[0].id, "matched", evidence)
    return skip("order_before_start", date=str(order.date), start=str(settings.start_date))


def _created(order: PurchaseOrder, view: View) -> Decision:
    draft = Draft(order.currency)
    check_seen(view, draft)
    target = target_order(order, view, draft)
    check_complete(order.vendor.id, order.vendor.name, view, draft)
    _twins(order, view, draft)
    if draft.waits:
        return held(draft, order)
    composed = composed_order(Action.CREATE, target, order, view, draft)
    if composed is None:
        return Hold(tuple(draft.waits))
    new = (target.vendor.id,) if is_new(target.vendor.id) else ()
    return Write((step_of(Action.CREATE, target, composed, view),), "purchase_orders", notes_of(draft, composed), new)


def _twins(order: PurchaseOrder, view: View, draft: Draft) -> None:
    """Another order under the number, of this vendor or, since Xero has each number once, of any."""
    key = f"order_numbers:{order.id}"
    for twin in view.twins:
        code = "order_same_total" if twin.total == order.total else "order_other_total"
        shown = money(twin.total, order.currency) if twin.total is not None else "unknown"
        told = {"where": twin.where, "number": twin.number, "total": shown, "other": twin.label}
        if twin.taken:
            code = "order_number_elsewhere"
            told |= {"taken": twin.taken, "stated": money(order.total, order.currency), "instead": instead_of(twin)}
        elif code == "order_other_total":
            told["stated"] = money(order.total, order.currency)
        else:
            told["same"] = (
                f"link this record with {twin.id}" if twin.entity else "cancel one of the two in ServiceTitan"
            )
        draft.wait(waiting(code, "mapping", key, **told))
