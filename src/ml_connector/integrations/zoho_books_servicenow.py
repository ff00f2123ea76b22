"""Zoho Books with ServiceNow: bills, vendor credits and payments staged for approval, on cost centres that are valid."""

from __future__ import annotations

from ml_connector.integrations.applied_credit_flow import AppliedCredits
from ml_connector.integrations.base import IntegrationType
from ml_connector.integrations.cost_center_flow import CostCenters
from ml_connector.integrations.staged_bill_flow import StagedBills, StagedCredits
from ml_connector.integrations.staged_payment_flow import StagedPayments
from ml_connector.integrations.staging import Pair
from ml_connector.integrations.staging_flows import (
    ACCOUNT_SETTINGS,
    DIMENSION_SETTINGS,
    DIMENSION_WORDS,
    HELD_BY_SETTINGS,
    NOT_POSSIBLE,
    NOT_RECODED,
    SKIPPED_BY_SETTINGS,
    SKIPPED_BY_TABLES,
)
from ml_connector.integrations.staging_settings import Settings
from ml_connector.integrations.staging_tables import tables
from ml_connector.integrations.supplier_flow import Suppliers

ZOHO, SERVICENOW = "zoho_books", "servicenow"
PAIR = Pair("Zoho Books", "ServiceNow")
DETAILS = (("details", "yes"),)  # list rows show neither lines nor what was applied


class ZohoCostCenters(CostCenters):
    """Options of reporting tags, locations, projects."""

    title = "Cost centres: Zoho Books to ServiceNow"
    source_vendor, target_vendor, pair = ZOHO, SERVICENOW, PAIR


class ZohoSuppliers(Suppliers):
    """Vendor contacts."""

    title = "Vendors: Zoho Books to ServiceNow"
    source_vendor, target_vendor, pair = ZOHO, SERVICENOW, PAIR
    options = (("contact_type", "vendor"), *DETAILS)


class ZohoBills(StagedBills):
    """Bills."""

    title = "Bills: Zoho Books to ServiceNow"
    source_vendor, target_vendor, pair, options = ZOHO, SERVICENOW, PAIR, DETAILS


class ZohoCredits(StagedCredits):
    """Vendor credits."""

    title = "Vendor credits: Zoho Books to ServiceNow"
    source_vendor, target_vendor, pair, options = ZOHO, SERVICENOW, PAIR, DETAILS


class ZohoPayments(StagedPayments):
    """Payments made."""

    title = "Payments made: Zoho Books to ServiceNow"
    source_vendor, target_vendor, pair, options = ZOHO, SERVICENOW, PAIR, DETAILS


class ZohoAppliedCredits(AppliedCredits):
    """Credits applied to bills."""

    title = "Applied vendor credits: Zoho Books to ServiceNow"
    source_vendor, target_vendor, pair, options = ZOHO, SERVICENOW, PAIR, DETAILS


INTEGRATION = IntegrationType(
    kind="zoho_books-servicenow",
    title="Zoho Books with ServiceNow",
    source_vendor=ZOHO,
    source_title=PAIR.source,
    target_vendor=SERVICENOW,
    target_title=PAIR.target,
    flows=(ZohoCostCenters(), ZohoSuppliers(), ZohoBills(), ZohoCredits(), ZohoPayments(), ZohoAppliedCredits()),
    tables=tables(PAIR.source, PAIR.target),
    settings=Settings,
    skipped_by_settings=SKIPPED_BY_SETTINGS,
    held_by_settings=HELD_BY_SETTINGS,
    account_settings=ACCOUNT_SETTINGS,
    dimension_settings=DIMENSION_SETTINGS,
    dimension_words=DIMENSION_WORDS,
    currency_setting="currency",
    skipped_by_tables=SKIPPED_BY_TABLES,
    not_possible=NOT_POSSIBLE,
    not_recoded=NOT_RECODED,
)
