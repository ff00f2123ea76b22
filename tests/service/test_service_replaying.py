"""Replay of a record, a filter, a run and a range of dates: told first, under the old reference, and never twice."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from service_ledger import Company, bill

from ml_connector.connectors.writing import Outcome, Rejected, Step
from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.service.balance import runs_in
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.values import set_value
from ml_connector.service.records import records
from ml_connector.service.replaying import replay, replay_listed, replayable

pytestmark = pytest.mark.anyio
AUGUST = dt.date(2026, 8, 1), dt.date(2026, 8, 31)


async def settled(company: Company) -> None:
    for _ in range(3):
        await company.plan()


@pytest.fixture
async def posted(company: Company) -> Company:
    """Three bills that are posted; the third is dated in September."""
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_flow_mode(company.desk, company.integration, "bills", "live")
    await company.read(bill("1"), bill("2", total="50.00"), bill("3", date=dt.date(2026, 9, 2)))
    await settled(company)
    return company


async def states(company: Company) -> dict[str, str]:
    found = await records(company.desk, Filter(flow="bills"))
    return {one.source_id: one.state for one in found.records}


async def chosen_by(company: Company, way: str) -> Filter:
    life = await explain(company.desk, "INV-1")
    ways = {
        "record": Filter(record_ids=(life.record_id,)),
        "filter": Filter(flow="bills", state="posted", party="Johnstone"),
        "run": Filter(run_id=life.versions[-1].run_id),
        "dates": Filter(flow="bills", since=AUGUST[0], until=AUGUST[1]),
    }
    return ways[way]


@pytest.mark.parametrize(("way", "numbers", "total"), [
    ("record", ["1"], "100.00"), ("filter", ["1", "2", "3"], "250.00"), ("run", ["1", "2", "3"], "250.00"),
    ("dates", ["1", "2"], "150.00"),
])  # fmt: skip
async def test_what_is_chosen_is_told_planned_again_and_not_posted_twice(
    posted: Company, way: str, numbers: list[str], total: str
) -> None:
    references = {step.reference for step in posted.books.written}
    listed = await replayable(posted.desk, await chosen_by(posted, way))
    assert (listed.total.count, listed.total.sums) == (len(numbers), {"USD": Decimal(total)})
    assert set((await states(posted)).values()) == {"posted"}  # asking changes nothing
    done = await replay_listed(posted.desk, listed)
    assert done.count == len(numbers)
    assert sorted(one for one, state in (await states(posted)).items() if state == "staged") == numbers
    written = len(posted.books.written)
    await settled(posted)
    assert set((await states(posted)).values()) == {"posted"} and len(posted.books.written) == written
    assert {(await explain(posted.desk, f"INV-{one}")).reference for one in numbers} <= references
    flow = (await posted.now()).flow("bills")
    async with posted.desk.looking() as reading:
        runs = await runs_in(reading, [flow.flow_id])
    (run,) = (one for one in runs if one.kind == "replay")
    assert (run.rows, run.repeats, run.imbalance) == (len(numbers), len(numbers), "")


async def test_what_was_refused_goes_again_under_its_old_reference(company: Company) -> None:
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_flow_mode(company.desk, company.integration, "bills", "live")
    write = company.books.write

    async def refuse(session: object, step: Step) -> Outcome:
        company.books.written.append(step)
        return Rejected("1", "The ledger said no.")

    company.books.write = refuse  # type: ignore[method-assign]
    await company.read(bill("1"))
    await settled(company)
    assert await states(company) == {"1": "rejected"}
    company.books.write = write  # type: ignore[method-assign]
    await replay(company.desk, Filter(flow="bills", state="rejected"))
    await settled(company)
    assert await states(company) == {"1": "posted"}
    first, second = (step for step in company.books.written if step.entity == "bills")
    assert first.reference == second.reference and first.body == second.body


async def test_what_changed_while_the_list_was_looked_at_stays(posted: Company) -> None:
    listed = await replayable(posted.desk, Filter(flow="bills"))
    await posted.read(bill("1", total="120.00"), bill("2", total="50.00"), bill("3", date=dt.date(2026, 9, 2)))
    assert (await replay_listed(posted.desk, listed)).count == 2  # of the first a newer version is on its way
    assert [one.state for one in (await explain(posted.desk, "INV-1")).versions] == ["posted", "staged"]
    await settled(posted)
    assert [step.number for step in posted.books.written if step.entity == "bills"] == ["INV-1", "INV-2", "INV-3"]


async def test_a_newer_version_that_waits_is_the_one_that_is_taken(posted: Company) -> None:
    await posted.read(bill("1", total="120.00"))
    await settled(posted)
    assert [one.state for one in (await explain(posted.desk, "INV-1")).versions] == ["posted", "held"]
    done = await replay(posted.desk, await chosen_by(posted, "record"))
    assert {word: (one.count, one.sums) for word, one in done.taken.items()} == {"held": (1, {"USD": Decimal(120)})}
    assert [one.state for one in (await explain(posted.desk, "INV-1")).versions] == ["posted", "staged"]
    await settled(posted)
    assert [one.state for one in (await explain(posted.desk, "INV-1")).versions] == ["posted", "held"]


async def test_what_is_posted_stays_so_where_its_flow_is_off(posted: Company) -> None:
    """Nothing of a flow that is off is planned: its posted bills would wait for good."""
    await set_flow_mode(posted.desk, posted.integration, "bills", "off")
    for chosen in (Filter(flow="bills"), await chosen_by(posted, "record")):
        with pytest.raises(
            Refused, match=r"The flow bills of #\d+.* is off, so nothing of it would be planned\. Nothing"
        ):
            await replay(posted.desk, chosen)
    assert set((await states(posted)).values()) == {"posted"}


async def test_what_cannot_be_is_told_in_a_sentence(posted: Company) -> None:
    for wrong, kind, told in (
        (Filter(flow="bils"), NotFound, "There is no flow 'bils'; there are"),
        (Filter(run_id=987654), NotFound, "There is no run 987654"),
        (Filter(flow="bills", state="gone"), BadInput, "'gone' is no state of a record; the states are"),
        (Filter(since=AUGUST[1], until=AUGUST[0]), BadInput, "from 2026-08-31 to 2026-08-01: the first day is after"),
        (Filter(flow="bills", since=dt.date(2031, 1, 1)), NotFound, "No record that can be replayed fits"),
        (Filter(), BadInput, "A replay needs to know of what"),
    ):
        with pytest.raises(kind, match=told):
            await replayable(posted.desk, wrong)
    done = await replay(posted.desk, Filter(flow="bills"))
    with pytest.raises(BadInput, match=f"Run {done.runs[0]} is a replay, which reads nothing"):
        await replayable(posted.desk, Filter(run_id=done.runs[0]))
