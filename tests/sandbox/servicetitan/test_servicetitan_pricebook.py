"""The pricebook: materials, equipment, services, discounts and fees, with accounts by name and switched-off items."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from servicetitan_world import GUID, SCOPES, Client, World

from ml_connector_sandbox.servicetitan.books import Accounts, GlAccount, PriceModifier, Sku, Table

pytestmark = pytest.mark.anyio

KINDS = ("materials", "equipment", "services")
MODIFIERS = "pricebook/discounts-and-fees"


def table(world: World, kind: str) -> Table[Sku]:
    found: Table[Sku] = world.books.tables()[kind]
    return found


def sku(world: World, kind: str, code: str = "CAP", **more: Any) -> Sku:
    accounts = Accounts(general_ledger=world.account.id, cost_of_sale=world.account.id)
    values: dict[str, Any] = {"code": code, "display_name": f"Name of {code}", "accounts": accounts, **more}
    return table(world, kind).add(Sku(**values))


async def one_of(api: Client, path: str, **params: Any) -> dict[str, Any]:
    [row] = (await api.get(path, **params)).body["data"]
    found: dict[str, Any] = row
    return found


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_has_its_own_scope_for_all_three_reads(api: Client, world: World, kind: str) -> None:
    made = sku(world, kind)
    world.company.change_scopes("cid.a", tuple(one for one in SCOPES if one != f"tn.pb.{kind}:r"))
    api.token = (await api.ask_token()).body["access_token"]
    for path in (f"pricebook/{kind}", f"pricebook/{kind}/{made.id}", f"pricebook/export/{kind}"):
        answer = await api.get(path)
        assert answer.status == 403 and f"tn.pb.{kind}:r" in answer.body["title"]
    others = [one for one in KINDS if one != kind]
    assert [(await api.get(f"pricebook/{one}")).status for one in others] == [200, 200]


async def test_accounts_are_names_and_only_what_is_stocked_names_its_account_by_id(api: Client, world: World) -> None:
    for kind in KINDS:
        sku(world, kind, price=Decimal("129.995"), cost=Decimal("11.86"))
    material, equipment, service = [await one_of(api, f"pricebook/{kind}") for kind in KINDS]
    assert (material["price"], material["cost"], material["memberPrice"]) == (
        Decimal("129.995"), Decimal("11.86"), Decimal("116.9955"),
    )  # fmt: skip
    for row in (material, equipment):
        assert (row["account"], row["costOfSaleAccount"], row["assetAccount"]) == ("Materials", "Materials", None)
        assert row["generalLedgerAccountId"] == world.account.id
    assert service["account"] == "Materials"
    assert not service.keys() & {"generalLedgerAccountId", "costOfSaleAccount", "assetAccount"}


async def test_a_renamed_account_shows_at_once(api: Client, world: World) -> None:
    sku(world, "materials")
    assert (await one_of(api, "pricebook/materials"))["account"] == "Materials"
    world.books.gl_accounts.modify(world.account.id, name="Parts")
    assert (await one_of(api, "pricebook/materials"))["account"] == "Parts"
    other = world.books.add_gl_account(GlAccount(name="Parts", number="5111", type="Income"))
    assert (await one_of(api, "pricebook/materials"))["generalLedgerAccountId"] != other.id


@pytest.mark.parametrize("kind", KINDS)
async def test_a_switched_off_item_is_shown_on_request_by_id_and_in_the_feed(
    api: Client, world: World, kind: str
) -> None:
    on, off = sku(world, kind), sku(world, kind, "OLD")
    world.clock.advance(60)
    table(world, kind).modify(off.id, active=False)
    path = f"pricebook/{kind}"
    assert await api.ids(path) == [on.id]
    assert await api.ids(path, active="False") == [off.id]
    assert await api.ids(path, active="Any", sort="+Code") == [on.id, off.id]
    assert await api.ids(path, active="Any", modifiedOnOrAfter="2026-05-10T12:00:30Z") == [off.id]
    one = (await api.get(f"{path}/{off.id}")).body
    assert (one["active"], one["code"]) == (False, "OLD")
    assert (await api.get(f"{path}/5")).status == 404
    feed = (await api.get(f"pricebook/export/{kind}")).body
    assert [(row["id"], row["active"]) for row in feed["data"]] == [(on.id, True), (off.id, False)]
    again = (await api.get(f"pricebook/export/{kind}", **{"from": feed["continueFrom"]})).body
    assert (again["data"], again["hasMore"]) == ([], False)


@pytest.mark.parametrize("kind", KINDS)
async def test_pages_filters_and_their_refusals(api: Client, world: World, kind: str) -> None:
    path = f"pricebook/{kind}"
    made = [sku(world, kind, f"C-{place}", price=Decimal(9 - place)) for place in range(5)]
    last = sku(world, kind, "X", display_name=None, description="Media filter", external_data={GUID: {"k": "v"}})
    first = (await api.get(path, pageSize=4, page=1, sort="+Price", includeTotal="true")).body
    assert (first["hasMore"], first["totalCount"], [row["price"] for row in first["data"]]) == (True, 6, [0, 5, 6, 7])
    assert await api.ids(path, pageSize=4, page=2, sort="+Price") == [made[1].id, made[0].id]
    assert await api.ids(path, searchText="FILTER") == [last.id]
    assert len(await api.ids(path, searchText="name OF c-")) == 5
    assert (await api.ids(path, sort="+DisplayName"))[-1] == last.id
    assert await api.ids(path, ids=f"{made[2].id},{made[4].id}", sort="-Id") == [made[4].id, made[2].id]
    look_up = {"externalDataApplicationGuid": GUID, "externalDataKey": "k", "externalDataValues": "v"}
    assert (await one_of(api, path, **look_up))["externalData"] == [{"key": "k", "value": "v"}]
    for wrong in ({"sort": "+Nothing"}, {"active": "any"}, {"pageSize": "0"}, {"ids": ",".join(["1"] * 51)}, {
        "externalDataKey": "k"}):  # fmt: skip
        assert (await api.get(path, **wrong)).status == 400, wrong


async def test_filters_of_materials_alone(api: Client, world: World) -> None:
    sku(world, "materials")
    direct = sku(world, "materials", "DIRECT", is_other_direct_cost=True, cost_type_id=7)
    assert await api.ids("pricebook/materials", isOtherDirectCost="true") == [direct.id]
    assert await api.ids("pricebook/materials", costTypeIds="7,8") == [direct.id]
    assert (await api.get("pricebook/materials", isOtherDirectCost="maybe")).status == 400
    assert (await api.get("pricebook/services", calculatePrices="maybe")).status == 400


async def test_discounts_and_fees_are_positive_and_have_no_feed(api: Client, world: World) -> None:
    books = world.books.price_modifiers
    off = books.add(PriceModifier(code="OFF", amount=Decimal(25), account_id=world.account.id, display_name="Plan"))
    fee = books.add(PriceModifier(code="FEE", type="Fee", amount_type="Percentage", amount=Decimal("2.5")))
    rows = (await api.get(MODIFIERS, sort="+Code")).body["data"]
    assert [(row["id"], row["type"], row["amountType"], row["amount"], row["account"]) for row in rows] == [
        (fee.id, "Fee", "Percentage", Decimal("2.5"), None), (off.id, "Discount", "Fixed", 25, "Materials"),
    ]  # fmt: skip
    assert await api.ids(MODIFIERS, searchText="plan") == [off.id]
    books.modify(fee.id, active=False)
    assert await api.ids(MODIFIERS) == [off.id]
    assert (await api.get(f"{MODIFIERS}/{fee.id}")).body["active"] is False
    assert (await api.get("pricebook/export/discounts-and-fees")).status == 404
    world.company.change_scopes("cid.a", tuple(one for one in SCOPES if one != "tn.pb.discountsandfees:r"))
    api.token = (await api.ask_token()).body["access_token"]
    assert (await api.get(MODIFIERS)).status == 403
