"""ServiceTitan's lists and feeds that are read, and the right each needs."""

from __future__ import annotations

from dataclasses import replace

from ml_connector.connectors.reading import Readable
from ml_connector.connectors.servicetitan.client import Resource

_ANY = (("active", "Any"),)  # by default lists show active records only, and a deactivation would never be seen

VENDORS = Resource("inventory", "vendors", "tn.inv.vendors:r", _ANY, repeated_ids=True)
RECEIPTS = Resource("inventory", "receipts", "tn.inv.receipts:r", _ANY)
PURCHASE_ORDERS = Resource("inventory", "purchase-orders", "tn.inv.purchaseorders:r")
ACCOUNTS = Resource("accounting", "gl-accounts", "tn.acc.glaccounts:r", _ANY)
TAX_ZONES = Resource("accounting", "tax-zones", "tn.acc.taxzones:r", _ANY)
PAYMENT_TYPES = Resource("accounting", "payment-types", "tn.acc.paymenttypes:r", _ANY)
PAYMENT_TERMS = Resource("accounting", "payment-terms", "tn.acc.paymentterms:r")
BUSINESS_UNITS = Resource("settings", "business-units", "tn.stt.businessunits:r", _ANY)
JOBS = Resource("jpm", "jobs", "tn.jpm.jobs:r")
CUSTOMERS = Resource("crm", "customers", "tn.crm.customers:r", _ANY)
LOCATIONS = Resource("crm", "locations", "tn.crm.locations:r", _ANY)
CONTACTS = Resource("crm", "customers/contacts", "tn.crm.customers:r")
NOTED_CONTACTS = replace(CONTACTS, noted=True)
CONTACT_FEED = Resource("crm", "export/customers/contacts", "tn.crm.customers:r")
# Invoices and payments spell the same filter another way.
INVOICES = Resource("accounting", "invoices", "tn.acc.invoices:r", (("activeState", "All"),))
INVOICE_FEED = Resource("accounting", "export/invoices", "tn.acc.invoices:r")
PAYMENTS = Resource("accounting", "payments", "tn.acc.payments:r", (("activeState", "All"),))
PAYMENT_FEED = Resource("accounting", "export/payments", "tn.acc.payments:r")
# Neither a feed nor a read by id; the items are a list of their own, of the lines that were not removed.
CREDIT_MEMOS = Resource("accounting", "credit-memos", "tn.acc.creditmemos:r", _ANY)
CREDIT_MEMO_ITEMS = Resource("accounting", "credit-memos/credit-memo-items", "tn.acc.creditmemos:r")
# The list knows no filter for deposits that were taken back; whether it shows them is not said.
BANK_DEPOSITS = Resource("accounting", "bank-deposits", "tn.acc.bankdeposits:r")
# Neither a feed nor lines; the returns behind them have both.
AP_CREDITS = Resource("accounting", "ap-credits", "tn.acc.apcredits:r")
RETURNS = Resource("inventory", "returns", "tn.inv.returns:r", _ANY)
# Pages of at most 500; ids are GUIDs.
JOURNAL_ENTRIES = Resource("accounting", "journal-entries", "tn.acc.journalentries:r")
MATERIALS = Resource("pricebook", "materials", "tn.pb.materials:r", _ANY)
MATERIAL_FEED = Resource("pricebook", "export/materials", "tn.pb.materials:r")
EQUIPMENT = Resource("pricebook", "equipment", "tn.pb.equipment:r", _ANY)
EQUIPMENT_FEED = Resource("pricebook", "export/equipment", "tn.pb.equipment:r")
SERVICES = Resource("pricebook", "services", "tn.pb.services:r", _ANY)
SERVICE_FEED = Resource("pricebook", "export/services", "tn.pb.services:r")
DISCOUNTS_AND_FEES = Resource("pricebook", "discounts-and-fees", "tn.pb.discountsandfees:r", _ANY)
# Both bill lists know no filter for inactive bills; only the feed shows them.
BILL_FEED = Resource("accounting", "export/inventory-bills", "tn.acc.inventorybills:r")
INVENTORY_BILLS = Resource("accounting", "inventory-bills/paginated", "tn.acc.inventorybills:r")
# The list takes one bill type a call and means Procurement when none is given.
PROCUREMENT, STANDALONE = "Procurement", "ApBill"
# Whether the feed shows bills of every type is not said, and AP bills know no recurring ones: these are asked for too.
RECURRING = "RecurringBill"
RECURRING_BILLS = Resource(
    "accounting", "inventory-bills/paginated", "tn.acc.inventorybills:r", (("billType", RECURRING),)
)
AP_BILLS = {
    kind: Resource("accounting", "ap-bills", "tn.acc.apbills:r", (("billType", kind),))
    for kind in (PROCUREMENT, STANDALONE)
}


