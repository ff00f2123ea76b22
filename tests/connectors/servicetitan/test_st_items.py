"""The price book comes whole: three feeds and a list, each item with its kind, exact amounts and account names."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ml_connector.canonical.documents import decode, encode
from ml_connector.canonical.master_data import Item
from ml_connector.canonical.parts import Ref
from ml_connector.connectors.reading import Reading
from ml_connector.transport.errors import NotPermitted
from tests.connectors.servicetitan.servicetitan_script import ALL_SCOPES, Row, Script, answer, pages, stamp

pytestmark = pytest.mark.anyio
MODIFIERS = "tn.pb.discountsandfees:r"


def material(id: int, modified: str, **more: Any) -> Row:
    """A material as list and feed show it."""
    made = {
        "id": id, "code": f"M-{id}", "displayName": f"Pipe {id}", "description": "<p>Half&nbsp;inch</p>", "cost": 12.345,
        "active": True, "price": 30.0, "unitOfMeasure": "ft", "account": "4100 Sales", "costOfSaleAccount": "5110 Parts",
        "assetAccount": "1300 Stock", "taxable": True, "modifiedOn": modified, "generalLedgerAccountId": 77,
    }  # fmt: skip
    return {**made, **more}


def modifier(id: int, modified: str, **more: Any) -> Row:
    """A discount as the list shows it."""
    made = {
        "id": id, "type": "Discount", "code": f"D-{id}", "displayName": None, "description": "Spring", "amountType": "Fixed",
        "amount": 25.0, "limit": 0, "taxable": False, "account": "4900 Discounts", "active": True, "modifiedOn": modified,
    }  # fmt: skip
    return {**made, **more}


def book(**more: Any) -> Script:
    feeds = {
        "export/materials": [material(1, stamp(1))],
        "export/equipment": [material(2, stamp(2), cost=None, displayName="Furnace", active=False)],
        "export/services": [material(3, stamp(3), costOfSaleAccount=None, unitOfMeasure=None)],
    }
    lists = {
        "materials": [material(1, stamp(1))],
        "services": [material(3, stamp(3))],
        "discounts-and-fees": [modifier(4, stamp(4)), modifier(5, stamp(5), type="Fee", amountType="Percentage")],
    }
    return Script(feeds=feeds, lists=lists, **more)


async def items(script: Script, reading: Reading) -> list[Item]:
    rows = [row for page in await pages(script, reading) for row in page.rows]
    assert [row.problem for row in rows if row.problem] == []
    return [row.document for row in rows if isinstance(row.document, Item)]


async def test_every_kind_with_its_amounts_and_accounts() -> None:
    found = await items(book(), Reading("items"))
    assert [(one.id, one.kind, one.name, one.active) for one in found] == [
        ("1", "material", "Pipe 1", True), ("2", "equipment", "Furnace", False), ("3", "service", "Pipe 3", True),
        ("4", "discount", "D-4", True), ("5", "fee", "D-5", True),
    ]  # fmt: skip
    pipe = found[0]
    assert (pipe.sku, pipe.description, pipe.unit, pipe.taxable, pipe.stamp) == (
        "M-1", "Half inch", "ft", True, stamp(1),
    )  # fmt: skip
    assert (pipe.price, pipe.cost) == (Decimal(30), Decimal("12.345")), "a price book has as many places as it likes"
    assert (pipe.income_account, pipe.expense_account) == (Ref(name="4100 Sales"), Ref(name="5110 Parts"))
    assert found[1].cost is None and found[2].expense_account == Ref()
    assert [one.price for one in found[3:]] == [Decimal(-25), None], "a discount takes away; a percentage is no price"
    assert [decode(encode(one)) for one in found] == found


async def test_only_what_changed_comes_again() -> None:
    script = book()
    cursor = (await pages(script, Reading("items")))[-1].cursor
    assert await items(script, Reading("items", cursor=cursor)) == []
    script.feeds["export/services"].append(material(6, stamp(60)))
    script.lists["discounts-and-fees"].append(modifier(7, "2026-06-01T12:00:01Z"))
    assert [one.id for one in await items(script, Reading("items", cursor=cursor))] == ["6", "7"]


async def test_one_is_asked_for_in_every_list() -> None:
    script = book()
    assert [one.id for one in await items(script, Reading("items", ids=("3", "4")))] == ["3", "4"]
    assert script.paths() == ["materials", "equipment", "services", "discounts-and-fees"]
    assert all(dict(one.query)["active"] == "Any" for one in script.sent), "one that was deactivated is there still"


async def test_without_their_right_discounts_and_fees_are_left_out() -> None:
    script = book(scopes=ALL_SCOPES - {MODIFIERS})
    assert [one.kind for one in await items(script, Reading("items"))] == ["material", "equipment", "service"]
    assert "discounts-and-fees" not in script.paths()
    assert await items(script, Reading("items", ids=("4",))) == []
    with pytest.raises(NotPermitted, match=r"tn\.pb\.equipment:r"):
        await items(book(instead={"export/equipment": answer(403, b"")}), Reading("items"))


async def test_what_cannot_be_understood_stops_nobody() -> None:
    script = book()
    script.feeds["export/materials"].insert(0, material(8, stamp(0), price="free"))
    script.lists["discounts-and-fees"].append(modifier(9, stamp(9), type="Gift"))
    rows = [row for page in await pages(script, Reading("items")) for row in page.rows]
    assert [row.id for row in rows if row.document is None] == ["8", "9"]
    assert [row.problem for row in rows if row.problem] == [
        "ServiceTitan material 8: invalid decimal string, in field price.",
        "ServiceTitan discount or fee 9: field type is 'Gift', which is neither Discount nor Fee.",
    ]
