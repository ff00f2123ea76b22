"""Zoho Books behind the contract: every method is a function of the file of its subject."""

from __future__ import annotations

from collections.abc import Mapping

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation, TaxCode
from ml_connector.connectors import base
from ml_connector.connectors.grants import CredentialField, Credentials
from ml_connector.connectors.writing import Step
from ml_connector.connectors.zoho_books import (
    check,
    compose,
    credits,
    editions,
    errors,
    find,
    limits,
    organisation,
    read,
    regions,
    requests,
    resources,
    settings,
    size,
    translate,
    walk,
    webhooks,
    write,
)
from ml_connector.connectors.zoho_books.auth import ZohoAuth
from ml_connector.connectors.zoho_books.scopes import SCOPES

_CONSOLE = "Zoho API console (api-console.zoho.com and its twins), Clients"


class ZohoBooks(base.Connector):
    """Contacts, bills, invoices, credits, payments, items, and what they are coded by, of Zoho Books, API v3."""

    vendor = "zoho_books"
    title = "Zoho Books"
    credentials = (
        CredentialField(
            "data_centre",
            "Data centre",
            "The ending of the address you see in Zoho Books: books.zoho.com is us, books.zoho.eu is eu, and so on",
            choices=regions.CODES,
            default="us",
        ),
        CredentialField("client_id", "Client ID", f"{_CONSOLE}, the client's secret page"),
        CredentialField("client_secret", "Client secret", f"{_CONSOLE}, of this data centre", secret=True),
        CredentialField(
            "redirect",
            "Redirect address",
            "Exactly as registered for the client; left empty, this product's own receiver is used",
            required=False,
        ),
        CredentialField(
            "refresh_token",
            "Refresh token of a self-client",
            "Only for a self-client, made with the scopes listed here; then no consent screen is needed",
            secret=True,
            required=False,
        ),
    )
    settings = settings.FIELDS
    scopes = SCOPES
    readable = resources.READABLE
    writable = requests.WRITABLE
    shown_by_steps = frozenset(["refunds"])
    unkept = translate.UNKEPT
    gone_codes = errors.GONE
    timeout = 100.0  # not published
    list_lag = walk.LIST_LAG
    webhook_key = (
        "Secret token: Zoho Books, Settings, Workflow Actions, Webhooks, the webhook; 12 to 50 letters and digits"
    )
    webhook_place = (
        "Zoho Books, Settings, Workflow Actions, Webhooks: URL to notify, with method POST, of every webhook"
    )
    webhook_key_length = webhooks.KEY_LENGTH

    @property
    def auth(self) -> ZohoAuth:
        return ZohoAuth()

    def hosts(self, credentials: Credentials) -> frozenset[str]:
        """All of Zoho's: Zoho's answers tell which data centre an account lives in; this list is what they may name."""
        return regions.HOSTS

    # In this order: a method hides the module of its name from the lines below it.
    day_left = staticmethod(limits.day_left)
    throttle = staticmethod(limits.throttle)
    unauthorised = staticmethod(limits.unauthorised)
    organisations = staticmethod(organisation.organisations)
    organisation = staticmethod(organisation.organisation)
    check_source = staticmethod(check.check_source)
    check = staticmethod(check.check)
    read = staticmethod(read.read)
    preflight = staticmethod(editions.preflight)
    compose = staticmethod(compose.compose)
    size = staticmethod(size.size)
    find = staticmethod(find.find)
    write = staticmethod(write.write)

    def limits(
        self, organisation: Organisation | None, credentials: Credentials, settings: Mapping[str, str]
    ) -> base.Limits:
        return limits.limits(organisation, settings)

    def is_ours(self, document: Document) -> bool:
        """A tax shows no reference: one of the name and rate that a step was to make is what it has made."""
        return isinstance(document, TaxCode) or super().is_ours(document)

    def touched(self, step: Step) -> tuple[tuple[str, str], ...]:
        """The credit or payment of an application or refund, and what an application is taken off."""
        return credits.touched(step) if step.entity in ("allocations", "refunds") else ()

    def heard(self, key: str, delivery: base.Delivery, settings: Mapping[str, str]) -> tuple[base.Hint, ...]:
        """See ``webhooks.heard``."""
        return webhooks.heard(key, delivery)
