"""Walks of tables: nothing is lost or shown for ever, whatever a page hides, and absence counts only where all was seen."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator

import pytest
from servicenow_script import NOW, ScriptedSession, Tables, answer, failure, stamp, sys_id

from ml_connector.connectors.errors import FilterIgnored
from ml_connector.connectors.reading import Page, Reading
from ml_connector.connectors.servicenow import CONNECTOR
from ml_connector.connectors.servicenow.errors import Cut, Incomplete
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotJson, NotPermitted, NotSent
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio


def centers(stamps: list[int], **more: str) -> Tables:
    tables = Tables()
    tables.rows["cmn_cost_center"] = [
        {"sys_id": sys_id(n), "sys_created_on": stamp(0), "sys_updated_on": stamp(second), "name": f"C{n}",
         "account_number": str(n), **more}
        for n, second in enumerate(stamps, 1)
    ]  # fmt: skip
    return tables


async def pages(
    tables: Tables, cursor: bytes | None = None, rows: int = 3, entity: str = "dimensions", unseen: str = "accept",
    **more: object,
) -> list[Page]:  # fmt: skip
    session = ScriptedSession(tables, {"page_rows": str(rows), "unseen_rows": unseen})
    return await all_of(CONNECTOR.read(session, Reading(entity, cursor, **more)))  # type: ignore[arg-type]


async def all_of(walk: AsyncIterator[Page]) -> list[Page]:
    found: list[Page] = []
    async for page in walk:
        found.append(page)
        assert len(found) < 400, "the walk goes round in circles"
    return found


def ids(found: list[Page]) -> list[str]:
    return [row.id for page in found for row in page.rows]


async def test_every_row_once_over_many_pages() -> None:
    found = await pages(centers([0, 1, 1, 1, 2, 3, 3, 4, 5, 6]))
    assert sorted(ids(found)) == [sys_id(n) for n in range(1, 11)]
    assert [page.last for page in found] == [False] * (len(found) - 1) + [True]
    assert found[-1].complete


async def test_five_hundred_rows_of_one_second() -> None:
    found = await pages(centers([0, 0, *[5] * 500, 7]), rows=50)
    assert len(ids(found)) == len(set(ids(found))) == 503 and found[-1].complete


async def test_a_walk_goes_on_from_any_of_its_cursors() -> None:
    tables = centers([1, 1, 1, 1, 1, 1, 1, 2, 3])
    whole = await pages(tables)
    for n, page in enumerate(whole[:-1]):
        rest = await pages(tables, page.cursor)
        assert set(ids(whole[: n + 1])) | set(ids(rest)) == set(ids(whole))


async def test_afterwards_only_changes_are_read_and_prove_no_absence() -> None:
    tables = centers([0, 1, 2])
    (first,) = await pages(tables)
    tables.rows["cmn_cost_center"][0]["sys_updated_on"] = f"{NOW:%Y-%m-%d %H:%M:%S}"
    (second,) = await pages(tables, first.cursor)
    assert ids([second]) == [sys_id(1)] and not second.complete


async def test_rows_hidden_by_rights_do_not_end_a_walk_and_prove_no_absence() -> None:
    tables = centers(list(range(12)))
    tables.hidden = {sys_id(n) for n in range(1, 8)}
    found = await pages(tables)
    assert ids(found) == [sys_id(n) for n in range(8, 13)]
    assert not found[-1].complete


async def test_a_table_that_shows_none_of_its_rows_is_not_taken_for_empty() -> None:
    tables = centers([0, 1, 2])
    tables.hidden = {row["sys_id"] for row in tables.rows["cmn_cost_center"]}
    with pytest.raises(NotPermitted, match=r"3 rows in cmn_cost_center .* none of them.*role"):
        await pages(tables)


async def test_hidden_rows_within_one_second() -> None:
    tables = centers([4] * 12 + [5])
    tables.hidden = {sys_id(n) for n in range(4, 10)}
    assert sorted(ids(await pages(tables))) == [sys_id(n) for n in (1, 2, 3, 10, 11, 12, 13)]


async def test_without_a_count_a_walk_ends_at_an_empty_page() -> None:
    tables = centers(list(range(7)))
    tables.counted = False
    found = await pages(tables)
    assert len(ids(found)) == len(set(ids(found))) == 7 and not found[-1].complete


async def test_a_row_changed_during_the_walk_is_seen_again_not_lost() -> None:
    tables = centers(list(range(9)))

    def move() -> None:
        tables.rows["cmn_cost_center"][1]["sys_updated_on"] = stamp(99)
        tables.limit_before = lambda: None

    found: list[str] = []
    async for page in CONNECTOR.read(ScriptedSession(tables, {"page_rows": "3"}), Reading("dimensions")):
        found += [row.id for row in page.rows]
        if len(found) == 3:
            move()
    assert set(found) == {sys_id(n) for n in range(1, 10)} and found.count(sys_id(2)) == 2


@pytest.mark.parametrize("broken", ["filter", "order"])
async def test_an_ignored_filter_or_order_voids_the_answer(broken: str) -> None:
    tables = centers([5, 4, 3] if broken == "order" else [0, 1, 2, 3, 4, 5])
    whole = tables._matching

    def matching(table: str, query: str) -> list[dict[str, str]]:
        if broken == "order":
            return tables.rows[table]
        kept = "^".join(term for term in query.split("^") if not term.startswith("sys_updated_on"))
        return whole(table, kept)

    tables._matching = matching  # type: ignore[method-assign]
    with pytest.raises(FilterIgnored):
        await pages(tables)


async def test_a_first_day_is_asked_for_and_verified() -> None:
    tables = Tables()
    for day in ("2026-01-01", "2026-02-01"):
        tables.add("sn_shop_invoice_payment_detail", payment_date=day, payment_amount="1")
    (page,) = await pages(tables, entity="vendor_payments", since=dt.date(2026, 1, 15))
    assert len(page.rows) == 1 and not page.complete


async def test_hidden_stamps_are_no_answer() -> None:
    def script(_: Request) -> Answer:
        return answer({"result": [{"sys_id": sys_id(1), "name": "x"}]})

    with pytest.raises(Incomplete, match="sys_updated_on"):
        await all_of(CONNECTOR.read(ScriptedSession(script), Reading("dimensions")))


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (answer(b"", 202), NotSent),
        (answer(b"<html>Your instance is hibernating</html>"), NotJson),
        (
            answer(
                b'{"result":[{"sys_id":"{"error":{"message":"Transaction cancelled: maximum execution time exceeded"}'
            ),
            Cut,
        ),
        (answer({"rows": []}), Incomplete),
        (answer([]), Incomplete),
        (failure(401, "User Not Authenticated"), NotPermitted),
    ],
)
async def test_answers_that_are_no_list(given: Answer, error: type[Exception]) -> None:
    with pytest.raises(error):
        await all_of(CONNECTOR.read(ScriptedSession(lambda _: given), Reading("dimensions")))


async def test_what_cannot_be_read_and_a_foreign_cursor() -> None:
    with pytest.raises(BadInput, match="no invoices to read"):
        CONNECTOR.read(ScriptedSession(Tables()), Reading("invoices"))
    with pytest.raises(BadInput, match="not one of ServiceNow"):
        await all_of(CONNECTOR.read(ScriptedSession(centers([])), Reading("dimensions", b"nonsense")))
