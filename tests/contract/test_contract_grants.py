"""Tokens, credentials and limits, the same for every connector."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import pytest
from contract_line import opened
from contract_set import Sets, line_to, staged
from contract_stage import CONNECTORS, Wrong, readable, stage_class

from ml_connector.connectors.checking import Verdict
from ml_connector.connectors.grants import CredentialField
from ml_connector.errors import BadInput, ConnectorError
from ml_connector.service.credentials import checked_credentials
from ml_connector.transport.errors import NotPermitted, Reconnect, Throttled
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio
each_vendor = pytest.mark.parametrize("vendor", sorted(CONNECTORS))


def _wrongs() -> list[tuple[str, Wrong]]:
    return [(vendor, wrong) for vendor in sorted(CONNECTORS) for wrong in stage_class(vendor).wrong]


def _fields(*, secret: bool) -> list[tuple[str, CredentialField]]:
    return [(vendor, one) for vendor in sorted(CONNECTORS) for one in CONNECTORS[vendor].credentials
            if (one.secret and not one.lines if secret else one.required and not one.default)]  # fmt: skip


# --- credentials -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("vendor", "wrong"), _wrongs(), ids=lambda one: getattr(one, "name", one))
async def test_a_wrong_credential_is_named_with_its_remedy(vendor: str, wrong: Wrong) -> None:
    async with staged(vendor) as stage:
        stage.short_pages()
        given = {**stage.credentials, wrong.name: wrong.value}
        organisation = stage.connector.organisation_of(given)
        before = stage.emulator.books()
        with pytest.raises(ConnectorError) as caught:
            async with opened(
                stage.connector, stage.sandbox.handover["hosts"], stage.clock, given, organisation, first=stage.first
            ) as line:
                await line.connector.organisations(line.session)
        sentence = caught.value.sentence
        assert isinstance(caught.value, BadInput | Reconnect)
        assert all(word in sentence for word in wrong.words), sentence
        assert sentence.endswith(".") and stage.emulator.books() == before
        secrets = [stage.credentials.get(field.name) for field in stage.connector.credentials if field.secret]
        assert not any(secret in sentence for secret in secrets if secret)


@pytest.mark.parametrize(("vendor", "field"), _fields(secret=False), ids=lambda one: getattr(one, "name", one))
async def test_a_missing_credential_is_named(vendor: str, field: CredentialField) -> None:
    async with staged(vendor) as stage:
        given = {**stage.credentials, field.name: ""}
        with pytest.raises(BadInput, match=f"{field.label}.*missing"):
            checked_credentials(stage.connector, given)


@pytest.mark.parametrize(("vendor", "field"), _fields(secret=True), ids=lambda one: getattr(one, "name", one))
@pytest.mark.parametrize("blank", [" ", "\n", "\u00a0"], ids=["blank", "line break", "hard blank"])
async def test_a_blank_copied_along_is_named_and_the_secret_is_not_shown(
    vendor: str, field: CredentialField, blank: str
) -> None:
    async with staged(vendor) as stage:
        given = {**stage.credentials, field.name: f"verysecret{blank}"}
        with pytest.raises(BadInput, match=f"{field.label}.*blank or line break") as caught:
            checked_credentials(stage.connector, given)
        assert "verysecret" not in caught.value.sentence


# --- tokens ------------------------------------------------------------------------------------------------------


@each_vendor
async def test_a_token_that_runs_out_during_a_walk_is_refreshed_once_and_before(playing: Sets, vendor: str) -> None:
    entity = sorted(one.entity for one in readable(vendor).values() if one.incremental)[0]
    async with playing(vendor) as set:
        added = set.stage.fill(entity, 120, set.line.clock.now() - timedelta(days=1))
        calls = 0

        def after(request: Request, answer: Answer) -> Answer:
            nonlocal calls
            calls += 1
            if calls == 2:
                set.stage.clock.skip(3590)
            return answer

        set.line.wire.after = after
        walked = await set.line.walk(entity)
        assert {*added} <= {*walked.ids}
        assert set.line.tokens.refreshes == 1 and 401 not in set.line.exchanges.statuses


@each_vendor
async def test_a_token_that_is_refused_is_refreshed_once_and_the_call_repeated(playing: Sets, vendor: str) -> None:
    entity = sorted(readable(vendor))[0]
    async with playing(vendor) as set:
        set.stage.forget_tokens()
        pages = await asyncio.gather(*(set.line.walk(entity) for _ in range(4)))
        assert all(walked.ids == pages[0].ids and walked.ids for walked in pages)
        assert set.line.tokens.refreshes == 1


@each_vendor
async def test_a_withdrawn_grant_asks_for_a_person(playing: Sets, vendor: str) -> None:
    entity = sorted(readable(vendor))[0]
    async with playing(vendor) as set:
        set.stage.revoke()
        with pytest.raises(Reconnect) as caught:
            await set.line.walk(entity)
        assert caught.value.sentence.endswith(".")
        # One refused call, one refused refresh; nothing is knocked at again and again.
        assert set.line.exchanges.statuses.count(401) == 1


@each_vendor
async def test_a_right_that_is_missing_costs_at_most_one_refresh(vendor: str) -> None:
    lack = stage_class(vendor).lacks[0]
    async with staged(vendor) as stage:
        lack.take(stage)
        async with line_to(stage) as line:
            known = readable(stage.vendor)
            entity = lack.subject if lack.subject in known else "vendors" if "vendors" in known else sorted(known)[0]
            # A grant to which nothing is allowed has to be made anew; any other right costs its flows alone.
            with pytest.raises(Reconnect if lack.subject == "grant" else NotPermitted) as caught:
                await line.walk(entity)
            assert line.tokens.refreshes <= 1 and caught.value.sentence.endswith(".")


# --- limits ------------------------------------------------------------------------------------------------------


@each_vendor
async def test_the_declared_limits_are_never_hit(vendor: str) -> None:
    connector = CONNECTORS[vendor]
    async with staged(vendor, limits=True, speed=stage_class(vendor).limits_speed) as stage, line_to(stage) as line:
        organisation = await line.connector.organisation(line.session)
        declared = connector.limits(organisation, stage.credentials, stage.settings)
        turn = asyncio.Semaphore(declared.concurrency)

        async def one(entity: str) -> None:
            async with turn:
                await line.walk(entity)

        entities = sorted(readable(connector.vendor))
        await asyncio.gather(*(one(entities[place % len(entities)]) for place in range(110)))
        assert stage.emulator.log.counted()["http_429"] == 0 and line.budget.throttles == []
        assert len(stage.emulator.log.calls) > 100


@each_vendor
@pytest.mark.parametrize("header", [True, False])
async def test_too_many_calls_says_how_long_to_wait(vendor: str, header: bool) -> None:
    async with staged(vendor, limits=True) as stage, line_to(stage) as line:
        stage.say_when(header)
        entity = sorted(one for one in readable(stage.vendor) if one in ("accounts", "dimensions"))[0]
        line.budget.take = _at_once  # type: ignore[method-assign]

        async def flood() -> None:
            while True:
                await asyncio.gather(*(line.walk(entity) for _ in range(10)))

        began = time.monotonic()
        with pytest.raises(Throttled) as caught:
            await flood()
        assert time.monotonic() - began < 60
        assert 0 < caught.value.retry_after <= stage.longest_wait
        assert line.budget.throttles and line.budget.throttles[0] > 0


async def _at_once() -> None:
    return


@each_vendor
async def test_the_day_that_is_left_comes_from_the_vendor(playing: Sets, vendor: str) -> None:
    seen: list[Answer] = []
    async with playing(vendor) as set:

        def after(request: Request, answer: Answer) -> Answer:
            seen.append(answer)
            return answer

        set.line.wire.after = after
        await set.line.walk(sorted(readable(vendor))[0])
        left = [set.line.connector.day_left(one.headers) for one in seen]
        day = [one for one in set.line.connector.limits(None, set.stage.credentials, {}).limits if one.seconds > 3600]
        assert all(one is not None and one > 0 for one in left) if day else left == [None] * len(left)


# --- the organisation, and the check -----------------------------------------------------------------------------


@each_vendor
async def test_the_organisation_is_as_its_books_have_it(playing: Sets, vendor: str) -> None:
    async with playing(vendor) as set:
        found = await set.line.connector.organisation(set.line.session)
        assert found == set.stage.expected()
        all_of_them = await set.line.connector.organisations(set.line.session)
        assert found.id in [one.id for one in all_of_them]


@each_vendor
async def test_a_good_company_is_found_good(playing: Sets, vendor: str) -> None:
    async with playing(vendor) as set:
        found = await set.line.connector.check(set.line.session, sorted(readable(vendor)))
        assert [one.subject for one in found if one.verdict is not Verdict.GOOD] == list(set.stage.unsaid)
        assert all(one.sentence.endswith(".") for one in found)


@pytest.mark.parametrize(
    ("vendor", "name"), [(vendor, lack.name) for vendor in sorted(CONNECTORS) for lack in stage_class(vendor).lacks]
)
async def test_what_is_missing_is_named_with_its_remedy(vendor: str, name: str) -> None:
    lack = next(one for one in stage_class(vendor).lacks if one.name == name)
    async with staged(vendor) as stage:
        lack.take(stage)
        async with line_to(stage) as line:
            found = await line.connector.check(line.session, sorted(readable(stage.vendor)))
        missing = {one.subject: f"{one.sentence} {one.action}" for one in found if one.verdict is Verdict.MISSING}
        assert missing.keys() == {lack.subject} | lack.also, missing
        assert all(word in missing[lack.subject] for word in lack.words), missing
