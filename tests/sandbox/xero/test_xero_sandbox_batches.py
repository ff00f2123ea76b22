"""Batches: PUT and POST, summarised and not, and the Idempotency-Key."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from xero_world import ZERO, Sandbox

pytestmark = pytest.mark.anyio


def two(sandbox: Sandbox) -> dict[str, Any]:
    bad = sandbox.invoice("ST-2", LineItems=[sandbox.line(AccountCode="555")])
    return {"Invoices": [sandbox.invoice("ST-1"), bad]}


async def test_the_summarised_400_saves_the_valid_elements_and_shows_only_the_failed(sandbox: Sandbox) -> None:
    answer = await sandbox.api("PUT", "/Invoices", two(sandbox))
    assert (answer.status, answer.body["ErrorNumber"], answer.body["Type"]) == (400, 10, "ValidationException")
    assert answer.body["Message"] == "A validation exception occurred"
    (element,) = answer.body["Elements"]
    assert (element["InvoiceNumber"], element["InvoiceID"], element["HasErrors"]) == ("ST-2", ZERO, True)
    assert "StatusAttributeString" not in element
    assert [one.number for one in sandbox.books.invoices] == ["ST-1"]


@pytest.mark.parametrize("word", ["false", "False", "FALSE"])
async def test_unsummarised_every_element_has_its_word(sandbox: Sandbox, word: str) -> None:
    answer = await sandbox.api("PUT", "/Invoices", two(sandbox), summarizeErrors=word)
    good, bad = answer.body["Invoices"]
    assert (answer.status, good["StatusAttributeString"], bad["StatusAttributeString"]) == (200, "OK", "ERROR")
    assert (good["HasErrors"], bad["HasErrors"], bad["InvoiceID"]) == (False, True, ZERO)
    assert "ValidationErrors" not in good
    assert bad["ValidationErrors"][0]["Message"] == "Account code '555' is not a valid code for this document."


async def test_a_refused_change_echoes_what_was_asked_for(sandbox: Sandbox) -> None:
    made = await sandbox.made()
    body = {"Invoices": [{"InvoiceID": made["InvoiceID"], "Status": "DELETED"}]}
    answer = await sandbox.api("POST", "/Invoices", body, summarizeErrors=False)
    element = answer.body["Invoices"][0]
    assert (element["InvoiceID"], element["Status"]) == (made["InvoiceID"], "DELETED")
    assert (await sandbox.read(made))["Status"] == "AUTHORISED"


async def test_bodies_wrapped_in_any_case_and_bare(sandbox: Sandbox) -> None:
    assert (await sandbox.api("PUT", "/invoices", {"invoices": [sandbox.invoice("A")]})).status == 200
    assert (await sandbox.api("PUT", "/INVOICES", sandbox.invoice("B"))).status == 200
    refused: tuple[Any, ...] = ({"Invoices": []}, {"Invoices": 1}, [], "x")
    for bad in refused:
        answer = await sandbox.api("PUT", "/Invoices", bad)
        assert (answer.status, answer.body["Type"]) == (400, "PostDataInvalidException")
    raw = {"Authorization": f"Bearer {sandbox.token}", "Xero-tenant-id": sandbox.tenant, "Accept": "application/json"}
    answer = await sandbox.raw(
        "PUT", "api.xero.com", "/api.xro/2.0/Invoices", data=b"{", headers=raw | {"Content-Type": "application/json"}
    )
    assert (answer.status, answer.body["Type"]) == (400, "PostDataInvalidException")


async def test_dates_in_both_spellings_and_fields_that_clients_always_send(sandbox: Sandbox) -> None:
    body = sandbox.invoice(Date="/Date(1789344000000)/", HasAttachments=False, HasErrors=False, IsDiscounted=False)
    made = (await sandbox.api("PUT", "/Invoices", body)).body["Invoices"][0]
    assert made["DateString"] == "2026-09-14T00:00:00"
    assert (await sandbox.api("PUT", "/Invoices", sandbox.invoice("B", Date="14/09/2026"))).status == 400


async def test_put_creates_only(sandbox: Sandbox) -> None:
    made = await sandbox.made(Status="DRAFT")
    body = sandbox.invoice("other", InvoiceID=made["InvoiceID"])
    answer = await sandbox.api("PUT", "/Invoices", body)
    assert answer.messages == ["An existing Invoice with the specified InvoiceID could not be found"]
    unknown = await sandbox.api("POST", f"/Invoices/{ZERO}", {"Status": "DELETED"})
    assert (unknown.status, unknown.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert unknown.text == "The resource you're looking for cannot be found"


async def test_elements_may_come_back_in_another_order(sandbox: Sandbox) -> None:
    sandbox.switches.answers_reversed = True
    answer = await sandbox.api("PUT", "/Invoices", {"Invoices": [sandbox.invoice("A"), sandbox.invoice("B")]})
    assert [one["InvoiceNumber"] for one in answer.body["Invoices"]] == ["B", "A"]


async def test_a_key_repeats_the_answer_for_six_minutes(sandbox: Sandbox) -> None:
    sandbox.extra["idempotency-key"] = "k-1"
    body = sandbox.invoice(InvoiceNumber=None)
    first = await sandbox.api("PUT", "/Invoices", body)
    sandbox.clock.move(359)
    again = await sandbox.api("PUT", "/Invoices", body)
    assert again.body == first.body and len(sandbox.books.invoices) == 1
    assert again.headers["x-daylimit-remaining"] == "4998"
    sandbox.clock.move(1)
    later = await sandbox.api("PUT", "/Invoices", body)
    assert later.body["Invoices"][0]["InvoiceID"] != first.body["Invoices"][0]["InvoiceID"]


async def test_a_key_with_another_request_is_refused(sandbox: Sandbox) -> None:
    sandbox.extra["Idempotency-Key"] = "k-1"
    await sandbox.api("PUT", "/Invoices", sandbox.invoice("A"))
    answer = await sandbox.api("PUT", "/Invoices", sandbox.invoice("B"))
    assert (answer.status, answer.body["Message"]) == (
        400,
        "Idempotency Key: k-1 is used with a different request.",
    )
    sandbox.switches.idempotency_validation_shape = False
    answer = await sandbox.api("PUT", "/Invoices", sandbox.invoice("B"))
    assert answer.body["Detail"].endswith("different request.")
    assert (await sandbox.get("/Invoices")).status == 200


@pytest.mark.parametrize("key", ["", "k" * 129])
async def test_impossible_keys(sandbox: Sandbox, key: str) -> None:
    sandbox.extra["Idempotency-Key"] = key
    assert (await sandbox.api("PUT", "/Invoices", sandbox.invoice())).status == 400
    assert len(sandbox.books.invoices) == 0


async def test_errors_are_kept_under_their_key(sandbox: Sandbox) -> None:
    sandbox.extra["Idempotency-Key"] = "k-1"
    body = sandbox.invoice(LineItems=[sandbox.line(AccountCode="555")])
    first = await sandbox.api("PUT", "/Invoices", body)
    sandbox.books.desk.add_account("555", "New", "REVENUE")
    assert (await sandbox.api("PUT", "/Invoices", body)).body == first.body
    sandbox.extra["Idempotency-Key"] = "k-2"
    assert (await sandbox.api("PUT", "/Invoices", body)).status == 200


@pytest.mark.parametrize("waits", [True, False])
async def test_a_duplicate_under_way_waits_for_the_first_answer(sandbox: Sandbox, waits: bool) -> None:
    sandbox.switches.idempotency_waits, sandbox.switches.latency_seconds = waits, 0.1
    sandbox.extra["Idempotency-Key"] = "k-1"
    body = sandbox.invoice(InvoiceNumber=None)
    answers = await asyncio.gather(*(sandbox.api("PUT", "/Invoices", body) for _ in range(3)))
    assert len(sandbox.books.invoices) == 1
    assert sorted(one.status for one in answers) == ([200] * 3 if waits else [200, 400, 400])
