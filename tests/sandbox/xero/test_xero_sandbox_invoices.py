"""Invoices and bills: creating, arithmetic, numbers, transitions, lines, locks."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from xero_world import ZERO, Sandbox

pytestmark = pytest.mark.anyio
D = Decimal


async def test_an_approved_invoice_is_computed_and_posted(sandbox: Sandbox) -> None:
    made = await sandbox.made("ST-100234", Reference="ST job 5512")
    assert (made["SubTotal"], made["TotalTax"], made["Total"]) == (D("21.00"), D("3.15"), D("24.15"))
    assert (made["AmountDue"], made["AmountPaid"], made["Status"]) == (D("24.15"), D("0.00"), "AUTHORISED")
    line = made["LineItems"][0]
    assert (line["TaxType"], line["TaxAmount"], line["LineAmount"]) == ("OUTPUT2", D("3.15"), D("21.00"))
    assert made["Date"] == "/Date(1789344000000+0000)/" and made["DueDateString"] == "2026-10-14T00:00:00"
    assert made["UpdatedDateUTC"] == "/Date(1789378199100+0000)/"
    assert sandbox.books.ledger.balance(sandbox.books.system("DEBTORS").account_id) == D("24.15")


@pytest.mark.parametrize(
    ("amounts", "unit", "tax", "sub_total", "total"),
    [
        ("Inclusive", "541.25", "70.60", "470.65", "541.25"),
        ("Inclusive", "500", "65.22", "434.78", "500.00"),
        ("Exclusive", "541.25", "81.19", "541.25", "622.44"),
        ("NoTax", "541.25", "0.00", "541.25", "541.25"),
    ],
)
async def test_tax_is_rounded_per_line(
    sandbox: Sandbox, amounts: str, unit: str, tax: str, sub_total: str, total: str
) -> None:
    made = await sandbox.made(LineAmountTypes=amounts, LineItems=[sandbox.line(unit, 1)])
    assert [made["TotalTax"], made["SubTotal"], made["Total"]] == [D(tax), D(sub_total), D(total)]


@pytest.mark.parametrize(("word", "tax"), [("up", "0.15"), ("even", "0.14")])
async def test_half_a_cent_goes_as_the_switch_says(sandbox: Sandbox, word: str, tax: str) -> None:
    sandbox.switches.half_cent = word
    sandbox.books.desk.add_tax_rate("Odd", "14.5", "ODD")
    made = await sandbox.made(LineItems=[sandbox.line("1.00", 1, TaxType="ODD")])
    assert made["TotalTax"] == D(tax)


async def test_unit_prices_keep_two_decimals_unless_four_are_asked_for(sandbox: Sandbox) -> None:
    body = {"Invoices": [sandbox.invoice("A", LineItems=[sandbox.line("1.0055", 100)])]}
    two = (await sandbox.api("PUT", "/Invoices", body)).body["Invoices"][0]
    assert (two["LineItems"][0]["UnitAmount"], two["SubTotal"]) == (D("1.01"), D("101.00"))
    four = await sandbox.made("B", LineItems=[sandbox.line("1.0055", 100)])
    assert (four["LineItems"][0]["UnitAmount"], four["SubTotal"]) == (D("1.0055"), D("100.55"))
    assert (await sandbox.read(four))["LineItems"][0]["UnitAmount"] == D("1.01")


async def test_a_line_total_that_does_not_fit_is_refused(sandbox: Sandbox) -> None:
    body = sandbox.invoice(LineItems=[sandbox.line(LineAmount=20)])
    answer = await sandbox.api("PUT", "/Invoices", {"Invoices": [body]})
    assert answer.messages == ["The line total 20 does not match the expected line total 21.00"]


async def test_discounts_are_of_sales_invoices_only(sandbox: Sandbox) -> None:
    made = await sandbox.made(LineItems=[sandbox.line(100, 1, DiscountRate=10)])
    assert (made["SubTotal"], made["TotalDiscount"], made["IsDiscounted"]) == (D("90.00"), D("10.00"), True)
    bill = sandbox.invoice(Type="ACCPAY", LineItems=[sandbox.line(AccountCode="300", DiscountRate=10)])
    assert (await sandbox.api("PUT", "/Invoices", bill)).status == 400


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"AccountCode": "555"}, "Account code '555' is not a valid code for this document."),
        ({"AccountCode": "090"}, "Account code '090' is not a valid code for this document."),
        ({"AccountCode": "610"}, "Account code '610' is not a valid code for this document."),
        (
            {"AccountCode": "999"},
            "Account code '999' has been archived, or has been deleted. Each line item must reference a valid account.",
        ),
        ({"TaxType": "INPUT2"}, "The TaxType code 'INPUT2' cannot be used with account code '200'."),
        ({"ItemCode": "none"}, "Item code 'none' is not valid"),
        (
            {"Tracking": [{"Name": "Unit", "Option": "X"}]},
            "The TrackingCategory or option 'X' does not exist or is not active",
        ),
    ],
)
async def test_lines_are_checked(sandbox: Sandbox, line: dict[str, Any], message: str) -> None:
    body = sandbox.invoice(LineItems=[sandbox.line(), sandbox.line(**line)])
    answer = await sandbox.api("PUT", "/Invoices", {"Invoices": [body]})
    element = answer.body["Elements"][0]
    assert (answer.status, answer.messages, element["InvoiceID"]) == (400, [message], ZERO)
    assert [len(one["ValidationErrors"]) for one in element["LineItems"]] == [0, 1]
    assert len(sandbox.books.invoices) == 0


async def test_one_answer_says_everything(sandbox: Sandbox) -> None:
    body = {"Type": "ACCREC", "Status": "AUTHORISED", "CurrencyCode": "EUR", "Url": "https://go.xero.com/x"}
    answer = await sandbox.api("POST", "/Invoices", body)
    assert answer.messages == [
        "The Url must not contain xero",
        "Organisation is not subscribed to currency EUR",
        "A Contact must be specified for this type of transaction",
        "One or more line items must be specified",
        "The document DueDate field must be specified",
    ]


async def test_tracking_is_shown_by_name_and_id(sandbox: Sandbox) -> None:
    category = sandbox.books.desk.add_tracking_category("Business unit", ["HVAC", "Plumbing"])
    made = await sandbox.made(LineItems=[sandbox.line(Tracking=[{"Name": "Business unit", "Option": "HVAC"}])])
    shown = made["LineItems"][0]["Tracking"][0]
    assert (shown["Option"], shown["TrackingCategoryID"]) == ("HVAC", category.category_id)


async def test_numbers_of_sales_invoices_are_unique_and_those_of_bills_are_not(sandbox: Sandbox) -> None:
    await sandbox.made("ST-1")
    again = await sandbox.api("PUT", "/Invoices", sandbox.invoice("ST-1"))
    assert (again.status, again.messages) == (400, ["Invoice # must be unique."])
    bill = sandbox.invoice("B-1", Type="ACCPAY", LineItems=[sandbox.line(AccountCode="300")], Reference="dropped")
    for _ in range(2):
        made = (await sandbox.api("PUT", "/Invoices", bill)).body["Invoices"][0]
        assert made["InvoiceNumber"] == "B-1" and "Reference" not in made
    unnumbered = sandbox.invoice()
    del unnumbered["InvoiceNumber"]
    assert (await sandbox.api("PUT", "/Invoices", unnumbered)).body["Invoices"][0]["InvoiceNumber"] == "INV-0001"


async def test_posting_a_known_number_updates_that_invoice(sandbox: Sandbox) -> None:
    made = await sandbox.made("ST-1", Status="DRAFT")
    other = sandbox.invoice("ST-1", Reference="second", LineItems=[sandbox.line(5, 1)])
    again = (await sandbox.api("POST", "/Invoices", other)).body["Invoices"][0]
    assert (again["InvoiceID"], again["Total"], again["Reference"]) == (made["InvoiceID"], D("5.75"), "second")
    assert len(sandbox.books.invoices) == 1


@pytest.mark.parametrize("frees", [False, True])
async def test_the_number_of_a_voided_invoice_is_burnt_unless_the_switch_says_otherwise(
    sandbox: Sandbox, frees: bool
) -> None:
    sandbox.switches.void_frees_number = frees
    made = await sandbox.made("ST-1")
    await sandbox.api("POST", f"/Invoices/{made['InvoiceID']}", {"Status": "VOIDED"})
    put = await sandbox.api("PUT", "/Invoices", sandbox.invoice("ST-1"))
    if frees:
        assert put.status == 200
        return
    assert put.messages == ["Invoice # must be unique."]
    post = await sandbox.api("POST", "/Invoices", sandbox.invoice("ST-1"))
    assert "Invoice not of valid status for modification" in post.messages


@pytest.mark.parametrize(
    ("start", "step", "fits"),
    [
        ("DRAFT", "SUBMITTED", True),
        ("DRAFT", "AUTHORISED", True),
        ("DRAFT", "DELETED", True),
        ("DRAFT", "VOIDED", False),
        ("SUBMITTED", "DRAFT", True),
        ("SUBMITTED", "PAID", False),
        ("AUTHORISED", "VOIDED", True),
        ("AUTHORISED", "DELETED", False),
        ("AUTHORISED", "DRAFT", False),
    ],
)
async def test_transitions(sandbox: Sandbox, start: str, step: str, fits: bool) -> None:
    made = await sandbox.made(Status=start)
    answer = await sandbox.api("POST", f"/Invoices/{made['InvoiceID']}", {"Status": step})
    if fits:
        assert answer.body["Invoices"][0]["Status"] == step
    else:
        assert answer.messages == ["Invoice not of valid status for modification"]
        assert (await sandbox.read(made))["Status"] == start


async def test_a_voided_invoice_shows_its_old_balance_once_and_none_later(sandbox: Sandbox) -> None:
    made = await sandbox.made()
    answer = await sandbox.api("POST", f"/Invoices/{made['InvoiceID']}", {"Status": "VOIDED"})
    assert answer.body["Invoices"][0]["AmountDue"] == D("24.15")
    later = await sandbox.read(made)
    assert (later["AmountDue"], later["Total"]) == (D("0.00"), D("24.15"))
    assert sandbox.books.ledger.balances() == {}


async def test_lines_of_an_update_are_matched_by_their_ids(sandbox: Sandbox) -> None:
    made = await sandbox.made(LineItems=[sandbox.line(1, 1), sandbox.line(2, 1)])
    first, second = (one["LineItemID"] for one in made["LineItems"])
    changed = [{"LineItemID": second, "UnitAmount": 3}, sandbox.line(4, 1)]
    path = f"/Invoices/{made['InvoiceID']}"
    after = (await sandbox.api("POST", path, {"LineItems": changed})).body["Invoices"][0]
    assert [one["LineAmount"] for one in after["LineItems"]] == [D("3.00"), D("4.00")]
    assert after["LineItems"][0]["LineItemID"] == second and after["LineItems"][0]["Description"] == "Water heater"
    kept = (await sandbox.api("POST", path, {"Reference": "only"})).body["Invoices"][0]
    assert [one["LineItemID"] for one in kept["LineItems"]] == [one["LineItemID"] for one in after["LineItems"]]
    fresh = (await sandbox.api("POST", path, {"LineItems": [sandbox.line(9, 1)]})).body["Invoices"][0]
    assert len(fresh["LineItems"]) == 1 and fresh["LineItems"][0]["LineItemID"] not in (first, second)


async def test_locked_periods(sandbox: Sandbox) -> None:
    made = await sandbox.made()
    sandbox.books.desk.lock(date(2026, 9, 14), date(2026, 3, 31))
    void = await sandbox.api("POST", f"/Invoices/{made['InvoiceID']}", {"Status": "VOIDED"})
    assert void.messages == [
        "The document date cannot be before the period lock date, currently set at 14 September 2026"
    ]
    early = await sandbox.api("PUT", "/Invoices", sandbox.invoice("X", Date="2026-03-31"))
    assert len(early.messages) == 2 and "end of year lock date" in early.messages[1]
    moved = await sandbox.api("POST", f"/Invoices/{made['InvoiceID']}", {"Date": "2026-09-15"})
    assert moved.status == 400


async def test_the_plan_caps_approved_invoices(sandbox: Sandbox) -> None:
    sandbox.books.profile.approvals_left = 1
    await sandbox.made("A")
    refused = await sandbox.api("PUT", "/Invoices", sandbox.invoice("B"))
    assert refused.messages == ["You have reached the limit of invoices you can approve"]
    await sandbox.made("C", Status="DRAFT")


async def test_a_name_finds_or_makes_a_contact_but_an_archived_one_refuses(sandbox: Sandbox) -> None:
    made = await sandbox.made("A", Contact={"Name": "JANE DOE"})
    assert made["Contact"]["ContactID"] == sandbox.contact.contact_id
    fresh = await sandbox.made("B", Contact={"Name": "New Person"})
    assert fresh["Contact"]["Name"] == "New Person" and len(sandbox.books.contacts) == 3
    failing = sandbox.invoice("C", Contact={"Name": "Third"}, LineItems=[])
    assert (await sandbox.api("PUT", "/Invoices", failing)).status == 400 and len(sandbox.books.contacts) == 3
    sandbox.books.desk.archive_contact(sandbox.contact)
    answer = await sandbox.api("PUT", "/Invoices", sandbox.invoice("D"))
    assert "has been archived" in answer.messages[0]
    nameless = await sandbox.api("PUT", "/Invoices", sandbox.invoice("E", Contact={"EmailAddress": "a@b.test"}))
    assert nameless.messages[0].startswith("The Contact must contain at least 1 of the following")


async def test_the_first_invoice_makes_a_customer_without_moving_the_contact(sandbox: Sandbox) -> None:
    before = sandbox.contact.updated
    sandbox.clock.move(60)
    made = await sandbox.made()
    assert (made["Contact"]["IsCustomer"], sandbox.contact.updated) == (True, before)


async def test_other_currencies_post_at_their_rate(sandbox: Sandbox) -> None:
    sandbox.books.desk.add_currency("USD", "0.5")
    made = await sandbox.made(CurrencyCode="USD")
    assert (made["CurrencyRate"], made["Total"]) == (D("0.5"), D("24.15"))
    assert sandbox.books.ledger.balance(sandbox.books.system("DEBTORS").account_id) == D("48.30")


async def test_sent_to_contact_is_of_approved_documents(sandbox: Sandbox) -> None:
    body = sandbox.invoice(Status="DRAFT", SentToContact=True)
    answer = await sandbox.api("PUT", "/Invoices", {"Invoices": [body]}, summarizeErrors="False")
    made = answer.body["Invoices"][0]
    assert (made["StatusAttributeString"], made["SentToContact"]) == ("WARNING", False)
    assert made["Warnings"] == [{"Message": "Only AUTHORISED invoices may have SentToContact updated."}]


async def test_automatic_sales_tax_is_read_only(sandbox: Sandbox) -> None:
    made = await sandbox.made()
    kept = sandbox.books.invoices.get(made["InvoiceID"])
    assert kept is not None
    kept.automatic_tax = True
    assert (await sandbox.api("POST", f"/Invoices/{made['InvoiceID']}", {"Reference": "x"})).status == 400


async def test_a_line_whose_figures_are_not_sent_keeps_its_amount(sandbox: Sandbox) -> None:
    odd = {"Description": "x", "Quantity": 3, "LineAmount": 10, "AccountCode": "200", "TaxAmount": "1.49"}
    made = await sandbox.made(LineItems=[odd])
    line = made["LineItems"][0]
    assert (line["UnitAmount"], line["LineAmount"], made["Total"]) == (D("3.3333"), D("10.00"), D("11.49"))
    path, own = f"/Invoices/{made['InvoiceID']}", {"LineItemID": line["LineItemID"]}
    for body in ({"Reference": "r"}, {"LineItems": [own | {"Description": "better"}]}):
        after = (await sandbox.api("POST", path, body)).body["Invoices"][0]
        assert after["Total"] == D("11.49")
    retaxed = (await sandbox.api("POST", path, {"LineItems": [own | {"TaxType": "NONE"}]})).body["Invoices"][0]
    assert (retaxed["Total"], retaxed["TotalTax"]) == (D("10.00"), D("0.00"))
