"""Zoho Books with ServiceNow: bills, vendor credits and payments staged for approval, on cost centres that are valid."""

from __future__ import annotations

from typing import ClassVar

from ml_connector.integrations.applied_credit_flow import AppliedCredits
from ml_connector.integrations.cost_center_flow import CostCenters
from ml_connector.integrations.staged_bill_flow import StagedBills, StagedCredits
from ml_connector.integrations.staged_payment_flow import StagedPayments
from ml_connector.integrations.staging import Pair
from ml_connector.integrations.staging_flows import staging_integration
from ml_connector.integrations.supplier_flow import Suppliers


class FromZoho:
    """What all flows of this pair share."""

    source_vendor: ClassVar[str] = "zoho_books"
    target_vendor: ClassVar[str] = "servicenow"
    pair: ClassVar[Pair] = Pair("Zoho Books", "ServiceNow")


class InDetail(FromZoho):
    """Of documents a list shows neither lines nor what was applied, and nothing tells that one was deleted."""

    options: ClassVar[tuple[tuple[str, str], ...]] = (("details", "yes"),)
    tells_deleted: ClassVar[bool] = False


class ZohoCostCenters(FromZoho, CostCenters):
    """Options of reporting tags, locations, projects."""

    title = "Cost centres: Zoho Books to ServiceNow"


class ZohoSuppliers(InDetail, Suppliers):
    """Vendor contacts."""

    title = "Vendors: Zoho Books to ServiceNow"
    options = (("contact_type", "vendor"), *InDetail.options)


class ZohoBills(InDetail, StagedBills):
    """Bills."""

    title = "Bills: Zoho Books to ServiceNow"


class ZohoCredits(InDetail, StagedCredits):
    """Vendor credits."""

    title = "Vendor credits: Zoho Books to ServiceNow"


class ZohoPayments(InDetail, StagedPayments):
    """Payments made."""

    title = "Payments made: Zoho Books to ServiceNow"


class ZohoAppliedCredits(InDetail, AppliedCredits):
    """Credits applied to bills."""

    title = "Applied vendor credits: Zoho Books to ServiceNow"


INTEGRATION = staging_integration(
    FromZoho.pair,
    (ZohoCostCenters(), ZohoSuppliers(), ZohoBills(), ZohoCredits(), ZohoPayments(), ZohoAppliedCredits()),
)
