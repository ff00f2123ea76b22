"""ServiceNow behind the contract: every method is a function of the file of its subject."""

from __future__ import annotations

from collections.abc import Mapping

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Dimension
from ml_connector.connectors import base
from ml_connector.connectors.grants import Credentials
from ml_connector.connectors.servicenow import (
    auth,
    check,
    compose,
    effort,
    find,
    limits,
    organisation,
    preflight,
    read,
    settings,
    walk,
    write,
)
from ml_connector.connectors.servicenow.scopes import SCOPES

# Bank details and tax ids of suppliers, should an instance's columns bring them along.
UNKEPT = frozenset(["u_tax_id", "tax_id", "u_supplier_tax_id", "u_bank_account_number", "bank_account_number", "iban"])


class ServiceNow(base.Connector):
    """Invoices, payments, suppliers and cost centres of a ServiceNow instance with Accounts Payable Operations."""

    vendor = "servicenow"
    title = "ServiceNow"
    credentials = auth.FIELDS
    settings = settings.FIELDS
    scopes = SCOPES
    readable = read.READABLE
    writable = write.WRITABLE
    batches = write.BATCHES
    completes = write.COMPLETES
    unkept = UNKEPT
    timeout = 60.0  # a request is stopped after 60 seconds, a Batch call after 30
    list_lag = walk.LIST_LAG

    @property
    def auth(self) -> auth.ServiceNowAuth:
        return auth.ServiceNowAuth()

    def hosts(self, credentials: Credentials) -> frozenset[str]:
        """The instance alone."""
        return frozenset([auth.host_of(credentials)])

    def organisation_of(self, credentials: Credentials) -> str:
        """The instance's host: an instance is one company."""
        return auth.host_of(credentials)

    def check_settings(self, settings_: Mapping[str, str]) -> None:
        settings.check(settings_)

    def is_ours(self, document: Document) -> bool:
        """By our reference. Cost centres keep none and are one and the same where their account number is."""
        return isinstance(document, Dimension) or super().is_ours(document)

    # In this order: a method hides the module of its name from the lines below it.
    day_left = staticmethod(limits.day_left)
    throttle = staticmethod(limits.throttle)
    unauthorised = staticmethod(limits.unauthorised)
    limits = staticmethod(limits.limits)
    organisations = staticmethod(organisation.organisations)
    organisation = staticmethod(organisation.organisation)
    check = staticmethod(check.check)
    calls_for = staticmethod(effort.calls_for)
    preflight = staticmethod(preflight.preflight)
    read = staticmethod(read.read)
    compose = staticmethod(compose.compose)
    write_batch = staticmethod(write.write_batch)
    write = staticmethod(write.write)
    find = staticmethod(find.find)
