"""One slice of a lane: what happens when its time is up, and when something happens that nobody foresaw."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lane_world import ORGANISATION, TinyConnector, add_lane, one, run

from joined import joined
from ml_connector.canonical.master_data import Organisation
from ml_connector.clock import Clock
from ml_connector.connectors.base import Limits, Session
from ml_connector.connectors.grants import CredentialField, Tokens
from ml_connector.lanes import connecting, tasks
from ml_connector.lanes import slice as slices
from ml_connector.lanes.runtime import Runtime
from ml_connector.lanes.slice import Persons, run_slice
from ml_connector.sealing import Keyring
from ml_connector.service.flows import set_flow_mode
from ml_connector.store.database import Database
from ml_connector.sync import pull as pulling
from ml_connector.transport.errors import NotSent, Reconnect
from ml_connector.transport.wire import Wire

pytestmark = pytest.mark.anyio


class Broken(TinyConnector):
    """A connector with a defect: ``inside`` the slice's work, or before it."""

    def __init__(self, *, inside: bool) -> None:
        self.inside = inside

    def limits(
        self, organisation: Organisation | None, credentials: Mapping[str, str], settings: Mapping[str, str]
    ) -> Limits:
        if not self.inside:
            raise KeyError("secret-of-the-defect")
        return super().limits(organisation, credentials, settings)

    async def organisation(self, session: Session) -> Organisation:
        raise TypeError("secret-of-the-defect")


