"""The grants that begin with a consent or with a key: what is sent, and what each refusal may mean."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from servicenow_script import NOW, answer
from test_sn_auth import GIVEN, REFUSED, TOKEN, Http, clock

from ml_connector.connectors.grants import Tokens
from ml_connector.connectors.servicenow import CONNECTOR
from ml_connector.errors import BadInput
from ml_connector.service.credentials import checked_credentials
from ml_connector.transport.errors import Reconnect
from rsa_keys import opened, private_pem

pytestmark = pytest.mark.anyio
CODE = {**GIVEN, "grant": "authorization_code"}
BACK = "http://127.0.0.1:8743/oauth/servicenow"
ENDPOINT = "https://example.service-now.com/oauth_token.do"
JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
EC_KEY = (
    "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2\n"
    "OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r\n"
    "1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G\n-----END PRIVATE KEY-----"
)


def keyed(**more: str) -> dict[str, str]:
    return {**GIVEN, "grant": "jwt_bearer", "username": "svc@example.test", "private_key": private_pem(), **more}


# --- by consent --------------------------------------------------------------------------------------------------


def test_the_consent_s_address() -> None:
    assert CONNECTOR.auth.needs_consent(CODE) and not CONNECTOR.auth.needs_consent(keyed())
    asked = CONNECTOR.auth.consent(CODE, BACK, "s-1")
    parts = urlsplit(asked.address)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "example.service-now.com", "/oauth_auth.do")
    told = {name: value[0] for name, value in parse_qs(parts.query).items()}
    assert told == {"response_type": "code", "client_id": "CLIENT", "redirect_uri": BACK, "state": "s-1"}
    assert asked.state == "s-1"


async def test_a_code_is_exchanged_and_its_grant_goes_on_by_the_refresh_token() -> None:
    http = Http(answer({**TOKEN, "refresh_token": "r-1"}))
    tokens = await CONNECTOR.auth.exchange(http, CODE, BACK, {"code": "c-1", "state": "s-1"}, clock())
    form = http.form()
    assert (form["grant_type"], form["code"], form["redirect_uri"]) == ("authorization_code", "c-1", BACK)
    assert tokens.refresh_token == "r-1"
    http = Http(answer({**TOKEN, "access_token": "opaque-token-2"}))
    fresh = await CONNECTOR.auth.refresh(http, CODE, tokens, clock())
    assert http.form()["grant_type"] == "refresh_token" and fresh.refresh_token == "r-1"


@pytest.mark.parametrize(
    ("returned", "said"), [({"error": "access_denied"}, "choose Allow"), ({"state": "s-1"}, "carries no code")]
)
async def test_a_consent_that_was_not_given(returned: dict[str, str], said: str) -> None:
    http = Http()
    with pytest.raises(BadInput, match=said):
        await CONNECTOR.auth.exchange(http, CODE, BACK, returned, clock())
    assert not http.requests


async def test_a_code_that_is_refused() -> None:
    with pytest.raises(BadInput, match=r"Redirect URL.*Application Registry.*Connect again"):
        await CONNECTOR.auth.exchange(Http(answer(REFUSED, 401)), CODE, BACK, {"code": "c-1"}, clock())


async def test_a_consent_whose_refresh_token_is_over_or_missing_asks_for_a_person() -> None:
    with pytest.raises(Reconnect, match="over or was revoked"):
        held = Tokens("t", NOW, "x", "r-1")
        await CONNECTOR.auth.refresh(Http(answer(REFUSED, 401)), CODE, held, clock())
    with pytest.raises(Reconnect, match="connect again"):
        await CONNECTOR.auth.refresh(Http(), CODE, Tokens("t", NOW, "x"), clock())
    with pytest.raises(BadInput, match="connect again"):
        await CONNECTOR.auth.first(Http(), CODE, clock())


# --- by a key ----------------------------------------------------------------------------------------------------


async def test_an_assertion_says_who_acts_for_which_client_and_until_when() -> None:
    http = Http(answer(TOKEN))
    tokens = await CONNECTOR.auth.first(http, keyed(key_id="K1"), clock())
    form = http.form()
    assert (form["grant_type"], form["client_id"], form["client_secret"]) == (JWT, "CLIENT", "not-a-secret")
    header, claims = opened(form["assertion"])
    assert header == {"alg": "RS256", "typ": "JWT", "kid": "K1"}
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("CLIENT", "svc@example.test", "CLIENT")
    assert abs(claims["iat"] - NOW.timestamp()) < 2 and 60 <= claims["exp"] - claims["iat"] <= 600
    assert tokens.refresh_token == "" and private_pem() not in str(form)


async def test_the_audience_may_be_the_token_endpoint_and_a_key_id_may_be_left_out() -> None:
    http = Http(answer(TOKEN))
    await CONNECTOR.auth.first(http, keyed(audience="token_endpoint"), clock())
    header, claims = opened(http.form()["assertion"])
    assert claims["aud"] == ENDPOINT and "kid" not in header


@pytest.mark.parametrize("refresh", ["", "r-1"])
async def test_it_is_renewed_by_another_assertion(refresh: str) -> None:
    refused = [answer(REFUSED, 401)] if refresh else []
    http = Http(*refused, answer({**TOKEN, "access_token": "opaque-token-2"}))
    fresh = await CONNECTOR.auth.refresh(http, keyed(), Tokens("t", NOW, "x", refresh), clock())
    assert fresh.access_token == "opaque-token-2" and http.form()["grant_type"] == JWT


async def test_no_two_assertions_are_alike() -> None:
    http = Http(answer(TOKEN), answer(TOKEN))
    for _ in range(2):
        await CONNECTOR.auth.first(http, keyed(), clock())
    assert http.form(0)["assertion"] != http.form(1)["assertion"]


async def test_a_refusal_names_all_it_may_mean() -> None:
    words = ("'svc@example.test'", "User field", "JWT Verifier Maps", "Key ID", "audience", "secret is wrong")
    for refused, act in ((BadInput, CONNECTOR.auth.first), (Reconnect, None)):
        with pytest.raises(refused) as caught:
            if act is not None:
                await act(Http(answer(REFUSED, 401)), keyed(), clock())
            else:
                held = Tokens("t", NOW, "x")
                await CONNECTOR.auth.refresh(Http(answer(REFUSED, 401)), keyed(), held, clock())
        assert all(word in caught.value.sentence for word in words), caught.value.sentence


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"private_key": ""}, "Private key is missing"),
        ({"username": ""}, "User name is missing"),
        ({"private_key": "not a key"}, "cannot be read"),
        ({"private_key": EC_KEY}, "no RSA key"),
    ],
)
async def test_keys_that_are_none(more: dict[str, str], said: str) -> None:
    http = Http()
    with pytest.raises(BadInput, match=said) as caught:
        await CONNECTOR.auth.first(http, keyed(**more), clock())
    assert not http.requests and "not a key" not in caught.value.sentence
    with pytest.raises(Reconnect, match=said):
        await CONNECTOR.auth.refresh(http, keyed(**more), Tokens("t", NOW, "x"), clock())


def test_a_key_has_lines_and_an_audience_has_two_values() -> None:
    assert checked_credentials(CONNECTOR, keyed())["private_key"] == private_pem()
    with pytest.raises(BadInput, match="client_id, token_endpoint"):
        checked_credentials(CONNECTOR, keyed(audience="else"))
