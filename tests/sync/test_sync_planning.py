"""Planning and holding: everything missing is listed, what arrives frees it at every moment, previews touch nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sync_world import Start, World, is_bill

from ml_connector.integrations.bill_flow import Bills
from ml_connector.service.finding import Filter
from ml_connector.service.integrating import change_settings
from ml_connector.service.replaying import replay
from ml_connector.sync import lane, prepare, push, settle, stage
from ml_connector.sync.states import State

pytestmark = pytest.mark.anyio


# --- previews --------------------------------------------------------------------------------------------------------


async def test_a_preview_writes_nothing_and_links_nothing(company: World) -> None:
    assert await company.states() == {"planned": len(company.bills)}
    assert company.faults.calls == []
    assert (await company.one("select count(*) from link"))[0] == 0
    assert (await company.one("select count(*) from intent"))[0] == 0
    shown = await company.one("select count(*) from plan where target like 'new: %%'")
    assert shown[0] > len(company.bills)  # the bills, and vendors that are still to be made


async def test_a_preview_does_not_count_on_a_vendor_that_is_held_since(company: World) -> None:
    """The vendor's former plan is still there; it brings nothing any more."""
    vendor = (await company.one(
        """select min(r.source_id) from plan p join record r using (record_id) join flow f using (flow_id)
        where f.name = 'vendors' and p.target like 'new: %%'"""
    ))[0]  # fmt: skip
    theirs = {str(row.bill_id) for row in company.sandbox.company.truth if row.vendor_id == vendor}
    await company.run(
        """insert into mapping (tenant_id, integration_id, table_name, source_key, target_key, changed_by, changed_at)
        values (%s, %s, 'vendors', %s, 'nobody there', 'test', now())""",
        company.desk.tenant_id, company.integration.integration_id, vendor,
    )  # fmt: skip
    await company.run("update integration set generation = generation + 1")
    await replay(company.desk, Filter(integration_id=company.integration.integration_id, state="planned"))
    await company.settle()
    assert (await company.ends("vendors"))[vendor] == ("held", "vendor_unknown_there")
    ends = await company.ends()
    assert theirs and {ends[one] for one in theirs} == {("held", "vendor_pending")}
    assert {ends[one] for one in ends.keys() - theirs} == {("planned", "")}


async def test_what_was_approved_is_what_is_sent(company: World) -> None:
    before = dict(await company.all("select record_id, digest from plan"))
    await company.live()
    approved = dict(await company.all("select record_id, digest from plan where approved_at is not null"))
    assert approved.items() <= before.items() and len(approved) == len(company.bills)
    await company.settle()
    assert await company.states() == {"posted": len(company.bills)}
    assert company.compared().findings == []


async def test_vendors_are_brought_only_as_bills_need_them(company: World) -> None:
    await company.live()
    await company.settle()
    needed = {row.vendor_id for row in company.sandbox.company.truth}
    ends = await company.ends("vendors")
    assert {one for one, end in ends.items() if end == ("skipped", "not_needed")} == ends.keys() - needed
    assert all(ends[one][0] in ("posted", "linked") for one in needed)
    assert company.compared().duplicate_vendors == 0


async def test_live_bills_wait_quietly_for_vendors_that_are_only_previewed(company: World) -> None:
    await company.mode("vendors", "preview")
    await company.settle()
    held = {bill: (await company.kinds(bill)).count("held") for bill in await company.ends()}
    await company.live()
    await company.settle()  # bill and vendor do not release one another for ever
    waiting = [bill for bill, (state, _) in (await company.ends()).items() if state == "held"]
    assert waiting
    for bill in waiting:
        assert (await company.kinds(bill)).count("held") <= held[bill] + 1
    assert "planned" in await company.states("vendors")
    await company.mode("vendors", "live")
    await company.settle()
    assert await company.states() == {"posted": len(company.bills)}
    assert company.compared().findings == []


async def test_a_document_that_changed_after_its_approval_is_held(company: World) -> None:
    bill = company.tenant.bills[company.bills[0]]
    await company.live()
    company.tenant.modify_bill(bill.id, due_date=bill.due_date + timedelta(days=5))
    await company.ask()
    await company.slice(company.source)  # the change is read before what was approved is sent
    await company.settle()
    assert (await company.ends())[str(bill.id)] == ("held", "preview_changed")
    assert (await company.states())["posted"] == len(company.bills) - 1


