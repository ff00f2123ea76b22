"""Groups of taxes: one call each for the rates of theirs, none twice, and none that stops the list."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from zoho_script import Rows, ScriptedSession, answer

from ml_connector.canonical.master_data import TaxCode
from ml_connector.connectors.reading import Page, Reading
from ml_connector.connectors.zoho_books import CONNECTOR
from ml_connector.connectors.zoho_books.tax_groups import A_PAGE
from ml_connector.errors import BadInput, ConnectorError
from ml_connector.transport.errors import BudgetEmpty, LeaseLost
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio
A_MINUTE = 100  # calls, as the vendor allows them
PARTS = (Decimal("0.06"), Decimal("0.0138"))
NOT_JSON = answer(b"<html>Scheduled maintenance</html>")
INCOMPLETE = answer({"code": 0, "message": "success"})
NAMELESS = answer({"code": 0, "tax_group": {"tax_group_id": "000001", "taxes": []}})
GONE = answer({"code": 1002, "message": "Tax group does not exist."}, 404)
REFUSED = answer({"code": 2, "message": "Invalid value passed for tax_group_id"}, 400)
BROKEN = answer({"code": 1000, "message": "Internal error"}, 500)
OFF = answer({"code": 110817, "message": "Enable tax groups first."}, 400)


def tax(n: int, type_: str = "tax_group", **more: Any) -> dict[str, Any]:
    return {"tax_id": f"{n:06}", "tax_name": f"Tax {n}", "tax_percentage": 7.38, "tax_type": type_, **more}


class Taxes:
    """The list and the groups' own pages. ``instead`` answers one otherwise, ``calls_left`` may run out."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.list = Rows("taxes", "tax_id", rows)
        self.list.default_sort = ("tax_id", "A")
        self.instead: dict[str, Answer | ConnectorError] = {}
        self.calls_left = 10_000
        self.asked: list[str] = []

    def __call__(self, request: Request) -> Answer:
        self.calls_left -= 1
        if self.calls_left < 0:
            raise BudgetEmpty("calls a minute", 30.0)
        if request.path.endswith("/taxes"):
            return self.list(request)
        id_ = request.path.rpartition("/")[2]
        self.asked.append(id_)
        instead = self.instead.get(id_)
        if isinstance(instead, ConnectorError):
            raise instead
        return instead or answer({"code": 0, "tax_group": self.shown(id_)})

    def shown(self, id_: str) -> dict[str, Any]:
        (row,) = (one for one in self.list.rows if one["tax_id"] == id_)
        taxes = [{"tax_percentage": one * 100, "tax_type": "tax"} for one in PARTS]
        group = {f"tax_group_{key}": row[f"tax_{key}"] for key in ("id", "name", "percentage")}
        return {**group, "taxes": taxes}


async def read(taxes: Taxes, cursor: bytes | None, pages: list[Page]) -> bytes | None:
    """Walk from ``cursor``; the pages that were handed on, also before an error, and the last cursor."""
    async for page in CONNECTOR.read(ScriptedSession(taxes), Reading("tax_codes", cursor=cursor)):
        pages.append(page)
        cursor = page.cursor
    return cursor


def parts_of(pages: list[Page]) -> dict[str, tuple[Decimal, ...]]:
    found = {row.id: row.document for page in pages for row in page.rows}
    return {id_: one.parts for id_, one in found.items() if isinstance(one, TaxCode)}


def unread(pages: list[Page]) -> set[str]:
    """The groups of which nobody knows the taxes."""
    found = {row.id: row.document for page in pages for row in page.rows}
    return {id_ for id_, one in found.items() if isinstance(one, TaxCode) and one.parts_unread}


