"""The doubles sweep: two live documents for one thing are found and told, looked at with few calls, never repaired."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from sync_world import Killed, World

from ml_connector.connectors.reading import Page, Reading
from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.service import doubles as asking
from ml_connector.service.connections import connections
from ml_connector.service.desk import Desk
from ml_connector.service.doubles import Double, dismiss_double, doubles, look_now
from ml_connector.service.explaining import explain
from ml_connector.service.roles import Actor, NotAllowed, Role
from ml_connector.service.status import status
from ml_connector.sync import doubles as sweeping
from ml_connector.sync import doubles_looked as looking
from ml_connector.transport.errors import AnswerLost, NotSent
from ml_connector_sandbox.zoho_books.books.documents import Bill
from ml_connector_sandbox.zoho_books.books.purchases import delete_bill, set_bill_state

pytestmark = pytest.mark.anyio


@pytest.fixture
async def posted(company: World) -> AsyncIterator[World]:
    """Everything posted, and looked through once."""
    await company.live()
    await company.settle()
    assert (await doubles(company.desk, everything=True)).found == ()
    company.faults.calls.clear()
    yield company
    assert company.faults.calls == []  # whatever was found, nothing was written there
    await company.sound()


def organisation(company: World) -> Any:
    return company.sandbox.company.seed.organisation


def ours(company: World) -> Bill:
    """A bill that we posted."""
    number = company.tenant.bills[company.bills[0]].vendor_number
    bill: Bill = next(one for one in company.zoho_bills() if one.number == number)
    return bill


def twin(company: World, bill: Bill, *, more: Decimal = Decimal(0), reference: Any = None) -> Bill:
    """The same bill once more, under its number written otherwise; ``reference``: what its custom field holds."""
    books = organisation(company)
    vendor = next(one for one in books.contacts if one.contact_id == bill.vendor_id)
    lines = [{"account_id": bill.lines[0].account_id, "rate": bill.total + more, "quantity": 1}]
    written = f"{bill.number} {'/' * len(books.bills)}"  # Zoho compares numbers to the letter
    made: Bill = books.add_bill(vendor, written, bill.date, lines)
    if reference is not None:
        made.custom = reference
        books.bills.put(made)
    return made


async def next_day(company: World) -> None:
    """A day later, as far as lists and sweeps go."""
    await company.run("update feed set complete_at = complete_at - interval '25 hours', moved_at = '1970-01-01Z' "
                      "where name like 'walk %%' or name like 'directory %%'")  # fmt: skip
    await company.run("update sweep set swept_at = swept_at - interval '25 hours'")
    await company.slice(company.target)


async def only(company: World) -> Double:
    (found,) = (await doubles(company.desk)).found
    return found


async def test_a_bill_keyed_once_more_by_hand_is_told_and_closed_when_one_is_void(posted: World) -> None:
    bill = ours(posted)
    again = twin(posted, bill)
    await next_day(posted)
    found = await only(posted)
    assert found.kind == "facts"
    assert {one.target_id for one in found.documents} == {bill.document_id, again.document_id}
    assert [one.target_id for one in found.documents if one.linked] == [bill.document_id]
    assert {one.total for one in found.documents} == {bill.total} and all(one.number for one in found.documents)
    assert f"Keep {bill.document_id}" in found.sentence and "void" in found.sentence

    name = found.connection
    assert (await status(posted.desk)).doubles == {name: 1}
    assert any("standing twice" in told for told in (await status(posted.desk)).attention)
    life = await explain(posted.desk, bill.document_id)
    assert [one.double_id for one in life.doubles] == [found.double_id]
    assert "double found" in [entry.kind for entry in life.timeline]

    await next_day(posted)  # told once
    assert (await only(posted)).double_id == found.double_id
    set_bill_state(organisation(posted), again, "void")
    await next_day(posted)
    assert (await doubles(posted.desk)).found == () and (await status(posted.desk)).doubles == {}
    life = await explain(posted.desk, bill.document_id)
    assert life.doubles == () and [entry.kind for entry in life.timeline][-1] == "double gone"
    (gone,) = (await doubles(posted.desk, everything=True)).found
    assert gone.gone_at is not None


async def test_one_that_is_deleted_closes_it_too(posted: World) -> None:
    again = twin(posted, ours(posted))
    await next_day(posted)
    await only(posted)
    delete_bill(organisation(posted), again)
    await posted.run("update directory set walk = 0 where object_id = %s", again.document_id)
    await next_day(posted)
    assert (await doubles(posted.desk)).found == ()


async def test_one_reference_in_two_bills_is_seen_by_one_look(posted: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists of bills do not show custom fields, so what looks like ours is read in full, once."""
    bill = ours(posted)
    looks = counted(posted, monkeypatch)
    twin(posted, bill, reference=dict(bill.custom))
    await next_day(posted)
    found = await only(posted)
    assert found.kind == "reference" and found.reference in bill.custom.values() and looks == [1]
    assert found.record_id == (await explain(posted.desk, bill.document_id)).record_id
    await next_day(posted)
    assert looks == [1]


