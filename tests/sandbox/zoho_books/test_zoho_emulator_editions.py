"""Fields that tax editions demand, each by a switch, and scopes of the new modules."""

from __future__ import annotations

from typing import Any

import pytest
from zoho_desk_sales import customer_id, invoice_body, item_id, post_invoice
from zoho_world import Sandbox

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("country", "switch", "fields"),
    [
        ("GB", "demanded_uk", {"vat_treatment": "uk"}),
        ("IN", "demanded_in", {"gst_treatment": "business_gst", "gst_no": "22AAAAA0000A1Z5", "place_of_supply": "TN"}),
        ("AE", "demanded_gcc", {"tax_treatment": "vat_registered", "place_of_supply": "DU"}),
    ],
)
async def test_an_invoice_without_a_demanded_field_is_refused(
    sandbox: Sandbox, country: str, switch: str, fields: dict[str, str]
) -> None:
    sandbox.books.profile.country_code = country
    assert (await post_invoice(sandbox)).status == 201, "nothing is demanded by default"
    sandbox.emulator.set_switches({switch: ",".join(fields)})
    for name in fields:
        without = {key: value for key, value in fields.items() if key != name}
        refused = await post_invoice(sandbox, **without)
        assert refused.body == {"code": 2, "message": f"Invalid value passed for {name}"}
    made = await post_invoice(sandbox, **fields)
    assert made.body["invoice"].items() >= fields.items()
    sandbox.books.profile.country_code = "US"
    assert (await post_invoice(sandbox)).status == 201, "another edition demands nothing of it"


async def test_what_the_contact_says_is_enough(sandbox: Sandbox) -> None:
    sandbox.books.profile.country_code = "GB"
    sandbox.switches.demanded_uk = "vat_treatment"
    changed = await sandbox.api("PUT", f"/contacts/{customer_id(sandbox)}", {"vat_treatment": "uk"})
    assert changed.body["contact"]["vat_treatment"] == "uk"
    assert (await post_invoice(sandbox)).status == 201
    assert (await sandbox.api("POST", "/bills", sandbox.bill())).body["code"] == 2
    bill = await sandbox.api("POST", "/bills", sandbox.bill(vat_treatment="overseas"))
    assert bill.body["bill"]["vat_treatment"] == "overseas"


async def test_lines_need_a_code_in_india(sandbox: Sandbox) -> None:
    sandbox.books.profile.country_code = "IN"
    sandbox.switches.demanded_in = "hsn_or_sac, source_of_supply"
    assert (await post_invoice(sandbox)).body["message"] == "Invalid value passed for hsn_or_sac"
    line = {"item_id": item_id(sandbox), "hsn_or_sac": "9987"}
    assert (await post_invoice(sandbox, line_items=[line])).body["invoice"]["line_items"][0]["hsn_or_sac"] == "9987"
    coded = item_id(sandbox, "Coded", hsn_or_sac="9988")
    assert (await post_invoice(sandbox, line_items=[{"item_id": coded}])).status == 201
    bill = sandbox.bill(line_items=[sandbox.line(hsn_or_sac="9987")])
    assert (await sandbox.api("POST", "/bills", bill)).body["message"] == "Invalid value passed for source_of_supply"
    assert (await sandbox.api("POST", "/bills", bill | {"source_of_supply": "TN"})).status == 201
    spent: dict[str, Any] = {"amount": 1, "account_id": sandbox.line()["account_id"]}
    spent["paid_through_account_id"] = sandbox.books.undeposited_funds.account_id
    assert (await sandbox.api("POST", "/expenses", spent)).body[
        "message"
    ] == "Invalid value passed for source_of_supply"
    assert (await sandbox.api("POST", "/expenses", spent | {"source_of_supply": "TN"})).status == 201


async def test_untaxed_sales_need_an_exemption_in_the_us_by_switch(sandbox: Sandbox) -> None:
    sandbox.switches.demanded_us = "tax_exemption"
    assert (await post_invoice(sandbox)).body["code"] == 1053
    exemption, tax = sandbox.books.add_tax_exemption("RESALE"), sandbox.books.add_tax("County", 7)
    for more in ({"tax_exemption_id": exemption.tax_exemption_id}, {"tax_id": tax.tax_id}):
        assert (await post_invoice(sandbox, line_items=[{"item_id": item_id(sandbox), **more}])).status == 201
    assert (await sandbox.api("POST", "/bills", sandbox.bill())).status == 201, "bills are asked by the profile"


async def test_a_field_that_the_edition_does_not_have_is_a_mistake_of_the_test(sandbox: Sandbox) -> None:
    sandbox.switches.demanded_us = "gst_no"
    assert (await post_invoice(sandbox)).status == 500


NEW = [
    ("GET", "/invoices", "invoices.READ"), ("POST", "/invoices", "invoices.CREATE"),
    ("PUT", "/invoices/1", "invoices.UPDATE"), ("POST", "/invoices/1/status/sent", "invoices.CREATE"),
    ("DELETE", "/invoices/1", "invoices.DELETE"), ("GET", "/creditnotes", "creditnotes.READ"),
    ("PUT", "/creditnotes/1", "creditnotes.UPDATE"), ("DELETE", "/creditnotes/1/invoices/2", "creditnotes.DELETE"),
    ("POST", "/creditnotes/1/refunds", "creditnotes.CREATE"), ("GET", "/customerpayments", "customerpayments.READ"),
    ("PUT", "/customerpayments/1", "customerpayments.UPDATE"), ("DELETE", "/customerpayments/1", "customerpayments.DELETE"),
    ("GET", "/expenses", "expenses.READ"), ("POST", "/expenses", "expenses.CREATE"),
    ("PUT", "/expenses/1", "expenses.UPDATE"), ("DELETE", "/expenses/1", "expenses.DELETE"),
    ("GET", "/items", "settings.READ"), ("POST", "/items", "settings.CREATE"), ("PUT", "/items/1", "settings.UPDATE"),
    ("POST", "/settings/taxes", "settings.CREATE"), ("DELETE", "/settings/taxes/1", "settings.DELETE"),
    ("PUT", "/contacts/contactpersons/1", "contacts.UPDATE"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "scope"), NEW)
async def test_each_call_needs_its_scope(sandbox: Sandbox, method: str, path: str, scope: str) -> None:
    body = {} if method in ("POST", "PUT") else None
    other = "bills.ALL" if not scope.startswith("bills") else "invoices.ALL"
    sandbox.grant(f"ZohoBooks.{other}")
    refused = await sandbox.api(method, path, body)
    assert (refused.status, refused.body["code"]) == (401, 57)
    for granted in (scope, f"{scope.partition('.')[0]}.ALL"):
        sandbox.grant(f"ZohoBooks.{granted}")
        assert (await sandbox.api(method, path, body)).status != 401
    module = scope.partition(".")[0]
    words = [word for word in ("READ", "CREATE", "UPDATE", "DELETE") if f"{module}.{word}" != scope]
    sandbox.grant(",".join(f"ZohoBooks.{module}.{word}" for word in words))
    assert (await sandbox.api(method, path, body)).status == 401


async def test_an_invoice_written_with_the_least_scope(sandbox: Sandbox) -> None:
    body = invoice_body(sandbox)
    sandbox.grant("ZohoBooks.invoices.CREATE")
    made = await sandbox.api("POST", "/invoices", body)
    path = f"/invoices/{made.body['invoice']['invoice_id']}"
    assert (await sandbox.api("POST", f"{path}/status/sent")).status == 200
    assert (await sandbox.get(path)).body["code"] == 57