def transactions(deposit: str) -> Resource:
    """The payments of a bank deposit."""
    return Resource(BANK_DEPOSITS.module, f"{BANK_DEPOSITS.path}/{deposit}/transactions", BANK_DEPOSITS.scope)


# Accounts, business units, tax zones and the short lists are few: read whole every time, so that absence counts.
READABLE = {
    "vendors": Readable("vendors", (VENDORS.scope,), incremental=True),
    "accounts": Readable("accounts", (ACCOUNTS.scope,), incremental=False),
    "business_units": Readable("business_units", (BUSINESS_UNITS.scope,), incremental=False),
    "tax_zones": Readable("tax_zones", (TAX_ZONES.scope,), incremental=False),
    "payment_types": Readable("payment_types", (PAYMENT_TYPES.scope,), incremental=False, stamped=False),
    "payment_terms": Readable("payment_terms", (PAYMENT_TERMS.scope,), incremental=False),
    "customers": Readable("customers", (CUSTOMERS.scope,), incremental=True),
    "locations": Readable("locations", (LOCATIONS.scope, CUSTOMERS.scope), incremental=True),
    "invoices": Readable("invoices", (INVOICES.scope,), incremental=True),
    "payments": Readable("payments", (PAYMENTS.scope,), incremental=True),
    "credit_memos": Readable("credit_memos", (CREDIT_MEMOS.scope,), incremental=True),
    "deposits": Readable("deposits", (BANK_DEPOSITS.scope,), incremental=True),
    "ap_credits": Readable("ap_credits", (AP_CREDITS.scope,), incremental=True),
    "items": Readable("items", (MATERIALS.scope, EQUIPMENT.scope, SERVICES.scope), incremental=True),
    "bills": Readable("bills", (BILL_FEED.scope,), incremental=True),
    "receipts": Readable("receipts", (RECEIPTS.scope, PURCHASE_ORDERS.scope, VENDORS.scope), incremental=True),
    "purchase_orders": Readable("purchase_orders", (PURCHASE_ORDERS.scope,), incremental=True),
}

# For each entity the lists that must answer, asked for one row at a check.
CHECKED = {
    "vendors": (VENDORS,),
    "accounts": (ACCOUNTS,),
    "business_units": (BUSINESS_UNITS,),
    "tax_zones": (TAX_ZONES,),
    "payment_types": (PAYMENT_TYPES,),
    "payment_terms": (PAYMENT_TERMS,),
    "customers": (CUSTOMERS,),
    "locations": (LOCATIONS, CUSTOMERS),
    "invoices": (INVOICES,),
    "payments": (PAYMENTS,),
    "credit_memos": (CREDIT_MEMOS, CREDIT_MEMO_ITEMS),
    "deposits": (BANK_DEPOSITS,),
    "ap_credits": (AP_CREDITS,),
    "items": (MATERIALS, EQUIPMENT, SERVICES),
    "bills": (INVENTORY_BILLS, RECURRING_BILLS),
    "receipts": (RECEIPTS, PURCHASE_ORDERS, VENDORS),
    "purchase_orders": (PURCHASE_ORDERS,),
}
