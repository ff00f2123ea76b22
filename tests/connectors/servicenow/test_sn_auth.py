"""Grants: forms, lives of tokens, and a sentence for every refusal."""

from __future__ import annotations

import datetime as dt
import time
from urllib.parse import parse_qs

import pytest
from servicenow_script import NOW, answer, failure

from ml_connector.clock import Clock
from ml_connector.connectors.grants import Tokens
from ml_connector.connectors.servicenow import CONNECTOR
from ml_connector.connectors.servicenow.auth import PROPERTY
from ml_connector.errors import BadInput
from ml_connector.transport.errors import AnswerLost, Reconnect, Throttled
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio

GIVEN = {"address": "https://example.service-now.com/", "client_id": "CLIENT", "client_secret": "not-a-secret"}
USER = {**GIVEN, "grant": "password", "username": "svc", "password": "not-a-password"}
TOKEN = {"access_token": "opaque-token-1", "scope": "useraccount", "token_type": "Bearer", "expires_in": 1799}
REFUSED = {"error_description": "access_denied", "error": "server_error"}


class Http:
    """Plain HTTP that answers in order."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = [*answers]
        self.requests: list[Request] = []

    async def send(self, request: Request) -> Answer:
        self.requests.append(request)
        return self.answers.pop(0)

    def form(self, n: int = -1) -> dict[str, str]:
        return {name: value[0] for name, value in parse_qs((self.requests[n].body or b"").decode()).items()}


def clock() -> Clock:
    return Clock(NOW, time.time(), 1e-9)


async def test_client_credentials_in_a_form() -> None:
    http = Http(answer(TOKEN))
    tokens = await CONNECTOR.auth.first(http, GIVEN, clock())
    (request,) = http.requests
    assert (request.method, request.path) == ("POST", "https://example.service-now.com/oauth_token.do")
    assert request.content_type == "application/x-www-form-urlencoded"
    assert http.form() == {"grant_type": "client_credentials", "client_id": "CLIENT", "client_secret": "not-a-secret"}
    assert tokens.api_base == "https://example.service-now.com" and tokens.refresh_token == ""
    assert dict(CONNECTOR.auth.headers(GIVEN, tokens)) == {"Authorization": "Bearer opaque-token-1"}


async def test_the_life_is_what_is_left_of_it() -> None:
    for stated, seconds in ((1799, 1799), (42, 42), (None, 60)):
        tokens = await CONNECTOR.auth.first(Http(answer({**TOKEN, "expires_in": stated})), GIVEN, clock())
        assert abs((tokens.expires_at - NOW).total_seconds() - seconds) < 1


async def test_password_and_its_refresh() -> None:
    http = Http(answer({**TOKEN, "refresh_token": "r-1"}))
    tokens = await CONNECTOR.auth.first(http, USER, clock())
    assert (http.form()["username"], http.form()["password"]) == ("svc", "not-a-password")
    http = Http(answer({**TOKEN, "access_token": "opaque-token-2"}))
    fresh = await CONNECTOR.auth.refresh(http, USER, tokens, clock())
    assert http.form()["refresh_token"] == "r-1" and fresh.refresh_token == "r-1"
    http = Http(answer(REFUSED, 401), answer({**TOKEN, "refresh_token": "r-2"}))
    again = await CONNECTOR.auth.refresh(http, USER, tokens, clock())
    assert http.form()["grant_type"] == "password" and again.refresh_token == "r-2"


async def test_a_given_refresh_token() -> None:
    given = {**GIVEN, "grant": "refresh_token", "refresh_token": "r-9"}
    http = Http(answer({**TOKEN, "refresh_token": "r-9"}))
    tokens = await CONNECTOR.auth.first(http, given, clock())
    assert http.form()["refresh_token"] == "r-9" and tokens.refresh_token == "r-9"
    with pytest.raises(Reconnect, match="over or was revoked"):
        await CONNECTOR.auth.refresh(Http(answer(REFUSED, 401)), given, tokens, clock())


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (GIVEN, (PROPERTY, "OAuth Application User", "secret is wrong")),
        (USER, ("'svc'", "locked out", "secret is wrong")),
    ],
)
async def test_one_refusal_names_all_it_may_mean(given: dict[str, str], said: tuple[str, ...]) -> None:
    with pytest.raises(BadInput) as caught:
        await CONNECTOR.auth.first(Http(answer(REFUSED, 401)), given, clock())
    assert all(part in caught.value.sentence for part in said)
    tokens = Tokens("t", NOW, "https://example.service-now.com")
    with pytest.raises(Reconnect):
        await CONNECTOR.auth.refresh(Http(answer(REFUSED, 401)), given, tokens, clock())


async def test_a_scoped_client() -> None:
    given = failure(403, "User Not Authorized", "Access to unscoped api is not allowed")
    with pytest.raises(BadInput, match="useraccount"):
        await CONNECTOR.auth.first(Http(given), GIVEN, clock())


async def test_a_page_of_a_hibernating_or_unknown_instance() -> None:
    page = answer(b"<html>Your instance is hibernating</html>")
    with pytest.raises(BadInput, match="hibernates"):
        await CONNECTOR.auth.first(Http(page), GIVEN, clock())
    with pytest.raises(AnswerLost, match="hibernates"):
        await CONNECTOR.auth.refresh(Http(page), GIVEN, Tokens("t", NOW, "x"), clock())


async def test_too_many_and_outages() -> None:
    with pytest.raises(Throttled) as caught:
        await CONNECTOR.auth.first(Http(answer({}, 429, retry_after="33")), GIVEN, clock())
    assert caught.value.retry_after == 33
    with pytest.raises(AnswerLost, match="503"):
        await CONNECTOR.auth.first(Http(answer(b"", 503)), GIVEN, clock())


@pytest.mark.parametrize(
    "address",
    ["example.service-now.com", "http://example.service-now.com", "http://127.0.0.1:8080", "https://a/b",
     "https://u:p@a.com", "", "https://"],
)  # fmt: skip
def test_addresses_that_are_none(address: str) -> None:
    with pytest.raises(BadInput, match="Only https is called"):
        CONNECTOR.hosts({**GIVEN, "address": address})


def test_the_host_is_the_only_one_and_the_organisation() -> None:
    assert CONNECTOR.hosts(GIVEN) == frozenset(["example.service-now.com"])
    assert CONNECTOR.organisation_of(GIVEN) == "example.service-now.com"
    assert not CONNECTOR.auth.needs_consent(GIVEN)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"client_secret": ""}, "Client secret is missing"),
        ({"grant": "password"}, "User name is missing"),
        ({"grant": "refresh_token"}, "Refresh token is missing"),
        ({"grant": "magic"}, "'magic' is not one of"),
    ],
)
async def test_what_is_missing_is_named(more: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        await CONNECTOR.auth.first(Http(), {**GIVEN, **more}, clock())


def test_only_a_refresh_token_brings_a_new_token_before_the_old_one_is_over() -> None:
    tokens = Tokens("a", NOW, "https://example.service-now.com")
    assert CONNECTOR.auth.reissues(tokens)
    assert not CONNECTOR.auth.reissues(Tokens("a", NOW, tokens.api_base, refresh_token="r"))


def test_the_margin_is_small_since_the_same_token_comes_back() -> None:
    assert CONNECTOR.auth.margin <= 30
    assert dt.timedelta(seconds=CONNECTOR.timeout) > dt.timedelta(seconds=30)
