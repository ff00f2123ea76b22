"""What only Xero has: consents by kind of app, the grace of a rotated token, custom connections."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit

import pytest
from contract_set import line_to, staged
from contract_xero_apps import steps, xero

from ml_connector.connectors.checking import Verdict
from ml_connector.connectors.writing import Done, Later
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotPermitted, Reconnect
from ml_connector.transport.messages import Request

pytestmark = pytest.mark.anyio


# --- consents and tokens -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("app", ["web", "pkce"])
async def test_a_consent_is_exchanged_once_with_its_own_verifier(app: str) -> None:
    forms: list[Mapping[str, list[str]]] = []

    def note(request: Request) -> None:
        if request.path.endswith("/connect/token"):
            forms.append(parse_qs((request.body or b"").decode()))

    async with xero(app) as (stage, line):
        line.wire.before = note
        line.tokens.held = None
        await line.tokens.current()
        (form,) = forms
        assert 43 <= len(form["code_verifier"][0]) <= 128
        assert ("client_id" in form, "client_secret" in form) == (app == "pkce", False)
        with pytest.raises(BadInput, match="used before"):
            returned = {"code": form["code"][0], "code_verifier": form["code_verifier"][0]}
            auth = line.connector.auth
            redirect = stage.credentials["redirect"]
            await auth.exchange(line.tokens.http, line.tokens.credentials, redirect, returned, line.clock)


@pytest.mark.parametrize("app", ["web", "pkce"])
async def test_a_code_is_worth_nothing_without_the_verifier(app: str) -> None:
    async with xero(app) as (stage, line):
        auth, given, redirect = line.connector.auth, line.tokens.credentials, stage.credentials["redirect"]
        person, client = stage.books.company.users["admin@sandbox.test"], stage.company.xero.apps[given["client_id"]]
        asked = auth.consent(given, redirect, "s")
        challenge = parse_qs(urlsplit(asked.address).query)["code_challenge"][0]
        code = stage.company.xero.grants.issue_code(
            client, person, redirect, frozenset(["offline_access"]), challenge=challenge, nonce="", event="e"
        )
        with pytest.raises(BadInput, match="does not accept the code"):
            other = auth.consent(given, redirect, "s").verifier
            await auth.exchange(
                line.tokens.http, given, redirect, {"code": code.code, "code_verifier": other}, line.clock
            )


@pytest.mark.parametrize("word", ["further", "replaces", "repeats"])
async def test_a_refresh_whose_answer_was_lost_is_repeated_with_the_old_token(word: str) -> None:
    async with xero(grace_refresh=word) as (stage, line):
        auth, before = line.connector.auth, line.tokens.held
        assert before is not None
        lost = await auth.refresh(line.tokens.http, line.tokens.credentials, before, line.clock)
        stage.clock.skip(25 * 60)
        line.tokens.held = await auth.refresh(line.tokens.http, line.tokens.credentials, before, line.clock)
        assert line.tokens.held.access_token != lost.access_token
        assert (await line.connector.organisation(line.session)).id == stage.organisation
        stage.clock.skip(10 * 60)
        with pytest.raises(Reconnect, match="Connect again"):
            await auth.refresh(line.tokens.http, line.tokens.credentials, before, line.clock)


async def test_a_grant_that_nobody_uses_dies() -> None:
    async with xero() as (stage, line):
        assert line.tokens.held is not None
        stage.clock.skip(line.connector.auth.idle_days * 86_400 + 1)  # type: ignore[operator]
        with pytest.raises(Reconnect, match="60 days"):
            await line.connector.organisation(line.session)


async def test_a_disconnected_organisation_asks_for_a_person_and_writes_nothing() -> None:
    async with xero() as (stage, line):
        (step,) = await steps(stage, line, "invoices", "a")
        stage.company.xero.grants.disconnect(stage.organisation)
        outcome = await line.connector.write(line.session, step)
        assert isinstance(outcome, Later) and outcome.forbidden and "disconnected" in outcome.why
        with pytest.raises(Reconnect, match="disconnected the app"):
            await line.walk("invoices")
        assert line.tokens.refreshes == 0


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("word", ["insufficient_scope", "insufficent_scope"])
async def test_a_right_that_is_missing_is_known_by_either_spelling(status: int, word: str) -> None:
    async with staged("xero") as stage:
        stage.emulator.set_switches({"missing_scope_status": status, "missing_scope_word": word})
        type(stage).lacks[0].take(stage)
        async with line_to(stage) as line:
            with pytest.raises(NotPermitted, match="does not cover"):
                await line.walk("parties")
            assert line.tokens.refreshes == 0


# --- custom connections ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [True, False])
async def test_a_custom_connection_does_everything_without_a_person(named: bool) -> None:
    async with xero("custom", custom_connection_tenant_header=named) as (stage, line):
        connector, session = line.connector, line.session
        assert not connector.auth.needs_consent(line.tokens.credentials)
        found = await connector.organisations(session)
        assert [one.id for one in found] == [stage.organisation]
        assert await connector.organisation(session) == stage.expected()
        for entity in ("invoices", "payments"):
            (step,) = await steps(stage, line, entity, "a")
            assert isinstance(await connector.write(session, step), Done)
            assert len((await line.walk(entity)).rows) >= 1
        findings = await connector.check(session, sorted(connector.readable))
        assert {one.verdict for one in findings} == {Verdict.GOOD}


async def test_a_custom_connection_mints_its_token_anew() -> None:
    async with xero("custom") as (stage, line):
        stage.clock.skip(1790)
        assert (await line.connector.organisation(line.session)).id == stage.organisation
        stage.forget_tokens()
        assert (await line.connector.organisation(line.session)).id == stage.organisation
        assert line.tokens.refreshes == 2 and line.tokens.held is not None and not line.tokens.held.refresh_token


async def test_a_custom_connection_that_was_ended_asks_for_a_person() -> None:
    async with xero("custom") as (stage, line):
        stage.company.xero.grants.disconnect(stage.organisation)
        stage.forget_tokens()
        with pytest.raises(Reconnect, match="kind of app"):
            await line.connector.organisation(line.session)
