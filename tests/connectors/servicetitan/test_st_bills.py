"""Bills come from up to three places and are read as one stream."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillState, LineKind
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.servicetitan.errors import UnexpectedShape
from ml_connector.connectors.servicetitan.walks import moment
from ml_connector.errors import BadInput
from ml_connector.transport.errors import NotPermitted
from tests.connectors.servicetitan.servicetitan_script import (
    ALL_SCOPES,
    NOON,
    Script,
    answer,
    ap_bill,
    bill,
    pages,
    resumed,
    stamp,
    still,
    versions,
)

pytestmark = pytest.mark.anyio
WITHOUT = ALL_SCOPES - {"tn.acc.apbills:r"}
ORDERS = "tn.inv.purchaseorders:r"
NOW = int((NOON - dt.datetime(2026, 5, 1, tzinfo=dt.UTC)).total_seconds())  # as `stamp` counts
GATEWAYS = {"title": "Unable to match incoming request to an operation."}
EXPENSE = {"id": 1, "amount": "5.00"}


def tenant(bills: list[dict[str, Any]], aps: list[dict[str, Any]] = [], **more: Any) -> Script:  # noqa: B006
    script = Script(feed=bills, **more)
    script.lists["inventory-bills/paginated"] = bills
    script.lists["ap-bills"] = aps
    return script


def last(found: list[Page]) -> dict[str, Bill]:
    return {row.id: row.document for page in found for row in page.rows if isinstance(row.document, Bill)}


async def test_feed_alone_without_the_scope() -> None:
    bills = [bill(id, stamp(id)) for id in range(1, 8)]
    script = tenant([*bills, bill(8, stamp(9), active=False)], largest=3, scopes=WITHOUT - {ORDERS})
    found = await pages(script, Reading("bills"))
    assert set(script.paths()) == {"export/inventory-bills", "inventory-bills/paginated"}
    assert len(versions(found)) == 8
    assert not last(found)["8"].active
    assert [page.last for page in found] == [False, False, False, True]


async def test_ap_bills_complete_the_feed_and_bring_bills_of_their_own() -> None:
    aps = [
        ap_bill(1, stamp(1), billAmount="25.00", expenseItems=[EXPENSE]),
        ap_bill(2, stamp(2), status="Reconciled"),
        ap_bill(50, stamp(5), billType="ApBill", items=None, billAmount="5.00", expenseItems=[EXPENSE]),
    ]
    script = tenant([bill(1, stamp(1), billAmount="25.00"), bill(2, stamp(2))], aps)
    found = last(await pages(script, Reading("bills")))
    assert found.keys() == {"1", "2", "50"}
    assert [line.kind for line in found["1"].lines] == [LineKind.ITEM, LineKind.EXPENSE]
    assert found["2"].state is BillState.RECONCILED
    assert (found["50"].total, found["50"].complete) == (Decimal(5), True)


def order(id: int) -> dict[str, Any]:
    return {"id": id, "number": f"PO-{id}", "vendorId": 41, "total": 20.0, "status": "Received", "modifiedOn": stamp()}


async def test_bills_carry_the_numbers_of_their_orders_asked_for_by_the_page() -> None:
    bills = [bill(id, stamp(id), purchaseOrderId=100 + id % 60) for id in range(1, 121)]
    script = tenant(bills, [ap_bill(1, stamp(1), billType="ApBill", purchaseOrderId=None)])
    script.lists["purchase-orders"] = [order(id) for id in range(100, 159)]  # the last one is not known any more
    found = last(await pages(script, Reading("bills")))
    assert found["2"].purchase_order == Ref("102", number="PO-102")
    assert found["59"].purchase_order == Ref("159")
    assert script.paths().count("purchase-orders") == 3  # 60 orders, 50 a call, and one again for the list of AP bills
    [alone] = (await pages(script, Reading("bills", ids=("7",))))[0].rows
    assert isinstance(alone.document, Bill) and alone.document.purchase_order.number == "PO-107"


async def test_bills_carry_the_days_and_the_total_of_their_orders() -> None:
    script = tenant([bill(id, stamp(id), purchaseOrderId=100 + id) for id in (1, 2)])
    script.lists["purchase-orders"] = [
        {**order(101), "date": "2026-07-01", "sentOn": "2026-07-02T23:30:00Z"},
        {**order(102), "date": "soon", "sentOn": None},
    ]
    found = last(await pages(script, Reading("bills")))
    one, other = found["1"], found["2"]
    assert (one.ordered, one.ordered_on, one.order_sent_on) == (Decimal(20), dt.date(2026, 7, 1), dt.date(2026, 7, 2))
    assert (other.purchase_order.number, other.ordered_on, other.order_sent_on) == ("PO-102", None, None)


@pytest.mark.parametrize("status", [403, 404])
async def test_orders_that_may_not_be_read_cost_their_numbers_only(status: int) -> None:
    script = tenant([bill(1, stamp(1)), bill(2, stamp(2))], largest=1)
    script.instead["purchase-orders"] = answer(status, {"title": "No."})
    found = last(await pages(script, Reading("bills")))
    assert {one.purchase_order for one in found.values()} == {Ref("7")}
    assert script.paths().count("purchase-orders") == 1


async def test_a_quiet_walk_costs_four_calls() -> None:
    script = tenant([bill(1, stamp(1))], [ap_bill(1, stamp(1))])
    cursor = (await pages(script, Reading("bills")))[-1].cursor
    script.sent.clear()
    found = await pages(script, Reading("bills", cursor))
    assert script.paths() == ["export/inventory-bills", "inventory-bills/paginated", "ap-bills", "ap-bills"]
    assert versions(found) == []
    assert dict(script.sent[0].query)["from"].startswith("token:")


async def test_reconciling_alone_is_seen() -> None:
    script = tenant([bill(1, stamp(1))], [ap_bill(1, stamp(1))])
    cursor = (await pages(script, Reading("bills")))[-1].cursor
    script.lists["ap-bills"][0] = ap_bill(1, "2026-06-01T11:58:00.5Z", status="Reconciled")
    found = await pages(script, Reading("bills", cursor))
    assert last(found)["1"].state is BillState.RECONCILED
    assert versions(found) == [("1", "2026-06-01T11:58:00.5Z")]


async def test_a_deleted_bill_stays_deleted_when_its_ap_bill_is_listed_again() -> None:
    script = tenant([bill(1, stamp(1))], [ap_bill(1, stamp(1))])
    cursor = (await pages(script, Reading("bills")))[-1].cursor
    script.feed[0] = bill(1, "2026-06-01T11:59:00Z", active=False)
    script.lists["ap-bills"][0] = ap_bill(1, "2026-06-01T11:59:00Z")
    for _ in range(2):
        found = await pages(script, Reading("bills", cursor))
        assert not last(found)["1"].active
        cursor = found[-1].cursor
    script.feed[0] = bill(1, "2026-06-01T11:59:30Z")
    assert last(await pages(script, Reading("bills", cursor)))["1"].active


async def test_once_a_day_the_last_days_are_read_again() -> None:
    script = tenant([bill(1, stamp(1)), bill(2, "2026-05-30T08:00:00Z")], scopes=WITHOUT)
    cursor = (await pages(script, Reading("bills")))[-1].cursor
    script.clock = still(NOON + dt.timedelta(days=1))
    script.sent.clear()
    found = await pages(script, Reading("bills", cursor))
    assert dict(script.sent[0].query)["from"] == "2026-05-26"
    assert [id for id, _ in versions(found)] == ["2"]
    again = await pages(script, Reading("bills", found[-1].cursor))
    assert versions(again) == []


async def test_after_a_long_pause_the_re_reading_starts_before_it() -> None:
    script = tenant([], scopes=WITHOUT)
    cursor = (await pages(script, Reading("bills")))[-1].cursor
    script.clock = still(NOON + dt.timedelta(days=40))
    script.sent.clear()
    await pages(script, Reading("bills", cursor))
    assert dict(script.sent[0].query)["from"] == "2026-05-31"


async def test_a_refused_token_is_replaced_by_a_date() -> None:
    script = tenant([bill(1, "2026-05-31T00:00:00Z")], scopes=WITHOUT - {ORDERS})
    cursor = (await pages(script, Reading("bills")))[-1].cursor
    script.sent.clear()
    script.instead["export/inventory-bills"] = answer(400, {"title": "Continuation token is invalid."})
    script.before = lambda number: script.instead.clear() if number == 2 else None
    found = await pages(script, Reading("bills", cursor))
    fed = [dict(one.query)["from"] for one in script.sent if one.path.endswith("export/inventory-bills")]
    assert fed == [dict(script.sent[0].query)["from"], "2026-05-25"]
    assert [id for id, _ in versions(found)] == ["1"]


async def test_a_granted_scope_reads_everything_again() -> None:
    aps = [ap_bill(1, stamp(1), billAmount="25.00", expenseItems=[EXPENSE])]
    script = tenant([bill(1, stamp(1), billAmount="25.00")], aps, scopes=WITHOUT)
    first = await pages(script, Reading("bills"))
    assert not last(first)["1"].complete
    script.scopes = ALL_SCOPES
    second = await pages(script, Reading("bills", first[-1].cursor))
    assert last(second)["1"].complete


async def test_a_tenant_without_ap_bills() -> None:
    script = tenant([bill(1, stamp(1))])
    script.instead["ap-bills"] = answer(404, GATEWAYS)
    found = await pages(script, Reading("bills"))
    assert last(found)["1"].complete
    assert found[-1].last


async def test_ap_bills_that_the_gateway_withdraws_are_read_from_their_start_once_they_are_back() -> None:
    aps = [ap_bill(1, stamp(1))]
    script = tenant([bill(1, stamp(1))], aps)
    before = await pages(script, Reading("bills"))
    script.instead["ap-bills"] = answer(404, GATEWAYS)
    aps[0] |= {"status": "Canceled", "modifiedOn": stamp(2)}
    script.feed[0]["modifiedOn"] = stamp(2)
    without = await pages(script, Reading("bills", before[-1].cursor))
    assert "Accounts Payable module" in last(without)["1"].hidden_reason
    state = msgspec.json.decode(without[-1].cursor)
    state |= {"through": moment(NOON), "reread": NOON.date().isoformat()}  # longer than the daily re-reading looks back
    script.instead.clear()
    script.feed.clear()
    back = await pages(script, Reading("bills", msgspec.json.encode(state)))
    assert last(back)["1"].state is BillState.CANCELED


async def test_inventory_bills_that_are_withdrawn_are_not_taken_for_closed_ap_bills() -> None:
    script = tenant([bill(1, stamp(1))], [ap_bill(2, stamp(2), billType="ApBill")])
    script.instead["inventory-bills/paginated"] = answer(404, GATEWAYS)
    with pytest.raises(NotPermitted, match="list inventory-bills"):
        await pages(script, Reading("bills"))


async def test_a_refused_right_stops_bills_alone_and_names_the_scope() -> None:
    script = tenant([bill(1, stamp(1))])
    script.instead["export/inventory-bills"] = answer(403, b"")
    with pytest.raises(NotPermitted, match=r"tn\.acc\.inventorybills:r"):
        await pages(script, Reading("bills"))


async def test_ap_bills_that_are_closed_in_spite_of_the_right_are_done_without_until_they_open() -> None:
    aps = [ap_bill(1, stamp(1), billAmount="25.00", expenseItems=[EXPENSE])]
    script = tenant([bill(1, stamp(1), billAmount="25.00")], aps)
    script.instead["ap-bills"] = answer(403, b"")
    first = await pages(script, Reading("bills"))
    assert [*last(first)] == ["1"] and not last(first)["1"].complete
    del script.instead["ap-bills"]
    second = await pages(script, Reading("bills", first[-1].cursor))
    assert last(second)["1"].complete


async def test_an_account_without_the_module_is_told_apart_from_a_right_that_is_missing() -> None:
    def reason(found: list[Page]) -> str:
        return last(found)["1"].hidden_reason

    bills = [bill(1, stamp(1), billAmount="25.00")]
    without = reason(await pages(tenant(bills, scopes=WITHOUT), Reading("bills")))
    assert "tn.acc.apbills:r" in without and "add it in the developer portal" in without
    closed = tenant(bills)
    closed.instead["ap-bills"] = answer(403, b"")
    module = reason(await pages(closed, Reading("bills")))
    assert "Accounts Payable module" in module and "tn." not in module  # no right would help
    assert "no AP bill with this id" in reason(await pages(tenant(bills), Reading("bills")))


async def test_a_module_that_opens_is_read_from_the_start_even_on_a_later_day() -> None:
    script = tenant([bill(1, stamp(1), billAmount="25.00")], [ap_bill(1, stamp(1))])
    script.instead["ap-bills"] = answer(403, b"")
    cursor = (await pages(script, Reading("bills")))[-1].cursor
    state = msgspec.json.decode(cursor)
    state["reread"] = "2026-05-01"  # the next walk is another day's, and goes some days back
    script.instead.clear()
    script.feed.clear()
    assert last(await pages(script, Reading("bills", msgspec.json.encode(state)))).keys() == {"1"}


def recurring(id: int, modified: str, **more: Any) -> dict[str, Any]:
    return bill(id, modified, billType="RecurringBill", **more)


@pytest.mark.parametrize("scopes", [ALL_SCOPES, WITHOUT])
async def test_recurring_bills_are_read_though_the_feed_does_not_show_them(scopes: frozenset[str]) -> None:
    script = tenant([bill(1, stamp(1))], scopes=scopes)
    script.lists["inventory-bills/paginated"] = [bill(1, stamp(1)), recurring(7, stamp(2))]
    first = await pages(script, Reading("bills"))
    assert last(first).keys() == {"1", "7"}
    assert last(await pages(script, Reading("bills", first[-1].cursor))) == {}
    script.lists["inventory-bills/paginated"][1] = recurring(7, "2026-06-01T11:58:00Z", termName="changed")
    assert last(await pages(script, Reading("bills", first[-1].cursor)))["7"].terms == "changed"
    assert last(await pages(script, Reading("bills", ids=("7",)))).keys() == {"7"}


async def test_a_cursor_of_before_recurring_bills_were_read_reads_all_of_them() -> None:
    script = tenant([], scopes=WITHOUT)
    state = msgspec.json.decode((await pages(script, Reading("bills")))[-1].cursor)
    del state["lists"]["RecurringBill"]
    script.lists["inventory-bills/paginated"] = [recurring(7, stamp(2))]
    assert last(await pages(script, Reading("bills", msgspec.json.encode(state)))).keys() == {"7"}


async def test_an_account_that_refuses_recurring_bills_loses_them_alone_until_it_takes_them() -> None:
    script = tenant([bill(1, stamp(1))], [ap_bill(50, stamp(5), billType="ApBill")])
    script.instead["inventory-bills/paginated"] = answer(400, {"title": "billType is invalid."})

    def taken_later(number: int) -> None:
        if any(("billType", "RecurringBill") in one.query for one in script.sent[:-1]):
            script.instead.clear()

    script.before = taken_later
    first = await pages(script, Reading("bills"))
    assert last(first).keys() == {"1", "50"}
    script.lists["inventory-bills/paginated"] = [recurring(7, stamp(2))]
    assert last(await pages(script, Reading("bills", first[-1].cursor))).keys() == {"7"}


async def test_a_feed_that_stands_still_is_refused() -> None:
    script = tenant([], scopes=WITHOUT)
    script.instead["export/inventory-bills"] = answer(200, {"hasMore": True, "continueFrom": None, "data": []})
    with pytest.raises(UnexpectedShape, match="where to go on"):
        await pages(script, Reading("bills"))


async def test_a_last_page_without_a_token_keeps_the_old_one() -> None:
    script = tenant([bill(1, stamp(1))], scopes=WITHOUT)
    cursor = (await pages(script, Reading("bills")))[-1].cursor
    token = msgspec.json.decode(cursor)["token"]
    script.instead["export/inventory-bills"] = answer(200, {"hasMore": False, "continueFrom": None, "data": []})
    found = await pages(script, Reading("bills", cursor))
    assert msgspec.json.decode(found[-1].cursor)["token"] == token


async def test_a_long_walk_over_all_legs_ends_with_its_start() -> None:
    aps = [ap_bill(id, stamp(id * 1000), billType="ApBill") for id in range(1, 60)]
    script = tenant([], aps, settings={"page_size": "9"}, tick=dt.timedelta(minutes=7))
    state = msgspec.json.decode((await resumed(script, Reading("bills")))[-1].cursor)
    assert state["lists"] == dict.fromkeys(["RecurringBill", "Procurement", "ApBill"], "2026-06-01T11:55:00Z")
    assert (state["through"], state["begun"], state["leg"]) == ("2026-06-01T12:00:00Z", "", "")


async def test_one_bad_bill_spoils_no_page() -> None:
    script = tenant([bill(1, stamp(1)), bill(2, stamp(2), billAmount="NaN"), bill(3, stamp(3))], scopes=WITHOUT)
    rows = (await pages(script, Reading("bills")))[0].rows
    assert [row.document is None for row in rows] == [False, True, False]
    assert "billAmount" in rows[1].problem


async def test_by_ids() -> None:
    aps = [ap_bill(1, stamp(1)), ap_bill(50, stamp(5), billType="ApBill", items=[], billAmount="0")]
    script = tenant([bill(1, stamp(1)), bill(2, stamp(2))], aps)
    found = await pages(script, Reading("bills", cursor=b"kept", ids=("1", "50", "404")))
    assert last(found).keys() == {"1", "50"}
    assert found[0].cursor == b"kept"
    with pytest.raises(BadInput, match="whole numbers"):
        await pages(script, Reading("bills", ids=("1; drop",)))


async def test_raw_keeps_both_texts() -> None:
    script = tenant([bill(1, stamp(1))], [ap_bill(1, stamp(2))])
    raw = msgspec.json.decode((await pages(script, Reading("bills")))[0].rows[0].raw)
    assert raw == {"inventory_bill": {**bill(1, stamp(1)), "active": True}, "ap_bill": ap_bill(1, stamp(2))}


async def test_a_bill_is_one_text_and_one_document_from_feed_and_list() -> None:
    """Else a bill that both show would be two versions."""
    script = tenant([bill(1, stamp(1)), bill(2, stamp(1))], [ap_bill(1, stamp(2)), ap_bill(2, stamp(2))])
    first = await pages(script, Reading("bills"))
    from_feed = {row.id: row for page in first for row in page.rows}
    for row in (*script.feed, *script.lists["ap-bills"]):
        row["modifiedOn"] = "2026-06-01T11:59:00Z"
    script.feed[0] = dict(reversed(script.feed[0].items()))
    both: dict[str, list[Row]] = {}
    for page in await pages(script, Reading("bills", first[-1].cursor)):
        for shown in page.rows:
            both.setdefault(shown.id, []).append(shown)
    assert {one: len(rows) for one, rows in both.items()} == {"1": 2, "2": 2}  # by the feed and by the list
    for rows in both.values():
        assert rows[0].raw == rows[1].raw and rows[0].document == rows[1].document
    named = (await pages(script, Reading("bills", ids=("1",))))[0].rows[0]
    assert (named.raw, named.document) == (both["1"][0].raw, both["1"][0].document)
    assert named.raw != from_feed["1"].raw


async def test_a_deleted_bill_is_one_text_from_feed_and_list() -> None:
    script = tenant([bill(1, stamp(1))], [ap_bill(1, stamp(2))])
    first = await pages(script, Reading("bills"))
    script.feed[0] |= {"active": False, "modifiedOn": "2026-06-01T11:59:00Z"}
    script.lists["ap-bills"][0]["modifiedOn"] = "2026-06-01T11:59:00Z"
    rows = [row for page in await pages(script, Reading("bills", first[-1].cursor)) for row in page.rows]
    assert len(rows) == 2 and rows[0].raw == rows[1].raw and rows[0].document == rows[1].document
    assert isinstance(rows[0].document, Bill) and not rows[0].document.active


async def test_unknown_option_and_setting_are_refused() -> None:
    with pytest.raises(BadInput, match="line_account"):
        await pages(tenant([]), Reading("bills", options={"line_account": "income"}))
    with pytest.raises(BadInput, match="page_size"):
        await pages(tenant([], settings={"page_size": "0"}), Reading("bills"))


async def test_500_ap_bills_in_one_second() -> None:
    aps = [ap_bill(id, stamp(77, "1234567"), billType="ApBill") for id in range(1, 501)]
    script = tenant([], [*aps, ap_bill(900, stamp(5), billType="ApBill")], settings={"page_size": "60"})
    found = await resumed(script, Reading("bills"))
    assert {id for id, _ in versions(found)} == {str(id) for id in [*range(1, 501), 900]}


async def test_full_seconds_side_by_side() -> None:
    aps = [ap_bill(id, stamp(70 + id // 20, f"{id:07}"), billType="ApBill") for id in range(1, 101)]
    script = tenant([], aps, settings={"page_size": "9"})
    found = versions(await pages(script, Reading("bills")))
    assert {id for id, _ in found} == {str(id) for id in range(1, 101)}


@given(
    st.lists(st.integers(0, 2_000_000), min_size=1, max_size=80),
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 79)), max_size=6),
    st.integers(2, 9),
)
@settings(max_examples=40, deadline=None)
async def test_every_ap_bill_is_seen(seconds: list[int], moves: list[tuple[int, int]], size: int) -> None:
    aps = [ap_bill(id + 1, stamp(second), billType="ApBill") for id, second in enumerate(seconds)]
    script = tenant([], aps, settings={"page_size": str(size)})

    def move(number: int) -> None:
        for at, which in moves:
            if at == number and which < len(aps):
                aps[which] = ap_bill(
                    which + 1, stamp(NOW - 60 + number), billType="ApBill"
                )  # not after the vendor's now

    script.before = move
    walked = await resumed(script, Reading("bills"))
    script.before = lambda number: None
    # What moved while the last page was being completed is the next walk's.
    found = set(versions(walked)) | set(versions(await pages(script, Reading("bills", walked[-1].cursor))))
    assert {(str(one["id"]), one["modifiedOn"]) for one in aps} <= found
