"""Xero with ServiceNow: bills, vendor credits and payments staged for approval, on cost centres that are valid."""

from __future__ import annotations

from typing import ClassVar

from ml_connector.integrations.applied_credit_flow import AppliedCredits
from ml_connector.integrations.cost_center_flow import CostCenters
from ml_connector.integrations.staged_bill_flow import StagedBills, StagedCredits
from ml_connector.integrations.staged_payment_flow import StagedPayments
from ml_connector.integrations.staging import Pair
from ml_connector.integrations.staging_flows import staging_integration
from ml_connector.integrations.supplier_flow import Suppliers


class FromXero:
    """What all flows of this pair share; a list of Xero shows its documents whole."""

    source_vendor: ClassVar[str] = "xero"
    target_vendor: ClassVar[str] = "servicenow"
    pair: ClassVar[Pair] = Pair("Xero", "ServiceNow")


class XeroCostCenters(FromXero, CostCenters):
    """Options of tracking categories."""

    title = "Cost centres: Xero to ServiceNow"


class XeroSuppliers(FromXero, Suppliers):
    """Contacts that bills are of."""

    title = "Vendors: Xero to ServiceNow"


class XeroBills(FromXero, StagedBills):
    """Bills; a list shows their lines."""

    title = "Bills: Xero to ServiceNow"


class XeroCredits(FromXero, StagedCredits):
    """Credit notes from vendors."""

    title = "Vendor credits: Xero to ServiceNow"


class XeroPayments(FromXero, StagedPayments):
    """Payments made, each on one bill."""

    title = "Payments made: Xero to ServiceNow"


class XeroAppliedCredits(FromXero, AppliedCredits):
    """Credits allocated to bills."""

    title = "Applied vendor credits: Xero to ServiceNow"


INTEGRATION = staging_integration(
    FromXero.pair,
    (XeroCostCenters(), XeroSuppliers(), XeroBills(), XeroCredits(), XeroPayments(), XeroAppliedCredits()),
)
