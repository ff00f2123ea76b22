"""Signing in: consent, codes, PKCE, rotation with its grace, custom connections, revocation."""

from __future__ import annotations

import base64
import json
from typing import Any

import aiohttp
import pytest
from xero_world import NZ, REDIRECT, SCOPES, US, Answer, MovableClock, Sandbox, make_company

from ml_connector_sandbox.xero.grants import challenge_of

pytestmark = pytest.mark.anyio
VERIFIER = "v" * 43
WEB = {"client_id": "web-app", "client_secret": "web-secret"}


async def exchange(sandbox: Sandbox, code: str, **more: str) -> Answer:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, **WEB} | more
    return await sandbox.token_call(**form)


async def refresh(sandbox: Sandbox, token: str) -> Answer:
    return await sandbox.token_call(grant_type="refresh_token", refresh_token=token, **WEB)


def claims(token: str) -> Any:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


async def test_the_whole_code_flow(sandbox: Sandbox) -> None:
    back = await sandbox.consent()
    assert back["state"] == "s"
    answer = await exchange(sandbox, back["code"])
    assert (answer.status, answer.body["expires_in"], answer.body["token_type"]) == (200, 1800, "Bearer")
    assert claims(answer.body["access_token"])["client_id"] == "web-app"
    assert claims(answer.body["id_token"])["email"] == "admin@sandbox.test"
    sandbox.token = answer.body["access_token"]
    for tenant in (NZ, US):
        sandbox.tenant = tenant
        assert (await sandbox.get("/Organisation")).status == 200
    again = await exchange(sandbox, back["code"])
    assert (again.status, again.body) == (400, {"error": "invalid_grant"})


async def test_codes_die_after_five_minutes_and_fit_their_redirect(sandbox: Sandbox) -> None:
    code = (await sandbox.consent())["code"]
    assert (await exchange(sandbox, code, redirect_uri="https://other.test")).body == {"error": "invalid_grant"}
    code = (await sandbox.consent())["code"]
    sandbox.clock.move(300)
    assert (await exchange(sandbox, code)).body == {"error": "invalid_grant"}


async def test_no_refresh_token_without_offline_access(sandbox: Sandbox) -> None:
    code = (await sandbox.consent(scope="accounting.contacts"))["code"]
    body = (await exchange(sandbox, code)).body
    assert "refresh_token" not in body and "id_token" not in body


async def test_a_person_may_pick_organisations_or_refuse(sandbox: Sandbox) -> None:
    sandbox.switches.auto_consent = False
    query = {"response_type": "code", "client_id": "web-app", "redirect_uri": REDIRECT, "state": "s", "scope": SCOPES}
    path = "/identity/connect/authorize"
    page = await sandbox.raw("GET", "login.xero.com", path, params=query)
    assert page.status == 200 and "Demo Plumbing (US)" in page.text
    sandbox.company.grants.connections.clear()
    form = {"decision": "accept", "organisation": US}
    await sandbox.raw("POST", "login.xero.com", path, params=query, data=form)
    assert [one.tenant_id for one in sandbox.company.grants.connections] == [US]
    no = await sandbox.raw("POST", "login.xero.com", path, params=query, data={"decision": "reject"})
    assert "error=access_denied" in no.headers["location"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "nobody"}, {"client_id": "custom-app"}, {"redirect_uri": "https://evil.test"},
        {"scope": "accounting.transactions"}, {"scope": ""}, {"response_type": "token"},
        {"code_challenge": "c", "code_challenge_method": "plain"}, {"client_id": "pkce-app"},
    ],
)  # fmt: skip
async def test_a_wrong_address_is_shown_to_the_person(sandbox: Sandbox, wrong: dict[str, str]) -> None:
    query = {"response_type": "code", "client_id": "web-app", "redirect_uri": REDIRECT, "scope": SCOPES} | wrong
    answer = await sandbox.raw("GET", "login.xero.com", "/identity/connect/authorize", params=query)
    assert answer.status == 400 and "Error" in answer.text


async def test_pkce(sandbox: Sandbox) -> None:
    asked = {"code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256"}
    form = {"client_id": "pkce-app", "client_secret": ""}
    for verifier, fits in (("w" * 43, False), ("v" * 42, False), (VERIFIER, True)):
        code = (await sandbox.consent("pkce-app", **asked))["code"]
        answer = await exchange(sandbox, code, code_verifier=verifier, **form)
        assert (answer.status == 200) == fits
    confidential = (await sandbox.consent(**asked))["code"]
    assert (await exchange(sandbox, confidential, code_verifier=VERIFIER)).status == 200


@pytest.mark.parametrize("word", ["further", "replaces", "repeats"])
async def test_rotation_and_its_grace(sandbox: Sandbox, word: str) -> None:
    sandbox.switches.grace_refresh = word
    old = (await exchange(sandbox, (await sandbox.consent())["code"])).body["refresh_token"]
    first = (await refresh(sandbox, old)).body["refresh_token"]
    assert first != old
    sandbox.clock.move(30 * 60)
    second = await refresh(sandbox, old)
    assert second.status == 200
    assert (second.body["refresh_token"] == first) == (word == "repeats")
    assert (await refresh(sandbox, first)).status == (400 if word == "replaces" else 200)
    if word == "repeats":
        assert (await refresh(sandbox, old)).body == {"error": "invalid_grant"}
    sandbox.clock.move(1)
    assert (await refresh(sandbox, old)).body == {"error": "invalid_grant"}


