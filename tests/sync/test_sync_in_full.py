"""Vendors that we made are known in full, and so are bills before a change of them is planned.

What their own page shows outlives a list, and is read once for each change.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from sync_world import ZOHO_API, World

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.sync.directory import entry_name, file_documents
from ml_connector.sync.in_full import read_in_full
from ml_connector.sync.refused import refused_flows
from ml_connector.transport.messages import Answer, Request
from ml_connector_sandbox.zoho_books import desk
from ml_connector_sandbox.zoho_books.books import contacts

pytestmark = pytest.mark.anyio


@pytest.fixture
async def made(company: World) -> str:
    """The id of a vendor that we made, once everything is posted."""
    await company.live()
    await company.settle()
    rows = await company.all("select target_id from link where entity = 'vendors' and origin = 'created' order by 1")
    return str(rows[0][0])


async def known(company: World, id_: str) -> Party:
    sealer = await company.desk.sealer()
    row = await company.one("select body from directory where entity = 'parties' and object_id = %s", id_)
    found = documents.decode(sealer.open(entry_name("parties", id_), row[0]))
    assert isinstance(found, Party)
    return found


async def read_lists(company: World, path: str = "/contacts/", entity: str = "parties") -> list[str]:
    """Read a list of the target again; those of it that were asked for one by one."""
    asked: list[str] = []
    send = company.runtime.wire.send

    async def sent(request: Request, url: str, *given: object, **options: object) -> Answer:
        if ZOHO_API in url and path in url and request.method == "GET":
            asked.append(url.rpartition("/")[2].partition("?")[0])
        return await send(request, url, *given, **options)  # type: ignore[arg-type]

    company.runtime.wire.send = sent  # type: ignore[method-assign]
    await company.run("update feed set moved_at = moved_at - interval '1 day' where name = %s", f"directory {entity}")
    await company.slice(company.target)
    company.runtime.wire.send = send  # type: ignore[method-assign]
    return asked


def entered(company: World, id_: str, **body: object) -> None:
    books = company.sandbox.company.seed.organisation
    contact = books.contacts.get(id_)
    assert contact is not None
    contacts.update(books, contact, body)


async def test_what_its_own_page_showed_outlives_the_list_and_is_read_again_when_it_changes(
    company: World, made: str
) -> None:
    assert (await known(company, made)).in_full  # as the answer to its making showed it
    assert await read_lists(company) == []
    assert (await known(company, made)).has_tax_id is False
    entered(company, made, tax_id_value="98-7654321", tax_id_type="EIN", payment_terms=30)
    assert await read_lists(company) == [made]
    now = await known(company, made)
    assert (now.has_tax_id, now.has_terms, now.has_1099, now.in_full) == (True, True, True, True)
    assert await read_lists(company) == []


async def test_of_vendors_that_others_made_only_the_list_is_read(company: World, made: str) -> None:
    rows = await company.all("select object_id from directory where entity = 'parties' and not in_full")
    linked = await company.all("select target_id from link where entity = 'vendors' and origin <> 'created'")
    assert {one for (one,) in linked} & {one for (one,) in rows}
    assert await read_lists(company) == []


async def test_one_that_cannot_be_read_is_not_asked_for_again_at_once(company: World, made: str) -> None:
    entered(company, made, payment_terms=30)
    company.faults.on("truncated", lambda request, url: f"/contacts/{made}" in url)
    assert await read_lists(company) == [made]
    assert not (await known(company, made)).in_full
    await company.run("update directory set asked_at = asked_at + interval '1 day' where object_id = %s", made)
    assert await read_lists(company) == []
    await company.run("update directory set asked_at = asked_at - interval '2 days' where object_id = %s", made)
    assert await read_lists(company) == [made]
    assert (await known(company, made)).in_full


async def test_what_becomes_inactive_is_seen_whatever_its_stamp(company: World, made: str) -> None:
    shown = await known(company, made)
    flow = await company.flow("vendors")
    async with company.held(company.target) as lane:
        async with lane.transaction() as transaction:
            listed = Party(made, "vendor", shown.name, active=False, stamp=shown.stamp, in_full=False)
            assert await file_documents(transaction, "parties", [listed]) == [made]
        await read_in_full(lane, [flow])
    assert (await known(company, made)).in_full


async def test_what_may_not_be_read_stops_the_flows_that_need_it_and_not_the_lane(company: World, made: str) -> None:
    shown, flow = await known(company, made), await company.flow("vendors")
    async with company.held(company.target) as lane:
        async with lane.transaction() as transaction:
            listed = Party(made, "vendor", shown.name, active=False, stamp=shown.stamp, in_full=False)
            await file_documents(transaction, "parties", [listed])
        company.sandbox.company.zoho_books_switches.features_off = "contacts"
        await read_in_full(lane, [flow])
        assert list(await refused_flows(lane)) == [flow.flow_id]


async def test_while_all_who_need_a_list_are_refused_none_of_it_is_asked_for(company: World, made: str) -> None:
    shown, flow = await known(company, made), await company.flow("vendors")
    company.sandbox.company.zoho_books_switches.features_off = "contacts"
    async with company.held(company.target) as lane:
        async with lane.transaction() as transaction:
            listed = Party(made, "vendor", shown.name, active=False, stamp=shown.stamp, in_full=False)
            await file_documents(transaction, "parties", [listed])

        async def asked() -> bool:
            """Whether it is asked for in the next round, as one of the many would be whose turn has not come yet."""
            await company.run("update directory set asked_at = '-infinity' where object_id = %s", made)
            await read_in_full(lane, [flow])
            return bool(
                (await company.one("select asked_at > '-infinity' from directory where object_id = %s", made))[0]
            )

        assert await asked() and list(await refused_flows(lane)) == [flow.flow_id]
        assert not await asked()
        await company.run(
            "update feed set moved_at = moved_at - interval '1 hour' where starts_with(name, 'refused flow ')"
        )
        assert await asked()


# --- documents -----------------------------------------------------------------------------------------------------


async def bill_there(company: World, source_id: int) -> Bill:
    """What is known of a bill's counterpart."""
    sealer = await company.desk.sealer()
    row = await company.one(
        """select d.object_id, d.body, d.in_full from link l
        join directory d on d.entity = 'bills' and d.object_id = l.target_id
        where l.entity = 'bills' and l.source_id = %s""",
        str(source_id),
    )  # fmt: skip
    found = documents.decode(sealer.open(entry_name("bills", row[0]), row[1]))
    assert isinstance(found, Bill) and found.complete is row[2]
    return found


