"""Both systems' books under construction: ordering, receiving, and writing down how each bill must end."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.company.catalogue import ARTICLES, Article
from ml_connector_sandbox.company.dates import Dates
from ml_connector_sandbox.company.truth import POSTED, Answers, BillTruth, VendorTruth, target_of
from ml_connector_sandbox.servicetitan.books import (
    Accounts,
    Address,
    ApCredit,
    Bill,
    BusinessUnit,
    Job,
    PurchaseOrder,
    PurchaseOrderItem,
    Receipt,
    TaxZone,
    TenantBooks,
    Vendor,
)
from ml_connector_sandbox.zoho_books import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.masters import Account, Contact

CURRENCY = "USD"
ZERO = Decimal(0)
WAREHOUSE = Address(street="2200 Depot Street", city="Saint Cloud", state="MN", zip="56301", country="USA")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a bill must end. See ``BillTruth``."""

    ends: str = POSTED
    reason: str = ""
    because: str = ""
    waits: tuple[str, ...] = ()


ORDINARY = Ending()


@dataclass(slots=True, kw_only=True)
class Seed:
    """One company under construction. ``accounts``: ServiceTitan account number -> id; ``ledger``: code -> account.

    The other tables are by name. ``chance`` is the only source of randomness. ``credits``: how AP credits must end.
    """

    dates: Dates
    chance: random.Random
    tenant: TenantBooks
    organisation: OrganisationBooks
    currency: str = CURRENCY
    accounts: dict[str, int] = field(default_factory=dict)
    ledger: dict[str, Account] = field(default_factory=dict)
    units: dict[str, BusinessUnit] = field(default_factory=dict)
    zones: dict[str, TaxZone] = field(default_factory=dict)
    vendors: dict[str, Vendor] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    jobs: list[Job] = field(default_factory=list)
    answers: Answers = field(default_factory=Answers)
    truth: list[BillTruth] = field(default_factory=list)
    vendor_truth: list[VendorTruth] = field(default_factory=list)
    credits: list[BillTruth] = field(default_factory=list)
    counter: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def next_number(self, pattern: str = "INV-{:05d}") -> str:
        """A vendor's invoice number that no other bill has."""
        return pattern.format(10_400 + next(self.counter))

    def line(
        self, code: str, quantity: Decimal | str | int, cost: Decimal | str | None = None, **more: Any
    ) -> PurchaseOrderItem:
        """An ordered line of an article at its catalogue cost unless told. Raises KeyError on an unknown article."""
        article = _BY_CODE[code]
        given = {"description": article.name, "accounts": self.accounts_of(article), **more}
        return PurchaseOrderItem(
            sku_code=article.code,
            sku_name=article.name,
            sku_type=article.kind,
            quantity=Decimal(quantity),
            cost=article.cost if cost is None else Decimal(cost),
            **given,
        )

    def accounts_of(self, article: Article) -> Accounts:
        """Supplies have one expense account; stocked articles sales, cost and asset."""
        if article.expense:
            return Accounts(general_ledger=self.accounts[article.account])
        sales = "4100" if article.kind == "Equipment" else "4200"
        return Accounts(
            general_ledger=self.accounts[sales],
            cost_of_sale=self.accounts[article.account],
            asset=self.accounts["1300"] if article.kind != "Service" else None,
        )

    def cost_of_sale(self, number: str) -> Accounts:
        """A line booked to this account and no other."""
        return Accounts(cost_of_sale=self.accounts[number])

    def order(
        self, vendor: str, items: Sequence[PurchaseOrderItem], on: date, *, unit: str = "", zone: str = "", **more: Any
    ) -> PurchaseOrder:
        """A sent order, not yet received. ``more``: further fields (tax, shipping, job_id ...)."""
        sent = self.dates.stamp(on, 600)
        name = unit or next(iter(self.units))
        order = PurchaseOrder(
            number=f"PO-{30_000 + len(self.tenant.purchase_orders)}",
            vendor_id=self.vendors[vendor].id,
            order_date=on,
            items=tuple(items),
            status="Sent",
            sent_on=sent,
            required_on=on + timedelta(days=7),
            business_unit_id=self.units[name].id,
            tax_zone_id=self.zones[zone].id if zone else None,
            ship_to=WAREHOUSE,
            **more,
        )
        return self.tenant.add_purchase_order(order, self.dates.stamp(on), sent)

    def receive(
        self,
        case: str,
        order: PurchaseOrder,
        on: date,
        ending: Ending = ORDINARY,
        *,
        number: str | None = None,
        quantities: Sequence[str | int] | None = None,
        bill: dict[str, Any] | None = None,
        entered: date | None = None,
    ) -> Bill | Receipt:
        """Receive all that is open, or ``quantities`` (item by item, 0 for none); its bill ends as ``ending`` says.

        ``number``: the vendor's invoice number, the next free one unless told, empty for none. ``bill``: further
        fields. ``entered``: the day it was typed, ``on`` unless told.
        """
        received = None
        if quantities is not None:
            pairs = zip(order.items, quantities, strict=True)
            received = {item.id: Decimal(one) for item, one in pairs if Decimal(one)}
        receipt, kept = self.tenant.receive(
            order.id,
            received,
            vendor_invoice_number=self.next_number() if number is None else number,
            received_on=on,
            bill={"due_date": on + timedelta(days=30), "term_name": "Net 30", **(bill or {})},
            at=self.dates.stamp(entered or on, 3600 + len(self.tenant.receipts) % 14_400, len(self.tenant.receipts)),
        )
        document = kept or receipt
        self.expect(case, document, ending)
        return document

    def purchase(
        self,
        case: str,
        vendor: str,
        items: Sequence[PurchaseOrderItem],
        on: date,
        ending: Ending = ORDINARY,
        *,
        number: str | None = None,
        bill: dict[str, Any] | None = None,
        entered: date | None = None,
        **order: Any,
    ) -> Bill | Receipt:
        """An order four days before, received whole on ``on``."""
        placed = self.order(vendor, items, on - timedelta(days=4), **order)
        return self.receive(case, placed, on, ending, number=number, bill=bill, entered=entered)

    def keep(self, case: str, bill: Bill, ending: Ending = ORDINARY) -> Bill:
        """A bill without an order, entered on its own date."""
        stamp = self.dates.stamp(bill.bill_date, 5400, len(self.tenant.bills))
        kept = self.tenant.add_bill(bill, stamp)
        self.expect(case, kept, ending)
        return kept

    def expect(self, case: str, document: Bill | Receipt, ending: Ending) -> None:
        """Write down how a bill or receipt must end."""
        total = amount_of(document)
        number = document.vendor_number if isinstance(document, Bill) else document.vendor_invoice_number
        on = document.bill_date if isinstance(document, Bill) else document.received_on
        self.truth.append(
            BillTruth(
                bill_id=str(document.id),
                case=case,
                ends=ending.ends,
                reason=ending.reason,
                because=ending.because,
                total=total,
                currency=self.currency,
                target=target_of(total) if ending.ends == POSTED else None,
                vendor_id=str(document.vendor_id),
                number=number or _own_number(document),
                date=on,
                waits=tuple(one.replace("{id}", str(document.id)) for one in ending.waits),
            )
        )


def amount_of(document: Bill | Receipt | ApCredit) -> Decimal:
    """What is owed, tax and freight included, to the cent; negative for a credit."""
    if isinstance(document, ApCredit):
        return -document.amount
    return document.amount(True) if isinstance(document, Bill) else document.amount


def _own_number(document: Bill | Receipt) -> str:
    return document.reference_number if isinstance(document, Bill) else document.number


_BY_CODE = {article.code: article for article in ARTICLES}
