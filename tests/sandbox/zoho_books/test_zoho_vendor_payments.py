"""Vendor payments: what bills take, advances, refunds, refusals, what moves whose stamp, and the ledger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from zoho_world import Sandbox

pytestmark = pytest.mark.anyio


def account(sandbox: Sandbox, name: str) -> str:
    return next(one.account_id for one in sandbox.books.accounts.values() if one.account_name == name)


def balance(sandbox: Sandbox, name: str) -> Decimal:
    return sandbox.books.ledger.balance(account(sandbox, name))


def body(sandbox: Sandbox, amount: Any = 100, bills: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    vendor = sandbox.books.contacts.having("name", more.pop("vendor", "beta supplies ltd"))[0]
    through = account(sandbox, "Checking")
    given = {"vendor_id": vendor.contact_id, "amount": amount, "paid_through_account_id": through, "date": "2026-06-09"}
    return given | ({"bills": bills} if bills is not None else {}) | more


async def bill(sandbox: Sandbox, number: str = "B-1", rate: Any = 100, **more: Any) -> dict[str, Any]:
    answer = await sandbox.api("POST", "/bills", sandbox.bill(number, line_items=[sandbox.line(rate)], **more))
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.body["bill"]
    return made


async def pay(sandbox: Sandbox, *args: Any, **more: Any) -> dict[str, Any]:
    answer = await sandbox.api("POST", "/vendorpayments", body(sandbox, *args, **more))
    assert answer.status == 201, answer.body
    made: dict[str, Any] = answer.body["vendorpayment"]
    return made


def part(of: dict[str, Any], amount: Any) -> dict[str, Any]:
    return {"bill_id": of["bill_id"], "amount_applied": amount}


async def test_one_payment_of_several_bills_in_part(sandbox: Sandbox) -> None:
    one, other = await bill(sandbox, "B-1"), await bill(sandbox, "B-2", 40)
    made = await pay(
        sandbox, 90, [part(one, 50), part(other, 40)], payment_mode="Bank Transfer", reference_number="EFT-9"
    )
    assert (made["balance"], made["status"], made["offset_account_name"]) == (0, "paid", "Accounts Payable")
    assert [(each["bill_number"], each["amount_applied"], each["balance"]) for each in made["bills"]] == [
        ("B-1", 50, 50),
        ("B-2", 40, 0),
    ]
    row = (await sandbox.get("/vendorpayments")).body["vendorpayments"][0]
    assert (row["bill_numbers"], row["payment_mode"], "bills" in row) == ("B-1, B-2", "Bank Transfer", False)
    shown = (await sandbox.get(f"/bills/{one['bill_id']}")).body["bill"]
    assert (shown["status"], shown["balance"]) == ("partially_paid", 50)
    assert shown["payments"][0]["bill_payment_id"] == made["bills"][0]["bill_payment_id"]
    assert (shown["payments"][0]["payment_id"], shown["payments"][0]["is_single_bill_payment"]) == (
        made["payment_id"],
        False,
    )
    assert (await sandbox.get(f"/bills/{other['bill_id']}")).body["bill"]["status"] == "paid"
    assert balance(sandbox, "Accounts Payable") == -50
    assert balance(sandbox, "Checking") == -90


async def test_an_advance_is_applied_later(sandbox: Sandbox) -> None:
    made = await pay(sandbox, 100)
    assert (made["balance"], made["bills"], made["offset_account_name"]) == (100, [], "Prepaid Expenses")
    assert balance(sandbox, "Prepaid Expenses") == 100
    owed = await bill(sandbox, rate=70)
    assert owed["unused_credits_payable_amount"] == 100
    sandbox.clock.move(3000)
    credits = {"bill_payments": [{"payment_id": made["payment_id"], "amount_applied": 70}]}
    assert (await sandbox.api("POST", f"/bills/{owed['bill_id']}/credits", credits)).status == 201
    shown = (await sandbox.get(f"/vendorpayments/{made['payment_id']}")).body["vendorpayment"]
    assert (shown["balance"], shown["bills"][0]["apply_date"], shown["date"]) == (30, "2026-06-09", "2026-06-09")
    assert shown["last_modified_time"] == "2026-06-09T13:50:00-0400"
    assert balance(sandbox, "Prepaid Expenses") == 30
    assert balance(sandbox, "Accounts Payable") == 0
    again = await sandbox.api("POST", f"/bills/{owed['bill_id']}/credits", credits)
    assert (again.status, again.body["code"]) == (400, 2)


@pytest.mark.parametrize("bumps", [True, False])
async def test_taken_off_the_money_stays(sandbox: Sandbox, bumps: bool) -> None:
    sandbox.switches.applying_bumps_source = bumps
    owed = await bill(sandbox)
    made = await pay(sandbox, 100, [part(owed, 100)])
    sandbox.clock.move(60)
    path = f"/bills/{owed['bill_id']}/payments"
    listed = (await sandbox.get(path)).body["payments"]
    assert [(one["amount"], one["paid_through"]) for one in listed] == [(100, "Checking")]
    assert (await sandbox.api("DELETE", f"{path}/{listed[0]['bill_payment_id']}")).status == 200
    shown = (await sandbox.get(f"/vendorpayments/{made['payment_id']}")).body["vendorpayment"]
    assert (shown["balance"], shown["bills"]) == (100, [])
    assert (shown["last_modified_time"] != made["last_modified_time"]) is bumps
    assert (await sandbox.get(f"/bills/{owed['bill_id']}")).body["bill"]["status"] == "open"
    assert balance(sandbox, "Prepaid Expenses") == 100


async def test_bills_are_bumped_and_contacts_are_not(sandbox: Sandbox) -> None:
    owed = await bill(sandbox)
    contact = (await sandbox.get(f"/contacts/{owed['vendor_id']}")).body["contact"]["last_modified_time"]
    stamps = [owed["last_modified_time"]]
    sandbox.clock.move(60)
    made = await pay(sandbox, 30, [part(owed, 30)])
    path = f"/vendorpayments/{made['payment_id']}"
    for method, sent in (("PUT", {"bills": [part(owed, 20)]}), ("DELETE", None)):
        stamps.append((await sandbox.get(f"/bills/{owed['bill_id']}")).body["bill"]["last_modified_time"])
        sandbox.clock.move(60)
        assert (await sandbox.api(method, path, sent)).status == 200
    stamps.append((await sandbox.get(f"/bills/{owed['bill_id']}")).body["bill"]["last_modified_time"])
    assert len(set(stamps)) == 4
    assert stamps == sorted(stamps)
    assert (await sandbox.get(f"/contacts/{owed['vendor_id']}")).body["contact"]["last_modified_time"] == contact
    assert (await sandbox.get(path)).body["code"] == 1002
    assert balance(sandbox, "Checking") == 0


async def test_put_is_partial_and_keeps_the_parts(sandbox: Sandbox) -> None:
    one, other = await bill(sandbox, "B-1"), await bill(sandbox, "B-2")
    made = await pay(sandbox, 100, [part(one, 60)])
    path = f"/vendorpayments/{made['payment_id']}"
    renamed = (await sandbox.api("PUT", path, {"reference_number": "CHK 7"})).body["vendorpayment"]
    assert (renamed["reference_number"], renamed["bills"][0]["amount_applied"]) == ("CHK 7", 60)
    assert renamed["bills"][0]["bill_payment_id"] == made["bills"][0]["bill_payment_id"]
    moved = (await sandbox.api("PUT", path, {"bills": [part(other, 100)]})).body["vendorpayment"]
    assert ([each["bill_number"] for each in moved["bills"]], moved["balance"]) == (["B-2"], 0)
    assert (await sandbox.get(f"/bills/{one['bill_id']}")).body["bill"]["balance"] == 100
    sandbox.switches.payment_detail_as_list = True
    assert isinstance((await sandbox.api("PUT", path, {"description": "late"})).body["vendorpayment"], list)


@pytest.mark.parametrize(
    ("amount", "taken", "more", "code"),
    [
        (100, 101, {}, 1055),  # more than the payment
        (200, 150, {}, 1055),  # more than the bill
        (0, None, {}, 2),
        (100, 0, {}, 2),
        (100, None, {"paid_through_account_id": "1"}, 2),
        (100, 50, {"vendor": "gamma partners"}, 2),  # another vendor's bill
    ],
)
async def test_refused_and_nothing_changed(
    sandbox: Sandbox, amount: Any, taken: Any, more: dict[str, Any], code: int
) -> None:
    owed = await bill(sandbox)
    sent = body(sandbox, amount, None if taken is None else [part(owed, taken)], **more)
    answer = await sandbox.api("POST", "/vendorpayments", sent)
    assert (answer.status, answer.body["code"]) == (400, code)
    shown = (await sandbox.get(f"/bills/{owed['bill_id']}")).body["bill"]
    assert (shown["balance"], shown["last_modified_time"]) == (100, owed["last_modified_time"])
    assert len(sandbox.books.vendor_payments) == 0


@pytest.mark.parametrize(
    "sent",
    [{"amount": 40}, {"amount": 40, "bills": "same"}, {"date": "x", "reference_number": "N"}, {"vendor_id": "5"}],
)
async def test_a_refused_change_changes_nothing(sandbox: Sandbox, sent: dict[str, Any]) -> None:
    owed = await bill(sandbox)
    made = await pay(sandbox, 100, [part(owed, 60)])
    sandbox.clock.move(60)
    if sent.get("bills"):
        sent = sent | {"bills": [part(owed, 60)]}
    path = f"/vendorpayments/{made['payment_id']}"
    assert (await sandbox.api("PUT", path, sent)).status == 400
    assert (await sandbox.get(path)).body["vendorpayment"] == made
    again = (await sandbox.get(f"/bills/{owed['bill_id']}")).body["bill"]
    assert (again["balance"], again["last_modified_time"]) == (40, made["last_modified_time"])


async def test_paid_bills_are_neither_voided_nor_deleted(sandbox: Sandbox) -> None:
    owed = await bill(sandbox)
    await pay(sandbox, 10, [part(owed, 10)])
    path = f"/bills/{owed['bill_id']}"
    for method, where in (("POST", f"{path}/status/void"), ("DELETE", path)):
        assert (await sandbox.api(method, where)).body["code"] == 1004
    dearer = await sandbox.api("PUT", path, {"line_items": [sandbox.line(5)]})
    assert dearer.body["code"] == 1004


async def test_a_refund_uses_up_the_advance(sandbox: Sandbox) -> None:
    made = await pay(sandbox, 100)
    path = f"/vendorpayments/{made['payment_id']}"
    to = account(sandbox, "Checking")
    answer = await sandbox.api("POST", f"{path}/refunds", {"amount": 40, "to_account_id": to, "date": "2026-06-09"})
    refund = answer.body["vendorpayment_refund"]
    assert (answer.status, refund["amount"], refund["to_account_name"]) == (201, 40, "Checking")
    shown = (await sandbox.get(path)).body["vendorpayment"]
    assert (shown["balance"], shown["vendorpayment_refunds"][0]["amount_fcy"]) == (60, 40)
    assert balance(sandbox, "Checking") == -60
    assert (await sandbox.api("DELETE", path)).body["code"] == 1004
    over = await sandbox.api("POST", f"{path}/refunds", {"amount": 61, "to_account_id": to})
    assert over.body["code"] == 1055
    assert (await sandbox.api("DELETE", f"{path}/refunds/{refund['vendorpayment_refund_id']}")).status == 200
    assert (await sandbox.api("DELETE", path)).status == 200
    assert balance(sandbox, "Checking") == 0


async def test_list_filters(sandbox: Sandbox) -> None:
    owed = await bill(sandbox)
    first = await pay(sandbox, 30, [part(owed, 30)], payment_mode="Check", date="2026-06-01")
    sandbox.clock.move(100)
    second = await pay(sandbox, 80, payment_mode="Bank Transfer", reference_number="EFT-1")

    async def found(**query: Any) -> list[str]:
        answer = await sandbox.get("/vendorpayments", **query)
        return [one["payment_id"] for one in answer.body["vendorpayments"]]

    ids = [second["payment_id"], first["payment_id"]]
    assert await found() == ids  # by date, newest first
    assert await found(bill_id=owed["bill_id"]) == ids[1:]
    assert await found(filter_by="PaymentMode.BankTransfer") == ids[:1]
    assert await found(amount_less_than=50) == ids[1:]
    assert await found(reference_number="EFT-1") == ids[:1]
    assert await found(date_end="2026-06-05") == ids[1:]
    since = second["last_modified_time"]
    assert await found(last_modified_time=first["last_modified_time"]) == ids[:1]
    assert await found(last_modified_time=since) == []
    sandbox.switches.modified_since_inclusive = True
    assert await found(last_modified_time=since) == ids[:1]
    assert (await sandbox.get("/vendorpayments", amount_less_than="x")).body["code"] == 2
    assert await found(sort_column="last_modified_time", sort_order="A") == ids[::-1]  # the column is unknown: by date


async def test_bulk_delete_takes_all_or_none(sandbox: Sandbox) -> None:
    ids = [(await pay(sandbox, 10))["payment_id"] for _ in range(2)]
    assert (await sandbox.api("DELETE", "/vendorpayments", vendorpayment_id=f"{ids[0]},9")).body["code"] == 1002
    assert len(sandbox.books.vendor_payments) == 2
    assert (await sandbox.api("DELETE", "/vendorpayments", vendorpayment_id=",".join(ids))).status == 200
    assert len(sandbox.books.vendor_payments) == 0
    assert (await pay(sandbox, 10))["payment_number"] == "3"


async def test_a_foreign_payment_posts_its_gain(sandbox: Sandbox) -> None:
    sandbox.books.add_contact("Maple Paper", currency_code="CAD")
    vendor = sandbox.books.contacts.having("name", "maple paper")[0].contact_id
    owed = await bill(sandbox, vendor_id=vendor, exchange_rate=Decimal("0.75"))
    made = await pay(sandbox, 100, [part(owed, 100)], vendor="maple paper", exchange_rate=Decimal("0.73"))
    assert (made["currency_code"], made["exchange_rate"]) == ("CAD", Decimal("0.73"))
    assert balance(sandbox, "Accounts Payable") == 0
    assert balance(sandbox, "Checking") == -73
    assert balance(sandbox, "Other Expenses") == -2
    assert sum(one.amount for one in sandbox.books.ledger.postings()) == 0


async def test_scope_is_its_own(sandbox: Sandbox) -> None:
    sandbox.grant("ZohoBooks.bills.ALL")
    assert (await sandbox.get("/vendorpayments")).status == 401
    sandbox.grant("ZohoBooks.vendorpayments.READ")
    assert (await sandbox.get("/vendorpayments")).status == 200
    assert (await sandbox.api("POST", "/vendorpayments", body(sandbox))).status == 401
