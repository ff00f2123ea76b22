"""The token endpoint: client credentials for a signed token of 900 seconds."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.limits import SlidingWindow
from ml_connector_sandbox.servicetitan.answers import Refusal
from ml_connector_sandbox.servicetitan.books import Grant, ServiceTitanBooks
from ml_connector_sandbox.servicetitan.switches import Switches

LIFETIME_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Bearer:
    """What a valid token says."""

    grant: Grant
    scopes: frozenset[str]


def oauth_refusal(error: str, status: int = 400, headers: dict[str, str] | None = None) -> Refusal:
    return Refusal(status, {"error": error}, headers)


class Tokens:
    """Gives out tokens and reads them back. The signature is ours; only the token's shape is the vendor's."""

    def __init__(self, clock: SandboxClock, books: ServiceTitanBooks, switches: Switches) -> None:
        self._clock, self._books, self._switches = clock, books, switches
        self._key = secrets.token_bytes(32)
        self._withdrawn: set[str] = set()
        self.issued = self.refused = 0
        self.windows: dict[tuple[str, str], SlidingWindow] = {}

    def issue(self, environment: str, form: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a token request. Raises Refusal: 400 with an OAuth error, or 429."""
        try:
            grant = self._granted(environment, form)
        except Refusal:
            self.refused += 1
            raise
        self.issued += 1
        return {
            "access_token": self._signed(environment, grant),
            "expires_in": LIFETIME_SECONDS,
            "token_type": "Bearer",
            "scope": " ".join(grant.scopes),
        }

    def _granted(self, environment: str, form: Mapping[str, Any]) -> Grant:
        if form.get("grant_type") != "client_credentials":
            raise oauth_refusal("unsupported_grant_type" if form.get("grant_type") else "invalid_request")
        client_id = str(form.get("client_id", ""))
        self.count(environment, client_id)
        grant = self._books.grants.get((environment, client_id))
        given = str(form.get("client_secret", ""))
        # compared byte by byte as sent: a blank at the end of a secret is a wrong secret
        if grant is None or grant.revoked or not hmac.compare_digest(given.encode(), grant.client_secret.encode()):
            raise oauth_refusal("invalid_client")
        return grant

    def throttled(self, seconds: float) -> Refusal:
        """What is answered when a client asks too often; ``seconds`` until it may ask again."""
        return oauth_refusal("too_many_requests", 429, {"Retry-After": str(int(seconds) + 1)})

    def count(self, environment: str, client_id: str) -> None:
        """Count a token request. Raises Refusal (429)."""
        limit = self._switches.token_requests_per_minute
        if not self._switches.limits or limit == 0:
            return
        window = self.windows.setdefault((environment, client_id), SlidingWindow(self._clock, limit, 60))
        window.limit = limit
        wait = window.take()
        if wait is not None:
            raise self.throttled(wait)

    def _signed(self, environment: str, grant: Grant) -> str:
        now = int(self._clock.seconds())
        header = {"alg": "RS256", "kid": "5A4E0D61F2", "typ": "at+jwt"}
        claims = {
            "nbf": now,
            "exp": now + LIFETIME_SECONDS,
            "iss": f"https://{'auth' if environment == 'production' else 'auth-integration'}.servicetitan.io",
            "client_id": grant.client_id,
            "environment": environment,
            "iat": now,
            "jti": secrets.token_hex(16),
            "scope": list(grant.scopes),
        }
        body = f"{_text(exact.dumps(header))}.{_text(exact.dumps(claims))}"
        return f"{body}.{self._signature(body)}"

    def _signature(self, body: str) -> str:
        """256 bytes, as an RS256 signature has."""
        blocks = (hmac.digest(self._key, b"%d." % part + body.encode(), hashlib.sha512) for part in range(4))
        return _text(b"".join(blocks))

    def read(self, environment: str, token: str) -> Bearer | None:
        """What a token says; None when it is not ours, of the other environment, expired, or withdrawn."""
        body, _, signature = token.rpartition(".")
        if not token.isascii() or not hmac.compare_digest(signature.encode(), self._signature(body).encode()):
            return None
        claims: dict[str, Any] = msgspec.json.decode(_bytes(body.split(".")[1]))
        grant = self._books.grants.get((environment, claims["client_id"]))
        if grant is None or self._clock.seconds() >= claims["exp"] or claims["environment"] != environment:
            return None
        if token in self._withdrawn:
            return None
        return Bearer(grant, frozenset(claims["scope"]))

    def withdraw(self, token: str) -> None:
        """This token is refused with 401 from now on."""
        self._withdrawn.add(token)

    def withdraw_all(self) -> None:
        """Every token given out until now is refused with 401."""
        self._key = secrets.token_bytes(32)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
