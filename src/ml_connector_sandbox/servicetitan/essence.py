"""What the tenants' books say, whichever ids and stamps a run gave them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from ml_connector_sandbox.kernel.essence import Essence, settled
from ml_connector_sandbox.servicetitan.books import (
    Accounts,
    Bill,
    BillItem,
    BusinessUnit,
    ExpenseItem,
    PurchaseOrder,
    PurchaseOrderItem,
    Receipt,
    ReceiptItem,
    ServiceTitanBooks,
    Table,
    TenantBooks,
    Vendor,
)
from ml_connector_sandbox.servicetitan.payables_essence import payables
from ml_connector_sandbox.servicetitan.receivables_essence import receivables

# Of a bill: ids, stamps, days on which somebody did something, and what stands under another name.
_NOT_OF_A_BILL = frozenset(
    {
        "id", "created_on", "modified_on", "reconciled_on", "canceled_on", "vendor_id", "purchase_order_id",
        "business_unit_id", "tax_zone_id", "job_id", "remittance_vendor_id", "reference_number", "batch", "items",
        "expense_items", "ship_to",
    }
)  # fmt: skip
_NOT_OF_A_VENDOR = frozenset(
    {"id", "created_on", "modified_on", "remittance_vendor_id", "payment_term_id", "tag_type_ids"}
)


def company_essence(company: ServiceTitanBooks) -> Essence:
    """Vendors, business units, purchase orders, receipts, bills, what goes back, and the receivables of every tenant, by id.

    Ids are unique within a tenant only: those of a second tenant and further ones stand as ``tenant/id``.
    """
    entities: Essence = {}
    for place, ((environment, _), books) in enumerate(company.tenants().items()):
        prefix = f"{books.number}/" if place else ""
        own = {"tenant": books.number, "environment": environment}
        for entity, rows in _tenant(books).items():
            found = entities.setdefault(entity, {})
            found.update({f"{prefix}{number}": settled(own | row) for number, row in rows.items()})
    return entities


def _tenant(books: TenantBooks) -> Mapping[str, Mapping[Any, dict[str, Any]]]:
    return {
        "vendors": {one.id: _vendor(books, one) for one in books.vendors},
        "business_units": {one.id: _business_unit(one) for one in books.business_units},
        "purchase_orders": {one.id: _order(books, one) for one in books.purchase_orders},
        "receipts": {one.id: _receipt(books, one) for one in books.receipts},
        "bills": {one.id: _bill(books, one) for one in books.bills},
        **payables(books),
        **receivables(books),
    }


def _vendor(books: TenantBooks, one: Vendor) -> dict[str, Any]:
    return {
        **_kept(one, _NOT_OF_A_VENDOR),
        "address": asdict(one.address),
        "vendor_contacts": [asdict(contact) for contact in one.vendor_contacts],
        "remittance_vendor": _vendor_named(books, one.remittance_vendor_id),
    }


def _business_unit(one: BusinessUnit) -> dict[str, Any]:
    return {"name": one.name, "active": one.active, "external_data": one.external_data}


def _order(books: TenantBooks, one: PurchaseOrder) -> dict[str, Any]:
    return {
        "number": one.number,
        "status": one.status,
        "active": one.active,
        "date": one.order_date.isoformat(),
        "vendor": _vendor_named(books, one.vendor_id),
        "vendor_document_number": one.vendor_document_number,
        "tax": one.tax,
        "shipping": one.shipping,
        "total": one.total,
        "lines": [
            {**_ware(item.sku_code, item.sku_name, item), "received": item.quantity_received} for item in one.items
        ],
    }


def _receipt(books: TenantBooks, one: Receipt) -> dict[str, Any]:
    """The receipt's own number ends in a counter that tells the order of receiving only."""
    order = books.purchase_orders[one.purchase_order_id]
    return {
        "number": _uncounted(one.number, f"R-{order.number}"),
        "purchase_order": order.number,
        "date": one.received_on.isoformat(),
        "active": one.active,
        "vendor": _vendor_named(books, one.vendor_id),
        "vendor_invoice_number": one.vendor_invoice_number,
        "sync_status": one.sync_status,
        "tax": one.tax,
        "shipping": one.shipping,
        "amount": one.amount,
        "has_bill": one.bill_id is not None,
        "lines": [_ware(item.code, item.name, item) for item in one.items],
    }


