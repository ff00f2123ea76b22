"""ServiceNow's OAuth: client credentials, a consent, a signed assertion, a user's password, or a refresh token.

Asking again within a token's life gives the same token with what is left of it, so its life is what the answer says and
never a fresh half hour. Nothing tells a wrong secret from a locked user or a grant that is switched off: the instance
answers all of them with ``server_error`` and ``access_denied``, and the sentence names each.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar
from urllib.parse import urlencode, urlsplit

import msgspec

from ml_connector.clock import Clock
from ml_connector.connectors.grants import Auth, Consent, CredentialField, Credentials, Http, Tokens
from ml_connector.connectors.servicenow import assertion
from ml_connector.connectors.servicenow.limits import throttle
from ml_connector.errors import BadInput
from ml_connector.transport.errors import AnswerLost, NotJson, Reconnect, Throttled
from ml_connector.transport.messages import Answer, Request

TOKEN_PATH, CONSENT_PATH = "/oauth_token.do", "/oauth_auth.do"
PROPERTY = "glide.oauth.inbound.client.credential.grant_type.enabled"
GRANTS = ("client_credentials", "authorization_code", "jwt_bearer", "password", "refresh_token")
# What a kind of grant needs besides the client.
_NEEDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "jwt_bearer": ("username", "private_key"),
        "password": ("username", "password"),
        "refresh_token": ("refresh_token",),
    }
)
_SHORT = 60.0  # seconds a token counts for whose answer tells no life
_REGISTRY = "ServiceNow, System OAuth, Application Registry, the client for this product"
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")

FIELDS = (
    CredentialField("address", "Instance address", "The full address in the browser, such as https://example.service-now.com"),
    CredentialField(
        "grant",
        "Kind of grant",
        "client_credentials for a client with an OAuth Application User; authorization_code for the integration user's "
        "consent in a browser; jwt_bearer for a key whose certificate the instance has; password for a user's name and "
        "password; refresh_token for one that was given",
        choices=GRANTS,
        default="client_credentials",
        required=False,
    ),
    CredentialField("client_id", "Client ID", _REGISTRY),
    CredentialField("client_secret", "Client secret", _REGISTRY, secret=True),
    CredentialField(
        "username", "User name",
        "Of the password grant the integration user's User ID; of jwt_bearer what the client's User field holds of that "
        "user, such as the e-mail", required=False,
    ),
    CredentialField("password", "Password", "Only for the password grant", secret=True, required=False),
    CredentialField(
        "private_key", "Private key",
        "Only for jwt_bearer: the RSA key in PEM whose certificate stands in the client's JWT Verifier Maps",
        secret=True, required=False, lines=True,
    ),
    CredentialField(
        "key_id", "Key ID", "Only for jwt_bearer: the Kid of the JWT Verifier Map, where it has one", required=False
    ),
    CredentialField(
        "audience", "Audience",
        "Only for jwt_bearer: what the instance asks for as the audience of an assertion, the client's ID or the address of "
        "its token endpoint", required=False, choices=assertion.AUDIENCES, default=assertion.AUDIENCES[0],
    ),
    CredentialField(
        "redirect", "Redirect address",
        "Only for authorization_code: the client's Redirect URL, exactly as entered there; left out, this product's own "
        "receiver", required=False,
    ),
    CredentialField(
        "refresh_token", "Refresh token", "Only for the refresh-token grant; it lives 100 days unless set otherwise",
        secret=True, required=False,
    ),
)  # fmt: skip


def host_of(credentials: Credentials) -> str:
    """The instance's host. Raises BadInput for an address that is not https and a host alone."""
    given = credentials.get("address", "").strip()
    parts = urlsplit(given)
    extra = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc or ":" in parts.netloc
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" or extra or not _HOST.fullmatch(host):
        raise BadInput(
            f"Instance address {given[:100]!r} is not the address of an instance: enter it in full and without a path, such "
            "as https://example.service-now.com. Only https is called."
        )
    return host


def grant_of(credentials: Credentials) -> str:
    """The chosen kind of grant. Raises BadInput."""
    chosen = credentials.get("grant") or GRANTS[0]
    if chosen not in GRANTS:
        raise BadInput(f"Kind of grant {chosen[:40]!r} is not one of {', '.join(GRANTS)}.")
    for name in ("client_id", "client_secret", *_NEEDED.get(chosen, ())):
        if not credentials.get(name, "").strip():
            field = next(one for one in FIELDS if one.name == name)
            raise BadInput(f"{field.label} is missing: it is found in {field.where}.")
    return chosen


