"""Invoices: drafts, statuses, numbers, lines by item or account, tax, changes, locks, lists."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from zoho_desk_sales import balances, customer_id, invoice_body, item_id, post_invoice, receive, sent, shown
from zoho_world import Sandbox

pytestmark = pytest.mark.anyio


async def test_an_invoice_is_a_draft_with_the_items_facts_and_the_next_number(sandbox: Sandbox) -> None:
    item = item_id(sandbox, description="An hour", unit="h")
    answer = await sandbox.api(
        "POST", "/invoices", {"customer_id": customer_id(sandbox), "line_items": [{"item_id": item, "quantity": 2}]}
    )
    assert (answer.status, answer.body["message"]) == (201, "The invoice has been created.")
    invoice = answer.body["invoice"]
    assert answer.headers["location"] == f"/api/v3/invoices/{invoice['invoice_id']}"
    assert (invoice["status"], invoice["invoice_number"], invoice["total"]) == ("draft", "INV-000001", 190)
    [line] = invoice["line_items"]
    assert (line["name"], line["description"], line["unit"], line["rate"]) == ("Service call", "An hour", "h", 95)
    assert line["account_name"] == "Sales"
    assert balances(sandbox) == {}, "a draft is not in the ledger"


async def test_sent_overdue_paid_void_and_back(sandbox: Sandbox) -> None:
    made = await sent(sandbox, due_date="2026-06-20")
    path = f"/invoices/{made['invoice_id']}"
    assert balances(sandbox) == {"Accounts Receivable": 100, "Sales": -100}
    assert (await shown(sandbox, made))["status"] == "sent"
    assert not (await shown(sandbox, made))["is_emailed"]
    assert (await sandbox.api("POST", f"{path}/status/sent")).body["code"] == 1050
    sandbox.switches.same_status_refused = False
    assert (await sandbox.api("POST", f"{path}/status/sent")).status == 200
    paid = await receive(sandbox, 30, (made, 30))
    assert (await shown(sandbox, made))["status"] == "partially_paid"
    sandbox.clock.move(12 * 86400)
    sandbox.grant()
    assert (await shown(sandbox, made))["status"] == "overdue"
    assert (await sandbox.api("DELETE", path)).body["code"] == 1004
    voided = await sandbox.api("POST", f"{path}/status/void")
    assert voided.body["message"] == "Invoice status has been changed to Void."
    now = await shown(sandbox, made)
    assert (now["status"], now["balance"], now["payment_made"]) == ("void", 0, 0)
    payment = (await sandbox.get(f"/customerpayments/{paid.body['payment']['payment_id']}")).body["payment"]
    assert (payment["unused_amount"], payment["invoices"]) == (30, [])
    assert balances(sandbox) == {"Accounts Receivable": -30, "Undeposited Funds": 30}
    assert (await sandbox.api("PUT", path, {"notes": "x"})).body["code"] == 1050
    assert (await sandbox.api("POST", f"{path}/status/draft")).status == 200
    assert (await shown(sandbox, made))["status"] == "draft"
    assert (await sandbox.api("POST", f"{path}/status/draft")).status == 200
    assert (await sandbox.api("DELETE", path)).body["message"] == "The invoice has been deleted."
    gone = await sandbox.get(path)
    assert (gone.status, gone.body["code"]) == (404, 1002)


async def test_numbers_are_once_and_count_only_with_the_flag(sandbox: Sandbox) -> None:
    made = await post_invoice(sandbox, "ST-100")
    assert made.body["invoice"]["invoice_number"] == "ST-100"
    again = await post_invoice(sandbox, "ST-100")
    assert (again.status, again.body["code"]) == (400, 1001)
    unasked = invoice_body(sandbox, invoice_number="ST-101")
    assert (await sandbox.api("POST", "/invoices", unasked)).body["invoice"]["invoice_number"] == "INV-000001"
    sandbox.switches.number_without_flag = "refused"
    assert (await sandbox.api("POST", "/invoices", unasked)).body["code"] == 2
    sandbox.switches.number_without_flag = "taken"
    assert (await sandbox.api("POST", "/invoices", unasked)).body["invoice"]["invoice_number"] == "ST-101"
    await post_invoice(sandbox, "INV-000002")
    assert (await post_invoice(sandbox)).body["invoice"]["invoice_number"] == "INV-000003", "a taken one is passed over"
    body = invoice_body(sandbox)
    assert (await sandbox.api("POST", "/invoices", body, ignore_auto_number_generation="true")).body["code"] == 2
    sandbox.switches.numbers_generated = False
    assert (await post_invoice(sandbox)).body["code"] == 2


async def test_a_void_number_stays_taken_unless_the_switch_says(sandbox: Sandbox) -> None:
    made = (await post_invoice(sandbox, "ST-1")).body["invoice"]
    path = f"/invoices/{made['invoice_id']}"
    await sandbox.api("POST", f"{path}/status/void")
    assert (await post_invoice(sandbox, "ST-1")).body["code"] == 1001
    sandbox.switches.void_frees_sales_number = True
    assert (await post_invoice(sandbox, "ST-1")).status == 201
    assert (await sandbox.api("POST", f"{path}/status/draft")).body["code"] == 1001


async def test_a_line_names_an_item_or_by_switch_an_account(sandbox: Sandbox) -> None:
    income = sandbox.books.add_account("Service Income", "income")
    plain = {"account_id": income.account_id, "name": "Labor", "rate": 10}
    assert (await post_invoice(sandbox, line_items=[plain])).body["code"] == 2
    both = (await post_invoice(sandbox, line_items=[{**plain, "item_id": item_id(sandbox)}])).body["invoice"]
    assert both["line_items"][0]["account_name"] == "Sales", "an account is no field of the request's line"
    sandbox.switches.invoice_lines = "account"
    made = (await post_invoice(sandbox, line_items=[plain, {"name": "Other", "rate": 1}])).body["invoice"]
    assert [line["account_name"] for line in made["line_items"]] == ["Service Income", "Sales"]
    bought = sandbox.books.add_item("Filter", sandbox.line()["account_id"], item_type="purchases")
    assert (await post_invoice(sandbox, line_items=[{"item_id": bought.item_id}])).body["code"] == 2
    receivable = {"account_id": sandbox.books.accounts_receivable.account_id, "rate": 1}
    assert (await post_invoice(sandbox, line_items=[receivable])).body["code"] == 2


@pytest.mark.parametrize(
    ("more", "code"),
    [({"customer_id": ""}, 2), ({"customer_id": "1"}, 2), ({"line_items": []}, 4016), ({"date": "9 June"}, 2),
     ({"due_date": "2026-06-01"}, 2), ({"line_items": [{"item_id": "1"}]}, 2), ({"exchange_rate": 2}, 0),
     ({"reference_number": "x" * 101}, 15), ({"adjustment": -101}, 1054), ({"location_id": "1"}, 110817)],
)  # fmt: skip
async def test_refused(sandbox: Sandbox, more: dict[str, Any], code: int) -> None:
    assert (await post_invoice(sandbox, **more)).body["code"] == code
    assert len(sandbox.books.invoices) == (0 if code else 1)


async def test_a_vendor_an_inactive_customer_or_item_is_refused(sandbox: Sandbox) -> None:
    vendor = sandbox.books.contacts.having("name", "beta supplies ltd")[0].contact_id
    assert (await post_invoice(sandbox, customer_id=vendor)).body["code"] == 2
    await sandbox.api("POST", f"/items/{item_id(sandbox)}/inactive")
    assert (await post_invoice(sandbox)).body["code"] == 1049
    await sandbox.api("POST", f"/items/{item_id(sandbox)}/active")
    await sandbox.api("POST", f"/contacts/{customer_id(sandbox)}/inactive")
    assert (await post_invoice(sandbox)).body["code"] == 1049


async def test_a_change_is_partial_and_its_lines_are_whole(sandbox: Sandbox) -> None:
    lines = [{"item_id": item_id(sandbox), "rate": 100}, {"item_id": item_id(sandbox), "rate": 50, "description": "b"}]
    made = await sent(sandbox, "ST-1", line_items=lines, reference_number="loc-1", notes="n")
    path = f"/invoices/{made['invoice_id']}"
    sandbox.clock.move(60)
    changed = (await sandbox.api("PUT", path, {"reference_number": "loc-2"})).body["invoice"]
    assert (changed["reference_number"], changed["notes"], changed["status"]) == ("loc-2", "n", "sent")
    assert [one["line_item_id"] for one in changed["line_items"]] == [one["line_item_id"] for one in made["line_items"]]
    assert changed["last_modified_time"] > made["last_modified_time"]
    second = changed["line_items"][1]["line_item_id"]
    kept = {"line_item_id": second, "item_id": item_id(sandbox), "rate": 60}
    changed = (await sandbox.api("PUT", path, {"line_items": [kept, {"item_id": item_id(sandbox)}]})).body["invoice"]
    assert (changed["total"], changed["line_items"][0]["line_item_id"]) == (155, second)
    assert changed["line_items"][0]["description"] == "", "what a kept line does not name is gone"
    assert changed["invoice_number"] == "ST-1"
    foreign = [{"line_item_id": "1", "item_id": item_id(sandbox)}]
    assert (await sandbox.api("PUT", path, {"line_items": foreign})).body["code"] == 2
    await receive(sandbox, 150, (made, 150))
    assert (await sandbox.api("PUT", path, {"line_items": [kept]})).body["code"] == 1004
    other = sandbox.books.add_contact("Other", "customer").contact_id
    assert (await sandbox.api("PUT", path, {"customer_id": other})).body["code"] == 1004
    assert (await shown(sandbox, made))["balance"] == 5
    flag = {"ignore_auto_number_generation": "true"}
    assert (await sandbox.api("PUT", path, {"invoice_number": "ST-2"}, **flag)).body["invoice"][
        "invoice_number"
    ] == "ST-2"
    renamed = await sandbox.api("PUT", path, {"invoice_number": "ST-3"})
    assert renamed.body["invoice"]["invoice_number"] == "ST-2"


async def test_the_customer_of_an_unpaid_invoice_may_be_changed(sandbox: Sandbox) -> None:
    made = await sent(sandbox)
    other = sandbox.books.add_contact("Other", "customer", currency_code="EUR").contact_id
    changed = await sandbox.api(
        "PUT", f"/invoices/{made['invoice_id']}", {"customer_id": other, "exchange_rate": "1.1"}
    )
    assert changed.body["invoice"]["currency_code"] == "EUR"
    assert sandbox.books.receivable_from(other) == Decimal("110.00")
    assert sandbox.books.receivable_from(customer_id(sandbox)) == 0


async def test_tax_is_rounded_once_per_tax_and_goes_to_the_tax_account(sandbox: Sandbox) -> None:
    books = sandbox.books
    state, county = books.add_tax("State", "6.25"), books.add_tax("County", "1.005")
    group = books.add_tax_group("Franklin", [state, county])
    line = {"item_id": item_id(sandbox), "rate": "33.33", "tax_id": group.tax_group_id}
    made = await sent(sandbox, line_items=[line, line, line])
    now = await shown(sandbox, made)
    assert (now["tax_total"], now["total"]) == (Decimal("7.25"), Decimal("107.24"))
    assert {row["tax_name"]: row["tax_amount"] for row in now["taxes"]} == {"State": Decimal("6.25"), "County": 1}
    assert balances(sandbox)["Tax Payable"] == Decimal("-7.25")
    books.profile.tax_rounding = "item_level"
    other = (await post_invoice(sandbox, line_items=[line, line, line])).body["invoice"]
    assert other["tax_total"] == Decimal("7.23")
    inclusive = (await post_invoice(sandbox, is_inclusive_tax=True, line_items=[line])).body["invoice"]
    assert inclusive["total"] == Decimal("33.33")
    assert (await sandbox.api("DELETE", f"/settings/taxes/{state.tax_id}")).body["code"] == 36


async def test_an_items_tax_counts_unless_the_line_says(sandbox: Sandbox) -> None:
    tax = sandbox.books.add_tax("County", 10)
    item = item_id(sandbox, "Taxed", tax_id=tax.tax_id)
    taxed = (await post_invoice(sandbox, line_items=[{"item_id": item}])).body["invoice"]
    assert taxed["tax_total"] == Decimal("9.5")
    free = (await post_invoice(sandbox, line_items=[{"item_id": item, "tax_id": ""}])).body["invoice"]
    assert free["tax_total"] == 0


async def test_locked_sales_do_not_lock_purchases(sandbox: Sandbox) -> None:
    made = await sent(sandbox)
    sandbox.books.lock_transactions(date(2026, 6, 9), "sales", "closed")
    assert (await post_invoice(sandbox)).body["code"] == 1048
    for method, path, body in (
        ("PUT", f"/invoices/{made['invoice_id']}", {"notes": "x"}),
        ("POST", f"/invoices/{made['invoice_id']}/status/void", None),
        ("DELETE", f"/invoices/{made['invoice_id']}", None),
    ):
        assert (await sandbox.api(method, path, body)).body["code"] == 1048
    assert (await receive(sandbox, 1)).body["code"] == 1048
    assert (await sandbox.api("POST", "/bills", sandbox.bill())).status == 201
    assert (await post_invoice(sandbox, date="2026-06-10")).status == 201
    rows = (await sandbox.get("/transactionlocks")).body["transaction_locks"]
    assert [row["transaction_lock_module"] for row in rows] == ["sales"]


async def test_the_list(sandbox: Sandbox) -> None:
    first = await sent(sandbox, "A-1", due_date="2026-06-30", reference_number="r1")
    sandbox.clock.move(60)
    second = (await post_invoice(sandbox, "A-2", date="2026-06-01")).body["invoice"]

    async def numbers(**query: Any) -> list[str]:
        answer = await sandbox.get("/invoices", **query)
        return [row["invoice_number"] for row in answer.body["invoices"]]

    assert await numbers() == ["A-2", "A-1"]
    assert await numbers(sort_order="A") == ["A-1", "A-2"]
    assert await numbers(status="draft") == ["A-2"]
    assert await numbers(filter_by="Status.Unpaid") == ["A-1"]
    assert await numbers(reference_number="r1") == ["A-1"]
    assert await numbers(invoice_number_contains="-2") == ["A-2"]
    assert await numbers(date_before="2026-06-05") == ["A-2"]
    assert await numbers(item_id="1") == []
    assert await numbers(status_of="draft", customer="1") == ["A-2", "A-1"], "unknown parameters are ignored"
    sandbox.clock.move(60)
    await receive(sandbox, 10, (first, 10))
    since = second["last_modified_time"]
    assert await numbers(last_modified_time=since) == ["A-1"], "a payment moves the stamp of its invoice"
    assert (await sandbox.get("/invoices", last_modified_time="today")).body["code"] == 2
    page = (await sandbox.get("/invoices", per_page=1)).body
    assert (len(page["invoices"]), page["page_context"]["has_more_page"]) == (1, True)
    assert "line_items" not in page["invoices"][0]
    counted = (await sandbox.get("/invoices", response_option=2)).body
    assert (counted["page_context"]["total"], "invoices" in counted) == (2, False)


async def test_invoices_upsert(sandbox: Sandbox) -> None:
    sandbox.books.add_unique_field("invoice", "ST Id")
    sandbox.extra = {"X-Unique-Identifier-Key": "cf_st_id", "X-Unique-Identifier-Value": "7"}
    assert (await sandbox.api("PUT", "/invoices", invoice_body(sandbox))).body["code"] == 1002
    sandbox.extra["X-Upsert"] = "true"
    flag = {"ignore_auto_number_generation": "true"}
    first = await sandbox.api("PUT", "/invoices", invoice_body(sandbox, invoice_number="ST-7"), **flag)
    second = await sandbox.api("PUT", "/invoices", {"notes": "again"}, **flag)
    assert first.body["invoice"]["invoice_id"] == second.body["invoice"]["invoice_id"]
    assert second.body["invoice"]["custom_field_hash"] == {"cf_st_id": "7"}
    assert (second.body["invoice"]["notes"], second.body["invoice"]["invoice_number"]) == ("again", "ST-7")
    sandbox.extra = {}
    body = invoice_body(sandbox, custom_fields=[{"api_name": "cf_st_id", "value": "7"}])
    assert (await sandbox.api("POST", "/invoices", body)).body["code"] == 1051
    path = f"/invoice/{first.body['invoice']['invoice_id']}/customfields"
    await sandbox.api("PUT", path, [{"api_name": "cf_st_id", "value": "8"}])
    assert (await sandbox.api("POST", "/invoices", body)).status == 201
    assert (await sandbox.api("PUT", path, ["x"])).body["code"] == 2


async def test_sending_by_mail_is_noted(sandbox: Sandbox) -> None:
    answer = await sandbox.api("POST", "/invoices", invoice_body(sandbox), send="true")
    assert (answer.body["invoice"]["status"], answer.body["invoice"]["is_emailed"]) == ("sent", True)


async def test_a_project_of_the_customer_stands_on_a_line(sandbox: Sandbox) -> None:
    acme = sandbox.books.contacts.having("name", "acme corp")[0]
    other = sandbox.books.add_contact("Other", "customer")
    mine, foreign = sandbox.books.add_project("Audit", acme), sandbox.books.add_project("Move", other)
    line = {"item_id": item_id(sandbox), "project_id": mine.project_id}
    made = (await post_invoice(sandbox, line_items=[line])).body["invoice"]
    assert made["line_items"][0]["project_id"] == mine.project_id
    assert (await post_invoice(sandbox, line_items=[line | {"project_id": foreign.project_id}])).body["code"] == 2
