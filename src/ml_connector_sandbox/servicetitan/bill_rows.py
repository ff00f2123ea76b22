"""A bill as the two bill resources show it: the same record, AP bills with more of it."""

from __future__ import annotations

from decimal import Decimal

from ml_connector_sandbox.servicetitan.books import Bill, BillItem, ExpenseItem, TenantBooks
from ml_connector_sandbox.servicetitan.shapes import (
    Row,
    account,
    accounts,
    address,
    cost_text,
    money_text,
    named,
    quantity_text,
    stamps,
)
from ml_connector_sandbox.servicetitan.stamps import midnight, shown_or_none
from ml_connector_sandbox.servicetitan.switches import Switches


def inventory_bill_row(books: TenantBooks, switches: Switches, bill: Bill) -> Row:
    """Without status, source and expense items: the sum of the items need not make billAmount."""
    row = {
        "id": bill.id,
        "purchaseOrderId": bill.purchase_order_id,
        "syncStatus": bill.sync_status,
        "referenceNumber": bill.reference_number,
        "vendorNumber": bill.vendor_number,
        "summary": bill.summary,
        "billDate": midnight(bill.bill_date),
        **_amounts(switches, bill),
        "createdBy": bill.created_by,
        **stamps(bill),
        "termName": bill.term_name,
        "dueDate": midnight(bill.due_date),
        "shipToDescription": bill.ship_to_description,
        "postDate": midnight(bill.post_date),
        **_references(books, bill),
        "items": [_inventory_item(books, switches, bill, place, item) for place, item in enumerate(bill.items, 1)],
        "customFields": None,
        "jobId": bill.job_id,
        "jobNumber": _job_number(books, bill),
    }
    return {**row, **_newer(bill)} if switches.newer_bill_fields else row


def ap_bill_row(books: TenantBooks, switches: Switches, bill: Bill) -> Row:
    """The whole bill."""
    row = {
        **inventory_bill_row(books, switches, bill),
        "status": bill.status,
        "source": bill.source,
        "billType": bill.bill_type,
        "earlyDiscountDate": midnight(bill.early_discount_date),
        "vendorInvoiceTotal": None if bill.vendor_invoice_total is None else money_text(bill.vendor_invoice_total),
        "doNotPay": bill.do_not_pay,
        "dateCanceled": shown_or_none(bill.canceled_on),
        "canceledBy": None if bill.canceled_by is None else {"id": 21, "name": bill.canceled_by},
        "remittanceVendorInfo": named(books.vendors, bill.remittance_vendor_id),
        "items": [_ap_item(books, switches, bill, place, item) for place, item in enumerate(bill.items, 1)],
        "expenseItems": [_expense(books, line) for line in bill.expense_items],
    }
    return {**row, **_charges(bill)} if switches.newer_bill_fields else row


def _amounts(switches: Switches, bill: Bill) -> Row:
    return {
        "billAmount": money_text(bill.amount(switches.bill_amount_includes_tax_and_shipping)),
        "taxAmount": money_text(bill.tax),
        "shippingAmount": money_text(bill.shipping),
    }


def _references(books: TenantBooks, bill: Bill) -> Row:
    batch = bill.batch
    return {
        "batch": None if batch is None else {"id": batch.id, "number": batch.number, "name": batch.name},
        "businessUnit": named(books.business_units, bill.business_unit_id),
        "taxZone": named(books.tax_zones, bill.tax_zone_id),
        "vendor": named(books.vendors, bill.vendor_id),
        "shipTo": address(bill.ship_to),
        "budgetCodeId": None,
    }


def _job_number(books: TenantBooks, bill: Bill) -> str | None:
    job = books.jobs.get(bill.job_id)
    return None if job is None else job.job_number


def _inventory_item(books: TenantBooks, switches: Switches, bill: Bill, place: int, item: BillItem) -> Row:
    where = item.inventory_location
    row = {
        "order": place,
        "name": item.name,
        "description": item.description,
        "quantity": quantity_text(item.quantity),
        "cost": cost_text(item.cost),
        "inventoryLocation": None if where is None else where.name,
        "serialNumber": item.serial_number,
        **accounts(books, item.accounts),
        "id": item.id,
        "skuId": item.sku_id,
        "receiptItemId": item.receipt_item_id,
        "skuType": item.sku_type,
        "skuCode": item.sku_code,
        "budgetCodeId": None,
    }
    return {**row, **_allocations(bill, item)} if switches.newer_bill_fields else row


def _ap_item(books: TenantBooks, switches: Switches, bill: Bill, place: int, item: BillItem) -> Row:
    where = item.inventory_location
    location = None if where is None else {"id": where.id, "name": where.name, "type": where.kind}
    row = _inventory_item(books, switches, bill, place, item)
    return {**row, "inventoryLocation": location, "vendorPartNumber": item.vendor_part_number}


def _expense(books: TenantBooks, line: ExpenseItem) -> Row:
    job = books.jobs.get(line.job_id)
    return {
        "id": line.id,
        "amount": money_text(line.amount),
        "description": line.description,
        "generalLedgerAccount": account(books, line.general_ledger_account_id),
        "job": None if job is None else {"id": job.id, "name": job.job_number},
        "businessUnit": named(books.business_units, line.business_unit_id),
        "budgetCodeId": None,
        "projectLabelIds": None,
    }


def _newer(bill: Bill) -> Row:
    return {
        "landedCostMethod": bill.landed_cost_method,
        "otherAmount": money_text(bill.other),
        "dateReconciled": midnight(bill.reconciled_on),
    }


def _charges(bill: Bill) -> Row:
    return {
        "preTaxDiscountAmount": money_text(bill.pre_tax_discount),
        "preTaxCharge": money_text(bill.pre_tax_charge),
        "postTaxDiscountAmount": money_text(bill.post_tax_discount),
        "postTaxCharge": money_text(bill.post_tax_charge),
    }


def _allocations(bill: Bill, item: BillItem) -> Row:
    """With landed cost by value, an item's part of tax, shipping and other costs; else nothing is allocated."""
    whole = sum((one.value for one in bill.items), Decimal(0))
    part = item.value / whole if whole and bill.landed_cost_method == "ByValue" else Decimal(0)
    tax, shipping, other = bill.tax * part, bill.shipping * part, bill.other * part
    unit = item.cost + (tax + shipping + other) / item.quantity if item.quantity else item.cost
    return {
        "allocatedTax": cost_text(tax),
        "allocatedShipping": cost_text(shipping),
        "allocatedOtherCosts": cost_text(other),
        "fullyLandedUnitCost": cost_text(unit),
    }
