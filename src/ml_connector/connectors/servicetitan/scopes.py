"""ServiceTitan's rights: every one that a flow needs that is or will be offered, so that the tenant accepts only once.

An application's rights are ticked in the developer portal; each later change is a new version that the tenant's
administrator has to accept. A right to write is asked for only where ServiceTitan's API takes what we would write.
"""

from __future__ import annotations

from ml_connector.connectors.grants import Scope

_BILLS = "bills from inventory bills and receipts"
_EXPORTED = "marking bills as exported"
_VENDORS, _CUSTOMERS = "vendors both ways", "customers both ways"
_CREDITS = "vendor credits from AP credits and returns"
_BACK = "expenses of the ledger as journal entries"
_INVOICES, _PAYMENTS = "invoices", "customer payments"
_EVERY = "every flow"

SCOPES = (
    Scope("tn.stt.businessunits:r", f"{_EVERY}: business units, their currency and the company's name"),
    Scope("tn.acc.glaccounts:r", f"{_EVERY} that posts: mapping general-ledger accounts"),
    Scope("tn.acc.taxzones:r", f"{_BILLS}, {_INVOICES}: mapping tax zones"),
    Scope("tn.jpm.jobs:r", f"{_BILLS}, orders: job numbers, else the id; {_INVOICES} that wait for the job"),
    Scope("tn.acc.inventorybills:r", _BILLS),
    Scope("tn.acc.apbills:r", f"{_BILLS}, expenses: expense lines, status and do-not-pay; without it they are hidden"),
    Scope("tn.inv.receipts:r", f"{_BILLS}, made from received purchase orders"),
    Scope("tn.inv.purchaseorders:r", f"purchase orders; {_BILLS}: the order, job and business unit of a receipt"),
    Scope("tn.acc.inventorybills:w", _EXPORTED),
    Scope("tn.acc.apbills:w", f"{_EXPORTED}, those without a purchase order"),
    Scope("tn.acc.apcredits:r", _CREDITS),
    Scope("tn.acc.apcredits:w", f"{_CREDITS}: marking them as exported"),
    Scope("tn.inv.returns:r", f"{_CREDITS}: their lines, tax and shipping"),
    Scope("tn.acc.journalentries:r", f"{_BACK}: finding those that were made"),
    Scope("tn.acc.journalentries:w", f"{_BACK}, where the account takes them"),
    Scope("tn.inv.vendors:r", _VENDORS),
    Scope("tn.inv.vendors:w", _VENDORS),
    Scope("tn.crm.customers:r", f"{_CUSTOMERS}; also their contacts"),
    Scope("tn.crm.customers:w", f"{_CUSTOMERS}; also their contacts"),
    Scope("tn.crm.locations:r", f"{_CUSTOMERS}: every customer has a location; a contact for each, where that is set"),
    Scope("tn.crm.locations:w", f"{_CUSTOMERS}: every customer has a location"),
    Scope("tn.pb.materials:r", "items aligned"),
    Scope("tn.pb.equipment:r", "items aligned"),
    Scope("tn.pb.services:r", "items aligned"),
    Scope("tn.pb.discountsandfees:r", "items aligned: discounts and fees, which are left out without it"),
    Scope("tn.acc.invoices:r", _INVOICES),
    Scope("tn.acc.invoiceitems:r", f"{_INVOICES}: the feed of their lines"),
    Scope("tn.acc.invoices:w", f"{_INVOICES}: marking them as exported, and adjustments"),
    Scope("tn.acc.creditmemos:r", "credit memos, which take from what is owed on invoices"),
    Scope("tn.acc.creditmemos:w", "credit memos: marking them as exported"),
    Scope("tn.acc.paymentterms:r", f"{_INVOICES}: due dates"),
    Scope("tn.acc.payments:r", _PAYMENTS),
    Scope("tn.acc.payments:w", f"{_PAYMENTS}: marking them as exported, and payments made in the ledger"),
    Scope("tn.acc.bankdeposits:r", f"{_PAYMENTS}: bank deposits, and the fees taken off them"),
    Scope("tn.acc.paymenttypes:r", f"{_PAYMENTS}: mapping payment types"),
)
