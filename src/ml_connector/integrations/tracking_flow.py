"""Inventory bills of ServiceTitan, tracked against the payable bills that people enter in the ledger. Nothing is written."""

from __future__ import annotations

from ml_connector.canonical.documents import Document
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillState, PurchaseOrder
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.checks import currency_of
from ml_connector.integrations.decisions import Decision, Skip, skip
from ml_connector.integrations.drafts import money, unit_name
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.tracked import ENTITY
from ml_connector.integrations.tracking_rules import Received, found
from ml_connector.integrations.views import View


class InventoryBills(FlowType):
    """Each is matched with its purchase order and with one payable bill of its vendor, by number and amount."""

    name = "inventory_bills"
    title = "Inventory bills: tracked against Xero's bills"
    source_vendor, target_vendor = "servicetitan", "xero"
    priority = 6
    tracks = True
    matched_with = ENTITY
    source_lists = ("business_units",)
    target_lists = ("parties", "bills", "purchase_orders")
    tables = ("business_units", "vendors")

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return ("bills",)

    def reading_options(self, settings: Settings) -> dict[str, str]:
        return {}

    def party_of(self, document: Document) -> str:
        assert isinstance(document, Bill)
        return document.vendor.id

    def party_name(self, document: Document) -> str:
        assert isinstance(document, Bill)
        return document.vendor.name

    def only_linked(self, document: Document, settings: Settings) -> bool:
        return True

    def number_of(self, document: Document, given: str | None, settings: Settings) -> str:
        assert isinstance(document, Bill)
        return given or document.number or document.own_number or document.id

    def target_entity(self, document: Document) -> str:
        return ENTITY

    def needs_links(self, document: Document, settings: Settings) -> tuple[tuple[str, str], ...]:
        assert isinstance(document, Bill)
        order = document.purchase_order.id
        return (("vendors", document.vendor.id), *((("purchase_orders", order),) if order else ()))

    def plan(self, view: View) -> Decision:
        bill = view.document
        assert isinstance(bill, Bill)
        currency = currency_of(bill.currency, bill.business_unit, view)
        return _passed_over(bill, currency, view, view.settings) or found(_received(bill, currency, view))


def _passed_over(bill: Bill, currency: str, view: View, settings: Settings) -> Skip | None:
    """What no payable bill is expected for."""
    if settings.business_units and bill.business_unit.id not in settings.business_units:
        return skip("out_of_scope", name=unit_name(bill.business_unit, view) or "(none)")
    if not bill.active or bill.state is BillState.CANCELED:
        return skip("canceled")
    if bill.date is not None and bill.date < settings.start_date:
        return skip("before_start", date=str(bill.date), start=str(settings.start_date))
    if bill.total == 0:
        return skip("tracking_zero")
    return skip("tracking_credit", amount=money(bill.total, currency)) if bill.total < 0 else None


def _received(bill: Bill, currency: str, view: View) -> Received:
    key = ("purchase_orders", bill.purchase_order.id)
    order, there = view.sources.get(key), view.counterpart(*key)
    number = there.number if isinstance(there, PurchaseOrder) else ""
    return Received(
        bill=bill,
        currency=currency,
        party_id=view.payables.party_id,
        payables=view.payables.found,
        order=order if isinstance(order, PurchaseOrder) else None,
        order_there=Ref(view.links.get(key, ""), str(getattr(there, "status", "")), number),
        linked=_linked(view),
    )


def _linked(view: View) -> Bill | None:
    """The live bill that a person has linked it with; one that was voided is looked for anew."""
    now = view.link.now if view.link else None
    return now if isinstance(now, Bill) and now.active else None