@pytest.mark.parametrize("inside", [True, False])
async def test_what_nobody_foresaw_is_told_logged_and_tried_again_later(
    database: Database, keyring: Keyring, now_clock: Clock, wire: Wire, two_tenants: tuple[int, int], inside: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    tenant = two_tenants[0]
    _, lane = await add_lane(database, keyring, tenant, now=now_clock.now())
    await run(database, tenant, "update connection set organisation_read_at = organisation_read_at - interval '2 h'")
    broken = Runtime(database, keyring, now_clock, wire, {"tiny": Broken(inside=inside)}, {}, None)
    await run_slice(broken, "test", tenant, lane, lambda _: None)
    state, problem = await one(database, tenant, "select state, problem from connection")
    assert state == "good" and "A defect of this product" in problem and "secret" not in problem
    query = "select owner is null and least(due_at, not_before) > now() + interval '4 min' from lane"
    assert await one(database, tenant, query) == (True,)
    assert "Traceback" in capsys.readouterr().out
    good = Runtime(database, keyring, now_clock, wire, {"tiny": TinyConnector()}, {}, None)
    await run_slice(good, "test", tenant, lane, lambda _: None)
    assert await one(database, tenant, "select problem from connection") == ("",)


class Endless(TinyConnector):
    """A connector that waits for what never comes, and loses the first word that it is to end."""

    async def organisation(self, session: Session) -> Organisation:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")


async def test_a_slice_that_never_ends_gives_its_lane_back(
    database: Database, keyring: Keyring, now_clock: Clock, wire: Wire, two_tenants: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    tenant = two_tenants[0]
    _, lane = await add_lane(database, keyring, tenant, now=now_clock.now())
    await run(database, tenant, "update connection set organisation_read_at = organisation_read_at - interval '2 h'")
    monkeypatch.setattr(slices, "LONGEST", 0.2)
    monkeypatch.setattr(tasks, "AGAIN_AFTER", 0.05)
    endless = Runtime(database, keyring, now_clock, wire, {"tiny": Endless()}, {}, None)
    await run_slice(endless, "test", tenant, lane, lambda _: None)
    state, problem = await one(database, tenant, "select state, problem from connection")
    assert state == "good" and "A defect of this product (TimeoutError)" in problem
    assert await one(database, tenant, "select owner is null and lease_until < now() from lane") == (True,)


@pytest.mark.parametrize(
    ("error", "subject"),
    [
        (ZeroDivisionError(), "check"),
        (NotSent("nobody is there"), "reachable"),
        (Reconnect("it is gone"), "connection"),
    ],
)
async def test_a_check_that_fails_is_answered_and_stops_nothing(
    database: Database, keyring: Keyring, now_clock: Clock, wire: Wire, two_tenants: tuple[int, int],
    monkeypatch: pytest.MonkeyPatch, error: Exception, subject: str,
) -> None:  # fmt: skip
    tenant = two_tenants[0]
    _, lane = await add_lane(database, keyring, tenant, now=now_clock.now())
    await run(
        database, tenant,
        """insert into question (tenant_id, connection_id, what, asked_by, asked_at)
        values (%s, %s, 'check', 'test', now())""", tenant, lane,
    )  # fmt: skip

    async def broken(*given: Any) -> list[Any]:
        raise error

    monkeypatch.setattr(TinyConnector, "check", broken)
    runtime = Runtime(database, keyring, now_clock, wire, {"tiny": TinyConnector()}, {}, None)
    await run_slice(runtime, "test", tenant, lane, lambda _: None)
    answer = (await one(database, tenant, "select answer from question"))[0]
    sealer = await keyring.document_sealer(tenant, now_clock.now().strftime("%Y-%m"))
    assert [found["subject"] for found in msgspec.json.decode(sealer.open(b"answer", answer))] == [subject]
    assert await one(database, tenant, "select problem from connection") == ("",)


async def test_a_long_reading_ends_its_slice_at_a_page_and_goes_on_at_once(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with joined(database, tmp_path) as company:
        tenant, source = company.desk.tenant_id, company.integration.source_id
        await set_flow_mode(company.desk, company.integration, "bills", "preview")
        await run(database, tenant, """update connection set settings = settings || '{"page_size": "3"}'""")
        monkeypatch.setattr(pulling, "READING_SHARE", -1.0)  # every page is the last one there is time for
        slices, due = 0, True
        while due and slices < 60:
            slices += 1
            await run_slice(company.runtime, "test", tenant, source, lambda _: None)
            (due,) = await one(database, tenant, "select next_read_at is null or next_read_at <= %s from flow "
                               "where name = 'bills'", company.runtime.clock.now())  # fmt: skip
            if due:
                (soon,) = await one(
                    database, tenant, "select due_at <= %s from lane where connection_id = %s",
                    company.runtime.clock.now(), source,
                )  # fmt: skip
                assert soon
        assert 2 < slices < 60
        (unfinished,) = await one(database, tenant, "select count(*) from run where finished_at is null")
        (found,) = await one(database, tenant, "select count(*) from record r join flow f using (tenant_id, flow_id) "
                             "where f.name = 'bills'")  # fmt: skip
        assert (unfinished, found) == (0, len(company.sandbox.company.truth))


class Dead(TinyConnector):
    """A vendor that takes the grant no more."""

    async def organisation(self, session: Session) -> Organisation:
        raise Reconnect("The consent was taken back.")


async def test_the_log_says_once_that_a_connection_needs_a_person_and_once_that_it_is_good_again(
    database: Database, keyring: Keyring, now_clock: Clock, wire: Wire, two_tenants: tuple[int, int],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    tenant, persons = two_tenants[0], Persons()
    _, lane = await add_lane(database, keyring, tenant, now=now_clock.now(), name="Zoho Books")
    await run(database, tenant, "update connection set organisation_read_at = organisation_read_at - interval '2 h'")

    async def told(connector: TinyConnector) -> list[str]:
        runtime = Runtime(database, keyring, now_clock, wire, {"tiny": connector}, {}, None)
        await run_slice(runtime, "test", tenant, lane, lambda _: None, persons)
        return capsys.readouterr().out.splitlines()

    first = await told(Dead())
    assert await one(database, tenant, "select state from connection") == ("needs reconnect",)
    assert len(first) == 1 and "warning" in first[0] and "connection needs a person" in first[0]
    assert "Zoho Books" in first[0] and "The consent was taken back." in first[0]
    assert "ml-connector connect tiny --again 'Zoho Books'" in first[0]
    assert await told(Dead()) == []
    await run(database, tenant, "update connection set state = 'good', problem = ''")
    again = await told(TinyConnector())
    assert len(again) == 1 and "info" in again[0] and "connection is good again" in again[0]
    assert "Zoho Books" in again[0] and await told(TinyConnector()) == []


class Listing(TinyConnector):
    """A vendor whose session is looked at when it is connected."""

    credentials = (
        CredentialField("environment", "Environment", "there"),
        CredentialField("client_secret", "Secret", "there", secret=True),
    )
    seen: Mapping[str, str]

    async def organisation(self, session: Session) -> Organisation:
        self.seen = session.settings
        return ORGANISATION


async def test_what_is_no_secret_reaches_the_session_and_secrets_never_do(
    database: Database, keyring: Keyring, now_clock: Clock, wire: Wire, two_tenants: tuple[int, int]
) -> None:
    connector = Listing()
    runtime = Runtime(database, keyring, now_clock, wire, {"tiny": connector}, {}, None)
    given = {"environment": "integration", "client_secret": "very-secret", "unknown": "x"}
    await connecting.read_organisation(runtime, connector, given, TOKENS, {"page_size": "5"}, "org")
    assert connector.seen == {"environment": "integration", "page_size": "5"}

    connector.seen = {}
    tenant = two_tenants[0]
    grant, lane = await add_lane(database, keyring, tenant, now=now_clock.now())
    sealer = await keyring.credential_sealer(tenant, grant)
    sealed = sealer.seal(b"credentials", msgspec.json.encode(given))
    await run(database, tenant, "update vendor_grant set credentials = %s", sealed)
    await run(database, tenant, "update connection set organisation_read_at = organisation_read_at - interval '2 h'")
    await run_slice(runtime, "test", tenant, lane, lambda _: None)
    assert connector.seen == {"environment": "integration"}


TOKENS = Tokens("access", dt.datetime(2030, 1, 1, tzinfo=dt.UTC), "https://api.vendor.example")
