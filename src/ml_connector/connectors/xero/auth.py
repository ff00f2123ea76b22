"""Xero's OAuth: consent with PKCE, refresh tokens that rotate, and custom connections without a consent.

Access tokens live 30 minutes. Each refresh gives a new refresh token; the one before may be used again for 30 minutes,
for an answer that was lost, and one that is not used for 60 days dies. One consent may cover several organisations: they
share its tokens. A custom connection has no refresh token: its access token is asked for anew.

A consent is asked with PKCE, for which an app with a secret may and one without must: whoever sees the returned address
alone can do nothing with its code.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from ml_connector.clock import Clock
from ml_connector.connectors.grants import VERIFIER, Auth, Consent, CredentialField, Credentials, Http, Tokens
from ml_connector.connectors.xero.limits import whole
from ml_connector.connectors.xero.scopes import SCOPES
from ml_connector.errors import BadInput
from ml_connector.transport.errors import AnswerLost, NotJson, Reconnect, Throttled
from ml_connector.transport.messages import Answer, Request

LOGIN, IDENTITY, API = "login.xero.com", "identity.xero.com", "api.xero.com"
BASE = f"https://{API}/api.xro/2.0"
WEB, PKCE, CUSTOM = "web", "pkce", "custom"
_AUTHORISE = f"https://{LOGIN}/identity/connect/authorize"
_TOKEN = f"https://{IDENTITY}/connect/token"
_LIFE = 1_800
_WAIT = 60.0  # the identity host tells no limits
_PEOPLE = frozenset(["openid", "profile", "email", "offline_access"])  # meaningless without a person

_APPS = "developer.xero.com, My Apps, the app's Configuration page"
FIELDS = (
    CredentialField(
        "app",
        "Kind of app",
        f"{_APPS}: web is an app with a client secret, pkce one without, custom a custom connection to a single organisation",
        choices=(WEB, PKCE, CUSTOM),
        default=WEB,
    ),
    CredentialField("client_id", "Client id", _APPS),
    CredentialField(
        "client_secret", "Client secret", f"{_APPS}; an app of kind pkce has none", secret=True, required=False
    ),
    CredentialField(
        "redirect",
        "Redirect address",
        "Exactly as registered for the app; https, or http://localhost (Xero refuses http://127.0.0.1). Left empty, this "
        "product's own receiver is used",
        required=False,
    ),
)

_SENTENCES = {
    "invalid_client": "Xero does not accept the client id or the client secret: copy both again from the app's page at "
    "developer.xero.com, and check that the kind of app is right.",
    "invalid_grant": "Xero does not accept the code or refresh token: it was used before, has expired (a code lives 5 "
    "minutes, a consent 60 days without use) or was withdrawn. Connect again.",
    "invalid_scope": "Xero does not let this app ask for one of the rights: give it the scopes listed here at "
    "developer.xero.com, then connect again.",
    "unauthorized_client": "Xero does not allow this kind of app to connect so: choose the kind of app (web, pkce or custom) "
    "that its page at developer.xero.com shows.",
    "invalid_request": "Xero found the request for a token incomplete: check that client id, client secret and kind of app "
    "are entered as the app's page at developer.xero.com shows them.",
    "access_denied": "The consent was declined at Xero: connect again and choose Allow access.",
}


class XeroAuth(Auth):
    """Consent, tokens and headers of Xero."""

    interactive = True
    margin = 300.0
    idle_days = 60.0
    loopback = "localhost"  # http://127.0.0.1 is refused at registration

    def needs_consent(self, credentials: Credentials) -> bool:
        """A custom connection was authorised in Xero when it was made."""
        return kind(credentials) != CUSTOM

    def consent(self, credentials: Credentials, redirect: str, state: str) -> Consent:
        """The consent address. Raises BadInput for a custom connection, a missing secret, or an address Xero refuses."""
        _check(credentials)
        if kind(credentials) == CUSTOM:
            raise BadInput("A custom connection is authorised in Xero itself and needs no consent here: connect it.")
        verifier = secrets.token_urlsafe(32)
        query = {
            "response_type": "code",
            "client_id": credentials["client_id"],
            "redirect_uri": redirect_address(credentials, redirect),
            "scope": " ".join(scope.name for scope in SCOPES),
            "state": state,
            "code_challenge": challenge(verifier),
            "code_challenge_method": "S256",
        }
        return Consent(f"{_AUTHORISE}?{urlencode(query, quote_via=quote)}", state, verifier)

    async def exchange(
        self, http: Http, credentials: Credentials, redirect: str, returned: Mapping[str, str], clock: Clock
    ) -> Tokens:
        """Tokens for the returned code. Raises BadInput, Throttled, NotSent, AnswerLost."""
        if error := returned.get("error", ""):
            raise BadInput(_sentence(error))
        if not returned.get("code"):
            raise BadInput("The address Xero returned to carries no code: connect again from the beginning.")
        form = {
            "grant_type": "authorization_code",
            "code": returned["code"],
            "redirect_uri": redirect_address(credentials, redirect),
            VERIFIER: returned.get(VERIFIER, ""),
        }
        body = await _ask(http, credentials, form)
        if error := _error(body):
            raise BadInput(_sentence(error))
        if not body.get("refresh_token"):
            raise BadInput("Xero issued no refresh token: connect again and allow offline access.")
        return _tokens(body, clock, None)

    async def first(self, http: Http, credentials: Credentials, clock: Clock) -> Tokens:
        """The token of a custom connection. Raises BadInput, Throttled, NotSent, AnswerLost."""
        _check(credentials)
        if kind(credentials) != CUSTOM:
            raise BadInput("Only a custom connection works without consent: connect with the consent screen.")
        body = await _ask(http, credentials, _client_form())
        if error := _error(body):
            raise BadInput(_sentence(error))
        return _tokens(body, clock, None)

    async def refresh(self, http: Http, credentials: Credentials, tokens: Tokens, clock: Clock) -> Tokens:
        """A new pair; for a custom connection a new access token. Scopes stay where the answer names none.

        Raises Reconnect for an error Xero is known to give, Throttled, NotSent, and AnswerLost for all else: a grant is
        never given up for an error that nobody knows. After AnswerLost the old pair may be used again for 30 minutes.
        """
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        body = await _ask(http, credentials, _client_form() if kind(credentials) == CUSTOM else form)
        if (error := _error(body)) and error not in _SENTENCES:
            raise AnswerLost(f"{IDENTITY} refused a token with {error[:100]!r}, which Xero does not document")
        if error:
            raise Reconnect(_sentence(error))
        return _tokens(body, clock, tokens)

    def headers(self, credentials: Credentials, tokens: Tokens) -> Mapping[str, str]:
        """The bearer token; the organisation goes with each call."""
        return {"Authorization": f"Bearer {tokens.access_token}"}


def kind(credentials: Credentials) -> str:
    """The kind of app. Raises BadInput."""
    chosen = credentials.get("app", "") or WEB
    if chosen not in (WEB, PKCE, CUSTOM):
        raise BadInput(f"Kind of app {chosen!r} is not one of {WEB}, {PKCE}, {CUSTOM}.")
    return chosen


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    return _text(hashlib.sha256(verifier.encode()).digest())


def redirect_address(credentials: Credentials, own: str) -> str:
    """The registered redirect address, else this product's own receiver. Raises BadInput for one that Xero refuses."""
    address = credentials.get("redirect", "").strip() or own
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname == "localhost"):
        raise BadInput(
            f"Xero does not take the redirect address {address[:200]!r}: register and enter one that begins with https://, "
            "or http://localhost."
        )
    return address


