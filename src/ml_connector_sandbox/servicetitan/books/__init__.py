"""What is on record at ServiceTitan: applications, tenants, and each tenant's payables and receivables.

Owns: ids, stamps, versions, and what must hold between records (a receipt's bill, an order's status, balances).
Must not know: HTTP, JSON, scopes checked, limits.
Invariant: a record is never changed in place; every change is a new version with its own modifiedOn.
"""

from ml_connector_sandbox.servicetitan.books.banking import banked_on, move_payment
from ml_connector_sandbox.servicetitan.books.batching import batch, post_batch, unpost_batch
from ml_connector_sandbox.servicetitan.books.bills import (
    Batch,
    Bill,
    BillItem,
    ExpenseItem,
    InventoryLocation,
)
from ml_connector_sandbox.servicetitan.books.company import (
    INTEGRATION,
    PRODUCTION,
    App,
    Grant,
    ServiceTitanBooks,
)
from ml_connector_sandbox.servicetitan.books.customers import Contact, Customer, CustomerAddress, Location
from ml_connector_sandbox.servicetitan.books.invoices import Invoice, InvoiceItem
from ml_connector_sandbox.servicetitan.books.journals import JournalEntry, JournalLine
from ml_connector_sandbox.servicetitan.books.parties import (
    Address,
    BusinessUnit,
    GlAccount,
    GlAccountType,
    Job,
    TaxRate,
    TaxZone,
    Vendor,
    VendorContact,
)
from ml_connector_sandbox.servicetitan.books.payments import (
    BankDeposit,
    CreditMemo,
    CreditMemoItem,
    Payment,
    PaymentTerm,
    PaymentType,
    Split,
)
from ml_connector_sandbox.servicetitan.books.pricebook import PriceModifier, Sku
from ml_connector_sandbox.servicetitan.books.purchasing import (
    Accounts,
    PurchaseOrder,
    PurchaseOrderItem,
    Receipt,
    ReceiptItem,
)
from ml_connector_sandbox.servicetitan.books.returns import ApCredit, CreditSplit, Return, ReturnItem
from ml_connector_sandbox.servicetitan.books.table import Record, Table
from ml_connector_sandbox.servicetitan.books.tenant import TenantBooks

__all__ = [
    "INTEGRATION",
    "PRODUCTION",
    "Accounts",
    "Address",
    "ApCredit",
    "App",
    "BankDeposit",
    "Batch",
    "Bill",
    "BillItem",
    "BusinessUnit",
    "Contact",
    "CreditMemo",
    "CreditMemoItem",
    "CreditSplit",
    "Customer",
    "CustomerAddress",
    "ExpenseItem",
    "GlAccount",
    "GlAccountType",
    "Grant",
    "InventoryLocation",
    "Invoice",
    "InvoiceItem",
    "Job",
    "JournalEntry",
    "JournalLine",
    "Location",
    "Payment",
    "PaymentTerm",
    "PaymentType",
    "PriceModifier",
    "PurchaseOrder",
    "PurchaseOrderItem",
    "Receipt",
    "ReceiptItem",
    "Record",
    "Return",
    "ReturnItem",
    "ServiceTitanBooks",
    "Sku",
    "Split",
    "Table",
    "TaxRate",
    "TaxZone",
    "TenantBooks",
    "Vendor",
    "VendorContact",
    "banked_on",
    "batch",
    "move_payment",
    "post_batch",
    "unpost_batch",
]
