"""Xero behind the contract: every method hands over to the file of its subject."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence

from ml_connector.canonical.documents import Document, Organisation
from ml_connector.connectors import base
from ml_connector.connectors.base import Action, Composed, Credentials, Session
from ml_connector.connectors.xero import (
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
    walk,
    webhooks,
    write,
)
from ml_connector.connectors.xero.scopes import SCOPES
from ml_connector.transport.messages import Answer


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
    timeout = 100.0  # not published
    list_lag = walk.LIST_LAG
    webhook_key = "Webhooks key: developer.xero.com, My Apps, the app, Webhooks; shown once a delivery URL is saved"
    webhook_place = "developer.xero.com, My Apps, the app, Webhooks: Delivery URL, then 'Send intent to receive'"
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

    def limits(
        self, organisation: Organisation | None, credentials: Credentials, settings: Mapping[str, str]
    ) -> base.Limits:
        return limits.limits(organisation, credentials, settings)

    def day_left(self, headers: Mapping[str, str]) -> int | None:
        return limits.day_left(headers)

    def throttle(self, answer: Answer) -> float | None:
        return limits.throttle(answer)

    def unauthorised(self, answer: Answer) -> bool:
        return limits.unauthorised(answer)

    async def organisations(self, session: Session) -> Sequence[Organisation]:
        return await organisation.organisations(session)

    async def organisation(self, session: Session) -> Organisation:
        return await organisation.organisation(session)

    async def check(self, session: Session, entities: Sequence[str]) -> Sequence[base.Finding]:
        return await check.check(session, entities)

    def read(self, session: Session, reading: base.Reading) -> AsyncIterator[base.Page]:
        return read.read(session, reading)

    def compose(
        self,
        action: Action,
        document: Document,
        organisation: Organisation,
        reference: str,
        settings: Mapping[str, str],
    ) -> Composed:
        """See ``compose``: which document asks for what."""
        return compose.compose(action, document, organisation, reference, settings)

    async def write(self, session: Session, step: base.Step) -> base.Outcome:
        return await write.write(session, step)

    async def write_batch(self, session: Session, steps: Sequence[base.Step]) -> Sequence[base.Outcome]:
        return await write.write_batch(session, steps)

    async def find(self, session: Session, step: base.Step) -> Sequence[Document]:
        return await find.find(session, step)

    def heard(self, key: str, delivery: base.Delivery, settings: Mapping[str, str]) -> tuple[base.Hint, ...]:
        """See ``webhooks.heard``."""
        return webhooks.heard(key, delivery)

    def is_ours(self, document: Document) -> bool:
        """By our reference, or by Xero's word that our application made it (``createdByMyApp``)."""
        return bool(getattr(document, "reference", "") or getattr(document, "ours", False))