async def test_a_token_used_on_ends_the_grace_of_the_one_before(sandbox: Sandbox) -> None:
    old = (await exchange(sandbox, (await sandbox.consent())["code"])).body["refresh_token"]
    first = (await refresh(sandbox, old)).body["refresh_token"]
    await refresh(sandbox, first)
    assert (await refresh(sandbox, old)).body == {"error": "invalid_grant"}


async def test_sixty_days(sandbox: Sandbox) -> None:
    old = (await exchange(sandbox, (await sandbox.consent())["code"])).body["refresh_token"]
    sandbox.clock.move(60 * 86400)
    assert (await refresh(sandbox, old)).body == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    ("form", "word"),
    [
        ({}, "invalid_request"),
        ({"client_id": "web-app", "client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "nobody", "client_secret": "x"}, "invalid_client"),
        ({**WEB, "grant_type": "client_credentials"}, "unauthorized_client"),
        ({**WEB, "grant_type": "password"}, "unsupported_grant_type"),
        ({"client_id": "custom-app", "client_secret": "custom-secret", "grant_type": "refresh_token"}, "unauthorized_client"),
        (
            {"client_id": "custom-app", "client_secret": "custom-secret", "grant_type": "client_credentials",
             "scope": "accounting.transactions"}, "invalid_scope",
        ),
    ],
)  # fmt: skip
async def test_refusals_of_tokens_come_with_400(sandbox: Sandbox, form: dict[str, str], word: str) -> None:
    answer = await sandbox.token_call(**form)
    assert (answer.status, answer.body) == (400, {"error": word})
    headers = {"Content-Type": "application/json"}
    json_body = await sandbox.raw("POST", "identity.xero.com", "/connect/token", data=b"{}", headers=headers)
    assert (json_body.status, json_body.body) == (400, {"error": "invalid_request"})


async def test_a_custom_connection(sandbox: Sandbox) -> None:
    headers = {"Authorization": aiohttp.encode_basic_auth("custom-app", "custom-secret")}
    form = {"grant_type": "client_credentials", "scope": "accounting.settings.read accounting.invoices"}
    answer = await sandbox.raw("POST", "identity.xero.com", "/connect/token", data=form, headers=headers)
    assert answer.status == 200 and "refresh_token" not in answer.body
    sandbox.token = answer.body["access_token"]
    for tenant, status in (("", 200), (NZ, 200), (US, 403)):
        sandbox.tenant = tenant
        assert (await sandbox.get("/Organisation")).status == status
    sandbox.switches.custom_connection_tenant_header = False
    sandbox.tenant = NZ
    assert (await sandbox.get("/Organisation")).status == 403


async def test_managing_connections_without_a_tenant(sandbox: Sandbox) -> None:
    answer = await sandbox.token_call(grant_type="client_credentials", scope="app.connections", **WEB)
    headers = {"Authorization": f"Bearer {answer.body['access_token']}"}
    assert len((await sandbox.raw("GET", "api.xero.com", "/connections", headers=headers)).body) == 2


async def test_revocation_ends_everything(sandbox: Sandbox) -> None:
    body = (await exchange(sandbox, (await sandbox.consent())["code"])).body
    sandbox.token = body["access_token"]
    form = {"token": body["refresh_token"], **WEB}
    gone = await sandbox.raw("POST", "identity.xero.com", "/connect/revocation", data=form)
    assert (gone.status, gone.text) == (200, "")
    assert (await sandbox.get("/Organisation")).status == 401
    assert (await refresh(sandbox, body["refresh_token"])).body == {"error": "invalid_grant"}


async def test_redirects_must_be_safe() -> None:
    company = make_company(MovableClock())
    for uri in ("http://127.0.0.1/cb", "http://evil.test/cb"):
        with pytest.raises(ValueError, match="must be https"):
            company.app("x", "s", [uri])
    company.app("x", "s", ["http://localhost:8080/cb"])
    company.app("old", "s", [REDIRECT], broad_scopes=True)
    assert "accounting.transactions" in company.apps["old"].scopes


async def test_an_organisation_has_two_uncertified_apps_at_most(sandbox: Sandbox) -> None:
    for name in ("second", "third"):
        sandbox.company.app(name, "s", [REDIRECT])
    await sandbox.consent("second")
    query = {"response_type": "code", "client_id": "third", "redirect_uri": REDIRECT, "scope": SCOPES}
    path = "/identity/connect/authorize"
    refused = await sandbox.raw("GET", "login.xero.com", path, params=query)
    assert (refused.status, "two uncertified apps" in refused.text) == (400, True)
    sandbox.company.apps["third"].tier = "plus"
    await sandbox.consent("third")
