"""What is posted is planned again with ServiceTitan and Zoho Books, in every flow: nothing is written, and nothing waits."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from back_world import Back, back
from test_zoho_expenses_back import spent
from zoho_selling_world import Selling, selling

from ml_connector.errors import NotFound
from ml_connector.service.finding import Filter
from ml_connector.service.replaying import replay, replay_listed, replayable
from ml_connector.store.database import Database
from ml_connector.sync.states import State

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]
AT_REST = ("posted", "linked", "unchanged", "skipped", "tracked")


async def ends(company: Back | Selling) -> dict[tuple[str, str], tuple[str, str]]:
    """By flow and source id how the newest version of every record has ended, and why."""
    async with company.desk.looking() as reading:
        rows = await reading.all(
            """select f.name, r.source_id, s.state, s.reason from record r
            join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
            join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id where r.tenant_id = %s""",
            company.desk.tenant_id,
        )  # fmt: skip
    return {(row[0], row[1]): (State(row[2]).word, row[3]) for row in rows}


async def replayed(company: Back | Selling) -> Mapping[str, int]:
    """Replay everything that has come to rest, and work it off; how many of each state."""
    taken = dict[str, int]()
    for flow in sorted({name for name, _ in await ends(company)}):
        for state in AT_REST:
            chosen = Filter(flow=flow, state=state)
            try:
                listed = await replayable(company.desk, chosen)
            except NotFound:
                continue
            done = await replay_listed(company.desk, listed)
            taken[state] = taken.get(state, 0) + done.count
    await company.sync()
    return taken


def essences(company: Back | Selling) -> tuple[object, object]:
    return company.sandbox.servicetitan.essence(), company.sandbox.zoho_books.essence()


async def unmoved(company: Back | Selling) -> None:
    """Assert that a replay of everything writes nothing and leaves every record as it was."""
    before, books = await ends(company), essences(company)
    taken = await replayed(company)
    assert taken["posted"] > 1
    after = await ends(company)
    assert {key: (before[key], after[key]) for key in before if before[key] != after[key]} == {}
    assert essences(company) == books


async def test_what_is_sold(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        sold, other = company.bill("300.00"), company.bill("120.00")
        paid = company.take("300.00", (sold, "300.00"))
        company.give_back(paid, sold, "80.00")
        company.write_off(other, "20.00")
        company.give("CM-1", "30.00", other.customer_id, {other.id: "30.00"})
        company.give("CM-2", "15.00", other.customer_id)
        company.take("50.00", customer=other.customer_id)
        await company.sync(2)
        await unmoved(company)
        company.dearer(company.bill("90.00"), "95.00")
        await company.sync(2)
        await unmoved(company)


async def test_what_goes_back(database: Database, tmp_path: Path) -> None:
    async with back(database, tmp_path, payments_back="live", expenses_back="live", credit_memos="live") as company:
        sold = company.bill("400")
        spent(company, "5110", "41.50")
        await company.sync()
        company.receive(sold, amount="150")
        await company.sync()
        await company.sync()  # the invoice shows what is paid
        await unmoved(company)


async def test_a_list_that_was_looked_at_before_a_change_writes_no_older_version(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        sold = company.bill("300.00")
        await company.sync()
        listed = await replayable(company.desk, Filter(flow="invoices", state="posted"))
        company.dearer(sold, "310.00")
        await company.sync(2)
        before, books = await ends(company), essences(company)
        assert before["invoices", str(sold.id)] == ("posted", "")
        assert (await replay_listed(company.desk, listed)).count == listed.total.count - 1
        await company.sync()
        assert (await ends(company), essences(company)) == (before, books)
        assert company.compared() == []


async def test_what_went_back_stays_posted_when_it_changes_before_it_is_planned_again(
    database: Database, tmp_path: Path
) -> None:
    async with back(database, tmp_path, payments_back="live") as company:
        sold = company.bill("400")
        await company.sync()
        paid = company.receive(sold, amount="150")["payment_id"]
        await company.sync()
        await replay(company.desk, Filter(flow="payments_back"))
        async with company.desk.changing() as change:
            later = "update work set not_before = now() + interval '1 year' where tenant_id = %s"
            await change.run(later, company.desk.tenant_id)
        company.reapply(paid, "120.00")
        company.jump(minutes=5)
        await company.sync()
        life = await company.life("payments_back", paid)
        assert [one.state for one in life.versions] == ["posted", "held"]
        assert [one.total for one in company.taken()] == [150]
