"""A source read in full detail: one call for each row that changed and is wanted, none twice, none lost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from zoho_script import NOW, Rows, ScriptedSession, answer, bill_row, contact_row, stamp

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.reading import Page, Reading, Size
from ml_connector.connectors.zoho_books import CONNECTOR
from ml_connector.connectors.zoho_books.in_detail import TRIES
from ml_connector.errors import BadInput
from ml_connector.transport.errors import BudgetEmpty, NotJson, NotPermitted
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio
GONE = answer({"code": 1002, "message": "Bill does not exist."}, 404)
PAGE, OTHER = answer(b"<html>Scheduled maintenance</html>"), answer([{"hello": 1}])
BROKEN = answer({"code": 1000, "message": "Internal error"}, 500)
SINCE = dt.date(2026, 6, 1)


class Source:
    """A list and the details of its rows. ``instead`` answers a detail otherwise, ``calls_left`` may run out."""

    def __init__(self, key: str, singular: str, id_key: str, rows: list[dict[str, Any]]) -> None:
        self.list = Rows(key, id_key, rows)
        self.singular = singular
        self.instead: dict[str, Answer] = {}
        self.calls_left = 10_000
        self.asked: list[str] = []
        self.listed = 0

    def __call__(self, request: Request) -> Answer:
        self.calls_left -= 1
        if self.calls_left < 0:
            raise BudgetEmpty("calls a minute", 30.0)
        _, _, id_ = request.path.strip("/").partition("/")
        if not id_:
            self.listed += 1
            return self.list(request)
        self.asked.append(id_)
        return self.instead.get(id_) or answer({"code": 0, self.singular: self.detail(id_)})

    def detail(self, id_: str) -> dict[str, Any]:
        row = next(row for row in self.list.rows if row[self.list.id_key] == id_)
        return {**row, **self.more(row)}

    def more(self, row: dict[str, Any]) -> dict[str, Any]:
        if self.singular == "contact":
            return {"billing_address": {"address": "1 Main St"}}
        if self.singular == "bill":
            return {"line_items": [{"line_item_id": "1", "item_total": row["total"], "quantity": 1}]}
        bill = {"bill_id": "b1", "bill_payment_id": "p1", "bill_number": "B-1", "amount_applied": row["amount"]}
        return {"bills": [bill], "comments": [{"date_description": f"{len(self.asked)} seconds ago"}]}


def of_bills(rows: list[dict[str, Any]]) -> Source:
    return Source("bills", "bill", "bill_id", rows)


def of_payments(rows: list[dict[str, Any]]) -> Source:
    return Source("vendorpayments", "vendorpayment", "payment_id", rows)


def payment_row(n: int, second: float, **more: Any) -> dict[str, Any]:
    return {
        "payment_id": f"9{n:05d}", "vendor_id": "98001", "vendor_name": "Beta", "status": "paid",
        "bill_numbers": "B-1", "payment_mode": "Cash", "payment_number": str(n), "reference_number": "",
        "date": "2026-06-09", "amount": 50, "balance": 0, "currency_code": "USD", "created_time": stamp(n / 1000),
        "last_modified_time": stamp(second), **more,
    }  # fmt: skip


async def read(source: Source, entity: str, cursor: bytes | None = None, since: dt.date | None = SINCE) -> list[Page]:
    reading = Reading(entity, cursor, since, options={"details": "yes"})
    return [page async for page in CONNECTOR.read(ScriptedSession(source), reading)]


async def until_it_breaks(source: Source, entity: str, cursor: bytes | None = None) -> list[Page]:
    pages: list[Page] = []
    reading = Reading(entity, cursor, SINCE, options={"details": "yes"})
    with pytest.raises(BudgetEmpty):
        async for page in CONNECTOR.read(ScriptedSession(source), reading):
            pages += [page]
    return pages


def ids(pages: list[Page]) -> list[str]:
    return [row.id for page in pages for row in page.rows]


def documents(pages: list[Page]) -> dict[str, Any]:
    return {row.id: row.document for page in pages for row in page.rows}


async def test_every_row_comes_in_full_twenty_a_page_with_one_call_each() -> None:
    source = of_bills([bill_row(n, n) for n in range(45)])
    pages = await read(source, "bills")
    assert [len(page.rows) for page in pages] == [20, 20, 5]
    assert [page.last for page in pages] == [False, False, True] and pages[-1].complete is False  # from a day on
    assert all(isinstance(one, Bill) and one.complete and one.lines for one in documents(pages).values())
    assert (source.listed, len(source.asked)) == (1, 45)


async def test_without_a_first_day_the_last_page_shows_that_it_was_everything() -> None:
    assert (await read(of_bills([bill_row(1, 1)]), "bills", since=None))[-1].complete
    assert (await read(of_bills([]), "bills", since=None))[-1].complete


@pytest.mark.parametrize("entity", ["bills", "vendor_payments"])
async def test_a_bare_walk_asks_for_nothing_alone_and_says_that_it_saw_all_from_a_day_on(entity: str) -> None:
    of = {"bills": (of_bills, bill_row), "vendor_payments": (of_payments, payment_row)}[entity]
    source = of[0]([of[1](n, n) for n in range(450)])
    pages = [page async for page in CONNECTOR.read(ScriptedSession(source), _bare(entity))]
    assert len(set(ids(pages))) == 450 and source.asked == []
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
    later = [page async for page in CONNECTOR.read(ScriptedSession(source), _bare(entity, pages[-1].cursor))]
    assert not later[-1].complete  # changes since a stamp are not all there is


async def test_a_bare_walk_of_counted_pages_that_never_stand_still_proves_nothing() -> None:
    source = of_payments([payment_row(n, n) for n in range(450)])
    source.list.before = lambda calls: source.list.rows.append(payment_row(1_000 + calls, calls, created_time=stamp(0)))
    assert not [page async for page in CONNECTOR.read(ScriptedSession(source), _bare("vendor_payments"))][-1].complete


def _bare(entity: str, cursor: bytes | None = None) -> Reading:
    return Reading(entity, cursor, SINCE, options={"details": "yes"}, bare=True)


async def test_nothing_that_was_read_is_asked_for_again_by_the_next_walk() -> None:
    source = of_bills([bill_row(n, 7_150 + n) for n in range(12)])  # within a minute of now: the walks overlap
    pages = await read(source, "bills")
    source.asked.clear()
    quiet = await read(source, "bills", pages[-1].cursor)
    again = await read(source, "bills", quiet[-1].cursor)
    assert (ids(quiet), ids(again), source.asked) == ([], [], [])
    source.list.rows[3]["last_modified_time"] = stamp(7_198)
    changed = await read(source, "bills", again[-1].cursor)
    assert ids(changed) == source.asked == [source.list.rows[3]["bill_id"]]


async def test_a_row_changed_in_the_second_it_was_read_is_read_once_more() -> None:
    source = of_bills([bill_row(1, 7_200)])  # stamped the very second of the answer: it may change again in it
    pages = await read(source, "bills")
    assert ids(await read(source, "bills", pages[-1].cursor)) == [source.list.rows[0]["bill_id"]]


async def test_a_detail_older_than_the_list_says_does_not_count_as_read() -> None:
    source = of_bills([bill_row(1, 7_190)])
    row = source.list.rows[0]
    source.instead[row["bill_id"]] = answer(
        {"code": 0, "bill": {**source.detail(row["bill_id"]), "last_modified_time": stamp(7_100)}}
    )
    pages = await read(source, "bills")
    source.instead.clear()
    assert documents(await read(source, "bills", pages[-1].cursor))[row["bill_id"]].stamp == row["last_modified_time"]


async def test_a_detail_newer_than_the_list_is_not_asked_for_when_the_list_has_come_up() -> None:
    source = of_bills([bill_row(1, 7_150)])
    row = source.list.rows[0]
    newer = {**source.detail(row["bill_id"]), "last_modified_time": stamp(7_190)}
    source.instead[row["bill_id"]] = answer({"code": 0, "bill": newer})
    pages = await read(source, "bills")
    row["last_modified_time"] = stamp(7_190)
    assert ids(await read(source, "bills", pages[-1].cursor)) == []


@pytest.mark.parametrize("left", [1, 2, 20, 21, 30, 44])
async def test_a_walk_that_breaks_off_goes_on_with_the_next_row(left: int) -> None:
    source = of_bills([bill_row(n, n) for n in range(45)])
    source.calls_left = left
    first = await until_it_breaks(source, "bills")
    source.calls_left = 10_000
    rest = await read(source, "bills", first[-1].cursor)
    assert sorted(ids(first) + ids(rest)) == sorted(row["bill_id"] for row in source.list.rows)
    assert source.listed == 1 and rest[-1].last
    assert len(source.asked) <= 45 + 4  # of those asked for together with the one that broke off


async def test_every_cursor_resumes_to_the_same_rows() -> None:
    source = of_bills([bill_row(n, n // 3) for n in range(230)])
    whole = await read(source, "bills")
    for cut in range(len(whole) - 1):
        rest = await read(source, "bills", whole[cut].cursor)
        assert sorted(ids(whole[: cut + 1]) + ids(rest)) == sorted(row["bill_id"] for row in source.list.rows), cut


async def test_drafts_and_what_is_older_than_the_first_day_cost_no_call() -> None:
    rows = [
        bill_row(n, n, status=word) for n, word in enumerate(("draft", "pending_approval", "approved", "open", "void"))
    ]
    source = of_bills([*rows, bill_row(9, 9, date="2026-05-31")])
    read_ = documents(await read(source, "bills", cursor=None))
    assert [bool(one.complete) for one in read_.values()].count(True) == 2
    assert sorted(source.asked) == sorted(row["bill_id"] for row in rows[3:])
    draft = read_[rows[1]["bill_id"]]
    assert (draft.state, draft.status, draft.complete) == (BillState.DRAFT, "pending_approval", False)


async def test_a_bill_deleted_between_list_and_detail_is_no_row_and_one_that_fails_is_a_problem() -> None:
    source = of_bills([bill_row(n, n) for n in range(3)])
    first, second, third = (row["bill_id"] for row in source.list.rows)
    source.instead = {first: GONE, second: BROKEN}
    pages = await read(source, "bills")
    problem = next(row for page in pages for row in page.rows if row.document is None)
    assert sorted(ids(pages)) == sorted([second, third]) and problem.id == second
    assert "code 1000" in problem.problem


async def _until_it_is_odd(source: Source, cursor: bytes | None) -> list[Page]:
    pages: list[Page] = []
    with pytest.raises(NotJson):
        async for page in CONNECTOR.read(
            ScriptedSession(source), Reading("bills", cursor, SINCE, options={"details": "yes"})
        ):
            pages += [page]
    return pages


@pytest.mark.parametrize("odd", [PAGE, OTHER])
async def test_an_odd_answer_breaks_the_walk_off_and_the_row_comes_behind_the_others(odd: Answer) -> None:
    source = of_bills([bill_row(n, n) for n in range(3)])
    first, second, third = (row["bill_id"] for row in source.list.rows)
    source.instead = {second: odd}
    broken = await _until_it_is_odd(source, None)
    assert ids(broken) == [first] and not broken[-1].last
    source.instead.clear()
    rest = await read(source, "bills", broken[-1].cursor)
    assert ids(rest) == [third, second] and rest[-1].last
    assert all(isinstance(one, Bill) and one.complete for one in documents(rest).values())


async def test_a_row_whose_answers_stay_odd_is_a_problem_in_the_end_and_holds_nobody_up() -> None:
    source = of_bills([bill_row(n, n) for n in range(30)])
    bad = source.list.rows[1]["bill_id"]
    source.instead = {bad: PAGE}
    cursor: bytes | None = None
    found: list[Page] = []
    for _ in range(TRIES - 1):
        found += await _until_it_is_odd(source, cursor)
        cursor = found[-1].cursor
    found += await read(source, "bills", cursor)
    assert [row.id for page in found for row in page.rows if row.document is None] == [bad]
    assert sorted(ids(found)) == sorted(row["bill_id"] for row in source.list.rows) and found[-1].last
    assert b"tried" not in found[-1].cursor and source.asked.count(bad) == TRIES


async def test_a_right_that_is_missing_is_named() -> None:
    source = of_payments([payment_row(1, 1)])
    source.instead["900001"] = answer({"code": 57, "message": "You are not authorized"}, 401)
    with pytest.raises(NotPermitted, match=r"ZohoBooks\.vendorpayments\.READ"):
        await read(source, "vendor_payments")


async def test_what_is_not_offered_any_more_is_not_permitted_and_no_row_of_problems() -> None:
    off = answer({"code": 110817, "message": "The feature is not enabled."}, 400)
    source = of_payments([payment_row(1, 1)])
    source.instead["900001"] = off
    with pytest.raises(NotPermitted, match=r"/vendorpayments/900001 \(any more\).*every hour"):
        await read(source, "vendor_payments")
    for gone in (off, answer({"code": 5, "message": "Invalid URL Passed"}, 404)):
        session = ScriptedSession(lambda _, gone=gone: gone)
        with pytest.raises(NotPermitted, match=r"does not offer this organisation /items \(any more\)"):
            [page async for page in CONNECTOR.read(session, Reading("items"))]


async def test_an_address_that_is_unknown_may_be_of_one_document_alone() -> None:
    gone = answer({"code": 5, "message": "Invalid URL Passed"}, 404)
    session = ScriptedSession(lambda _: gone)
    [page] = [page async for page in CONNECTOR.read(session, Reading("items", ids=("odd",)))]
    [row] = page.rows
    assert row.document is None and "Invalid URL" in row.problem


async def test_payments_are_filtered_by_stamp_and_counted_and_those_without_bills_cost_no_call() -> None:
    rows = [payment_row(1, 1), payment_row(2, 2, bill_numbers="", balance=50), payment_row(3, 3, status="draft")]
    source = of_payments(rows)
    source.list.honours_sort = False
    read_ = await read(source, "vendor_payments")
    found = documents(read_)
    assert source.asked == ["900001"]
    paid, advance = found["900001"], found["900002"]
    assert isinstance(paid, Payment) and isinstance(advance, Payment)
    assert [(one.id, one.document.id, one.document.number, one.amount) for one in paid.splits] == [
        ("p1", "b1", "B-1", 50)
    ]
    assert (advance.splits, advance.unapplied) == ((), 50)
    source.asked.clear()
    rows[0]["last_modified_time"] = stamp(7_190)
    assert ids(await read(source, "vendor_payments", read_[-1].cursor)) == source.asked == ["900001"]


async def test_what_passes_by_itself_makes_no_new_text_of_a_payment() -> None:
    source = of_payments([payment_row(1, 1)])
    walked = await read(source, "vendor_payments")
    named = Reading("vendor_payments", ids=("900001",), options={"details": "yes"})
    alone = [page async for page in CONNECTOR.read(ScriptedSession(source), named)]
    assert walked[0].rows[0].raw == alone[0].rows[0].raw and b"seconds ago" not in walked[0].rows[0].raw


async def test_contacts_in_full_are_asked_for_once_though_their_list_is_walked_twice() -> None:
    source = Source("contacts", "contact", "contact_id", [contact_row(n, 7) for n in range(250)])
    source.list.default_sort = ("contact_name", "A")
    pages = await read(source, "parties", since=None)
    assert (source.listed, len(source.asked), pages[-1].complete) == (4, 250, True)
    assert all(isinstance(one, Party) and one.in_full for one in documents(pages).values())
    source.asked.clear()
    source.list.rows[3]["last_modified_time"] = NOW.strftime("%Y-%m-%dT%H:%M:%S+0000")
    await read(source, "parties", pages[-1].cursor)
    assert source.asked == [source.list.rows[3]["contact_id"]]


async def test_a_cursor_of_rows_without_details_begins_from_the_beginning() -> None:
    source = of_bills([bill_row(n, n) for n in range(3)])
    listed = [page async for page in CONNECTOR.read(ScriptedSession(source), Reading("bills"))]
    assert not source.asked
    assert len(ids(await read(source, "bills", listed[-1].cursor))) == 3 == len(source.asked)
    with pytest.raises(BadInput, match="from the beginning"):
        await read(source, "bills", b"\xff")


async def test_a_wrong_word_for_details_is_refused_and_lists_that_show_everything_have_none() -> None:
    with pytest.raises(BadInput, match="details 'maybe'"):
        CONNECTOR.read(ScriptedSession(of_bills([])), Reading("bills", options={"details": "maybe"}))
    for entity in ("dimensions", "accounts", "tax_codes"):
        assert await size(of_bills([]), entity, details="yes") is None


# --- how much it is, before it begins --------------------------------------------------------------------------------


async def size(source: Source, entity: str, **options: str) -> Size | None:
    return await CONNECTOR.size(ScriptedSession(source), Reading(entity, since=SINCE, options=options))


async def test_a_first_reading_is_counted_over_the_list_alone() -> None:
    rows = [bill_row(n, n) for n in range(230)]
    rows[0]["status"], rows[1]["date"] = "draft", "2026-05-01"
    source = of_bills(rows)
    assert await size(source, "bills", details="yes") == Size(230, 2 + 228)
    assert (source.asked, source.listed) == ([], 2)
    assert await size(source, "bills") is None


async def test_a_list_that_is_very_long_is_counted_in_part() -> None:
    source = of_bills([])
    source.list = lambda request: answer(  # type: ignore[assignment]
        {"code": 0, "bills": [bill_row(1, 1)], "page_context": {"has_more_page": True}}
    )
    assert await size(source, "bills", details="yes") == Size(50, 100, exact=False)
