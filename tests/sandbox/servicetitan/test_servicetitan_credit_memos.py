"""Writing credit memos."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from servicetitan_receivables import Receivables, receivables
from servicetitan_world import Client, World

from ml_connector_sandbox.servicetitan.books import Accounts, Batch, CreditMemo, CreditMemoItem, batch, post_batch

pytestmark = pytest.mark.anyio

LIST = "accounting/credit-memos"


@pytest.fixture
def ledger(world: World) -> Receivables:
    return receivables(world.books, world.account.id)


def given(ledger: Receivables, amount: str = "50.00", items: Sequence[CreditMemoItem] = ()) -> CreditMemo:
    memo = CreditMemo(
        reference_number="CM-1", customer_id=ledger.customer.id, memo_date=date(2026, 5, 8), sub_total=Decimal(amount)
    )
    return ledger.books.collecting.give_credit(memo, items=items)


def owed(ledger: Receivables) -> Decimal:
    return ledger.books.customers[ledger.customer.id].balance


async def test_more_of_it_is_applied_all_parts_or_none(api: Client, ledger: Receivables) -> None:
    memo, first, second = given(ledger), ledger.invoice("10.00"), ledger.invoice("20.00")
    path, before = f"{LIST}/{memo.id}/splits", owed(ledger)
    parts = [{"invoiceId": first.id, "amount": 10.83}, {"invoiceId": second.id, "amount": 5}]
    wrongs: list[Any] = [
        [parts[0], {"invoiceId": second.id, "amount": 21.66}], [{"invoiceId": 5, "amount": 1}],
        [{"invoiceId": first.id}], [{"invoiceId": first.id, "amount": 0}], None,
    ]  # fmt: skip
    for wrong in wrongs:
        assert (await api.call("POST", path, json={"splits": wrong})).status == 400, wrong
    assert ledger.books.invoices[first.id].balance == Decimal("10.83")
    answer = (await api.call("POST", path, json={"splits": parts})).body
    assert [one["amount"] for one in answer["splits"]] == [Decimal("10.83"), 5]
    assert [ledger.books.invoices[one.id].balance for one in (first, second)] == [0, Decimal("16.65")]
    assert owed(ledger) == before


async def test_a_memo_is_switched_off_only_while_nothing_of_it_is_applied(api: Client, ledger: Receivables) -> None:
    memo, invoice = given(ledger), ledger.invoice("10.00")
    path = f"{LIST}/{memo.id}"
    answer = (await api.call("PATCH", path, json={"active": False, "date": "2026-05-09", "summary": "error"})).body
    assert (answer["active"], answer["date"], answer["summary"]) == (False, "2026-05-09", "error")
    assert owed(ledger) == Decimal("10.83")
    assert await api.ids(LIST) == [] and await api.ids(LIST, active="False") == [memo.id]
    await api.call("PATCH", path, json={"active": True})
    ledger.books.collecting.apply_credit(memo.id, {invoice.id: Decimal(1)})
    assert (await api.call("PATCH", path, json={"active": False})).status == 400
    for wrong in ({"businessUnitId": 5}, {"date": "soon"}, {"active": None}):
        assert (await api.call("PATCH", path, json=wrong)).status == 400, wrong
    assert owed(ledger) == Decimal("-39.17")


async def test_marking_exported_answers_one_by_one(api: Client, ledger: Receivables, world: World) -> None:
    memo = given(ledger)
    wanted = [{"creditMemoId": memo.id, "externalId": "xero:7"}, {"creditMemoId": 5}]
    answer = await api.call("POST", f"{LIST}/markasexported", json=wanted)
    assert [(one["creditMemoId"], one["success"]) for one in answer.body] == [(memo.id, True), (5, False)]
    [row] = (await api.get(LIST)).body["data"]
    assert (row["syncStatus"], row["exportId"]) == ("Exported", "xero:7")
    world.switches.mark_exported_twice_fails = True
    [again] = (await api.call("POST", f"{LIST}/markasexported", json=wanted[:1])).body
    assert again["success"] is False


async def test_the_number_of_a_batch_is_a_text_on_this_list(api: Client, ledger: Receivables) -> None:
    memo = given(ledger)
    given(ledger)
    ledger.books.credit_memos.modify(memo.id, batch=Batch(id=77, number="B-07", name="May"))
    for query in ({"batchNumber": "B-07"}, {"batchId": 77}, {"batchId": 77, "batchNumber": "B-07"}):
        assert await api.ids(LIST, **query) == [memo.id], query
    for query in ({"batchNumber": "7"}, {"batchId": 7}):
        assert await api.ids(LIST, **query) == [], query


async def test_items_are_listed_for_many_memos_and_for_one(api: Client, ledger: Receivables, world: World) -> None:
    accounts = Accounts(general_ledger=world.account.id, cost_of_sale=world.account.id)
    hour = CreditMemoItem(sku_name="HR", price=Decimal("10.00"), quantity=Decimal(4), taxable=True, accounts=accounts)
    bare = CreditMemoItem(sku_name="X", price=Decimal("10.00"), business_unit_id=world.unit.id)
    first, second = given(ledger, items=[hour, bare]), given(ledger, "10.00", [bare])
    given(ledger)
    many = f"{LIST}/credit-memo-items"
    rows = (await api.get(many, creditMemoIds=f"{first.id},{second.id}", sort="+Id")).body["data"]
    assert [(one["creditMemoId"], one["total"]) for one in rows] == [(first.id, 40), (first.id, 10), (second.id, 10)]
    for name in ("revenueGeneralLedgerAccount", "expensesGeneralLedgerAccount"):
        assert rows[0][name].keys() == {"id", "name", "number", "type"} and rows[1][name] is None
    [own] = (await api.get(f"{LIST}/{second.id}/items")).body["data"]
    assert own == {name: value for name, value in rows[2].items() if name != "creditMemoId"}
    assert len(await api.ids(many)) == 3 and len(await api.ids(many, businessUnitIds=world.unit.id)) == 2
    world.books.credit_memo_items.modify(own["id"], active=False)
    assert await api.ids(many, creditMemoIds=second.id) == []
    assert await api.ids(many, creditMemoIds=second.id, active="Any") == [own["id"]]
    assert (await api.get(f"{LIST}/5/items")).status == 400
    for wrong in ({"creditMemoIds": ",".join(["1"] * 51)}, {"creditMemoIds": "x"}, {"sort": "+ModifiedOn"}):
        assert (await api.get(many, **wrong)).status == 400, wrong
    with pytest.raises(ValueError, match="add up"):
        given(ledger, "9.00", [bare])


async def test_memos_are_batched_and_taken_off_an_invoice(ledger: Receivables) -> None:
    memo, invoice, books = given(ledger), ledger.invoice("10.00"), ledger.books
    post_batch(books, batch(books, "May", memo_ids=[memo.id]))
    assert books.credit_memos[memo.id].sync_status == "Posted"
    before = owed(ledger)
    books.collecting.apply_credit(memo.id, {invoice.id: Decimal(4)})
    assert books.collecting.take_credit_back(memo.id, invoice.id).balance == 50
    assert books.invoices[invoice.id].balance == invoice.balance and owed(ledger) == before
