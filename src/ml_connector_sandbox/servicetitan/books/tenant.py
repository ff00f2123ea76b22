"""The books of one tenant: its tables, what must hold between them, and what its people do with them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicetitan.books import receiving
from ml_connector_sandbox.servicetitan.books.bills import Batch, Bill
from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.servicetitan.books.collecting import Collecting
from ml_connector_sandbox.servicetitan.books.crm import Crm
from ml_connector_sandbox.servicetitan.books.customers import Contact, Customer, Location
from ml_connector_sandbox.servicetitan.books.invoices import Invoice, InvoiceItem
from ml_connector_sandbox.servicetitan.books.invoicing import Invoicing
from ml_connector_sandbox.servicetitan.books.journals import JournalEntry, Journals
from ml_connector_sandbox.servicetitan.books.parties import (
    BusinessUnit,
    GlAccount,
    GlAccountType,
    Job,
    TaxZone,
    Vendor,
)
from ml_connector_sandbox.servicetitan.books.payments import (
    BankDeposit,
    CreditMemo,
    CreditMemoItem,
    Payment,
    PaymentTerm,
    PaymentType,
)
from ml_connector_sandbox.servicetitan.books.pricebook import PriceModifier, Sku
from ml_connector_sandbox.servicetitan.books.purchasing import Accounts, PurchaseOrder, Receipt
from ml_connector_sandbox.servicetitan.books.returning import Returning
from ml_connector_sandbox.servicetitan.books.returns import ApCredit, Return
from ml_connector_sandbox.servicetitan.books.table import Table
from ml_connector_sandbox.servicetitan.stamps import Moment, canonical, stamp_at

_FIRST_ID = 100_000_001  # every tenant counts from here: ids are unique within a tenant only
# What is kept in the stock room counts by itself: books with returns, credits and a pricebook have the ids of those without.
_FIRST_STOCK_ID = 600_000_001


class TenantBooks:
    """One company. ``keeps_bills`` False: receipts make no bills. ``ap_module`` False: no ap-bills.

    What people do with customers, invoices and payments stands in ``crm``, ``invoicing`` and ``collecting``; with goods
    that go back in ``returning``, with the journal in ``journals``.
    """

    def __init__(self, number: str, name: str, clock: SandboxClock, keeps_bills: bool, ap_module: bool) -> None:
        self.number, self.name, self.clock = number, name, clock
        self.keeps_bills, self.ap_module = keeps_bills, ap_module
        self._ids = itertools.count(_FIRST_ID)
        self._stock_ids = itertools.count(_FIRST_STOCK_ID)
        self._numbers = itertools.count(1)
        self.vendors: Table[Vendor] = Table("vendor", clock, self.next_id)
        self.purchase_orders: Table[PurchaseOrder] = Table("purchase order", clock, self.next_id)
        self.receipts: Table[Receipt] = Table("receipt", clock, self.next_id, lambda receipt: receipt.purchase_order_id)
        self.bills: Table[Bill] = Table("bill", clock, self.next_id, lambda bill: bill.purchase_order_id)
        self.gl_accounts: Table[GlAccount] = Table("general ledger account", clock, self.next_id)
        self.gl_account_types: Table[GlAccountType] = Table("general ledger account type", clock, self.next_id)
        self.business_units: Table[BusinessUnit] = Table("business unit", clock, self.next_id)
        self.tax_zones: Table[TaxZone] = Table("tax zone", clock, self.next_id)
        self.jobs: Table[Job] = Table("job", clock, self.next_id)
        self.customers: Table[Customer] = Table(
            "customer", clock, self.next_id, named=lambda one: (one.name, one.address)
        )
        self.locations: Table[Location] = Table("location", clock, self.next_id, lambda one: one.customer_id)
        self.contacts: Table[Contact] = Table("contact", clock, self.next_id, lambda one: one.customer_id)
        self.invoices: Table[Invoice] = Table(
            "invoice", clock, self.next_id, lambda one: one.adjustment_to_id, lambda one: one.reference_number
        )
        self.invoice_items: Table[InvoiceItem] = Table("invoice item", clock, self.next_id, lambda one: one.invoice_id)
        self.payments: Table[Payment] = Table("payment", clock, self.next_id)
        self.payment_types: Table[PaymentType] = Table("payment type", clock, self.next_id)
        self.payment_terms: Table[PaymentTerm] = Table("payment term", clock, self.next_id)
        self.credit_memos: Table[CreditMemo] = Table("credit memo", clock, self.next_id)
        self.credit_memo_items: Table[CreditMemoItem] = Table(
            "credit memo item", clock, self.next_id, lambda one: one.memo_id
        )
        self.bank_deposits: Table[BankDeposit] = Table("bank deposit", clock, self.next_id)
        self.returns: Table[Return] = Table("return", clock, self.next_stock_id)
        self.ap_credits: Table[ApCredit] = Table("AP credit", clock, self.next_stock_id)
        self.materials: Table[Sku] = Table("material", clock, self.next_stock_id)
        self.equipment: Table[Sku] = Table("equipment", clock, self.next_stock_id)
        self.services: Table[Sku] = Table("service", clock, self.next_stock_id)
        self.price_modifiers: Table[PriceModifier] = Table("discount or fee", clock, self.next_stock_id)
        self.journal_entries: Table[JournalEntry] = Table("journal entry", clock, self.next_stock_id)
        self.crm, self.invoicing, self.collecting = Crm(self), Invoicing(self), Collecting(self)
        self.returning, self.journals = Returning(self), Journals(self)

    def next_id(self) -> int:
        """The next id of any kind of record or line."""
        return next(self._ids)

    def next_stock_id(self) -> int:
        """The next id of a return, an AP credit, an item of the pricebook or a journal entry, or of a line of theirs."""
        return next(self._stock_ids)

    def next_number(self) -> int:
        """The next number of the company's own receipts and bills, from 1."""
        return next(self._numbers)

    def tables(self) -> dict[str, Table[Any]]:
        """Every table by its attribute name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Table)}

    def reference_generation(self) -> int:
        """Moves when anything changes whose name documents show."""
        shown: tuple[Table[Any], ...] = (
            self.vendors, self.gl_accounts, self.business_units, self.tax_zones, self.jobs, self.customers,
            self.locations, self.payment_types, self.payment_terms, self.bank_deposits,
            self.invoices,
        )  # fmt: skip
        return sum(table.generation for table in shown)

    def as_dict(self) -> dict[str, Any]:
        """Every record of every table, as plain values (Decimals stay Decimals)."""
        kept = {name: list(table) for name, table in self.tables().items()}
        values: dict[str, Any] = msgspec.to_builtins(kept, builtin_types=(Decimal,))
        return values

    # -- adding; each gives the id and the stamps (now unless told) and returns the record as kept

    def add_vendor(self, vendor: Vendor, created_on: Moment | None = None, modified_on: Moment | None = None) -> Vendor:
        return self.vendors.add(vendor, created_on, modified_on)

    def add_business_unit(
        self, unit: BusinessUnit, created_on: Moment | None = None, modified_on: Moment | None = None
    ) -> BusinessUnit:
        return self.business_units.add(unit, created_on, modified_on)

    def add_tax_zone(
        self, zone: TaxZone, created_on: Moment | None = None, modified_on: Moment | None = None
    ) -> TaxZone:
        numbered = tuple(changed(rate, id=rate.id or self.next_id()) for rate in zone.rates)
        return self.tax_zones.add(changed(zone, rates=numbered), created_on, modified_on)

    def add_gl_account(
        self, account: GlAccount, created_on: Moment | None = None, modified_on: Moment | None = None
    ) -> GlAccount:
        """Adds the account's type and subtype too where they are new."""
        kept = self.gl_accounts.add(account, created_on, modified_on)
        parent = self._account_type(kept.type, None, kept.created_on)
        if kept.subtype is not None:
            self._account_type(kept.subtype, parent.id, kept.created_on)
        return kept

    def _account_type(self, name: str, parent: int | None, created_on: str) -> GlAccountType:
        for known in self.gl_account_types:
            if (known.name, known.parent_type_id) == (name, parent):
                return known
        return self.gl_account_types.add(GlAccountType(name=name, parent_type_id=parent), created_on)

    def add_job(self, job: Job, created_on: Moment | None = None, modified_on: Moment | None = None) -> Job:
        """Raises ValueError when its business unit does not exist."""
        self.require(self.business_units, job.business_unit_id)
        return self.jobs.add(job, created_on, modified_on)

    def add_purchase_order(
        self, order: PurchaseOrder, created_on: Moment | None = None, modified_on: Moment | None = None
    ) -> PurchaseOrder:
        """Numbers the items. Raises ValueError when a record it points at does not exist."""
        self._check_order(order)
        return self.purchase_orders.add(self._numbered(order), created_on, modified_on)

    def _numbered(self, order: PurchaseOrder) -> PurchaseOrder:
        items = tuple(
            changed(item, id=item.id or self.next_id(), sku_id=item.sku_id or self.next_id()) for item in order.items
        )
        return changed(order, items=items)

    def add_bill(self, bill: Bill, created_on: Moment | None = None, modified_on: Moment | None = None) -> Bill:
        """Numbers the lines. For bills without a receipt; ``receive`` makes the others.

        Raises ValueError when a record it points at does not exist.
        """
        self._check_bill(bill)
        items = tuple(
            changed(item, id=item.id or self.next_id(), sku_id=item.sku_id or self.next_id()) for item in bill.items
        )
        expenses = tuple(changed(line, id=line.id or self.next_id()) for line in bill.expense_items)
        return self.bills.add(changed(bill, items=items, expense_items=expenses), created_on, modified_on)

    # -- what people do

    def receive(
        self,
        order_id: int,
        quantities: dict[int, Decimal] | None = None,
        *,
        vendor_invoice_number: str = "",
        received_on: date | None = None,
        tax: Decimal | None = None,
        shipping: Decimal | None = None,
        bill: dict[str, Any] | None = None,
        at: Moment | None = None,
    ) -> tuple[Receipt, Bill | None]:
        """Receive a shipment: a receipt, its bill (None where no bills are kept), and the order's new status.

        ``quantities``: order item id -> quantity, None for all that is open. ``tax`` and ``shipping`` default to
        the order's share by value, the last shipment taking the rest. ``received_on`` defaults to the day of ``at``,
        ``at`` (the stamp of all three) to now. ``bill``: further fields of the bill (due_date, term_name ...).
        Raises ValueError on a cancelled or exported order, on nothing or more than is open, on an item not its own.
        """
        shipment = receiving.Shipment(
            quantities,
            vendor_invoice_number,
            received_on,
            tax,
            shipping,
            bill or {},
            self.when(at),
        )
        return receiving.receive(self, order_id, shipment)

    def change_purchase_order(self, order_id: int, at: Moment | None = None, **changes: Any) -> PurchaseOrder:
        """Edit an order; new items are numbered. Raises ValueError when it is exported or cancelled, and locked."""
        old = self.purchase_orders[order_id]
        if old.status in ("Exported", "Canceled"):
            raise ValueError(f"purchase order {order_id} is {old.status} and cannot be edited")
        new = self._numbered(changed(old, **changes))
        self._check_order(new)
        if "items" in changes:
            changes["items"] = new.items
        return self.purchase_orders.modify(order_id, at, **changes)

    def cancel_purchase_order(self, order_id: int, at: Moment | None = None) -> PurchaseOrder:
        """Raises ValueError when something was received."""
        if any(item.quantity_received for item in self.purchase_orders[order_id].items):
            raise ValueError(f"purchase order {order_id} has receipts and cannot be cancelled")
        return self.purchase_orders.modify(order_id, at, status="Canceled")

    def send_purchase_order(self, order_id: int, at: Moment | None = None) -> PurchaseOrder:
        sent = self.when(at)
        return self.purchase_orders.modify(order_id, sent, status="Sent", sent_on=sent)

    def post_bills(self, bill_ids: Sequence[int], batch_name: str, post_date: date, at: Moment | None = None) -> Batch:
        """Post bills in one batch: syncStatus Posted. Raises ValueError on a bill that is not Pending."""
        for bill_id in bill_ids:
            if self.bills[bill_id].sync_status != "Pending":
                raise ValueError(f"bill {bill_id} is {self.bills[bill_id].sync_status}, not Pending")
        number = self.next_id()
        batch = Batch(id=number, number=str(number % 100_000), name=batch_name)
        for bill_id in bill_ids:
            self.bills.modify(bill_id, at, sync_status="Posted", batch=batch, post_date=post_date)
        return batch

    def reconcile_bill(self, bill_id: int, at: Moment | None = None, **changes: Any) -> Bill:
        """Reconcile, with what the vendor's paper says (vendor_number, bill_date, tax ...) in ``changes``."""
        changes.setdefault("reconciled_on", self.clock.now().date())
        return self.modify_bill(bill_id, at, status="Reconciled", **changes)

    def cancel_bill(self, bill_id: int, by: str = "office", at: Moment | None = None) -> Bill:
        when = self.when(at)
        return self.bills.modify(bill_id, when, status="Canceled", canceled_by=by, canceled_on=when)

    def delete_bill(self, bill_id: int, at: Moment | None = None) -> Bill:
        """The bill leaves the lists; the export feed shows it with ``active`` false."""
        return self.bills.modify(bill_id, at, active=False)

    def modify_bill(self, bill_id: int, at: Moment | None = None, **changes: Any) -> Bill:
        """Edit a bill, whatever its status (the vendor permits it in open periods, with a warning).

        Raises ValueError when a record it then points at does not exist.
        """
        self._check_bill(changed(self.bills[bill_id], **changes))
        return self.bills.modify(bill_id, at, **changes)

    def mark_bill_exported(self, bill_id: int, move_modified_on: bool = True, order_follows: bool = True) -> Bill:
        """syncStatus Exported; with ``order_follows`` a received order whose bills all are becomes Exported."""
        old = self.bills[bill_id]
        at = None if move_modified_on else old.modified_on
        kept = self.bills.modify(bill_id, at, sync_status="Exported")
        if order_follows and kept.purchase_order_id is not None:
            receiving.export_order_with_bills(self, kept.purchase_order_id)
        return kept

    def when(self, at: Moment | None) -> str:
        """The canonical stamp of ``at``; now when it is None."""
        return stamp_at(self.clock.now()) if at is None else canonical(at)

    # -- integrity

    def require(self, table: Table[Any], number: int | None) -> None:
        """Raises ValueError when ``number`` is given and ``table`` has no such record."""
        if number is not None and number not in table:
            raise ValueError(f"there is no {table.what} {number} in tenant {self.number}")

    def check_accounts(self, accounts: Accounts) -> None:
        """Raises ValueError when an account does not exist."""
        for number in (accounts.general_ledger, accounts.cost_of_sale, accounts.asset):
            self.require(self.gl_accounts, number)

    def _check_order(self, order: PurchaseOrder) -> None:
        self.require(self.vendors, order.vendor_id)
        self.require(self.business_units, order.business_unit_id)
        self.require(self.tax_zones, order.tax_zone_id)
        self.require(self.jobs, order.job_id)
        for item in order.items:
            self.check_accounts(item.accounts)

    def _check_bill(self, bill: Bill) -> None:
        self.require(self.vendors, bill.vendor_id)
        self.require(self.business_units, bill.business_unit_id)
        self.require(self.tax_zones, bill.tax_zone_id)
        self.require(self.jobs, bill.job_id)
        self.require(self.purchase_orders, bill.purchase_order_id)
        for item in bill.items:
            self.check_accounts(item.accounts)
        for line in bill.expense_items:
            self.require(self.gl_accounts, line.general_ledger_account_id)
