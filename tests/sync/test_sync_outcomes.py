"""Every fault at every write ends with the books of a run without faults."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sync_world import Start, World, is_bill, is_write, map_company, restaged, settle_vendors, uncertain_bill

from ml_connector.canonical.documents import Document
from ml_connector.connectors.base import Session
from ml_connector.connectors.writing import Step
from ml_connector.connectors.zoho_books.errors import Refusal
from ml_connector_sandbox.zoho_books.books.purchases import update_bill

pytestmark = pytest.mark.anyio

KINDS = ["refused", "lost", "500 before", "500 after", "truncated", "429", "429 bare", "401", "defect"]


async def test_a_fault_free_run_agrees(company: World) -> None:
    await company.live()
    await company.sync()
    assert company.compared().findings == []
    assert await company.states() == {"posted": len(company.bills)}
    await company.sound()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_fault_changes_nothing_in_the_end(company: World, kind: str) -> None:
    company.faults.on(kind, is_write, times=3, skip=1)
    await company.live()
    await company.sync()
    assert company.compared().findings == []
    assert await company.states() == {"posted": len(company.bills)}
    await company.sound()


STORIES = {
    "refused": ["sending", "not sent", "sending", "posted"],
    "429": ["sending", "not sent", "sending", "posted"],
    "lost": ["sending", "uncertain", "posted"],
    "500 after": ["sending", "uncertain", "posted"],
    "truncated": ["sending", "uncertain", "posted"],
    "defect": ["sending", "uncertain", "not found yet", "not sent", "sending", "posted"],
    "500 before": ["sending", "uncertain", "not found yet", "not sent", "sending", "posted"],
}


@pytest.mark.parametrize("kind", list(STORIES))
async def test_the_audit_trail_tells_what_happened(company: World, kind: str) -> None:
    await settle_vendors(company)
    company.faults.on(kind, is_bill, times=1)
    await company.live()
    await company.sync()
    stories = [told(await company.kinds(str(bill))) for bill in company.bills]
    # A vendor that cannot be reached stops the others too: what was about to leave with it did not leave.
    stopped = STORIES[kind] == STORIES["refused"]
    assert stories.count(STORIES[kind]) >= 1 if stopped else stories.count(STORIES[kind]) == 1
    plain = [story for story in stories if story != STORIES[kind]]
    assert all(story in (["sending", "posted"], STORIES["refused"]) for story in plain)


@pytest.mark.parametrize("point", ["killed before", "killed after"])
async def test_a_worker_killed_around_a_write_posts_once(company: World, point: str) -> None:
    await settle_vendors(company)
    await company.live()
    company.faults.on(point, is_bill, skip=3)
    await company.killed(company.target)
    assert await company.states() == {"sending": len(company.bills)}
    await company.settle()
    assert company.compared().findings == []
    await company.sound()


async def test_what_cannot_be_reached_is_not_asked_over_and_over(start: Start) -> None:
    async with start(speed=1.0) as company:
        await map_company(company)
        await company.live()
        company.faults.on("refused", is_write, times=1000)
        await company.slice(company.target)
        assert 0 < len(company.faults.calls) <= len(company.bills)
        soon = company.runtime.clock.now() + timedelta(seconds=3)
        waits = await company.one("select not_before > %s from lane where connection_id = %s", soon, company.target)
        assert waits[0]


async def test_absence_is_asked_for_only_when_it_proves_something(company: World) -> None:
    await settle_vendors(company)
    company.faults.on("lost", is_bill, times=1)
    await company.live()
    await company.slice(company.target)
    connector = company.runtime.connectors["zoho_books"]
    waited = await company.one("select extract(epoch from look_at - made_at) from intent where state = 1")
    assert waited[0] >= connector.timeout + connector.list_lag


async def test_a_list_that_lags_makes_no_duplicate(company: World) -> None:
    company.sandbox.zoho_books.switches.list_lag_seconds = 50.0
    company.faults.on("lost", is_write, times=6)
    await company.live()
    await company.sync()
    assert company.compared().findings == []
    await company.sound()


async def test_a_changed_document_under_our_reference_is_a_conflict_and_stays_as_it_is(company: World) -> None:
    await settle_vendors(company)
    company.faults.on("lost", is_bill, times=1)
    await company.live()
    await company.slice(company.target)
    contested, _ = await uncertain_bill(company)
    bill = next(one for one in company.zoho_bills() if contested in one.custom.values())
    change_rate(company, bill, "7777.00")
    await company.sync()
    source_id = contested.rsplit("-", 1)[1]
    assert (await company.ends())[source_id] == ("held", "conflict")
    assert "conflict" in await company.kinds(source_id)
    shown = await company.one("select sum(total) from directory where reference = %s", contested)
    assert str(shown[0]).startswith("7")

    writes = len(company.faults.calls)
    await restaged(company, source_id)
    await company.settle()
    assert (await company.ends())[source_id] == ("held", "conflict")
    assert len(company.faults.calls) == writes
    kept = next(one for one in company.zoho_bills() if one.document_id == bill.document_id)
    assert str(kept.lines[0].rate) == "7777.00"


async def test_a_bill_of_ours_that_is_not_linked_is_known_again_not_written(company: World) -> None:
    """Its reference proves that we made it: it is posted, and is marked exported like any other."""
    await company.live()
    await company.sync()
    bill = str(company.bills[0])
    await company.run("delete from link where source_id = %s and entity = 'bills'", bill)
    writes = len(company.faults.calls)
    await restaged(company, bill)
    await company.settle()
    assert (await company.ends())[bill] == ("posted", "")
    assert (await company.kinds(bill))[-1] == "posted"
    assert len(company.faults.calls) == writes
    await company.mode("bills_exported", "live")
    await company.settle()
    assert bill in await company.ends("bills_exported")


async def test_a_document_that_is_linked_to_another_is_never_linked_twice(company: World) -> None:
    await settle_vendors(company)
    company.faults.on("lost", is_bill, times=1)
    await company.live()
    await company.slice(company.target)
    reference, _ = await uncertain_bill(company)
    bill = next(one for one in company.zoho_bills() if reference in one.custom.values())
    await company.run(
        """insert into link (tenant_id, integration_id, entity, source_id, target_entity, target_id, origin, made_at)
        values (%s, %s, 'bills', 'another', 'bills', %s, 'person', now())""",
        company.desk.tenant_id, company.integration.integration_id, bill.document_id,
    )  # fmt: skip
    await company.sync()
    assert (await company.ends())[reference.rsplit("-", 1)[1]] == ("held", "conflict")
    assert (await company.states()) == {"held": 1, "posted": len(company.bills) - 1}


async def test_a_look_up_that_fails_holds_nobody_up(company: World) -> None:
    await settle_vendors(company)
    company.faults.on("lost", is_bill, times=1)
    await company.live()
    await company.slice(company.target)
    reference, _ = await uncertain_bill(company)
    connector = company.runtime.connectors["zoho_books"]
    find = connector.find

    async def refusing(session: Session, step: Step) -> Sequence[Document]:
        if step.reference == reference and not reachable:
            raise Refusal("/bills", 400, 9, "a row cannot be understood")
        return await find(session, step)

    reachable: list[bool] = []
    connector.find = refusing  # type: ignore[method-assign]
    try:
        await company.runtime.clock.sleep(200)
        await company.slice(company.target)
        assert (await company.states()) == {"uncertain": 1, "posted": len(company.bills) - 1}
        assert "look-up failed" in await company.kinds(reference.rsplit("-", 1)[1])
        reachable.append(True)
        await company.settle()
    finally:
        del connector.find
    assert company.compared().findings == []
    await company.sound()


async def test_an_older_version_that_was_not_sent_gives_way(company: World) -> None:
    await settle_vendors(company)
    await company.live()
    company.faults.on("500 before", is_bill, times=1)
    await company.slice(company.target)
    reference, _ = await uncertain_bill(company)
    bill_id = reference.rsplit("-", 1)[1]
    company.tenant.modify_bill(int(bill_id), summary="nobody sees this")
    await company.sync()
    states = await company.versions(bill_id)
    assert set(states[:-1]) == {"superseded"} and states[-1] == "posted"
    assert company.compared().findings == []
    await company.sound()


async def test_a_newer_version_waits_for_the_uncertain_one(company: World) -> None:
    await settle_vendors(company)
    await company.live()
    company.faults.on("lost", is_bill, times=1)
    await company.slice(company.target)
    reference, _ = await uncertain_bill(company)
    bill_id = reference.rsplit("-", 1)[1]
    company.tenant.modify_bill(int(bill_id), summary="seen by nobody")
    await company.run("update intent set look_at = look_at + interval '1 day' where state = 1")
    await company.ask()
    await company.slice(company.source)
    await company.slice(company.target)
    states = await company.versions(bill_id)
    assert (states[0], states[-1]) == ("uncertain", "staged")
    await company.run("update intent set look_at = look_at - interval '1 day' where state = 1")
    await company.settle()
    states = await company.versions(bill_id)
    assert (states[0], states[-1]) == ("posted", "unchanged")
    await company.sound()


def change_rate(company: World, bill: Any, rate: str) -> None:
    """What a bookkeeper does in Zoho Books by hand."""
    organisation = company.sandbox.company.seed.organisation
    line = {"line_item_id": bill.lines[0].line_item_id, "account_id": bill.lines[0].account_id, "rate": Decimal(rate)}
    update_bill(organisation, bill, {"line_items": [{**line, "quantity": 1}]})


def told(kinds: list[str]) -> list[str]:
    """From the last time it was about to be sent for the first time."""
    return kinds[kinds.index("sending") :]
