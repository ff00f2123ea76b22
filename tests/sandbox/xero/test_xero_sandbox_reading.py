"""Lists: pages, order, If-Modified-Since, filters, and what they leave out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from xero_world import START, Sandbox

pytestmark = pytest.mark.anyio


async def some(sandbox: Sandbox, count: int = 3, **more: Any) -> list[dict[str, Any]]:
    found = []
    for number in range(count):
        found.append(await sandbox.made(f"ST-{number}", **more))
        sandbox.clock.move(1)
    return found


def numbers(answer: Any) -> list[str]:
    return [one["InvoiceNumber"] for one in answer.body["Invoices"]]


async def test_without_a_page_the_whole_set_comes_without_lines(sandbox: Sandbox) -> None:
    await some(sandbox)
    answer = await sandbox.get("/Invoices")
    assert "pagination" not in answer.body and numbers(answer) == ["ST-0", "ST-1", "ST-2"]
    assert all(one["LineItems"] == [] for one in answer.body["Invoices"])
    assert answer.body["Invoices"][0]["Contact"]["Addresses"] == []


async def test_pages_have_lines_and_counts(sandbox: Sandbox) -> None:
    await some(sandbox)
    answer = await sandbox.get("/Invoices", page=2, pageSize=2)
    assert answer.body["pagination"] == {"page": 2, "pageSize": 2, "pageCount": 2, "itemCount": 3}
    assert numbers(answer) == ["ST-2"] and len(answer.body["Invoices"][0]["LineItems"]) == 1
    past = await sandbox.get("/Invoices", page=9, pageSize=2)
    assert (past.status, past.body["Invoices"], past.body["pagination"]["itemCount"]) == (200, [], 3)
    clamped = await sandbox.get("/Invoices", page=1, pageSize=5000)
    assert clamped.body["pagination"]["pageSize"] == 1000
    assert (await sandbox.get("/Invoices", page=0, pageSize="x")).body["pagination"]["pageSize"] == 100


async def test_order(sandbox: Sandbox) -> None:
    first, *_ = await some(sandbox)
    await sandbox.api("POST", f"/Invoices/{first['InvoiceID']}", {"Reference": "moved"})
    assert numbers(await sandbox.get("/Invoices")) == ["ST-1", "ST-2", "ST-0"]
    assert numbers(await sandbox.get("/Invoices", order="InvoiceNumber DESC")) == ["ST-2", "ST-1", "ST-0"]
    assert numbers(await sandbox.get("/Invoices", order="UpdatedDateUTC DESC")) == ["ST-0", "ST-2", "ST-1"]
    bad = await sandbox.get("/Invoices", order="Nonsense")
    assert (bad.status, bad.body["Type"]) == (400, "QueryParseException")


@pytest.mark.parametrize("spelling", ["{}", "{}Z", "{}.000Z", "{}+00:00"])
async def test_modified_since_in_four_spellings(sandbox: Sandbox, spelling: str) -> None:
    await some(sandbox)
    sandbox.extra["If-Modified-Since"] = spelling.format((START + timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%S"))
    assert numbers(await sandbox.get("/Invoices")) == ["ST-2"]


async def test_modified_since_and_its_switches(sandbox: Sandbox) -> None:
    await some(sandbox, 1)
    at = START.replace(microsecond=0)
    sandbox.extra["If-Modified-Since"] = f"{at:%Y-%m-%dT%H:%M:%S}"
    assert numbers(await sandbox.get("/Invoices")) == ["ST-0"]
    sandbox.switches.modified_since_inclusive = False
    assert numbers(await sandbox.get("/Invoices")) == []
    sandbox.switches.modified_since_304 = True
    assert (await sandbox.get("/Invoices")).status == 304
    sandbox.extra["If-Modified-Since"] = "yesterday"
    assert (await sandbox.get("/Invoices")).status == 400
    del sandbox.extra["If-Modified-Since"]
    ignored = await sandbox.api("GET", "/Invoices", **{"If-Modified-Since": "2030-01-01T00:00:00"})
    assert len(numbers(ignored)) == 1


async def test_lists_include_voided_and_deleted(sandbox: Sandbox) -> None:
    first, second, _ = await some(sandbox, Status="DRAFT")
    await sandbox.api("POST", f"/Invoices/{first['InvoiceID']}", {"Status": "DELETED"})
    await sandbox.api("POST", f"/Invoices/{second['InvoiceID']}", {"Status": "AUTHORISED"})
    await sandbox.api("POST", f"/Invoices/{second['InvoiceID']}", {"Status": "VOIDED"})
    answer = await sandbox.get("/Invoices", Statuses="VOIDED,DELETED")
    assert sorted(numbers(answer)) == ["ST-0", "ST-1"] and answer.body["pagination"]["itemCount"] == 2


async def test_filters_by_lists(sandbox: Sandbox) -> None:
    first, second, _ = await some(sandbox)
    by_id = await sandbox.get("/Invoices", IDs=f"{first['InvoiceID']},{second['InvoiceID'].upper()}")
    assert numbers(by_id) == ["ST-0", "ST-1"]
    assert numbers(await sandbox.get("/Invoices", InvoiceNumbers="ST-2")) == ["ST-2"]
    assert len(numbers(await sandbox.get("/Invoices", ContactIDs=sandbox.contact.contact_id))) == 3
    assert numbers(await sandbox.get("/Invoices", searchTerm="st-1")) == ["ST-1"]
    sandbox.books.desk.add_invoice(sandbox.contact, START.date(), [sandbox.line()], InvoiceNumber="by hand")
    assert len(numbers(await sandbox.get("/Invoices", createdByMyApp="True"))) == 3


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ('InvoiceNumber=="ST-1"', ["ST-1"]),
        ('invoicenumber = "st-1"', ["ST-1"]),
        ('Type=="ACCREC" AND Status=="AUTHORISED"', ["ST-0", "ST-1", "ST-2"]),
        ('Reference=="say \\"hi\\""', ["ST-0", "ST-1", "ST-2"]),
        ('InvoiceNumber=="ST-0" || InvoiceNumber=="ST-2"', ["ST-0", "ST-2"]),
        ('(InvoiceNumber=="ST-0" OR InvoiceNumber=="ST-2") && Status!="DRAFT"', ["ST-0", "ST-2"]),
        ('Contact.Name=="JANE DOÉ"', ["ST-0", "ST-1", "ST-2"]),
        ("Date>=DateTime(2026,09,14) AND DueDate<DateTime(2026,10,15)", ["ST-0", "ST-1", "ST-2"]),
        ("AmountDue>24.15", []),
        ("AmountDue<=24.15 AND AmountPaid==0", ["ST-0", "ST-1", "ST-2"]),
    ],
)
async def test_where(sandbox: Sandbox, where: str, found: list[str]) -> None:
    await some(sandbox, Reference='say "hi"')
    answer = await sandbox.get("/Invoices", where=where)
    assert answer.status == 200, answer.body
    assert numbers(answer) == found


@pytest.mark.parametrize(
    "where",
    [
        "Total>3", 'InvoiceNumber=="x', 'InvoiceNumber.StartsWith("x")', 'Status=="A" XOR Type=="B"', "InvoiceNumber==3",
        'Status>"A"', '(Status=="A"', "Date>=DateTime(2026,13,1)", "Status", 'Contact.ContactID==guid("x")',
    ],
)  # fmt: skip
async def test_where_refuses_what_it_cannot_read(sandbox: Sandbox, where: str) -> None:
    await some(sandbox, 1)
    answer = await sandbox.get("/Invoices", where=where)
    assert (answer.status, answer.body["Type"]) == (400, "QueryParseException")


async def test_a_guid_in_where(sandbox: Sandbox) -> None:
    await some(sandbox, 1)
    where = f'Contact.ContactID==guid("{sandbox.contact.contact_id}")'
    assert len(numbers(await sandbox.get("/Invoices", where=where))) == 1


async def test_summaries(sandbox: Sandbox) -> None:
    await some(sandbox, 1)
    (row,) = (await sandbox.get("/Invoices", summaryOnly="true")).body["Invoices"]
    assert not {"LineItems", "Payments", "HasAttachments"} & row.keys()
    (contact, *_) = (await sandbox.get("/Contacts", summaryOnly="true")).body["Contacts"]
    assert not {"Addresses", "IsCustomer", "Balances"} & contact.keys()


async def test_one_document_by_id_or_number(sandbox: Sandbox) -> None:
    (made,) = await some(sandbox, 1)
    for key in (made["InvoiceID"], made["InvoiceID"].upper(), "ST-0"):
        (found,) = (await sandbox.get(f"/Invoices/{key}")).body["Invoices"]
        assert found["InvoiceID"] == made["InvoiceID"] and len(found["LineItems"]) == 1
    odd = await sandbox.made("A/B 1")
    (found,) = (await sandbox.get("/Invoices/A%2FB%201")).body["Invoices"]
    assert found["InvoiceID"] == odd["InvoiceID"]


async def test_seeded_rows_may_be_old(sandbox: Sandbox) -> None:
    with sandbox.books.at(datetime(2009, 5, 1, tzinfo=UTC)):
        sandbox.books.desk.add_invoice(sandbox.contact, START.date(), [sandbox.line()], InvoiceNumber="OLD")
    await some(sandbox, 1)
    (old, _) = (await sandbox.get("/Invoices")).body["Invoices"]
    assert (old["InvoiceNumber"], old["UpdatedDateUTC"]) == ("OLD", "/Date(1241136000000+0000)/")


async def test_the_newer_stamp_can_be_switched_off(sandbox: Sandbox) -> None:
    (made,) = await some(sandbox, 1)
    assert made["UpdatedDateUTCString"] == "2026-09-14T09:29:59Z"
    sandbox.switches.updated_string = False
    assert "UpdatedDateUTCString" not in await sandbox.read(made)