def _bill(books: TenantBooks, one: Bill) -> dict[str, Any]:
    """The export mark and the state stand as sync_status and status; a batch by its name, its number is an id."""
    order = books.purchase_orders.get(one.purchase_order_id)
    counted = f"BILL-{order.number}" if order else ""
    return {
        **_kept(one, _NOT_OF_A_BILL),
        "number": _uncounted(one.reference_number, counted),
        "amount": one.amount(with_tax_and_shipping=True),
        "vendor": _vendor_named(books, one.vendor_id),
        "remittance_vendor": _vendor_named(books, one.remittance_vendor_id),
        "purchase_order": order.number if order else None,
        "business_unit": _named(books.business_units.get(one.business_unit_id)),
        "tax_zone": _named(books.tax_zones.get(one.tax_zone_id)),
        "job": _job_number(books, one.job_id),
        "batch": one.batch.name if one.batch else None,
        "ship_to": asdict(one.ship_to) if one.ship_to else None,
        "lines": [_bill_line(books, item) for item in one.items],
        "expenses": [_expense(books, line) for line in one.expense_items],
    }


def _bill_line(books: TenantBooks, item: BillItem) -> dict[str, Any]:
    return {
        **_ware(item.sku_code, item.name, item),
        "description": item.description,
        "serial_number": item.serial_number,
        "location": item.inventory_location.name if item.inventory_location else None,
        "accounts": _accounts(books, item.accounts),
    }


def _ware(code: str, name: str, item: PurchaseOrderItem | ReceiptItem | BillItem) -> dict[str, Any]:
    return {"code": code, "name": name, "quantity": item.quantity, "cost": item.cost}


def _expense(books: TenantBooks, line: ExpenseItem) -> dict[str, Any]:
    return {
        "amount": line.amount,
        "description": line.description,
        "account": _account(books, line.general_ledger_account_id),
        "job": _job_number(books, line.job_id),
        "business_unit": _named(books.business_units.get(line.business_unit_id)),
    }


def _accounts(books: TenantBooks, accounts: Accounts) -> dict[str, Any]:
    return {one.name: _account(books, getattr(accounts, one.name)) for one in fields(accounts)}


def _account(books: TenantBooks, number: int | None) -> list[str | None] | None:
    account = books.gl_accounts.get(number)
    return [account.name, account.number] if account else None


def _vendor_named(books: TenantBooks, number: int | None) -> dict[str, Any] | None:
    vendor = books.vendors.get(number)
    return {"name": vendor.name, "external_data": vendor.external_data} if vendor else None


def _job_number(books: TenantBooks, number: int | None) -> str | None:
    job = books.jobs.get(number)
    return job.job_number if job else None


def _named(one: Any) -> str | None:
    name: str | None = one.name if one else None
    return name


def _uncounted(number: str, stem: str) -> str:
    """The books' own number without the counter at its end, where they made it; else the number as it stands."""
    made = bool(stem) and number.startswith(f"{stem}-") and number[len(stem) + 1 :].isdigit()
    return stem if made else number


def _kept(record: Vendor | Bill, without: frozenset[str]) -> dict[str, Any]:
    """Plain fields by name; dates as texts."""
    found = {name: value for name, value in vars(record).items() if name not in without}
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in found.items()}


def stir(company: ServiceTitanBooks) -> None:
    """Move modifiedOn of the record of each kind and tenant whose last change is longest ago.

    The kinds: vendor, order, receipt, bill, return, AP credit, material, equipment, service, customer, contact, location,
    invoice, payment.
    """
    for books in company.tenants().values():
        tables: tuple[Table[Any], ...] = (
            books.vendors, books.purchase_orders, books.receipts, books.bills, books.customers, books.contacts,
            books.locations, books.invoices, books.payments, books.returns, books.ap_credits, books.materials,
            books.equipment, books.services,
        )  # fmt: skip
        for table in tables:
            shown = [(one.modified_on, one.id) for one in table if one.active]
            if shown:
                table.touch(min(shown)[1])
