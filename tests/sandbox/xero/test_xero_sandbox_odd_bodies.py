"""Odd values in every field of every write, and in every filter: refused in the vendor's shape or taken, never a 500."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest
from xero_world import TODAY, ZERO, Answer, Sandbox

from ml_connector_sandbox.xero.api.where import parsed
from ml_connector_sandbox.xero.errors import BadRequest

pytestmark = pytest.mark.anyio
ODD: tuple[Any, ...] = (
    None, "", " ", [], {}, [{}], [None], [[]], True, 0, -1, 999_999_999_999, 1e-12, 1e30, "x" * 5000, "0001-01-01",
    "/Date(99999999999999999)/", "NaN", "Infinity", ZERO, {"ContactID": 5}, "\0",
)  # fmt: skip


def spoilt(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The body with one odd value somewhere."""
    for path in list(paths(body)):
        for value in ODD:
            made: Any = copy.deepcopy(body)
            place = made
            for part in path[:-1]:
                place = place[part]
            place[path[-1]] = value
            yield made


def paths(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if before:
        yield before
    if isinstance(value, dict):
        for name, one in value.items():
            yield from paths(one, (*before, name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from paths(one, (*before, number))


def bodies(sandbox: Sandbox) -> dict[str, tuple[str, dict[str, Any]]]:
    """A write of each kind that would be taken as it is, and its path; ``*`` at the end for changes of one by id."""
    desk, jane = sandbox.books.desk, sandbox.contact
    contact = {"ContactID": jane.contact_id}
    tracking = [{"Name": "Unit", "Option": "A"}]
    lines = [sandbox.line(Tracking=tracking, TaxType="OUTPUT2", TaxAmount=1, LineAmount=21)]
    discounted = [sandbox.line(DiscountRate=5, ItemCode="PIPE")]
    person = {"FirstName": "A", "EmailAddress": "a@example.test", "IncludeInEmails": True}
    order = {"PurchaseOrderNumber": "P", "Contact": contact, "DeliveryDate": "2026-10-01", "LineItems": lines}
    bank = {"Type": "RECEIVE-PREPAYMENT", "Contact": contact, "BankAccount": {"Code": "090"}, "LineItems": lines}
    over = {**bank, "Type": "RECEIVE-OVERPAYMENT", "LineItems": [sandbox.line(AccountCode=None)]}
    owed = desk.add_invoice(jane, TODAY, [sandbox.line(10_000, 1)], InvoiceNumber="OWED")
    note = desk.add_credit_note(jane, TODAY, [sandbox.line(10_000, 1)])
    own = desk.add_purchase_order(jane, TODAY, [sandbox.line(AccountCode="300")])
    draft = desk.add_invoice(jane, TODAY, [sandbox.line()], InvoiceNumber="DRAFT", Status="DRAFT")
    return {
        "invoice": ("/Invoices", sandbox.invoice(LineItems=lines, CurrencyCode="NZD", SentToContact=True, Url="u")),
        "discount": ("/Invoices", sandbox.invoice("D", LineItems=discounted)),
        "change": (f"/Invoices/{draft.document_id}", {"LineItems": lines, "Contact": contact, "Status": "DRAFT"}),
        "credit note": ("/CreditNotes", sandbox.invoice(Type="ACCRECCREDIT", CreditNoteNumber="C")),
        "contact": (
            "/Contacts",
            {
                "Name": "N",
                "ContactNumber": "7",
                "Phones": [{"PhoneType": "DEFAULT", "PhoneNumber": "1"}],
                "Addresses": [{"AddressType": "POBOX", "City": "X"}],
                "ContactPersons": [person],
            },
        ),
        "order": ("/PurchaseOrders", order),
        "order change": (f"/PurchaseOrders/{own.document_id}", {"Status": "SUBMITTED", "LineItems": lines}),
        "payment": (
            "/Payments",
            sandbox.payment({"InvoiceID": owed.document_id}, 1, Reference="r", IsReconciled=False, BankAmount=1),
        ),
        "bank": ("/BankTransactions", bank),
        "overpayment": ("/BankTransactions", over),
        "allocation": (
            f"/CreditNotes/{note.document_id}/Allocations",
            {"Amount": 1, "Date": "2026-09-14", "Invoice": {"InvoiceID": owed.document_id}},
        ),
    }


KINDS = (
    "invoice", "discount", "change", "credit note", "contact", "order", "order change", "payment", "bank",
    "overpayment", "allocation",
)  # fmt: skip


@pytest.mark.parametrize("what", KINDS)
async def test_odd_values_are_refused_or_taken(sandbox: Sandbox, what: str) -> None:
    sandbox.switches.limits = False
    sandbox.books.desk.add_tracking_category("Unit", ["A"])
    sandbox.books.desk.add_item("PIPE", "Pipe", sales_price=None)
    path, body = bodies(sandbox)[what]
    methods = ("POST",) if path.count("/") == 2 else ("PUT",) if what == "allocation" else ("PUT", "POST")
    for one in spoilt(body):
        for method in methods:
            answer = await sandbox.api(method, path, one, summarizeErrors="false")
            told(answer, one)
    if path.count("/") == 1:
        assert (await sandbox.get(path, page=1, pageSize=1000)).status == 200


def told(answer: Answer, sent: Any) -> None:
    """Taken, refused by element, or refused whole with a sentence."""
    assert answer.status in (200, 400), sent
    assert answer.body.get("Status") == "OK" or answer.body["Message"], sent


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"5", b"[]", b"[" * 5000, b'{"a":' * 5000, b"\xff"])
async def test_odd_bytes_are_refused(sandbox: Sandbox, body: bytes) -> None:
    sandbox.switches.limits = False
    headers = {"Accept": "application/json", "Authorization": f"Bearer {sandbox.token}"}
    headers |= {"Xero-tenant-id": sandbox.tenant, "Content-Type": "application/json"}
    answer = await sandbox.raw("PUT", "api.xero.com", "/api.xro/2.0/Contacts", data=body, headers=headers)
    assert answer.status == 400 and answer.body["Message"]


@pytest.mark.parametrize(
    ("path", "query", "header"),
    [
        ("/PurchaseOrders", {"DateFrom": "/Date(99999999999999999)/"}, ""),
        ("/PurchaseOrders", {"DateTo": "soon"}, ""),
        ("/Invoices", {"where": "(" * 3000}, ""),
        ("/Invoices", {"where": "Date==DateTime(2026,13,1)"}, ""),
        ("/Invoices", {"order": "Nothing"}, ""),
        ("/Invoices", {}, "2026-02-31T00:00:00"),
        ("/Invoices", {}, "yesterday"),
        ("/Accounts", {}, "0000-01-01T00:00:00"),
    ],
)
async def test_odd_questions_are_refused(sandbox: Sandbox, path: str, query: dict[str, str], header: str) -> None:
    sandbox.switches.limits = False
    sandbox.extra |= {"If-Modified-Since": header} if header else {}
    answer = await sandbox.get(path, **query)
    assert answer.status == 400 and answer.body["Message"]


async def test_the_last_second_of_all_is_no_error(sandbox: Sandbox) -> None:
    sandbox.switches.modified_since_inclusive = False
    sandbox.extra["If-Modified-Since"] = "9999-12-31T23:59:59"
    assert (await sandbox.get("/Invoices")).body["Invoices"] == []


async def test_odd_pages_are_clamped(sandbox: Sandbox) -> None:
    for page, size in ((0, 0), (-5, 99_999), ("x", "y"), (999_999_999, 1)):
        answer = await sandbox.get("/Invoices", page=page, pageSize=size)
        assert answer.status == 200 and answer.body["Invoices"] == []


def test_odd_filters_are_refused_or_mean_something() -> None:
    chance = random.Random(3)
    pieces = [
        "Status", "==", '"A"', "AND", "||", "(", ")", 'guid("x")', "DateTime(2026,1,1)", "3", '"', "\\", ">", "é", "",
    ]  # fmt: skip
    record = {"Status": "A"}
    for _ in range(3000):
        text = " ".join(chance.choices(pieces, k=chance.randint(1, 6)))
        try:
            parsed(text, {"Status": lambda one: one["Status"]})(record)
        except BadRequest:
            continue
