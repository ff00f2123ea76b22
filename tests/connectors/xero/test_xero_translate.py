"""Xero's rows as canonical documents: states, signs, dates, tie-out, references."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from xero_script import NO_ID, contact_row, guid, invoice_row, payment_row, ticks

from ml_connector.canonical.documents import Document, decode, encode
from ml_connector.canonical.master_data import Account, Dimension, Party, TaxCode
from ml_connector.canonical.money import total
from ml_connector.canonical.parts import Address, Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillState, OrderState, PurchaseOrder
from ml_connector.canonical.sales import Invoice, InvoiceState, Payment, PaymentKind
from ml_connector.canonical.stamps import stamp_key
from ml_connector.connectors import json_fields
from ml_connector.connectors.xero import translate, values
from ml_connector.connectors.xero.resources import RESOURCES, row_of

EXAMPLES = Path(__file__).resolve().parents[4] / "shared" / "vendors" / "xero" / "examples"


def read(entity: str, row: dict[str, Any], **settings: str) -> Document:
    found = row_of(RESOURCES[entity], json.dumps(row).encode(), settings)
    assert found is not None and found.document is not None, found
    assert decode(encode(found.document)) == found.document
    return found.document


def invoice(row: dict[str, Any], **settings: str) -> Invoice:
    found = read("invoices", row, **settings)
    assert isinstance(found, Invoice)
    return found


def test_an_invoice_ties_out_and_shows_its_references() -> None:
    shown = invoice(invoice_row(1))
    assert total(line.amount for line in shown.lines) + shown.tax == shown.total == Decimal("24.15")
    assert (shown.number, shown.memo, shown.reference) == ("ST-1", "job 5512", "servicetitan-1-invoices-1")
    assert (shown.date, shown.due_date) == (dt.date(2026, 9, 14), dt.date(2026, 10, 14))
    assert (shown.customer, shown.currency, shown.balance) == (Ref(guid(1, 2), "Jane Doe"), "NZD", Decimal("24.15"))
    (line,) = shown.lines
    assert (line.account, line.tax_code, line.tax) == (Ref(guid(200, 3), "", "200"), Ref("OUTPUT2"), Decimal("3.15"))
    assert line.dimensions == (Ref(guid(1, 6), "North", guid(1, 5)),)
    assert stamp_key(shown.stamp) < stamp_key(invoice(invoice_row(1, 0.001)).stamp)


def test_inclusive_lines_contain_their_tax() -> None:
    lines = [{"LineAmount": 500.0, "TaxAmount": 65.22, "TaxType": "OUTPUT2", "Description": "x"}]
    shown = invoice(invoice_row(1, LineAmountTypes="Inclusive", LineItems=lines, Total=500.0, TotalTax=65.22))
    assert shown.tax_basis is TaxBasis.INCLUSIVE and shown.tax == 0
    assert total(line.amount for line in shown.lines) == shown.total
    assert invoice(invoice_row(1, LineAmountTypes="NoTax")).tax_basis is TaxBasis.NONE


@pytest.mark.parametrize(
    ("word", "state", "active"),
    [
        ("DRAFT", InvoiceState.DRAFT, True),
        ("SUBMITTED", InvoiceState.SUBMITTED, True),
        ("AUTHORISED", InvoiceState.AUTHORISED, True),
        ("PAID", InvoiceState.PAID, True),
        ("VOIDED", InvoiceState.VOID, False),
        ("DELETED", InvoiceState.DELETED, False),
    ],
)
def test_states(word: str, state: InvoiceState, active: bool) -> None:
    shown = invoice(invoice_row(1, Status=word))
    assert (shown.state, shown.active, shown.state_words) == (state, active, word)


def test_our_reference_may_stand_in_the_link() -> None:
    row = invoice_row(1, Reference="job 7", Url="https://records.example.com/servicetitan-1-invoices-1")
    settings = {"reference_in": "url", "reference_url": "https://records.example.com/"}
    shown = invoice(row, **settings)
    assert (shown.reference, shown.memo) == ("servicetitan-1-invoices-1", "job 7")
    assert invoice(row).reference == ""
    assert invoice(invoice_row(1, Url="https://elsewhere.example/x", Reference=""), **settings).reference == ""


@pytest.mark.parametrize("text", ["", "job 5512", "[urgent]", "see [ref a b]", "[ref x] and more"])
def test_what_people_write_is_no_reference_of_ours(text: str) -> None:
    shown = invoice(invoice_row(1, Reference=text))
    assert (shown.reference, shown.memo) == ("", text)


def test_a_row_without_lines_is_not_complete_and_another_rows_type_is_left_out() -> None:
    assert invoice(invoice_row(1, LineItems=[])).complete is False
    assert row_of(RESOURCES["invoices"], json.dumps(invoice_row(1, Type="ACCPAY")).encode(), {}) is None


@pytest.mark.parametrize(
    ("more", "state"),
    [
        ({"Status": "DRAFT"}, BillState.DRAFT),
        ({"Status": "SUBMITTED"}, BillState.DRAFT),
        ({}, BillState.OPEN),
        ({"AmountPaid": 1.0}, BillState.PARTLY_PAID),
        ({"AmountCredited": 1.0}, BillState.PARTLY_PAID),
        ({"Status": "PAID"}, BillState.PAID),
        ({"Status": "VOIDED"}, BillState.CANCELED),
    ],
)
def test_payable_bills(more: dict[str, Any], state: BillState) -> None:
    shown = read("bills", invoice_row(1, Type="ACCPAY", **more))
    assert isinstance(shown, Bill) and shown.state is state
    assert shown.paid == more.get("AmountPaid", 0)
    assert shown.vendor == Ref(guid(1, 2), "Jane Doe") and shown.lines[0].unit_cost == Decimal("10.5")


def test_a_credit_note_shows_what_is_applied() -> None:
    part = {"AllocationID": guid(5, 8), "Amount": 4.0, "Invoice": {"InvoiceID": guid(1), "InvoiceNumber": "ST-1"}}
    row = invoice_row(1, Type="ACCRECCREDIT", CreditNoteID=guid(8), CreditNoteNumber="CN-1", RemainingCredit=20.15,
                      Allocations=[part, {**part, "IsDeleted": True}])  # fmt: skip
    shown = read("credit_notes", row)
    assert isinstance(shown, Invoice) and (shown.kind, shown.number, shown.id) == ("credit note", "CN-1", guid(8))
    assert (shown.total, shown.balance, len(shown.allocations)) == (Decimal("24.15"), Decimal("20.15"), 1)
    assert shown.allocations[0].document == Ref(guid(1), "", "ST-1")


def test_a_credit_from_a_vendor_is_a_bill_over_less_than_nothing() -> None:
    part = {"AllocationID": guid(5, 8), "Amount": 4.0, "Invoice": {"InvoiceID": guid(1), "InvoiceNumber": "B-1"}}
    row = invoice_row(1, Type="ACCPAYCREDIT", CreditNoteID=guid(8), CreditNoteNumber="VC-1", RemainingCredit=20.15,
                      Allocations=[part, {**part, "IsDeleted": True}])  # fmt: skip
    shown = read("vendor_credits", row)
    assert isinstance(shown, Bill) and (shown.number, shown.id, shown.state) == ("VC-1", guid(8), BillState.OPEN)
    assert (shown.total, shown.balance, shown.tax) == (Decimal("-24.15"), Decimal("-20.15"), Decimal("-3.15"))
    (line,) = shown.lines
    assert (line.amount, line.tax, line.quantity * line.unit_cost) == (Decimal(-21), Decimal("-3.15"), Decimal(-21))
    assert total([line.amount, shown.tax]) == shown.total
    assert [(one.document, one.amount) for one in shown.credits] == [(Ref(guid(1), "", "B-1"), Decimal(4))]
    gone = read("vendor_credits", {**row, "Status": "VOIDED"})
    assert isinstance(gone, Bill) and (gone.active, gone.balance) == (False, 0)
    assert row_of(RESOURCES["credit_notes"], json.dumps(row).encode(), {}) is None


def test_a_payment_conserves_its_amount() -> None:
    shown = read("payments", payment_row(1, IsReconciled=True))
    assert isinstance(shown, Payment) and shown.reconciled
    assert total(part.amount for part in shown.splits) + shown.unapplied == shown.amount == 10
    assert (shown.number, shown.reference) == ("4711", "servicetitan-1-payments-1")
    assert shown.bank_account == Ref(guid(90, 3), "Bank", "090") and shown.party.id == guid(1, 2)
    gone = read("payments", payment_row(1, Status="DELETED", CurrencyRate=0))
    assert isinstance(gone, Payment) and not gone.active and gone.exchange_rate is None


@pytest.mark.parametrize(
    ("kind", "more", "refunded"),
    [
        ("ARCREDITPAYMENT", {"Invoice": {"Type": "ACCRECCREDIT", "InvoiceID": guid(8)}}, Ref(guid(8), "credit note")),
        ("ARCREDITPAYMENT", {"CreditNote": {"CreditNoteID": guid(8)}}, Ref(guid(8), "credit note")),
        ("AROVERPAYMENTPAYMENT", {"Overpayment": {"OverpaymentID": guid(9)}}, Ref(guid(9), "overpayment")),
        ("ARPREPAYMENTPAYMENT", {"Prepayment": {"PrepaymentID": guid(9)}}, Ref(guid(9), "prepayment")),
    ],
)
def test_a_refund_is_negative_and_names_what_it_gives_back(kind: str, more: dict[str, Any], refunded: Ref) -> None:
    shown = read("payments", {**payment_row(1, PaymentType=kind), **more})
    assert isinstance(shown, Payment) and shown.kind is PaymentKind.REFUND
    assert shown.amount == -10 and shown.refunds == refunded
    assert total(part.amount for part in shown.splits) + shown.unapplied == shown.amount


def test_advances_show_what_is_left() -> None:
    part = {"Amount": 4.0, "Invoice": {"InvoiceID": guid(1)}, "Date": ticks(dt.datetime(2026, 9, 15, tzinfo=dt.UTC))}
    row = {
        "OverpaymentID": guid(9), "Type": "RECEIVE-OVERPAYMENT", "Contact": {"ContactID": guid(1, 2)}, "Total": 10.0,
        "RemainingCredit": 6.0, "Status": "AUTHORISED", "Reference": "4711 [ref r-1]", "Allocations": [part],
    }  # fmt: skip
    shown = read("overpayments", row)
    assert isinstance(shown, Payment) and shown.kind is PaymentKind.OVERPAYMENT
    assert (shown.unapplied, shown.splits[0].amount) == (Decimal(6), Decimal(4))
    assert shown.splits[0].date == dt.date(2026, 9, 15)
    assert total(one.amount for one in shown.splits) + shown.unapplied == shown.amount
    pre = {**row, "PrepaymentID": guid(9), "Type": "RECEIVE-PREPAYMENT", "Status": "VOIDED"}
    gone = read("prepayments", pre)
    assert isinstance(gone, Payment) and (gone.kind, gone.active) == (PaymentKind.PREPAYMENT, False)
    assert gone.unapplied == 0
    spent = {**row, "Type": "SPEND-OVERPAYMENT"}
    assert row_of(RESOURCES["overpayments"], json.dumps(spent).encode(), {}) is None


MOVED = "4711 (dated 2026-08-31) [ref r-1]"
UNMOVED = ["4711 [ref r-1]", "(dated 2026-08-31)", "(dated 2026-08-31) x [ref r-1]", "(dated 2026-02-30) [ref r-1]", ""]


def test_a_payment_shows_the_date_that_it_has_at_its_source() -> None:
    shown = read("payments", payment_row(1, Reference=MOVED))
    assert isinstance(shown, Payment) and (shown.number, shown.reference) == ("4711", "r-1")
    assert shown.original_date == dt.date(2026, 8, 31) != shown.date
    for text in UNMOVED:
        other = read("payments", payment_row(1, Reference=text))
        assert isinstance(other, Payment) and other.original_date is None
    row = {"OverpaymentID": guid(9), "Type": "RECEIVE-OVERPAYMENT", "Contact": {"ContactID": guid(1, 2)}, "Total": 10.0,
           "RemainingCredit": 10.0, "Status": "AUTHORISED"}  # fmt: skip
    for more in ({"Reference": MOVED}, {"LineItems": [{"Description": f"Overpayment {MOVED}"}]}):
        advance = read("overpayments", {**row, **more})
        assert isinstance(advance, Payment) and advance.original_date == dt.date(2026, 8, 31)
        assert advance.reference == "r-1"


def test_a_purchase_order() -> None:
    row = invoice_row(1, PurchaseOrderID=guid(5), PurchaseOrderNumber="PO-1", Status="BILLED", DeliveryAddress="1 Main St",
                      DeliveryDateString="2026-09-20T00:00:00", TotalTax=3.15)  # fmt: skip
    shown = read("purchase_orders", row)
    assert isinstance(shown, PurchaseOrder) and (shown.state, shown.status) == (OrderState.BILLED, "BILLED")
    assert total(line.amount for line in shown.lines) + shown.tax + shown.shipping == shown.total
    assert (shown.delivery, shown.required_on) == ("1 Main St", dt.date(2026, 9, 20))
    gone = read("purchase_orders", {**row, "Status": "DELETED"})
    assert isinstance(gone, PurchaseOrder) and not gone.active


def party(row: dict[str, Any], **settings: str) -> Party:
    found = read("parties", row, **settings)
    assert isinstance(found, Party)
    return found


def test_a_contact_is_customer_where_it_is_one_else_vendor() -> None:
    assert party(contact_row(1, IsCustomer=True, IsSupplier=True)).kind == "customer"
    assert party(contact_row(1, IsSupplier=True)).kind == "vendor"
    assert party(contact_row(1)).kind == "vendor"
    assert party(contact_row(1, IsCustomer=True, IsSupplier=True)).roles == "customer vendor"
    assert party(contact_row(1, IsCustomer=False, IsSupplier=False)).roles == ""


def test_a_contact_tells_of_terms_for_bills_and_nothing_of_form_1099() -> None:
    term = {"Day": 30, "Type": "DAYSAFTERBILLDATE"}
    shown = [party(contact_row(1, PaymentTerms=terms)) for terms in ({"Bills": term}, {"Sales": term}, {}, None)]
    assert [one.has_terms for one in shown] == [True, False, False, False]
    assert {(one.has_1099, one.in_full) for one in shown} == {(None, True)}


def test_a_contact_with_its_numbers_phones_and_addresses() -> None:
    phones = [
        {"PhoneType": "MOBILE", "PhoneNumber": "1"},
        None,
        {"PhoneType": "DEFAULT", "PhoneNumber": "847-1294", "PhoneAreaCode": "626", "PhoneCountryCode": ""},
    ]
    street = {"AddressType": "STREET", "AddressLine1": "9 Yard", "City": ""}
    postal = {
        "AddressType": "POBOX",
        "AddressLine1": "1 Main St",
        "AddressLine2": "A",
        "AddressLine3": "B",
        "Region": "NY",
    }
    row = contact_row(1, Phones=phones, Addresses=[street, postal], ContactNumber="r-1", AccountNumber="77",
                      MergedToContactID=guid(2, 2), ContactStatus="ARCHIVED")  # fmt: skip
    shown = party(row)
    assert (shown.phone, shown.reference, shown.account_number) == ("626 847-1294", "r-1", "77")
    assert (shown.merged_into, shown.active) == (guid(2, 2), False)
    assert shown.address == Address("1 Main St", "A, B", "", "NY")
    assert party(row, address="street").address == Address("9 Yard")
    assert party({**row, "Addresses": [street]}).address == Address("9 Yard")
    assert party({**row, "MergedToContactID": NO_ID}).merged_into == ""


@pytest.mark.parametrize(
    ("more", "postable"),
    [({}, True), ({"Type": "BANK"}, False), ({"SystemAccount": "DEBTORS"}, False), ({"SystemAccount": ""}, True)],
)
def test_accounts_that_take_lines(more: dict[str, Any], postable: bool) -> None:
    row = {
        "AccountID": guid(1, 3),
        "Code": "200",
        "Name": "Sales",
        "Type": "REVENUE",
        "BankAccountNumber": "12",
        **more,
    }
    shown = read("accounts", row)
    assert isinstance(shown, Account) and (shown.postable, shown.active, shown.number) == (postable, True, "200")
    archived = read("accounts", {**row, "Status": "ARCHIVED"})
    assert isinstance(archived, Account) and not archived.active
    kept = row_of(RESOURCES["accounts"], json.dumps(row).encode(), {})
    assert kept is not None and b"BankAccountNumber" not in kept.raw


@pytest.mark.parametrize(
    ("more", "takes"),
    [
        ({}, False),
        ({"EnablePaymentsToAccount": False}, False),
        ({"EnablePaymentsToAccount": True}, True),
        ({"Type": "BANK", "EnablePaymentsToAccount": False}, True),
    ],
)
def test_accounts_that_take_payments(more: dict[str, Any], takes: bool) -> None:
    row = {"AccountID": guid(1, 3), "Code": "610", "Name": "Clearing", "Type": "CURRENT", **more}
    shown = read("accounts", row)
    assert isinstance(shown, Account) and shown.takes_payments is takes


def test_tax_rates_and_tracking() -> None:
    shown = read("tax_codes", {"TaxType": "OUTPUT2", "Name": "15% GST", "EffectiveRate": 15.0, "Status": "ACTIVE"})
    assert shown == TaxCode("OUTPUT2", "15% GST", Decimal("0.15"))
    deleted = read("tax_codes", {"TaxType": "OUTPUT", "Name": "old", "EffectiveRate": 12.5, "Status": "DELETED"})
    assert isinstance(deleted, TaxCode) and not deleted.active
    category = {"TrackingCategoryID": guid(1, 5), "Name": "Region", "Status": "ARCHIVED"}
    option = translate.tracking_option(category, {"TrackingOptionID": guid(1, 6), "Name": "North", "Status": "ACTIVE"})
    assert option == Dimension(guid(1, 6), "tracking_option", "North", Ref(guid(1, 5), "Region"), active=False)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("/Date(1789378199100+0000)/", "2026-09-14T09:29:59.100000+00:00"),
        ("/Date(1789378199100)/", "2026-09-14T09:29:59.100000+00:00"),
        ("/Date(-1000+1300)/", "1969-12-31T23:59:59+00:00"),
        ("2026-09-14T09:29:59", "2026-09-14T09:29:59+00:00"),
        ("2026-09-14T09:29:59Z", "2026-09-14T09:29:59+00:00"),
        ("2019-03-12 22:08:55+00:00", "2019-03-12T22:08:55+00:00"),
        ("yesterday", None),
        ("/Date(99999999999999999)/", None),
    ],
)
def test_both_spellings_of_instants(given: str, wanted: str | None) -> None:
    found = values.instant(given)
    assert (found.isoformat() if found else None) == wanted


def test_a_document_date_is_the_calendar_day_and_no_other() -> None:
    assert values.day({"Date": "/Date(1789344000000+0000)/"}, "Date") == dt.date(2026, 9, 14)
    assert values.day({"Date": "2026-09-14"}, "Date") == dt.date(2026, 9, 14)
    assert values.day({}, "Date") is None
    with pytest.raises(json_fields.Unreadable, match="not a date"):
        values.day({"Date": "soon"}, "Date")


@pytest.mark.shared
@pytest.mark.skipif(
    not EXAMPLES.is_dir(), reason="the vendors' published examples are not beside the checkout (../shared)"
)
@pytest.mark.parametrize(
    ("file", "entity", "plural"),
    [
        ("list_invoices_page.json", "invoices", "Invoices"),
        ("invoice_create.json", "invoices", "Invoices"),
        ("payment_create.json", "payments", "Payments"),
        ("payment_delete.json", "payments", "Payments"),
        ("purchaseorder_batch.json", "purchase_orders", "PurchaseOrders"),
        ("oas/getContacts.json", "parties", "Contacts"),
        ("oas/getInvoices.json", "invoices", "Invoices"),
        ("oas/getCreditNotes.json", "credit_notes", "CreditNotes"),
        ("oas/getPayments.json", "payments", "Payments"),
        ("oas/getPurchaseOrders.json", "purchase_orders", "PurchaseOrders"),
        ("oas/getTaxRates.json", "tax_codes", "TaxRates"),
        ("oas/getAccounts.json", "accounts", "Accounts"),
    ],
)
def test_published_rows_are_understood(file: str, entity: str, plural: str) -> None:
    found = json.loads((EXAMPLES / file).read_text())
    body = found["response"]["body"] if "response" in found else found["responses"]["200"]
    rows = [row for row in body[plural] if row.get("StatusAttributeString") != "ERROR"]
    read_rows = [row_of(RESOURCES[entity], json.dumps(row).encode(), {}) for row in rows]
    assert read_rows and all(row is None or row.document is not None for row in read_rows)
    assert any(row is not None for row in read_rows)


@pytest.mark.parametrize(
    "row", ['{"ContactID": "1", "BankAccountDetails": "99-12", "X": NaN}', '[{"BankAccountDetails": "99-12"}]']
)
def test_bank_details_go_from_a_row_that_cannot_be_read_too(row: str) -> None:
    found = row_of(RESOURCES["parties"], row.encode(), {})
    assert found is not None and found.document is None
    assert b"99-12" not in found.raw and b"BankAccountDetails" in found.raw


def test_what_a_contact_owes_is_no_change_of_the_contact() -> None:
    owing = [
        contact_row(1, Balances={"AccountsReceivable": {"Outstanding": due, "Overdue": 0.0}}) for due in (20.0, 30.0)
    ]
    less, more = (row_of(RESOURCES["parties"], json.dumps(row).encode(), {}) for row in owing)
    assert less is not None and less == more and less.document is not None
