"""Customers: persons one by one, rates the organisation chose, merging, credit limit."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from zoho_world import Answer, Sandbox

pytestmark = pytest.mark.anyio
PERSONS = [
    {"first_name": "Ann", "email": "ann@x.test", "phone": "1"},
    {"first_name": "Bob", "email": "bob@x.test", "mobile": "2"},
]


async def customer(sandbox: Sandbox, name: str = "Miller Household", **more: Any) -> dict[str, Any]:
    body = {"contact_name": name, "contact_type": "customer", **more}
    made: dict[str, Any] = (await sandbox.api("POST", "/contacts", body)).body["contact"]
    return made


async def change(sandbox: Sandbox, person: dict[str, Any], **body: Any) -> Answer:
    return await sandbox.api("PUT", f"/contacts/contactpersons/{person['contact_person_id']}", body)


async def test_the_array_of_persons_replaces_whole_and_an_id_keeps_one(sandbox: Sandbox) -> None:
    made = await customer(sandbox, contact_persons=PERSONS)
    ann, bob = made["contact_persons"]
    path = f"/contacts/{made['contact_id']}"
    sent = [{"contact_person_id": bob["contact_person_id"], "first_name": "Bob"}, {"first_name": "Cid"}]
    kept = (await sandbox.api("PUT", path, {"contact_persons": sent})).body["contact"]["contact_persons"]
    assert [one["first_name"] for one in kept] == ["Bob", "Cid"]
    assert kept[0]["contact_person_id"] == bob["contact_person_id"]
    assert (kept[0]["email"], kept[0]["is_primary_contact"]) == ("", True)
    assert (await sandbox.get(f"/contacts/contactpersons/{ann['contact_person_id']}")).body["code"] == 1002
    unnamed = (await sandbox.api("PUT", path, {"notes": "x"})).body["contact"]["contact_persons"]
    assert unnamed == kept


async def test_one_person_is_changed_and_the_others_stay(sandbox: Sandbox) -> None:
    made = await customer(sandbox, contact_persons=PERSONS)
    ann, bob = made["contact_persons"]
    sandbox.clock.move(60)
    assert (await change(sandbox, bob, email="b@x.test")).body["code"] == 2
    answer = await change(sandbox, bob, contact_id=made["contact_id"], email="b@x.test", is_primary_contact=True)
    assert answer.body["message"] == "The contactperson details has been updated."
    [shown] = answer.body["contact_person"]
    assert (shown["email"], shown["mobile"], shown["first_name"]) == ("b@x.test", "2", "Bob")
    now = (await sandbox.get(f"/contacts/{made['contact_id']}")).body["contact"]
    assert now["email"] == "b@x.test"
    assert now["last_modified_time"] > made["last_modified_time"]
    assert [one["is_primary_contact"] for one in now["contact_persons"]] == [False, True]
    assert now["contact_persons"][0]["phone"] == ann["phone"]
    sandbox.switches.person_needs_contact_id = sandbox.switches.person_written_as_list = False
    assert (await change(sandbox, bob, phone="3")).body["contact_person"]["phone"] == "3"
    assert (await change(sandbox, bob, contact_id="1", phone="4")).body["code"] == 2
    assert (await change(sandbox, bob, email="nobody")).body["code"] == 2


async def test_persons_are_added_made_primary_and_taken_away(sandbox: Sandbox) -> None:
    made = await customer(sandbox, contact_persons=PERSONS[:1])
    path = f"/contacts/{made['contact_id']}"
    body = {"contact_id": made["contact_id"], "first_name": "Dee", "email": "dee@x.test"}
    added = await sandbox.api("POST", "/contacts/contactpersons", body)
    assert (added.status, added.body["message"]) == (201, "The contactperson has been Created")
    dee = added.body["contact_person"][0]["contact_person_id"]
    assert (await sandbox.get(f"{path}/contactpersons/{dee}")).body["contact_person"]["email"] == "dee@x.test"
    beta = sandbox.books.contacts.having("name", "beta supplies ltd")[0].contact_id
    assert (await sandbox.get(f"/contacts/{beta}/contactpersons/{dee}")).status == 404
    assert (await sandbox.api("POST", "/contacts/contactpersons", body | {"contact_id": "9"})).status == 400
    await sandbox.api("POST", f"/contacts/contactpersons/{dee}/primary")
    assert (await sandbox.get(path)).body["contact"]["email"] == "dee@x.test"
    assert (await sandbox.api("DELETE", f"/contacts/contactpersons/{dee}")).status == 200
    assert (await sandbox.get(path)).body["contact"]["email"] == "ann@x.test"
    assert (await sandbox.api("DELETE", f"/contacts/contactpersons/{dee}")).body["code"] == 1002


async def test_a_list_row_has_no_address_and_lists_are_by_type(sandbox: Sandbox) -> None:
    made = await customer(sandbox, billing_address={"address": "1 Main St", "zip": "10001"})
    rows = (await sandbox.get("/contacts", contact_type="customer")).body["contacts"]
    assert [one["contact_name"] for one in rows] == ["Acme Corp", "Miller Household"]
    assert not {"billing_address", "shipping_address", "contact_persons"} & rows[1].keys()
    found = (await sandbox.get(f"/contacts/{made['contact_id']}")).body["contact"]
    assert found["billing_address"]["zip"] == "10001"
    everything = (await sandbox.get("/contacts", contact_typ="customer", last_modified_time="nonsense")).body[
        "contacts"
    ]
    assert len(everything) == 4, "unknown parameters are ignored"
    page = (await sandbox.get("/contacts", contact_type="customer", per_page=1)).body
    assert (len(page["contacts"]), page["page_context"]["has_more_page"]) == (1, True)


async def test_a_merged_customer_is_gone(sandbox: Sandbox) -> None:
    made = await customer(sandbox)
    acme = sandbox.books.contacts.having("name", "acme corp")[0]
    project = sandbox.books.add_project("Audit", acme)
    path = f"/contacts/{acme.contact_id}"
    beta = sandbox.books.contacts.having("name", "beta supplies ltd")[0].contact_id
    assert (await sandbox.api("POST", f"{path}/merge", merge_contact_id=beta)).body["code"] == 2
    assert (await sandbox.api("POST", f"{path}/merge", merge_contact_id=made["contact_id"])).status == 200
    gone = await sandbox.get(path)
    assert (gone.status, gone.body["code"]) == (404, 1002)
    assert project.customer_id == made["contact_id"]


async def test_credit_limit_and_currency(sandbox: Sandbox) -> None:
    euro = sandbox.books.currencies["EUR"].currency_id
    made = await customer(sandbox, credit_limit="2500.50", currency_id=euro)
    assert (made["credit_limit"], made["currency_code"]) == (Decimal("2500.5"), "EUR")
    path = f"/contacts/{made['contact_id']}"
    assert (await sandbox.api("PUT", path, {"credit_limit": -1})).body["code"] == 2
    assert "credit_limit" not in (await sandbox.api("PUT", path, {"credit_limit": ""})).body["contact"]


async def test_a_rate_is_0_while_automatic_and_then_the_organisations(sandbox: Sandbox) -> None:
    euro = sandbox.books.currencies["EUR"]
    one = f"/settings/currencies/{euro.currency_id}"
    shown = (await sandbox.get(one)).body["currency"]
    assert (shown["exchange_rate"], shown["auto_exchange_rate_enabled"]) == (0, True)
    made = await sandbox.api("POST", f"{one}/exchangerates", {"effective_date": "2026-06-01", "rate": "1.08"})
    assert (made.status, made.body["exchange_rate"]["rate"]) == (201, Decimal("1.08"))
    later = await sandbox.api("POST", f"{one}/exchangerates", {"effective_date": "2026-07-01", "rate": 2})
    shown = (await sandbox.get(one)).body["currency"]
    assert (shown["exchange_rate"], shown["effective_date"]) == (Decimal("1.08"), "2026-06-01")
    assert shown["auto_exchange_rate_enabled"] is False
    listed = (await sandbox.get(f"{one}/exchangerates")).body["exchange_rates"]
    assert [row["effective_date"] for row in listed] == ["2026-07-01", "2026-06-01"]
    assert len((await sandbox.get(f"{one}/exchangerates", from_date="2026-06-15")).body["exchange_rates"]) == 1
    now = (await sandbox.get(f"{one}/exchangerates", is_current_date="true")).body["exchange_rates"]
    assert [row["rate"] for row in now] == [Decimal("1.08")]
    each = f"{one}/exchangerates/{later.body['exchange_rate']['exchange_rate_id']}"
    assert (await sandbox.api("PUT", each, {"rate": 3})).body["exchange_rate"]["rate"] == 3
    assert (await sandbox.api("PUT", each, {"rate": 0})).body["code"] == 2
    assert (await sandbox.get(each)).body["exchange_rate"]["rate"] == 3
    assert (await sandbox.api("DELETE", each)).status == 200
    assert (await sandbox.get(each)).status == 404
    base = sandbox.books.base_currency.currency_id
    assert (await sandbox.api("POST", f"/settings/currencies/{base}/exchangerates", {"rate": 2})).body["code"] == 2
    assert (await sandbox.get("/settings/currencies/1/exchangerates")).status == 404


async def test_a_foreign_document_takes_the_rate_of_its_day(sandbox: Sandbox) -> None:
    books = sandbox.books
    vendor = books.add_contact("Euro Parts", currency_code="EUR")
    books.add_exchange_rate("EUR", "1.10", date(2026, 6, 1))
    made = await sandbox.api("POST", "/bills", sandbox.bill(vendor_id=vendor.contact_id, date="2026-06-02"))
    assert made.body["bill"]["exchange_rate"] == Decimal("1.1")
    early = await sandbox.api("POST", "/bills", sandbox.bill("B-2", vendor_id=vendor.contact_id, date="2026-05-31"))
    assert early.body["bill"]["exchange_rate"] == 1