class ServiceNowAuth(Auth):
    """Tokens of a ServiceNow instance."""

    interactive: ClassVar[bool] = False
    # The same token comes back until it is over, and nothing is sent meanwhile, so a wide margin would only hold up.
    margin: ClassVar[float] = 10.0

    def needs_consent(self, credentials: Credentials) -> bool:
        """Only a grant by code begins in a browser. Raises BadInput for a kind of grant that is none."""
        return grant_of(credentials) == "authorization_code"

    def consent(self, credentials: Credentials, redirect: str, state: str) -> Consent:
        """The page where the integration user allows the client to act as it."""
        query = {
            "response_type": "code",
            "client_id": credentials["client_id"].strip(),
            "redirect_uri": redirect,
            "state": state,
        }
        return Consent(f"https://{host_of(credentials)}{CONSENT_PATH}?{urlencode(query)}", state)

    async def exchange(
        self, http: Http, credentials: Credentials, redirect: str, returned: Mapping[str, str], clock: Clock
    ) -> Tokens:
        """Tokens for the returned code. Raises BadInput, Throttled, NotSent, AnswerLost."""
        if error := returned.get("error", ""):
            raise BadInput(
                f"The consent was not given at {host_of(credentials)} ({error[:100]}): connect again, sign in as the "
                "integration user and choose Allow."
            )
        if not returned.get("code"):
            raise BadInput("The address ServiceNow returned to carries no code: connect again from the beginning.")
        form = {"grant_type": "authorization_code", "code": returned["code"], "redirect_uri": redirect}
        return await _tokens(http, credentials, form, clock, BadInput)

    async def first(self, http: Http, credentials: Credentials, clock: Clock) -> Tokens:
        """The first tokens. Raises BadInput with everything that may be wrong, Throttled, NotSent, AnswerLost."""
        form = first_form(credentials, clock)
        return await _tokens(http, credentials, form, clock, BadInput)

    async def refresh(self, http: Http, credentials: Credentials, tokens: Tokens, clock: Clock) -> Tokens:
        """New tokens; where the refresh token is over, by the password or an assertion once more.

        Raises Reconnect when the instance refuses the grant, Throttled, NotSent, AnswerLost.
        """
        if not tokens.refresh_token:
            return await _anew(http, credentials, clock)
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        try:
            fresh = await _tokens(http, credentials, form, clock, Reconnect)
        except Reconnect:
            if grant_of(credentials) not in ("password", "jwt_bearer"):
                raise
            return await _anew(http, credentials, clock)
        return fresh if fresh.refresh_token else msgspec.structs.replace(fresh, refresh_token=tokens.refresh_token)

    def reissues(self, tokens: Tokens) -> bool:
        """Every grant gives the current token again until it is over, but for a refresh token's, which gives a new one."""
        return not tokens.refresh_token

    def headers(self, credentials: Credentials, tokens: Tokens) -> Mapping[str, str]:
        """Bearer. Cookies are never sent: they would bind all calls to one session, which drops what it cannot queue."""
        return {"Authorization": f"Bearer {tokens.access_token}"}


def first_form(credentials: Credentials, clock: Clock) -> dict[str, str]:
    """The form of the first token call, without the client. Raises BadInput."""
    match grant_of(credentials):
        case "password":
            return {
                "grant_type": "password",
                "username": credentials["username"].strip(),
                "password": credentials["password"],
            }
        case "refresh_token":
            return {"grant_type": "refresh_token", "refresh_token": credentials["refresh_token"].strip()}
        case "jwt_bearer":
            endpoint = f"https://{host_of(credentials)}{TOKEN_PATH}"
            return {"grant_type": assertion.GRANT, "assertion": assertion.signed(credentials, endpoint, clock.now())}
        case "authorization_code":
            raise BadInput("A grant by code begins with a consent in the browser: connect again and open its address.")
        case _:
            return {"grant_type": "client_credentials"}


async def _anew(http: Http, credentials: Credentials, clock: Clock) -> Tokens:
    """Tokens as at the first time, without anybody. Raises Reconnect where that takes a person, and as ``_tokens``."""
    try:
        form = first_form(credentials, clock)
    except BadInput as error:
        raise Reconnect(error.sentence) from error
    return await _tokens(http, credentials, form, clock, Reconnect)


