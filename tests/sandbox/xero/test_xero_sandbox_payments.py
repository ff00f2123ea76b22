"""Payments, credit notes, allocations, over- and prepayments, and what they do to their documents."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from xero_world import TODAY, ZERO, Sandbox

pytestmark = pytest.mark.anyio
D = Decimal


async def pay(sandbox: Sandbox, invoice: dict[str, Any], amount: Any = 10, **more: Any) -> dict[str, Any]:
    answer = await sandbox.api("PUT", "/Payments", {"Payments": [sandbox.payment(invoice, amount, **more)]})
    assert answer.status == 200, answer.body
    found: dict[str, Any] = answer.body["Payments"][0]
    return found


async def test_a_payment_moves_its_invoice_with_its_own_stamp(sandbox: Sandbox) -> None:
    made = await sandbox.made()
    sandbox.clock.move(100)
    payment = await pay(sandbox, made, Reference="ST payment 88123")
    assert (payment["PaymentType"], payment["Status"], payment["Amount"]) == ("ACCRECPAYMENT", "AUTHORISED", D("10.00"))
    assert (payment["Invoice"]["AmountDue"], payment["Invoice"]["AmountPaid"]) == (D("14.15"), D("10.00"))
    assert payment["Invoice"]["UpdatedDateUTC"] == payment["UpdatedDateUTC"] != made["UpdatedDateUTC"]
    read = await sandbox.read(made)
    assert [one["PaymentID"] for one in read["Payments"]] == [payment["PaymentID"]]
    assert sandbox.books.ledger.balance(sandbox.bank.account_id) == D("10.00")


async def test_a_full_payment_sets_paid_and_deleting_it_takes_that_back(sandbox: Sandbox) -> None:
    made = await sandbox.made()
    payment = await pay(sandbox, made, "24.15")
    read = await sandbox.read(made)
    assert (read["Status"], read["FullyPaidOnDate"]) == ("PAID", "/Date(1789430400000+0000)/")
    sandbox.clock.move(5)
    gone = await sandbox.api("POST", f"/Payments/{payment['PaymentID']}", {"Status": "DELETED"})
    shown = gone.body["Payments"][0]
    assert shown["Status"] == "DELETED" and "Invoice" not in shown
    assert shown["UpdatedDateUTC"] != payment["UpdatedDateUTC"]
    read = await sandbox.read(made)
    assert (read["Status"], read["AmountDue"], read["Payments"]) == ("AUTHORISED", D("24.15"), [])
    assert "FullyPaidOnDate" not in read
    (row,) = (await sandbox.get("/Payments", page=1)).body["Payments"]
    assert (row["Status"], row["Invoice"]["LineItems"]) == ("DELETED", [])
    again = await sandbox.api("POST", f"/Payments/{payment['PaymentID']}", {"Status": "DELETED"})
    assert again.status == 400


async def test_switches_of_deleting(sandbox: Sandbox) -> None:
    sandbox.switches.deleted_payment_moves = sandbox.switches.deleted_payment_reopens = False
    made = await sandbox.made()
    payment = await pay(sandbox, made, "24.15")
    sandbox.clock.move(5)
    gone = await sandbox.api("POST", f"/Payments/{payment['PaymentID']}", {"Status": "DELETED"})
    assert gone.body["Payments"][0]["UpdatedDateUTC"] == payment["UpdatedDateUTC"]
    assert (await sandbox.read(made))["Status"] == "PAID"


async def test_what_a_paid_invoice_answers(sandbox: Sandbox) -> None:
    made = await sandbox.made()
    await pay(sandbox, made, "24.15")
    answer = await sandbox.api("PUT", "/Payments", {"Payments": [sandbox.payment(made)]})
    assert answer.messages == [
        "Payments can only be made against Authorised documents",
        "Payment amount exceeds the amount outstanding on this document",
    ]
    assert answer.body["Elements"][0]["PaymentID"] == ZERO
    void = await sandbox.api("POST", f"/Invoices/{made['InvoiceID']}", {"Status": "VOIDED"})
    assert void.messages == [
        "Invoice not of valid status for modification",
        "This document cannot be edited as it has a payment or credit note allocated to it.",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Amount": "24.16"}, "Payment amount exceeds the amount outstanding on this document"),
        ({"Account": {"Code": "200"}}, "Account type is invalid for making a payment to/from"),
        ({"Account": {"Code": "nope"}}, "Account could not be found"),
        ({"Amount": 0}, "Amount must be greater than zero"),
        ({"Invoice": {"InvoiceID": ZERO}}, "The Invoice that the payment names could not be found"),
        ({"Invoice": None}, "A payment needs exactly one of Invoice, CreditNote, Prepayment and Overpayment"),
    ],
)
async def test_refusals(sandbox: Sandbox, change: dict[str, Any], message: str) -> None:
    made = await sandbox.made()
    answer = await sandbox.api("PUT", "/Payments", {"Payments": [sandbox.payment(made) | change]})
    assert (answer.status, answer.messages) == (400, [message])
    assert len(sandbox.books.payments) == 0


async def test_an_account_enabled_for_payments_and_an_early_date(sandbox: Sandbox) -> None:
    made = await sandbox.made()
    payment = await pay(sandbox, made, Account={"Code": "880"}, Date="2026-09-01")
    assert payment["Warnings"] == [{"Message": "The payment date is prior to the invoice date."}]
    assert payment["Account"]["Code"] == "880"


async def test_drafts_cannot_be_paid(sandbox: Sandbox) -> None:
    made = await sandbox.made(Status="DRAFT")
    answer = await sandbox.api("PUT", "/Payments", sandbox.payment(made))
    assert "Payments can only be made against Authorised documents" in answer.messages


@pytest.mark.parametrize("atomic", [False, True])
async def test_a_batch_with_one_failing_payment(sandbox: Sandbox, atomic: bool) -> None:
    sandbox.switches.payments_atomic = atomic
    made = await sandbox.made()
    body = {"Payments": [sandbox.payment(made, 20), sandbox.payment(made, 5)]}
    answer = await sandbox.api("PUT", "/Payments", body, summarizeErrors="false")
    ids = [one["PaymentID"] == ZERO for one in answer.body["Payments"]]
    assert (answer.status, ids) == (200, [atomic, True])
    assert len(sandbox.books.payments) == (0 if atomic else 1)


async def test_payments_are_never_updated_and_reconciled_ones_never_deleted(sandbox: Sandbox) -> None:
    payment = await pay(sandbox, await sandbox.made())
    path = f"/Payments/{payment['PaymentID']}"
    assert (await sandbox.api("POST", path, {"Amount": 3})).status == 400
    kept = sandbox.books.payments.get(payment["PaymentID"])
    assert kept is not None
    sandbox.books.desk.reconcile(kept)
    assert (await sandbox.api("POST", path, {"Status": "DELETED"})).status == 400


async def test_part_paid_documents_take_few_changes(sandbox: Sandbox) -> None:
    made = await sandbox.made()
    await pay(sandbox, made)
    path = f"/Invoices/{made['InvoiceID']}"
    line = {"LineItemID": made["LineItems"][0]["LineItemID"]}
    fine = {"Reference": "new", "LineItems": [line | {"Description": "Better words"}], "Status": "AUTHORISED"}
    assert (await sandbox.api("POST", path, fine)).status == 200
    for change in ({"LineItems": [line | {"UnitAmount": 3}]}, {"Date": "2026-09-15"}, {"CurrencyCode": "USD"}):
        answer = await sandbox.api("POST", path, change)
        assert answer.status == 400
    assert (await sandbox.read(made))["Total"] == D("24.15")


async def test_the_blind_spot_of_modified_since(sandbox: Sandbox) -> None:
    made = await sandbox.made()
    await pay(sandbox, made)
    before = (await sandbox.read(made))["UpdatedDateUTC"]
    sandbox.clock.move(60)
    path = f"/Invoices/{made['InvoiceID']}"
    after = (await sandbox.api("POST", path, {"DueDate": "2026-12-01"})).body["Invoices"][0]
    assert (after["DueDateString"], after["UpdatedDateUTC"]) == ("2026-12-01T00:00:00", before)
    moved = (await sandbox.api("POST", path, {"Reference": "x"})).body["Invoices"][0]
    assert moved["UpdatedDateUTC"] != before


async def test_filters_and_rows_of_the_payment_list(sandbox: Sandbox) -> None:
    made = await sandbox.made()
    payment = await pay(sandbox, made, Reference="R-1")
    for where in (
        'Reference=="R-1"',
        f'Invoice.InvoiceId==guid("{made["InvoiceID"]}")',
        'PaymentType=="ACCRECPAYMENT"',
    ):
        (row,) = (await sandbox.get("/Payments", where=where)).body["Payments"]
        assert row["PaymentID"] == payment["PaymentID"]
    sandbox.switches.payment_list_rate_zero = True
    (row,) = (await sandbox.get("/Payments")).body["Payments"]
    assert row["CurrencyRate"] == 0
    single = await sandbox.get(f"/Payments/{payment['PaymentID']}")
    assert single.body["Payments"][0]["Invoice"]["AmountDue"] == D("14.15")


def note(sandbox: Sandbox, **more: Any) -> dict[str, Any]:
    body = sandbox.invoice(Type="ACCRECCREDIT", CreditNoteNumber="CN-X", LineItems=[sandbox.line(10, 1)], **more)
    return {name: value for name, value in body.items() if name not in ("InvoiceNumber", "DueDate")}


async def test_a_credit_note_is_set_off_and_taken_back(sandbox: Sandbox) -> None:
    made = await sandbox.made()
    credit = (await sandbox.api("PUT", "/CreditNotes", note(sandbox))).body["CreditNotes"][0]
    assert (credit["RemainingCredit"], credit["Status"]) == (D("11.50"), "AUTHORISED")
    path = f"/CreditNotes/{credit['CreditNoteID']}/Allocations"
    body = {"Allocations": [{"Amount": "11.50", "Invoice": {"InvoiceID": made["InvoiceID"]}, "Date": "2020-01-01"}]}
    done = await sandbox.api("PUT", path, body)
    allocation = done.body["Allocations"][0]
    assert (allocation["Amount"], allocation["Date"]) == (D("11.50"), "/Date(1789344000000+0000)/")
    read = await sandbox.read(made)
    assert (read["AmountDue"], read["AmountCredited"], read["Payments"]) == (D("12.65"), D("11.50"), [])
    assert read["CreditNotes"][0]["AppliedAmount"] == D("11.50")
    kept = (await sandbox.get(f"/CreditNotes/{credit['CreditNoteNumber']}")).body["CreditNotes"][0]
    assert (kept["Status"], kept["RemainingCredit"]) == ("PAID", D("0.00"))
    assert (await sandbox.get("/Payments")).body["Payments"] == []
    undone = await sandbox.api("DELETE", f"{path}/{kept['Allocations'][0]['AllocationID']}")
    assert (undone.status, undone.body["IsDeleted"]) == (200, True)
    assert (await sandbox.read(made))["AmountDue"] == D("24.15")


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("used", ["applied", "given back"])
async def test_a_credit_note_of_which_something_is_used_takes_no_change(
    sandbox: Sandbox, used: str, fixed: bool
) -> None:
    sandbox.emulator.set_switches({"applied_credit_fixed": fixed})
    made, other = await sandbox.made(), sandbox.books.desk.add_contact("Jane Roe")
    credit = (await sandbox.api("PUT", "/CreditNotes", note(sandbox))).body["CreditNotes"][0]
    path, lines = f"/CreditNotes/{credit['CreditNoteID']}", [sandbox.line(5, 1)]
    changed = await sandbox.api("POST", path, {"LineItems": lines, "Reference": "R-1"})
    assert (changed.body["CreditNotes"][0]["Total"], changed.status) == (D("5.75"), 200)
    if used == "applied":
        await sandbox.api("PUT", f"{path}/Allocations", {"Amount": 1, "Invoice": {"InvoiceID": made["InvoiceID"]}})
    else:
        refund = {"CreditNote": {"CreditNoteID": credit["CreditNoteID"]}, "Account": {"Code": "090"}, "Amount": 1}
        assert (await sandbox.api("PUT", "/Payments", refund)).status == 200
    has_payments = "This document cannot be edited as it has a payment or credit note allocated to it."
    refused = await sandbox.api("POST", path, {"LineItems": [sandbox.line(6, 1)]})
    assert refused.messages == [has_payments]
    words = await sandbox.api("POST", path, {"Reference": "R-2"})
    assert words.status == (400 if fixed else 200)
    passed = await sandbox.api("POST", path, {"Contact": {"ContactID": other.contact_id}})
    assert passed.status == (400 if fixed or used == "applied" else 200)
    kept = (await sandbox.get(path)).body["CreditNotes"][0]
    assert (kept["Total"], kept["RemainingCredit"]) == (D("5.75"), D("4.75"))


async def test_a_credit_note_of_a_locked_period_takes_no_change(sandbox: Sandbox) -> None:
    credit = (await sandbox.api("PUT", "/CreditNotes", note(sandbox))).body["CreditNotes"][0]
    path = f"/CreditNotes/{credit['CreditNoteID']}"
    sandbox.books.desk.lock(TODAY.replace(day=20))
    for change in ({"Reference": "R-2"}, {"Date": "2026-10-01"}):
        answer = await sandbox.api("POST", path, change)
        assert "before the period lock date" in answer.messages[0]


async def test_allocations_are_checked(sandbox: Sandbox) -> None:
    made = await sandbox.made()
    other = (await sandbox.get("/Contacts/ST-V-1")).body["Contacts"][0]["ContactID"]
    foreign = (await sandbox.api("PUT", "/CreditNotes", note(sandbox, Contact={"ContactID": other}))).body[
        "CreditNotes"
    ][0]
    path = f"/CreditNotes/{foreign['CreditNoteID']}/Allocations"
    answer = await sandbox.api("PUT", path, {"Amount": 12, "Invoice": {"InvoiceID": made["InvoiceID"]}})
    assert answer.messages == [
        "The credit can only be allocated to documents of the same contact",
        "The allocation exceeds the credit remaining",
    ]
    assert (await sandbox.read(made))["AmountCredited"] == D("0.00")
    assert (await sandbox.api("DELETE", f"{path}/{ZERO}")).status == 404


async def test_a_credit_is_refunded_through_payments(sandbox: Sandbox) -> None:
    credit = (await sandbox.api("PUT", "/CreditNotes", note(sandbox))).body["CreditNotes"][0]
    body = {"CreditNote": {"CreditNoteID": credit["CreditNoteID"]}, "Account": {"Code": "090"}, "Amount": "11.50"}
    refund = (await sandbox.api("PUT", "/Payments", body)).body["Payments"][0]
    assert (refund["PaymentType"], refund["CreditNote"]["Status"]) == ("ARCREDITPAYMENT", "PAID")
    assert sandbox.books.ledger.balance(sandbox.bank.account_id) == D("-11.50")


@pytest.mark.parametrize(
    ("word", "plural", "refund"),
    [
        ("RECEIVE-OVERPAYMENT", "Overpayments", "AROVERPAYMENTPAYMENT"),
        ("RECEIVE-PREPAYMENT", "Prepayments", "ARPREPAYMENTPAYMENT"),
        ("SPEND-OVERPAYMENT", "Overpayments", "APOVERPAYMENTPAYMENT"),
        ("SPEND-PREPAYMENT", "Prepayments", "APPREPAYMENTPAYMENT"),
    ],
)
async def test_money_beyond_an_invoice(sandbox: Sandbox, word: str, plural: str, refund: str) -> None:
    kind, sale = plural.removesuffix("s"), word.startswith("RECEIVE")
    account = "200" if sale else "300"
    invoice = await sandbox.made(Type="ACCREC" if sale else "ACCPAY", LineItems=[sandbox.line(AccountCode=account)])
    body = {
        "Type": word,
        "Contact": {"ContactID": sandbox.contact.contact_id},
        "BankAccount": {"Code": "090"},
        "Reference": "R-9",
        "LineAmountTypes": "NoTax",
        "LineItems": [{"Description": "Deposit", "Quantity": 1, "UnitAmount": 50, "AccountCode": account}],
    }
    done = (await sandbox.api("PUT", "/BankTransactions", {"BankTransactions": [body]})).body["BankTransactions"][0]
    credit_id = done[f"{kind}ID"]
    path = f"/{plural}/{credit_id}"
    read = (await sandbox.get(path)).body[plural][0]
    assert (read["Type"], read["RemainingCredit"], read["Reference"]) == (word, D("50.00"), "R-9")
    assert len((await sandbox.get(f"/{plural}", where='Reference=="R-9"')).body[plural]) == 1
    allocated = {"Amount": 20, "Invoice": {"InvoiceID": invoice["InvoiceID"]}}
    assert (await sandbox.api("PUT", f"{path}/Allocations", allocated)).status == 200
    assert (await sandbox.read(invoice))["AmountDue"] == D("4.15")
    refunded = {kind: {f"{kind}ID": credit_id}, "Account": {"Code": "090"}, "Amount": 30}
    assert (await sandbox.api("PUT", "/Payments", refunded)).body["Payments"][0]["PaymentType"] == refund
    assert (await sandbox.get(path)).body[plural][0]["Status"] == "PAID"
    transaction = f"/BankTransactions/{done['BankTransactionID']}"
    assert (await sandbox.api("POST", transaction, {"Status": "DELETED"})).status == 400
    assert (await sandbox.get(transaction)).body["BankTransactions"][0]["Status"] == "AUTHORISED"


async def test_an_unused_overpayment_goes_with_its_transaction(sandbox: Sandbox) -> None:
    made = sandbox.books.desk.add_bank_credit("RECEIVE-OVERPAYMENT", sandbox.contact, TODAY, 50, sandbox.bank)
    path = f"/BankTransactions/{made.bank_transaction_id}"
    gone = (await sandbox.api("POST", path, {"Status": "DELETED"})).body["BankTransactions"][0]
    assert gone["Status"] == "DELETED" and sandbox.books.ledger.balances() == {}
    read = (await sandbox.get(f"/Overpayments/{made.document_id}")).body["Overpayments"][0]
    assert (read["Status"], read["RemainingCredit"]) == ("VOIDED", D("0.00"))
    plain = await sandbox.api("PUT", "/BankTransactions", {"Type": "RECEIVE"})
    assert plain.status == 400
