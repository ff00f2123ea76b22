"""A worker whose lane was taken writes nothing more, and whoever took it finishes the work."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from sync_world import World

from ml_connector.lanes import lease as lane_lease
from ml_connector.lanes.lease import LaneLease, take
from ml_connector.lanes.steps import note_problem
from ml_connector.sync.pull import pull
from ml_connector.transport.errors import LeaseLost

pytestmark = pytest.mark.anyio


@pytest.fixture
def leases(monkeypatch: pytest.MonkeyPatch) -> list[LaneLease]:
    """The leases that were taken, newest last."""
    taken: list[LaneLease] = []

    async def taking(*given: object) -> LaneLease | None:
        lease = await take(*given)  # type: ignore[arg-type]
        if lease is not None:
            taken.append(lease)
        return lease

    monkeypatch.setattr(lane_lease, "take", taking)
    return taken


def taken_over(company: World, leases: list[LaneLease], after: int) -> Callable[[], Awaitable[None]]:
    """Before write ``after``, another worker takes the lane; the first one's own belief has ended before that."""
    writes: list[None] = []

    async def before_write() -> None:
        writes.append(None)
        if len(writes) == after:
            leases[-1].believed_until = 0.0
            await company.run("update lane set fence = fence + 1 where connection_id = %s", company.target)

    return before_write


@pytest.mark.parametrize("after", [1, 4, 9])
async def test_a_worker_whose_lane_was_taken_writes_nothing_more(
    company: World, leases: list[LaneLease], after: int
) -> None:
    await company.live()
    written: list[dict[str, int]] = []
    over = taken_over(company, leases, after)

    async def before_write() -> None:
        await over()
        written.append(await ledger(company))

    company.faults.before_write = before_write
    documents = len(company.zoho_bills()) + len(company.sandbox.company.seed.organisation.contacts)
    await company.slice(company.target)
    now = len(company.zoho_bills()) + len(company.sandbox.company.seed.organisation.contacts)
    assert now - documents < after
    at_take_over = written[min(after, len(written)) - 1]
    assert await ledger(company) == at_take_over

    company.faults.before_write = None
    await company.free(company.target)
    await company.settle()
    assert company.compared().findings == []
    await company.sound()


async def test_a_lane_taken_while_the_source_is_read_stages_nothing_more(company: World) -> None:
    company.tenant.modify_bill(company.bills[0], summary="changed")
    await company.ask()
    async with company.held(company.source) as lane:
        await company.run("update lane set fence = fence + 1 where connection_id = %s", company.source)
        before = await company.one("select count(*) from document")
        with pytest.raises(LeaseLost):
            await pull(lane, await company.flow("bills"), "test", "test")
        assert await company.one("select count(*) from document") == before
        await company.run("update lane set fence = fence - 1 where connection_id = %s", lane.connection_id)


async def test_a_stale_worker_changes_no_connection(company: World) -> None:
    """Not even to say what stands in its way."""
    async with company.held(company.target) as lane:
        await company.run("update lane set fence = fence + 1 where connection_id = %s", company.target)
        with pytest.raises(LeaseLost):
            await note_problem(lane, "a stale worker's trouble")
        await company.run("update lane set fence = fence - 1 where connection_id = %s", lane.connection_id)
    assert await company.all("select 1 from connection where problem <> ''") == []


async def ledger(company: World) -> dict[str, int]:
    """What a worker may write: events, links, settled intents."""
    row = await company.one(
        """select (select count(*) from link where entity = 'bills'), (select count(*) from audit_event
                    where kind = 'posted'), (select count(*) from intent where settled_at is not null)"""
    )
    return {"links": row[0], "posted": row[1], "settled": row[2]}
