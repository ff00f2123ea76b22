"""Client credentials at ServiceTitan: one token of about 900 seconds per (application, tenant, environment).

There is no refresh token: a refresh is the same call again. Nothing but the token endpoint is called here; whether the
application key and the tenant id are right shows at the first API call, see ``errors.rights``.
"""

from __future__ import annotations

import base64
import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import urlencode

import msgspec

from ml_connector.clock import Clock
from ml_connector.connectors.grants import Auth, CredentialField, Credentials, Http, Tokens
from ml_connector.connectors.servicetitan import errors
from ml_connector.connectors.servicetitan.limits import wait
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotJson, Reconnect, Throttled
from ml_connector.transport.messages import Answer, Request

_PORTAL = "the ServiceTitan developer portal, My Apps, your application"
_ACCESS = "ServiceTitan, Settings, Integrations, API Application Access, your application"

FIELDS = (
    CredentialField(
        "environment",
        "Environment",
        "production for the company's real account, integration for ServiceTitan's test environment",
        choices=("production", "integration"),
        default="production",
    ),
    CredentialField("tenant", "Tenant ID", f"{_ACCESS}: the number called Tenant ID"),
    CredentialField("client_id", "Client ID", f"{_ACCESS}: it starts with cid"),
    CredentialField(
        "client_secret", "Client Secret", f"{_ACCESS}: Generate; it is shown once and starts with cs", secret=True
    ),
    CredentialField("app_key", "App Key", f"{_PORTAL}: it starts with ak1", secret=True),
    CredentialField(
        "application_guid",
        "External Data Application GUID",
        f"{_PORTAL}; our references are kept under it on customers and vendors. Without it, one that may have been "
        "created is looked for by name and address",
        required=False,
    ),
)

# What OAuth says of a client that is unknown, or may not have this kind of token.
_DEAD = frozenset(["invalid_client", "invalid_grant", "unauthorized_client"])
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Environment:
    """The two hosts of one ServiceTitan environment."""

    auth_host: str
    api_host: str


_ENVIRONMENTS: Mapping[str, Environment] = {
    "production": Environment("auth.servicetitan.io", "api.servicetitan.io"),
    "integration": Environment("auth-integration.servicetitan.io", "api-integration.servicetitan.io"),
}


def environment(credentials: Credentials) -> Environment:
    """The hosts of the chosen environment. Raises BadInput when it is neither production nor integration."""
    chosen = credentials.get("environment", "")
    if chosen not in _ENVIRONMENTS:
        raise BadInput(f"Environment is {chosen!r}: choose production or integration.")
    return _ENVIRONMENTS[chosen]


def validate(credentials: Credentials) -> None:
    """Refuse credentials that cannot be right, naming the field. Nothing is trimmed: a blank in a secret is an error.

    Raises BadInput.
    """
    environment(credentials)
    for field in FIELDS:
        _validate_field(field, credentials.get(field.name, ""))
    if not _DIGITS.fullmatch(credentials["tenant"]):
        raise BadInput(f"Tenant ID {credentials['tenant']!r} is not a number: it is found in {FIELDS[1].where}.")
    guid = credentials.get("application_guid", "")
    if guid and not _GUID.fullmatch(guid):
        raise BadInput("External Data Application GUID is not a GUID such as 01234567-89ab-cdef-0123-456789abcdef.")


def _validate_field(field: CredentialField, value: str) -> None:
    if not value and field.required:
        raise BadInput(f"{field.label} is missing: it is found in {field.where}.")
    if any(character.isspace() or not character.isprintable() for character in value):
        raise BadInput(f"{field.label} contains a blank or line break, perhaps copied along: paste it without.")


class _Grant(msgspec.Struct):
    """The token endpoint's answer; ``scope`` is a list of words separated by blanks."""

    access_token: str
    expires_in: int
    scope: str | None = None


class _Claims(msgspec.Struct):
    """What is read of the token itself; the signature is for ServiceTitan's own servers."""

    scope: list[str] | str = ""


