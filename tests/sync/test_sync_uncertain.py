"""Steps of which nobody knows: one that never arrives ends with a person, one that cannot be looked up stops nobody."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from sync_world import Killed, World, is_bill, settle_vendors, uncertain_bill

from ml_connector.canonical.documents import Document
from ml_connector.connectors.base import Session
from ml_connector.connectors.writing import Found, Partly, Step
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.replaying import replay
from ml_connector.sync import resolve
from ml_connector.transport.messages import Request

pytestmark = pytest.mark.anyio


def about_bill(number: str) -> Callable[[Request, str], bool]:
    """Whether a call writes the bill of a number."""
    return lambda request, url: is_bill(request, url) and number.encode() in (request.body or b"")


@pytest.mark.parametrize("kind", ["500 before", "defect"])
async def test_what_never_arrives_waits_for_a_person_and_stops_no_other(
    company: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(resolve, "SENT_AGAIN_AFTER", (0.0, 0.0))
    await settle_vendors(company)
    bad = str(company.bills[0])
    company.faults.on(kind, about_bill(f"-bills-{bad}"), times=1000)
    await company.live()
    await company.settle(rounds=80)
    assert (await company.ends())[bad] == ("held", "never_arrives")
    assert await company.states() == {"held": 1, "posted": len(company.bills) - 1}
    assert (await company.kinds(bad)).count("sending") == 3
    row = await company.one("select record_id from record where reference like %s", f"%-bills-{bad}")
    waits = (await explain(company.desk, f"#{row[0]}")).versions[-1].waits
    assert "tried 3 times" in waits[0].sentence and "replay" in waits[0].action

    await again(company)
    await company.settle(rounds=80)
    assert (await company.ends())[bad] == ("held", "never_arrives")
    assert (await company.kinds(bad)).count("sending") == 6  # a replay begins anew

    company.faults.waiting.clear()
    await again(company)
    await company.settle()
    assert company.compared().findings == []
    await company.sound()


async def test_a_try_that_brought_parts_in_is_none_in_vain(company: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bill of many rows that the vendor takes its time over comes in over as many tries as it needs."""
    monkeypatch.setattr(resolve, "SENT_AGAIN_AFTER", (0.0, 0.0))
    await settle_vendors(company)
    slow, tries = str(company.bills[0]), resolve.TRIED_AT_MOST + 2
    company.faults.on("500 before", about_bill(f"-bills-{slow}"), times=tries)
    connector = company.runtime.connectors["zoho_books"]
    find = connector.find

    async def in_part(session: Session, step: Step) -> Found:
        sent = (await company.kinds(slow)).count("sending")
        if not step.reference.endswith(f"-bills-{slow}") or sent > tries:
            return await find(session, step)
        return Partly(10 * sent)

    monkeypatch.setattr(connector, "find", in_part)
    await company.live()
    await company.settle(rounds=80)
    assert (await company.kinds(slow)).count("sending") == tries + 1
    assert (await company.ends())[slow] == ("posted", "")
    assert company.compared().findings == []
    await company.sound()


async def test_parts_that_no_try_adds_to_count_like_none(company: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "SENT_AGAIN_AFTER", (0.0, 0.0))
    await settle_vendors(company)
    bad = str(company.bills[0])
    company.faults.on("500 before", about_bill(f"-bills-{bad}"), times=1000)
    connector = company.runtime.connectors["zoho_books"]
    find = connector.find

    async def in_part(session: Session, step: Step) -> Found:
        return Partly(10) if step.reference.endswith(f"-bills-{bad}") else await find(session, step)

    monkeypatch.setattr(connector, "find", in_part)
    await company.live()
    await company.settle(rounds=80)
    assert (await company.ends())[bad] == ("held", "never_arrives")
    assert (await company.kinds(bad)).count("sending") == resolve.TRIED_AT_MOST + 1


async def again(company: World) -> None:
    chosen = Filter(integration_id=company.integration.integration_id, flow="bills", state="held")
    assert (await replay(company.desk, chosen)).count == 1


