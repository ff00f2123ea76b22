"""Credit memos come with their lines, exact to the cent and under one sign, and are marked as exported each by itself."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.canonical.documents import decode, encode
from ml_connector.canonical.master_data import Organisation
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, InvoiceState
from ml_connector.canonical.tie_out import invoiced_total
from ml_connector.connectors.reading import Reading, Row
from ml_connector.connectors.servicetitan import CONNECTOR, payloads_sales, translate_credit_memos
from ml_connector.connectors.servicetitan.translate import Unreadable, understood
from ml_connector.connectors.writing import Action, Done, Rejected, Step
from ml_connector.transport.errors import NotPermitted
from tests.connectors.servicetitan.servicetitan_script import (
    ALL_SCOPES,
    NOON,
    Script,
    answer,
    asked,
    pages,
    stamp,
    still,
)

pytestmark = pytest.mark.anyio
LIST, ITEMS, MARK = "credit-memos", "credit-memos/credit-memo-items", "credit-memos/markasexported"
SCOPE = "tn.acc.creditmemos:r"


def shown(id: int, modified: str, **more: Any) -> dict[str, Any]:
    """A memo as the list shows it: numbers, days without a time; 20 of 43.30 are on an invoice."""
    made = {
        "id": id, "date": "2026-05-08", "referenceNumber": f"CM-{id}", "subTotal": 40, "salesTax": 3.30,
        "salesTaxCode": {"id": 5, "name": "Hennepin", "taxRate": 0.0825}, "total": 43.30, "balance": 23.30,
        "appliedTo": [part(71, 20)], "customer": {"id": 8, "name": "Smith"}, "location": {"id": 9, "name": "Smith home"},
        "businessUnit": {"id": 3, "name": "Service"}, "syncStatus": "Posted", "batch": None, "createdOn": stamp(1),
        "modifiedOn": modified, "description": "because he was angry", "active": True, "exportId": None,
    }  # fmt: skip
    return {**made, **more}


def part(invoice: int, amount: float) -> dict[str, Any]:
    return {
        "appliedId": invoice * 10, "appliedTo": invoice, "appliedAmount": amount, "appliedOn": "2026-05-09",
        "appliedBy": "anna", "appliedToReferenceNumber": f"I-{invoice}",
    }  # fmt: skip


def line(id: int, memo: int, total: float, **more: Any) -> dict[str, Any]:
    made = {
        "id": id, "creditMemoId": memo, "active": True, "description": "<b>Goodwill</b>", "quantity": 1, "cost": 0,
        "price": total, "type": "Service", "skuName": "GW", "skuId": 4, "total": total, "taxable": True,
        "revenueGeneralLedgerAccount": {"id": 41, "name": "Discounts", "number": "4900", "type": "Income"},
        "expensesGeneralLedgerAccount": None, "createdOn": stamp(1), "createdBy": "anna", "businessUnit": None,
    }  # fmt: skip
    return {**made, **more}


def understood_as(row: dict[str, Any], *lines: dict[str, Any]) -> Invoice:
    items = [understood(json.dumps(one).encode(), payloads_sales.CreditMemoItem) for one in lines]
    return translate_credit_memos.credit_memo(understood(json.dumps(row).encode(), payloads_sales.CreditMemo), items)


async def rows(script: Script, reading: Reading) -> dict[str, Row]:
    return {row.id: row for page in await pages(script, reading) for row in page.rows}


def test_a_memo_with_its_lines_and_what_it_is_applied_to() -> None:
    found = understood_as(shown(7, stamp(4)), line(2, 7, 30), line(1, 7, 10, businessUnit={"id": 4, "name": "Install"}))
    assert (found.kind, found.number, found.date, found.stamp) == ("credit note", "CM-7", dt.date(2026, 5, 8), stamp(4))
    assert (found.total, found.tax, found.balance) == (Decimal("43.3"), Decimal("3.3"), Decimal("23.3"))
    assert (found.customer, found.location) == (Ref("8", "Smith"), Ref("9", "Smith home"))
    assert (found.state, found.exported, found.tax_zone) == (InvoiceState.POSTED, False, Ref("5", "Hennepin"))
    day = dt.date(2026, 5, 9)
    assert found.allocations == (Allocation("710", Ref("71", number="I-71"), Decimal(20), day),)
    assert [(one.amount, one.account.number, one.business_unit.id) for one in found.lines] == [
        (Decimal(30), "4900", "3"), (Decimal(10), "4900", "4"),
    ]  # fmt: skip
    assert found.lines[0].description == "Goodwill" and found.lines[0].taxable and found.complete
    assert invoiced_total(found) == found.total and decode(encode(found)) == found
    assert "angry" not in encode(found).decode()


def test_whichever_sign_is_shown_it_is_what_is_given() -> None:
    good = understood_as(shown(7, stamp()), line(1, 7, 40))
    assert understood_as(shown(7, stamp()), line(1, 7, -40)) == good
    turned = {"total": -43.30, "salesTax": -3.30, "balance": -23.30, "appliedTo": [part(71, -20)]}
    assert understood_as(shown(7, stamp(), **turned), line(1, 7, -40)) == good


def test_what_may_be_null_or_removed() -> None:
    bare = understood_as(
        shown(7, stamp(), salesTaxCode=None, appliedTo=None, referenceNumber=None, balance=None, total=None, batch=None,
              location=None, businessUnit=None, syncStatus=None),
        line(1, 7, 40, revenueGeneralLedgerAccount=None, skuName=None),
    )  # fmt: skip
    assert (bare.total, bare.balance, bare.number) == (Decimal("43.3"), Decimal("43.3"), "")
    assert (bare.state, bare.tax_zone, bare.allocations) == (InvoiceState.PENDING, Ref(), ())
    assert understood_as(shown(7, stamp(), syncStatus="Exported")).exported
    assert not understood_as(shown(7, stamp()), line(1, 7, 40, active=False)).complete
    for wrong in (
        {"customer": None},
        {"total": None, "subTotal": None},
        {"appliedTo": [part(1, 0) | {"appliedAmount": None}]},
    ):
        with pytest.raises(Unreadable):
            understood_as(shown(7, stamp(), **wrong))
    with pytest.raises(Unreadable, match="total of item 1"):
        understood_as(shown(7, stamp()), {**line(1, 7, 40), "total": None, "price": None})


async def test_items_are_read_for_fifty_memos_a_call_all_pages_of_them() -> None:
    script = Script(largest=40)
    script.lists[LIST] = [shown(n, stamp(n), active=n % 7 > 0) for n in range(1, 61)]
    script.lists[ITEMS] = [line(1000 + n, (n - 1) % 60 + 1, 20) for n in range(1, 121)]
    found = await rows(script, Reading("credit_memos"))
    assert len(found) == 60
    for one in found.values():
        assert isinstance(one.document, Invoice) and [item.amount for item in one.document.lines] == [20, 20]
        assert b"angry" not in one.raw and b"I-71" in one.raw
    assert {one["active"] for one in asked(script, LIST)} == {"Any"}
    assert {one["sort"] for one in asked(script, LIST)} == {"+Id"}
    assert max(len(one["creditMemoIds"].split(",")) for one in asked(script, ITEMS)) <= 50


async def test_a_quiet_walk_costs_one_call_and_named_ones_are_asked_for() -> None:
    script = Script()
    script.lists[LIST], script.lists[ITEMS] = [shown(1, stamp(1)), shown(2, stamp(2))], [line(5, 1, 40), line(6, 2, 40)]
    first = await pages(script, Reading("credit_memos"))
    assert script.paths() == [LIST, ITEMS]
    script.sent.clear()
    assert not await rows(script, Reading("credit_memos", first[-1].cursor))
    assert script.paths() == [LIST]
    assert list(await rows(script, Reading("credit_memos", ids=("2", "9")))) == ["2"]


async def test_one_with_a_bad_line_stops_nobody() -> None:
    script = Script()
    script.lists[LIST] = [shown(1, stamp(1)), shown(2, stamp(2))]
    script.lists[ITEMS] = [line(5, 1, 40, quantity="some"), line(6, 2, 40)]
    found = await rows(script, Reading("credit_memos"))
    assert found["1"].document is None and "credit memo 1" in found["1"].problem
    assert isinstance(found["2"].document, Invoice)


async def test_without_the_right_it_is_said_which_one_is_missing() -> None:
    script = Script(scopes=ALL_SCOPES - {SCOPE}, instead={LIST: answer(403, b"")})
    with pytest.raises(NotPermitted, match=SCOPE):
        await pages(script, Reading("credit_memos"))


async def test_marks_are_answered_one_by_one() -> None:
    memos = [Invoice(str(n), Ref("8"), ZERO, "credit note") for n in (1, 2)]
    home, action = Organisation("1234567", "Acme"), Action.MARK_EXPORTED
    steps = [
        Step("credit_memos", action, f"r{one.id}", CONNECTOR.compose(action, one, home, f"r{one.id}", {}).body, one.id)
        for one in memos
    ]
    said = [
        {"creditMemoId": 2, "success": False, "errorMessage": "Credit memo 2 is not posted."},
        {"creditMemoId": 1, "success": True, "errorMessage": None},
    ]
    script = Script(instead={MARK: answer(200, said)})
    good, bad = await CONNECTOR.write_batch(script, steps)
    assert json.loads(script.sent[0].body or b"") == [{"creditMemoId": n, "externalId": f"r{n}"} for n in (1, 2)]
    assert isinstance(good, Done) and good.target_id == "1" and getattr(good.document, "exported", False)
    assert isinstance(bad, Rejected) and "credit memo 2 as exported: Credit memo 2 is not posted" in bad.sentence
    script.lists[LIST] = [shown(1, stamp(), syncStatus="Exported"), shown(2, stamp())]
    assert [one.id for one in await CONNECTOR.find(script, steps[0])] == ["1"]
    assert not await CONNECTOR.find(script, steps[1])


async def test_one_that_was_applied_long_after_its_last_change_is_read_although_its_stamp_stands() -> None:
    script = Script()
    script.lists[LIST], script.lists[ITEMS] = [shown(1, stamp(1), appliedTo=[])], [line(5, 1, 40)]
    cursor = (await pages(script, Reading("credit_memos")))[-1].cursor
    script.lists[LIST] = [shown(1, stamp(1))]
    script.clock = still(NOON + dt.timedelta(days=1))
    script.sent.clear()
    walked = await pages(script, Reading("credit_memos", cursor))
    [found] = [row.document for page in walked for row in page.rows]
    assert isinstance(found, Invoice) and len(found.allocations) == 1
    assert [one.get("appliedOnOrAfter", "")[:10] for one in asked(script, LIST)] == ["", "2026-05-26"]
    script.sent.clear()
    assert not await rows(script, Reading("credit_memos", walked[-1].cursor)) and script.paths() == [LIST]
