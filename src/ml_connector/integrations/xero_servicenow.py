"""Xero with ServiceNow: bills, vendor credits and payments staged for approval, on cost centres that are valid."""

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


INTEGRATION = IntegrationType(
    kind="xero-servicenow",
    title="Xero with ServiceNow",
    source_vendor=XERO,
    source_title=PAIR.source,
    target_vendor=SERVICENOW,
    target_title=PAIR.target,
    flows=(XeroCostCenters(), XeroSuppliers(), XeroBills(), XeroCredits(), XeroPayments(), XeroAppliedCredits()),
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
