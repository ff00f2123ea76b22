"""What is gone in Zoho Books, a contact or a document: held with one reason, whichever way it was learned, and let go."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from service_ledger import BOOKS, Company, PlayedBooks, bill, first_bill_posted, newest

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.writing import Done, Outcome, Step
from ml_connector.connectors.zoho_books.errors import rejected
from ml_connector.errors import BadInput
from ml_connector.service.deciding import link
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Actor, NotAllowed, Role
from ml_connector.sync.absent import confirm
from ml_connector.sync.backfill import ROOM
from ml_connector.sync.directory import refresh
from ml_connector.sync.linked_anew import stage_users
from ml_connector.sync.not_shown import note
from ml_connector.sync.restored import LOOKED, look_for_restored
from ml_connector.transport.errors import NotPermitted

pytestmark = pytest.mark.anyio
WAYS = ("by its lists", "before a change", "by a refusal")


class Books(PlayedBooks):
    """Zoho Books that refuses what names something it has not, and shows of a list what it is asked for by its ids."""

    def __init__(self) -> None:
        super().__init__()
        self.shows_once_more = 0  # readings by id that still show what is gone
        self.gone: list[Document] = []
        self.code, self.refused = 1002, 0
        self.alone: dict[str, tuple[Document, ...]] = {}  # shown by its id, and by no list
        self.asked: list[tuple[str, ...]] = []
        self.unreadable: set[str] = set()  # a page that nobody understands
        self.hides_once: set[str] = set()  # a page that says once that it does not exist
        self.refuses: set[str] = set()
        self.refused_by_id = False  # whether nothing may be read by its id

    async def read(self, session: Any, reading: Reading) -> AsyncIterator[Page]:
        held = self.lists
        if reading.ids and reading.entity == "bills" and self.shows_once_more:
            self.shows_once_more -= 1
            self.lists = {**held, "bills": (*held["bills"], *self.gone)}
        if reading.ids:
            self.asked.append(tuple(reading.ids))
            if self.refused_by_id:
                raise NotPermitted("Contacts are not offered any more.")
            self.lists = {name: (*rows, *self.alone.get(name, ())) for name, rows in self.lists.items()}
        async for page in super().read(session, reading):
            hidden, self.hides_once = (self.hides_once, set()) if reading.ids else (set(), self.hides_once)
            rows = tuple(one for one in page.rows if not reading.ids or one.id in reading.ids)
            rows = tuple(one for one in rows if one.id not in hidden)
            odd = tuple(Row(id_, b"?", None, problem="It is odd.") for id_ in reading.ids if id_ in self.unreadable)
            yield Page((*rows, *odd), b"", True, True)
        self.lists = held

    async def write(self, session: Any, step: Step) -> Outcome:
        shown = (
            one
            for lists in (self.lists, self.alone)
            for entity in ("parties", "bills")
            for one in lists.get(entity, ())
        )
        known = {one.id for one in shown}
        if not {one for one in (step.party_id, step.target_id) if one} <= known - self.refuses:
            self.refused += 1
            return rejected(self.code, "It does not exist.", b"{}")
        self.written.append(step)
        lines = tuple(
            BillLine(
                f"l{n}", Decimal(str(one["rate"])), description=str(one.get("description", "")),
                account=Ref(one["account_id"]), quantity=Decimal(1), unit_cost=Decimal(str(one["rate"])),
            )
            for n, one in enumerate(msgspec.json.decode(step.body)["line_items"])
        )  # fmt: skip
        shown = Bill(
            step.target_id or f"b{len(self.written)}", Ref(step.party_id), step.total, number=step.number, date=step.date,
            currency=step.currency, reference=step.reference, lines=lines, state=BillState.OPEN, balance=step.total,
        )  # fmt: skip
        self.lists["bills"] = (*(one for one in self.lists["bills"] if one.id != shown.id), shown)
        return Done(shown.id, shown, b"{}")

    def lose(self, entity: str, id_: str) -> None:
        """Somebody deletes it."""
        self.gone = [one for one in self.lists[entity] if one.id == id_]
        self.lists[entity] = tuple(one for one in self.lists[entity] if one.id != id_)


@pytest.fixture
async def company(desk: Desk) -> Company:
    """Johnstone Supply is linked, and its first bill posted."""
    return await first_bill_posted(desk, Books())


def books(company: Company) -> Books:
    assert isinstance(company.books, Books)
    return company.books


async def found(company: Company, query: str, *values: object) -> list[Any]:
    async with company.desk.looking() as reading:
        return list(await reading.all(query, company.desk.tenant_id, *values))


async def record(company: Company, source: str) -> str:
    [(id_,)] = await found(company, "select record_id from record where tenant_id = %s and source_id = %s", source)
    return f"#{id_}"


async def later(company: Company, hours: int) -> None:
    """The lane looked for restored contacts so long ago."""
    async with company.desk.changing(await company.desk.sealer()) as change:
        await change.run(
            "update feed set moved_at = moved_at - %s * interval '1 hour' where tenant_id = %s and name = %s",
            hours, company.desk.tenant_id, LOOKED,
        )  # fmt: skip


async def long_unseen(company: Company) -> None:
    """The last whole readings were long ago, and so was what was seen then."""
    async with company.desk.changing(await company.desk.sealer()) as change:
        await change.run("update feed set complete_at = null, cursor = '' where tenant_id = %s and "
                         "(name like 'walk %%' or name like 'directory %%')", company.desk.tenant_id)  # fmt: skip
        await change.run("update directory set walk = walk - 86400000000 where tenant_id = %s", company.desk.tenant_id)


async def gone(company: Company) -> list[str]:
    """What counts as gone of all lists."""
    return [one for (one,) in await found(
        company, "select object_id from directory where tenant_id = %s and state = 'gone' order by object_id"
    )]  # fmt: skip


async def listed_as_gone(company: Company, entity: str, id_: str) -> None:
    """A whole reading of its list did not show it."""
    async with company.desk.changing(await company.desk.sealer()) as change:
        await change.run(
            "update directory set state = 'gone', active = false where tenant_id = %s and entity = %s and object_id = %s",
            company.desk.tenant_id, entity, id_,
        )  # fmt: skip


@pytest.mark.parametrize(("way", "code"), [(WAYS[0], 1002), (WAYS[2], 1002), (WAYS[2], 2)])
async def test_a_new_document_of_a_contact_that_is_gone_waits_for_its_party(
    company: Company, way: str, code: int
) -> None:
    ledger, written = books(company), len(books(company).written)
    ledger.code = code
    ledger.lose("parties", "p1")
    if way == WAYS[0]:
        await listed_as_gone(company, "parties", "p1")
    await company.read(bill("1"), bill("2"), bill("3", number="INV-3B"))
    await company.plan()
    assert {await newest(company, one) for one in ("2", "3")} == {("held", "contact_gone")}
    kept = await found(company, "select distinct kind, key from wait where tenant_id = %s and code = 'contact_gone'")
    assert sorted(kept) == [("fact", "parties:p1"), ("link", "vendors:v1")] and len(ledger.written) == written
    ledger.lists["parties"] += (Party("p9", "vendor", "Johnstone Supply Inc"),)
    lane = await company.lane(company.target, ledger, BOOKS)
    await refresh(lane, "parties", 0)
    await link(company.desk, await record(company, "v1"), "p9")
    await company.plan()
    assert {await newest(company, one) for one in ("2", "3")} == {("posted", "")}
    assert {one.party_id for one in ledger.written[written:]} == {"p9"}


async def test_a_contact_that_is_restored_lets_its_documents_go(company: Company) -> None:
    ledger = books(company)
    ledger.lose("parties", "p1")
    await company.read(bill("1"), bill("2"))
    await company.plan()
    assert await newest(company, "2") == ("held", "contact_gone")
    ledger.lists["parties"] += tuple(ledger.gone)  # type: ignore[arg-type]
    await refresh(await company.lane(company.target, ledger, BOOKS), "parties", 0)
    await company.plan()
    assert await newest(company, "2") == ("posted", "")


async def test_a_contact_is_asked_for_each_hour_while_documents_wait_for_it(company: Company) -> None:
    ledger = books(company)
    ledger.lose("parties", "p1")
    await company.read(bill("1"), bill("2"))
    await company.plan()
    assert await newest(company, "2") == ("held", "contact_gone")
    lane = await company.lane(company.target, ledger, BOOKS)
    ledger.asked.clear()
    for hours, asked in ((0, []), (1, [("p1",)]), (0, [])):
        await later(company, hours)
        await look_for_restored(lane)
        assert ledger.asked == asked, hours
        ledger.asked.clear()
    ledger.alone["parties"] = tuple(ledger.gone)  # no list of changes shows what was restored
    await company.plan()
    assert await newest(company, "2") == ("held", "contact_gone")
    await later(company, 1)
    await look_for_restored(lane)
    await company.plan()
    assert await newest(company, "2") == ("posted", "")
    await later(company, 1)
    ledger.asked.clear()
    await look_for_restored(lane)
    assert ledger.asked == [], "nobody waits"


async def test_a_change_of_the_document_itself_lets_it_go(company: Company) -> None:
    ledger = books(company)
    ledger.lose("parties", "p1")
    await company.read(bill("1"), bill("2"))
    await company.plan()
    assert await newest(company, "2") == ("held", "contact_gone")
    await link(company.desk, await record(company, "v2"), "p2")
    other = bill("2", vendor=Ref("v2", "Acme Pipe & Valve"))
    await company.read(bill("1"), other)
    for _ in range(2):
        await company.plan()
    assert await newest(company, "2") == ("posted", "") and ledger.written[-1].party_id == "p2"


@pytest.mark.parametrize("entity", ["parties", "bills"])
async def test_what_its_own_page_shows_is_not_gone_whatever_a_whole_list_shows(company: Company, entity: str) -> None:
    ledger = books(company)
    id_ = {"parties": "p1", "bills": ledger.lists["bills"][0].id}[entity]
    ledger.lose(entity, id_)
    ledger.alone[entity] = tuple(ledger.gone)  # an index of theirs that lags behind
    lane = await company.lane(company.target, ledger, BOOKS)
    for _ in range(2):
        await long_unseen(company)
        await refresh(lane, entity, 0)
        assert await gone(company) == []
        ledger.asked.clear()
        await confirm(lane)
        assert (ledger.asked, await gone(company)) == ([(id_,)], [])
        await confirm(lane)
        assert ledger.asked == [(id_,)], "once for each whole reading"
    await company.read(bill("1", total="120.00"), bill("2"))
    await company.plan()
    assert {await newest(company, one) for one in ("1", "2")} == {("posted", "")}
    del ledger.alone[entity]
    ledger.lose(entity, id_)
    await long_unseen(company)
    await refresh(lane, entity, 0)
    assert await gone(company) == [], "one clear answer"
    await confirm(lane)
    assert await gone(company) == [id_], "and the other"


async def test_what_its_own_page_showed_counts_as_seen_then(company: Company) -> None:
    """A whole reading that had begun before does not miss it."""
    ledger = books(company)
    ledger.lose("parties", "p1")
    ledger.alone["parties"] = tuple(ledger.gone)
    lane = await company.lane(company.target, ledger, BOOKS)
    await long_unseen(company)
    await refresh(lane, "parties", 0)
    before = await found(company, "select walk from directory where tenant_id = %s and object_id = 'p1'")
    await confirm(lane)
    after = await found(company, "select walk from directory where tenant_id = %s and object_id = 'p1'")
    [[listed]] = await found(company, "select max(walk) from directory where tenant_id = %s and object_id = 'p2'")
    assert before[0][0] < listed <= after[0][0]


class Minute:
    """Calls that are left of the minute, and of the day's surplus."""

    def __init__(self, free: int, surplus: int | None = None) -> None:
        self.left, self.spare = free, surplus

    def free(self) -> int:
        return self.left

    def wait(self, calls: int = 1) -> float:
        return 30.0 if calls > self.left else 0.0

    def surplus(self) -> int | None:
        return self.spare