def _check(credentials: Credentials) -> None:
    chosen = kind(credentials)
    if chosen != PKCE and not credentials.get("client_secret"):
        raise BadInput(f"An app of kind {chosen} has a client secret: enter it, or choose pkce.")


def _client_form() -> dict[str, str]:
    asked = [scope.name for scope in SCOPES if scope.name not in _PEOPLE]
    return {"grant_type": "client_credentials", "scope": " ".join(asked)}


def _text(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


async def _ask(http: Http, credentials: Credentials, form: Mapping[str, str]) -> dict[str, Any]:
    """One token call. Raises Throttled, NotSent, AnswerLost (5xx too); any other error is in the returned body."""
    who: dict[str, str] = {}
    headers: dict[str, str] = {}
    if kind(credentials) == PKCE:
        who = {"client_id": credentials["client_id"]}
    else:
        pair = f"{credentials['client_id']}:{credentials.get('client_secret', '')}"
        headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    content = "application/x-www-form-urlencoded"
    answer = await http.send(
        Request("POST", _TOKEN, body=urlencode({**form, **who}).encode(), content_type=content, headers=headers)
    )
    return _answered(answer)


def _answered(answer: Answer) -> dict[str, Any]:
    if answer.status == 429:
        wait = whole(answer.headers.get("retry-after", ""))
        raise Throttled("Xero gives out no more tokens for the moment.", float(wait) if wait is not None else _WAIT)
    if answer.status >= 500:
        raise AnswerLost(f"{IDENTITY} failed with {answer.status} at the token call; it is asked again")
    try:
        body = answer.json()
    except NotJson as error:
        raise AnswerLost(f"{IDENTITY} answered {answer.status} with no JSON at the token call") from error
    if not isinstance(body, dict) or ("access_token" not in body and not _error(body)):
        raise AnswerLost(f"{IDENTITY} answered {answer.status} without a token")
    return body


def _error(body: Mapping[str, Any]) -> str:
    return str(body.get("error") or "")


def _sentence(error: str) -> str:
    unknown = f"Xero refused with {error[:100]!r}: connect again; if it stays, check the app at developer.xero.com."
    return _SENTENCES.get(error, unknown)


def _tokens(body: Mapping[str, Any], clock: Clock, before: Tokens | None) -> Tokens:
    stated = whole(str(body.get("expires_in") or ""))
    scopes = tuple(str(body.get("scope") or "").split())
    return Tokens(
        access_token=str(body["access_token"]),
        expires_at=clock.now() + timedelta(seconds=min(stated or _LIFE, _LIFE)),
        api_base=BASE,
        refresh_token=str(body.get("refresh_token") or (before.refresh_token if before else "")),
        scopes=scopes or (before.scopes if before else ()),
    )