async def test_a_bill_whose_worker_is_killed_again_and_again_is_not_given_up(company: World) -> None:
    """No answer was lost: what keeps the workers from living says nothing of the vendor."""
    await settle_vendors(company)
    bad = str(company.bills[0])
    kills = resolve.TRIED_AT_MOST + 1
    company.faults.on("killed before", about_bill(f"-bills-{bad}"), times=kills)
    await company.live()
    for _ in range(kills):
        await killed_in_time(company)
    await company.settle(rounds=80)
    assert (await company.ends())[bad] == ("posted", "")
    assert (await company.kinds(bad)).count("sending") == kills + 1
    assert company.compared().findings == []
    await company.sound()


async def test_a_bill_over_which_every_worker_ends_waits_for_a_person(
    company: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one bill would end the workers for ever, and nobody else's would be posted."""
    monkeypatch.setattr(resolve, "CUT_OFF_AT_MOST", 2)
    await settle_vendors(company)
    bad = str(company.bills[0])
    company.faults.on("killed before", about_bill(f"-bills-{bad}"), times=3)
    await company.live()
    for _ in range(2):
        await killed_in_time(company)
    await company.settle(rounds=80)
    assert (await company.ends())[bad] == ("held", "cut_off")
    assert await company.states() == {"held": 1, "posted": len(company.bills) - 1}
    row = await company.one("select record_id from record where reference like %s", f"%-bills-{bad}")
    waits = (await explain(company.desk, f"#{row[0]}")).versions[-1].waits
    assert "Each of the 2 times" in waits[0].sentence and "replay" in waits[0].action

    await again(company)
    await killed_in_time(company)
    await company.settle(rounds=80)
    assert (await company.ends())[bad] == ("posted", "")  # a replay begins anew
    assert (await company.kinds(bad)).count("sending") == 4
    assert company.compared().findings == []
    await company.sound()


async def killed_in_time(company: World) -> None:
    """Slices, until a fault kills the worker."""
    for _ in range(100):
        try:
            await company.slice(company.target)
        except Killed:
            await company.free(company.target)
            return
        await company.runtime.clock.sleep(20)
    raise AssertionError("nothing killed the worker")


async def test_the_last_try_comes_later_than_the_one_before(company: World) -> None:
    """A vendor that takes a while to mend its writes is not given up meanwhile."""
    await settle_vendors(company)
    bad = str(company.bills[0])
    company.faults.on("500 before", about_bill(f"-bills-{bad}"), times=2)
    await company.live()
    for _ in range(100):
        await company.slice(company.target)
        if (await company.kinds(bad)).count("not sent") == 2:
            break
        await company.runtime.clock.sleep(20)
    waits = await company.one(
        """select w.not_before > %s + interval '20 minutes' from work w join version_state s using (version_id)
        join record r using (record_id) where r.source_id = %s and s.state = 0""",
        company.runtime.clock.now(), bad,
    )  # fmt: skip
    assert waits[0]


@pytest.mark.parametrize("what", ["find", "step", "conclusion"])
async def test_a_look_up_that_fails_unforeseen_stops_nobody(
    company: World, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    await settle_vendors(company)
    company.faults.on("lost", is_bill, times=2)
    await company.live()
    await company.slice(company.target)
    rows = await company.all("select reference, payload, intent_id from intent where state = 1 order by intent_id")
    (reference, payload, intent_id), _ = rows
    connector = company.runtime.connectors["zoho_books"]
    find = connector.find

    async def failing(session: Session, step: Step) -> Sequence[Document]:
        if step.reference == reference:
            raise RuntimeError("an answer nobody thought of")
        return await find(session, step)

    def odd(step: Step, shown: Document) -> list[str]:
        if step.reference == reference:
            raise TypeError("a document nobody thought of")
        return []

    with monkeypatch.context() as patched:
        if what == "find":
            patched.setattr(connector, "find", failing)
        elif what == "conclusion":
            patched.setattr(resolve, "differences", odd)
        else:
            await company.run("update intent set payload = 'broken' where intent_id = %s", intent_id)
        await company.runtime.clock.sleep(200)
        await company.slice(company.target)
    source_id = reference.rsplit("-", 1)[1]
    assert await company.states() == {"uncertain": 1, "posted": len(company.bills) - 1}
    assert (await uncertain_bill(company))[0] == reference
    assert "look-up failed" in await company.kinds(source_id)
    await company.run("update intent set payload = %s where intent_id = %s", payload, intent_id)
    await company.settle()
    assert company.compared().findings == []
    await company.sound()