class ServiceTitanAuth(Auth):
    """Non-interactive client credentials."""

    interactive: ClassVar[bool] = False
    margin: ClassVar[float] = 120.0

    async def first(self, http: Http, credentials: Credentials, clock: Clock) -> Tokens:
        """A first token. Raises BadInput naming the field, Throttled, NotSent, AnswerLost, Outage."""
        validate(credentials)
        return await self._token(http, credentials, clock, BadInput)

    async def refresh(self, http: Http, credentials: Credentials, tokens: Tokens, clock: Clock) -> Tokens:
        """A new token in place of ``tokens``. Raises Reconnect when client id or secret are no longer accepted.

        Any other refusal is an Outage: it says nothing of the grant.
        """
        return await self._token(http, credentials, clock, Reconnect)

    def headers(self, credentials: Credentials, tokens: Tokens) -> Mapping[str, str]:
        """Token and application key; a call without the key is answered 401."""
        return {"Authorization": f"Bearer {tokens.access_token}", "ST-App-Key": credentials["app_key"]}

    async def _token(
        self, http: Http, credentials: Credentials, clock: Clock, refused: type[BadInput | Reconnect]
    ) -> Tokens:
        hosts = environment(credentials)
        asked_at = clock.now()
        answer = await http.send(_token_request(hosts, credentials))
        grant = _granted(answer, refused)
        return Tokens(
            grant.access_token,
            asked_at + dt.timedelta(seconds=grant.expires_in),
            f"https://{hosts.api_host}",
            scopes=scopes(grant.access_token) or tuple((grant.scope or "").split()),
        )


def _token_request(hosts: Environment, credentials: Credentials) -> Request:
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials["client_id"],
        "client_secret": credentials["client_secret"],
    }
    return Request(
        "POST",
        f"https://{hosts.auth_host}/connect/token",
        body=urlencode(form).encode(),
        content_type="application/x-www-form-urlencoded",
        safe=True,
    )


def _granted(answer: Answer, refused: type[BadInput | Reconnect]) -> _Grant:
    if answer.status == 200:
        return _read_grant(answer)
    if answer.status == 429:
        raise Throttled("ServiceTitan's token service says too many calls.", wait(answer) or 0.0)
    if answer.status >= 500:
        raise errors.Outage(f"ServiceTitan's token service failed with {answer.status}.")
    code = _oauth_error(answer)
    if answer.status == 401 or code in _DEAD:
        raise refused(
            "ServiceTitan does not know this pair of Client ID and Client Secret: check both and the environment, or "
            f"generate a new secret ({_ACCESS}); a secret of the other environment is never accepted."
        )
    said = f"ServiceTitan's token service refused with {answer.status} {code or errors.problem(answer)}."
    if refused is Reconnect:  # nothing that speaks of the client: a proxy, a changed address, a bad hour
        raise errors.Outage(f"{said} It is asked again; if it stays, ask ServiceTitan's support.")
    raise refused(said)


def _read_grant(answer: Answer) -> _Grant:
    try:
        return msgspec.json.decode(answer.body, type=_Grant)
    except msgspec.ValidationError as error:
        raise errors.UnexpectedShape(f"ServiceTitan's token answer is not as documented: {error}.") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise NotJson(answer.status, b"") from error  # the body may carry a token: it is not shown


def _oauth_error(answer: Answer) -> str:
    try:
        body = answer.json()
    except NotJson:
        return ""
    return str(body.get("error", "")) if isinstance(body, dict) else ""


def scopes(access_token: str) -> tuple[str, ...]:
    """The scopes in the token's own claim ``scope`` (an array, or one string); empty when the token cannot be read."""
    try:
        payload = access_token.split(".")[1]
        text = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        claims = msgspec.json.decode(text, type=_Claims)
    except (IndexError, ValueError, msgspec.DecodeError):
        return ()
    named = claims.scope.split() if isinstance(claims.scope, str) else claims.scope
    return tuple(named)
