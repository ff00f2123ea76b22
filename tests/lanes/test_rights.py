"""A missing right stops the flows that need it, says so, and ends when a person connects again; so does a dead grant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from joined import KIND, Joined, connected, joined
from ml_connector.connectors.zoho_books.auth import SCOPES
from ml_connector.lanes.slice import run_slice
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.service.syncing import request_sync
from ml_connector.store.database import Database
from ml_connector.sync.lane import Slice
from ml_connector.sync.states import State
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio

SPEED = 12.0
PATIENCE = 60.0  # machine seconds; no test here waits for a lost answer, and a slow machine loses none
WRITE_BILLS = frozenset(["ZohoBooks.bills.CREATE", "ZohoBooks.bills.UPDATE"])
READ_BILLS = frozenset(["ZohoBooks.bills.READ"])


@dataclass
class Company:
    """A mapped company whose lanes are run by hand."""

    joined: Joined
    left: dict[int, datetime] = field(default_factory=dict)  # by lane, when its last slice had ended

    async def slices(self, rounds: int = 3) -> None:
        for _ in range(rounds):
            for connection_id in (self.joined.integration.source_id, self.joined.integration.target_id):
                await run_slice(self.joined.runtime, "test", self.joined.desk.tenant_id, connection_id, lambda _: None)
                self.left[connection_id] = self.joined.runtime.clock.now()

    async def ask(self) -> None:
        """Ask for a sync, as a person would."""
        await request_sync(self.joined.desk, await integration_named(self.joined.desk, KIND))

    async def waits(self) -> bool:
        """Whether no lane was due at once when it was left."""
        async with self.joined.desk.looking() as reading:
            due = dict(await reading.all("select connection_id, due_at from lane"))
        return all(due[lane] > left for lane, left in self.left.items())

    def revoke(self, scopes: frozenset[str]) -> None:
        """As if the consent had never covered these; the access tokens in use end."""
        grants = self.joined.sandbox.company.zoho_books.grants
        for token in grants._refresh.values():
            token.scopes = frozenset(scope.name for scope in SCOPES) - scopes
        grants._access.clear()

    def refreshes(self) -> int:
        return int(self.joined.sandbox.company.zoho_books.grants.counts["refreshes"])

    async def one(self, query: str, *values: Any) -> tuple[Any, ...]:
        async with self.joined.desk.looking() as reading:
            row = await reading.one(query, *values)
        assert row is not None
        return row

    async def states(self, flow: str) -> dict[str, int]:
        async with self.joined.desk.looking() as reading:
            rows = await reading.all(
                """select s.state, count(*) from version_state s join flow f using (tenant_id, flow_id)
                where f.name = %s group by s.state""",
                flow,
            )
        return {State(row[0]).word: row[1] for row in rows}

    async def reconnect(self) -> None:
        await connected(self.joined.sandbox, self.joined.runtime, "zoho_books", self.joined.desk)

    def patient(self) -> None:
        """From here on, a call may take longer than a vendor may."""
        wire = self.joined.runtime.wire
        send = wire.send

        async def waiting(request: Request, url: str, *given: Any, timeout: float, **options: Any) -> Answer:
            return await send(request, url, *given, timeout=max(timeout, PATIENCE * SPEED), **options)

        wire.send = waiting  # type: ignore[method-assign]

    def count_calls(self, path: str) -> list[str]:
        """From here on, the calls below this path."""
        calls: list[str] = []
        wire = self.joined.runtime.wire
        send = wire.send

        async def counting(request: Request, url: str, *given: Any, **options: Any) -> Answer:
            if path in url:
                calls.append(f"{request.method} {url}")
            return await send(request, url, *given, **options)

        wire.send = counting  # type: ignore[method-assign]
        return calls


@pytest.fixture
async def company(database: Database, tmp_path: Path) -> AsyncIterator[Company]:
    async with joined(database, tmp_path, speed=SPEED) as found:
        made = Company(found)
        made.patient()
        await set_flow_mode(found.desk, found.integration, "bills", "preview")
        await made.ask()
        await made.slices(2)
        for table, rows in found.company["mapping"].items():
            for key, value in rows.items():
                await set_value(found.desk, found.integration, table, key, value, anyway=True)
        await made.slices(2)
        yield made


TARGET = "select state, problem from connection where vendor = 'zoho_books'"


async def test_a_right_to_write_that_is_missing_stops_its_flow_alone_until_somebody_connects_again(
    company: Company,
) -> None:
    company.revoke(WRITE_BILLS)
    before, calls = company.refreshes(), company.count_calls("/bills")
    await set_flow_mode(company.joined.desk, company.joined.integration, "bills", "live")
    await company.slices(4)
    assert (await company.states("vendors")).keys() >= {"posted"}  # the lane goes on
    assert (await company.states("bills")).keys() == {"staged"}  # and nothing is rejected
    state, problem = await company.one(TARGET)
    assert state == "good" and "the consent does not cover bills" in problem
    writes = [one for one in calls if one.startswith("PUT")]
    assert 0 < len(writes) <= 12  # a call or two for each that may be under way at once, not one for each slice
    assert company.refreshes() - before <= 2
    assert await company.one("select max(not_before) <= %s from lane", company.joined.runtime.clock.now()) == (True,)
    assert await company.waits()

    await company.reconnect()
    assert await company.one("select count(*) from work where not_before > '-infinity'") == (0,)
    await company.slices(3)
    assert (await company.states("bills")).keys() == {"posted"}
    assert await company.one(TARGET) == ("good", "")


async def test_a_list_that_may_not_be_read_stops_the_flows_that_need_it(company: Company) -> None:
    company.revoke(READ_BILLS)
    async with company.joined.desk.changing() as change:  # the lists are old, so that they are read again
        await change.run("update feed set moved_at = '1970-01-01Z' where starts_with(name, 'directory ')")
    await set_flow_mode(company.joined.desk, company.joined.integration, "bills", "live")
    before, calls = company.refreshes(), company.count_calls("/bills")
    await company.slices(4)
    assert [one for one in calls if one.startswith("PUT")] == []  # nothing is posted unseen
    assert len([one for one in calls if one.startswith("GET")]) <= 2
    assert company.refreshes() - before <= 2
    state, problem = await company.one(TARGET)
    assert state == "good" and "does not cover bills" in problem
    assert await company.waits()  # no busy loop
    await company.reconnect()
    await company.slices(4)
    assert (await company.states("bills")).keys() == {"posted"}


async def test_a_source_that_may_not_be_read_is_asked_when_a_person_asks_and_not_over_and_over(
    company: Company,
) -> None:
    path = "/receipts" if company.joined.company["settings"].get("bill_source") == "receipts" else "/inventory-bills"
    calls = company.count_calls(path)
    wire = company.joined.runtime.wire
    send, refusing = wire.send, True

    async def refused(request: Request, url: str, *given: Any, **options: Any) -> Answer:
        answer = await send(request, url, *given, **options)
        return Answer(403, {}, b"", answer.at) if refusing and path in url else answer

    wire.send = refused  # type: ignore[method-assign]
    source = "select state, problem from connection where vendor = 'servicetitan'"
    for asked in (1, 2):
        await company.ask()
        await company.slices(3)
        assert len(calls) == asked
        assert await company.one("select count(*) from flow where read_requested_by is not null") == (0,)
        state, problem = await company.one(source)
        assert state == "good" and path[1:] in problem
    refusing = False
    await company.ask()
    await company.slices(2)
    assert await company.one(source) == ("good", "")


async def test_a_dead_grant_still_needs_a_person(company: Company) -> None:
    grants = company.joined.sandbox.company.zoho_books.grants
    grants._refresh.clear()
    grants._access.clear()
    await company.joined.runtime.clock.sleep(61)
    await set_flow_mode(company.joined.desk, company.joined.integration, "bills", "live")
    await company.slices(2)
    state, problem = await company.one(TARGET)
    assert state == "needs reconnect" and "connect again" in problem
    await company.reconnect()
    await company.slices(3)
    assert (await company.states("bills")).keys() == {"posted"}
    assert await company.one(TARGET) == ("good", "")


async def test_a_slice_that_is_told_to_stop_takes_no_problem_away_that_it_has_not_tried_again(company: Company) -> None:
    source = company.joined.integration.source_id
    async with company.joined.desk.changing() as change:
        await change.run("update connection set problem = 'not JSON' where connection_id = %s", source)
    await company.ask()

    def stop(span: Slice) -> None:
        span.stop(5.0)

    told = "select problem from connection where connection_id = %s"
    await run_slice(company.joined.runtime, "test", company.joined.desk.tenant_id, source, stop)
    assert await company.one(told, source) == ("not JSON",)
    await company.slices(1)
    assert await company.one(told, source) == ("",)
