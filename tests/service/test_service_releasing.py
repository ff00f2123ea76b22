from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from service_ledger import Company, bill

from ml_connector.canonical.parts import Ref
from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings
from ml_connector.service.mapping.values import set_value
from ml_connector.service.records import records
from ml_connector.service.releasing import releasable, release, release_listed
from ml_connector.service.replaying import replay_listed, replayable
from ml_connector.service.roles import Actor, NotAllowed, Role

pytestmark = pytest.mark.anyio

CLOSED = Filter(reason="period_closed")


async def _closed(company: Company) -> None:
    """Four bills of two vendors in a closed period, and one after it; the vendors are linked."""
    await change_settings(company.desk, company.integration, {"closed_through": "2026-08-31"})
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await set_value(company.desk, company.integration, "vendors", "v2", "p2")
    await set_flow_mode(company.desk, company.integration, "bills", "live")
    acme = {"vendor": Ref("v2", "Acme Pipe & Valve")}
    await company.read(
        bill("1", total="10.00"), bill("2", total="20.50", **acme), bill("3", date=dt.date(2026, 8, 20), **acme),
        bill("4", currency="CAD", total="7.00"), bill("5", date=dt.date(2026, 9, 1)),
    )  # fmt: skip
    await _settled(company)


async def _settled(company: Company) -> None:
    for _ in range(3):
        await company.plan()


async def _states(company: Company) -> dict[str, str]:
    return {one.source_id: one.state for one in (await records(company.desk, Filter(flow="bills"))).records}


async def _events(company: Company, kind: str) -> int:
    async with company.desk.looking() as reading:
        row = await reading.one("select count(*) from audit_event where kind = %s", kind)
    assert row is not None
    return int(row[0])


