"""A replay of a record in every state it can be in: what is taken, how it ends, and what reaches the ledger."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from service_ledger import Company, bill

from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.connectors.writing import Outcome, Rejected, Step, Uncertain
from ml_connector.errors import NotFound
from ml_connector.service.deciding import link
from ml_connector.service.dismissing import dismiss
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.values import set_value
from ml_connector.service.replaying import replay
from ml_connector.service.status import status

pytestmark = pytest.mark.anyio
UNMAPPED = {"account": "7777"}


async def settled(company: Company) -> None:
    for _ in range(3):
        await company.plan()


async def read(company: Company, **changes: object) -> None:
    await company.read(bill("1", **changes))
    await settled(company)


def answering(company: Company, outcome: Outcome) -> None:
    """Every bill that is sent gets this answer."""
    write = company.books.write

    async def answered(session: object, step: Step) -> Outcome:
        if step.entity != "bills":
            return await write(session, step)
        company.books.written.append(step)
        return outcome

    company.books.write = answered  # type: ignore[method-assign]


async def posted(company: Company) -> None:
    await read(company)


async def linked(company: Company) -> None:
    company.books.lists["bills"] = (Bill("b77", Ref("p1"), Decimal(100), number="KEYED-1", currency="USD"),)
    await read(company, **UNMAPPED)
    await link(company.desk, "INV-1", "b77")


async def held(company: Company) -> None:
    await read(company, **UNMAPPED)


async def dismissed(company: Company) -> None:
    await held(company)
    await dismiss(company.desk, "INV-1", "received twice")


async def skipped(company: Company) -> None:
    await read(company, active=False)


async def refused(company: Company) -> None:
    answering(company, Rejected("1", "The ledger said no."))
    await read(company)


async def uncertain(company: Company) -> None:
    answering(company, Uncertain("the answer was lost"))
    await read(company)


async def shown(company: Company) -> None:
    await set_flow_mode(company.desk, company.integration, "bills", "preview")
    await read(company)


async def changed(company: Company) -> None:
    """Posted, and a newer version waits."""
    await read(company)
    await read(company, total="120.00")


Start = Callable[[Company], Awaitable[None]]
# How it comes to be, its state, the one after a replay of the record, and how many bills the replay sends.
TABLE: list[tuple[Start, str, str, int]] = [
    (posted, "posted", "posted", 0),
    (linked, "linked", "linked", 0),
    (held, "held", "held", 0),
    (dismissed, "skipped", "held", 0),
    (skipped, "skipped", "skipped", 0),
    (refused, "rejected", "rejected", 1),
    (shown, "planned", "planned", 0),
    (changed, "held", "held", 0),
]  # fmt: skip


@pytest.fixture
async def live(company: Company) -> Company:
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_flow_mode(company.desk, company.integration, "bills", "live")
    return company


def sent(company: Company) -> list[Step]:
    return [step for step in company.books.written if step.entity == "bills"]


@pytest.mark.parametrize(("start", "was", "ends", "more"), TABLE, ids=[one[0].__name__ for one in TABLE])
async def test_each_state(live: Company, start: Start, was: str, ends: str, more: int) -> None:
    await start(live)
    life = await explain(live.desk, "INV-1")
    assert life.versions[-1].state == was
    before, count = [one.state for one in life.versions[:-1]], len(sent(live))
    done = await replay(live.desk, Filter(record_ids=(life.record_id,)))
    assert {word: tally.count for word, tally in done.taken.items()} == {was: 1}
    await settled(live)
    life = await explain(live.desk, "INV-1")
    assert ([one.state for one in life.versions[:-1]], life.versions[-1].state) == (before, ends)
    assert len(sent(live)) == count + more and len({step.reference for step in sent(live)}) <= 1
    bills = next(one for one in (await status(live.desk)).integrations[0].flows if one.flow == "bills")
    assert bills.balanced


async def test_what_is_looked_up_is_left_alone(live: Company) -> None:
    """It may be in the ledger: sent again, the bill would be there twice."""
    await uncertain(live)
    life = await explain(live.desk, "INV-1")
    assert life.versions[-1].state == "uncertain"
    with pytest.raises(NotFound, match="what is being sent right now is never replayed"):
        await replay(live.desk, Filter(record_ids=(life.record_id,)))
    await settled(live)
    assert (await explain(live.desk, "INV-1")).versions[-1].state == "uncertain" and len(sent(live)) == 1


async def test_a_version_that_comes_while_the_posted_one_is_planned_again_goes(live: Company) -> None:
    await posted(live)
    life = await explain(live.desk, "INV-1")
    await replay(live.desk, Filter(record_ids=(life.record_id,)))
    with pytest.raises(NotFound, match="No record that can be replayed fits"):  # it is on its way already
        await replay(live.desk, Filter(record_ids=(life.record_id,)))
    await live.read(bill("1", total="120.00"))  # a newer version comes before it is planned again
    assert [one.state for one in (await explain(live.desk, "INV-1")).versions] == ["posted", "staged"]
    await settled(live)
    assert [one.state for one in (await explain(live.desk, "INV-1")).versions] == ["posted", "held"]
    assert len(sent(live)) == 1