def counted(company: World, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Counts documents read in full."""
    looks: list[int] = []
    connector = company.runtime.connectors["zoho_books"]
    read = connector.read

    def counting(session: Any, reading: Reading) -> AsyncIterator[Page]:
        if reading.ids:
            looks.append(len(reading.ids))
        return read(session, reading)

    monkeypatch.setattr(connector, "read", counting)
    return looks


async def test_two_bills_of_two_records_of_ours_are_no_doubles(posted: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bill = ours(posted)
    (field,) = bill.custom
    twin(posted, bill, reference={field: "servicetitan-1001-bills-999"})
    looks = counted(posted, monkeypatch)
    await next_day(posted)
    await next_day(posted)
    assert (await doubles(posted.desk, everything=True)).found == () and looks == [1]


async def test_other_figures_or_nothing_of_ours_is_no_double(posted: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bill = ours(posted)
    looks = counted(posted, monkeypatch)
    twin(posted, bill, more=Decimal("0.01"))
    vendor = next(one for one in organisation(posted).contacts if one.contact_id == bill.vendor_id)
    lines = [{"account_id": bill.lines[0].account_id, "rate": 70, "quantity": 1}]
    for number in ("THEIRS-1", "THEIRS 1"):
        organisation(posted).add_bill(vendor, number, bill.date, lines)
    await next_day(posted)
    assert (await doubles(posted.desk, everything=True)).found == () and looks == []


async def test_a_contact_under_our_reference_twice_is_seen_in_the_list(
    posted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    contacts = organisation(posted).contacts
    first = next(one for one in contacts if one.custom)
    again = organisation(posted).add_contact("Another name")
    again.custom = dict(first.custom)
    contacts.put(again)
    looks = counted(posted, monkeypatch)
    await next_day(posted)
    found = await only(posted)
    assert found.kind == "reference" and {one.number for one in found.documents} == {first.contact_name, "Another name"}
    assert looks == []


async def test_a_vendor_made_twice_under_one_name_is_told_although_it_shows_no_reference(posted: World) -> None:
    contacts = organisation(posted).contacts
    first = next(one for one in contacts if one.custom)
    organisation(posted).add_contact(first.contact_name, "vendor")
    await next_day(posted)
    found = await only(posted)
    assert found.kind == "facts" and {one.number for one in found.documents} == {first.contact_name}
    assert "have the same name: merge them there into one" in found.sentence


async def test_what_is_not_there_when_looked_at_is_nobodys_double(
    posted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = twin(posted, ours(posted))
    suspects = sweeping.suspects_of

    async def then_deleted(*given: Any) -> Any:
        found = await suspects(*given)
        delete_bill(organisation(posted), again)
        return found

    monkeypatch.setattr(sweeping, "suspects_of", then_deleted)
    await next_day(posted)
    assert (await doubles(posted.desk, everything=True)).found == ()


async def test_more_suspects_than_one_sweep_reads_wait_for_the_next_and_it_says_so(
    posted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "LOOKED_AT_MOST", 1)
    for bill in [one for one in posted.zoho_bills() if one.custom][:2]:
        twin(posted, bill)
    await next_day(posted)
    first = await doubles(posted.desk)
    assert len(first.found) == 1
    assert any("1 document that looks alike is read in full by the next sweep" in one.lacking for one in first.sweeps)
    await next_day(posted)
    second = await doubles(posted.desk)
    assert len(second.found) == 2 and all(not one.lacking for one in second.sweeps)


async def test_a_list_that_was_not_proven_whole_is_named(posted: World) -> None:
    await next_day(posted)
    assert all(not one.lacking for one in (await doubles(posted.desk)).sweeps)
    await posted.run("update feed set complete_at = complete_at - interval '25 hours' where name = 'directory bills'")
    await posted.run("update sweep set swept_at = swept_at - interval '25 hours'")
    await posted.slice(posted.target)
    told = [one.lacking for one in (await doubles(posted.desk)).sweeps if one.lacking]
    assert len(told) == 1 and "the list of bills could not be read whole (last on 20" in told[0]


async def test_a_worker_killed_while_noting_notes_nothing_and_the_next_sweep_does(
    posted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin(posted, ours(posted))
    swept = sweeping._swept

    async def killed(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr(sweeping, "_swept", killed)
    with pytest.raises(Killed):
        await next_day(posted)
    await posted.free(posted.target)
    monkeypatch.setattr(sweeping, "_swept", swept)
    assert (await doubles(posted.desk, everything=True)).found == ()
    await posted.slice(posted.target)
    assert (await only(posted)).kind == "facts"


async def test_a_person_may_say_that_they_are_different(posted: World) -> None:
    bill = ours(posted)
    twin(posted, bill)
    await next_day(posted)
    found = await only(posted)
    viewer = Desk(posted.runtime, posted.desk.tenant_id, Actor("vera", Role.VIEWER))
    with pytest.raises(NotAllowed):
        await dismiss_double(viewer, found.double_id, "no")
    with pytest.raises(BadInput, match="Say why"):
        await dismiss_double(posted.desk, found.double_id, " ")
    with pytest.raises(NotFound):
        await dismiss_double(posted.desk, 999, "no")
    await dismiss_double(posted.desk, found.double_id, "two deliveries")
    with pytest.raises(Refused, match="settled already"):
        await dismiss_double(posted.desk, found.double_id, "again")
    await next_day(posted)
    assert (await doubles(posted.desk)).found == () and (await status(posted.desk)).doubles == {}
    (kept,) = (await doubles(posted.desk, everything=True)).found
    assert kept.dismissed_by == "test" and not kept.open
    twin(posted, bill)  # a third one is another matter
    await next_day(posted)
    assert len((await only(posted)).documents) == 3


async def test_on_demand_the_lists_are_read_whole_and_looked_through_at_once(posted: World) -> None:
    twin(posted, ours(posted))
    before = await posted.one("select min(complete_at) from feed where name like 'walk %%'")
    found = await look_now(posted.desk, await connections(posted.desk), seconds=60.0)
    assert len(found.found) == 1 and [bool(one.lacking) for one in found.sweeps] == [False]
    after = await posted.one("select min(complete_at) from feed where name = 'walk bills'")
    assert after[0] > before[0]
    kinds = await posted.all("select kind from audit_event where kind = 'asked for a sweep'")
    assert len(kinds) == 1
    await asyncio.gather(posted.mode("bills", "off"), posted.mode("vendors", "off"))
    for flow in ("bills_exported", "customers", "locations"):
        await posted.mode(flow, "off")
    with pytest.raises(Refused, match="nothing to look through"):
        await look_now(posted.desk, await connections(posted.desk))


# --- looks that fail ---------------------------------------------------------------------------------------------


def spoiled(company: World, monkeypatch: pytest.MonkeyPatch, how: dict[str, Exception | None]) -> list[str]:
    """What is read in full fails as ``how`` says, or is denied (None); the ids that were asked for."""
    asked: list[str] = []
    connector = company.runtime.connectors["zoho_books"]
    read = connector.read

    async def reading(session: Any, wanted: Reading) -> AsyncIterator[Page]:
        asked.extend(wanted.ids)
        if wanted.ids and wanted.ids[0] in how:
            if error := how[wanted.ids[0]]:
                raise error
            yield Page((), b"", last=True)
            return
        async for page in read(session, wanted):
            yield page

    monkeypatch.setattr(connector, "read", reading)
    return asked


def two_bills(company: World) -> list[Bill]:
    """Twins of two bills of ours."""
    return [twin(company, bill) for bill in [one for one in company.zoho_bills() if one.custom][:2]]


def contact_twice(company: World) -> None:
    """A contact whose double the lists show by its reference."""
    contacts = organisation(company).contacts
    again = organisation(company).add_contact("Another name")
    again.custom = dict(next(one for one in contacts if one.custom).custom)
    contacts.put(again)


async def swept_today(company: World) -> bool:
    row = await company.one("select max(swept_at) from sweep where connection_id = %s", company.target)
    return bool((company.runtime.clock.now() - row[0]).total_seconds() < 3 * 3600)


async def test_a_vendor_that_does_not_answer_to_looks_ends_them_and_not_the_sweep(
    posted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    twins = [*two_bills(posted), twin(posted, ours(posted))]
    how: dict[str, Exception | None] = {one.document_id: AnswerLost("oops") for one in twins}
    asked = spoiled(posted, monkeypatch, how)
    contact_twice(posted)
    await next_day(posted)
    assert len(asked) == 2 and await swept_today(posted)
    found = await doubles(posted.desk)
    assert [one.kind for one in found.found] == ["reference"]
    assert any("3 documents that look alike" in one.lacking for one in found.sweeps)
    how.clear()
    await next_day(posted)
    assert sorted(one.kind for one in (await doubles(posted.desk)).found) == ["facts", "facts", "facts", "reference"]


async def test_one_document_that_no_answer_comes_for_stops_no_other(
    posted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two_bills(posted)
    asked = spoiled(posted, monkeypatch, {first.document_id: AnswerLost("oops")})
    await next_day(posted)
    assert sorted(asked) == sorted([first.document_id, second.document_id]) and await swept_today(posted)
    assert second.document_id in {one.target_id for one in (await only(posted)).documents}


async def test_what_the_lists_show_is_told_although_nobody_can_be_asked(
    posted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = spoiled(posted, monkeypatch, {one.document_id: NotSent("nobody listens") for one in two_bills(posted)})
    contact_twice(posted)
    await next_day(posted)
    assert len(asked) == 1 and not await swept_today(posted)
    assert (await only(posted)).kind == "reference"


async def test_one_denial_takes_no_live_document_out_of_the_directory(
    posted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = twin(posted, ours(posted))
    how: dict[str, Exception | None] = {again.document_id: None}
    spoiled(posted, monkeypatch, how)
    await next_day(posted)
    assert (await doubles(posted.desk, everything=True)).found == () and await swept_today(posted)
    (active,) = await posted.one("select active from directory where object_id = %s", again.document_id)
    assert active
    how.clear()
    await next_day(posted)
    assert again.document_id in {one.target_id for one in (await only(posted)).documents}


async def test_a_slice_that_ends_before_the_looks_leaves_the_sweep_to_the_next(
    posted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    twin(posted, ours(posted))
    look = sweeping.look_closer

    async def no_time_left(lane: Any, *given: Any) -> Any:
        lane.slice.seconds = 0.0
        return await look(lane, *given)

    monkeypatch.setattr(sweeping, "look_closer", no_time_left)
    await next_day(posted)
    assert not await swept_today(posted) and (await doubles(posted.desk)).found == ()
    monkeypatch.setattr(sweeping, "look_closer", look)
    await posted.slice(posted.target)
    assert await swept_today(posted) and (await only(posted)).kind == "facts"


async def test_a_sweep_over_several_slices_tries_every_document_once(
    posted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    twins = two_bills(posted)
    asked = spoiled(posted, monkeypatch, {one.document_id: BadInput("unreadable") for one in twins})
    look = looking._look_at

    async def then_over(lane: Any, one: Any) -> Any:
        found = await look(lane, one)
        lane.slice.seconds = 0.0
        return found

    monkeypatch.setattr(looking, "_look_at", then_over)
    await next_day(posted)
    assert len(asked) == 1 and not await swept_today(posted)
    await posted.slice(posted.target)
    assert sorted(asked) == sorted(one.document_id for one in twins) and await swept_today(posted)


async def test_documents_that_cannot_be_read_do_not_keep_others_from_being_looked_at(
    posted: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    twins = two_bills(posted)
    asked = spoiled(posted, monkeypatch, {one.document_id: BadInput("unreadable") for one in twins})
    monkeypatch.setattr(looking, "LOOKED_AT_MOST", 1)
    for _ in range(3):
        await next_day(posted)
    assert sorted(asked[:2]) == sorted(one.document_id for one in twins) and asked[2] == asked[0]


async def test_each_connection_is_asked_for_in_a_transaction_of_its_own(posted: World) -> None:
    await posted.mode("bills_exported", "live")
    asked = await asking._ask(posted.desk, await connections(posted.desk))
    links = await posted.all("select kind from audit_event where kind = 'asked for a sweep'")
    assert len(asked) == len(links) == 2
