"""What a person gives at connect, what the vendor grants, and how a grant is won and kept alive."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import msgspec

from ml_connector.clock import Clock
from ml_connector.transport.messages import Answer, Request


@dataclass(frozen=True, slots=True)
class CredentialField:
    """One thing a person types at connect. ``where`` says in words where it is found; ``secret`` ones are never shown.

    ``lines``: it has several lines, as a key in PEM.
    """

    name: str
    label: str
    where: str
    secret: bool = False
    required: bool = True
    choices: tuple[str, ...] = ()
    default: str = ""
    lines: bool = False


class Tokens(msgspec.Struct, frozen=True):
    """A grant's tokens as sealed in the vault. ``expires_at`` on the product's clock; ``api_base`` where calls go."""

    access_token: str
    expires_at: dt.datetime
    api_base: str
    refresh_token: str = ""
    scopes: tuple[str, ...] = ()
    extra: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Tokens(expires_at={self.expires_at.isoformat()}, api_base={self.api_base})"


Credentials = Mapping[str, str]


class Http(Protocol):
    """Plain HTTP for token and consent calls: no token, no budget; hosts limited to the connector's own."""

    async def send(self, request: Request) -> Answer:
        """One request, once. Raises NotSent or AnswerLost."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One right asked for at consent, and the flows that need it."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Consent:
    """The address a person opens to consent, and the state that must come back.

    ``verifier`` never leaves this side until the exchange: PKCE's secret, whose digest stands in the address. Whoever
    keeps the state keeps it, too; empty where the vendor knows no PKCE.
    """

    address: str
    state: str
    verifier: str = field(default="", repr=False)


VERIFIER = "code_verifier"


class Auth(ABC):
    """How a vendor's grants are won and kept alive."""

    interactive: ClassVar[bool]  # True when a person must consent in a browser
    margin: ClassVar[float]  # seconds before expiry at which a token is refreshed
    idle_days: ClassVar[float | None] = None  # after so many days without a refresh the vendor lets a grant die
    loopback: ClassVar[str] = "127.0.0.1"  # how a redirect to this machine must name it

    @abstractmethod
    async def first(self, http: Http, credentials: Credentials, clock: Clock) -> Tokens:
        """The first tokens of a non-interactive grant. Raises BadInput (which field, what to do), Throttled."""

    @abstractmethod
    async def refresh(self, http: Http, credentials: Credentials, tokens: Tokens, clock: Clock) -> Tokens:
        """New tokens. Raises Reconnect when the grant is dead, Throttled, NotSent, AnswerLost."""

    @abstractmethod
    def headers(self, credentials: Credentials, tokens: Tokens) -> Mapping[str, str]:
        """The headers that authorise an API call."""

    def reissues(self, tokens: Tokens) -> bool:
        """Whether asking again before these are over gives the same token with what is left of it: then not before."""
        return False

    def needs_consent(self, credentials: Credentials) -> bool:
        """Whether a person must consent in a browser: not where a long-lived token was given."""
        return self.interactive and not credentials.get("refresh_token")

    def consent(self, credentials: Credentials, redirect: str, state: str) -> Consent:
        """The consent address (interactive grants only)."""
        raise NotImplementedError(f"{type(self).__name__} needs no consent")

    async def exchange(
        self, http: Http, credentials: Credentials, redirect: str, returned: Mapping[str, str], clock: Clock
    ) -> Tokens:
        """Tokens for the code in the redirect's query ``returned``, its state already checked. Raises BadInput.

        Under ``VERIFIER`` stands the consent's own verifier, whatever came back under that name.
        """
        raise NotImplementedError(f"{type(self).__name__} needs no consent")
