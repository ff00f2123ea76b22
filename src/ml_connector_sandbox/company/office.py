"""The firm that has the bills of its Zoho Books approved and paid in ServiceNow, as companies of the sandbox."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ml_connector_sandbox.company.access import Access
from ml_connector_sandbox.company.at_servicenow import at_servicenow, by_id
from ml_connector_sandbox.company.company import Company
from ml_connector_sandbox.company.dates import Dates
from ml_connector_sandbox.company.payables import (
    Instance,
    Payables,
    few_changes,
    fill,
    fill_little,
    fill_little_more,
    fill_ordinarily,
)
from ml_connector_sandbox.company.payables import catalogue as names
from ml_connector_sandbox.company.payables.books import Month
from ml_connector_sandbox.company.seed import Seed
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicetitan.books import PRODUCTION, ServiceTitanBooks
from ml_connector_sandbox.xero import XeroBooks
from ml_connector_sandbox.zoho_books import OrganisationBooks, ZohoBooksBooks

DATA_CENTRE = "us"
Filling = Callable[[OrganisationBooks, Month, int], Payables]


@dataclass(frozen=True, slots=True)
class OfficeAccess(Access):
    """Credentials of the firm; they open nothing outside the sandbox. ``instance``: what ServiceNow takes."""

    tenant_id: str = "1990000001"  # of a tenant with nothing in it
    organization_id: str = "20091544107"
    zoho_client_id: str = "1000.SANDBOXHALYARDFINCH"
    zoho_client_secret: str = "sandbox-halyard-finch-us"  # noqa: S105
    data_centre: str = DATA_CENTRE
    instance: Instance | None = None

    def as_dict(self) -> dict[str, dict[str, str]]:
        """For the hand-over file."""
        zoho_books = {
            "data_centre": self.data_centre,
            "client_id": self.zoho_client_id,
            "client_secret": self.zoho_client_secret,
            "redirect": self.redirect,
            "organization_id": self.organization_id,
        }
        return {"zoho_books": zoho_books, **self._servicenow()}

    def _servicenow(self) -> dict[str, dict[str, str]]:
        if self.instance is None:
            return {}
        one = self.instance
        return {
            "servicenow": {
                "address": f"https://{one.host}",
                "client_id": one.client_id,
                "client_secret": one.client_secret,
                "username": one.user,
                "password": one.password,
            }
        }


def office(clock: SandboxClock, seed: int = 1) -> Company:
    """The whole firm: 120 vendors, a month of 500 bills, 25 vendor credits and 350 payments, and every awkward case."""
    company = _firm(clock, seed, "payables", fill)
    company.zoho_books_switches.extra_fields = True
    return company


def office_changed(clock: SandboxClock, seed: int = 1) -> Company:
    """The whole firm, whose people go on: ``change`` is for the time after the first reading."""
    company = office(clock, seed)
    company.kind, company.change = "payables changed", _go_on
    return company


def matrix_office(clock: SandboxClock, seed: int = 1) -> Company:
    """A little of everything, on small pages of lists that lag: for trying each fault at each call of a run."""
    return _on_small_pages(_firm(clock, seed, "matrix", fill_little))


def matrix_office_changed(clock: SandboxClock, seed: int = 1) -> Company:
    """The same with more bills, which people change in both systems after the first reading; edits are sent again."""
    company = _on_small_pages(_firm(clock, seed, "matrix", fill_little_more))
    company.connection_settings["servicenow"]["coalesces"] = "yes"
    company.change = _change_few
    return company


def _on_small_pages(company: Company) -> Company:
    company.limits = False
    company.zoho_books_switches.max_per_page = 5
    company.zoho_books_switches.list_lag_seconds = 60.0
    return company


def bulk_office(clock: SandboxClock, bills: int, seed: int = 1) -> Company:
    """``bills`` ordinary bills, every other one paid, with the vendors' limits off, for measuring."""
    company = _firm(clock, seed, f"billed:{bills}", partial(fill_ordinarily, bills=bills))
    company.limits = False
    return company


def _change_few(company: Company) -> None:
    if company.payables is None or company.servicenow is None:
        raise ValueError(f"the company {company.kind!r} has no bills that are approved elsewhere")
    few_changes.change(company.payables.books, company.servicenow)


def _go_on(company: Company) -> None:
    if company.payables is None:
        raise ValueError(f"the company {company.kind!r} has no bills that are approved elsewhere")
    company.payables.go_on()


def _firm(clock: SandboxClock, seed: int, kind: str, filling: Filling) -> Company:
    servicetitan, zoho_books, xero = ServiceTitanBooks(clock), ZohoBooksBooks(clock, seed), XeroBooks(clock, seed)
    bare = OfficeAccess()
    organisation = _open(zoho_books, bare)
    tenant = servicetitan.add_tenant(bare.tenant_id, names.COMPANY, PRODUCTION)
    made = filling(organisation, Month.before(clock.start), seed)
    servicenow = at_servicenow(clock, made.instance)
    made.know(lambda table, rows: by_id(servicenow, table, rows))
    return Company(
        kind=kind,
        servicetitan=servicetitan,
        zoho_books=zoho_books,
        xero=xero,
        access=OfficeAccess(instance=made.instance),
        servicenow=servicenow,
        connection_settings={"servicenow": made.instance.settings()},
        seed=Seed(
            dates=Dates.reckoned(clock.start), chance=random.Random(seed), tenant=tenant, organisation=organisation
        ),
        payables=made,
    )


def _open(zoho_books: ZohoBooksBooks, access: OfficeAccess) -> OrganisationBooks:
    """The organisation in the US data centre, in dollars, with locations and a plan that has tags and workflow rules."""
    organisation = zoho_books.organisation(
        access.organization_id,
        name=names.COMPANY,
        data_centre=DATA_CENTRE,
        plan="Premium",
        time_zone=names.ZONE,
        currency="USD",
        country_code="US",
        tax_edition="us",
        locations_enabled=True,
    )
    zoho_books.client(
        access.zoho_client_id, access.zoho_client_secret, (access.redirect,), DATA_CENTRE, name="ML Connector"
    )
    return organisation
