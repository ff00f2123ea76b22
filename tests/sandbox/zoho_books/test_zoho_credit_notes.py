"""Credit notes: applied, taken off, refunded, void; and merged customers with all their documents."""

from __future__ import annotations

from typing import Any

import pytest
from zoho_desk_sales import balances, credit_note, customer_id, item_id, receive, sent, shown
from zoho_world import Answer, Sandbox

pytestmark = pytest.mark.anyio


async def apply(sandbox: Sandbox, note: dict[str, Any], *parts: tuple[dict[str, Any], Any]) -> Answer:
    body = {"invoices": [{"invoice_id": one["invoice_id"], "amount_applied": amount} for one, amount in parts]}
    return await sandbox.api("POST", f"/creditnotes/{note['creditnote_id']}/invoices", body)


async def found(sandbox: Sandbox, note: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = (await sandbox.get(f"/creditnotes/{note['creditnote_id']}")).body["creditnote"]
    return answer


async def test_open_at_once_numbered_and_posted(sandbox: Sandbox) -> None:
    note = await credit_note(sandbox)
    assert (note["status"], note["creditnote_number"], note["balance"]) == ("open", "CN-00001", 40)
    assert note["line_items"][0]["account_name"] == "Sales"
    assert balances(sandbox) == {"Accounts Receivable": -40, "Sales": 40}
    draft = await credit_note(sandbox, is_draft=True, creditnote_number="ST-C1", ignore_auto_number_generation=True)
    assert (draft["status"], draft["creditnote_number"]) == ("draft", "ST-C1")
    assert balances(sandbox)["Sales"] == 40
    path = f"/creditnotes/{draft['creditnote_id']}"
    assert (await sandbox.api("POST", f"{path}/status/open")).status == 200
    assert balances(sandbox)["Sales"] == 80
    taken = {"customer_id": customer_id(sandbox), "line_items": [{"item_id": item_id(sandbox)}]}
    flagged = taken | {"creditnote_number": "ST-C1", "ignore_auto_number_generation": True}
    assert (await sandbox.api("POST", "/creditnotes", flagged)).body["code"] == 1001
    by_item = (await sandbox.api("POST", "/creditnotes", taken)).body["creditnote"]
    assert (by_item["total"], by_item["creditnote_number"]) == (95, "CN-00002")


async def test_applied_to_invoices_and_taken_off(sandbox: Sandbox) -> None:
    first, second, note = await sent(sandbox), await sent(sandbox), await credit_note(sandbox, 150)
    sandbox.clock.move(60)
    for parts, code in (
        ([(first, 101)], 1055), ([(first, 0)], 2), ([], 2), ([(first, 10), (first, 10)], 2),
        ([(first, 100), (second, 51)], 1055), ([({"invoice_id": "1"}, 1)], 2),
    ):  # fmt: skip
        assert (await apply(sandbox, note, *parts)).body["code"] == code
    answer = await apply(sandbox, note, (first, 100), (second, 30))
    assert (answer.status, answer.body["message"]) == (200, "Credits have been applied to the invoice(s).")
    now = await found(sandbox, note)
    assert (now["status"], now["balance"], now["total_credits_used"]) == ("open", 20, 130)
    invoice = await shown(sandbox, first)
    assert (invoice["status"], invoice["credits_applied"], invoice["balance"]) == ("paid", 100, 0)
    assert invoice["last_modified_time"] > first["last_modified_time"]
    assert now["last_modified_time"] > note["last_modified_time"]
    listed = (await sandbox.get(f"/creditnotes/{note['creditnote_id']}/invoices")).body["invoices_credited"]
    assert [(one["invoice_id"], one["credited_amount"]) for one in listed] == [
        (first["invoice_id"], 100), (second["invoice_id"], 30),
    ]  # fmt: skip
    assert balances(sandbox) == {"Accounts Receivable": 50, "Sales": -50}, "applying posts nothing"
    path = f"/creditnotes/{note['creditnote_id']}"
    assert (await sandbox.api("DELETE", path)).body["code"] == 1004
    assert (await sandbox.api("POST", f"{path}/status/void")).body["code"] == 1004
    assert (await sandbox.api("PUT", path, {"line_items": [{"item_id": item_id(sandbox)}]})).body["code"] == 1004
    sandbox.clock.move(60)
    assert (await sandbox.api("DELETE", f"{path}/invoices/{listed[0]['creditnote_invoice_id']}")).status == 200
    assert (await sandbox.api("DELETE", f"{path}/invoices/{listed[0]['creditnote_invoice_id']}")).status == 404
    again = await shown(sandbox, first)
    assert (again["balance"], (await found(sandbox, note))["balance"]) == (100, 120)
    assert again["last_modified_time"] > invoice["last_modified_time"]
    [row] = (await sandbox.get(f"/invoices/{second['invoice_id']}/creditsapplied")).body["credits"]
    assert row["amount_applied"] == 30
    off = f"/invoices/{second['invoice_id']}/creditsapplied/{row['creditnotes_invoice_id']}"
    assert (await sandbox.api("DELETE", off)).status == 200
    assert (await sandbox.api("POST", f"{path}/status/void")).status == 200
    assert (await found(sandbox, note))["status"] == "void"
    assert (await sandbox.api("POST", f"{path}/status/draft")).status == 200


async def test_a_used_up_credit_is_closed_and_a_void_invoice_gives_it_back(sandbox: Sandbox) -> None:
    owed, note = await sent(sandbox), await credit_note(sandbox)
    body = {"apply_creditnotes": [{"creditnote_id": note["creditnote_id"], "amount_applied": 40}]}
    assert (await sandbox.api("POST", f"/invoices/{owed['invoice_id']}/credits", body)).status == 200
    assert (await found(sandbox, note))["status"] == "closed"
    assert [
        one["creditnote_id"] for one in (await sandbox.get("/creditnotes", status="closed")).body["creditnotes"]
    ] == [note["creditnote_id"]]
    await sandbox.api("POST", f"/invoices/{owed['invoice_id']}/status/void")
    assert (await found(sandbox, note))["balance"] == 40
    assert (await apply(sandbox, note, (owed, 10))).body["code"] == 1050


async def test_credits_of_another_customer_are_refused(sandbox: Sandbox) -> None:
    other = sandbox.books.add_contact("Other", "customer").contact_id
    owed, note = await sent(sandbox), await credit_note(sandbox, customer_id=other)
    assert (await apply(sandbox, note, (owed, 10))).body["code"] == 2


async def test_credit_notes_are_refunded(sandbox: Sandbox) -> None:
    note = await credit_note(sandbox)
    path = f"/creditnotes/{note['creditnote_id']}"
    bank = next(one for one in sandbox.books.accounts.values() if one.account_name == "Checking").account_id
    body = {"date": "2026-06-09", "amount": 41, "from_account_id": bank}
    assert (await sandbox.api("POST", f"{path}/refunds", body)).body["code"] == 1055
    made = await sandbox.api("POST", f"{path}/refunds", body | {"amount": 40, "reference_number": "R-1"})
    assert (made.status, made.body["creditnote_refund"]["amount"]) == (200, 40)
    now = await found(sandbox, note)
    assert (now["status"], now["total_refunded_amount"]) == ("closed", 40)
    assert balances(sandbox) == {"Checking": -40, "Sales": 40}
    assert [row["reference_number"] for row in (await sandbox.get(f"{path}/refunds")).body["creditnote_refunds"]] == [
        "R-1"
    ]
    everything = (await sandbox.get("/creditnotes/refunds", customer_id=customer_id(sandbox))).body
    assert len(everything["creditnote_refunds"]) == 1
    one = f"{path}/refunds/{made.body['creditnote_refund']['creditnote_refund_id']}"
    assert (await sandbox.get(one)).body["creditnote_refund"]["from_account_name"] == "Checking"
    assert (await sandbox.api("DELETE", path)).body["code"] == 1004
    assert (await sandbox.api("DELETE", one)).status == 200
    assert (await sandbox.get(one)).status == 404
    assert (await sandbox.api("DELETE", path)).body["message"] == "The credit note has been deleted."


async def test_a_credit_note_is_changed_listed_and_upserted(sandbox: Sandbox) -> None:
    note = await credit_note(sandbox, reference_number="r1")
    path = f"/creditnotes/{note['creditnote_id']}"
    sandbox.clock.move(60)
    changed = await sandbox.api("PUT", path, {"reference_number": "r2"})
    assert changed.body["message"] == "The credit note has been updated."
    assert (changed.body["creditnote"]["reference_number"], changed.body["creditnote"]["total"]) == ("r2", 40)
    rows = (await sandbox.get("/creditnotes", last_modified_time=note["last_modified_time"])).body["creditnotes"]
    assert [row["reference_number"] for row in rows] == ["r2"]
    assert (await sandbox.get("/creditnotes", reference_number="r1")).body["creditnotes"] == []
    sandbox.books.add_unique_field("credit_note", "ST Id")
    sandbox.extra = {"X-Unique-Identifier-Key": "cf_st_id", "X-Unique-Identifier-Value": "7", "X-Upsert": "true"}
    body = {"customer_id": customer_id(sandbox), "line_items": [{"item_id": item_id(sandbox)}]}
    first = await sandbox.api("PUT", "/creditnotes", body)
    second = await sandbox.api("PUT", "/creditnotes", {"notes": "n"})
    assert first.body["creditnote"]["creditnote_id"] == second.body["creditnote"]["creditnote_id"]
    assert second.body["creditnote"]["custom_field_hash"] == {"cf_st_id": "7"}


async def test_the_documents_of_a_merged_customer_name_the_survivor(sandbox: Sandbox) -> None:
    survivor = sandbox.books.add_contact("Acme Corporation", "customer").contact_id
    acme = customer_id(sandbox)
    owed, note = await sent(sandbox), await credit_note(sandbox)
    made = (await receive(sandbox, 30, (owed, 10))).body["payment"]
    bank = sandbox.books.undeposited_funds.account_id
    refund = {"date": "2026-06-09", "amount": 5, "from_account_id": bank}
    await sandbox.api("POST", f"/creditnotes/{note['creditnote_id']}/refunds", refund)
    before = sandbox.books.receivable_from(acme)
    assert (await sandbox.api("DELETE", f"/contacts/{acme}")).body["code"] == 36
    assert (await sandbox.api("POST", f"/contacts/{acme}/merge", merge_contact_id=survivor)).status == 200
    assert (await sandbox.get(f"/contacts/{acme}")).body["code"] == 1002
    assert (await shown(sandbox, owed))["customer_id"] == survivor
    assert (await found(sandbox, note))["customer_id"] == survivor
    payment = (await sandbox.get(f"/customerpayments/{made['payment_id']}")).body["payment"]
    assert (payment["customer_id"], payment["customer_name"]) == (survivor, "Acme Corporation")
    assert (sandbox.books.receivable_from(survivor), sandbox.books.receivable_from(acme)) == (before, 0)
    assert len((await sandbox.get("/invoices", customer_id=survivor)).body["invoices"]) == 1
    assert (await apply(sandbox, note, (owed, 10))).status == 200
