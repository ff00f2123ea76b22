"""The grant jwt-bearer at the token endpoint: whose key signed it, for whom, until when."""

from __future__ import annotations

from typing import Any

import pytest
from servicenow_world import HOST, Sandbox

from rsa_keys import assertion, public_pem

pytestmark = pytest.mark.anyio
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ENDPOINT = f"https://{HOST}/oauth_token.do"
DENIED = (401, {"error_description": "access_denied", "error": "server_error"})


def register(sandbox: Sandbox, **values: str) -> None:
    sandbox.emulator.desk({"act": "register", "instance": sandbox.host, "name": "client", "values": values})


def claims(sandbox: Sandbox, **other: Any) -> dict[str, Any]:
    now = int(sandbox.clock.now().timestamp())
    return {"iss": "client", "sub": "svc", "aud": "client", "iat": now, "exp": now + 300, **other}


async def asked(sandbox: Sandbox, token: str) -> tuple[int, Any]:
    form = {"grant_type": GRANT, "client_id": "client", "client_secret": "not-a-secret", "assertion": token}
    answer = await sandbox.token(**form)
    return answer.status, answer.body


async def test_an_assertion_of_a_registered_key_gives_a_token_and_no_refresh_token(sandbox: Sandbox) -> None:
    register(sandbox, public_key=public_pem(), key_id="K1")
    for header in ({}, {"kid": "K1"}):
        status, body = await asked(sandbox, assertion(claims(sandbox), **header))
        assert status == 200 and body["token_type"] == "Bearer" and "refresh_token" not in body
    bearer = {"Authorization": f"Bearer {body['access_token']}"}
    assert (await sandbox.ask("GET", "/api/now/table/cmn_cost_center", headers=bearer)).status == 200


async def test_a_user_may_be_named_by_e_mail(sandbox: Sandbox) -> None:
    register(sandbox, public_key=public_pem(), user_field="email")
    assert (await asked(sandbox, assertion(claims(sandbox)))) == DENIED
    assert (await asked(sandbox, assertion(claims(sandbox, sub="svc@example.test"))))[0] == 200


async def test_the_audience_is_as_the_instance_wants_it(sandbox: Sandbox) -> None:
    register(sandbox, public_key=public_pem())
    assert (await asked(sandbox, assertion(claims(sandbox, aud=ENDPOINT)))) == DENIED
    sandbox.switches.assertion_audience = "token_endpoint"
    assert (await asked(sandbox, assertion(claims(sandbox, aud=ENDPOINT))))[0] == 200
    assert (await asked(sandbox, assertion(claims(sandbox)))) == DENIED


@pytest.mark.parametrize("other", [{"iss": "else"}, {"sub": "nobody"}, {"sub": ""}, {"exp": 1}, {"exp": "soon"}])
async def test_claims_that_are_not_right(sandbox: Sandbox, other: dict[str, Any]) -> None:
    register(sandbox, public_key=public_pem())
    assert (await asked(sandbox, assertion(claims(sandbox, **other)))) == DENIED


async def test_keys_that_are_not_registered(sandbox: Sandbox) -> None:
    assert (await asked(sandbox, assertion(claims(sandbox)))) == DENIED
    register(sandbox, public_key=public_pem(), key_id="K1")
    assert (await asked(sandbox, assertion(claims(sandbox), "another"))) == DENIED
    assert (await asked(sandbox, assertion(claims(sandbox), kid="K2"))) == DENIED
    assert (await asked(sandbox, assertion(claims(sandbox), alg="none"))) == DENIED


@pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "e30.W10.c"])
async def test_what_is_no_token(sandbox: Sandbox, token: str) -> None:
    register(sandbox, public_key=public_pem())
    assert (await asked(sandbox, token)) == DENIED


async def test_a_locked_user_gets_none(sandbox: Sandbox) -> None:
    register(sandbox, public_key=public_pem())
    sandbox.emulator.desk({"act": "lock_user", "instance": sandbox.host, "name": "svc"})
    assert (await asked(sandbox, assertion(claims(sandbox)))) == DENIED


async def test_a_client_that_is_not_there(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="no OAuth client 'other'"):
        sandbox.emulator.desk({"act": "register", "instance": sandbox.host, "name": "other"})