async def test_an_unchanged_group_costs_no_call_at_the_next_walk_and_a_changed_one_costs_one() -> None:
    rows = [tax(0, "tax"), tax(1), tax(2), tax(3, "compound_tax"), tax(4, tax_percentage=0)]
    taxes, first = Taxes(rows), list[Page]()
    cursor = await read(taxes, None, first)
    assert taxes.asked == ["000001", "000002"] and first[-1].last and first[-1].complete
    groups = {"000001": PARTS, "000002": PARTS}
    assert parts_of(first) == {f"{n:06}": groups.get(f"{n:06}", ()) for n in range(5)}
    second: list[Page] = []
    cursor = await read(taxes, cursor, second)
    assert len(taxes.asked) == 2 and parts_of(second) == parts_of(first) and second[-1].complete
    for row, more in ((rows[1], {"tax_percentage": 8}), (rows[2], {"last_modified_time": "2026-06-09T12:00:00-0400"})):
        row.update(more)
    third: list[Page] = []
    await read(taxes, cursor, third)
    assert taxes.asked[2:] == ["000001", "000002"]
    assert parts_of(third)["000001"] == ()  # the rates are not what the group takes now


async def test_more_groups_than_a_minute_has_calls_for_are_read_over_some_slices() -> None:
    taxes, pages, cursor, slices = Taxes([tax(n) for n in range(450)]), list[Page](), None, 0
    while not (pages and pages[-1].last) and slices < 10:
        slices, taxes.calls_left = slices + 1, A_MINUTE
        try:
            await read(taxes, cursor, pages)
        except BudgetEmpty:
            cursor = pages[-1].cursor
    assert 5 <= slices < 10 and pages[-1].complete
    assert len(taxes.asked) == 450 and set(parts_of(pages).values()) == {PARTS} and len(parts_of(pages)) == 450


async def test_a_page_is_handed_on_in_parts_and_a_walk_that_broke_off_asks_for_the_rest_alone() -> None:
    taxes, pages = Taxes([tax(n) for n in range(2 * A_PAGE + 1)]), list[Page]()
    await read(taxes, None, pages)
    assert [len(page.rows) for page in pages] == [A_PAGE, A_PAGE, 1]
    again: list[Page] = []
    await read(taxes, pages[0].cursor, again)  # as after a slice that ended behind the first part
    assert len(taxes.asked) == 2 * A_PAGE + 1 + A_PAGE + 1 and parts_of(again) == parts_of(pages)


@pytest.mark.parametrize(
    ("instead", "anew"),
    [(NOT_JSON, True), (INCOMPLETE, True), (BROKEN, True), (NAMELESS, True), (REFUSED, False), (GONE, False)],
    ids=["not json", "incomplete", "broken", "nameless", "refused", "gone"],
)
async def test_one_group_that_is_not_shown_has_no_parts_and_nothing_else_is_lost(instead: Answer, anew: bool) -> None:
    taxes, pages = Taxes([tax(n) for n in range(3)]), list[Page]()
    taxes.instead["000001"] = instead
    cursor = await read(taxes, None, pages)
    assert parts_of(pages) == {"000000": PARTS, "000001": (), "000002": PARTS} and pages[-1].complete
    assert unread(pages) == ({"000001"} if anew else set())
    taxes.asked.clear()
    del taxes.instead["000001"]
    later: list[Page] = []
    await read(taxes, cursor, later)
    assert taxes.asked == (["000001"] if anew else []) and unread(later) == set()
    assert parts_of(later)["000001"] == (PARTS if anew else ())


async def test_what_is_not_about_one_group_ends_the_walk_behind_what_was_read() -> None:
    for instead in (LeaseLost("taken by another worker"), OFF):
        taxes, pages = Taxes([tax(n) for n in range(3)]), list[Page]()
        taxes.instead["000001"] = instead
        with pytest.raises(ConnectorError, match=r"another worker|Enable tax groups"):
            await read(taxes, None, pages)
        assert parts_of(pages) == {"000000": PARTS} and not pages[-1].last


async def test_a_cursor_from_before_reads_the_list_as_from_its_beginning_and_a_strange_one_is_refused() -> None:
    taxes, pages = Taxes([tax(0)]), list[Page]()
    await read(taxes, b'{"since":"2026-06-09T17:59:00+0000"}', pages)
    assert parts_of(pages) == {"000000": PARTS} and pages[-1].complete
    with pytest.raises(BadInput, match="from the beginning"):
        await read(taxes, b"x", [])
