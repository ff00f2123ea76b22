"""Items, taxes, currencies and expenses; projects on bill lines; the lock of sales."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from zoho_sales_script import ORG, asked, body, ok, page, refused, scripted

from ml_connector.canonical.documents import Document, decode, encode
from ml_connector.canonical.master_data import Item, ListEntry, TaxCode
from ml_connector.canonical.money import total
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine, Expense
from ml_connector.connectors.writing import Action, Done, Rejected, Step
from ml_connector.connectors.zoho_books import (
    CONNECTOR,
    translate,
    translate_expenses,
    translate_items,
    translate_source,
)
from ml_connector.errors import BadInput

pytestmark = pytest.mark.anyio

ITEM = Item("", "service", "Tune-up", "SVC-1", "Yearly", Decimal("99.99"), income_account=Ref("388"), unit="pcs")
SHOWN = {
    "item_id": "260815000000104018", "name": "Tune-up", "sku": "SVC-1", "status": "active", "rate": 99.99,
    "description": "Yearly", "unit": "pcs", "account_id": "388", "account_name": "Sales", "purchase_rate": 0,
    "purchase_account_id": "", "tax_id": "", "can_be_sold": True, "can_be_purchased": False, "item_type": "sales",
    "product_type": "service", "last_modified_time": "2026-06-09T13:15:34-0400",
    "custom_field_hash": {"cf_ml_connector_ref": "T-42"},
}  # fmt: skip


def sent(document: Document, **settings: str) -> Any:
    return json.loads(CONNECTOR.compose(Action.CREATE, document, ORG, "T-42", settings).body, parse_float=Decimal)


def step(entity: str, document: Document) -> Step:
    return Step(entity, Action.CREATE, "T-42", CONNECTOR.compose(Action.CREATE, document, ORG, "T-42", {}).body)


def test_an_item_is_read() -> None:
    found = translate_items.item(SHOWN, "cf_ml_connector_ref")
    assert (found.kind, found.name, found.sku, found.price, found.cost) == (
        "service", "Tune-up", "SVC-1", Decimal("99.99"), None,
    )  # fmt: skip
    assert (found.income_account, found.reference, found.active) == (Ref("388", "Sales"), "T-42", True)
    assert found.taxable is None and decode(encode(found)) == found
    bought = {**SHOWN, "can_be_purchased": True, "purchase_rate": 40, "purchase_account_id": "5", "product_type": "goods",
              "status": "inactive", "is_taxable": False, "tax_id": "t", "tax_percentage": 20}  # fmt: skip
    other = translate_items.item(bought, "")
    assert (other.kind, other.cost, other.expense_account.id, other.taxable, other.active) == (
        "material",
        40,
        "5",
        False,
        False,
    )
    assert other.tax_code == Ref("t", "", "20")


async def test_an_item_is_made_by_upsert_and_found_by_its_name() -> None:
    assert sent(ITEM) == {
        "name": "Tune-up", "rate": Decimal("99.99"), "sku": "SVC-1", "unit": "pcs", "product_type": "service",
        "account_id": "388", "item_type": "sales", "description": "Yearly",
        "custom_fields": [{"api_name": "cf_ml_connector_ref", "value": "T-42"}],
    }  # fmt: skip
    session = scripted(ok(201, item=SHOWN))
    assert isinstance(await CONNECTOR.write(session, step("items", ITEM)), Done)
    assert asked(session) == [("PUT", "/items")]
    (found,) = await CONNECTOR.find(scripted(page(items=[SHOWN]), ok(item=SHOWN)), step("items", ITEM))
    assert getattr(found, "sku", "") == "SVC-1"


def test_what_is_bought_too_has_an_expense_account_and_what_is_untaxed_an_exemption() -> None:
    found = sent(
        replace(ITEM, expense_account=Ref("5"), cost=Decimal(40), taxable=False, kind="material"), tax_exemption="7"
    )
    assert (found["item_type"], found["purchase_account_id"], found["purchase_rate"]) == (
        "sales_and_purchases",
        "5",
        40,
    )
    assert (found["is_taxable"], found["tax_exemption_id"], found["product_type"]) == (False, "7", "goods")
    assert sent(replace(ITEM, taxable=True))["is_taxable"] is True


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (replace(ITEM, name=""), "needs a name"),
        (replace(ITEM, name="x" * 101), "at most 100"),
        (replace(ITEM, income_account=Ref()), "no income account"),
        (TaxCode("", "Mixed"), "one rate"),
    ],
)
def test_what_cannot_be_made_is_one_sentence(document: Document, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        sent(document)


def test_items_and_taxes_are_never_changed() -> None:
    for document in (ITEM, TaxCode("", "CA", Decimal("0.0825"))):
        with pytest.raises(BadInput, match="never changed"):
            CONNECTOR.compose(Action.UPDATE, document, ORG, "T-42", {})


async def test_a_tax_is_made_and_found_by_its_name_and_rate() -> None:
    tax = TaxCode("", "Travis", Decimal("0.0825"))
    assert sent(tax) == {"tax_name": "Travis", "tax_percentage": Decimal("8.25"), "tax_type": "tax"}
    shown = {"tax_id": "11", "tax_name": "Travis", "tax_percentage": 8.25}
    session = scripted(ok(201, tax=shown))
    outcome = await CONNECTOR.write(session, step("tax_codes", tax))
    assert isinstance(outcome, Done) and asked(session) == [("POST", "/settings/taxes")]
    assert body(session.requests[0])["tax_percentage"] == Decimal("8.25")
    others = [{**shown, "tax_id": "12", "tax_name": "Harris"}, {**shown, "tax_id": "13", "tax_percentage": 8}]
    listed = page(taxes=[shown, *others])
    assert [getattr(one, "id", "") for one in await CONNECTOR.find(scripted(listed), step("tax_codes", tax))] == ["11"]
    assert CONNECTOR.is_ours(tax) and not CONNECTOR.is_ours(ITEM)  # which shows no reference
    taken = await CONNECTOR.write(scripted(refused(1001, "Tax already exists")), step("tax_codes", tax))
    assert isinstance(taken, Rejected)


def test_a_currency_is_its_code_and_never_a_rate() -> None:
    row = {"currency_id": "93", "currency_code": "AED", "currency_name": "UAE Dirham", "exchange_rate": 0}
    assert translate_items.currency(row) == ListEntry("93", "currency", "UAE Dirham", number="AED")


# --- expenses ----------------------------------------------------------------------------------------------------

EXPENSE = {
    "expense_id": "260815000000110053", "expense_item_id": "60", "account_id": "400", "account_name": "Office Supplies",
    "paid_through_account_id": "102017", "paid_through_account_name": "Checking", "vendor_id": "", "date": "2026-06-09",
    "currency_code": "USD", "exchange_rate": 1, "tax_amount": 6.19, "tax_id": "t", "sub_total": 75, "total": 81.19,
    "is_inclusive_tax": False, "reference_number": "R-1", "description": "Paper", "status": "nonbillable",
    "last_modified_time": "2026-06-09T16:53:07-0400",
}  # fmt: skip


def tied(found: Expense) -> bool:
    return total(one.amount for one in found.lines) + found.tax == found.total


def test_an_expense_ties_to_its_account() -> None:
    found = translate_expenses.expense(EXPENSE, "")
    assert found.complete and tied(found) and found.lines[0].account.id == "400"
    assert (found.paid_through.id, found.number, found.memo) == ("102017", "R-1", "Paper")
    assert decode(encode(found)) == found


def parts(found: Expense) -> list[tuple[Decimal, Decimal | None]]:
    """Of each line what it comes to without its tax, and its tax where that is known."""
    return [(one.amount, one.tax) for one in found.lines]


def item(id_: str, **shown: Any) -> dict[str, Any]:
    return {"line_item_id": id_, "account_id": f"40{id_}", **shown}


def test_the_tax_of_a_tax_inclusive_expense_is_told_from_what_it_was_spent_on() -> None:
    """Its account and its tax are debited each with its own part, whether or not the tax was keyed with the amount."""
    for lines in ([], [item("1", amount=81.19, item_total=75, tax_amount=6.19)], [item("1", amount=81.19)]):
        found = translate_expenses.expense({**EXPENSE, "is_inclusive_tax": True, "line_items": lines}, "")
        assert found.tax_basis is TaxBasis.EXCLUSIVE and tied(found)
        assert (parts(found), found.tax) == ([(Decimal(75), Decimal("6.19"))], Decimal("6.19"))


@pytest.mark.parametrize("shown", ["item_total", "amount"])
@pytest.mark.parametrize("inclusive", [False, True])
def test_each_line_has_its_own_tax(shown: str, inclusive: bool) -> None:
    """Nobody tells whether the lines of a tax-inclusive one are shown with their tax; the total does."""
    for held in {inclusive, False}:
        gross = [Decimal("56.19"), Decimal(25)] if held else [Decimal(50), Decimal(25)]
        lines = [
            item("1", tax_amount=6.19, tax_id="t", **{shown: gross[0]}),
            item("2", tax_amount=0, **{shown: gross[1]}),
        ]
        found = translate_expenses.expense({**EXPENSE, "is_inclusive_tax": inclusive, "line_items": lines}, "")
        assert parts(found) == [(50, Decimal("6.19")), (25, 0)] and tied(found)


def test_where_no_line_shows_its_tax_lines_of_one_rate_share_it_and_others_keep_it() -> None:
    lines = [item("1", amount=54.13, tax_id="t"), item("2", amount=27.06, tax_id="t")]
    found = translate_expenses.expense({**EXPENSE, "is_inclusive_tax": True, "line_items": lines}, "")
    assert parts(found) == [(Decimal("50.00"), Decimal("4.13")), (Decimal("25.00"), Decimal("2.06"))] and tied(found)
    lines[1]["tax_id"] = ""
    found = translate_expenses.expense({**EXPENSE, "is_inclusive_tax": True, "line_items": lines}, "")
    assert found.tax_basis is TaxBasis.INCLUSIVE and tied(found) and found.tax == 0
    assert parts(found) == [(Decimal("54.13"), None), (Decimal("27.06"), None)]


def test_lines_that_do_not_come_to_the_total_are_left_as_they_are_shown() -> None:
    found = translate_expenses.expense({**EXPENSE, "line_items": [item("1", amount=50), item("2", amount=20)]}, "")
    assert parts(found) == [(50, None), (20, None)] and not tied(found)


def test_an_itemised_expense_has_a_line_for_each() -> None:
    lines = [
        {"line_item_id": "1", "account_id": "400", "item_total": 50},
        {"line_item_id": "2", "account_id": "401", "amount": 25},
    ]
    found = translate_expenses.expense({**EXPENSE, "line_items": lines}, "")
    assert [(one.id, one.amount) for one in found.lines] == [("1", 50), ("2", 25)] and tied(found)


def test_a_list_row_names_no_account() -> None:
    row = {name: value for name, value in EXPENSE.items() if name != "account_id"}
    found = translate_expenses.expense(row, "")
    assert not found.complete and found.lines == () and found.total == Decimal("81.19")


# --- bills -------------------------------------------------------------------------------------------------------


def bill(*lines: BillLine, **more: Any) -> Bill:
    return Bill(
        "", Ref("98001"), total(one.amount for one in lines), "B-1", date=dt.date(2026, 6, 9), lines=lines, **more
    )


def test_a_line_on_a_project_names_its_customer() -> None:
    project = Ref("460000000044001", "460000000026049", translate.PROJECT)
    line = BillLine("1", Decimal(5), account=Ref("400"), dimensions=(Ref("opt", "HVAC", "tag"), project))
    (found,) = sent(bill(line))["line_items"]
    assert (found["project_id"], found["customer_id"], found["is_billable"]) == (project.id, project.name, False)
    assert found["tags"] == [{"tag_id": "tag", "tag_option_id": "opt"}]
    for wrong in ((replace(project, name=""),), (project, project)):
        with pytest.raises(BadInput, match="one project, with the customer"):
            sent(bill(replace(line, dimensions=wrong)))
    row = {"line_item_id": "1", "item_total": 5, "project_id": project.id, "customer_id": project.name}
    whole = {"bill_id": "1", "vendor_id": "98001", "status": "open", "total": 5, "line_items": [row]}
    assert translate.bill(whole, "").lines[0].dimensions == (project,)
    source = translate_source.bill(whole, "").lines[0]
    assert source.dimensions == () and source.job.id == project.id
    told = translate_source.project({"project_id": "1", "project_name": "Harbour", "customer_id": "9"})
    assert told.party.id == "9"


def test_an_update_keeps_zohos_lines() -> None:
    lines = (
        BillLine("260815000000117050", Decimal(5), account=Ref("400")),
        BillLine("7", Decimal(5), account=Ref("400")),
    )
    composed = CONNECTOR.compose(Action.UPDATE, bill(*lines), ORG, "T-42", {})
    found = json.loads(composed.body)["line_items"]
    assert found[0]["line_item_id"] == "260815000000117050" and "line_item_id" not in found[1]
    assert "line_item_id" not in sent(bill(*lines))["line_items"][0]


async def test_a_foreign_bill_names_its_currency_by_id() -> None:
    foreign = bill(BillLine("1", Decimal(5), account=Ref("400")), currency="EUR")
    made = CONNECTOR.compose(Action.CREATE, foreign, ORG, "T-42", {})
    currencies = page(currencies=[{"currency_id": "93", "currency_code": "EUR", "exchange_rate": 0}])
    session = scripted(currencies, refused(2, "stop here"))
    await CONNECTOR.write(session, Step("bills", Action.CREATE, "T-42", made.body))
    assert body(session.requests[1])["currency_id"] == "93"
    assert "currency_code" not in body(session.requests[1])


def test_a_list_row_of_a_bill_is_not_complete() -> None:
    row = {"bill_id": "1", "vendor_id": "98001", "status": "open", "total": 5}
    assert not translate.bill(row, "").complete and translate.bill({**row, "line_items": []}, "").complete


# --- locks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("modules", "purchases", "sales"),
    [
        (["purchase"], 31, None),
        (["sales"], None, 31),
        ([""], 31, 31),
        (["purchase", "sales"], 31, 31),
        (["banking"], None, None),
    ],
)
async def test_each_module_is_closed_by_its_own_lock(
    modules: list[str], purchases: int | None, sales: int | None
) -> None:
    locks = [{"transaction_lock_module": one, "transaction_lock_date": "2026-03-31"} for one in modules]
    organisation = {"organization_id": "927270289", "name": "Co", "currency_code": "USD", "country_code": "US"}
    session = scripted(ok(organizations=[organisation]), page(transaction_locks=locks))
    found = await CONNECTOR.organisation(session)
    days = [one.day if one else None for one in (found.locked_through, found.locked_through_sales)]
    assert days == [purchases, sales]