async def test_a_list_row_never_takes_the_place_of_a_bill_in_full(company: World, made: str) -> None:
    bill = company.bills[0]
    shown = await bill_there(company, bill)
    assert shown.complete and shown.lines
    assert await read_lists(company, "/bills/", "bills") == []
    assert await bill_there(company, bill) == shown
    async with company.held(company.target) as lane, lane.transaction() as transaction:
        row = Bill(shown.id, shown.vendor, shown.total, state=shown.state, stamp=shown.stamp, complete=False)
        assert await file_documents(transaction, "bills", [row]) == []
        paid = Bill(shown.id, shown.vendor, shown.total, state=BillState.PAID, stamp=shown.stamp, complete=False)
        assert await file_documents(transaction, "bills", [paid]) == [shown.id]


async def test_the_counterpart_of_a_changed_bill_is_read_before_its_change_is_planned_and_no_other(
    company: World, made: str
) -> None:
    changed, other = company.bills[:2]
    for bill in (changed, other):
        there = await bill_there(company, bill)
        edited(company, there.number, notes="seen by the accountant")
    await read_lists(company, "/bills/", "bills")
    assert not (await bill_there(company, changed)).complete
    was = company.tenant.bills[changed]
    company.tenant.modify_bill(changed, due_date=was.due_date + timedelta(days=3))
    await company.ask()
    await company.slice(company.source)
    asked = await read_lists(company, "/bills/", "bills")
    now = await bill_there(company, changed)
    assert now.complete and now.lines and set(asked) == {now.id}
    assert not (await bill_there(company, other)).complete
    assert set(await read_lists(company, "/bills/", "bills")) <= {now.id}


async def test_what_may_not_be_read_before_a_change_stops_its_flow_alone(company: World, made: str) -> None:
    changed = company.bills[0]
    company.tenant.modify_bill(changed, due_date=company.tenant.bills[changed].due_date + timedelta(days=3))
    await company.ask()
    await company.slice(company.source)
    send = company.runtime.wire.send

    async def off(request: Request, url: str, *given: object, **options: object) -> Answer:
        answer = await send(request, url, *given, **options)  # type: ignore[arg-type]
        if request.method == "GET" and ZOHO_API in url and "/bills/" in url:
            return Answer(400, answer.headers, b'{"code": 110817, "message": "Bills are not enabled."}', answer.at)
        return answer

    company.runtime.wire.send = off  # type: ignore[method-assign]
    await company.slice(company.target)
    flow = await company.flow("bills")
    async with company.held(company.target) as lane:
        assert list(await refused_flows(lane)) == [flow.flow_id] and lane.not_before is None
    [state, problem] = await company.one(
        "select state, problem from connection where connection_id = %s", company.target
    )
    assert state == "good" and "Bills are not enabled" in problem


def edited(company: World, number: str, **changes: object) -> None:
    """An accountant edits a bill at Zoho's screens."""
    zoho, organisation = company.sandbox.company.zoho_books, company.sandbox.company.seed.organisation.organization_id
    desk.carried_out(zoho, {"act": "edit bill", "organisation": organisation, "bill": number, "changes": changes})


async def test_one_whose_page_never_answers_keeps_none_of_the_others_from_being_read(company: World, made: str) -> None:
    """It comes first, hour after hour; those behind it are read all the same, and it is once it answers."""
    rows = await company.all(
        "select target_id from link where entity = 'vendors' and origin = 'created' order by target_id limit 3"
    )
    ids = [str(row[0]) for row in rows]
    first, *others = ids
    for id_ in ids:
        entered(company, id_, payment_terms=30)
    company.faults.on("500 before", lambda request, url: f"/contacts/{first}" in url, times=1000)
    await read_lists(company)
    assert [(await known(company, id_)).in_full for id_ in ids] == [False, *(True for _ in others)]
    company.faults.waiting.clear()
    await company.run("update directory set asked_at = asked_at - interval '2 hours' where object_id = %s", first)
    assert await read_lists(company) == [first]
    assert (await known(company, first)).in_full
