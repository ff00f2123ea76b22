"""Stored plans approved one by one while their flow stays in preview: once, as shown, or not at all."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from service_ledger import SCOPES, VENDORS, Company, bill

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.connectors.writing import Action, Step
from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.integrations.decisions import Write
from ml_connector.service import approving, flows
from ml_connector.service.approving import (
    Approved,
    Shown,
    approvable,
    approvable_record,
    approve_listed,
    approve_shown,
)
from ml_connector.service.desk import Change
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings
from ml_connector.service.mapping.values import set_value
from ml_connector.service.previewing import shown_preview, stored_plans
from ml_connector.service.records import records
from ml_connector.service.releasing import release
from ml_connector.service.roles import Actor, NotAllowed, Role
from ml_connector.service.syncing import Progress, Quiet
from ml_connector.sync import plan

pytestmark = pytest.mark.anyio
BILLS = Filter(flow="bills")


async def mode(company: Company, flow: str, chosen: str) -> None:
    await set_flow_mode(company.desk, company.integration, flow, chosen)


async def settled(company: Company) -> None:
    for _ in range(3):
        await company.plan()


async def previewed(company: Company, *bills: Bill) -> None:
    """The bills of a mapped company, planned and not posted."""
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await mode(company, "bills", "preview")
    await company.read(*bills)
    await settled(company)


async def ends(company: Company, flow: str = "bills") -> dict[str, str]:
    found = await records(company.desk, Filter(flow=flow))
    return {one.source_id: one.state for one in found.records}


async def record_of(company: Company, number: str) -> int:
    return (await explain(company.desk, number)).record_id


async def approved(company: Company, number: str) -> Approved:
    return await approve_listed(company.desk, await approvable_record(company.desk, number))


async def why(company: Company, number: str) -> str:
    """What the newest version waits for, in sentences."""
    return " ".join(wait.sentence for wait in (await explain(company.desk, number)).versions[-1].waits)


def written(company: Company) -> list[str]:
    return [step.number for step in company.books.written if step.entity == "bills"]


async def test_one_plan_is_carried_out_and_the_flow_stays_in_preview(company: Company) -> None:
    await previewed(company, bill("1"), bill("2", total="50.00"), bill("3"))
    found = await approved(company, "INV-2")
    assert (found.total.count, found.total.sums, found.refused) == (1, {"USD": Decimal("50.00")}, ())
    await settled(company)
    assert await ends(company) == {"1": "planned", "2": "posted", "3": "planned"}
    assert written(company) == ["INV-2"]
    integration = await company.now()
    assert integration.flow("bills").mode == "preview"
    kinds = [entry.kind for entry in (await explain(company.desk, "INV-2")).timeline]
    assert kinds.index("planned") < kinds.index("approved") < kinds.index("sending") < kinds.index("posted")


async def test_what_is_sent_is_what_was_shown(company: Company) -> None:
    await previewed(company, bill("1"))
    (shown,) = (await stored_plans(company.desk, BILLS)).plans
    async with company.desk.looking() as reading:
        row = await reading.one(
            "select body from plan where tenant_id = %s and record_id = %s", company.desk.tenant_id, shown.record_id
        )
    assert row is not None
    decision = plan.decode((await company.desk.sealer()).open(b"plan", row[0]))
    assert isinstance(decision, Write)
    await approve_shown(company.desk, [Shown(shown.record_id, shown.digest)])
    await settled(company)
    (sent,) = company.books.written
    assert sent.body == decision.steps[0].body
    assert (sent.reference, sent.total, sent.party_id) == (decision.steps[0].reference, Decimal("100.00"), "p1")


async def test_a_filtered_list_is_approved_with_its_sum(company: Company) -> None:
    other = Ref("v9", "Zeta Tools")
    company.titan.lists["vendors"] = (*VENDORS, Party("v9", "vendor", "Zeta Tools"))
    await previewed(company, bill("1"), bill("2"), bill("3", vendor=other, total="70.00"))
    listed = await approvable(company.desk, Filter(flow="bills", party="Johnstone"))
    assert (listed.total.count, listed.total.sums) == (2, {"USD": Decimal("200.00")})
    assert len((await approve_listed(company.desk, listed)).record_ids) == 2
    await settled(company)
    assert await ends(company) == {"1": "posted", "2": "posted", "3": "planned"}


async def test_plans_that_are_older_than_a_change_are_counted_until_they_are_planned_again(company: Company) -> None:
    await previewed(company, bill("1"), bill("2"))
    assert (await approvable(company.desk, BILLS)).planned_before == 0
    unread = await set_value(company.desk, company.integration, "accounts", "6100", "a2", anyway=True)
    assert (unread.planned_before, (await approvable(company.desk, BILLS)).planned_before) == (0, 0)
    changed = await set_value(company.desk, company.integration, "accounts", "5100", "a2")
    assert changed.planned_before == 2
    assert (await approvable(company.desk, BILLS)).planned_before == 2
    assert (await approvable_record(company.desk, "INV-1")).planned_before == 1
    await company.read(bill("1"), bill("2", total="7.00"))
    await settled(company)
    assert (await approvable(company.desk, BILLS)).planned_before == 1  # the other was planned after the change
    await change_settings(company.desk, company.integration, {"closed_through": "2026-01-31"})
    assert (await approvable(company.desk, BILLS)).planned_before == 2
    live = await set_flow_mode(company.desk, company.integration, "bills", "live")
    assert (live.approved, live.planned_before, live.unseen) == (2, 2, False)


async def test_a_bill_brings_the_vendor_it_needs(company: Company) -> None:
    """Its plan shows the vendor as one to come; approved, both go, and the bill is the one that was shown."""
    company.titan.lists["vendors"] = (*VENDORS, Party("v9", "vendor", "Zeta Tools"))
    await previewed(company, bill("1", vendor=Ref("v9", "Zeta Tools")), bill("2", vendor=Ref("v9", "Zeta Tools")))
    assert (await ends(company, "vendors"))["v9"] == "planned"
    assert (await approved(company, "INV-1")).refused == ()
    await settled(company)
    assert (await ends(company, "vendors"))["v9"] == "posted"
    assert await ends(company) == {"1": "posted", "2": "planned"}
    assert (await approved(company, "INV-2")).refused == ()
    await settled(company)
    assert (await ends(company))["2"] == "posted"
    assert [step.entity for step in company.books.written] == ["parties", "bills", "bills"]


async def test_a_plan_is_approved_once(company: Company) -> None:
    await previewed(company, bill("1"), bill("2"))
    listed = await approvable(company.desk, BILLS)
    first = await approve_listed(company.desk, listed)
    assert len(first.record_ids) == 2
    again = await approve_listed(company.desk, listed)
    assert again.record_ids == () and again.total.count == 0
    number = listed.plans[0].record_id
    assert again.refused[0].sentence.startswith(
        f"The plan of record #{number} was approved already, by cli/anna on "
    ) and again.refused[0].sentence.endswith("A stored preview is approved once.")
    await settled(company)
    with pytest.raises(Refused, match=r"was approved already, by cli/anna on .* UTC; it is posted now"):
        await approvable_record(company.desk, "INV-1")
    with pytest.raises(NotFound, match="No stored plan fits"):
        await approvable(company.desk, BILLS)
    assert sorted(written(company)) == ["INV-1", "INV-2"]


async def test_two_approvals_at_the_same_moment_are_one(company: Company) -> None:
    await previewed(company, *(bill(str(number)) for number in range(1, 6)))
    listed = await approvable(company.desk, BILLS)
    other = replace(company.desk, actor=Actor("cli/bert", Role.APPROVER))
    both = await asyncio.gather(*(approve_listed(desk, listed) for desk in (company.desk, other)))
    assert sorted(len(one.record_ids) for one in both) == [0, 5]
    loser, winner = sorted(both, key=lambda one: len(one.record_ids))
    assert len(loser.refused) == 5 and winner.refused == ()
    assert "was approved already, by cli/" in loser.refused[0].sentence
    await settled(company)
    assert len(written(company)) == 5


async def test_a_plan_that_was_made_again_otherwise_is_not_the_one_that_was_shown(company: Company) -> None:
    await previewed(company, bill("1"), bill("2"))
    listed = await approvable(company.desk, BILLS)
    await company.read(bill("1", total="120.00"), bill("2"))
    await settled(company)
    found = await approve_listed(company.desk, listed)
    assert len(found.record_ids) == 1
    assert "is not the one that was shown any more: look at it again" in found.refused[0].sentence
    await settled(company)
    assert await ends(company) == {"1": "planned", "2": "posted"}


async def test_a_source_that_changed_after_the_approval_is_told_field_by_field(company: Company) -> None:
    await previewed(company, bill("1"))
    await approved(company, "INV-1")
    await company.read(bill("1", total="120.00"))
    await settled(company)
    assert await ends(company) == {"1": "held"}
    told = await why(company, "INV-1")
    assert "not what the approved preview showed: total: was 100.00 USD, is 120.00 USD; rate of line 1: was 100" in told
    assert written(company) == []


async def test_a_mapping_that_changed_after_the_approval_is_told_by_name(company: Company) -> None:
    await previewed(company, bill("1"))
    await approved(company, "INV-1")
    await set_value(company.desk, company.integration, "accounts", "5100", "a2")
    await settled(company)
    told = await why(company, "INV-1")
    assert "account of line 1: was 5100 Job Materials, is 6100 Small Tools. It is so since the row '5100' of" in told
    assert "the mapping table accounts was changed on 20" in told
    assert told.endswith(" UTC by cli/anna, from 5100 Job Materials to 6100 Small Tools.")
    assert written(company) == []
    # Released, it is shown again, and not posted before it has been approved as it is now.
    await release(company.desk, "INV-1")
    await settled(company)
    assert await ends(company) == {"1": "planned"} and written(company) == []
    await approved(company, "INV-1")
    await settled(company)
    assert await ends(company) == {"1": "posted"}


async def test_all_that_a_row_has_changed_are_approved_again_in_one_step_as_they_are_now(company: Company) -> None:
    await set_value(company.desk, company.integration, "accounts", "6100", "a1", anyway=True)
    await previewed(company, bill("1"), bill("2"), bill("3", account="6100"))
    await approve_listed(company.desk, await approvable(company.desk, BILLS))
    await set_value(company.desk, company.integration, "accounts", "5100", "a2")
    await settled(company)
    assert await ends(company) == {"1": "held", "2": "held", "3": "posted"}  # the row is nothing to the third
    again = Filter(reason="preview_changed")
    listed = await approvable(company.desk, again)
    assert [one.decision["steps"][0]["body"]["line_items"][0]["account_id"] for one in listed.plans] == ["a2", "a2"]
    assert listed.plans == (await stored_plans(company.desk, again)).plans and listed.planned_before == 0
    await set_value(company.desk, company.integration, "accounts", "6100", "a2", anyway=True)
    assert (await approvable(company.desk, again)).planned_before == 0
    found = await approve_listed(company.desk, listed)
    assert (len(found.record_ids), found.refused) == (2, ())
    assert "was approved already, by cli/anna" in (await approve_listed(company.desk, listed)).refused[0].sentence
    await settled(company)
    assert set((await ends(company)).values()) == {"posted"}
    assert [b'"a2"' in step.body for step in company.books.written] == [False, True, True]


async def test_a_row_that_is_as_it_was_by_then_holds_nothing(company: Company) -> None:
    await previewed(company, bill("1"))
    await approved(company, "INV-1")
    for value in ("a2", "a1"):
        await set_value(company.desk, company.integration, "accounts", "5100", value)
    await settled(company)
    assert await ends(company) == {"1": "posted"}


async def test_a_setting_or_fact_that_changed_after_the_approval_holds(company: Company) -> None:
    await previewed(company, bill("1"))
    await approved(company, "INV-1")
    await change_settings(company.desk, company.integration, {"closed_through": "2026-12-31"})
    await settled(company)
    assert await ends(company) == {"1": "held"}
    assert "It is dated 2026-08-05" in await why(company, "INV-1") and written(company) == []


async def test_a_twin_that_appeared_at_the_target_after_the_approval_holds(company: Company) -> None:
    await previewed(company, bill("1"))
    await approved(company, "INV-1")
    twin = bill("z9", vendor=Ref("p1", "Johnstone Supply"), number="INV-1")
    company.books.lists["bills"] = (twin,)
    async with company.desk.changing() as change:  # the lists are due for another look
        await change.run("delete from feed where tenant_id = %s and connection_id = %s", company.desk.tenant_id,
                         company.target.connection_id)  # fmt: skip
    await settled(company)
    assert await ends(company) == {"1": "held"}
    assert "z9" in await why(company, "INV-1") and written(company) == []


async def test_a_digest_covers_the_document_that_a_step_changes() -> None:
    update = Write((Step("bills", Action.UPDATE, "r", b"{}", target_id="z1"),), "bills")
    assert plan.digest(update, b"as it was") != plan.digest(update, b"as it is")
    assert plan.digest(update, b"as it was") == plan.digest(plan_again(update), b"as it was")


def plan_again(decision: Write) -> Write:
    found = plan.decode(plan.encode(decision))
    assert isinstance(found, Write)
    return found


async def test_what_is_off_or_has_no_plan_is_refused_with_its_reason(company: Company) -> None:
    await previewed(company, bill("1"), bill("2", account="9999"))
    with pytest.raises(Refused, match=r"Record #\d+ is held: there is no stored plan of it to approve"):
        await approvable_record(company.desk, "INV-2")
    listed = await approvable(company.desk, BILLS)
    await mode(company, "bills", "off")
    with pytest.raises(Refused, match="is off: turn it to preview first"):
        await approvable_record(company.desk, "INV-1")
    assert "is off" in (await approve_listed(company.desk, listed)).refused[0].sentence
    (nobody,) = (await approve_shown(company.desk, [Shown(987654, "0" * 64)])).refused
    assert nobody.sentence == "There is no record #987654."
    with pytest.raises(BadInput, match="needs to know of what"):
        await approvable(company.desk, Filter())


@pytest.mark.parametrize("role", [Role.BOOKKEEPER, Role.VIEWER, Role.OPERATOR])
async def test_approving_needs_the_approver(company: Company, role: Role) -> None:
    await previewed(company, bill("1"))
    listed = await approvable(company.desk, BILLS)
    other = replace(company.desk, actor=Actor("cli/bert", role))
    for attempt in (approvable(other, BILLS), approve_listed(other, listed)):
        with pytest.raises(NotAllowed, match="needs approver or owner"):
            await attempt
    assert await ends(company) == {"1": "planned"}


async def test_a_flow_that_may_not_go_live_posts_nothing_by_approval_either(company: Company) -> None:
    await previewed(company, bill("1"))
    listed = await approvable(company.desk, BILLS)
    async with company.desk.changing() as change:
        await change.run("update connection set scopes = '{}' where tenant_id = %s", company.desk.tenant_id)
    with pytest.raises(Refused, match="unseen_status to post to confirm"):
        await approve_listed(company.desk, listed)
    assert await ends(company) == {"1": "planned"} and SCOPES


async def test_back_to_preview_withdraws_what_was_approved_and_has_not_left(company: Company) -> None:
    await previewed(company, bill("1"), bill("2"))
    await approved(company, "INV-1")
    await mode(company, "bills", "off")
    again = await set_flow_mode(company.desk, company.integration, "bills", "preview")
    assert again.withdrawn == 1
    await settled(company)
    assert await ends(company) == {"1": "planned", "2": "planned"} and written(company) == []


async def test_plans_come_page_by_page_with_the_sum_of_all(company: Company) -> None:
    await previewed(company, *(bill(str(number)) for number in range(1, 6)))
    first = await stored_plans(company.desk, BILLS, limit=2)
    second = await stored_plans(company.desk, BILLS, limit=10, after=first.after)
    assert len(first.plans) == 2 and len(second.plans) == 3 and second.after == 0
    assert first.total.sums == second.total.sums == {"USD": Decimal("500.00")}
    quiet = Quiet(True, Progress(0, 0, 0, 0, 0, 0, 0, 0))
    shown = await shown_preview(company.desk, await company.now(), quiet)
    (bills,) = (flow for flow in shown.flows if flow.flow == "bills")
    assert {one.digest for one in bills.planned} == {one.digest for one in (*first.plans, *second.plans)}


@pytest.mark.parametrize("order", ["right first", "wrong first", "the same"])
async def test_a_record_named_twice_in_one_list_counts_once(company: Company, order: str) -> None:
    await previewed(company, bill("1", total="50.00"), bill("2"))
    (one, _) = (await approvable(company.desk, BILLS)).plans
    right, wrong = Shown(one.record_id, one.digest), Shown(one.record_id, "0" * 64)
    named = {"right first": [right, wrong], "wrong first": [wrong, right], "the same": [right, right]}[order]
    found = await approve_shown(company.desk, named)
    told = [refused.sentence for refused in found.refused]
    again = f"Record #{one.record_id} is named more than once in this list"
    if order == "wrong first":
        assert found.record_ids == () and found.total.sums == {}
        assert len(told) == 2 and "is not the one that was shown any more" in told[1]
    else:
        assert found.record_ids == (one.record_id,) and found.total.sums == {"USD": Decimal("50.00")}
        assert len(told) == 1
    other = "" if order == "the same" else ", with different digests; only the first was looked at"
    assert told[0] == f"{again}{other}."


async def test_of_a_long_list_nothing_is_approved_where_one_of_its_flows_may_not_post(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approving, "_AT_ONCE", 1)
    company.titan.lists["vendors"] = (*VENDORS, Party("v9", "vendor", "Zeta Tools"))
    await mode(company, "vendors", "preview")
    await previewed(company, bill("1"))
    vendors = (await approvable(company.desk, Filter(flow="vendors"))).plans
    bills = (await approvable(company.desk, BILLS)).plans
    async with company.desk.changing() as change:  # bills may not be posted any more, vendors may
        await change.run("update connection set scopes = '{}' where tenant_id = %s", company.desk.tenant_id)
    shown = [Shown(one.record_id, one.digest) for one in (*vendors, *bills)]
    with pytest.raises(Refused, match="unseen_status to post to confirm"):
        await approve_shown(company.desk, shown)
    assert set((await ends(company)).values()) == {"planned"}
    assert (await approvable(company.desk, Filter(flow="vendors"))).total.count == len(vendors) >= 1


async def test_what_may_not_be_posted_any_more_in_the_middle_of_a_list_is_told_of_each_plan(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(approving, "_AT_ONCE", 2)
    await previewed(company, *(bill(str(number)) for number in range(1, 6)))
    listed = await approvable(company.desk, BILLS)
    refuse, asked = flows.refuse_not_live, 0

    async def dying(*given: Any) -> None:
        nonlocal asked
        asked += 1
        if asked > 1:  # after the first part somebody else's consent is gone
            change: Change = given[1]
            await change.run(
                "update connection set state = 'needs reconnect' where tenant_id = %s", company.desk.tenant_id
            )
        await refuse(*given)

    monkeypatch.setattr(approving, "refuse_not_live", dying)
    found = await approve_listed(company.desk, listed)
    assert len(found.record_ids) == 2 and found.total.sums == {"USD": Decimal("200.00")}
    assert [one.record_id for one in found.refused] == [one.record_id for one in listed.plans[2:]]
    assert all("has to be connected again" in one.sentence for one in found.refused)
