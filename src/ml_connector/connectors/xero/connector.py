"""Xero behind the contract: every method is a function of the file of its subject."""

from __future__ import annotations

from collections.abc import Mapping

from ml_connector.canonical.documents import Document
from ml_connector.connectors import base
from ml_connector.connectors.grants import Credentials
from ml_connector.connectors.writing import Step
from ml_connector.connectors.xero import (
    allocations,
    auth,
    check,
    compose,
    find,
    limits,
    organisation,
    read,
    requests,
    resources,
    settings,
    values,
    walk,
    webhooks,
    write,
)
from ml_connector.connectors.xero.scopes import SCOPES


class Xero(base.Connector):
    """Contacts, sales invoices, credit notes, payments, purchase orders and bills of Xero, Accounting API 2.0."""

    vendor = "xero"
    title = "Xero"
    credentials = auth.FIELDS
    settings = settings.FIELDS
    scopes = SCOPES
    readable = resources.READABLE
    writable = requests.WRITABLE
    batches = requests.BATCHES
    unkept = values.UNKEPT
    timeout = 100.0  # not published
    list_lag = walk.LIST_LAG
    webhook_key = "Webhooks key: developer.xero.com, My Apps, the app, Webhooks; shown once a delivery URL is saved"
    webhook_place = "developer.xero.com, My Apps, the app, Webhooks: Delivery URL, and save it"
    webhook_last = "press 'Send intent to receive' on the same page; it is answered rightly only once the key is here"
    webhook_key_length = webhooks.KEY_LENGTH

    def __init__(self) -> None:
        self._auth = auth.XeroAuth()

    @property
    def auth(self) -> auth.XeroAuth:
        return self._auth

    def hosts(self, credentials: Credentials) -> frozenset[str]:
        """The token host and the API's; the consent's host is the browser's to call."""
        return frozenset([auth.LOGIN, auth.IDENTITY, auth.API])

    def check_settings(self, settings_: Mapping[str, str]) -> None:
        settings.check(settings_)

    # In this order: a method hides the module of its name from the lines below it.
    day_left = staticmethod(limits.day_left)
    throttle = staticmethod(limits.throttle)
    unauthorised = staticmethod(limits.unauthorised)
    limits = staticmethod(limits.limits)
    organisations = staticmethod(organisation.organisations)
    organisation = staticmethod(organisation.organisation)
    check = staticmethod(check.check)
    read = staticmethod(read.read)
    compose = staticmethod(compose.compose)
    write_batch = staticmethod(write.write_batch)
    write = staticmethod(write.write)
    find = staticmethod(find.find)

    def touched(self, step: Step) -> tuple[tuple[str, str], ...]:
        """The credit of an application."""
        return allocations.touched(step) if step.entity == "allocations" else ()

    def heard(self, key: str, delivery: base.Delivery, settings: Mapping[str, str]) -> tuple[base.Hint, ...]:
        """See ``webhooks.heard``."""
        return webhooks.heard(key, delivery)

    def is_ours(self, document: Document) -> bool:
        """By our reference, or by Xero's word that our application made it (``createdByMyApp``)."""
        return bool(getattr(document, "reference", "") or getattr(document, "ours", False))
