"""What firms have alike that keep their books in Xero and have their bills approved in ServiceNow."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

from ml_connector_sandbox.company.access import Access
from ml_connector_sandbox.company.at_servicenow import at_servicenow
from ml_connector_sandbox.company.dates import Dates
from ml_connector_sandbox.company.office import OfficeAccess
from ml_connector_sandbox.company.payables.instance import Instance
from ml_connector_sandbox.company.seed import Seed
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicetitan.books import PRODUCTION, ServiceTitanBooks
from ml_connector_sandbox.xero import OrganisationBooks, XeroBooks
from ml_connector_sandbox.zoho_books import ZohoBooksBooks

KIND = "xero-servicenow"


@dataclass(frozen=True, slots=True)
class XeroAccess(OfficeAccess):
    """Credentials of such a firm; they open nothing outside the sandbox. ServiceTitan and Zoho Books have nothing of it."""

    def as_dict(self) -> dict[str, dict[str, str]]:
        """For the hand-over file."""
        return {"xero": Access.as_dict(self)["xero"], "servicenow": OfficeAccess.as_dict(self)["servicenow"]}


@dataclass(frozen=True, slots=True)
class Opened:
    """A firm's systems before anything is keyed in. ``organisation``: its books at Xero."""

    clock: SandboxClock
    seed: int
    name: str
    access: XeroAccess
    xero: XeroBooks
    organisation: OrganisationBooks

    def parts(self, instance: Instance) -> dict[str, Any]:
        """The fields of its company, once it is known what ServiceNow has on file."""
        servicetitan, zoho_books = ServiceTitanBooks(self.clock), ZohoBooksBooks(self.clock, self.seed)
        tenant = servicetitan.add_tenant(self.access.tenant_id, self.name, PRODUCTION)
        empty = zoho_books.organisation(self.access.organization_id, name=self.name, data_centre="us")
        dates, chance = Dates.reckoned(self.clock.start), random.Random(self.seed)
        return {
            "servicetitan": servicetitan,
            "zoho_books": zoho_books,
            "xero": self.xero,
            "access": replace(self.access, instance=instance),
            "servicenow": at_servicenow(self.clock, instance),
            "connection_settings": {"servicenow": instance.settings()},
            "seed": Seed(dates=dates, chance=chance, tenant=tenant, organisation=empty),
            "limits": False,
        }


def opened(clock: SandboxClock, seed: int, access: XeroAccess, name: str, zone: str) -> Opened:
    """An organisation at Xero, and the application that people let in there."""
    xero = XeroBooks(clock, seed)
    organisation = xero.organisation(access.xero_organisation_id, name=name, country="US", time_zone=zone)
    xero.app(access.xero_client_id, access.xero_client_secret, (access.xero_redirect,), name="ML Connector")
    return Opened(clock, seed, name, access, xero, organisation)
