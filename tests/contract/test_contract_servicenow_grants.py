"""Every kind of grant of ServiceNow, from the first token over a renewed one to the instance's own data."""

from __future__ import annotations

from typing import Any

import pytest
from contract_line import opened
from contract_set import staged

from ml_connector.cli import redirect as way_back
from ml_connector.connectors.grants import Credentials, Http, Tokens
from ml_connector.service import connecting
from ml_connector.settings import Sandbox as Handover
from ml_connector.transport.errors import Reconnect
from rsa_keys import private_pem, public_pem

pytestmark = pytest.mark.anyio
BACK = "http://127.0.0.1:8743/oauth/servicenow"


def given(stage: Any, grant: str) -> dict[str, str]:
    """The firm's client with what a kind of grant needs besides."""
    user = next(iter(stage.instance.access.users.values()))
    more = {
        "client_credentials": {},
        "authorization_code": {"redirect": BACK},
        "jwt_bearer": {"username": user.name, "private_key": private_pem(), "key_id": "K1"},
        "password": {"username": user.name, "password": user.password},
        "refresh_token": {"refresh_token": stage.instance.grants.refresh(stage.client, user.name).text},
    }
    stage.client.keys["K1"] = public_pem()
    return {**stage.credentials, "grant": grant, **more[grant]}


def first_of(stage: Any, hosts: dict[str, str]) -> Any:
    """How the first tokens are won; a consent is answered by the instance's page at once."""

    async def first(http: Http, credentials: Credentials, clock: Any) -> Tokens:
        auth = stage.connector.auth
        if not auth.needs_consent(credentials):
            return await auth.first(http, credentials, clock)  # type: ignore[no-any-return]
        asked = connecting.consent(stage.connector, credentials, BACK)
        answered = await way_back.consented(Handover(clock, hosts), asked.address)
        returned = connecting.checked_return(asked, answered)
        return await auth.exchange(http, credentials, BACK, returned, clock)  # type: ignore[no-any-return]

    return first


GRANTS = ("client_credentials", "authorization_code", "jwt_bearer", "password", "refresh_token")


@pytest.mark.parametrize("grant", GRANTS)
async def test_every_grant_is_won_used_and_renewed(grant: str) -> None:
    async with staged("servicenow") as stage:
        hosts = stage.sandbox.handover["hosts"]
        credentials = given(stage, grant)
        async with opened(
            stage.connector, hosts, stage.clock, credentials, stage.organisation, stage.settings, first_of(stage, hosts)
        ) as line:
            assert (await line.connector.organisation(line.session)).id == stage.organisation
            stage.forget_tokens()
            assert (await line.connector.organisation(line.session)).id == stage.organisation
            assert line.tokens.refreshes == 1
            stage.clock.skip(1795)
            assert (await line.connector.organisation(line.session)).id == stage.organisation


@pytest.mark.parametrize("grant", GRANTS)
async def test_every_grant_that_dies_asks_for_a_person(grant: str) -> None:
    async with staged("servicenow") as stage:
        hosts = stage.sandbox.handover["hosts"]
        async with opened(
            stage.connector, hosts, stage.clock, given(stage, grant), stage.organisation, stage.settings,
            first_of(stage, hosts),
        ) as line:  # fmt: skip
            for user in stage.instance.access.users.values():
                user.locked = True
            stage.forget_tokens()
            with pytest.raises(Reconnect, match=r"inactive|revoked|locked out"):
                await line.connector.organisation(line.session)


async def test_an_assertion_for_another_audience_is_taken_where_the_credential_says_so() -> None:
    async with staged("servicenow") as stage:
        stage.emulator.set_switches({"assertion_audience": "token_endpoint"})
        hosts = stage.sandbox.handover["hosts"]
        credentials = {**given(stage, "jwt_bearer"), "audience": "token_endpoint"}
        async with opened(stage.connector, hosts, stage.clock, credentials, stage.organisation, stage.settings) as line:
            assert (await line.connector.organisation(line.session)).id == stage.organisation
