"""The first contact with a vendor, before there is a lane: consent, tokens, and which books they reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors.base import Connector
from ml_connector.connectors.grants import Credentials, Tokens
from ml_connector.lanes.grants import PlainHttp
from ml_connector.lanes.runtime import Runtime
from ml_connector.transport.messages import Exchange
from ml_connector.transport.protocols import Token
from ml_connector.transport.session import HttpSession, VendorRules


async def tokens_for(runtime: Runtime, connector: Connector, credentials: Credentials) -> Tokens:
    """The first tokens of a grant that needs no consent. Raises BadInput naming the field, Throttled, NotSent."""
    http = PlainHttp(runtime.wire, connector.hosts(credentials))
    return await connector.auth.first(http, credentials, runtime.clock)


async def tokens_from_redirect(
    runtime: Runtime, connector: Connector, credentials: Credentials, redirect: str, returned: Mapping[str, str]
) -> Tokens:
    """Tokens for the query of the consent's redirect; its state was checked by the caller. Raises BadInput."""
    http = PlainHttp(runtime.wire, connector.hosts(credentials))
    return await connector.auth.exchange(http, credentials, redirect, returned, runtime.clock)


async def reachable_organisations(
    runtime: Runtime, connector: Connector, credentials: Credentials, tokens: Tokens, settings: Mapping[str, str]
) -> Sequence[Organisation]:
    """The organisations these tokens reach. Raises Reconnect, BadInput, transport.errors."""
    organisation = connector.organisation_of(credentials)
    return await connector.organisations(_session(runtime, connector, credentials, tokens, settings, organisation))


async def read_organisation(
    runtime: Runtime, connector: Connector, credentials: Credentials, tokens: Tokens, settings: Mapping[str, str],
    organisation_id: str,
) -> tuple[Organisation, frozenset[str]]:  # fmt: skip
    """Everything the planner needs to know of one organisation, and the granted scopes as far as the vendor tells."""
    session = _session(runtime, connector, credentials, tokens, settings, organisation_id)
    return await connector.organisation(session), session.scopes


def rules_of(connector: Connector, credentials: Credentials) -> VendorRules:
    """What a session must know of a connector's vendor."""
    return VendorRules(
        connector.title, connector.hosts(credentials), connector.timeout, connector.throttle, connector.unauthorised,
        connector.unkept,
    )  # fmt: skip


def _session(
    runtime: Runtime, connector: Connector, credentials: Credentials, tokens: Tokens, settings: Mapping[str, str],
    organisation: str,
) -> HttpSession:  # fmt: skip
    rules = rules_of(connector, credentials)
    given = Token(connector.auth.headers(credentials, tokens), tokens.api_base, tokens.expires_at, 0)
    return HttpSession(
        runtime.wire, rules, _GivenToken(given), _NoBudget(), _NoLease(), _NoLog(), runtime.clock, organisation,
        connector.seen_by_session(credentials, settings), frozenset(tokens.scopes),
    )  # fmt: skip


class _GivenToken:
    """The tokens just won; what their refusal means the connector says."""

    def __init__(self, token: Token) -> None:
        self._token = token

    async def current(self) -> Token:
        return self._token

    async def replace(self, refused: Token) -> Token:
        return self._token


class _NoBudget:
    """A handful of first calls, made one after another, stays below every vendor's limits."""

    async def take(self) -> None:
        return

    def done(self, headers: Mapping[str, str], status: int) -> None:
        return

    def throttled(self, retry_after: float) -> None:
        return


class _NoLease:
    """There is no lane yet."""

    def check(self) -> None:
        return


class _NoLog:
    """Nothing is written before the connection exists."""

    def add(self, exchange: Exchange) -> None:
        return
