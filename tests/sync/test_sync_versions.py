"""Two versions of one document: what is sent, approved or linked stays with what it was meant for."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sync_world import World, is_bill, settle_vendors, uncertain_bill

from ml_connector.errors import Refused
from ml_connector.service.deciding import link

pytestmark = pytest.mark.anyio


async def sent_and_changed(company: World, kind: str, days: int) -> str:
    """The source id of a bill that was sent with an unknown outcome, and of which a newer version is staged since."""
    await settle_vendors(company)
    company.faults.on(kind, is_bill, times=1)
    await company.live()
    await company.slice(company.target)
    reference, _ = await uncertain_bill(company)
    source_id = reference.rsplit("-", 1)[1]
    bill = company.tenant.bills[int(source_id)]
    company.tenant.modify_bill(bill.id, due_date=bill.due_date + timedelta(days=days), summary="newer")
    await company.run("update intent set look_at = look_at + interval '1 day' where state = 1")
    await company.ask()
    await company.slice(company.source)
    assert (await company.versions(source_id))[-1] == "staged"
    return source_id


async def looked_up(company: World) -> None:
    await company.run("update intent set look_at = look_at - interval '1 day' where state = 1")
    await company.settle()


async def record_of(company: World, source_id: str) -> int:
    row = await company.one(
        """select r.record_id from record r join flow f using (tenant_id, flow_id)
        where tenant_id = %s and f.name = 'bills' and r.source_id = %s""",
        company.desk.tenant_id, source_id,
    )  # fmt: skip
    return int(row[0])


async def test_a_record_is_not_linked_by_hand_while_what_was_sent_is_open(company: World) -> None:
    source_id = await sent_and_changed(company, "lost", 0)
    record_id = await record_of(company, source_id)
    with pytest.raises(Refused, match=f"#{record_id} was sent, and what became of it is not known yet"):
        await link(company.desk, f"#{record_id}", "another bill")
    await looked_up(company)
    assert (await company.versions(source_id))[-1] == "unchanged"
    assert company.compared().findings == []


async def test_a_record_that_is_linked_to_another_target_is_a_conflict_and_its_link_stays_whole(company: World) -> None:
    source_id = await sent_and_changed(company, "lost", 0)
    await company.run(
        """insert into link (tenant_id, integration_id, entity, source_id, target_entity, target_id, origin, made_at)
        values (%s, %s, 'bills', %s, 'bills', 'X', 'person', now())""",
        company.desk.tenant_id, company.integration.integration_id, source_id,
    )  # fmt: skip
    await looked_up(company)
    assert "held" in await company.versions(source_id)
    assert "conflict" in await company.kinds(source_id)
    found = await company.one(
        "select target_id, version_id, base from link where entity = 'bills' and source_id = %s", source_id
    )
    assert found == ("X", None, None)
    posted = [end for one, end in (await company.ends()).items() if one != source_id]
    assert set(posted) == {("posted", "")}


async def test_an_approval_goes_over_to_the_version_that_takes_the_place_of_a_withdrawn_one(company: World) -> None:
    """What was approved is not what the newer version says: it waits for a person."""
    source_id = await sent_and_changed(company, "500 before", 3)
    writes = len(company.faults.calls)
    await looked_up(company)
    states = await company.versions(source_id)
    assert states[0] == "superseded" and states[-1] == "held"
    assert (await company.ends())[source_id] == ("held", "preview_changed")
    assert len(company.faults.calls) == writes
    await company.sound()


async def test_an_approval_of_a_withdrawn_version_holds_nothing_that_comes_to_the_same(company: World) -> None:
    source_id = await sent_and_changed(company, "500 before", 0)
    await looked_up(company)
    assert (await company.versions(source_id))[-1] == "posted"
    assert company.compared().findings == []
    assert await company.all("select 1 from plan p join version_state s using (version_id) where s.state = 4") == []