async def _tokens(
    http: Http, credentials: Credentials, form: Mapping[str, str], clock: Clock, refused: type[BadInput | Reconnect]
) -> Tokens:
    host, asked_at = host_of(credentials), clock.now()
    who = {"client_id": credentials["client_id"].strip(), "client_secret": credentials["client_secret"].strip()}
    answer = await http.send(
        Request(
            "POST",
            f"https://{host}{TOKEN_PATH}",
            body=urlencode({**form, **who}).encode(),
            content_type="application/x-www-form-urlencoded",
        )
    )
    body = _body(answer, host, refused)
    if answer.status != 200 or "access_token" not in body:
        raise refused(_refusal(answer.status, body, host, form["grant_type"], credentials))
    return Tokens(
        access_token=str(body["access_token"]),
        expires_at=asked_at + dt.timedelta(seconds=_life(body)),
        api_base=f"https://{host}",
        refresh_token=str(body.get("refresh_token") or ""),
        extra={"scope": str(body.get("scope") or "")},
    )


def _body(answer: Answer, host: str, refused: type[BadInput | Reconnect]) -> dict[str, Any]:
    """The answer's object. Raises Throttled, AnswerLost, and at the first token BadInput where it is a web page."""
    wait = throttle(answer)
    if wait is not None:
        raise Throttled(f"{host} gives out no more tokens for now.", wait)
    if answer.status >= 500:
        raise AnswerLost(f"{host} failed with {answer.status} at the token call; it is asked again")
    try:
        body = answer.json()
    except NotJson as error:
        sentence = (
            f"{host} answered the token call with {answer.status} and a page that is no JSON: there is no such instance, it "
            "hibernates, or a proxy answers for it. Open the address in a browser; a developer instance is woken there by "
            "its owner."
        )
        raise (BadInput(sentence) if refused is BadInput else AnswerLost(sentence)) from error
    return body if isinstance(body, dict) else {}


def _refusal(status: int, body: Mapping[str, Any], host: str, grant: str, credentials: Credentials) -> str:
    """One sentence that names everything that is answered alike, and who changes it."""
    said = error_words(body)
    if "unscoped" in said.lower() or status == 403:
        return (
            f"{host} refuses this client ({said}): the ServiceNow administrator gives it, in {_REGISTRY}, the auth scope "
            "useraccount or scopes for the Table, Import Set and Batch APIs."
        )
    client = f"the client ID or secret is wrong or the client is inactive (see {_REGISTRY})"
    if grant == "client_credentials":
        return (
            f"{host} refuses the client ({said}). It does not say which, so the ServiceNow administrator looks at each: "
            f"{client}; the system property {PROPERTY} is not there or not true; the client has no OAuth Application User, "
            "or that user is inactive or locked out."
        )
    look = f"{host} refuses the user or the client ({said}). It does not say which, so look at each: {client}; the user"
    user = credentials.get("username", "")
    if grant == "password":
        return f"{look} {user!r} has another password, is locked out or inactive, or must use a second factor."
    if grant == assertion.GRANT:
        return (
            f"{look} {user!r} is nobody's value of the client's User field, locked out or inactive; the client's JWT "
            "Verifier Maps hold no certificate of this private key, or another Key ID; the client takes another audience "
            f"({' or '.join(assertion.AUDIENCES)})."
        )
    if grant == "authorization_code":
        return (
            f"{host} does not take the code of the consent ({said}): it was used before or is over, the redirect address is "
            f"not the client's Redirect URL, or {client}. Connect again from the beginning."
        )
    return (
        f"{host} refuses the refresh token ({said}): it is over or was revoked, or {client}. Have a new refresh token made "
        "and connect again."
    )


def error_words(body: Mapping[str, Any]) -> str:
    """``error`` and its description, of OAuth's shape or of the APIs'."""
    error = body.get("error")
    if isinstance(error, dict):
        return ": ".join(str(part) for part in (error.get("message"), error.get("detail")) if part)[:200]
    parts = [str(part) for part in (error, body.get("error_description")) if part]
    return ": ".join(parts)[:200] or "no reason given"


def _life(body: Mapping[str, Any]) -> float:
    """Seconds the token is still good for, by the answer's word alone."""
    stated = str(body.get("expires_in") or "")
    return float(stated) if stated.isdigit() else _SHORT
