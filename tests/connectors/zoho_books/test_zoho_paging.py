"""Nothing is lost while a list is read: ties, drift, ignored parameters, interrupted walks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zoho_script import NOW, Rows, ScriptedSession, bill_row, contact_row, stamp

from ml_connector.canonical.purchases import Bill
from ml_connector.connectors.errors import FilterIgnored
from ml_connector.connectors.reading import Page, Reading
from ml_connector.connectors.zoho_books import CONNECTOR
from ml_connector.transport.errors import NotJson

pytestmark = pytest.mark.anyio


def bills(rows: list[dict[str, Any]]) -> Rows:
    return Rows("bills", "bill_id", rows)


def contacts(rows: list[dict[str, Any]]) -> Rows:
    vendor = Rows("contacts", "contact_id", rows)
    vendor.default_sort = ("contact_name", "A")
    return vendor


async def pages(vendor: Rows, entity: str, cursor: bytes | None = None, **options: str) -> list[Page]:
    session = ScriptedSession(vendor)
    return [page async for page in CONNECTOR.read(session, Reading(entity, cursor, options=options))]


def ids(read: list[Page]) -> list[str]:
    return [row.id for page in read for row in page.rows]


def own(vendor: Rows) -> set[str]:
    return {row[vendor.id_key] for row in vendor.rows}


@pytest.mark.parametrize("strict", [True, False])
async def test_five_hundred_bills_of_one_second_are_all_read(strict: bool) -> None:
    vendor = bills([bill_row(n, 7) for n in range(500)] + [bill_row(n, 8 + n) for n in range(500, 900)])
    vendor.strict = strict
    read = await pages(vendor, "bills")
    assert set(ids(read)) == own(vendor)
    assert read[-1].last and read[-1].complete


@pytest.mark.parametrize("strict", [True, False])
@given(data=st.data())
@settings(max_examples=10, deadline=None)
def test_no_tie_of_stamps_loses_a_bill(strict: bool, data: st.DataObject) -> None:
    import asyncio

    groups = data.draw(st.lists(st.tuples(st.integers(0, 5), st.integers(1, 450)), min_size=1, max_size=4))
    rows, n = [], 0
    for second, count in groups:
        rows += [bill_row(n + i, second) for i in range(count)]
        n += count
    vendor = bills(rows)
    vendor.strict = strict
    read = asyncio.run(pages(vendor, "bills"))
    assert set(ids(read)) == own(vendor)
    assert read[-1].complete


async def test_a_walk_upwards_repeats_no_row_of_the_overlap() -> None:
    vendor = bills([bill_row(n, n // 3) for n in range(700)])
    read = ids(await pages(vendor, "bills"))
    assert len(read) == len(set(read)) == 700


async def test_a_bill_that_changes_during_the_walk_is_read_at_its_old_or_new_place() -> None:
    vendor = bills([bill_row(n, n) for n in range(600)])

    def edit(calls: int) -> None:
        vendor.rows[50 + calls]["last_modified_time"] = stamp(5000 + calls)

    vendor.before = edit
    assert set(ids(await pages(vendor, "bills"))) == own(vendor)


async def test_a_removal_between_counted_pages_hides_no_row() -> None:
    vendor = bills([bill_row(n, 7) for n in range(500)])

    def remove(calls: int) -> None:
        if calls == 3:  # the second counted page: what was row 201 has moved to page 1
            vendor.rows.pop(0)

    vendor.before = remove
    read = await pages(vendor, "bills")
    assert own(vendor) <= set(ids(read))
    assert read[-1].complete


async def test_every_cursor_resumes_without_loss() -> None:
    vendor = bills([bill_row(n, 7) for n in range(450)] + [bill_row(n, n) for n in range(450, 800)])
    whole = await pages(vendor, "bills")
    for cut in range(len(whole) - 1):
        seen = set(ids(whole[: cut + 1]))
        rest = await pages(vendor, "bills", whole[cut].cursor)
        assert seen | set(ids(rest)) == own(vendor), cut


async def test_the_next_walk_starts_at_this_ones_start_less_the_lag_not_at_the_newest_stamp() -> None:
    vendor = bills([bill_row(1, 0)])
    first = await pages(vendor, "bills")
    vendor.rows.append(bill_row(2, 7200 - 30))  # stamped before the walk began, shown only after it
    assert ids(await pages(vendor, "bills", first[-1].cursor)) == [vendor.rows[1]["bill_id"]]


async def test_an_ignored_time_filter_voids_the_answer() -> None:
    vendor = bills([bill_row(1, 0)])
    first = await pages(vendor, "bills")
    vendor.honours_filter = False
    with pytest.raises(FilterIgnored):
        await pages(vendor, "bills", first[-1].cursor)


async def test_a_list_that_ignores_the_sort_is_counted_twice_instead() -> None:
    vendor = bills([bill_row(n, 999 - n) for n in range(450)])
    vendor.honours_sort = False
    read = await pages(vendor, "bills")
    assert set(ids(read)) == own(vendor)
    assert len(ids(read)) == 450
    assert read[-1].complete


async def test_a_page_that_does_not_say_whether_more_follows_is_not_taken_for_the_last() -> None:
    from zoho_script import answer

    session = ScriptedSession(lambda _: answer({"code": 0, "bills": [], "page_context": {
        "sort_column": "last_modified_time", "sort_order": "A"}}))  # fmt: skip
    with pytest.raises(NotJson):
        [page async for page in CONNECTOR.read(session, Reading("bills"))]


async def test_list_rows_are_bills_without_lines() -> None:
    vendor = bills([bill_row(1, 0, cf_ml_connector_ref="T-1")])
    (page,) = await pages(vendor, "bills")
    document = page.rows[0].document
    assert isinstance(document, Bill)
    assert (document.complete, document.reference, str(document.total)) == (False, "T-1", "20.5")


async def test_a_bad_row_is_a_row_with_a_problem_and_the_rest_go_on() -> None:
    vendor = bills([bill_row(1, 0), bill_row(2, 1, total="NaN"), bill_row(3, 2)])
    del vendor.rows[0]["vendor_id"]
    (page,) = await pages(vendor, "bills")
    assert [bool(row.document) for row in page.rows] == [False, False, True]
    assert "vendor_id is missing" in page.rows[0].problem
    assert "total is not an amount" in page.rows[1].problem


# --- contacts: no time filter ---------------------------------------------------------------------------------------


async def test_all_contacts_are_read_twice_and_handed_on_once() -> None:
    vendor = contacts([contact_row(n, 7) for n in range(500)])
    read = await pages(vendor, "parties")
    assert len(ids(read)) == 500
    assert vendor.calls == 6
    assert read[-1].complete


async def test_only_contacts_newer_than_the_cursor_are_read_next() -> None:
    vendor = contacts([contact_row(n, 7) for n in range(500)])
    cursor = (await pages(vendor, "parties"))[-1].cursor
    vendor.rows[3]["last_modified_time"] = NOW.strftime("%Y-%m-%dT%H:%M:%S+0000")
    vendor.calls = 0
    read = await pages(vendor, "parties", cursor)
    assert vendor.rows[3]["contact_id"] in ids(read)
    assert vendor.calls == 1
    assert not read[-1].complete


async def test_contacts_are_read_whole_when_the_reply_does_not_confirm_the_sort() -> None:
    vendor = contacts([contact_row(n, 7) for n in range(10)])
    cursor = (await pages(vendor, "parties"))[-1].cursor
    vendor.honours_sort = False
    read = await pages(vendor, "parties", cursor)
    assert set(ids(read)) == own(vendor)
    assert read[-1].complete


async def test_a_contact_that_slips_through_the_pages_is_found_by_the_second_pass() -> None:
    vendor = contacts([contact_row(n, 7) for n in range(450)])

    def remove(calls: int) -> None:
        if calls == 2:
            vendor.rows.pop(0)

    vendor.before = remove
    read = await pages(vendor, "parties")
    assert own(vendor) <= set(ids(read))
    assert read[-1].complete


async def test_a_list_that_never_holds_still_is_not_called_complete_and_is_walked_again() -> None:
    vendor = contacts([contact_row(n, 7) for n in range(450)])

    def remove(calls: int) -> None:
        vendor.rows.pop(0)

    vendor.before = remove
    read = await pages(vendor, "parties")
    assert read[-1].last and not read[-1].complete
    vendor.before = lambda calls: None
    again = await pages(vendor, "parties", read[-1].cursor)
    assert set(ids(again)) == own(vendor)


async def test_customers_are_left_out_even_when_the_type_filter_is_ignored() -> None:
    vendor = contacts([contact_row(1, 0), contact_row(2, 0, contact_type="customer")])
    assert len(ids(await pages(vendor, "parties"))) == 1
    assert len(ids(await pages(vendor, "parties", contact_type="both"))) == 2


async def test_accounts_are_complete_only_when_inactive_ones_are_shown() -> None:
    rows = [{"account_id": 370, "account_name": "Advance Tax", "account_type": "expense", "is_active": False}]
    vendor = Rows("chartofaccounts", "account_id", rows)
    vendor.default_sort = ("account_name", "A")
    (page,) = await pages(vendor, "accounts")
    assert page.complete and page.rows[0].id == "370"
    assert page.rows[0].document.active is False  # type: ignore[union-attr]
