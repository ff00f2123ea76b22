"""What was received, as bills of Zoho Books, and the vendors that the bills need: flows and tables."""

from __future__ import annotations

from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Invoice
from ml_connector.integrations.bill_flow import Bills, BillsExported
from ml_connector.integrations.bill_tables import AccountTable, TaxTable, VendorTable
from ml_connector.integrations.drafts import NO_ACCOUNT, NO_ZONE
from ml_connector.integrations.jobs_of_lines import JobTable
from ml_connector.integrations.offers import Offer
from ml_connector.integrations.tables import TableType
from ml_connector.integrations.units_of_lines import UnitTable
from ml_connector.integrations.vendor_flow import Vendors

OFFER = Offer(
    flows=(Vendors(), Bills(), BillsExported()),
    tables=(
        AccountTable(
            "accounts", "ServiceTitan GL account (number, else name)", "Zoho account id", "accounts", "accounts",
            fixed_keys=(NO_ACCOUNT,),
        ),
        TaxTable(
            "tax", "ServiceTitan tax zone (name); without one 'business unit <id>', else (no zone)",
            "cost | account:<id> | tax:<id> | shares of these",
            "tax_zones", "tax_codes", ("cost",), (NO_ZONE,),
        ),
        UnitTable(
            "business_units", "ServiceTitan business unit id", "Zoho tag option id or location id, or none",
            "business_units", "dimensions", ("none",), not_with=(("business_unit_as", "none"),), documents=(Bill, Invoice),
        ),
        JobTable(
            "jobs", "ServiceTitan job id", "Zoho tag option id, project id, or none",
            "", "dimensions", ("none",), seldom=True,
            not_with=(("job_as", "none"),), holds_with=(("unmapped_job", "hold"),),
        ),
        VendorTable("vendors", "ServiceTitan vendor id", "Zoho contact id, or new", "vendors", "parties", ("new",)),
        TableType("bill_numbers", "ServiceTitan bill id", "the number to use instead", "", ""),
    ),
    fixed_once_posted=("gate", "bill_source"),
    skipped_by_settings=("before_start", "not_yet", "other_source", "out_of_scope"),
    held_by_settings=("vendor_lacks_details", "job_unmapped", "currency_differs"),
    account_settings=("freight_account", "other_account", "discount_account", "rounding_account"),
    gates={"gate": ("posted", "reconciled", "received"), "unseen_status": ("hold", "post")},
    not_possible=(
        "Tax zones cannot be created in ServiceTitan by its API.",
        "Scans of what vendors have sent cannot be read from ServiceTitan by its API, so nothing is attached to bills.",
        "Expense lines of an AP bill are lines of its bill in Zoho Books, never also an expense there.",
        "Bills, and what is paid on them in Zoho Books, cannot be entered in ServiceTitan by its API. What is paid through "
        "ServiceTitan itself is not read: such a bill is open in Zoho Books until its payment is entered there.",
        "The restocking fee of a return is not shown by ServiceTitan's API: a credit that is less than its lines by a fee is "
        "held; enter it in Zoho Books by hand, and link the record with it.",
        "Zoho Books has no way to write several documents in one call, and none to make a bill that is a draft.",
    ),
)  # fmt: skip
