"""Checking all connections at once, and what is told of one that waits or needs a person."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import msgspec
import pytest
from service_ledger import Company

from ml_connector.errors import Refused
from ml_connector.lanes.questions import RECONNECT
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import checking
from ml_connector.service.checking import Checked, check_all
from ml_connector.service.connections import connections
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.status import status
from ml_connector.service.working import Work

pytestmark = pytest.mark.anyio

GOOD = {"subject": "token", "verdict": "good", "sentence": "It is taken.", "action": ""}
DEAD = {"subject": "connection", "verdict": "missing", "sentence": "The consent is gone.", "action": RECONNECT}


@pytest.fixture(autouse=True)
def another_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process works; its lanes are played here."""

    @asynccontextmanager
    async def working(_: Runtime) -> AsyncIterator[Work]:
        yield Work(None)

    monkeypatch.setattr(checking, "working", working)


async def answer(company: Company, connection_id: int, finding: dict[str, str]) -> None:
    """What the lane does with the question, once it is asked."""
    desk, sealer = company.desk, await company.desk.sealer()
    sealed, done = sealer.seal(b"answer", msgspec.json.encode([finding])), 0
    while not done:
        await asyncio.sleep(0.02)
        async with desk.changing() as change:
            done = await change.run(
                """update question set answered_at = now(), answer = %s
                where tenant_id = %s and connection_id = %s and answered_at is null""",
                sealed, desk.tenant_id, connection_id,
            )  # fmt: skip


async def let_wait(company: Company, connection_id: int, seconds: float, problem: str) -> str:
    """Its lane calls nobody for so long; until when, as a person reads it."""
    until = company.desk.clock.now() + timedelta(seconds=seconds)
    async with company.desk.changing() as change:
        await change.run("update lane set not_before = %s where connection_id = %s", until, connection_id)
        await change.run("update connection set problem = %s where connection_id = %s", problem, connection_id)
    return f"{until:%H:%M:%S} UTC"


async def test_one_that_waits_for_its_limit_says_until_when_at_once_and_hides_no_other(company: Company) -> None:
    source, target = company.source.connection_id, company.target.connection_id
    until = await let_wait(company, target, 7200.0, "its day limit is used up.")
    told: list[Checked] = []
    answering = asyncio.create_task(answer(company, source, GOOD))
    async with asyncio.timeout(20):
        found = await check_all(company.desk, await connections(company.desk), told.append)
        await answering
    assert [one.connection for one in found] == ["ServiceTitan", "Zoho Books"]
    assert found[0].good and not found[0].unanswered
    assert not found[1].good and found[1].findings == ()
    day = r"(\d{4}-\d\d-\d\d )?"  # told where it is another one than today
    sentence = rf"Zoho Books asks to wait until {day}{until} \(its day limit is used up\); ask again then\."
    assert re.fullmatch(sentence, found[1].unanswered)
    assert sorted(one.connection for one in told) == ["ServiceTitan", "Zoho Books"]


async def test_a_short_wait_is_waited_for(company: Company) -> None:
    target = company.target.connection_id
    await let_wait(company, target, 30.0, "")
    one = next(one for one in await connections(company.desk) if one.connection_id == target)
    answering = asyncio.create_task(answer(company, target, GOOD))
    async with asyncio.timeout(20):
        (found,) = await check_all(company.desk, [one], seconds=60.0)
        await answering
    assert found.good


async def test_nobody_who_answers_is_told_after_the_patience(company: Company) -> None:
    found = await check_all(company.desk, await connections(company.desk), seconds=0.3)
    assert all("did not answer within 0 s" in one.unanswered and not one.good for one in found) and len(found) == 2


async def test_a_wait_is_shown_beside_the_state_and_ends_with_its_time(company: Company) -> None:
    target = company.target.connection_id
    await let_wait(company, target, 600.0, "its limit is used up")
    shown = {one.connection_id: one for one in (await status(company.desk)).connections}
    assert shown[company.source.connection_id].waits_until is None
    assert shown[target].state == "good" and shown[target].waits_until is not None
    await let_wait(company, target, -1.0, "")
    assert all(one.waits_until is None for one in await connections(company.desk))


async def test_what_a_person_has_to_type_is_named_wherever_a_connection_is_dead(company: Company) -> None:
    target, command = company.target.connection_id, "ml-connector connect zoho-books --again 'Zoho Books'"
    async with company.desk.changing() as change:
        await change.run(
            "update connection set state = 'needs reconnect', problem = 'The consent is gone.' where connection_id = %s",
            target,
        )
    one = next(one for one in await connections(company.desk) if one.connection_id == target)
    assert one.problem == f"The consent is gone. Connect it again: {command}"
    assert any(command in line for line in (await status(company.desk)).attention)
    answering = asyncio.create_task(answer(company, target, DEAD))
    async with asyncio.timeout(20):
        (found,) = await check_all(company.desk, [one])
        await answering
    assert found.findings[0].action == f"Connect it again: {command}"
    with pytest.raises(Refused, match=r"The consent is gone\. Type: ml-connector connect zoho-books --again"):
        await set_flow_mode(company.desk, company.integration, "bills", "live")
