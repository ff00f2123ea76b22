"""Consent, tokens, throttles, data centres."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from zoho_world import REDIRECT, Answer, Sandbox

pytestmark = pytest.mark.anyio
US, EU = "accounts.zoho.com", "accounts.zoho.eu"


def consent(**more: str) -> dict[str, str]:
    return {
        "client_id": "client-us",
        "response_type": "code",
        "redirect_uri": REDIRECT,
        "scope": "ZohoBooks.bills.ALL,ZohoBooks.settings.READ",
        "access_type": "offline",
        "state": "s-1",
        **more,
    }


async def code_of(sandbox: Sandbox, host: str = US, **more: str) -> dict[str, str]:
    sandbox.switches.auto_consent = True
    answer = await sandbox.raw("GET", host, "/oauth/v2/auth", params=consent(**more))
    assert answer.status == 302, answer.text
    return {name: value[0] for name, value in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def token(sandbox: Sandbox, host: str = US, how: str = "params", **values: str) -> Answer:
    given = {"client_id": "client-us", "client_secret": "secret-us", **values}
    return await sandbox.raw("POST", host, "/oauth/v2/token", **{how: given})


async def exchange(sandbox: Sandbox, code: str, how: str = "data", **more: str) -> Answer:
    values = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, **more}
    return await token(sandbox, how=how, **values)


async def test_page_names_client_and_scopes_and_accepts(sandbox: Sandbox) -> None:
    page = await sandbox.raw("GET", US, "/oauth/v2/auth", params=consent())
    assert page.status == 200
    assert "ML Connector" in page.text
    assert "ZohoBooks.bills.ALL" in page.text
    accepted = await sandbox.raw("POST", US, "/oauth/v2/auth", params=consent(), data={"decision": "accept"})
    query = parse_qs(urlsplit(accepted.headers["location"]).query)
    assert query["state"] == ["s-1"]
    assert query["location"] == ["us"]
    assert query["accounts-server"] == ["https://accounts.zoho.com"]
    denied = await sandbox.raw("POST", US, "/oauth/v2/auth", params=consent(), data={"decision": "reject"})
    assert "error=access_denied" in denied.headers["location"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"client_id": "other"}, "invalid_client"),
        ({"redirect_uri": "https://evil.test"}, "invalid_redirect_uri"),
        ({"scope": "Mail.read"}, "invalid_scope"),
    ],
)
async def test_bad_consent_is_shown_not_redirected(sandbox: Sandbox, change: Any, word: str) -> None:
    page = await sandbox.raw("GET", US, "/oauth/v2/auth", params=consent(**change))
    assert page.status == 400
    assert word in page.text


async def test_exchange_refresh_and_no_rotation(sandbox: Sandbox) -> None:
    code = (await code_of(sandbox, prompt="consent"))["code"]
    first = await exchange(sandbox, code)
    assert first.status == 200
    assert first.body["api_domain"] == "https://www.zohoapis.com"
    assert first.body["token_type"] == "Bearer"
    assert first.body["expires_in"] == 3600
    assert (await exchange(sandbox, code)).body == {"error": "invalid_code"}
    again = await token(sandbox, grant_type="refresh_token", refresh_token=first.body["refresh_token"])
    assert "refresh_token" not in again.body
    sandbox.token = again.body["access_token"]
    assert (await sandbox.get("/bills")).status == 200
    sandbox.clock.move(3601)
    assert (await sandbox.get("/bills")).body["code"] == 57


async def test_code_dies_after_two_minutes(sandbox: Sandbox) -> None:
    code = (await code_of(sandbox))["code"]
    sandbox.clock.move(121)
    answer = await exchange(sandbox, code)
    assert (answer.status, answer.body) == (200, {"error": "invalid_code"})


async def test_refresh_token_only_at_first_or_forced_consent(sandbox: Sandbox) -> None:
    # The fixture's own token is the first consent of this client and user.
    plain = await exchange(sandbox, (await code_of(sandbox))["code"])
    assert "refresh_token" not in plain.body
    forced = await exchange(sandbox, (await code_of(sandbox, prompt="consent"))["code"])
    assert "refresh_token" in forced.body
    online = await code_of(sandbox, prompt="consent", access_type="online")
    assert "refresh_token" not in (await exchange(sandbox, online["code"])).body


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"client_secret": "no"}, "invalid_client_secret"),
        ({"client_id": "no"}, "invalid_client"),
        ({"redirect_uri": "https://x.test"}, "invalid_redirect_uri"),
        ({"code": "no"}, "invalid_code"),
    ],
)
async def test_errors_come_with_200(sandbox: Sandbox, change: Any, word: str) -> None:
    code = (await code_of(sandbox))["code"]
    answer = await exchange(sandbox, **{"code": code, **change})
    assert (answer.status, answer.body) == (200, {"error": word})


async def test_json_body_is_not_read(sandbox: Sandbox) -> None:
    code = (await code_of(sandbox))["code"]
    assert (await exchange(sandbox, code, how="json")).body == {"error": "invalid_client"}


async def test_right_client_at_wrong_data_centre(sandbox: Sandbox) -> None:
    refresh = sandbox.company.grants.refresh_tokens()[0].token
    answer = await token(sandbox, EU, grant_type="refresh_token", refresh_token=refresh)
    assert answer.body == {"error": "invalid_client"}


async def test_multi_data_centre_client_answers_with_the_persons_home(sandbox: Sandbox) -> None:
    sandbox.company.organisation("20069000002", data_centre="eu", currency="EUR", time_zone="Europe/Berlin")
    sandbox.company.client("client-us", "secret-us", [REDIRECT], other_data_centres={"eu": "secret-eu"})
    sandbox.switches.consent_user = "admin@eu.sandbox.test"
    back = await code_of(sandbox)
    assert back["accounts-server"] == "https://accounts.zoho.eu"
    assert (await exchange(sandbox, back["code"])).body == {"error": "invalid_code"}
    values = {"grant_type": "authorization_code", "code": back["code"], "redirect_uri": REDIRECT}
    answer = await token(sandbox, EU, client_secret="secret-eu", **values)
    assert answer.body["api_domain"] == "https://www.zohoapis.eu"
    sandbox.token = answer.body["access_token"]
    assert (await sandbox.get("/organizations", org=None)).body["code"] == 57


async def test_eleventh_token_in_ten_minutes_is_throttled(sandbox: Sandbox) -> None:
    refresh = sandbox.company.refresh_token("client-us").token
    for _ in range(10):
        answer = await token(sandbox, grant_type="refresh_token", refresh_token=refresh)
        assert "access_token" in answer.body
    refused = await token(sandbox, grant_type="refresh_token", refresh_token=refresh)
    assert refused.status == 400
    assert refused.body["error"] == "Access Denied"
    assert refused.body["status"] == "failure"
    sandbox.clock.move(600)
    assert (await token(sandbox, grant_type="refresh_token", refresh_token=refresh)).status == 200


async def test_live_access_tokens_are_capped(sandbox: Sandbox) -> None:
    sandbox.switches.live_access_tokens = 2
    refresh = sandbox.company.refresh_token("client-us")
    first, *_ = [sandbox.company.grants.issue_access_token(refresh).token for _ in range(3)]
    sandbox.token = first
    assert (await sandbox.get("/bills")).status == 401


async def test_twenty_first_refresh_token_evicts_the_oldest(sandbox: Sandbox) -> None:
    oldest = sandbox.company.grants.refresh_tokens()[0].token
    for _ in range(20):
        sandbox.company.refresh_token("client-us")
    assert len(sandbox.company.grants.refresh_tokens()) == 20
    answer = await token(sandbox, grant_type="refresh_token", refresh_token=oldest)
    assert answer.body == {"error": "invalid_code"}


async def test_revoked_token_is_dead(sandbox: Sandbox) -> None:
    refresh = sandbox.company.grants.refresh_tokens()[0].token
    revoked = await sandbox.raw("POST", US, "/oauth/v2/token/revoke", params={"token": refresh})
    assert revoked.body == {"status": "success"}
    assert (await sandbox.get("/bills")).status == 401
    answer = await token(sandbox, grant_type="refresh_token", refresh_token=refresh)
    assert answer.body == {"error": "invalid_code"}


async def test_get_on_the_token_address_is_an_error_page(sandbox: Sandbox) -> None:
    assert "<html" in (await sandbox.raw("GET", US, "/oauth/v2/token")).text


async def test_server_info_lists_eight(sandbox: Sandbox) -> None:
    answer = await sandbox.raw("GET", US, "/oauth/serverinfo")
    assert answer.body["locations"]["ca"] == "https://accounts.zohocloud.ca"
    assert len(answer.body["locations"]) == 8
