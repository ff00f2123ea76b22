"""Consent address, exchange, refresh: which server is asked, and what each error means."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from zoho_script import answer, clock

from ml_connector.clock import Clock
from ml_connector.connectors.grants import Tokens
from ml_connector.connectors.zoho_books import CONNECTOR, regions
from ml_connector.connectors.zoho_books.scopes import SCOPES
from ml_connector.errors import BadInput, ConnectorError
from ml_connector.transport.errors import AnswerLost, Reconnect, Throttled
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio

GIVEN = {"data_centre": "us", "client_id": "1000.ABC", "client_secret": "s3cret"}
REDIRECT = "http://127.0.0.1:8765/consent"
GOOD = {
    "access_token": "at",
    "refresh_token": "rt",
    "api_domain": "https://www.zohoapis.com",
    "token_type": "Bearer",
    "expires_in": 3600,
}
TOO_MANY = {
    "error": "Access Denied",
    "error_description": "You have made too many requests continuously. Please try again after some time.",
    "status": "failure",
}


class OneAnswer:
    """An Http that gives one answer and keeps the request."""

    def __init__(self, body: object, status: int = 200) -> None:
        self.given = answer(body, status)
        self.request = Request("", "")

    async def send(self, request: Request) -> Answer:
        self.request = request
        return self.given

    @property
    def form(self) -> dict[str, str]:
        return {name: value[0] for name, value in parse_qs((self.request.body or b"").decode()).items()}


def held(**extra: str) -> Tokens:
    return Tokens("old", clock().now(), "https://www.zohoapis.com/books/v3", "rt", extra=extra)


async def exchange(http: OneAnswer, **returned: str) -> Tokens:
    return await CONNECTOR.auth.exchange(http, GIVEN, REDIRECT, {"code": "c", "state": "s", **returned}, clock())


def test_the_consent_address_asks_once_for_every_flow_and_for_offline_access() -> None:
    consent = CONNECTOR.auth.consent({**GIVEN, "data_centre": "ca"}, REDIRECT, "st/ate")
    parts = urlsplit(consent.address)
    query = {name: value[0] for name, value in parse_qs(parts.query).items()}
    assert (parts.netloc, parts.path) == ("accounts.zohocloud.ca", "/oauth/v2/auth")
    assert query["scope"].split(",") == [scope.name for scope in SCOPES]
    assert (query["access_type"], query["prompt"], query["response_type"]) == ("offline", "consent", "code")
    assert (query["state"], query["redirect_uri"], consent.state) == ("st/ate", REDIRECT, "st/ate")
    assert all(scope.why for scope in SCOPES)


def test_a_registered_redirect_address_goes_before_our_own() -> None:
    address = CONNECTOR.auth.consent({**GIVEN, "redirect": "https://ml.example.com/cb"}, REDIRECT, "s").address
    assert "redirect_uri=https%3A%2F%2Fml.example.com%2Fcb" in address


async def test_the_code_is_exchanged_at_the_server_the_redirect_names() -> None:
    http = OneAnswer({**GOOD, "api_domain": "https://www.zohoapis.eu"})
    tokens = await exchange(http, **{"accounts-server": "https://accounts.zoho.eu", "location": "eu"})
    assert http.request.path == "https://accounts.zoho.eu/oauth/v2/token"
    assert http.request.content_type == "application/x-www-form-urlencoded"
    assert (http.form["grant_type"], http.form["code"], http.form["redirect_uri"]) == (
        "authorization_code",
        "c",
        REDIRECT,
    )
    assert tokens.api_base == "https://www.zohoapis.eu/books/v3"
    assert "eu" in tokens.extra["notice"] and "us was chosen" in tokens.extra["notice"]


@pytest.mark.parametrize(
    "server",
    [
        "https://accounts.zoho.com.evil.example",
        "http://accounts.zoho.com",
        "https://accounts.zoho.com:444",
        "https://accounts.zoho.com@evil.example",
        "https://evil.example/accounts.zoho.com",
        "https://accounts.zoho.ca",
    ],
)
async def test_an_unknown_accounts_server_never_sees_the_secret(server: str) -> None:
    http = OneAnswer(GOOD)
    with pytest.raises(BadInput, match="none of Zoho's eight"):
        await exchange(http, **{"accounts-server": server})
    assert http.request.path == ""


async def test_an_unknown_api_host_is_refused() -> None:
    with pytest.raises(BadInput, match="none of its known hosts"):
        await exchange(OneAnswer({**GOOD, "api_domain": "https://www.zohoapis.example"}))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ("invalid_client", "client id is wrong, or the data centre is"),
        ("invalid_client_secret", "client secret"),
        ("invalid_redirect_uri", "redirect address"),
        ("invalid_code", "connect again"),
    ],
)
async def test_errors_inside_200_become_sentences(error: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        await exchange(OneAnswer({"error": error}))


async def test_a_wrong_data_centre_is_named_when_the_client_is_unknown_there() -> None:
    with pytest.raises(BadInput, match="choose in"):
        await exchange(OneAnswer({"error": "invalid_client"}), **{"accounts-server": "https://accounts.zoho.in"})


async def test_a_declined_consent_is_said_so() -> None:
    with pytest.raises(BadInput, match="declined"):
        await CONNECTOR.auth.exchange(OneAnswer(GOOD), GIVEN, REDIRECT, {"error": "access_denied"}, clock())


async def test_an_exchange_without_refresh_token_is_refused() -> None:
    body = {name: value for name, value in GOOD.items() if name != "refresh_token"}
    with pytest.raises(BadInput, match="no refresh token"):
        await exchange(OneAnswer(body))


async def test_a_self_client_needs_no_consent() -> None:
    tokens = await CONNECTOR.auth.first(OneAnswer(GOOD), {**GIVEN, "refresh_token": "self"}, clock())
    assert tokens.refresh_token == "self"
    with pytest.raises(BadInput):
        await CONNECTOR.auth.first(OneAnswer(GOOD), GIVEN, clock())


async def test_a_refresh_keeps_the_refresh_token_and_asks_where_the_account_lives() -> None:
    now: Clock = clock()
    http = OneAnswer({name: value for name, value in GOOD.items() if name != "refresh_token"})
    tokens = await CONNECTOR.auth.refresh(http, GIVEN, held(accounts="https://accounts.zoho.in"), now)
    assert http.request.path == "https://accounts.zoho.in/oauth/v2/token"
    assert http.form["refresh_token"] == tokens.refresh_token == "rt"
    assert 3590 < (tokens.expires_at - now.now()).total_seconds() <= 3600
    assert CONNECTOR.auth.headers(GIVEN, tokens) == {"Authorization": "Zoho-oauthtoken at"}
    assert CONNECTOR.auth.margin == 300


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"error": "invalid_code"}, 200, Reconnect),
        ({"error": "invalid_client"}, 200, Reconnect),
        (TOO_MANY, 400, Throttled),
        ({**GOOD, "api_domain": "https://evil.example"}, 200, Reconnect),
        (b"<html>error</html>", 200, AnswerLost),
        ({}, 500, AnswerLost),
        ({"error": "invalid_code"}, 503, AnswerLost),
        ({"error": "server_error"}, 500, AnswerLost),
        ({"error": "general_error"}, 200, AnswerLost),
        ({"error": "invalid_client_secret"}, 400, Reconnect),
    ],
)
async def test_what_a_failed_refresh_proves(body: Any, status: int, error: type[ConnectorError]) -> None:
    with pytest.raises(error):
        await CONNECTOR.auth.refresh(OneAnswer(body, status), GIVEN, held(), clock())


async def test_a_refresh_that_names_no_scopes_keeps_those_that_were_granted() -> None:
    known = msgspec.structs.replace(held(), scopes=("ZohoBooks.bills.ALL",))
    assert (await CONNECTOR.auth.refresh(OneAnswer(GOOD), GIVEN, known, clock())).scopes == known.scopes
    told = await CONNECTOR.auth.refresh(OneAnswer({**GOOD, "scope": "a,b c"}), GIVEN, known, clock())
    assert told.scopes == ("a", "b", "c")


async def test_a_failing_accounts_server_is_no_mistake_of_the_person_who_connects() -> None:
    with pytest.raises(AnswerLost, match="503"):
        await exchange(OneAnswer({"error": "invalid_code"}, 503))


def test_the_eight_data_centres() -> None:
    assert len(regions.REGIONS) == 8
    assert CONNECTOR.hosts(GIVEN) == regions.HOSTS
    assert all(regions.by_accounts(region.accounts_address) is region for region in regions.REGIONS)
    with pytest.raises(BadInput, match="us, eu"):
        CONNECTOR.auth.consent({**GIVEN, "data_centre": "uk"}, REDIRECT, "s")


def test_tokens_are_not_shown() -> None:
    assert "old" not in repr(held())
