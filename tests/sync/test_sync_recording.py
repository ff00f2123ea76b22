"""What is known of a write is kept, whatever fails next to it; what cannot be opened holds one record and no lane."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sync_world import World, restaged, settle_vendors

from ml_connector.store.errors import CommitUnknown
from ml_connector.sync import push
from ml_connector.sync.claim import claim
from ml_connector.sync.outcomes import record_outcomes
from ml_connector.sync.states import IntentState

pytestmark = pytest.mark.anyio


async def ready(company: World) -> None:
    await settle_vendors(company)
    await company.live()


async def open_intents(company: World) -> int:
    row = await company.one("select count(*) from intent where state = any(%s::smallint[])",
                            [IntentState.SENDING, IntentState.UNCERTAIN])  # fmt: skip
    return int(row[0])


def failing(real: Callable[..., Any], error: Exception, when: Callable[..., bool], times: int) -> Callable[..., Any]:
    """``real``, which fails ``times`` times where ``when`` says so of what it is given."""
    left = [times]

    async def spoiled(*given: Any) -> Any:
        if left[0] > 0 and when(*given):
            left[0] -= 1
            raise error
        return await real(*given)

    return spoiled


@pytest.mark.parametrize("error", [RuntimeError("a defect"), psycopg.errors.LockNotAvailable("a lock")])
async def test_a_claim_that_fails_takes_no_outcome_with_it(
    company: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    await ready(company)
    with monkeypatch.context() as patched:
        patched.setattr(push, "claim", failing(claim, error, lambda *_: bool(company.faults.calls), 1))
        await company.slice(company.target)
    assert await company.states() == {"posted": len(company.bills)}
    assert await open_intents(company) == 0
    told = await company.one("select problem from connection where connection_id = %s", company.target)
    assert ("defect" in told[0]) == isinstance(error, RuntimeError)
    await company.settle()
    assert company.compared().findings == []
    await company.sound()


async def test_outcomes_are_recorded_again_where_a_lock_was_in_the_way(
    company: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready(company)
    locked = psycopg.errors.LockNotAvailable("a lock")
    with monkeypatch.context() as patched:
        patched.setattr(push, "record_outcomes", failing(record_outcomes, locked, lambda _, sent, __: bool(sent), 3))
        await company.slice(company.target)
    assert await company.states() == {"posted": len(company.bills)}
    assert {(await company.kinds(str(one))).count("posted") for one in company.bills} == {1}
    await company.settle()
    await company.sound()


async def test_outcomes_that_cannot_be_recorded_are_looked_up(company: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await ready(company)
    locked = psycopg.errors.DeadlockDetected("a deadlock")
    with monkeypatch.context() as patched:
        patched.setattr(push, "record_outcomes", failing(record_outcomes, locked, lambda _, sent, __: bool(sent), 1000))
        await company.slice(company.target)
    assert await company.states() == {"sending": len(company.bills)}
    await company.free(company.target)
    await company.settle()
    assert company.compared().findings == []
    await company.sound()


async def test_a_commit_whose_answer_was_lost_is_not_recorded_twice(
    company: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ready(company)
    both = push._Pusher._both

    async def unknown(self: Any, outcomes: Any, room: int) -> Any:
        done = await both(self, outcomes, room)
        if outcomes:
            raise CommitUnknown("the connection was lost during a commit")
        return done

    with monkeypatch.context() as patched:
        patched.setattr(push._Pusher, "_both", unknown)
        await company.slice(company.target)
    assert await company.states() == {"posted": len(company.bills)}
    for bill in company.bills:
        assert (await company.kinds(str(bill))).count("posted") == 1
    await company.settle()
    await company.sound()


async def test_exchanges_of_a_transaction_that_fails_are_kept(company: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await ready(company)
    with monkeypatch.context() as patched:
        broken = RuntimeError("a defect")
        patched.setattr(push, "claim", failing(claim, broken, lambda *_: bool(company.faults.calls), 1))
        await company.slice(company.target)
    rows = await company.all(
        """select i.intent_id, count(e.exchange_id) from intent i left join exchange e using (intent_id)
        join version_state s using (version_id) join flow f using (flow_id) where f.name = 'bills' group by 1"""
    )
    assert len(rows) == len(company.bills)
    assert all(count == 1 for _, count in rows), rows


async def test_a_stored_document_that_cannot_be_opened_holds_its_record_alone(company: World) -> None:
    await ready(company)
    bad = str(company.bills[0])
    row = await company.one(
        """select version_id, canonical from document d join record r using (version_id)
        where r.reference like %s""",
        f"%-bills-{bad}",
    )  # fmt: skip
    await company.run("update document set canonical = 'broken' where version_id = %s", row[0])
    await company.settle()
    assert (await company.ends())[bad] == ("held", "defect")
    assert await company.states() == {"held": 1, "posted": len(company.bills) - 1}
    await company.run("update document set canonical = %s where version_id = %s", row[1], row[0])
    await restaged(company, bad)
    await company.settle()
    assert company.compared().findings == []
    await company.sound()


@pytest.mark.parametrize("what", ["link", "plan"])
async def test_what_is_kept_of_a_record_and_cannot_be_opened_holds_it_alone(company: World, what: str) -> None:
    await ready(company)
    bad = str(company.bills[0])
    if what == "plan":
        await company.run(
            "update plan set body = 'broken' where record_id = (select record_id from record where reference like %s)",
            f"%-bills-{bad}",
        )  # fmt: skip
        await company.settle()
        assert await company.states() == {"held": 1, "posted": len(company.bills) - 1}
    else:
        await company.settle()
        await company.run("update link set base = 'broken' where source_id = %s and entity = 'bills'", bad)
        for bill in company.bills[:2]:
            changed = company.tenant.bills[bill]
            company.tenant.modify_bill(bill, due_date=changed.due_date + timedelta(days=3))
        await company.sync()
        assert (await company.ends())[str(company.bills[1])] == ("posted", "")
    assert (await company.ends())[bad] == ("held", "defect")
