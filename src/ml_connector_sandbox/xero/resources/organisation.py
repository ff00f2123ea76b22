"""``/Organisation`` and what may be done in it."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.xero.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.xero.books.editions import ZONE_WORDS
from ml_connector_sandbox.xero.books.values import day_stamp, milliseconds

ACTIONS = (
    "CreateApprovedInvoice", "CreateDraftPurchaseOrder", "CreateApprovedBill", "AttachFilesIntoInvoice",
    "UseMulticurrency", "CreateDraftInvoice", "CreateRepeatingInvoice", "CreateRepeatingBill", "CreateSentQuote",
    "CreateInvoicePayment", "CreateApprovedPurchaseOrder", "CreateDraftQuote", "CreateDraftBill",
)  # fmt: skip


def get_organisation(call: ApiCall) -> Reply:
    """The tenant itself."""
    profile = call.books.profile
    day, month = profile.year_end
    found: dict[str, Any] = {
        "Name": profile.name,
        "LegalName": profile.name,
        "PaysTax": True,
        "Version": profile.version,
        "OrganisationType": "COMPANY",
        "BaseCurrency": profile.base_currency,
        "CountryCode": profile.country_code,
        "IsDemoCompany": profile.is_demo,
        "OrganisationStatus": "EXPIRED" if profile.expired else "ACTIVE",
        "FinancialYearEndDay": day,
        "FinancialYearEndMonth": month,
        "SalesTaxBasis": "ACCRUALS",
        "SalesTaxPeriod": "TWOMONTHS",
        "DefaultSalesTax": "Tax Exclusive",
        "DefaultPurchasesTax": "Tax Exclusive",
        "CreatedDateUTC": f"/Date({milliseconds(profile.created)})/",
        "OrganisationEntityType": "COMPANY",
        "Timezone": ZONE_WORDS.get(profile.time_zone, "UTC"),
        "ShortCode": profile.short_code,
        "OrganisationID": profile.organisation_id,
        "Edition": "BUSINESS",
        "Class": profile.plan,
        "Addresses": [],
        "Phones": [],
        "ExternalLinks": [],
        "PaymentTerms": {},
    }
    for name, lock in (("PeriodLockDate", profile.period_lock), ("EndOfYearLockDate", profile.year_end_lock)):
        if lock is not None:
            found[name] = day_stamp(lock)
    return Reply(payload={"Organisations": [found]})


def get_actions(call: ApiCall) -> Reply:
    """What the person who connected may do."""
    denied = call.books.profile.denied_actions
    actions = [{"Name": one, "Status": "NOT-ALLOWED" if one in denied else "ALLOWED"} for one in ACTIONS]
    return Reply(payload={"Actions": actions})


ROUTES = [
    Route(method="GET", path="/Organisation", handler=get_organisation),
    Route(method="GET", path="/Organisation/Actions", handler=get_actions),
]
