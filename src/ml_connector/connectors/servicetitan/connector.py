"""The ServiceTitan connector: the contract, each part handed to its module."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors import base
from ml_connector.connectors.grants import Auth, CredentialField, Credentials, Scope
from ml_connector.connectors.reading import Readable
from ml_connector.connectors.servicetitan import (
    auth,
    check,
    limits,
    open_items,
    preflight,
    read,
    resources,
    scopes,
    settings,
    webhooks,
    write,
)
from ml_connector.connectors.servicetitan.client import NOTES
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.connectors.writing import Action, Composed
from ml_connector.transport.messages import Answer


class ServiceTitan(base.Connector):
    """ServiceTitan V2. The organisation is the tenant id; one application key and secret per tenant and environment."""

    vendor: ClassVar[str] = "servicetitan"
    title: ClassVar[str] = "ServiceTitan"
    credentials: ClassVar[tuple[CredentialField, ...]] = auth.FIELDS
    settings: ClassVar[tuple[base.SettingField, ...]] = settings.FIELDS
    scopes: ClassVar[tuple[Scope, ...]] = scopes.SCOPES
    readable: ClassVar[Mapping[str, Readable]] = resources.READABLE
    writable: ClassVar[Mapping[str, frozenset[Action]]] = write.WRITABLE
    batches: ClassVar[Mapping[tuple[str, Action], int]] = write.BATCHES
    unkept: ClassVar[frozenset[str]] = NOTES
    timeout: ClassVar[float] = 100.0
    list_lag: ClassVar[float] = limits.LIST_LAG.total_seconds()

    webhook_key: ClassVar[str] = (
        "Signing key (HMAC): ServiceTitan developer portal, the app, Webhooks; 32 to 64 characters"
    )
    webhook_place: ClassVar[str] = "ServiceTitan developer portal, the app, Webhooks: the callback URL of every event"
    webhook_key_length: ClassVar[tuple[int, int]] = webhooks.KEY_LENGTH

    _auth: ClassVar[auth.ServiceTitanAuth] = auth.ServiceTitanAuth()

    # In this order: a method hides the module of its name from the lines below it.
    throttle = staticmethod(limits.wait)
    organisation = staticmethod(check.organisation)
    check = staticmethod(check.check)
    preflight = staticmethod(preflight.preflight)
    read = staticmethod(read.read)
    open_items = staticmethod(open_items.open_items)
    find = staticmethod(write.find)
    is_ours = staticmethod(write.is_ours)
    write_batch = staticmethod(write.write_batch)
    write = staticmethod(write.write)

    @property
    def auth(self) -> Auth:
        """Client credentials, no consent in a browser."""
        return self._auth

    def hosts(self, credentials: Credentials) -> frozenset[str]:
        """The token host and the API host of the environment."""
        chosen = auth.environment(credentials)
        return frozenset([chosen.auth_host, chosen.api_host])

    def check_settings(self, settings: Mapping[str, str]) -> None:
        """Numbers within their bounds."""
        Settings.of(settings)

    def organisation_of(self, credentials: Credentials) -> str:
        """The tenant id."""
        return str(credentials["tenant"])

    def limits(
        self, organisation: Organisation | None, credentials: Credentials, settings: Mapping[str, str]
    ) -> base.Limits:
        """60 calls a second per application and tenant, the same for every edition."""
        return limits.limits(credentials)

    def day_left(self, headers: Mapping[str, str]) -> int | None:
        """ServiceTitan has no daily limit."""
        return None

    def unauthorised(self, answer: Answer) -> bool:
        """401: token or application key. A wrong tenant or missing scope is 403, and no new token helps."""
        return answer.status == 401

    async def organisations(self, session: base.Session) -> Sequence[Organisation]:
        """The one tenant of the credentials, proven by reading its business units."""
        return (await check.organisation(session),)

    def compose(
        self,
        action: Action,
        document: Document,
        organisation: Organisation,
        reference: str,
        settings: Mapping[str, str],
    ) -> Composed:
        """See ``write.compose``."""
        return write.compose(action, document, reference, settings)

    def heard(self, key: str, delivery: base.Delivery, settings: Mapping[str, str]) -> tuple[base.Hint, ...]:
        """See ``webhooks.heard``."""
        return webhooks.heard(key, delivery, Settings.of(settings))
