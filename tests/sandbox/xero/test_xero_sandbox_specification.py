"""Answers against the published specification and against the authored recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator  # type: ignore[import-untyped]
from xero_world import TODAY, Sandbox

SHARED = Path(__file__).resolve().parents[4] / "shared" / "vendors" / "xero"
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the vendors' published specifications are not beside the checkout"),
]

# Fields that are always sent and that the specification's schemas do not have.
NOT_DECLARED = frozenset(
    {
        "Id", "Status", "ProviderName", "DateTimeUTC", "DateString", "DueDateString", "DeliveryDateString",
        "InvoicePaymentServices", "LineItem.ValidationErrors", "PurchaseOrder.HasErrors", "PurchaseOrder.IsDiscounted",
        "PurchaseOrder.Type", "CreditNote.ID", "Overpayment.ID", "Prepayment.ID", "Overpayment.HasErrors",
        "Prepayment.HasErrors", "BankTransaction.CurrencyRate",
        "BankTransaction.HasErrors",
    }
)  # fmt: skip


@cache
def specification() -> Any:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((SHARED / "openapi" / "xero_accounting.yaml").read_text(), Loader=loader)


def named(reference: str) -> Any:
    return specification()["components"]["schemas"][reference.rsplit("/", maxsplit=1)[-1]]


def answer_schema(method: str, path: str) -> Any:
    operation = specification()["paths"][path][method]
    return operation["responses"]["200"]["content"]["application/json"]["schema"]


def validator(schema: Any) -> Draft7Validator:
    """References are looked up in the whole specification."""
    return Draft7Validator({**schema, "components": specification()["components"]})


def undeclared(value: Any, schema: Any, owner: str) -> Iterator[str]:
    """Every field of the answer that its schema does not have."""
    if "$ref" in schema:
        owner, schema = schema["$ref"].split("/")[-1], named(schema["$ref"])
    if isinstance(value, list):
        for one in value:
            yield from undeclared(one, schema.get("items", {}), owner)
    if isinstance(value, dict) and "properties" in schema:
        for name, one in value.items():
            if name in schema["properties"]:
                yield from undeclared(one, schema["properties"][name], owner)
            elif not {name, f"{owner}.{name}"} & NOT_DECLARED:
                yield f"{owner}.{name}"


def differences(body: Any, method: str, path: str) -> list[str]:
    plain, schema = json.loads(json.dumps(body, default=float)), answer_schema(method, path)
    wrong = [
        f"{'.'.join(str(part) for part in error.absolute_path)}: {error.message[:120]}"
        for error in validator(schema).iter_errors(plain)
    ]
    return sorted({*wrong, *undeclared(plain, schema, "")})


@pytest.fixture
async def filled(sandbox: Sandbox) -> dict[str, str]:
    """One of everything, joined as far as documents can be; returns the ids that paths need."""
    desk, jane = sandbox.books.desk, sandbox.contact
    category = desk.add_tracking_category("Business unit", ["HVAC"])
    desk.add_item("PIPE", "Pipe", sales_price=None)
    line = sandbox.line(Tracking=[{"Name": "Business unit", "Option": "HVAC"}], DiscountRate=5)
    invoice = desk.add_invoice(jane, TODAY, [line], InvoiceNumber="ST-1", Reference="R", Url="https://example.test")
    bill = desk.add_bill(jane, TODAY, [sandbox.line(AccountCode="300")], InvoiceNumber="B-1")
    payment = desk.pay(invoice, TODAY, 5, sandbox.bank)
    note = desk.add_credit_note(jane, TODAY, [sandbox.line(2, 1)])
    over = desk.add_bank_credit("RECEIVE-OVERPAYMENT", jane, TODAY, 10, sandbox.bank)
    line = {"AccountCode": "200", "Description": "Deposit"}
    before = desk.add_bank_credit("RECEIVE-PREPAYMENT", jane, TODAY, 10, sandbox.bank, line=line)
    for credit in (note, over, before):
        desk.allocate(credit, invoice, 1)
        desk.pay(credit, TODAY, 1, sandbox.bank)
    order = desk.add_purchase_order(jane, TODAY, [sandbox.line(AccountCode="300")], DeliveryDate="2026-10-01")
    return {
        "InvoiceID": invoice.document_id,
        "BillID": bill.document_id,
        "ContactID": jane.contact_id,
        "PaymentID": payment.payment_id,
        "CreditNoteID": note.document_id,
        "OverpaymentID": over.document_id,
        "PrepaymentID": before.document_id,
        "BankTransactionID": over.bank_transaction_id,
        "PurchaseOrderID": order.document_id,
        "AccountID": sandbox.bank.account_id,
        "TaxType": "OUTPUT2",
        "TrackingCategoryID": category.category_id,
        "UserID": next(iter(sandbox.books.users)),
        "ItemID": next(iter(sandbox.books.items)),
        "BrandingThemeID": sandbox.books.branding_theme_id,
    }


@pytest.mark.parametrize(
    "path",
    [
        "/Organisation", "/Organisation/Actions", "/Accounts", "/Accounts/{AccountID}", "/TaxRates",
        "/TaxRates/{TaxType}", "/TrackingCategories", "/TrackingCategories/{TrackingCategoryID}", "/Currencies",
        "/BrandingThemes", "/BrandingThemes/{BrandingThemeID}", "/Users", "/Users/{UserID}", "/Items", "/Items/{ItemID}",
        "/Contacts", "/Contacts/{ContactID}", "/Invoices", "/Invoices/{InvoiceID}", "/CreditNotes",
        "/CreditNotes/{CreditNoteID}", "/Payments", "/Payments/{PaymentID}", "/Overpayments",
        "/Overpayments/{OverpaymentID}", "/Prepayments", "/Prepayments/{PrepaymentID}", "/BankTransactions",
        "/BankTransactions/{BankTransactionID}", "/PurchaseOrders", "/PurchaseOrders/{PurchaseOrderID}",
    ],
)  # fmt: skip
async def test_answers_fit_the_specification(sandbox: Sandbox, filled: dict[str, str], path: str) -> None:
    for query in ({}, {"page": 1}, {"summaryOnly": "true"}):
        answer = await sandbox.get(path.format(**filled), **query)
        assert answer.status == 200
        assert differences(answer.body, "get", path) == []


async def test_writes_fit_the_specification(sandbox: Sandbox, filled: dict[str, str]) -> None:
    invoice = {"InvoiceID": filled["InvoiceID"]}
    credit = {"Amount": 1, "Invoice": invoice, "Date": "2026-09-14"}
    note = {key: value for key, value in sandbox.invoice(Type="ACCRECCREDIT").items() if key != "InvoiceNumber"}
    over = {
        "Type": "RECEIVE-OVERPAYMENT", "Contact": {"ContactID": filled["ContactID"]}, "BankAccount": {"Code": "090"},
        "LineItems": [{"Description": "x", "Quantity": 1, "UnitAmount": 3}],
    }  # fmt: skip
    writes = (
        ("put", "/Invoices", {"Invoices": [sandbox.invoice("N-1"), sandbox.invoice("N-2", LineItems=[])]}),
        ("post", "/Invoices/{InvoiceID}", {"Reference": "again"}),
        ("put", "/Contacts", {"Contacts": [{"Name": "New"}, {"Name": "Jane Doe"}]}),
        ("put", "/CreditNotes", {"CreditNotes": [note]}),
        ("put", "/CreditNotes/{CreditNoteID}/Allocations", {"Allocations": [credit]}),
        ("put", "/Overpayments/{OverpaymentID}/Allocations", {"Allocations": [credit]}),
        ("put", "/Prepayments/{PrepaymentID}/Allocations", {"Allocations": [credit]}),
        ("put", "/Payments", {"Payments": [sandbox.payment(invoice, 1), sandbox.payment(invoice, 999)]}),
        ("post", "/Payments/{PaymentID}", {"Status": "DELETED"}),
        ("put", "/BankTransactions", {"BankTransactions": [over]}),
        ("post", "/PurchaseOrders/{PurchaseOrderID}", {"Status": "AUTHORISED"}),
    )
    for method, path, body in writes:
        answer = await sandbox.api(method.upper(), path.format(**filled), body, summarizeErrors="false")
        assert answer.status == 200, answer.body
        assert differences(answer.body, method, path) == [], path


async def test_refusals_fit_the_specification(sandbox: Sandbox, filled: dict[str, str]) -> None:
    answer = await sandbox.api("PUT", "/Invoices", sandbox.invoice(LineItems=[]))
    plain = json.loads(json.dumps(answer.body, default=float))
    assert list(validator(named("Error")).iter_errors(plain)) == []


def compared(recorded: Any, ours: Any, path: str = "") -> Iterator[str]:
    """Fields and types of an example that ours lacks; values are of the day."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        yield from (f"{path}.{name}" for name in recorded.keys() - ours.keys())
        for name in recorded.keys() & ours.keys():
            yield from compared(recorded[name], ours[name], f"{path}.{name}")
    elif isinstance(recorded, list) and isinstance(ours, list):
        for first, second in zip(recorded, ours, strict=False):
            yield from compared(first, second, f"{path}[]")
    elif isinstance(recorded, str | bool) != isinstance(ours, str | bool):
        yield f"{path} is {ours!r}, recorded as {recorded!r}"