async def test_so_much_is_asked_for_in_each_slice_and_leaves_room_in_the_minute(company: Company) -> None:
    ledger = books(company)
    lane = await company.lane(company.target, ledger, BOOKS)
    async with lane.transaction() as transaction:
        await note(transaction, "bills", [f"zb{n}" for n in range(15)])
        await note(transaction, "parties", [f"zp{n}" for n in range(15)])
    ledger.asked = []
    lane.capacity = Minute(ROOM - 1)
    now = lane.clock.now()
    again = await confirm(lane)
    assert again is not None and again >= now + dt.timedelta(seconds=30) and ledger.asked == []
    lane.capacity = Minute(ROOM, 0)
    assert await confirm(lane) is None and ledger.asked == []
    lane.capacity = Minute(ROOM, 500)
    again = await confirm(lane)
    assert again is not None and again < now + dt.timedelta(seconds=30), "the rest by the next slice"
    assert [len(ids) for ids in ledger.asked] == [15, 5]
    assert await confirm(lane) is None
    assert [len(ids) for ids in ledger.asked] == [15, 5, 10]
    assert await confirm(lane) is None and len(ledger.asked) == 3


async def test_an_unclear_answer_about_what_a_list_did_not_show_says_nothing(company: Company) -> None:
    ledger = books(company)
    ledger.lose("parties", "p1")
    ledger.unreadable = {"p1"}
    lane = await company.lane(company.target, ledger, BOOKS)
    await long_unseen(company)
    await refresh(lane, "parties", 0)
    await confirm(lane)
    assert await gone(company) == []
    ledger.unreadable = set()
    await long_unseen(company)
    await refresh(lane, "parties", 0)
    await confirm(lane)
    assert await gone(company) == ["p1"]


