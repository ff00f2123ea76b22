"""Zoho Books with ServiceNow: bills, vendor credits and payments staged for approval, on cost centres that are valid."""

from __future__ import annotations

from ml_connector.integrations.applied_credit_flow import AppliedCredits
from ml_connector.integrations.cost_center_flow import CostCenters
from ml_connector.integrations.staged_bill_flow import StagedBills, StagedCredits
from ml_connector.integrations.staged_payment_flow import StagedPayments
from ml_connector.integrations.staging import Pair
from ml_connector.integrations.staging_flows import staging_integration
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
    source_vendor, target_vendor, pair, tells_deleted = ZOHO, SERVICENOW, PAIR, False
    options = (("contact_type", "vendor"), *DETAILS)


class ZohoBills(StagedBills):
    """Bills."""

    title = "Bills: Zoho Books to ServiceNow"
    source_vendor, target_vendor, pair, options = ZOHO, SERVICENOW, PAIR, DETAILS
    tells_deleted = False


class ZohoCredits(StagedCredits):
    """Vendor credits."""

    title = "Vendor credits: Zoho Books to ServiceNow"
    source_vendor, target_vendor, pair, options = ZOHO, SERVICENOW, PAIR, DETAILS
    tells_deleted = False


class ZohoPayments(StagedPayments):
    """Payments made."""

    title = "Payments made: Zoho Books to ServiceNow"
    source_vendor, target_vendor, pair, options = ZOHO, SERVICENOW, PAIR, DETAILS
    tells_deleted = False


class ZohoAppliedCredits(AppliedCredits):
    """Credits applied to bills."""

    title = "Applied vendor credits: Zoho Books to ServiceNow"
    source_vendor, target_vendor, pair, options = ZOHO, SERVICENOW, PAIR, DETAILS
    tells_deleted = False


INTEGRATION = staging_integration(
    PAIR,
    (ZohoCostCenters(), ZohoSuppliers(), ZohoBills(), ZohoCredits(), ZohoPayments(), ZohoAppliedCredits()),
)
