"""ServiceTitan with Xero: invoices and what they need, receivable by receivable, orders, what came of them, and deposits."""

from __future__ import annotations

from ml_connector.integrations.base import Clearing, IntegrationType
from ml_connector.integrations.credit_memo_flow import CreditMemos, CreditMemosExported
from ml_connector.integrations.customer_flow import Customers, Locations
from ml_connector.integrations.deposit_flow import Deposits
from ml_connector.integrations.drafts import NO_ACCOUNT, NO_ZONE
from ml_connector.integrations.invoice_flow import Invoices, InvoicesExported
from ml_connector.integrations.order_flow import PurchaseOrders
from ml_connector.integrations.party_back import CustomersBack, VendorsBack
from ml_connector.integrations.payment_flow import Payments, PaymentsExported
from ml_connector.integrations.payment_tables import (
    NO_TYPE,
    SHIPPING,
    TAX,
    OrderAccountTable,
    PaymentTypeTable,
    clearing_account,
    type_key,
)
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.receivable_tables import (
    EXEMPT,
    LocationTable,
    PartyTable,
    SalesAccountTable,
    SalesTaxTable,
)
from ml_connector.integrations.tables import TableType
from ml_connector.integrations.tracking_flow import InventoryBills
from ml_connector.integrations.units_of_lines import UnitTable
from ml_connector.integrations.vendor_flow import UniqueVendors

INTEGRATION = IntegrationType(
    kind="servicetitan-xero",
    title="ServiceTitan with Xero",
    source_vendor="servicetitan",
    source_title="ServiceTitan",
    target_vendor="xero",
    target_title="Xero",
    flows=(
        Customers(),
        Locations(),
        UniqueVendors(),
        Invoices(),
        InvoicesExported(),
        Payments(),
        PaymentsExported(),
        CreditMemos(),
        CreditMemosExported(),
        PurchaseOrders(),
        InventoryBills(),
        Deposits(),
        CustomersBack(),
        VendorsBack(),
    ),
    tables=(
        SalesAccountTable(
            "accounts", "ServiceTitan GL account (number, else name)", "Xero account id", "accounts", "accounts",
            fixed_keys=(NO_ACCOUNT,),
        ),
        SalesTaxTable(
            "tax", "ServiceTitan tax zone (name), or (exempt) for what is not taxed", "Xero tax type",
            "tax_zones", "tax_codes", fixed_keys=(EXEMPT, NO_ZONE),
        ),
        UnitTable(
            "business_units", "ServiceTitan business unit id", "Xero tracking option id, or none",
            "business_units", "dimensions", ("none",),
        ),
        PartyTable(
            "customers", "ServiceTitan customer id", "Xero contact id, or new", "customers", "parties", ("new",)
        ),
        LocationTable(
            "locations", "ServiceTitan customer id, hyphen, location id", "Xero contact id, or new", "locations", "parties",
            ("new",),
        ),
        PartyTable("vendors", "ServiceTitan vendor id", "Xero contact id, or new", "vendors", "parties", ("new",)),
        PaymentTypeTable(
            "payment_types", "ServiceTitan payment type id",
            "account:<id> (clearing or bank) | write-off:<account id> | fee:<account id> | none",
            "payment_types", "accounts", ("none",), (NO_TYPE,),
        ),
        OrderAccountTable(
            "order_accounts", "ServiceTitan GL account of ordered lines (number, else name), (tax) or (shipping)",
            "Xero account id", "accounts", "accounts", fixed_keys=(NO_ACCOUNT, TAX, SHIPPING),
        ),
        TableType("invoice_numbers", "ServiceTitan invoice id", "the number to use instead", "", ""),
        TableType("credit_memo_numbers", "ServiceTitan credit memo id", "the number to use instead", "", ""),
        TableType("order_numbers", "ServiceTitan purchase order id", "the number to use instead", "", ""),
    ),
    settings=Settings,
    fixed_once_posted=("number_prefix", "number_of_adjustments", "contact_per"),
    skipped_by_settings=(
        "before_start", "payment_before_start", "order_before_start", "invoice_not_yet", "kept_back", "out_of_scope",
        "parties_baseline", "contact_not_wanted", "party_gives_way",
    ),
    skipped_by_tables=(("payment_types", "payment_by_rule"),),
    held_by_settings=("vendor_lacks_details",),
    account_settings=("rounding_account",),
    gates={"invoice_gate": ("posted", "draft when completed", "completed")},
    currency_setting="currency",
    clearing=Clearing(
        "deposits", "payments", "payment_types", type_key, clearing_account, ("payments", "overpayments", "prepayments"),
        "Xero shows what an account stands at in its reports alone, and the right to read them (accounting.reports.read) is "
        "not asked for: compare with the account in Xero, or give what it says there (--balance ACCOUNT=AMOUNT).",
    ),
    not_possible=(
        "Jobs as such cannot be made in Xero: job and location stand in the reference of a document.",
        "Ordinary invoices cannot be created in ServiceTitan by its API, only adjustments of those that are there.",
        "Tax zones cannot be created in ServiceTitan by its API.",
        "A customer without a whole address cannot be created in ServiceTitan, which demands one: it waits.",
    ),
)  # fmt: skip
