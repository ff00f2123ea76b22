"""Xero with ServiceNow: bills, vendor credits and payments staged for approval, on cost centres that are valid."""

from __future__ import annotations

from ml_connector.integrations.applied_credit_flow import AppliedCredits
from ml_connector.integrations.cost_center_flow import CostCenters
from ml_connector.integrations.staged_bill_flow import StagedBills, StagedCredits
from ml_connector.integrations.staged_payment_flow import StagedPayments
from ml_connector.integrations.staging import Pair
from ml_connector.integrations.staging_flows import staging_integration
from ml_connector.integrations.supplier_flow import Suppliers

XERO, SERVICENOW = "xero", "servicenow"
PAIR = Pair("Xero", "ServiceNow")


class XeroCostCenters(CostCenters):
    """Options of tracking categories."""

    title = "Cost centres: Xero to ServiceNow"
    source_vendor, target_vendor, pair = XERO, SERVICENOW, PAIR


class XeroSuppliers(Suppliers):
    """Contacts that bills are of."""

    title = "Vendors: Xero to ServiceNow"
    source_vendor, target_vendor, pair = XERO, SERVICENOW, PAIR


class XeroBills(StagedBills):
    """Bills; a list shows their lines."""

    title = "Bills: Xero to ServiceNow"
    source_vendor, target_vendor, pair = XERO, SERVICENOW, PAIR


class XeroCredits(StagedCredits):
    """Credit notes from vendors."""

    title = "Vendor credits: Xero to ServiceNow"
    source_vendor, target_vendor, pair = XERO, SERVICENOW, PAIR


class XeroPayments(StagedPayments):
    """Payments made, each on one bill."""

    title = "Payments made: Xero to ServiceNow"
    source_vendor, target_vendor, pair = XERO, SERVICENOW, PAIR


class XeroAppliedCredits(AppliedCredits):
    """Credits allocated to bills."""

    title = "Applied vendor credits: Xero to ServiceNow"
    source_vendor, target_vendor, pair = XERO, SERVICENOW, PAIR


INTEGRATION = staging_integration(
    PAIR,
    (XeroCostCenters(), XeroSuppliers(), XeroBills(), XeroCredits(), XeroPayments(), XeroAppliedCredits()),
)
