"""The ServiceTitan connector: the contract, each part handed to its module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import ClassVar

from ml_connector.canonical.documents import Document, Organisation
from ml_connector.connectors import base
from ml_connector.connectors.servicetitan import auth, check, limits, read, resources, scopes, settings, webhooks, write
from ml_connector.connectors.servicetitan.settings import Settings
from ml_connector.transport.messages import Answer


class ServiceTitan(base.Connector):
    """ServiceTitan V2. The organisation is the tenant id; one application key and secret per tenant and environment."""

    vendor: ClassVar[str] = "servicetitan"
    title: ClassVar[str] = "ServiceTitan"
    credentials: ClassVar[tuple[base.CredentialField, ...]] = auth.FIELDS
    settings: ClassVar[tuple[base.SettingField, ...]] = settings.FIELDS
    scopes: ClassVar[tuple[base.Scope, ...]] = scopes.SCOPES
    readable: ClassVar[Mapping[str, base.Readable]] = resources.READABLE
    writable: ClassVar[Mapping[str, frozenset[base.Action]]] = write.WRITABLE
    batches: ClassVar[Mapping[tuple[str, base.Action], int]] = write.BATCHES
    timeout: ClassVar[float] = 100.0
    list_lag: ClassVar[float] = limits.LIST_LAG.total_seconds()

    webhook_key: ClassVar[str] = (
        "Signing key (HMAC): ServiceTitan developer portal, the app, Webhooks; 32 to 64 characters"
    )
    webhook_place: ClassVar[str] = "ServiceTitan developer portal, the app, Webhooks: the callback URL of every event"
    webhook_key_length: ClassVar[tuple[int, int]] = webhooks.KEY_LENGTH

    _auth: ClassVar[auth.ServiceTitanAuth] = auth.ServiceTitanAuth()

    @property
    def auth(self) -> base.Auth:
        """Client credentials, no consent in a browser."""
        return self._auth

    def hosts(self, credentials: base.Credentials) -> frozenset[str]:
        """The token host and the API host of the environment."""
        chosen = auth.environment(credentials)
        return frozenset([chosen.auth_host, chosen.api_host])

    def check_settings(self, settings: Mapping[str, str]) -> None:
        """Numbers within their bounds."""
        Settings.of(settings)

    def organisation_of(self, credentials: base.Credentials) -> str:
        """The tenant id."""
        return str(credentials["tenant"])

    def limits(
        self, organisation: Organisation | None, credentials: base.Credentials, settings: Mapping[str, str]
    ) -> base.Limits:
        """60 calls a second per application and tenant, the same for every edition."""
        return limits.limits(credentials)

    def day_left(self, headers: Mapping[str, str]) -> int | None:
        """ServiceTitan has no daily limit."""
        return None

    def throttle(self, answer: Answer) -> float | None:
        """See ``limits.wait``."""
        return limits.wait(answer)

    def unauthorised(self, answer: Answer) -> bool:
        """401: token or application key. A wrong tenant or missing scope is 403, and no new token helps."""
        return answer.status == 401

    async def organisations(self, session: base.Session) -> Sequence[Organisation]:
        """The one tenant of the credentials, proven by reading its business units."""
        return (await check.organisation(session),)

    async def organisation(self, session: base.Session) -> Organisation:
        """The connected tenant."""
        return await check.organisation(session)

    async def check(self, session: base.Session, entities: Sequence[str]) -> Sequence[base.Finding]:
        """See ``check.check``."""
        return await check.check(session, entities)

    def read(self, session: base.Session, reading: base.Reading) -> AsyncIterator[base.Page]:
        """See ``read.read``."""
        return read.read(session, reading)

    def compose(
        self,
        action: base.Action,
        document: Document,
        organisation: Organisation,
        reference: str,
        settings: Mapping[str, str],
    ) -> base.Composed:
        """See ``write.compose``."""
        return write.compose(action, document, reference, settings)

    async def write(self, session: base.Session, step: base.Step) -> base.Outcome:
        """See ``write.write``."""
        return await write.write(session, step)

    async def write_batch(self, session: base.Session, steps: Sequence[base.Step]) -> Sequence[base.Outcome]:
        """See ``write.write_batch``."""
        return await write.write_batch(session, steps)

    async def find(self, session: base.Session, step: base.Step) -> Sequence[Document]:
        """See ``write.find``."""
        return await write.find(session, step)

    def heard(self, key: str, delivery: base.Delivery, settings: Mapping[str, str]) -> tuple[base.Hint, ...]:
        """See ``webhooks.heard``."""
        return webhooks.heard(key, delivery, Settings.of(settings))

    def is_ours(self, document: Document) -> bool:
        """See ``write.is_ours``."""
        return write.is_ours(document)
