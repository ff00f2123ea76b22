"""Invoices: what they show, how they are found, what may be written, and marking exported."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from servicetitan_receivables import Receivables, receivables
from servicetitan_world import Client, World

from ml_connector_sandbox.servicetitan.books import TaxRate, batch, post_batch, unpost_batch

pytestmark = pytest.mark.anyio

LIST, MARK = "accounting/invoices", "accounting/invoices/markasexported"


@pytest.fixture
def ledger(world: World) -> Receivables:
    return receivables(world.books, world.account.id)


async def row_of(api: Client, number: int) -> dict[str, Any]:
    [row] = (await api.get(LIST, ids=str(number), activeState="All")).body["data"]
    found: dict[str, Any] = row
    return found


async def test_money_is_text_and_days_are_midnights(api: Client, ledger: Receivables, world: World) -> None:
    row = await row_of(api, ledger.invoice("100.00", "-20.00").id)
    assert (row["subTotal"], row["salesTax"], row["total"], row["balance"]) == ("80.00", "6.60", "86.60", "86.60")
    assert (row["invoiceDate"], row["dueDate"]) == ("2026-05-04T00:00:00Z", "2026-06-03T00:00:00Z")
    assert (row["termName"], row["syncStatus"], row["referenceNumber"]) == ("Net 30", "Pending", "R-1")
    assert row["salesTaxCode"]["taxRate"] == Decimal("0.0825")
    assert (row["customer"]["name"], row["location"]["name"]) == ("Acme Offices", "Acme HQ")
    item = row["items"][0]
    assert (item["price"], item["quantity"], item["cost"]) == ("100.00", "1.0000000000000000000", "0.0000000000")
    assert item["generalLedgerAccount"]["number"] == "5100"
    assert row["job"]["number"] == "R-1"


async def test_an_invoice_is_there_as_soon_as_its_job_is_booked(api: Client, ledger: Receivables) -> None:
    job = ledger.job()
    made = ledger.books.invoicing.book(job.id)
    row = await row_of(api, made.id)
    assert (row["total"], row["items"], row["invoiceDate"], row["batch"]) == ("0.00", [], None, None)
    assert ledger.books.jobs[job.id].invoice_id == made.id
    with pytest.raises(ValueError, match="has invoice"):
        ledger.books.invoicing.book(job.id)


async def test_empty_lists_may_be_null(api: Client, ledger: Receivables, world: World) -> None:
    world.switches.empty_lists_are_null = True
    assert (await row_of(api, ledger.invoice().id))["items"] is None
    payment = ledger.paid("5.00")
    [row] = (await api.get("accounting/payments", ids=payment.id)).body["data"]
    assert row["appliedTo"] is None


async def test_lines_that_are_not_charged_or_not_taxed_are_left_out(api: Client, ledger: Receivables) -> None:
    made = ledger.invoice()
    items = [ledger.item("50.00"), ledger.item("30.00", taxable=False), ledger.item("7.00", chargeable=False)]
    ledger.books.invoicing.add_items(made.id, items)
    row = await row_of(api, made.id)
    # 8.25 % of 50.00 is 4.125
    assert (row["subTotal"], row["salesTax"], row["total"]) == ("80.00", "4.13", "84.13")


async def test_the_discount_total_may_repeat_the_discounts_among_the_items(
    api: Client, ledger: Receivables, world: World
) -> None:
    made = ledger.invoice("100.00", tax=Decimal("8.00"), discount=Decimal("10.00"))
    ledger.books.invoicing.add_items(made.id, [ledger.item("-5.00", type="PriceModifier")])
    row = await row_of(api, made.id)
    assert (row["subTotal"], row["discountTotal"], row["total"]) == ("95.00", "10.00", "93.00")
    world.switches.discount_total_repeats_items = True
    row = await row_of(api, made.id)
    assert (row["discountTotal"], row["total"]) == ("15.00", "93.00")


async def test_posting_locks_until_the_batch_is_opened_again(api: Client, ledger: Receivables) -> None:
    made = ledger.invoice("100.00")
    kept = batch(ledger.books, "4 May", [made.id])
    row = await row_of(api, made.id)
    assert (row["syncStatus"], row["batch"]["name"]) == ("Pending", "4 May")
    ledger.books.invoicing.add_items(made.id, [ledger.item("1.00")])
    post_batch(ledger.books, kept)
    assert (await row_of(api, made.id))["syncStatus"] == "Posted"
    with pytest.raises(ValueError, match="locked"):
        ledger.books.invoicing.add_items(made.id, [ledger.item("1.00")])
    unpost_batch(ledger.books, kept)
    assert ledger.books.invoicing.add_items(made.id, [ledger.item("1.00")]).sub_total == Decimal("102.00")
    ledger.books.invoicing.review(made.id)
    assert (await row_of(api, made.id))["reviewStatus"] == "Reviewed"


async def test_every_filter_tells_two_invoices_apart(api: Client, ledger: Receivables, world: World) -> None:
    other = ledger.invoice("10.00", posted=True)
    one = ledger.invoice("300.00")
    ledger.books.invoicing.change(
        one.id, invoice_date=date(2026, 5, 9), due_date=date(2026, 7, 1), business_unit_id=None
    )
    ledger.books.invoicing.review(one.id)
    ledger.books.invoicing.change(one.id, configuration="ProjectInvoice", assigned_to_id=7)
    kept = ledger.books.invoices[other.id].batch
    assert kept is not None
    hits: list[tuple[dict[str, Any], int]] = [
        ({"statuses": "Pending"}, one.id), ({"statuses": "Posted"}, other.id),
        ({"reviewStatuses": "Reviewed"}, one.id), ({"invoiceConfigurations": "ProjectInvoice"}, one.id),
        ({"assignedToIds": "7"}, one.id), ({"number": "R-1"}, other.id), ({"jobNumber": "R-2"}, one.id),
        ({"jobId": one.job_id}, one.id), ({"businessUnitId": world.unit.id}, other.id),
        ({"batchId": kept.id}, other.id), ({"batchNumber": kept.number}, other.id),
        ({"invoicedOnOrAfter": "2026-05-09"}, one.id), ({"invoicedOnBefore": "2026-05-09"}, other.id),
        ({"dueDateOnOrAfter": "2026-07-01"}, one.id), ({"dueDateBefore": "2026-07-01"}, other.id),
        ({"totalGreater": "300"}, one.id), ({"totalLess": "10.83"}, other.id),
        ({"balanceFilter.Balance": "100", "balanceFilter.Comparer": "Greater"}, one.id),
        ({"balanceFilter.Balance": "100", "balanceFilter.Comparer": "Less"}, other.id),
    ]  # fmt: skip
    for query, wanted in hits:
        assert await api.ids(LIST, **query) == [wanted], query
    assert set(await api.ids(LIST, customerId=ledger.customer.id)) == {one.id, other.id}
    assert await api.ids(LIST, customerId=1) == []
    assert await api.ids(LIST, orderBy="Id", orderByDirection="desc") == [one.id, other.id]
    assert await api.ids(LIST, sort="+Id") == [other.id, one.id]
    for wrong in ({"statuses": "posted"}, {"statuses": "Pending,Posted"}, {"balanceFilter.Comparer": "More"}, {
        "activeState": "Any"}, {"ids": ",".join(map(str, range(51)))}, {"orderBy": "total"}):  # fmt: skip
        assert (await api.get(LIST, **wrong)).status == 400, wrong


async def test_voided_invoices_show_where_they_are_asked_for(api: Client, ledger: Receivables, world: World) -> None:
    one, other = ledger.invoice("10.00"), ledger.invoice("20.00")
    assert ledger.books.customers[ledger.customer.id].balance == Decimal("32.48")
    ledger.books.invoicing.deactivate(one.id)
    assert ledger.books.customers[ledger.customer.id].balance == Decimal("21.65")
    assert await api.ids(LIST) == [other.id]
    assert await api.ids(LIST, activeState="InactiveOnly") == [one.id]
    assert set(await api.ids(LIST, activeState="All")) == {one.id, other.id}
    world.switches.invoices_default_active_only = False
    assert set(await api.ids(LIST)) == {one.id, other.id}


async def test_marking_exported_answers_one_by_one(api: Client, ledger: Receivables, world: World) -> None:
    world.switches.mark_exported_demands_posted = True
    posted, pending = ledger.invoice("10.00", posted=True), ledger.invoice("20.00")
    wanted = [
        {"invoiceId": posted.id, "externalId": "xero:1", "externalMessage": "ok"},
        {"invoiceId": pending.id}, {"invoiceId": 5},
    ]  # fmt: skip
    answer = await api.call("POST", MARK, json=wanted)
    assert [(one["invoiceId"], one["success"]) for one in answer.body] == [
        (posted.id, True), (pending.id, False), (5, False),
    ]  # fmt: skip
    row = await row_of(api, posted.id)
    assert (row["syncStatus"], row["exportId"]) == ("Exported", "xero:1")
    assert (await row_of(api, pending.id))["syncStatus"] == "Pending"
    for wrong in ({"invoiceId": posted.id}, [{"invoiceId": "1"}], [7], "x"):
        assert (await api.call("POST", MARK, json=wrong)).status == 400


async def test_the_external_id_of_a_mark_may_be_seen_nowhere(api: Client, ledger: Receivables, world: World) -> None:
    world.switches.external_id_becomes_export_id = False
    world.switches.mark_exported_moves_modified_on = False
    made = ledger.invoice("10.00", posted=True)
    before = (await row_of(api, made.id))["modifiedOn"]
    world.clock.advance(9)
    await api.call("POST", MARK, json=[{"invoiceId": made.id, "externalId": "xero:1"}])
    row = await row_of(api, made.id)
    assert (row["exportId"], row["modifiedOn"]) == (None, before)


async def test_posting_an_invoice_makes_an_adjustment_and_answers_its_id_alone(
    api: Client, ledger: Receivables
) -> None:
    made = ledger.invoice("100.00", posted=True)
    body = {"adjustmentToId": made.id, "items": [
        {"description": "less", "quantity": 2, "unitPrice": -10.5, "skuName": "BACK"}]}  # fmt: skip
    answer = await api.call("POST", LIST, json=body)
    assert isinstance(answer.body, int)
    assert answer.text == str(answer.body).encode()
    row = await row_of(api, answer.body)
    assert (row["adjustmentToId"], row["total"], row["referenceNumber"]) == (made.id, "-22.73", "R-1-1")
    assert await api.ids(LIST, adjustmentToId=made.id) == [answer.body]
    for wrong in ({}, {"adjustmentToId": 5}, {"adjustmentToId": made.id, "items": [{"description": "x"}]}, {
        "adjustmentToId": made.id, "reviewStatus": "reviewed"}):  # fmt: skip
        assert (await api.call("POST", LIST, json=wrong)).status == 400, wrong


async def test_changes_over_the_api_answer_nothing_and_stop_at_posting(
    api: Client, ledger: Receivables, world: World
) -> None:
    made = ledger.invoice("100.00")
    path = f"{LIST}/{made.id}"
    body = {"invoicedOn": "2026-05-05T00:00:00Z", "dueDate": "2026-05-20", "tax": 1.25, "summary": "<p>x</p>"}
    answer = await api.call("PATCH", path, json=body)
    assert (answer.status, answer.text) == (200, b"")
    row = await row_of(api, made.id)
    assert (row["invoiceDate"], row["dueDate"], row["total"]) == (
        "2026-05-05T00:00:00Z", "2026-05-20T00:00:00Z", "101.25",
    )  # fmt: skip
    post_batch(ledger.books, batch(ledger.books, "May", [made.id]))
    assert (await api.call("PATCH", path, json={"tax": 2, "exportId": "e"})).status == 400
    assert (await row_of(api, made.id))["exportId"] is None
    assert (await api.call("PATCH", path, json={"exportId": "e", "reviewStatus": "Invoiced"})).status == 200
    assert (await row_of(api, made.id))["exportId"] == "e"
    world.switches.api_edits_posted_invoices = True
    assert (await api.call("PATCH", path, json={"tax": 2})).status == 200
    assert (await row_of(api, made.id))["total"] == "102.00"
    assert (await api.call("PATCH", f"{LIST}/5", json={})).status == 400
    assert (await api.call("PATCH", path, json={"taxZoneId": 5})).status == 400


async def test_items_are_added_changed_and_removed_one_by_one(api: Client, ledger: Receivables, world: World) -> None:
    made = ledger.invoice("100.00")
    path, [item] = f"{LIST}/{made.id}/items", made.items
    world.clock.advance(5)
    assert (await api.call("PATCH", path, json={"description": "b", "quantity": 3, "id": item.id})).text == b""
    await api.call("PATCH", path, json={"description": "new", "quantity": 1, "unitPrice": 7, "skuId": 9})
    row = await row_of(api, made.id)
    assert [one["total"] for one in row["items"]] == ["300.00", "7.00"]
    assert (await api.call("DELETE", f"{path}/{item.id}")).text == b""
    row = await row_of(api, made.id)
    assert (row["subTotal"], row["salesTax"], row["balance"]) == ("7.00", "0.58", "7.58")
    assert [one["order"] for one in row["items"]] == [2]
    fed = (await api.get("accounting/export/invoice-items")).body["data"]
    assert {one["id"]: (one["active"], one["invoiceId"]) for one in fed}[item.id] == (False, made.id)
    assert (await api.call("DELETE", f"{path}/{item.id}")).status == 404
    assert (await api.call("PATCH", path, json={"description": "b", "quantity": 3, "id": item.id})).status == 400
    assert (await api.call("PATCH", path, json={"description": "b", "quantity": "3"})).status == 400


async def test_the_feeds_show_voided_invoices_and_need_their_own_scopes(
    api: Client, ledger: Receivables, world: World
) -> None:
    made = ledger.invoice("100.00")
    ledger.books.invoicing.deactivate(made.id)
    [row] = (await api.get("accounting/export/invoices")).body["data"]
    assert (row["id"], row["active"], row["total"]) == (made.id, False, "108.25")
    kept = tuple(one for one in world.company.grants["production", "cid.a"].scopes if "invoiceitems" not in one)
    world.company.change_scopes("cid.a", kept)
    api.token = (await api.ask_token()).body["access_token"]
    assert (await api.get("accounting/export/invoices")).status == 200
    assert (await api.get("accounting/export/invoice-items")).status == 403


async def test_there_is_no_read_by_id(api: Client, ledger: Receivables) -> None:
    made = ledger.invoice("100.00")
    assert (await api.get(f"{LIST}/{made.id}")).status == 404


async def test_an_exported_invoice_is_locked_unless_the_warning_is_passed_by(api: Client, ledger: Receivables) -> None:
    made = ledger.invoice("100.00", posted=True)
    ledger.books.invoicing.mark_exported(made.id)
    before = ledger.books.as_dict()
    with pytest.raises(ValueError, match="Exported and locked"):
        ledger.books.invoicing.complete(made.job_id or 0, date(2026, 5, 9))
    with pytest.raises(ValueError, match="Exported and locked"):
        ledger.books.invoicing.deactivate(made.id)
    assert ledger.books.as_dict() == before
    ledger.books.invoicing.add_items(made.id, [ledger.item("10.00")], warned=True)
    row = await row_of(api, made.id)
    assert (row["syncStatus"], row["subTotal"]) == ("Exported", "110.00")
    ledger.books.invoicing.unlock(made.id)
    ledger.books.invoicing.remove_item(made.id, made.items[0].id)
    row = await row_of(api, made.id)
    assert (row["syncStatus"], row["subTotal"]) == ("Pending", "10.00")


@pytest.mark.parametrize(
    ("kind", "day", "due"),
    [
        ("NumberOfDays", 15, "2026-05-19"),
        ("CertainDayOfCurrentMonth", 31, "2026-05-31"),
        ("CertainDayOfFollowingMonth", 31, "2026-06-30"),
    ],
)
async def test_the_term_gives_the_due_date(ledger: Receivables, kind: str, day: int, due: str) -> None:
    ledger.books.payment_terms.modify(ledger.term.id, due_day_type=kind, due_day=day)
    assert ledger.invoice("10.00").due_date == date.fromisoformat(due)


async def test_labour_and_material_can_be_taxed_apart(ledger: Receivables) -> None:
    zone = next(iter(ledger.books.tax_zones))
    rates = (
        TaxRate(name="parts", rate=Decimal("0.10"), bases=("Material",)),
        TaxRate(name="work", rate=Decimal("0.01"), bases=("Labor",)),
    )
    ledger.books.tax_zones.modify(zone.id, rates=rates)
    made = ledger.invoice("100.00")
    assert made.tax == Decimal("1.00")
    kept = ledger.books.invoicing.add_items(made.id, [ledger.item("50.00", type="Material")])
    assert kept.tax == Decimal("6.00")
    ledger.books.crm.change_customer(ledger.customer.id, tax_exempt=True)
    assert ledger.books.invoicing.add_items(made.id, [ledger.item("1.00")]).tax == 0


async def test_no_number_of_the_books_of_another_tenant_is_found(
    api: Client, ledger: Receivables, world: World
) -> None:
    made = ledger.invoice("10.00")
    world.company.add_tenant("1002", "Desert Heating")
    world.company.add_grant("ak1.demo", "1002", "cid.b", "cs1.b", ("tn.acc.invoices:r", "tn.acc.invoices:w"))
    api.token, api.tenant = (await api.ask_token(client_id="cid.b", client_secret="cs1.b")).body["access_token"], "1002"
    assert await api.ids(LIST, ids=made.id) == []
    [answer] = (await api.call("POST", MARK, json=[{"invoiceId": made.id}])).body
    assert answer["success"] is False
    assert ledger.books.invoices[made.id].sync_status == "Pending"


async def test_settlements_are_taken_for_payments_there_are(api: Client, ledger: Receivables) -> None:
    made = ledger.invoice("10.00", posted=True)
    payment = ledger.paid("5.00", {made.id: "5.00"})
    one = {"id": payment.id, "settlementStatus": "Settled", "settlementDate": "2026-05-07T00:00:00Z"}
    path = f"{LIST}/{made.id}"
    assert (await api.call("PATCH", path, json={"payments": [one]})).status == 200
    assert ledger.books.payments[payment.id].settled_on == "2026-05-07T00:00:00.0000000Z"
    for wrong in ({**one, "id": 5}, {**one, "settlementStatus": "settled"}):
        assert (await api.call("PATCH", path, json={"payments": [wrong]})).status == 400, wrong
