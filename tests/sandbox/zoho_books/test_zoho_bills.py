"""Bills: arithmetic, validation, life cycle, upsert, ledger."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from zoho_world import Answer, Sandbox

pytestmark = pytest.mark.anyio


async def post(sandbox: Sandbox, number: str = "B-1", **more: Any) -> Answer:
    return await sandbox.api("POST", "/bills", sandbox.bill(number, **more))


async def test_posted_open_and_in_the_ledger(sandbox: Sandbox) -> None:
    answer = await post(sandbox, line_items=[sandbox.line(Decimal("33.335"), 3)], adjustment=Decimal("-0.01"))
    bill = answer.body["bill"]
    assert answer.status == 201
    assert answer.headers["location"] == f"/api/v3/bills/{bill['bill_id']}"
    assert (bill["status"], bill["total"], bill["balance"]) == ("open", 100, 100)
    assert bill["line_items"][0]["item_total"] == Decimal("100.01")
    assert bill["created_time"] == "2026-06-09T13:00:00-0400"
    assert len(bill["bill_id"]) == 18
    assert sandbox.books.ledger.balance(sandbox.books.accounts_payable.account_id) == -100
    assert sum(one.amount for one in sandbox.books.ledger.postings()) == 0


@pytest.mark.parametrize(
    ("rounding", "inclusive", "total", "tax"),
    [
        ("entity_level", False, "33.23", "2.33"),  # 3 x 10.30 at 7.55 %: 2.33295 rounded once
        ("item_level", False, "33.24", "2.34"),  # 0.77765 rounded up on each of three lines
        ("entity_level", True, "30.90", "2.17"),
    ],
)
async def test_tax_rounding(sandbox: Sandbox, rounding: str, inclusive: bool, total: str, tax: str) -> None:
    sandbox.books.profile.tax_rounding = rounding
    known = sandbox.books.add_tax("County", "7.55")
    lines = [sandbox.line(Decimal("10.30"), tax_id=known.tax_id) for _ in range(3)]
    bill = (await post(sandbox, line_items=lines, is_inclusive_tax=inclusive)).body["bill"]
    assert (Decimal(bill["total"]), Decimal(bill["tax_total"])) == (Decimal(total), Decimal(tax))
    assert bill["sub_total"] + bill["tax_total"] == bill["total"]
    assert -sandbox.books.ledger.balance(sandbox.books.accounts_payable.account_id) == Decimal(total)


async def test_recoverable_tax_and_groups(sandbox: Sandbox) -> None:
    books = sandbox.books
    group = books.add_tax_group(
        "Both", [books.add_tax("A", 10, recoverable=True), books.add_tax("B", 10, tax_type="compound_tax")]
    )
    bill = (await post(sandbox, line_items=[sandbox.line(100, tax_id=group.tax_group_id)])).body["bill"]
    assert [one["tax_amount"] for one in bill["taxes"]] == [10, 11]
    assert bill["total"] == 121
    assert books.ledger.balance(books.input_tax.account_id) == 10


async def test_discounts(sandbox: Sandbox) -> None:
    tax = sandbox.books.add_tax("T", 10)
    lines = [sandbox.line(60, tax_id=tax.tax_id), sandbox.line(40)]
    share = (await post(sandbox, "D-1", line_items=lines, discount="10%")).body["bill"]
    assert (share["discount_total"], share["tax_total"], share["total"]) == (
        10,
        Decimal("5.4"),
        Decimal("95.4"),
    )
    lines[0]["discount"] = "50%"
    by_line = await post(sandbox, "D-2", line_items=lines, discount_type="item_level")
    assert by_line.body["bill"]["sub_total"] == 70


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"vendor_id": "1"}, 2),
        ({"vendor_id": ""}, 2),
        ({"bill_number": " "}, 2),
        ({"bill_number": "x" * 101}, 15),
        ({"date": "09/06/2026"}, 2),
        ({"due_date": "2026-06-01"}, 2),
        ({"line_items": []}, 4016),
        ({"line_items": [{"account_id": "1", "rate": 1}]}, 2),
        ({"line_items": [{"rate": 1}]}, 2),
        ({"currency_id": "1"}, 2),
        ({"adjustment": -200}, 1054),
        ({"tags": [{"tag_id": "1", "tag_option_id": "2"}]}, 2),
        ({"custom_fields": [{"api_name": "cf_none", "value": "1"}]}, 2),
        ({"location_id": "1"}, 110817),
    ],
)
async def test_refused(sandbox: Sandbox, change: dict[str, Any], code: int) -> None:
    answer = await post(sandbox, **change)
    assert (answer.status, answer.body["code"]) == (400, code)
    assert len(sandbox.books.bills) == 0


@pytest.mark.parametrize(("name", "code"), [("Old Account", 1049), ("Checking", 2), ("Accounts Payable", 2)])
async def test_unpostable_accounts(sandbox: Sandbox, name: str, code: int) -> None:
    account = next(one for one in sandbox.books.accounts.values() if one.account_name == name)
    answer = await post(sandbox, line_items=[{"account_id": account.account_id, "rate": 1}])
    assert answer.body["code"] == code


@pytest.mark.parametrize(
    "item",
    [{"rate": "NaN"}, {"quantity": 0}, {"tax_id": "9"}, {"is_billable": True}, {"project_id": "5"},
     {"description": "x" * 2001}, {"line_item_id": "7"}],
)  # fmt: skip
async def test_bad_lines(sandbox: Sandbox, item: dict[str, Any]) -> None:
    answer = await post(sandbox, line_items=[sandbox.line() | item])
    assert (answer.status, answer.body["code"]) == (400, 15 if "description" in item else 2)


async def test_vendor_must_be_an_active_vendor(sandbox: Sandbox) -> None:
    customer = next(one for one in sandbox.books.contacts if one.contact_type == "customer")
    assert (await post(sandbox, vendor_id=customer.contact_id)).body["code"] == 2
    vendor = sandbox.books.add_contact("Sleeping", active=False)
    assert (await post(sandbox, vendor_id=vendor.contact_id)).body["code"] == 1049


async def test_number_is_unique_per_vendor_and_fiscal_year(sandbox: Sandbox) -> None:
    sandbox.books.profile.fiscal_year_start = 4
    assert (await post(sandbox)).status == 201
    assert (await post(sandbox)).body["code"] == 13011
    assert (await post(sandbox, date="2026-03-31")).status == 201
    other = next(one for one in sandbox.books.contacts if one.contact_name == "Gamma Partners")
    made = await post(sandbox, vendor_id=other.contact_id)
    assert made.status == 201
    sandbox.switches.duplicate_bill_code = 7777
    assert (await post(sandbox)).body["code"] == 7777


@pytest.mark.parametrize("itself", [True, False])
async def test_locked_period(sandbox: Sandbox, itself: bool) -> None:
    made = (await post(sandbox)).body["bill"]["bill_id"]
    sandbox.books.lock_transactions(date(2026, 6, 9))
    sandbox.switches.lock_date_itself_locked = itself
    assert (await post(sandbox, "B-2")).status == (400 if itself else 201)
    assert (await post(sandbox, "B-3", date="2026-06-08")).body["code"] == 1048
    moved = await sandbox.api("PUT", f"/bills/{made}", {"date": "2026-06-08"})
    assert moved.body["code"] == 1048
    assert (await sandbox.api("DELETE", f"/bills/{made}")).status == (400 if itself else 200)


async def test_put_is_partial_and_arrays_replace(sandbox: Sandbox) -> None:
    made = (await post(sandbox, line_items=[sandbox.line(10), sandbox.line(20)])).body["bill"]
    path = f"/bills/{made['bill_id']}"
    sandbox.clock.move(5)
    noted = (await sandbox.api("PUT", path, {"notes": "late"})).body["bill"]
    assert (noted["notes"], noted["total"], len(noted["line_items"])) == ("late", 30, 2)
    assert noted["last_modified_time"] > made["last_modified_time"]
    kept = made["line_items"][1]["line_item_id"]
    replaced = await sandbox.api("PUT", path, {"line_items": [sandbox.line(7, line_item_id=kept)]})
    assert [one["line_item_id"] for one in replaced.body["bill"]["line_items"]] == [kept]
    refused = await sandbox.api("PUT", path, {"notes": "x", "line_items": [{"account_id": "0"}]})
    assert refused.status == 400
    assert (await sandbox.get(path)).body["bill"]["notes"] == "late"


async def test_void_open_delete_and_payments(sandbox: Sandbox) -> None:
    made = (await post(sandbox)).body["bill"]["bill_id"]
    path = f"/bills/{made}"
    bill = sandbox.books.bills.get(made)
    assert bill is not None
    sandbox.books.record_payment(bill, 40, date(2026, 6, 10))
    shown = (await sandbox.get(path)).body["bill"]
    assert (shown["status"], shown["balance"], shown["payment_made"]) == ("partially_paid", 60, 40)
    for method, tail in (("DELETE", ""), ("POST", "/status/void")):
        refused = await sandbox.api(method, path + tail)
        assert (refused.status, refused.body["code"]) == (400, 1004)
    rows = (await sandbox.get(f"{path}/payments")).body["payments"]
    assert (await sandbox.api("DELETE", f"{path}/payments/{rows[0]['bill_payment_id']}")).status == 200
    assert (await sandbox.api("POST", f"{path}/status/void")).status == 201
    assert (await sandbox.get(path)).body["bill"]["status"] == "void"
    assert (await sandbox.api("POST", f"{path}/status/open")).status == 201
    assert (await sandbox.api("DELETE", path)).body == {"code": 0, "message": "The bill has been deleted."}
    gone = await sandbox.get(path)
    assert (gone.status, gone.body["code"]) == (404, 1002)
    assert sandbox.books.ledger.balance(sandbox.books.accounts_payable.account_id) == 0


async def test_overdue_follows_the_due_date(sandbox: Sandbox) -> None:
    made = (await post(sandbox, due_date="2026-06-20")).body["bill"]["bill_id"]
    sandbox.clock.move(12 * 86400)
    sandbox.grant()
    assert (await sandbox.get(f"/bills/{made}")).body["bill"]["status"] == "overdue"
    assert len((await sandbox.get("/bills", filter_by="Status.Overdue")).body["bills"]) == 1
    assert len((await sandbox.get("/bills", status="paid")).body["bills"]) == 0


async def test_tags(sandbox: Sandbox) -> None:
    tag = sandbox.books.add_reporting_tag("Business Unit", ["HVAC", "Plumbing"], mandatory=True)
    option = next(iter(tag.options))
    sandbox.books.add_reporting_tag("Market", ["Retail"], mandatory=True, entities=["sales"])
    assert (await post(sandbox)).body["code"] == 11042
    chosen = [{"tag_id": tag.tag_id, "tag_option_id": option}]
    made = await post(sandbox, line_items=[sandbox.line(tags=chosen)])
    assert made.body["bill"]["line_items"][0]["tags"][0]["tag_option_name"] == "HVAC"
    tag.options[option].active = False
    assert (await post(sandbox, "B-2", line_items=[sandbox.line(tags=chosen)])).body["code"] == 1049


async def test_foreign_currency_follows_the_contact(sandbox: Sandbox) -> None:
    sandbox.books.add_currency("CAD", automatic_rate=Decimal("0.75"))
    vendor = sandbox.books.add_contact("Maple", currency_code="CAD")
    made = (await post(sandbox, vendor_id=vendor.contact_id)).body["bill"]
    assert (made["currency_code"], made["exchange_rate"], made["total"]) == ("CAD", Decimal("0.75"), 100)
    assert sandbox.books.payable_to(vendor.contact_id) == 75
    base = sandbox.books.base_currency.currency_id
    assert (await post(sandbox, "X", vendor_id=vendor.contact_id, currency_id=base)).status == 400


async def test_us_exemption_rule(sandbox: Sandbox) -> None:
    sandbox.books.profile.tax_exemption_required = True
    exemption = sandbox.books.add_tax_exemption("RESALE")
    assert (await post(sandbox)).body["code"] == 1053
    line = sandbox.line(tax_exemption_id=exemption.tax_exemption_id)
    assert (await post(sandbox, line_items=[line])).status == 201


async def upsert(sandbox: Sandbox, value: str, body: Any, create: bool = True, key: str = "cf_ml_ref") -> Answer:
    sandbox.extra = {"X-Unique-Identifier-Key": key, "X-Unique-Identifier-Value": value}
    if create:
        sandbox.extra["X-Upsert"] = "true"
    answer = await sandbox.api("PUT", "/bills", body)
    sandbox.extra = {}
    return answer


async def test_upsert(sandbox: Sandbox) -> None:
    field = sandbox.books.add_unique_field("bill", "ML Ref")
    assert field.api_name == "cf_ml_ref"
    absent = await upsert(sandbox, "r-1", sandbox.bill(), create=False)
    assert (absent.status, absent.body["code"]) == (404, 1002)
    made = await upsert(sandbox, "r-1", sandbox.bill())
    assert made.status == 200
    assert made.body["bill"]["custom_field_hash"] == {"cf_ml_ref": "r-1"}
    again = await upsert(sandbox, "r-1", sandbox.bill(notes="second"))
    assert again.body["bill"]["bill_id"] == made.body["bill"]["bill_id"]
    assert len(sandbox.books.bills) == 1
    assert (await upsert(sandbox, "r-1", sandbox.bill(), key="cf_other")).body["code"] == 1052
    duplicate = await post(sandbox, "B-9", custom_fields=[{"customfield_id": field.field_id, "value": "r-1"}])
    assert duplicate.body["code"] == 1051
    sandbox.switches.upsert_created_status = 201
    assert (await upsert(sandbox, "r-2", sandbox.bill("B-2"))).status == 201


@pytest.mark.parametrize(("how", "status"), [("refused", 400), ("lost", 200)])
async def test_upsert_when_the_body_must_repeat_the_field(sandbox: Sandbox, how: str, status: int) -> None:
    sandbox.books.add_unique_field("bill", "ML Ref")
    sandbox.switches.upsert_body_repeat = how
    made = await upsert(sandbox, "r-1", sandbox.bill())
    assert made.status == status
    assert sandbox.books.unique_values == {}
    repeated = sandbox.bill("B-2", custom_fields=[{"api_name": "cf_ml_ref", "value": "r-2"}])
    assert (await upsert(sandbox, "r-2", repeated)).body["bill"]["custom_field_hash"] == {"cf_ml_ref": "r-2"}


async def test_custom_fields_alone_and_replacing(sandbox: Sandbox) -> None:
    sandbox.books.add_unique_field("bill", "ML Ref")
    sandbox.books.add_custom_field("bill", "Job")
    made = (await post(sandbox, custom_fields=[{"label": "ML Ref", "value": "r-1"}])).body["bill"]["bill_id"]
    answer = await sandbox.api("PUT", f"/bill/{made}/customfields", [{"index": 2, "value": "J-1"}])
    assert answer.status == 200
    shown = (await sandbox.get(f"/bills/{made}")).body["bill"]["custom_field_hash"]
    assert shown == {"cf_ml_ref": "r-1", "cf_job": "J-1"}
    await sandbox.api("PUT", f"/bills/{made}", {"custom_fields": [{"api_name": "cf_job", "value": "J-2"}]})
    assert sandbox.books.unique_values == {}


async def test_attachment(sandbox: Sandbox) -> None:
    made = (await post(sandbox)).body["bill"]["bill_id"]
    form = aiohttp.FormData()
    form.add_field("attachment", b"%PDF-1.4", filename="bill.pdf", content_type="application/pdf")
    headers = {"Authorization": f"Zoho-oauthtoken {sandbox.token}"}
    path = f"/books/v3/bills/{made}/attachment?organization_id={sandbox.books.organization_id}"
    added = await sandbox.raw("POST", "www.zohoapis.com", path, headers=headers, data=form)
    assert added.status == 201
    assert (await sandbox.get(f"/bills/{made}/attachment")).text == "%PDF-1.4"
    assert (await sandbox.get("/bills")).body["bills"][0]["has_attachment"] is True
    assert (await sandbox.api("DELETE", f"/bills/{made}/attachment")).status == 200


async def test_vendor_credits(sandbox: Sandbox) -> None:
    bill = (await post(sandbox)).body["bill"]["bill_id"]
    body = sandbox.bill()
    del body["bill_number"]
    body["line_items"] = [sandbox.line(30)]
    made = await sandbox.api("POST", "/vendorcredits", body)
    credit = made.body["vendor_credit"]
    assert (made.status, credit["status"], credit["balance"]) == (201, "open", 30)
    assert sandbox.books.payable_to(body["vendor_id"]) == 70
    applied = {"apply_vendor_credits": [{"vendor_credit_id": credit["vendor_credit_id"], "amount_applied": 30}]}
    assert (await sandbox.api("POST", f"/bills/{bill}/credits", applied)).status == 201
    assert (await sandbox.get(f"/bills/{bill}")).body["bill"]["balance"] == 70
    path = f"/vendorcredits/{credit['vendor_credit_id']}"
    assert (await sandbox.get(path)).body["vendor_credit"]["status"] == "closed"
    assert (await sandbox.api("DELETE", path)).status == 400
    rows = (await sandbox.get("/vendorcredits")).body
    assert rows["vendor_credits"][0]["vendor_credit_number"] == "VC-00001"
    other = (await sandbox.api("POST", "/vendorcredits", body)).body["vendor_credit"]["vendor_credit_id"]
    assert (await sandbox.api("POST", f"/vendorcredits/{other}/status/void")).status == 201
    assert (await sandbox.api("DELETE", f"/vendorcredits/{other}")).status == 200