async def test_what_may_not_be_asked_for_is_not_asked_for_again_by_each_slice(company: Company) -> None:
    ledger = books(company)
    ledger.lose("parties", "p1")
    lane = await company.lane(company.target, ledger, BOOKS)
    await long_unseen(company)
    await refresh(lane, "parties", 0)
    ledger.refused_by_id, ledger.asked = True, []
    for _ in range(2):
        await confirm(lane)
    assert (ledger.asked, await gone(company)) == ([("p1",)], [])


async def test_one_wrong_answer_about_a_contact_makes_it_not_gone(company: Company) -> None:
    ledger = books(company)
    ledger.refuses = ledger.hides_once = {"p1"}
    await company.read(bill("1"), bill("2"))
    await company.plan()
    assert await gone(company) == [] and (await newest(company, "2"))[0] == "rejected", "as Zoho's own refusal tells"


@pytest.mark.parametrize("way", WAYS)
async def test_a_change_of_a_document_that_is_gone_is_held_in_one_way(company: Company, way: str) -> None:
    ledger, written = books(company), len(books(company).written)
    [posted] = ledger.lists["bills"]
    ledger.lose("bills", posted.id)
    if way == WAYS[0]:
        await listed_as_gone(company, "bills", posted.id)
    ledger.shows_once_more = int(way == WAYS[2])
    await company.read(bill("1", total="120.00"))
    await company.plan()
    assert await newest(company, "1") == ("held", "gone_there") and len(ledger.written) == written
    kept = await found(company, "select kind, key from wait where tenant_id = %s and code = 'gone_there'")
    assert kept == [("fact", f"bills:{posted.id}")] and ledger.refused == int(way == WAYS[2])
    ledger.lists["bills"] = (Bill("b9", Ref("p1"), Decimal(120), number="INV-1"),)
    await refresh(await company.lane(company.target, ledger, BOOKS), "bills", 0)
    approver = replace(company.desk, actor=Actor("user/8", Role.APPROVER))
    with pytest.raises(NotAllowed):
        await link(approver, await record(company, "1"), "b9")  # a document's is no payee, so it is a bookkeeper's
    marked = """select r.source_id from feed m join record r on r.tenant_id = m.tenant_id
        and m.name = 'linked anew ' || r.flow_id || ' ' || r.source_id where m.tenant_id = %s"""
    with pytest.raises(BadInput):
        await link(company.desk, await record(company, "1"), "b8")
    assert await found(company, marked) == []
    await link(company.desk, await record(company, "1"), "b9")
    assert await newest(company, "1") == ("linked", ""), "it was entered there again"
    assert await found(company, marked) == [("1",)], "what stands on it goes again, whenever this stops"
    await stage_users(await company.lane(company.target, ledger, BOOKS))
    assert await found(company, marked) == []