async def test_a_document_that_changed_in_nothing_that_is_sent_goes(company: World) -> None:
    bill = company.bills[0]
    await company.live()
    company.tenant.modify_bill(bill, summary="nobody sees this")
    await company.ask()
    await company.slice(company.source)
    await company.settle()
    assert (await company.ends())[str(bill)] == ("posted", "")


async def test_a_mapping_that_changed_after_the_approval_holds_what_it_changes(company: World) -> None:
    await company.live()
    key, other = await another_account(company)
    await company.fill("accounts", key, other)
    await company.settle()
    states = await company.states()
    assert states.keys() == {"posted", "held"} and sum(states.values()) == len(company.bills)
    reasons = {end for end in (await company.ends()).values() if end[0] == "held"}
    assert reasons == {("held", "preview_changed")}
    company_bills = [one for one in company.zoho_bills() if any(line.account_id == other for line in one.lines)]
    assert company_bills == []


async def another_account(company: World) -> tuple[str, str]:
    """A mapped account that some bill uses, and another of Zoho's accounts that takes bill lines."""
    used: dict[str, str] = company.sandbox.handover["company"]["mapping"]["accounts"]
    values = sorted(set(used.values()))
    for key, value in used.items():
        names = [line.accounts for bill in company.bills for line in company.tenant.bills[bill].items]
        ids = {one.cost_of_sale or one.general_ledger for one in names}
        numbers = {company.tenant.gl_accounts[one].number for one in ids}
        if key in numbers:
            return key, next(one for one in values if one != value)
    raise AssertionError("no mapped account is used")


async def test_what_another_bill_source_brought_is_not_posted_beside_it(company: World) -> None:
    bills = {str(one) for one in company.bills}
    for source, passed_over in (("receipts", True), ("bills", False)):
        await change_settings(company.desk, company.integration, {"bill_source": source})
        await company.sync()
        await replayed_planned(company)
        ends = await company.ends()
        assert {ends[one] for one in bills} == {("skipped", "other_source") if passed_over else ("planned", "")}
        assert {ends[one][0] for one in ends.keys() - bills} == {"skipped"}
    await company.live()
    await company.settle()
    assert company.compared().findings == []


async def replayed_planned(company: World) -> None:
    """Plan everything again that a preview shows."""
    if "planned" in await company.states():
        chosen = Filter(integration_id=company.integration.integration_id, flow="bills", state="planned")
        await replay(company.desk, chosen)
        await company.settle()


# --- holds -----------------------------------------------------------------------------------------------------------


async def test_a_hold_lists_everything_missing_and_each_frees_it(start: Start) -> None:
    async with start() as company:
        await company.mode("bills", "preview")
        await company.sync()
        assert (await company.states()).keys() == {"held"}
        rows = await company.all("select version_id, kind, key from wait")
        waits: dict[int, set[str]] = {}
        for version_id, _, key in rows:
            waits.setdefault(version_id, set()).add(key.split(":")[0])
        assert any({"accounts", "business_units"} <= found for found in waits.values())
        for table, mapped in company.sandbox.handover["company"]["mapping"].items():
            for key, value in mapped.items():
                await company.fill(table, key, value)
        await company.settle()
        assert await company.states() == {"planned": len(company.bills)}
        assert await company.all("select 1 from wait w join version_state s using (version_id) where s.state = 1") == []


async def test_a_held_bill_stops_no_other_and_goes_on_by_itself(company: World) -> None:
    key, _ = await another_account(company)
    value = company.sandbox.handover["company"]["mapping"]["accounts"][key]
    await company.remove("accounts", key)
    await company.live()
    await company.sync()
    held = [one for one, end in (await company.ends()).items() if end[0] == "held"]
    assert 0 < len(held) < len(company.bills)
    assert (await company.states())["posted"] == len(company.bills) - len(held)
    assert await company.fill("accounts", key, value) == len(held)
    await company.settle()
    assert await company.states() == {"posted": len(company.bills)}
    assert company.compared().findings == []
    await company.sound()


async def test_a_setting_that_arrives_frees_what_waited_for_it(company: World) -> None:
    freight = company.sandbox.handover["company"]["settings"]["freight_account"]
    await change_settings(company.desk, company.integration, {"freight_account": ""})
    await company.live()
    await company.sync()
    assert ("held", "freight_unmapped") in (await company.ends()).values()
    await change_settings(company.desk, company.integration, {"freight_account": freight})
    await company.settle()
    assert company.compared().findings == []


