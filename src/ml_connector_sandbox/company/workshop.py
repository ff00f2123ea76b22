"""The small firm with an instance of its own making, alone, and as the neighbour of the firm with Accounts Payable."""

from __future__ import annotations

import random
from dataclasses import replace

from ml_connector_sandbox.company.at_servicenow import serve
from ml_connector_sandbox.company.company import Company
from ml_connector_sandbox.company.dates import Dates
from ml_connector_sandbox.company.office import OfficeAccess, office
from ml_connector_sandbox.company.payables.books import Month
from ml_connector_sandbox.company.payables.workshop import CURRENCY, NAME, ZONE, fill_workshop
from ml_connector_sandbox.company.seed import Seed
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicenow import ServiceNowBooks
from ml_connector_sandbox.servicetitan.books import PRODUCTION, ServiceTitanBooks
from ml_connector_sandbox.xero import XeroBooks
from ml_connector_sandbox.zoho_books import OrganisationBooks, ZohoBooksBooks

_DATA_CENTRE = "eu"


def workshop(clock: SandboxClock, seed: int = 1) -> Company:
    """The small firm alone: 12 vendors, 40 bills, a credit and 25 payments, in euros and pounds, in the EU data centre."""
    zoho_books, xero = ZohoBooksBooks(clock, seed), XeroBooks(clock, seed)
    return _firm(ServiceTitanBooks(clock), zoho_books, xero, ServiceNowBooks(clock), clock, seed)


def office_with_neighbour(clock: SandboxClock, seed: int = 1) -> Company:
    """The firm with Accounts Payable, and the small one at the same vendors."""
    return with_neighbour(office(clock, seed), clock, seed)


def with_neighbour(company: Company, clock: SandboxClock, seed: int = 1) -> Company:
    """The company, with the small firm as its neighbour. Raises ValueError where it has no instance of ServiceNow."""
    if company.servicenow is None:
        raise ValueError(f"the company {company.kind!r} has no instance of ServiceNow, so none beside it")
    company.neighbour = _firm(company.servicetitan, company.zoho_books, company.xero, company.servicenow, clock, seed)
    company.kind = f"{company.kind} with neighbour"
    return company


def _firm(
    servicetitan: ServiceTitanBooks,
    zoho_books: ZohoBooksBooks,
    xero: XeroBooks,
    servicenow: ServiceNowBooks,
    clock: SandboxClock,
    seed: int,
) -> Company:
    """The firm in books that others may have theirs in, too."""
    access = OfficeAccess(
        tenant_id="1990000002", organization_id="20091544208", zoho_client_id="1000.SANDBOXQUAYSIDE",
        zoho_client_secret="sandbox-quayside-eu", data_centre=_DATA_CENTRE,  # noqa: S106 - opens the sandbox only
    )  # fmt: skip
    organisation = _open(zoho_books, access)
    made = fill_workshop(organisation, Month.before(clock.start), seed)
    serve(servicenow, made.instance)
    tenant = servicetitan.add_tenant(access.tenant_id, NAME, PRODUCTION)
    return Company(
        kind="own-tables",
        servicetitan=servicetitan,
        zoho_books=zoho_books,
        xero=xero,
        access=replace(access, instance=made.instance),
        servicenow=servicenow,
        connection_settings={"servicenow": made.instance.settings()},
        seed=Seed(
            dates=Dates.reckoned(clock.start), chance=random.Random(seed), tenant=tenant, organisation=organisation
        ),
        payables=made,
    )


def _open(zoho_books: ZohoBooksBooks, access: OfficeAccess) -> OrganisationBooks:
    """The organisation in the EU data centre, in euros with VAT, without locations, and an application of its own."""
    organisation = zoho_books.organisation(
        access.organization_id, name=NAME, data_centre=_DATA_CENTRE, plan="Professional", time_zone=ZONE, currency=CURRENCY,
        country_code="IE", tax_edition="vat",
    )  # fmt: skip
    redirects = (access.redirect,)
    zoho_books.client(
        access.zoho_client_id, access.zoho_client_secret, redirects, _DATA_CENTRE, name="ML Connector at Quayside"
    )
    return organisation
