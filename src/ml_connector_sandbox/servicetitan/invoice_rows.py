"""An invoice and its items as lists and feeds show them: money as texts, nearly everything nullable."""

from __future__ import annotations

from decimal import Decimal

from ml_connector_sandbox.servicetitan.books import Batch, Invoice, InvoiceItem, Location, TenantBooks, banked_on
from ml_connector_sandbox.servicetitan.shapes import (
    Row,
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


def invoice_row(books: TenantBooks, switches: Switches, invoice: Invoice) -> Row:
    """The whole invoice with its active items."""
    items = [item_row(books, item) for item in invoice.items]
    return {
        "id": invoice.id,
        "syncStatus": invoice.sync_status,
        "budgetCodeId": None,
        "summary": invoice.summary,
        "referenceNumber": invoice.reference_number,
        "invoiceDate": midnight(invoice.invoice_date),
        "dueDate": midnight(invoice.due_date),
        **_amounts(books, switches, invoice),
        "invoiceType": None if invoice.type_id is None else {"id": invoice.type_id, "name": None},
        **_parties(books, invoice),
        "createdBy": invoice.created_by,
        "batch": batch_row(invoice.batch),
        "depositedOn": _deposited_on(books, switches, invoice),
        **stamps(invoice),
        "adjustmentToId": invoice.adjustment_to_id,
        "job": _job(books, invoice.job_id),
        "projectId": invoice.project_id,
        **_handling(invoice),
        "items": items if items or not switches.empty_lists_are_null else None,
        "customFields": None,
    }


def _deposited_on(books: TenantBooks, switches: Switches, invoice: Invoice) -> str | None:
    if switches.deposited_on_is_the_bank_deposit:
        return midnight(banked_on(books, invoice.id))
    return shown_or_none(invoice.deposited_on)


def batch_row(batch: Batch | None) -> Row | None:
    """Whose number is a text."""
    return None if batch is None else {"id": batch.id, "number": batch.number, "name": batch.name}


def _amounts(books: TenantBooks, switches: Switches, invoice: Invoice) -> Row:
    repeated = invoice.item_discounts if switches.discount_total_repeats_items else Decimal(0)
    return {
        "subTotal": money_text(invoice.sub_total),
        "salesTax": money_text(invoice.tax),
        "salesTaxCode": tax_code(books, invoice.tax_zone_id),
        "taxZoneId": invoice.tax_zone_id,
        "total": money_text(invoice.total),
        "balance": money_text(invoice.balance),
        "discountTotal": money_text(invoice.discount + repeated),
    }


def tax_code(books: TenantBooks, zone_id: int | None) -> Row | None:
    """The zone's rates as one: a fraction, as a number."""
    zone = books.tax_zones.get(zone_id)
    if zone is None:
        return None
    return {"id": zone.id, "name": zone.name, "taxRate": sum((rate.rate for rate in zone.rates), Decimal(0))}


def _parties(books: TenantBooks, invoice: Invoice) -> Row:
    customer, location = books.customers.get(invoice.customer_id), books.locations.get(invoice.location_id)
    term = books.payment_terms.get(invoice.payment_term_id)
    return {
        "customer": named(books.customers, invoice.customer_id),
        "customerAddress": address(customer.address) if customer else None,
        "location": named(books.locations, invoice.location_id),
        "locationAddress": _where(location),
        "businessUnit": named(books.business_units, invoice.business_unit_id),
        "termName": term.name if term else None,
    }


def _where(location: Location | None) -> Row | None:
    return None if location is None else address(location.address)


def _job(books: TenantBooks, job_id: int | None) -> Row | None:
    job = books.jobs.get(job_id)
    return None if job is None else {"id": job.id, "number": job.job_number, "type": None}


def _handling(invoice: Invoice) -> Row:
    assigned = invoice.assigned_to_id
    return {
        "royalty": {
            "status": invoice.royalty_status,
            "date": midnight(invoice.royalty_date),
            "sentOn": shown_or_none(invoice.royalty_sent_on),
            "memo": invoice.royalty_memo,
        },
        "employeeInfo": None,
        "commissionEligibilityDate": None,
        "sentStatus": invoice.sent_status,
        "reviewStatus": invoice.review_status,
        "assignedTo": None if assigned is None else {"id": assigned, "name": None},
        "active": invoice.active,
        "importId": invoice.import_id,
        "exportId": invoice.export_id,
        "materialSkuId": None,
        "membershipId": None,
        "paidOn": midnight(invoice.paid_on),
        "invoiceConfiguration": invoice.configuration,
    }


def item_row(books: TenantBooks, item: InvoiceItem) -> Row:
    """A line; no tax of its own."""
    return {
        "id": item.id,
        "description": item.description,
        "quantity": quantity_text(item.quantity),
        "cost": cost_text(item.cost),
        "totalCost": money_text(item.total_cost),
        "budgetCodeId": None,
        "inventoryLocationId": None,
        "inventoryLocation": None,
        "price": money_text(item.price),
        "type": item.type,
        "skuName": item.sku_name,
        "skuId": item.sku_id,
        "total": money_text(item.total),
        "inventory": item.inventory,
        "taxable": item.taxable,
        "isChargeable": item.chargeable,
        **accounts(books, item.accounts),
        "membershipTypeId": 0,
        "itemGroup": None,
        "displayName": item.display_name or item.sku_name,
        "soldHours": None,
        **stamps(item),
        "serviceDate": midnight(item.service_date),
        "order": item.order,
        "businessUnit": named(books.business_units, item.business_unit_id),
        "createdById": None,
        "displayInAmount": True,
        "importId": None,
        "exportId": None,
        "inventoryStatus": None,
        "addOn": item.add_on,
        "memberPrice": None,
        "technicianId": item.technician_id,
        "installedEquipmentId": None,
        "estimateItemId": None,
    }


def fed_item_row(books: TenantBooks, item: InvoiceItem) -> Row:
    """A line in the feed of items, removed ones with ``active`` false."""
    return {**item_row(books, item), "active": item.active, "invoiceId": item.invoice_id}