async def test_a_fact_that_arrives_frees_what_waited_for_it(company: World) -> None:
    key, _ = await another_account(company)
    mapped = company.sandbox.handover["company"]["mapping"]["accounts"][key]
    account = company.sandbox.company.seed.organisation.accounts[mapped]
    account.active = False
    await company.sync()
    await replay(company.desk, Filter(integration_id=company.integration.integration_id, flow="bills", state="planned"))
    await company.settle()
    assert ("held", "account_inactive") in (await company.ends()).values()
    account.active = True
    await company.sync()
    assert await company.states() == {"planned": len(company.bills)}


async def test_rules_that_fail_hold_one_document_and_nobody_else(
    company: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan, bad = Bills.plan, str(company.bills[0])

    def failing(self: Bills, view: Any) -> Any:
        if view.source_id == bad:
            raise KeyError("something the rules did not think of")
        return plan(self, view)

    await company.live()
    with monkeypatch.context() as patched:
        patched.setattr(Bills, "plan", failing)
        await company.settle()
    assert (await company.ends())[bad] == ("held", "defect")
    assert await company.states() == {"held": 1, "posted": len(company.bills) - 1}
    await replay(company.desk, Filter(integration_id=company.integration.integration_id, flow="bills", state="held"))
    await company.settle()
    assert company.compared().findings == []


async def test_two_vendors_of_one_name_are_not_both_linked_to_one_contact(company: World) -> None:
    used = list(dict.fromkeys(row.vendor_id for row in company.sandbox.company.truth))[:2]
    for one in used:
        company.tenant.vendors.modify(int(one), name="Twin Supply")
    company.sandbox.company.seed.organisation.add_contact("Twin Supply", contact_type="vendor")
    await company.sync()
    await company.live()
    await company.settle()
    ends = await company.ends("vendors")
    assert [ends[one] for one in used] == [("held", "party_claimed")] * 2


async def test_a_flow_that_is_off_plans_nothing_and_keeps_what_it_has(company: World) -> None:
    await company.live()
    await company.mode("bills", "off")
    company.faults.calls.clear()
    for _ in range(2):
        await company.slice(company.target)
    assert await company.states() == {"staged": len(company.bills)}
    due = await company.one("select due_at > %s from lane where connection_id = %s", company.runtime.clock.now() +
                            timedelta(seconds=1), company.target)  # fmt: skip
    assert due[0]  # it does not come round for nothing, over and over
    await company.live()
    await company.settle()
    assert company.compared().findings == []


# --- no wake-up is lost ----------------------------------------------------------------------------------------------

Points = dict[str, tuple[Any, str]]
POINTS: Points = {
    "before anything is read": (push, "settled_flows_of"),
    "before the views are made": (prepare.Preparer, "views"),
    "before the hold is written": (settle.Settled, "write"),
    "before the transaction ends": (lane.LaneTransaction, "finish"),
}


@pytest.mark.parametrize("point", list(POINTS))
@pytest.mark.parametrize("what", ["mapping", "setting", "mode"])
async def test_what_arrives_while_a_hold_is_made_is_never_missed(
    company: World, monkeypatch: pytest.MonkeyPatch, point: str, what: str
) -> None:
    arrive = await prepared(company, what)
    tasks: list[asyncio.Task[Any]] = []
    patch(monkeypatch, *POINTS[point], lambda: meanwhile(company, tasks, arrive))
    await company.slice(company.target)
    assert len(tasks) == 1
    await tasks[0]
    await company.settle()
    assert await company.states() == {"posted": len(company.bills)}
    assert company.compared().findings == []


async def prepared(company: World, what: str) -> Callable[[], Awaitable[Any]]:
    """Bring the bills to where they lack one thing; the function that brings it."""
    if what == "mode":
        await replay(
            company.desk, Filter(integration_id=company.integration.integration_id, flow="bills", state="planned")
        )
        return company.live
    if what == "setting":
        freight = company.sandbox.handover["company"]["settings"]["freight_account"]
        await change_settings(company.desk, company.integration, {"freight_account": ""})
        await company.live()
        await company.run("delete from plan")
        return lambda: change_settings(company.desk, company.integration, {"freight_account": freight})
    key, _ = await another_account(company)
    value = company.sandbox.handover["company"]["mapping"]["accounts"][key]
    await company.remove("accounts", key)
    await company.live()
    await company.run("delete from plan")
    return lambda: company.fill("accounts", key, value)


def patch(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, before: Callable[[], Awaitable[None]]) -> None:
    real = getattr(owner, name)

    async def patched(*given: Any, **named: Any) -> Any:
        if name != "finish" or is_turn(given[0]):
            await before()
        return await real(*given, **named)

    monkeypatch.setattr(owner, name, patched)


def is_turn(transaction: lane.LaneTransaction) -> bool:
    """``finish`` ends every transaction of a lane; one that planned something is meant."""
    return any(one.kind in ("held", "planned", "sending") for one in transaction.events)


async def meanwhile(company: World, tasks: list[asyncio.Task[Any]], arrive: Callable[[], Awaitable[Any]]) -> None:
    """Let it arrive on another connection, until it is done or waits for the transaction that is open here."""
    if tasks:
        return
    tasks.append(asyncio.ensure_future(arrive()))
    async with asyncio.timeout(20):
        while not tasks[0].done() and not await company.somebody_waits():
            await asyncio.sleep(0.02)


async def test_a_vendor_asked_for_while_its_new_version_is_staged_is_brought(
    company: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader has written that nobody needs the vendor, and has not committed it yet."""
    vendor = company.sandbox.company.truth[0].vendor_id
    await company.run("delete from plan")
    await company.run("update record set needed = 0")
    await company.run(
        """update version_state set state = %s, reason = 'not_needed' where flow_id in
           (select flow_id from flow where name = 'vendors')""",
        State.SKIPPED,
    )  # fmt: skip
    await company.live()
    company.tenant.vendors.modify(int(vendor), email="new@supplier.example")
    await company.ask()
    tasks: list[asyncio.Task[Any]] = []
    patch(monkeypatch, stage, "count_rows", lambda: meanwhile(company, tasks, lambda: company.slice(company.target)))
    await company.slice(company.source)
    await tasks[0]
    await company.settle()
    assert (await company.one("select count(*) from link where entity = 'vendors' and source_id = %s", vendor))[0] == 1
    assert await company.states() == {"posted": len(company.bills)}


async def test_what_is_being_held_is_not_superseded_halfway(company: World, monkeypatch: pytest.MonkeyPatch) -> None:
    key, _ = await another_account(company)
    await company.remove("accounts", key)
    await company.live()
    tasks: list[asyncio.Task[Any]] = []

    for bill in company.bills:
        company.tenant.modify_bill(bill, summary="a newer version")
    await company.ask()

    async def read_source() -> None:
        await company.slice(company.source)

    patch(monkeypatch, settle.Settled, "write", lambda: meanwhile(company, tasks, read_source))
    await company.slice(company.target)
    await tasks[0]
    await company.settle()
    held = await company.all("select version_id from version_state where state = %s", State.HELD)
    newest = await company.all("select version_id from record")
    assert held and set(held) <= set(newest)
    assert set(await company.all("select distinct version_id from wait")) == set(held)


async def test_what_is_being_sent_is_not_superseded_halfway(company: World, monkeypatch: pytest.MonkeyPatch) -> None:
    await company.live()
    bill = company.bills[0]
    tasks: list[asyncio.Task[Any]] = []

    company.tenant.modify_bill(bill, summary="a newer version")
    await company.ask()

    async def read_source() -> None:
        await company.slice(company.source)

    patch(monkeypatch, settle.Settled, "write", lambda: meanwhile(company, tasks, read_source))
    await company.slice(company.target)
    await tasks[0]
    await company.settle()
    states = await company.versions(str(bill))
    assert "posted" in states and set(states) <= {"superseded", "posted", "unchanged"}
    assert company.compared().findings == []
    await company.sound()


async def test_one_record_has_one_active_intent(company: World) -> None:
    await company.live()
    seen: list[int] = []

    async def look() -> None:
        rows = await company.all("select count(*) from intent where state in (0, 1) group by record_id")
        seen.extend(row[0] for row in rows)
        bill = company.bills[len(seen) % len(company.bills)]
        company.tenant.modify_bill(bill, summary=f"version {len(seen)}")

    company.faults.before_write = look
    company.faults.on("500 before", is_bill, times=3)
    await company.sync()
    await company.sync()
    assert seen and max(seen) == 1
    assert company.compared().findings == []
    await company.sound()
