"""The seeded company ends as the README says: every bill, with its reason, in the ledger and in both vendors' books."""

from __future__ import annotations

import json

import pytest

from ml_connector.service.explaining import explain
from ml_connector.service.flows import set_flow_mode

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_every_bill_of_the_demo_ends_as_its_case_says(running) -> None:
    async with running("demo") as company:
        await company.live()
        quiet = await company.sync()
        assert quiet.done, quiet.sentence
        ends = await company.ends()
        wrong = [
            f"{row.case} {row.bill_id}: {ends.get(row.bill_id)} instead of {row.ends} {row.reason}"
            for row in company.sandbox.company.truth
            if row.ends != "unread" and ends.get(row.bill_id) != (row.ends, row.reason)
        ]
        assert not wrong
        # What changed last before the start date need not be read; if it is, it is passed over.
        early = [row.bill_id for row in company.sandbox.company.truth if row.ends == "unread"]
        assert {ends.get(bill) for bill in early} <= {None, ("skipped", "before_start")}
        assert company.compared().findings == []


async def test_what_a_person_fills_releases_what_waited_for_it(running) -> None:
    async with running("demo") as company:
        await company.live()
        await company.sync()
        filled = []
        for table, rows in company.sandbox.handover["company"]["fill_later"].items():
            for key, value in rows.items():
                assert await company.fill(table, key, value) > 0
                filled.append(f"{table}:{key}")
        await company.sync()
        assert company.compared(tuple(filled)).findings == []
        assert company.compared().unexpected > 0  # without the filled rows those would not be there


async def test_receipts_become_bills_where_a_tenant_keeps_no_bills(running) -> None:
    async with running("receipts") as company:
        await company.live()
        quiet = await company.sync()
        assert quiet.done, quiet.sentence
        found = company.compared()
        assert found.findings == []
        assert found.documents > 0


async def test_posted_bills_are_marked_as_exported_and_nothing_else_is(running) -> None:
    async with running("small") as company:
        await company.live()
        await company.sync()
        before = len(company.sandbox.servicetitan.log.calls)
        await set_flow_mode(company.desk, company.integration, "bills_exported", "live")
        await company.sync()
        ends = await company.ends()
        posted = {bill for bill, (state, _) in ends.items() if state == "posted"}
        assert posted
        assert _exported(company) == posted
        marks = [one for one in company.sandbox.servicetitan.log.calls[before:] if "markasexported" in one.path]
        assert len(marks) == 1
        await company.sync()
        assert company.compared().findings == []
        # Marked, a bill is read as a new version that changes nothing.
        assert {state for state, _ in (await company.ends()).values()} == {"unchanged"}


async def test_a_posted_bills_life_holds_what_was_sent_and_what_was_answered(running) -> None:
    async with running("small") as company:
        await company.live()
        await company.sync()
        posted = min(bill for bill, (state, _) in (await company.ends()).items() if state == "posted")
        life = await explain(company.desk, posted)
        (sent,) = [one for one in life.exchanges if one.method != "GET"]
        asked, _, answered = sent.body.partition("\n")
        assert life.link is not None
        assert json.loads(answered)["bill"]["bill_id"] == life.link.target_id
        assert json.loads(asked, parse_float=str) == life.intents[0].body
        assert (life.intents[0].state, life.intents[0].why) == ("done", "")


def _exported(company) -> set[str]:
    tenant = company.sandbox.company.seed.tenant
    return {str(bill.id) for bill in tenant.bills if bill.sync_status == "Exported"}
