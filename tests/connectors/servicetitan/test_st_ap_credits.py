"""AP credits come as bills with a negative total, with the lines, tax and shipping of the return behind them."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from ml_connector.canonical.documents import decode, encode
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import Bill, BillState, LineKind
from ml_connector.canonical.tie_out import difference
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.servicetitan import CONNECTOR, marks
from ml_connector.connectors.writing import Action, Done, Rejected, Step
from ml_connector.transport.errors import NotPermitted
from tests.connectors.servicetitan.servicetitan_script import ALL_SCOPES, Row, Script, answer, pages, stamp

pytestmark = pytest.mark.anyio
RETURNS = "tn.inv.returns:r"


def credit(id: int, modified: str, **more: Any) -> Row:
    """An AP credit over 108.25 of which 50.00 is applied, with a return behind it."""
    made = {
        "id": id, "inventoryReturnId": id + 100, "jobId": 7, "active": True, "createdOn": stamp(1), "modifiedOn": modified,
        "date": "2026-05-08T00:00:00Z", "canceledOn": None, "number": f"AC-{id}", "referenceNumber": f"CM-{id}",
        "memo": "Wrong size", "amount": 108.25, "appliedAmount": 50.0, "status": "Unreconciled", "syncStatus": "Posted",
        "batch": None, "businessUnit": {"id": 3, "name": "HVAC"}, "vendor": {"id": 9, "name": "Acme Supply"},
        "paymentStatus": "Unpaid", "budgetCodeId": None, "customFields": None,
        "splits": [
            {"id": 1, "active": True, "createdOn": "2026-05-09T10:00:00Z", "inventoryBillId": 55, "vendorCreditId": id,
             "amount": 50.0},
            {"id": 2, "active": False, "createdOn": stamp(2), "inventoryBillId": 56, "vendorCreditId": id, "amount": 9.0},
        ],
    }  # fmt: skip
    return {**made, **more}


def sent_back(id: int, **more: Any) -> Row:
    """The return of two items, with tax and shipping."""
    cost = {"id": 70, "name": "Parts", "number": "5110"}
    made = {
        "id": id, "active": True, "number": f"R-{id}", "referenceNumber": "", "status": "CreditReceived", "vendorId": 9,
        "purchaseOrderId": 31, "returnAmount": 108.25, "taxAmount": 6.25, "shippingAmount": 2.0, "modifiedOn": stamp(3),
        "items": [
            {"id": 1, "skuId": 5, "name": "Pipe", "code": "P-1", "description": "<b>Pipe</b>", "quantity": 4, "cost": 20.0,
             "active": True, "costOfSaleAccount": cost, "generalLedgerAccount": None},
            {"id": 2, "skuId": 6, "name": "Valve", "code": "V-1", "description": "", "quantity": 1, "cost": 20.0,
             "active": True, "generalLedgerAccount": {"name": "Tools", "number": "6100"}},
            {"id": 3, "skuId": 6, "name": "Gone", "code": "V-2", "description": "", "quantity": 1, "cost": 500.0,
             "active": False},
        ],
    }  # fmt: skip
    return {**made, **more}


def books(*credits: Row, **more: Any) -> Script:
    lists = {"ap-credits": list(credits), "returns": [sent_back(101)], "jobs": [{"id": 7, "jobNumber": "J-7"}]}
    return Script(lists=lists, **more)


async def read(script: Script, reading: Reading) -> list[Bill]:
    rows = [row for page in await pages(script, reading) for row in page.rows]
    assert [row.problem for row in rows if row.problem] == []
    return [row.document for row in rows if isinstance(row.document, Bill)]


async def test_a_credit_and_its_return() -> None:
    script = books(credit(1, stamp(1)))
    [found] = await read(script, Reading("ap_credits"))
    assert (found.id, found.number, found.own_number, found.date) == ("1", "CM-1", "AC-1", dt.date(2026, 5, 8))
    assert (found.total, found.tax, found.shipping, found.balance) == (
        Decimal("-108.25"), Decimal("-6.25"), Decimal(-2), Decimal("-58.25"),
    )  # fmt: skip
    assert [(line.amount, line.quantity, line.account.number, line.sku) for line in found.lines] == [
        (Decimal(-80), Decimal(-4), "5110", "P-1"), (Decimal(-20), Decimal(-1), "6100", "V-1"),
    ]  # fmt: skip
    assert difference(found) == 0 and found.complete
    assert (found.vendor, found.job, found.purchase_order) == (
        Ref("9", "Acme Supply"),
        Ref("7", number="J-7"),
        Ref("31"),
    )
    assert (found.source_kind, found.state, found.exported, found.active) == (
        "ap_credit",
        BillState.POSTED,
        False,
        True,
    )
    assert found.credits == (Allocation("1", Ref("55"), Decimal(50), dt.date(2026, 5, 9)),)
    assert found.stamp == stamp(3), "the return changed later"
    assert decode(encode(found)) == found
    assert [path for path in script.paths() if path == "returns"] == ["returns"], "fifty returns a call, once"


async def test_what_it_is_without_a_return() -> None:
    [bare] = await read(books(credit(2, stamp(1), inventoryReturnId=None, referenceNumber=None)), Reading("ap_credits"))
    [line] = bare.lines
    assert (line.amount, line.kind, line.account, line.description) == (
        Decimal("-108.25"), LineKind.EXPENSE, Ref(), "Vendor credit",
    )  # fmt: skip
    assert bare.number == "AC-2" and difference(bare) == 0


async def test_a_return_that_is_not_shown_hides_the_lines() -> None:
    [gone] = await read(books(credit(5, stamp(1))), Reading("ap_credits"))
    assert not gone.complete and "does not show that" in gone.hidden_reason and not gone.hidden_by
    script = books(credit(1, stamp(1)), scopes=ALL_SCOPES - {RETURNS})
    [hidden] = await read(script, Reading("ap_credits"))
    assert (hidden.complete, hidden.lines, hidden.hidden_by) == (False, (), RETURNS)
    assert RETURNS in hidden.hidden_reason and "returns" not in script.paths()


async def test_states_and_what_is_refused() -> None:
    script = books(
        credit(1, stamp(1), status="Canceled"), credit(2, stamp(2), syncStatus="Pending", inventoryReturnId=None),
        credit(3, stamp(3), syncStatus="Exported", inventoryReturnId=None, active=False),
    )  # fmt: skip
    found = await read(script, Reading("ap_credits"))
    assert [one.state for one in found] == [BillState.CANCELED, BillState.RECEIVED, BillState.POSTED]
    assert [(one.exported, one.active) for one in found] == [(False, True), (False, True), (True, False)]
    script = books(
        credit(1, stamp(1), vendor=None), credit(2, stamp(2), status="Lost"), credit(3, stamp(3), amount="x")
    )
    rows = [row for page in await pages(script, Reading("ap_credits")) for row in page.rows]
    assert [row.problem.partition(": ")[2] for row in rows] == [
        "it names no vendor.", "field status is 'Lost', which is not known.", "invalid decimal string, in field amount.",
    ]  # fmt: skip
    with pytest.raises(NotPermitted, match=r"tn\.acc\.apcredits:r"):
        await read(books(instead={"ap-credits": answer(403, b"")}), Reading("ap_credits"))


async def test_only_what_changed_comes_again() -> None:
    script = books(credit(1, stamp(1)))
    cursor = (await pages(script, Reading("ap_credits")))[-1].cursor
    script.lists["ap-credits"].append(credit(4, "2026-06-01T12:00:01Z", inventoryReturnId=None))
    assert [one.id for one in await read(script, Reading("ap_credits", cursor=cursor))] == ["4"]


async def test_it_is_marked_as_exported() -> None:
    script = books(credit(1, stamp(1)))
    [document] = await read(script, Reading("ap_credits"))
    composed = CONNECTOR.compose(Action.MARK_EXPORTED, document, None, "", {})  # type: ignore[arg-type]
    assert json.loads(composed.body) == [{"apCreditId": 1}]
    path = f"POST {marks.CREDITS.path}"
    step = Step("ap_credits", Action.MARK_EXPORTED, "MLC-1", composed.body, target_id="1")
    script.instead[path] = answer(200, [{"apCreditId": 1, "success": True, "errorMessage": None}])
    done = await CONNECTOR.write(script, step)
    assert isinstance(done, Done) and done.target_id == "1"
    assert isinstance(done.document, Bill) and (done.document.exported, done.document.source_kind) == (
        True,
        "ap_credit",
    )
    script.instead[path] = answer(200, [{"apCreditId": 1, "success": False, "errorMessage": "batch is open"}])
    refused = await CONNECTOR.write(script, step)
    assert isinstance(refused, Rejected) and "AP credit 1 as exported: batch is open" in refused.sentence
    assert await CONNECTOR.find(script, step) == []
    script.lists["ap-credits"][0]["syncStatus"] = "Exported"
    assert [one.id for one in await CONNECTOR.find(script, step)] == ["1"]