def example(name: str) -> Any:
    return json.loads((SHARED / "examples" / f"{name}.json").read_text())


async def test_a_created_invoice_has_the_recorded_shape_and_figures(sandbox: Sandbox) -> None:
    recorded = example("invoice_create")
    body = recorded["request"]["body"]
    body["Invoices"][0]["Contact"]["ContactID"] = sandbox.contact.contact_id
    sandbox.extra["Idempotency-Key"] = recorded["request"]["headers"]["Idempotency-Key"]
    answer = await sandbox.api("PUT", "/Invoices", body)
    assert list(compared(recorded["response"]["body"], answer.body)) == []
    theirs, ours = recorded["response"]["body"]["Invoices"][0], answer.body["Invoices"][0]
    same = ("SubTotal", "TotalTax", "Total", "AmountDue", "Date", "DueDateString", "UpdatedDateUTC", "Status")
    assert [str(ours[name]) for name in same] == [
        f"{theirs[name]:.2f}" if isinstance(theirs[name], float) else theirs[name] for name in same
    ]


async def test_a_batch_and_a_payment_have_the_recorded_shape(sandbox: Sandbox) -> None:
    good, bad = sandbox.invoice("ST-100234", Reference="r"), sandbox.invoice("ST-100235")
    bad["LineItems"] = [{"Description": "bad account", "UnitAmount": 5, "AccountCode": "555"}]
    answer = await sandbox.api("PUT", "/Invoices", {"Invoices": [good, bad]}, summarizeErrors=False)
    assert list(compared(example("invoice_batch_partial_summarizeErrors_false")["response"]["body"], answer.body)) == []
    refused = await sandbox.api("PUT", "/Invoices", {"Invoices": [bad]})
    assert list(compared(example("invoice_batch_partial_default_400")["response"]["body"], refused.body)) == []
    invoice = answer.body["Invoices"][0]
    paid = await sandbox.api("PUT", "/Payments", {"Payments": [sandbox.payment(invoice, 10, Reference="r")]})
    assert list(compared(example("payment_create")["response"]["body"], paid.body)) == []
    wrong = await sandbox.api("PUT", "/Payments", {"Payments": [sandbox.payment(invoice, 9999)]})
    assert list(compared(example("payment_rejected_400")["response"]["body"], wrong.body)) == []
    path = f"/Payments/{paid.body['Payments'][0]['PaymentID']}"
    gone = await sandbox.api("POST", path, {"Status": "DELETED"})
    assert list(compared(example("payment_delete")["response"]["body"], gone.body)) == []
    listed = await sandbox.get("/Invoices", page=1, pageSize=2)
    assert list(compared(example("list_invoices_page")["response"]["body"], listed.body)) == []


async def test_a_duplicate_contact_and_an_order_have_the_recorded_shape(sandbox: Sandbox) -> None:
    phone = {"PhoneType": "DEFAULT", "PhoneNumber": "555-0100"}
    body = {"Contacts": [{"Name": "Jane Doe", "EmailAddress": "jane@example.test", "Phones": [phone]}]}
    answer = await sandbox.api("PUT", "/Contacts", body)
    assert list(compared(example("contact_duplicate_name_400")["response"]["body"], answer.body)) == []
    order: dict[str, Any] = {"PurchaseOrderNumber": "A", "Contact": {"ContactID": sandbox.contact.contact_id}}
    order |= {"LineItems": [sandbox.line(AccountCode="300")]}
    made = await sandbox.api("POST", "/PurchaseOrders", {"PurchaseOrders": [order]}, summarizeErrors=False)
    recorded = example("purchaseorder_batch")["response"]["body"]
    recorded["PurchaseOrders"] = recorded["PurchaseOrders"][:1]
    assert list(compared(recorded, made.body)) == []
