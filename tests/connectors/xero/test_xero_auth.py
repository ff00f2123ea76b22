"""Consent, exchange, rotation and custom connections: what is asked, and what each error means."""

from __future__ import annotations

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from xero_script import answer, clock

from ml_connector.connectors.grants import VERIFIER, Consent, Tokens
from ml_connector.connectors.xero import CONNECTOR
from ml_connector.connectors.xero.scopes import SCOPES, granted
from ml_connector.errors import BadInput, ConnectorError
from ml_connector.service.connecting import checked_return
from ml_connector.transport.errors import AnswerLost, Reconnect, Throttled
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio

WEB = {"app": "web", "client_id": "CLIENT", "client_secret": "s3cret"}
PKCE = {"app": "pkce", "client_id": "CLIENT"}
CUSTOM = {"app": "custom", "client_id": "CLIENT", "client_secret": "s3cret"}
OWN = "http://localhost:8743/oauth/xero"
GOOD = {
    "access_token": "at",
    "refresh_token": "rt2",
    "expires_in": 1800,
    "token_type": "Bearer",
    "scope": "openid accounting.invoices offline_access",
}


class OneAnswer:
    """An Http that gives one answer and keeps the request."""

    def __init__(self, body: object, status: int = 200, **headers: str) -> None:
        self.given = answer(body, status, **headers)
        self.request = Request("", "")

    async def send(self, request: Request) -> Answer:
        self.request = request
        return self.given

    @property
    def form(self) -> dict[str, str]:
        return {name: value[0] for name, value in parse_qs((self.request.body or b"").decode()).items()}


def held(refresh: str = "rt1") -> Tokens:
    return Tokens("old", clock().now(), "https://api.xero.com/api.xro/2.0", refresh, ("accounting.contacts",))


def asked_for(consent: Consent) -> dict[str, str]:
    parts = urlsplit(consent.address)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "login.xero.com", "/identity/connect/authorize")
    return {name: value[0] for name, value in parse_qs(parts.query).items()}


@pytest.mark.parametrize("credentials", [WEB, PKCE])
async def test_the_consent_asks_for_every_flow_and_its_challenge_fits_the_exchange(credentials: dict[str, str]) -> None:
    asked = CONNECTOR.auth.consent(credentials, OWN, "st/ate")
    query = asked_for(asked)
    assert query["scope"].split() == [scope.name for scope in SCOPES]
    assert "offline_access" in query["scope"] and "accounting.banktransactions" in query["scope"]
    assert (query["response_type"], query["state"], query["code_challenge_method"]) == ("code", "st/ate", "S256")
    http = OneAnswer(GOOD)
    returned = checked_return(asked, {"code": "c", "state": "st/ate", VERIFIER: "what an attacker would like"})
    tokens = await CONNECTOR.auth.exchange(http, credentials, OWN, returned, clock())
    verifier = http.form["code_verifier"]
    assert 43 <= len(verifier) <= 128
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    assert digest == query["code_challenge"]
    assert http.request.path == "https://identity.xero.com/connect/token"
    assert http.form["redirect_uri"] == query["redirect_uri"] == OWN
    assert (tokens.refresh_token, tokens.api_base) == ("rt2", "https://api.xero.com/api.xro/2.0")
    assert 1790 < (tokens.expires_at - clock().now()).total_seconds() <= 1800


def test_who_sees_addresses_cannot_make_the_verifier() -> None:
    asked, again = (CONNECTOR.auth.consent(PKCE, OWN, "s") for _ in range(2))
    assert asked.verifier != again.verifier
    assert asked.verifier not in asked.address and asked.verifier not in repr(asked)


async def test_a_secret_goes_in_the_header_and_without_one_only_the_client_id_is_told() -> None:
    web, pkce = OneAnswer(GOOD), OneAnswer(GOOD)
    await CONNECTOR.auth.refresh(web, WEB, held(), clock())
    assert web.request.headers["Authorization"] == "Basic " + base64.b64encode(b"CLIENT:s3cret").decode()
    assert "client_id" not in web.form and web.form["refresh_token"] == "rt1"
    await CONNECTOR.auth.refresh(pkce, PKCE, held(), clock())
    assert pkce.form["client_id"] == "CLIENT" and "Authorization" not in pkce.request.headers


async def test_a_refresh_rotates_the_pair_and_keeps_scopes_that_are_not_told() -> None:
    body = {name: value for name, value in GOOD.items() if name != "scope"}
    tokens = await CONNECTOR.auth.refresh(OneAnswer(body), WEB, held(), clock())
    assert (tokens.access_token, tokens.refresh_token) == ("at", "rt2")
    assert tokens.scopes == ("accounting.contacts",)
    assert CONNECTOR.auth.headers(WEB, tokens) == {"Authorization": "Bearer at"}
    assert (CONNECTOR.auth.idle_days, CONNECTOR.auth.margin) == (60, 300)


