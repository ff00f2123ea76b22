"""Customer payments: one on many invoices, unused money, changes, refunds, deletion."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from zoho_desk_sales import balances, customer_id, receive, sent, shown
from zoho_world import Answer, Sandbox

pytestmark = pytest.mark.anyio


async def put(sandbox: Sandbox, made: dict[str, Any], **body: Any) -> Answer:
    return await sandbox.api("PUT", f"/customerpayments/{made['payment_id']}", body)


async def test_one_payment_on_two_invoices_and_the_rest_unused(sandbox: Sandbox) -> None:
    first, second = await sent(sandbox), await sent(sandbox)
    sandbox.clock.move(60)
    answer = await receive(sandbox, 180, (first, 100), (second, 50), reference_number="1001")
    assert (answer.status, answer.body["message"]) == (201, "The payment from the customer has been recorded")
    made = answer.body["payment"]
    assert answer.headers["location"] == f"/api/v3/customerpayments/{made['payment_id']}"
    assert (made["unused_amount"], made["payment_number"], made["account_name"]) == (30, "1", "Undeposited Funds")
    assert [(one["amount_applied"], one["balance"]) for one in made["invoices"]] == [(100, 0), (50, 50)]
    now = await shown(sandbox, first)
    assert (now["status"], now["payment_made"], now["last_payment_date"]) == ("paid", 100, "2026-06-09")
    assert now["last_modified_time"] > first["last_modified_time"]
    assert (await shown(sandbox, second))["status"] == "partially_paid"
    assert balances(sandbox) == {"Accounts Receivable": 20, "Sales": -200, "Undeposited Funds": 180}
    contact = (await sandbox.get(f"/contacts/{customer_id(sandbox)}")).body["contact"]
    assert (contact["outstanding_receivable_amount"], contact["unused_credits_receivable_amount"]) == (50, 30)
    [row] = (await sandbox.get(f"/invoices/{first['invoice_id']}/payments")).body["payments"]
    assert (row["amount"], row["is_single_invoice_payment"]) == (100, False)


async def test_a_change_applies_later_and_takes_off(sandbox: Sandbox) -> None:
    first, second = await sent(sandbox), await sent(sandbox)
    made = (await receive(sandbox, 100, (first, 60))).body["payment"]
    part = made["invoices"][0]
    sandbox.clock.move(60)
    both = [
        {"invoice_payment_id": part["invoice_payment_id"], "invoice_id": first["invoice_id"], "amount_applied": 60},
        {"invoice_id": second["invoice_id"], "amount_applied": 40},
    ]
    changed = (await put(sandbox, made, invoices=both)).body["payment"]
    assert changed["unused_amount"] == 0
    assert changed["invoices"][0]["invoice_payment_id"] == part["invoice_payment_id"]
    assert changed["updated_time"] > made["updated_time"]
    assert (await shown(sandbox, second))["balance"] == 60
    unnamed = (await put(sandbox, made, description="d", reference_number="77")).body["payment"]
    assert (unnamed["invoices"], unnamed["reference_number"]) == (changed["invoices"], "77")
    taken = (await put(sandbox, made, invoices=both[1:])).body["payment"]
    assert (taken["unused_amount"], len(taken["invoices"])) == (60, 1)
    assert (await shown(sandbox, first))["status"] == "sent"
    assert (await put(sandbox, made, amount=30)).body["code"] == 1055
    assert (await put(sandbox, made, amount=40)).body["payment"]["unused_amount"] == 0
    assert (await put(sandbox, made, invoices=[both[1], both[1]])).body["code"] == 2
    assert (await put(sandbox, made, customer_id="1")).body["code"] == 2
    wrong = [{"invoice_payment_id": "1", "invoice_id": second["invoice_id"], "amount_applied": 1}]
    assert (await put(sandbox, made, invoices=wrong)).body["code"] == 2
    assert (await shown(sandbox, second))["balance"] == 60


async def test_refused(sandbox: Sandbox) -> None:
    made = await sent(sandbox)
    draft = (await sandbox.get("/invoices")).body["invoices"][0]
    await sandbox.api("POST", f"/invoices/{draft['invoice_id']}/status/void")
    other = sandbox.books.add_contact("Other", "customer").contact_id
    owed = await sent(sandbox)
    for amount, parts, more, code in (
        (0, (), {}, 2),
        (10, (), {"payment_mode": ""}, 2),
        (10, (), {"customer_id": "1"}, 2),
        (10, (), {"account_id": "1"}, 2),
        (10, (), {"account_id": sandbox.books.accounts_receivable.account_id}, 2),
        (10, (), {"bank_charges": 11}, 2),
        (10, (({"invoice_id": "1"}, 10),), {}, 2),
        (10, ((made, 10),), {}, 1050),
        (10, ((owed, 11),), {}, 1055),
        (200, ((owed, 101),), {}, 1055),
        (10, ((owed, 0),), {}, 2),
        (10, ((owed, 10),), {"customer_id": other}, 2),
    ):
        assert (await receive(sandbox, amount, *parts, **more)).body["code"] == code, (amount, more)
    assert len(sandbox.books.customer_payments) == 0
    assert (await shown(sandbox, owed))["balance"] == 100


async def test_a_draft_is_paid_only_by_switch(sandbox: Sandbox) -> None:
    made = await sent(sandbox)
    path = f"/invoices/{made['invoice_id']}"
    await sandbox.api("POST", f"{path}/status/void")
    await sandbox.api("POST", f"{path}/status/draft")
    assert (await receive(sandbox, 10, (made, 10))).body["code"] == 1050
    sandbox.switches.draft_invoice_payable = True
    assert (await receive(sandbox, 10, (made, 10))).status == 201
    assert (await shown(sandbox, made))["status"] == "partially_paid"


async def test_deleted_for_good_and_its_invoice_is_owed_again(sandbox: Sandbox) -> None:
    owed = await sent(sandbox)
    made = (await receive(sandbox, 100, (owed, 100))).body["payment"]
    path = f"/customerpayments/{made['payment_id']}"
    assert (await sandbox.api("POST", f"{path}/status/void")).status == 404, "there is no void"
    assert (await sandbox.api("DELETE", path)).body["message"] == "The payment has been deleted."
    assert (await sandbox.get(path)).body["code"] == 1002
    assert (await shown(sandbox, owed))["balance"] == 100
    assert balances(sandbox) == {"Accounts Receivable": 100, "Sales": -100}


async def test_several_are_deleted_together_or_none(sandbox: Sandbox) -> None:
    made = [(await receive(sandbox, 10)).body["payment"]["payment_id"] for _ in range(2)]
    ids = ",".join(made)
    assert (await sandbox.api("DELETE", "/customerpayments", payment_ids=ids)).body["code"] == 2
    assert (await sandbox.api("DELETE", "/customerpayments", payment_ids=f"{ids},1", bulk_delete="true")).status == 404
    assert len(sandbox.books.customer_payments) == 2
    assert (await sandbox.api("DELETE", "/customerpayments", payment_ids=ids, bulk_delete="true")).status == 200
    assert len(sandbox.books.customer_payments) == 0


async def test_unused_money_is_applied_from_the_invoices_side(sandbox: Sandbox) -> None:
    owed = await sent(sandbox)
    made = (await receive(sandbox, 60)).body["payment"]
    path = f"/invoices/{owed['invoice_id']}"
    sandbox.clock.move(60)
    use = {"invoice_payments": [{"payment_id": made["payment_id"], "amount_applied": 61}]}
    assert (await sandbox.api("POST", f"{path}/credits", use)).body["code"] == 1055
    use["invoice_payments"][0]["amount_applied"] = 20
    assert (await sandbox.api("POST", f"{path}/credits", use)).status == 200
    use["invoice_payments"][0]["amount_applied"] = 40
    assert (await sandbox.api("POST", f"{path}/credits", use)).status == 200
    [row] = (await sandbox.get(f"{path}/payments")).body["payments"]
    found = (await sandbox.get(f"/customerpayments/{made['payment_id']}")).body["payment"]
    assert (found["unused_amount"], row["amount"]) == (0, 60)
    assert found["updated_time"] > made["updated_time"]
    assert (await sandbox.api("DELETE", f"{path}/payments/{row['invoice_payment_id']}")).status == 200
    assert (await sandbox.api("DELETE", f"{path}/payments/{row['invoice_payment_id']}")).status == 404
    assert (await shown(sandbox, owed))["balance"] == 100


async def test_refunds(sandbox: Sandbox) -> None:
    owed = await sent(sandbox)
    made = (await receive(sandbox, 100, (owed, 40))).body["payment"]
    path = f"/customerpayments/{made['payment_id']}"
    bank = next(one for one in sandbox.books.accounts.values() if one.account_name == "Checking").account_id
    body = {"date": "2026-06-09", "amount": 61, "from_account_id": bank, "refund_mode": "Check"}
    assert (await sandbox.api("POST", f"{path}/refunds", body)).body["code"] == 1055
    answer = await sandbox.api("POST", f"{path}/refunds", body | {"amount": 25, "reference_number": "R-1"})
    [refund] = answer.body["payment_refunds"]
    assert (answer.status, refund["amount"], refund["from_account_name"]) == (200, 25, "Checking")
    listed = (await sandbox.get(f"{path}/refunds")).body
    assert [(one["amount_fcy"], one["reference_number"]) for one in listed["payment_refunds"]] == [(25, "R-1")]
    assert listed["page_context"]["has_more_page"] is False
    found = (await sandbox.get(path)).body["payment"]
    assert (found["unused_amount"], len(found["payment_refunds"])) == (35, 1)
    assert balances(sandbox) == {
        "Accounts Receivable": 25, "Checking": -25, "Sales": -100, "Undeposited Funds": 100,
    }  # fmt: skip
    assert (await sandbox.api("DELETE", path)).body["code"] == 1004
    one = f"{path}/refunds/{refund['payment_refund_id']}"
    assert (await sandbox.get(one)).body["payment_refunds"][0]["refund_mode"] == "Check"
    assert (await sandbox.api("DELETE", one)).status == 200
    assert (await sandbox.get(one)).status == 404
    assert (await sandbox.api("DELETE", path)).status == 200


async def test_the_list_is_by_date_and_has_no_filter_by_change(sandbox: Sandbox) -> None:
    owed = await sent(sandbox)
    await receive(sandbox, 10, (owed, 10), reference_number="a", description="first")
    sandbox.clock.move(60)
    await receive(sandbox, 20, date="2026-05-01", payment_mode="Bank Transfer", reference_number="b")

    async def found(**query: Any) -> list[str]:
        answer = await sandbox.get("/customerpayments", **query)
        return [row["reference_number"] for row in answer.body["customerpayments"]]

    assert await found() == ["a", "b"], "one dated back lands deep"
    assert await found(last_modified_time="nonsense") == ["a", "b"]
    assert await found(filter_by="PaymentMode.BankTransfer") == ["b"]
    assert await found(amount_greater_than=15) == ["b"]
    assert await found(reference_number="a") == ["a"]
    assert await found(search_text="FIRST") == ["a"]
    assert await found(customer_id="1") == []
    rows = (await sandbox.get("/customerpayments", per_page=1)).body
    assert rows["customerpayments"][0]["invoice_numbers"] == owed["invoice_number"]
    assert (rows["page_context"]["has_more_page"], rows["page_context"]["applied_filter"]) == (True, "PaymentMode.All")


async def test_customer_payments_upsert(sandbox: Sandbox) -> None:
    sandbox.books.add_unique_field("customerpayment", "ST Id")
    sandbox.extra = {"X-Unique-Identifier-Key": "cf_st_id", "X-Unique-Identifier-Value": "7", "X-Upsert": "true"}
    body = {"customer_id": customer_id(sandbox), "payment_mode": "Cash", "amount": 5, "date": "2026-06-09"}
    first = await sandbox.api("PUT", "/customerpayments", body)
    second = await sandbox.api("PUT", "/customerpayments", {"amount": 6})
    assert first.body["payment"]["payment_id"] == second.body["payment"]["payment_id"]
    assert (second.body["payment"]["amount"], second.body["payment"]["custom_field_hash"]) == (6, {"cf_st_id": "7"})


async def test_a_foreign_payment_brings_gain_or_loss(sandbox: Sandbox) -> None:
    euro = sandbox.books.add_contact("Euro Firm", "customer", currency_code="EUR").contact_id
    owed = await sent(sandbox, customer_id=euro, exchange_rate="1.10")
    made = await receive(sandbox, 100, (owed, 100), customer_id=euro, exchange_rate="1.20", bank_charges=5)
    assert (made.body["payment"]["bank_charges"], made.body["payment"]["currency_code"]) == (5, "EUR")
    assert balances(sandbox) == {
        "Bank Fees and Charges": 6, "Other Expenses": -10, "Sales": -110, "Undeposited Funds": 114,
    }  # fmt: skip
    assert sandbox.books.receivable_from(euro) == 0
    await sandbox.api("PUT", f"/invoices/{owed['invoice_id']}", {"exchange_rate": "1.20"})
    assert balances(sandbox)["Sales"] == Decimal("-120.00")
    assert sandbox.books.receivable_from(euro) == 0
    assert "Other Expenses" not in balances(sandbox)
