"""The token endpoint and what the gateway accepts as a token."""

from __future__ import annotations

import base64
import json

import pytest
from servicetitan_world import APP_KEY, SCOPES, Client, World

pytestmark = pytest.mark.anyio


async def test_a_token_is_a_jwt_of_900_seconds_with_scopes_as_an_array(api: Client, world: World) -> None:
    answer = await api.ask_token()
    assert answer.status == 200
    assert (answer.body["expires_in"], answer.body["token_type"]) == (900, "Bearer")
    assert set(answer.body) == {"access_token", "expires_in", "token_type", "scope"}
    header, claims, signature = answer.body["access_token"].split(".")
    assert json.loads(base64.urlsafe_b64decode(header + "==")) | {"kid": 0} == {
        "alg": "RS256", "typ": "at+jwt", "kid": 0,
    }  # fmt: skip
    claim = json.loads(base64.urlsafe_b64decode(claims + "=="))
    assert claim["scope"] == list(SCOPES)
    assert claim["exp"] - claim["nbf"] == 900
    assert len(base64.urlsafe_b64decode(signature + "==")) == 256
    assert world.emulator.statistics()["tokens_issued"] == 2


@pytest.mark.parametrize("form", [{"client_secret": "cs1.a "}, {"client_id": "cid.b"}, {"client_secret": ""}])
async def test_a_wrong_client_is_refused(api: Client, form: dict[str, str]) -> None:
    answer = await api.ask_token(**form)
    assert (answer.status, answer.body) == (400, {"error": "invalid_client"})


async def test_only_client_credentials_in_a_form_are_taken(api: Client) -> None:
    answer = await api.ask_token(grant_type="password")
    assert (answer.status, answer.body["error"]) == (400, "unsupported_grant_type")
    as_json = await api.send("POST", "auth.servicetitan.io", "/connect/token", json={"client_id": "cid.a"})
    assert (as_json.status, as_json.body["error"]) == (400, "invalid_request")
    assert (await api.send("GET", "auth.servicetitan.io", "/connect/token")).status == 405


async def test_production_credentials_mean_nothing_in_integration(api: Client) -> None:
    assert (await api.ask_token("auth-integration.servicetitan.io")).status == 400


async def test_each_environment_has_its_own_clients_tenants_and_tokens(api: Client, world: World) -> None:
    world.company.add_tenant("1001", "Polar Air, test", "integration")
    world.company.add_grant(APP_KEY, "1001", "cid.i", "cs1.i", SCOPES, environment="integration")
    host = "auth-integration.servicetitan.io"
    answer = await api.ask_token(host, client_id="cid.i", client_secret="cs1.i")
    api.token = answer.body["access_token"]
    assert (await api.get("inventory/vendors")).status == 401
    api.host = "api-integration.servicetitan.io"
    assert (await api.get("inventory/vendors")).body["data"] == []


async def test_a_token_dies_after_900_seconds(api: Client, world: World) -> None:
    world.clock.advance(899)
    assert (await api.get("inventory/vendors")).status == 200
    world.clock.advance(0.75)  # the clock began at a quarter past the second, and claims hold whole seconds
    assert (await api.get("inventory/vendors")).status == 401


async def test_withdrawn_tokens_and_forged_ones_are_refused(api: Client, world: World) -> None:
    api.token = api.token[:-6] + "AAAAAA"
    assert (await api.get("inventory/vendors")).status == 401
    api.token = (await api.ask_token()).body["access_token"]
    world.emulator.tokens.withdraw_all()
    assert (await api.get("inventory/vendors")).status == 401


async def test_a_changed_grant_shows_at_the_next_token(api: Client, world: World) -> None:
    world.company.change_scopes("cid.a", ("tn.inv.receipts:r",))
    assert (await api.get("inventory/vendors")).status == 200
    api.token = (await api.ask_token()).body["access_token"]
    assert (await api.get("inventory/vendors")).status == 403
    assert (await api.get("inventory/receipts")).status == 200


async def test_a_revoked_grant_gets_no_token(api: Client, world: World) -> None:
    world.company.revoke_grant("cid.a")
    assert (await api.ask_token()).body == {"error": "invalid_client"}


async def test_token_requests_are_throttled_by_a_switch(api: Client, world: World) -> None:
    world.switches.token_requests_per_minute = 3
    statuses = [(await api.ask_token()).status for _ in range(3)]  # one was taken by the fixture
    assert statuses == [200, 200, 429]
    world.clock.advance(60)
    assert (await api.ask_token()).status == 200
