"""What the people of a ServiceTitan tenant enter, one document of each entity at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.servicetitan.books import (
    ApCredit,
    Bill,
    BillItem,
    BusinessUnit,
    Contact,
    CreditMemo,
    CreditMemoItem,
    Customer,
    CustomerAddress,
    GlAccount,
    Invoice,
    InvoiceItem,
    Location,
    Payment,
    PaymentTerm,
    PaymentType,
    PurchaseOrder,
    PurchaseOrderItem,
    Record,
    Return,
    ReturnItem,
    Sku,
    Table,
    TaxRate,
    TaxZone,
    TenantBooks,
    Vendor,
)
from ml_connector_sandbox.servicetitan.books.payments import JOURNAL_ENTRY, RECEIVE_PAYMENT

_NAMED = {"accounts": "gl_accounts", "deposits": "bank_deposits", "items": "materials"}
DAY = date(2026, 9, 1)
LONG_AGO = "2026-01-05T10:00:00.0000001Z"
HOME = CustomerAddress(
    street="3 Elm St", city="Saint Cloud", state="MN", zip="56301", country="USA", latitude=Decimal("45.5608"),
    longitude=Decimal("-94.1622"),
)  # fmt: skip


@dataclass(frozen=True)
class Desk:
    """Enters documents into a tenant's books. ``place`` tells one document from its neighbours, ``at`` stamps it."""

    books: TenantBooks

    def table(self, entity: str) -> Table[Any]:
        """The records of an entity."""
        found: Table[Any] = getattr(self.books, _NAMED.get(entity, entity))
        return found

    def add(self, entity: str, place: int, at: str) -> Record:
        """One more document. Raises KeyError for an unknown entity."""
        enter: dict[str, Callable[[str, int, str], Record]] = {
            "vendors": self._vendor,
            "accounts": self._account,
            "business_units": self._unit,
            "tax_zones": self._zone,
            "payment_types": self._type,
            "payment_terms": self._term,
            "customers": self._customer,
            "locations": self._location,
            "invoices": self._invoice,
            "payments": self._payment,
            "credit_memos": self._memo,
            "deposits": self._deposit,
            "bills": self._bill,
            "purchase_orders": self._order,
            "receipts": self._receipt,
            "ap_credits": self._credit,
            "items": self._material,
        }
        return enter[entity](f"Contract {entity} {len(self.table(entity))}", place, at)

    def _vendor(self, name: str, place: int, at: str) -> Vendor:
        return self.books.add_vendor(Vendor(name=name, email=f"v{place}@contract.example"), at)

    def _account(self, name: str, place: int, at: str) -> GlAccount:
        return self.books.add_gl_account(GlAccount(name=name, number=f"9{place:05d}"), at)

    def _unit(self, name: str, place: int, at: str) -> BusinessUnit:
        return self.books.add_business_unit(BusinessUnit(name=name, currency="USD"), at)

    def _zone(self, name: str, place: int, at: str) -> TaxZone:
        return self.books.add_tax_zone(TaxZone(name=name, rates=(TaxRate(name=name, rate=Decimal("0.05")),)), at)

    def _type(self, name: str, place: int, at: str) -> PaymentType:
        return self.books.payment_types.add(PaymentType(name=name), at)

    def _term(self, name: str, place: int, at: str) -> PaymentTerm:
        return self.books.payment_terms.add(PaymentTerm(name=name, due_day=30), at)

    def _customer(self, name: str, place: int, at: str) -> Customer:
        contacts = [
            Contact(customer_id=0, type="Email", value=f"c{place}@contract.example"),
            Contact(customer_id=0, type="MobilePhone", value=f"320-555-{1000 + place}"),
        ]
        return self.books.crm.add_customer(Customer(name=name, address=HOME), at, contacts=contacts[: place % 3])

    def _location(self, name: str, place: int, at: str) -> Location:
        """Every third has no name of its own."""
        made = Location(name=name if place % 3 else "", customer_id=self.debtor(), address=HOME)
        return self.books.crm.add_location(made, at)

    def _invoice(self, name: str, place: int, at: str) -> Invoice:
        """Every fourth is as empty as one whose job was only booked."""
        items = [
            InvoiceItem(sku_name="LABOR", price=Decimal("89.95"), quantity=Decimal("1.5")),
            InvoiceItem(sku_name="COIL", price=Decimal("412.00"), type="Material", taxable=place % 2 == 0),
            InvoiceItem(sku_name="OFF", price=Decimal("-20.00"), type="PriceModifier"),
        ]
        bare = Invoice(reference_number=name, customer_id=self.debtor(), tax_zone_id=_first(self.books.tax_zones))
        if place % 4 == 3:
            return self.books.invoicing.add(bare, at=at)
        return self.books.invoicing.add(_dated(bare), items, at)

    def _payment(self, name: str, place: int, at: str) -> Payment:
        """On an invoice, written off, over two invoices with a rest, or on account."""
        kind = self._kind(JOURNAL_ENTRY if place % 4 == 1 else RECEIVE_PAYMENT)
        owed = [self._invoice(f"{name}-{one}", 0, LONG_AGO) for one in range((1, 1, 2, 0)[place % 4])]
        parts = {one.id: Decimal("40.00") for one in owed}
        total = Decimal("95.50") if place % 4 > 1 else Decimal("40.00")
        return self.books.collecting.take(self.debtor(), kind, total, parts, at, check_number=str(place), paid_on=DAY)

    def _memo(self, name: str, place: int, at: str) -> CreditMemo:
        """Of two lines, every other one applied in part; every third taxed."""
        tax = Decimal("2.75") * (place % 3 == 0)
        memo = CreditMemo(
            reference_number=name, customer_id=self.debtor(), memo_date=DAY, sub_total=Decimal("55.50"), tax=tax,
            tax_zone_id=_first(self.books.tax_zones),
        )  # fmt: skip
        lines = (
            CreditMemoItem(sku_name="GW", price=Decimal("50.00"), taxable=bool(tax)),
            CreditMemoItem(sku_name="TRIP", price=Decimal("2.75"), quantity=Decimal(2), type="Material"),
        )
        parts = {self._invoice(f"{name}-0", 0, LONG_AGO).id: Decimal("20.00")} if place % 2 else None
        return self.books.collecting.give_credit(memo, parts, at, lines)

    def _deposit(self, name: str, place: int, at: str) -> Record:
        """Of two payments, one of them on account; every third is open, every other loses a fee."""
        paid = [self._payment(f"{name}-{one}", one, LONG_AGO).id for one in (0, 3)]
        status, fees = "Deposited" if place % 3 else "Open", Decimal("1.15") * (place % 2)
        return self.books.collecting.deposit(paid, name, DAY, at, status=status, fees=fees)

    def _kind(self, transaction: str) -> int:
        types = self.books.payment_types
        found = (one.id for one in types if one.transaction == transaction)
        return next(found, 0) or types.add(PaymentType(name=transaction, transaction=transaction), LONG_AGO).id

    def _order(self, name: str, place: int, at: str) -> PurchaseOrder:
        item = PurchaseOrderItem(sku_code="C", sku_name="Coil", quantity=Decimal(2), cost=Decimal("3.10"))
        order = PurchaseOrder(
            number=f"C-{place}", vendor_id=self.supplier(), order_date=DAY, items=(item,), status="Sent"
        )
        return self.books.add_purchase_order(order, at)

    def _receipt(self, name: str, place: int, at: str) -> Record:
        return self.books.receive(self._order(name, place, at).id, at=at)[0]

    def _bill(self, name: str, place: int, at: str) -> Bill:
        item = BillItem(sku_code="C", name="Coil", quantity=Decimal(2), cost=Decimal("3.1000000001"))
        bill = Bill(reference_number=f"CB-{place}", vendor_id=self.supplier(), bill_date=DAY, items=(item,))
        return self.books.add_bill(bill, at)

    def _credit(self, name: str, place: int, at: str) -> ApCredit:
        """For goods sent back, in part on a bill; every third for nothing that was sent back."""
        if place % 3 == 2:
            credit = ApCredit(
                vendor_id=self.supplier(), credit_date=DAY, amount=Decimal("12.40"), reference_number=name
            )
            return self.books.returning.credit(credit, at=at)
        item = ReturnItem(code="C", name="Coil", quantity=Decimal(2), cost=Decimal("3.10"))
        goods = Return(
            number=name, vendor_id=self.supplier(), business_unit_id=next(one.id for one in self.books.business_units),
            return_date=DAY, items=(item,), tax=Decimal("0.40"), restocking_fee=Decimal("0.60") * (place % 3),
        )  # fmt: skip
        kept = self.books.returning.send_back(goods, LONG_AGO)
        return self.books.returning.receive_credit(kept.id, at=at, less_the_fee=False, credit_date=DAY)

    def _material(self, name: str, place: int, at: str) -> Sku:
        material = Sku(code=name, display_name=f"{name}, {place}", price=Decimal("9.90"), cost=Decimal("3.10"))
        return self.books.materials.add(material, at)

    def supplier(self) -> int:
        """Any vendor."""
        return next(one.id for one in self.books.vendors)

    def debtor(self) -> int:
        """Any customer that stands; one is made where there is none."""
        found = (one.id for one in self.books.customers if one.active)
        return next(found, 0) or self._customer("Contract debtor", 2, LONG_AGO).id


def shown_id(record: Record) -> str:
    """The id under which a record is read: of a location, its customer's in front."""
    return f"{record.customer_id}-{record.id}" if isinstance(record, Location) else str(record.id)


def _first(table: Table[Any]) -> int | None:
    return next((one.id for one in table), None)


def _dated(invoice: Invoice) -> Invoice:
    return Invoice(**{**vars(invoice), "invoice_date": DAY, "due_date": date(2026, 10, 1)})
