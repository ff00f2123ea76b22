"""The company's accounts at the vendors, and what an application needs to reach them."""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector_sandbox.company.catalogue import COMPANY
from ml_connector_sandbox.company.dates import ZONE
from ml_connector_sandbox.servicetitan.books import PRODUCTION, ServiceTitanBooks, TenantBooks
from ml_connector_sandbox.xero import OrganisationBooks as XeroOrganisationBooks
from ml_connector_sandbox.xero import XeroBooks
from ml_connector_sandbox.xero.books.company import CUSTOM, PKCE
from ml_connector_sandbox.zoho_books import OrganisationBooks, ZohoBooksBooks

DATA_CENTRE = "eu"
SCOPES = (
    "tn.acc.inventorybills:r",
    "tn.acc.inventorybills:w",
    "tn.acc.apbills:r",
    "tn.acc.apbills:w",
    "tn.acc.glaccounts:r",
    "tn.acc.taxzones:r",
    "tn.inv.vendors:r",
    "tn.inv.vendors:w",
    "tn.inv.receipts:r",
    "tn.inv.purchaseorders:r",
    "tn.stt.businessunits:r",
    "tn.jpm.jobs:r",
    "tn.crm.customers:r",
    "tn.crm.customers:w",
    "tn.crm.locations:r",
    "tn.crm.locations:w",
    "tn.pb.materials:r",
    "tn.pb.equipment:r",
    "tn.pb.services:r",
    "tn.acc.invoices:r",
    "tn.acc.invoices:w",
    "tn.acc.invoiceitems:r",
    "tn.acc.payments:r",
    "tn.acc.payments:w",
    "tn.acc.paymentterms:r",
    "tn.acc.paymenttypes:r",
    "tn.acc.creditmemos:r",
    "tn.acc.creditmemos:w",
    "tn.acc.bankdeposits:r",
    "tn.acc.apcredits:r",
    "tn.acc.apcredits:w",
    "tn.inv.returns:r",
    "tn.pb.discountsandfees:r",
    "tn.acc.journalentries:r",
    "tn.acc.journalentries:w",
)


@dataclass(frozen=True, slots=True)
class Access:
    """Credentials of the sandbox's own making; they open nothing anywhere else."""

    tenant_id: str = "1204586702"
    client_id: str = "cid.prairie-lantern-sandbox"
    client_secret: str = "cs1.sandbox-prairie-lantern"  # noqa: S105 - opens the sandbox only
    app_key: str = "ak1.sandbox-ml-connector"
    application_guid: str = "7d1c2f50-3f1e-4a55-9a0b-5c0f6a7e2b11"
    organization_id: str = "20083355021"
    zoho_client_id: str = "1000.SANDBOXPRAIRIELANTERN"
    zoho_client_secret: str = "sandbox-prairie-lantern-eu"  # noqa: S105
    redirect: str = "http://127.0.0.1:8743/oauth/zoho-books"
    xero_organisation_id: str = "5e0a2c86-7b1d-4f39-9c44-2d8f6b1a7e03"
    xero_client_id: str = "SANDBOXPRAIRIELANTERNWEB00000001"
    xero_client_secret: str = "sandbox-prairie-lantern-xero-web"  # noqa: S105
    xero_custom_id: str = "SANDBOXPRAIRIELANTERNCUSTOM00001"
    xero_custom_secret: str = "sandbox-prairie-lantern-xero-custom"  # noqa: S105
    xero_native_id: str = "SANDBOXPRAIRIELANTERNNATIVE00001"
    xero_redirect: str = "http://localhost:8743/oauth/xero"

    def as_dict(self) -> dict[str, dict[str, str]]:
        """For the hand-over file."""
        return {
            "servicetitan": {
                "environment": PRODUCTION,
                "tenant": self.tenant_id,
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "app_key": self.app_key,
                "application_guid": self.application_guid,
            },
            "zoho_books": {
                "data_centre": DATA_CENTRE,
                "client_id": self.zoho_client_id,
                "client_secret": self.zoho_client_secret,
                "redirect": self.redirect,
                "organization_id": self.organization_id,
            },
            "xero": {
                "app": "web",
                "client_id": self.xero_client_id,
                "client_secret": self.xero_client_secret,
                "redirect": self.xero_redirect,
                "organisation_id": self.xero_organisation_id,
            },
        }


def open_books(
    servicetitan: ServiceTitanBooks, zoho_books: ZohoBooksBooks, keeps_bills: bool
) -> tuple[Access, TenantBooks, OrganisationBooks]:
    """Open the tenant and the organisation: US sales tax, dollars, Chicago's time, in the EU data centre."""
    access = Access()
    tenant = servicetitan.add_tenant(access.tenant_id, COMPANY, PRODUCTION, keeps_bills=keeps_bills)
    servicetitan.add_app(access.app_key, "ML Connector", access.application_guid)
    servicetitan.add_grant(access.app_key, access.tenant_id, access.client_id, access.client_secret, SCOPES)
    organisation = zoho_books.organisation(
        access.organization_id,
        name=COMPANY,
        data_centre=DATA_CENTRE,
        plan="Professional",
        time_zone=ZONE,
        currency="USD",
        country_code="US",
        tax_edition="us",
    )
    zoho_books.client(
        access.zoho_client_id, access.zoho_client_secret, (access.redirect,), DATA_CENTRE, name="ML Connector"
    )
    return access, tenant, organisation


def open_xero(xero: XeroBooks, access: Access) -> XeroOrganisationBooks:
    """Open the organisation, and register an app of each kind for it."""
    organisation = xero.organisation(access.xero_organisation_id, name=COMPANY, country="US", time_zone=ZONE)
    to = (access.xero_redirect,)
    xero.app(access.xero_client_id, access.xero_client_secret, to, name="ML Connector")
    xero.app(access.xero_native_id, "", to, name="ML Connector, without a secret", kind=PKCE)
    xero.app(
        access.xero_custom_id, access.xero_custom_secret, name="ML Connector, custom", kind=CUSTOM,
        organisation_id=access.xero_organisation_id,
    )  # fmt: skip
    return organisation
