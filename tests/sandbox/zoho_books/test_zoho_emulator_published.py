"""Answers against the published specification and against recorded traffic."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator  # type: ignore[import-untyped]
from zoho_desk_sales import credit_note, customer_id, post_invoice, receive, sent
from zoho_world import Sandbox

SHARED = Path(__file__).resolve().parents[4] / "shared" / "vendors" / "zoho_books"
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.shared,
    pytest.mark.skipif(not SHARED.is_dir(), reason="the vendors' published specifications are not beside the checkout"),
]

# Where the specification is known to differ from recorded traffic or from itself; the emulator follows the traffic.
KNOWN_TYPES = {
    "chartofaccounts.depth": "live: integer",
    "chartofaccounts.is_child_present": "live: boolean",
    "organizations.fiscal_year_start_month": "live: text",
    "vendor_credit.line_items": "the schema says object, the description says lines",
    "bill.taxes.tax_amount": "the schema says text; money is a number wherever it was recorded",
    "vendorpayments.payment_number": "live: text",
    "vendorpayments.check_details": "live: an object",
    "vendorpayment.payment_number": "live: text",
    "vendorpayment.billing_address": "live: an object",
    "vendorpayment.comments": "live: rows",
    "creditnotes": "the schema says object; a list on every recording",
    **dict.fromkeys(
        [f"{one}.{name}" for one in ("invoice", "invoices") for name in ("balance", "shipping_charge", "total")],
        "live: numbers",
    ),
    **dict.fromkeys(
        [f"{one}.{name}" for one in ("expense", "expenses") for name in ("start_reading", "end_reading")],
        "live: empty texts",
    ),
    "item.tax_percentage": "live: a number",
    "items.tax_percentage": "live: a number",
    "payments.payment_number": "live: text",
    "page_context": "the projects' schema says rows; an object on every list recorded",
}


def resolve(document: Any, node: Any) -> Any:
    """The schema with every reference put in place."""
    if isinstance(node, list):
        return [resolve(document, one) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        found = document
        for part in node["$ref"].split("/")[1:]:
            found = found[part]
        return resolve(document, found)
    # Whole amounts are integers in the schema because its samples are; cents are legal.
    return {
        key: "number" if (key, one) == ("type", "integer") else resolve(document, one)
        for key, one in node.items()
        if key not in ("required", "example", "enum", "format")
    }


def schema(file: str, method: str, path: str) -> Any:
    document = yaml.safe_load((SHARED / "openapi" / "books_2026-07" / file).read_text())
    operation = document["paths"][path][method]
    answer = next(iter(operation["responses"].values()))
    return resolve(document, answer["content"]["application/json"]["schema"])


def differences(found: Any, shape: Any) -> Iterator[str]:
    for error in Draft7Validator(shape).iter_errors(found):
        path = ".".join(str(one) for one in error.absolute_path if isinstance(one, str))
        if path not in KNOWN_TYPES:
            yield f"{path}: {error.message[:120]}"


@pytest.fixture
async def filled(sandbox: Sandbox) -> dict[str, str]:
    """One of everything; returns the ids that paths need."""
    books = sandbox.books
    books.profile.locations_enabled = True
    books.add_location("Phoenix")
    tax = books.add_tax("County", "7.25", authority_name="State")
    group = books.add_tax_group("Both", [tax])
    tag = books.add_reporting_tag("Unit", ["HVAC"])
    books.lock_transactions(date(2025, 12, 31))
    field = books.add_unique_field("bill", "ML Ref")
    line = sandbox.line(10, tax_id=tax.tax_id, tags=[{"tag_id": tag.tag_id, "tag_option_id": next(iter(tag.options))}])
    custom = [{"customfield_id": field.field_id, "value": "r"}]
    body = sandbox.bill(line_items=[line], custom_fields=custom)
    bill = (await sandbox.api("POST", "/bills", body)).body["bill"]
    kept = books.bills.get(bill["bill_id"])
    assert kept is not None
    made = books.record_payment(kept, 1, date(2026, 6, 9)).made
    project = books.add_project("Audit", books.contacts.having("name", "acme corp")[0])
    credit = books.add_vendor_credit(books.contacts.having("name", "beta supplies ltd")[0], date(2026, 6, 9), [line])
    return {
        **await filled_sales(sandbox),
        "bill_id": bill["bill_id"],
        "contact_id": bill["vendor_id"],
        "vendor_credit_id": credit.document_id,
        "payment_id": made.payment_id,
        "project_id": project.project_id,
        "tax_group_id": group.tax_group_id,
        "account_id": books.accounts_payable.account_id,
        "currency_id": books.base_currency.currency_id,
        "tag_id": tag.tag_id,
    }


async def filled_sales(sandbox: Sandbox) -> dict[str, str]:
    """One of everything that is sold; returns the ids that paths need."""
    owed, note = await sent(sandbox), await credit_note(sandbox)
    through = sandbox.books.undeposited_funds.account_id
    made = (await receive(sandbox, 20, (owed, 10))).body["payment"]
    refund = {"date": "2026-06-09", "amount": 1, "from_account_id": through}
    await sandbox.api("POST", f"/customerpayments/{made['payment_id']}/refunds", refund)
    path = f"/creditnotes/{note['creditnote_id']}"
    part = {"invoice_id": owed["invoice_id"], "amount_applied": 5}
    await sandbox.api("POST", f"{path}/invoices", {"invoices": [part]})
    await sandbox.api("POST", f"{path}/refunds", refund)
    body = {"date": "2026-06-09", "amount": 3, "paid_through_account_id": through}
    spent = await sandbox.api("POST", "/expenses", body | {"account_id": sandbox.line()["account_id"]})
    return {
        "invoice_id": owed["invoice_id"],
        "creditnote_id": note["creditnote_id"],
        "customer_payment_id": made["payment_id"],
        "item_id": owed["line_items"][0]["item_id"],
        "expense_id": spent.body["expense"]["expense_id"],
    }


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ("invoices.yml", "/invoices"),
        ("invoices.yml", "/invoices/{invoice_id}"),
        ("invoices.yml", "/invoices/{invoice_id}/payments"),
        ("invoices.yml", "/invoices/{invoice_id}/creditsapplied"),
        ("credit-notes.yml", "/creditnotes"),
        ("credit-notes.yml", "/creditnotes/{creditnote_id}"),
        ("credit-notes.yml", "/creditnotes/{creditnote_id}/invoices"),
        ("credit-notes.yml", "/creditnotes/{creditnote_id}/refunds"),
        ("customer-payments.yml", "/customerpayments"),
        ("customer-payments.yml", "/customerpayments/{customer_payment_id}/refunds"),
        ("items.yml", "/items"),
        ("items.yml", "/items/{item_id}"),
        ("expenses.yml", "/expenses"),
        ("expenses.yml", "/expenses/{expense_id}"),
        ("currency.yml", "/settings/currencies/{currency_id}/exchangerates"),
        ("bills.yml", "/bills"),
        ("bills.yml", "/bills/{bill_id}"),
        ("bills.yml", "/bills/{bill_id}/payments"),
        ("vendor-credits.yml", "/vendorcredits"),
        ("vendor-credits.yml", "/vendorcredits/{vendor_credit_id}"),
        ("vendor-credits.yml", "/vendorcredits/{vendor_credit_id}/bills"),
        ("vendor-payments.yml", "/vendorpayments"),
        ("vendor-payments.yml", "/vendorpayments/{payment_id}"),
        ("vendor-payments.yml", "/vendorpayments/{payment_id}/refunds"),
        ("projects.yml", "/projects"),
        ("projects.yml", "/projects/{project_id}"),
        ("contacts.yml", "/contacts"),
        ("contacts.yml", "/contacts/{contact_id}"),
        ("chart-of-accounts.yml", "/chartofaccounts"),
        ("chart-of-accounts.yml", "/chartofaccounts/{account_id}"),
        ("taxes.yml", "/settings/taxes"),
        ("taxes.yml", "/settings/taxgroups/{tax_group_id}"),
        ("currency.yml", "/settings/currencies"),
        ("currency.yml", "/settings/currencies/{currency_id}"),
        ("organizations.yml", "/organizations"),
        ("locations.yml", "/locations"),
        ("reporting-tags.yml", "/reportingtags"),
        ("transaction-locking.yml", "/transactionlock"),
        ("transaction-locking.yml", "/transactionlocks"),
    ],
)
async def test_answers_fit_the_specification(sandbox: Sandbox, filled: dict[str, str], file: str, path: str) -> None:
    answer = await sandbox.get(path.format(**filled))
    assert answer.status == 200
    plain = json.loads(json.dumps(answer.body, default=float))
    assert list(differences(plain, schema(file, "get", path))) == []


def types(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    return {"int": "number", "float": "number", "Decimal": "number"}.get(type(value).__name__, type(value).__name__)


def compare(recorded: Any, ours: Any, path: str = "") -> Iterator[str]:
    if isinstance(recorded, dict) and isinstance(ours, dict):
        absent = set(recorded) - set(ours)
        yield from (f"{path}.{name} is missing" for name in sorted(absent))
        yield from (f"{path}.{name} is not in the recording" for name in sorted(set(ours) - set(recorded)))
        for name in set(recorded) & set(ours):
            yield from compare(recorded[name], ours[name], f"{path}.{name}")
    elif isinstance(recorded, list) and isinstance(ours, list):
        if recorded and ours:
            yield from compare(recorded[0], ours[0], f"{path}[]")
    elif types(recorded) != types(ours):
        yield f"{path} is {types(ours)}, recorded as {types(recorded)}"


def recording(name: str) -> Any:
    return json.loads((SHARED / "examples" / "live" / f"{name}.json").read_text())


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("list-bills", "/bills"),
        ("list-vendor-payments", "/vendorpayments"),
        ("list-contacts", "/contacts"),
        ("list-chart-of-accounts", "/chartofaccounts"),
        ("list-currencies", "/settings/currencies"),
        ("list-taxes", "/settings/taxes"),
        ("list-organizations", "/organizations"),
        ("list-invoices", "/invoices"),
        ("list-credit-notes", "/creditnotes"),
        ("list-payments", "/customerpayments"),
        ("list-items", "/items"),
        ("list-expenses", "/expenses"),
    ],
)
async def test_lists_have_the_recorded_shape(sandbox: Sandbox, name: str, path: str) -> None:
    made = (await sandbox.api("POST", "/bills", sandbox.bill())).body["bill"]
    kept = sandbox.books.bills.get(made["bill_id"])
    assert kept is not None
    sandbox.books.record_payment(kept, 1, date(2026, 6, 9))
    await filled_sales(sandbox)
    recorded = recording(name)
    answer = await sandbox.get(
        path, **{key: recorded["query"][key] for key in ("per_page",) if key in recorded["query"]}
    )
    assert list(compare(recorded["response"], answer.body)) == []
    context = recorded["response"].get("page_context", {})
    mine = answer.body.get("page_context", {})
    steady = ("page", "per_page", "report_name", "applied_filter", "sort_column", "sort_order")
    assert {key: mine.get(key) for key in steady} == {key: context.get(key) for key in steady}


async def test_created_documents_have_the_recorded_shape(sandbox: Sandbox) -> None:
    sent = recording("create-bill")
    body = sandbox.bill(sent["request_body"]["bill_number"])
    body["line_items"][0]["name"] = "Office Supplies"
    bill = await sandbox.api("POST", "/bills", body)
    assert list(compare(sent["response"], bill.body)) == []
    for name, path in (("create-contact", "/contacts"), ("create-chart-of-account", "/chartofaccounts")):
        sent = recording(name)
        answer = await sandbox.api("POST", path, sent["request_body"])
        assert answer.status == sent["status"]
        assert answer.body["message"] == sent["response"]["message"]
        assert list(compare(sent["response"], answer.body)) == []
    sent = recording("create-vendor-payment")
    through = sandbox.books.undeposited_funds.account_id
    asked = sent["request_body"] | {"vendor_id": bill.body["bill"]["vendor_id"], "paid_through_account_id": through}
    answer = await sandbox.api("POST", "/vendorpayments", asked)
    assert (answer.status, answer.body["message"]) == (sent["status"], sent["response"]["message"])
    assert list(compare(sent["response"], answer.body)) == []


async def test_created_sales_have_the_recorded_shape(sandbox: Sandbox) -> None:
    ids = await filled_sales(sandbox)
    known = {
        "customer_id": customer_id(sandbox),
        "paid_through_account_id": sandbox.books.undeposited_funds.account_id,
        "account_id": sandbox.books.sales_account.account_id,
        "invoices": [{"invoice_id": ids["invoice_id"], "amount_applied": 1}],
    }
    line = {"item_id": ids["item_id"], "account_id": known["account_id"]}
    for name, path in (
        ("create-invoice", "/invoices"),
        ("create-credit-note", "/creditnotes"),
        ("create-payment", "/customerpayments"),
        ("create-item", "/items"),
        ("create-expense", "/expenses"),
    ):
        sent_ = recording(name)
        body = sent_["request_body"] | {key: known[key] for key in known if key in sent_["request_body"]}
        for row in body.get("line_items", []):
            row |= {key: line[key] for key in line if key in row}
        answer = await sandbox.api("POST", path, body)
        assert (answer.status, answer.body["message"]) == (sent_["status"], sent_["response"]["message"]), answer.body
        assert list(compare(sent_["response"], answer.body)) == [], name


@pytest.mark.parametrize("name", ["mark-invoice-sent", "void-invoice"])
async def test_statuses_are_answered_as_recorded(sandbox: Sandbox, name: str) -> None:
    made = (await post_invoice(sandbox)).body["invoice"]
    recorded = recording(name)
    answer = await sandbox.api("POST", f"/invoices/{made['invoice_id']}/status/{recorded['path'].rsplit('/')[-1]}")
    assert (answer.status, answer.body) == (recorded["status"], recorded["response"])