async def test_a_list_says_how_many_and_how_much(company: Company) -> None:
    await _closed(company)
    listed = await releasable(company.desk, CLOSED)
    assert (listed.title, listed.total.count) == ("The period is closed", 4)
    assert listed.total.sums == {"USD": Decimal("130.50"), "CAD": Decimal("7.00")}
    assert [(one.number, one.party) for one in listed.records[:2]] == [
        ("INV-1", "Johnstone Supply"), ("INV-2", "Acme Pipe & Valve"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("chosen", "numbers"),
    [
        (Filter(reason="period_closed", party="acme"), ["INV-2", "INV-3"]),
        (Filter(reason="period_closed", party="v1"), ["INV-1", "INV-4"]),
        (Filter(reason="period_closed", since=dt.date(2026, 8, 6)), ["INV-3"]),
        (Filter(reason="period_closed", until=dt.date(2026, 8, 5), party="Acme"), ["INV-2"]),
        (Filter(reason="period_closed", flow="bills", run_id=2), ["INV-1", "INV-2", "INV-3", "INV-4"]),
    ],
)
async def test_a_list_is_chosen_by_vendor_date_and_run(company: Company, chosen: Filter, numbers: list[str]) -> None:
    await _closed(company)
    assert [one.number for one in (await releasable(company.desk, chosen)).records] == numbers


async def test_one_command_releases_a_list_and_nothing_else(company: Company) -> None:
    await _closed(company)
    done = await release_listed(
        company.desk, await releasable(company.desk, Filter(reason="period_closed", party="acme"))
    )
    assert (done.total.count, done.total.sums, done.changed) == (2, {"USD": Decimal("120.50")}, ())
    await _settled(company)
    assert await _states(company) == {"1": "held", "2": "posted", "3": "posted", "4": "held", "5": "posted"}
    assert (await _events(company, "release of a list"), await _events(company, "released")) == (1, 2)
    life = await explain(company.desk, "INV-2")
    assert [entry.actor for entry in life.timeline if entry.kind == "released"] == ["cli/anna"]


async def test_a_list_holds_for_the_versions_it_showed(company: Company) -> None:
    """A bill that is read anew between the look and the word stays held; the others go."""
    await _closed(company)
    listed = await releasable(company.desk, Filter(reason="period_closed", party="acme"))
    acme = {"vendor": Ref("v2", "Acme Pipe & Valve")}
    await company.read(bill("2", total="2000.50", **acme))
    await _settled(company)
    done = await release_listed(company.desk, listed)
    changed = (await explain(company.desk, "INV-2")).record_id
    assert (done.total.count, done.changed) == (1, (changed,))
    await _settled(company)
    assert (await _states(company))["2"] == "held" and (await _states(company))["3"] == "posted"


async def test_a_release_lapses_when_the_bill_changes_before_it_is_posted(company: Company) -> None:
    """Released while it also waits for an account; the version that comes then was never seen by the releaser."""
    await _closed(company)
    await company.read(bill("6", account="7777"))
    await _settled(company)
    done = await release(company.desk, "INV-6", "period_closed")
    assert done.still_waiting == {"account_unmapped": 1}
    await _settled(company)
    assert [wait.code for wait in (await explain(company.desk, "INV-6")).versions[-1].waits] == ["account_unmapped"]
    await company.read(bill("6", account="7777", total="9000.00"))
    await set_value(company.desk, company.integration, "accounts", "7777", "a1")
    await _settled(company)
    life = await explain(company.desk, "INV-6")
    assert (life.versions[-1].sequence, life.versions[-1].state) == (2, "held")
    assert [wait.code for wait in life.versions[-1].waits] == ["period_closed"]
    assert life.released == ()
    await release(company.desk, "INV-6")
    await _settled(company)
    assert (await _states(company))["6"] == "posted"


async def test_other_releases_hold_for_later_versions_too(company: Company) -> None:
    """That a bill is in no other ledger does not change with the bill."""
    await set_flow_mode(company.desk, company.integration, "bills", "live")
    await company.read(bill("1", exported=True))
    await _settled(company)
    await release(company.desk, "INV-1", "already_exported")
    await company.read(bill("1", exported=True, total="80.00"))
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await _settled(company)
    assert (await _states(company))["1"] == "posted"


async def test_what_cannot_be_released_is_refused(company: Company) -> None:
    await _closed(company)
    with pytest.raises(BadInput, match="account_unmapped is not released by hand; what is: already_exported, period_c"):
        await releasable(company.desk, Filter(reason="account_unmapped"))
    with pytest.raises(BadInput, match="needs a record, or the reason"):
        await releasable(company.desk, Filter(flow="bills"))
    with pytest.raises(NotFound, match="No record that waits for preview_changed fits"):
        await releasable(company.desk, Filter(reason="preview_changed"))
    with pytest.raises(NotFound):
        await releasable(company.desk, Filter(reason="period_closed", since=dt.date(2026, 8, 21)))
    listed = await releasable(company.desk, CLOSED)
    clerk = Desk(company.desk.runtime, company.desk.tenant_id, Actor("cli/bob", Role.BOOKKEEPER))
    with pytest.raises(NotAllowed, match="approver"):
        await release_listed(clerk, listed)
    assert await _events(company, "release of a list") == 0
    with pytest.raises(Refused, match="is posted, not held"):
        await release(company.desk, "INV-5")


async def test_a_replay_says_what_it_would_take(company: Company) -> None:
    await _closed(company)
    listed = await replayable(company.desk, Filter(flow="bills", party="acme", since=dt.date(2026, 8, 1)))
    assert (listed.total.count, listed.total.sums) == (2, {"USD": Decimal("120.50")})
    assert {word: tally.count for word, tally in listed.states.items()} == {"held": 2}
    assert await _events(company, "replayed") == 0
    done = await replay_listed(company.desk, listed)
    assert done.count == 2 and len(done.runs) == 1
    assert (await _events(company, "replay of a list"), await _events(company, "replayed")) == (1, 2)
    await _settled(company)
    assert len([one for one in company.books.written if one.entity == "bills"]) == 1