async def test_a_custom_connection_mints_its_token_anew_without_consent() -> None:
    body = {"access_token": "at", "expires_in": 1800, "token_type": "Bearer"}
    http = OneAnswer(body)
    tokens = await CONNECTOR.auth.first(http, CUSTOM, clock())
    assert http.form["grant_type"] == "client_credentials" and "refresh_token" not in http.form
    assert "accounting.invoices" in http.form["scope"] and "offline_access" not in http.form["scope"]
    assert tokens.refresh_token == ""
    again = OneAnswer(body)
    await CONNECTOR.auth.refresh(again, CUSTOM, tokens, clock())
    assert again.form["grant_type"] == "client_credentials"
    assert not CONNECTOR.auth.needs_consent(CUSTOM)
    assert CONNECTOR.auth.needs_consent(WEB) and CONNECTOR.auth.needs_consent(PKCE)


@pytest.mark.parametrize(
    ("body", "status", "error", "words"),
    [
        ({"error": "invalid_grant"}, 400, Reconnect, "Connect again"),
        ({"error": "invalid_client"}, 400, Reconnect, "client secret"),
        ({"error": "unauthorized_client"}, 400, Reconnect, "kind of app"),
        ({"error": "invalid_scope"}, 400, Reconnect, "scopes"),
        ({"error": "brand_new"}, 400, AnswerLost, "does not document"),
        ({"error": "invalid_grant"}, 503, AnswerLost, "503"),
        (b"<html>gateway</html>", 200, AnswerLost, "no JSON"),
        ({}, 200, AnswerLost, "without a token"),
        (b"", 429, Throttled, "no more tokens"),
    ],
)
async def test_what_a_failed_refresh_proves(body: Any, status: int, error: type[ConnectorError], words: str) -> None:
    with pytest.raises(error, match=words):
        await CONNECTOR.auth.refresh(OneAnswer(body, status), WEB, held(), clock())


@pytest.mark.parametrize(
    ("error", "words"),
    [("invalid_grant", "a code lives 5 minutes"), ("invalid_client", "client id"), ("access_denied", "declined")],
)
async def test_what_goes_wrong_at_connect_is_one_sentence_for_the_person(error: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        await CONNECTOR.auth.exchange(OneAnswer({"error": error}, 400), WEB, OWN, {"code": "c", "state": "s"}, clock())
    with pytest.raises(BadInput, match=words):
        await CONNECTOR.auth.exchange(OneAnswer(GOOD), WEB, OWN, {"error": error, "state": "s"}, clock())


async def test_a_consent_that_would_die_in_half_an_hour_is_refused() -> None:
    body = {name: value for name, value in GOOD.items() if name != "refresh_token"}
    with pytest.raises(BadInput, match="no refresh token"):
        await CONNECTOR.auth.exchange(OneAnswer(body), WEB, OWN, {"code": "c", "state": "s"}, clock())
    with pytest.raises(BadInput, match="carries no code"):
        await CONNECTOR.auth.exchange(OneAnswer(GOOD), WEB, OWN, {"state": "s"}, clock())


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({"app": "web", "client_id": "C"}, "has a client secret"),
        ({"app": "spa", "client_id": "C"}, "not one of web, pkce, custom"),
        (CUSTOM, "needs no consent"),
        ({**WEB, "redirect": "http://127.0.0.1/x"}, "http://localhost"),
        ({**WEB, "redirect": "http://books.example.com/x"}, "https://"),
    ],
)
def test_what_was_entered_wrongly_is_said_before_anything_is_asked(credentials: dict[str, str], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        CONNECTOR.auth.consent(credentials, OWN, "s")


async def test_only_a_custom_connection_connects_without_a_browser() -> None:
    with pytest.raises(BadInput, match="Only a custom connection"):
        await CONNECTOR.auth.first(OneAnswer(GOOD), WEB, clock())


def test_a_right_is_held_by_its_own_name_by_the_writing_one_or_by_the_broad_one() -> None:
    assert granted("accounting.settings.read", {"accounting.settings"})
    assert granted("accounting.banktransactions", {"accounting.transactions"})
    assert not granted("accounting.invoices", {"accounting.invoices.read", "accounting.contacts"})
    assert not granted("accounting.contacts", {"accounting.transactions"})


def test_secrets_are_not_shown_and_the_hosts_are_xeros() -> None:
    assert "rt1" not in repr(held())
    assert CONNECTOR.hosts(WEB) == {"login.xero.com", "identity.xero.com", "api.xero.com"}
    secret = [field.name for field in CONNECTOR.credentials if field.secret]
    assert secret == ["client_secret"]
    assert set(CONNECTOR.seen_by_session(WEB, {"tier": "core"})) == {"app", "client_id", "tier"}
