"""Credentials are refused in one sentence; tokens carry host, expiry and scopes."""

from __future__ import annotations

import base64
import datetime as dt
import json
from dataclasses import dataclass, field

import pytest

from ml_connector.connectors.servicetitan import CONNECTOR
from ml_connector.connectors.servicetitan.auth import scopes, validate
from ml_connector.connectors.servicetitan.errors import Outage, UnexpectedShape
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotJson, Reconnect, Throttled, TransportError
from ml_connector.transport.messages import Answer, Request
from tests.connectors.servicetitan.servicetitan_script import NOON, answer, still

pytestmark = pytest.mark.anyio
GOOD = {
    "environment": "integration",
    "tenant": "1234567",
    "client_id": "cid.abc",
    "client_secret": "cs1.a&b=c",
    "app_key": "ak1.xyz",
}


def jwt(claims: object) -> str:
    text = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{text}.c2ln"


@dataclass
class Wire:
    reply: Answer
    sent: list[Request] = field(default_factory=list)

    async def send(self, request: Request) -> Answer:
        self.sent.append(request)
        return self.reply


def granted(token: str) -> Wire:
    return Wire(answer(200, {"access_token": token, "expires_in": 900, "token_type": "Bearer", "scope": "a b"}))


async def test_token() -> None:
    wire = granted(jwt({"scope": ["tn.acc.apbills:r", "tn.inv.vendors:r"]}))
    tokens = await CONNECTOR.auth.first(wire, GOOD, still(NOON))
    assert tokens.scopes == ("tn.acc.apbills:r", "tn.inv.vendors:r")
    assert tokens.api_base == "https://api-integration.servicetitan.io"
    assert abs(tokens.expires_at - NOON - dt.timedelta(seconds=900)) < dt.timedelta(seconds=1)
    assert CONNECTOR.auth.margin == 120
    request = wire.sent[0]
    assert request.path == "https://auth-integration.servicetitan.io/connect/token"
    assert request.body == b"grant_type=client_credentials&client_id=cid.abc&client_secret=cs1.a%26b%3Dc"
    assert request.content_type == "application/x-www-form-urlencoded"
    headers = CONNECTOR.auth.headers(GOOD, tokens)
    assert headers == {"Authorization": f"Bearer {tokens.access_token}", "ST-App-Key": "ak1.xyz"}


def test_scopes_of_the_claim() -> None:
    assert scopes(jwt({"scope": "a b"})) == ("a", "b")
    assert scopes(jwt({})) == ()
    for bad in ("", "x", "a.b", "a.!!!.c", "a.eyJ4.c"):
        assert scopes(bad) == ()


async def test_scopes_fall_back_to_the_answer() -> None:
    assert (await CONNECTOR.auth.first(granted("opaque"), GOOD, still(NOON))).scopes == ("a", "b")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"client_secret": "cs1.abc "}, "Client Secret contains a blank"),
        ({"client_secret": "cs1.abc\n"}, "Client Secret contains a blank"),
        ({"client_secret": "cs1\u200babc"}, "Client Secret contains a blank"),
        ({"app_key": ""}, "App Key is missing"),
        ({"tenant": "acme"}, "Tenant ID 'acme' is not a number"),
        ({"environment": "prod"}, "choose production or integration"),
        ({"application_guid": "123"}, "is not a GUID"),
    ],
)
def test_what_cannot_be_right_is_refused(wrong: dict[str, str], words: str) -> None:
    with pytest.raises(BadInput, match=words) as caught:
        validate({**GOOD, **wrong})
    assert "cs1" not in str(caught.value)


@pytest.mark.parametrize("status", [400, 401])
async def test_unknown_client(status: int) -> None:
    wire = Wire(answer(status, {"error": "invalid_client"}))
    with pytest.raises(BadInput, match="Client ID and Client Secret"):
        await CONNECTOR.auth.first(wire, GOOD, still(NOON))
    tokens = await CONNECTOR.auth.first(granted("t"), GOOD, still(NOON))
    with pytest.raises(Reconnect, match="Client ID and Client Secret"):
        await CONNECTOR.auth.refresh(wire, GOOD, tokens, still(NOON))


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (answer(400, {"error": "invalid_grant"}), Reconnect),
        (answer(400, {"error": "unauthorized_client"}), Reconnect),
        (answer(400, {"error": "invalid_request"}), Outage),
        (answer(403, b"<html>blocked by a proxy</html>"), Outage),
        (answer(404, b""), Outage),
        (answer(503, {"error": "invalid_client"}), Outage),
    ],
)
async def test_a_grant_is_only_dead_when_the_client_is_refused(reply: Answer, error: type[TransportError]) -> None:
    tokens = await CONNECTOR.auth.first(granted("t"), GOOD, still(NOON))
    with pytest.raises(error):
        await CONNECTOR.auth.refresh(Wire(reply), GOOD, tokens, still(NOON))


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (answer(429, b""), Throttled),
        (answer(503, b"down"), Outage),
        (answer(200, b"<html>"), NotJson),
        (answer(200, {"token_type": "Bearer"}), UnexpectedShape),
    ],
)
async def test_other_token_answers(reply: Answer, error: type[TransportError]) -> None:
    with pytest.raises(error):
        await CONNECTOR.auth.first(Wire(reply), GOOD, still(NOON))


async def test_a_token_in_a_broken_answer_is_not_shown() -> None:
    wire = Wire(answer(200, b'{"access_token": "secret-token", '))
    with pytest.raises(NotJson) as caught:
        await CONNECTOR.auth.first(wire, GOOD, still(NOON))
    assert "secret-token" not in str(caught.value)


def test_hosts_and_limits() -> None:
    assert CONNECTOR.hosts(GOOD) == {"auth-integration.servicetitan.io", "api-integration.servicetitan.io"}
    limit = CONNECTOR.limits(None, GOOD, {}).limits[0]
    assert (limit.calls, limit.seconds) == (60, 1.0)
    assert limit.scope.endswith("/1234567")
    assert "ak1" not in limit.scope
    assert CONNECTOR.limits(None, {**GOOD, "app_key": "ak1.other"}, {}).limits[0].scope != limit.scope
    assert CONNECTOR.day_left({}) is None
