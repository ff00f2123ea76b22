"""Items and what they are taxed with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from zoho_world import Answer, Sandbox

pytestmark = pytest.mark.anyio


async def post(sandbox: Sandbox, name: str = "Service call", **more: Any) -> Answer:
    return await sandbox.api("POST", "/items", {"name": name, "rate": 95, **more})


async def test_an_item_is_sold_to_the_sales_account_unless_it_says(sandbox: Sandbox) -> None:
    income = sandbox.books.add_account("Service Income", "income", code="4100")
    plain = await post(sandbox)
    assert (plain.status, plain.body["message"]) == (201, "The item has been added.")
    assert plain.headers["location"] == f"/api/v3/items/{plain.body['item']['item_id']}"
    item = plain.body["item"]
    assert (item["account_name"], item["item_type"], item["can_be_purchased"]) == ("Sales", "sales", False)
    named = await post(sandbox, "Repair", account_id=income.account_id, sku="R-1", item_type="sales_and_purchases")
    item = named.body["item"]
    assert (item["account_id"], item["sku"], item["can_be_purchased"]) == (income.account_id, "R-1", True)


async def test_what_is_refused(sandbox: Sandbox) -> None:
    books = sandbox.books
    assert (await post(sandbox, sku="S-1")).status == 201
    old = next(one for one in books.accounts.values() if one.account_name == "Old Account")
    refusals: list[tuple[dict[str, Any], int]] = [
        ({"name": ""}, 2), ({"name": "x" * 101}, 15), ({"rate": ""}, 2), ({"rate": -1}, 2),
        ({"item_type": "kit"}, 2), ({"product_type": "thing"}, 2), ({"sku": "S-1"}, 1001), ({"tax_id": "1"}, 2),
        ({"account_id": old.account_id}, 1049), ({"account_id": books.accounts_receivable.account_id}, 2),
        ({"item_type": "inventory"}, 2), ({"tax_exemption_id": "1"}, 2),
    ]  # fmt: skip
    for more, code in refusals:
        answer = await sandbox.api("POST", "/items", {"name": "Other", "rate": 1, **more})
        assert (answer.status, answer.body["code"]) == (400, code), more
    assert (await post(sandbox)).status == 201, "the name may be used twice"
    sandbox.switches.duplicate_item_names = False
    assert (await post(sandbox)).body["code"] == 1001
    assert len(books.items) == 2


async def test_change_list_and_take_out_of_use(sandbox: Sandbox) -> None:
    one = (await post(sandbox, description="An hour")).body["item"]
    await post(sandbox, "Filter", rate="12.5")
    path = f"/items/{one['item_id']}"
    sandbox.clock.move(60)
    changed = await sandbox.api("PUT", path, {"rate": 99})
    assert changed.body["message"] == "Item details have been saved."
    assert (changed.body["item"]["rate"], changed.body["item"]["description"]) == (99, "An hour")
    assert changed.body["item"]["last_modified_time"] > one["last_modified_time"]

    async def names(**query: Any) -> list[str]:
        return [row["name"] for row in (await sandbox.get("/items", **query)).body["items"]]

    assert await names() == ["Filter", "Service call"]
    assert await names(rate_less_than=50) == ["Filter"]
    assert await names(search_text="hour") == ["Service call"]
    assert await names(sku="none", last_modified_time="x") == ["Filter", "Service call"], "no such filters"
    page = (await sandbox.get("/items", per_page=1)).body["page_context"]
    assert (page["has_more_page"], page["sort_column"]) == (True, "name")
    assert (await sandbox.api("POST", f"{path}/inactive")).status == 200
    assert await names(filter_by="Status.Active") == ["Filter"]
    assert (await sandbox.get(path)).body["item"]["status"] == "inactive"
    assert (await sandbox.api("POST", f"{path}/active")).status == 200
    both = (await sandbox.get("/itemdetails", item_ids=f"{one['item_id']},1")).body["items"]
    assert [row["item_id"] for row in both] == [one["item_id"]]
    assert (await sandbox.api("DELETE", path)).body["message"] == "The item has been deleted."
    gone = await sandbox.get(path)
    assert (gone.status, gone.body["code"]) == (404, 1002)


async def test_an_item_on_a_bill(sandbox: Sandbox) -> None:
    expense = sandbox.line()["account_id"]
    item = sandbox.books.add_item("Filter", expense)
    line = {"item_id": item.item_id, "rate": 5, "quantity": 2}
    assert (await sandbox.api("POST", "/bills", sandbox.bill(line_items=[line]))).body["bill"]["total"] == 10
    assert (await sandbox.api("DELETE", f"/items/{item.item_id}")).body["code"] == 36
    await sandbox.api("POST", f"/items/{item.item_id}/inactive")
    assert (await sandbox.api("POST", "/bills", sandbox.bill("B-2", line_items=[line]))).body["code"] == 1049


async def test_items_upsert(sandbox: Sandbox) -> None:
    sandbox.books.add_unique_field("item", "ST Id")
    sandbox.extra = {"X-Unique-Identifier-Key": "cf_st_id", "X-Unique-Identifier-Value": "7"}
    body = {"name": "Upserted", "rate": 1}
    assert (await sandbox.api("PUT", "/items", body)).body["code"] == 1002
    sandbox.extra["X-Upsert"] = "true"
    first = await sandbox.api("PUT", "/items", body)
    second = await sandbox.api("PUT", "/items", {"rate": 2})
    assert first.body["item"]["item_id"] == second.body["item"]["item_id"]
    assert second.body["item"]["custom_field_hash"] == {"cf_st_id": "7"}
    assert second.body["item"]["rate"] == 2


async def test_taxes_and_groups_are_made(sandbox: Sandbox) -> None:
    made = await sandbox.api("POST", "/settings/taxes", {"tax_name": "County", "tax_percentage": "1.25"})
    assert (made.status, made.body["message"]) == (201, "The tax has been added.")
    state = {"tax_name": "State", "tax_percentage": 6, "tax_authority_name": "State of Ohio"}
    other = (await sandbox.api("POST", "/settings/taxes", state)).body["tax"]
    again = {"tax_name": "State food", "tax_percentage": 2, "tax_authority_id": other["tax_authority_id"]}
    assert (await sandbox.api("POST", "/settings/taxes", again)).body["tax"]["tax_authority_name"] == "State of Ohio"
    county = made.body["tax"]["tax_id"]
    ids = f"{county},{other['tax_id']}"
    group = await sandbox.api("POST", "/settings/taxgroups", {"tax_group_name": "Franklin", "taxes": ids})
    assert (group.status, group.body["tax_group"]["tax_group_percentage"]) == (201, Decimal("7.25"))
    listed = {row["tax_name"]: row["tax_type"] for row in (await sandbox.get("/settings/taxes")).body["taxes"]}
    assert listed["Franklin"] == "tax_group"
    for path, body, code in (
        ("taxes", {"tax_name": "County", "tax_percentage": 1}, 1001),
        ("taxes", {"tax_name": "X"}, 2),
        ("taxes", {"tax_name": "X", "tax_percentage": 101}, 2),
        ("taxes", {"tax_name": "X", "tax_percentage": 1, "tax_type": "levy"}, 2),
        ("taxes", {"tax_name": "X", "tax_percentage": 1, "tax_authority_id": "1"}, 2),
        ("taxgroups", {"tax_group_name": "County", "taxes": county}, 1001),
        ("taxgroups", {"tax_group_name": "G", "taxes": "1"}, 2),
        ("taxgroups", {"tax_group_name": "G", "taxes": f"{county},{county}"}, 2),
    ):
        answer = await sandbox.api("POST", f"/settings/{path}", body)
        assert (answer.status, answer.body["code"]) == (400, code), body
    assert (await sandbox.api("PUT", f"/settings/taxes/{county}", {"tax_percentage": 2})).body["tax"]["tax_name"] == (
        "County"
    )
    assert (await sandbox.api("DELETE", f"/settings/taxes/{county}")).body["code"] == 36
    free = (await sandbox.api("POST", "/settings/taxes", {"tax_name": "Free", "tax_percentage": 1})).body["tax"][
        "tax_id"
    ]
    assert (await sandbox.api("DELETE", f"/settings/taxes/{free}")).status == 200
    assert (await sandbox.get(f"/settings/taxes/{free}")).status == 404


async def test_exemptions_are_made(sandbox: Sandbox) -> None:
    body = {"tax_exemption_code": "RESALE", "type": "customer", "description": "For resale"}
    made = await sandbox.api("POST", "/settings/taxexemptions", body)
    assert (made.status, made.body["tax_exemption"]["type"]) == (200, "customer")
    assert (await sandbox.api("POST", "/settings/taxexemptions", body)).body["code"] == 1001
    assert (await sandbox.api("POST", "/settings/taxexemptions", body | {"type": "firm"})).body["code"] == 2
