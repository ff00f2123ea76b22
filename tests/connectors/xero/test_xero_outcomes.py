"""What an answer to a write proves: per element, by number or id, and only an id that is not zero is done."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from xero_answers import always, failed, good, ok, raising
from xero_documents import (
    DAY,
    ORDER,
    PARTY,
    PAYMENT,
    of,
    step,
)
from xero_script import NO_ID, answer, contact_row, guid, invoice_row, payment_row

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.sales import Invoice, InvoiceState, Payment, PaymentKind
from ml_connector.connectors.writing import Action, Done, Later, Rejected, Uncertain
from ml_connector.connectors.xero import CONNECTOR
from ml_connector.errors import Acts
from ml_connector.transport.errors import BudgetEmpty, NotSent, Reconnect, Throttled
from ml_connector.transport.messages import Answer

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "wrong",
    [
        {"InvoiceNumber": "ST-2"},
        {"Contact": {"ContactID": guid(2, 2)}},
        {"DateString": "2026-09-15T00:00:00"},
        {"Total": 24.16},
        {"CurrencyCode": "USD"},
        {"InvoiceID": NO_ID},
        {"Reference": "[ref another]"},
        {"Total": "much"},
    ],
)
async def test_an_element_that_shows_another_document_proves_nothing(wrong: dict[str, Any]) -> None:
    given = good("Invoices", ok({**invoice_row(1), **wrong}))
    assert isinstance(await CONNECTOR.write(always(given), step()), Uncertain)


async def test_a_batch_that_leaves_one_out_or_shows_one_twice_proves_nothing_of_those() -> None:
    given = good("Invoices", ok(invoice_row(1)), ok(invoice_row(3)), ok(invoice_row(3)))
    first, second, third = await CONNECTOR.write_batch(always(given), [step(1), step(2), step(3)])
    assert isinstance(first, Done)
    assert isinstance(second, Uncertain) and "does not name ST-2" in second.why
    assert isinstance(third, Uncertain) and "more than once" in third.why


async def test_the_known_partial_answer_keeps_the_good_and_refuses_the_bad() -> None:
    row = ok(invoice_row(1))
    bad = failed(
        {**invoice_row(2), "LineItems": [{"ValidationErrors": [{"Message": "Account code '999' is not a valid code"}]}]}
    )
    first, second = await CONNECTOR.write_batch(always(good("Invoices", row, bad)), [step(1), step(2)])
    assert isinstance(first, Done) and isinstance(second, Rejected)
    assert "Account code '999'" in second.sentence


async def test_a_summarised_refusal_says_nothing_of_those_it_does_not_show() -> None:
    body = {"ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred",
            "Elements": [failed(invoice_row(2), "Invoice # must be unique.")]}  # fmt: skip
    first, second = await CONNECTOR.write_batch(always(answer(body, 400)), [step(1), step(2)])
    assert isinstance(first, Uncertain) and "does not say" in first.why
    assert isinstance(second, Rejected) and (second.reason, second.code) == ("duplicate_number", "10")


@pytest.mark.parametrize(
    ("message", "reason", "acts"),
    [
        ("date cannot be before the period lock date, currently set at 31 Aug", "period_closed", Acts.BOOKKEEPER),
        ("date cannot be before the end of year lock date, currently set at 1 May", "period_closed", Acts.BOOKKEEPER),
        ("Invoice # must be unique.", "duplicate_number", Acts.BOOKKEEPER),
        ("Order number must be unique", "duplicate_number", Acts.BOOKKEEPER),
        ("Another contact has this contact number. Please enter another.", "duplicate_number", Acts.BOOKKEEPER),
        ("The contact name X is already assigned to another contact.", "duplicate_name", Acts.BOOKKEEPER),
        ("Account code '200' has been archived, or has been deleted.", "inactive_account", Acts.BOOKKEEPER),
        ("The contact with the specified contact details has been archived.", "inactive_account", Acts.BOOKKEEPER),
        ("This document cannot be edited as it has a payment or credit note allocated to it.", "paid", Acts.BOOKKEEPER),
        ("Account code '999' is not a valid code for this document.", "invalid_value", Acts.BOOKKEEPER),
        ("The TaxType code 'X' cannot be used with account code 'Y'.", "invalid_value", Acts.BOOKKEEPER),
        ("Organisation is not subscribed to currency EUR", "feature_disabled", Acts.TENANT_ADMIN),
        ("You have reached the limit of invoices you can approve", "plan_expired", Acts.TENANT_ADMIN),
        ("The line total 1 does not match the expected line total 2", "defect", Acts.US),
        ("Invoice not of valid status for modification", "rejected", Acts.BOOKKEEPER),
        ("Something new", "rejected", Acts.BOOKKEEPER),
    ],
)  # fmt: skip
async def test_refusals_in_a_bookkeepers_words(message: str, reason: str, acts: Acts) -> None:
    alone = {"ErrorNumber": 10, "Type": "ValidationException", "Message": "A validation exception occurred",
             "Elements": [failed(invoice_row(1), message)]}  # fmt: skip
    for given in (good("Invoices", failed(invoice_row(1), message)), answer(alone, 400)):
        outcome = await CONNECTOR.write(always(given), step())
        assert isinstance(outcome, Rejected)
        assert (outcome.reason, outcome.acts) == (reason, acts)
        assert message.rstrip(".") in outcome.sentence and outcome.action


async def test_two_messages_about_one_payment_are_both_shown() -> None:
    said = (
        "Payments can only be made against Authorised documents",
        "Payment amount exceeds the amount outstanding on this document",
    )
    row = {**payment_row(1), "PaymentID": NO_ID, "HasValidationErrors": True, "StatusAttributeString": "ERROR",
           "ValidationErrors": [{"Message": one} for one in said]}  # fmt: skip
    outcome = await CONNECTOR.write(
        always(good("Payments", row)), of("payments", PAYMENT, reference="servicetitan-1-payments-1")
    )
    assert isinstance(outcome, Rejected) and outcome.reason == "paid"
    assert all(one in outcome.sentence for one in said)


@pytest.mark.parametrize(
    ("given", "seconds", "forbidden"),
    [
        (answer(b"", 429, retry_after="26", x_rate_limit_problem="minute"), 26, False),
        (answer(b"", 429, x_rate_limit_problem="concurrent"), 2, False),
        (answer({"Title": "Unauthorized"}, 401, www_authenticate="insufficient_scope"), 3600, True),
        (answer({"Title": "Forbidden", "Detail": "AuthenticationUnsuccessful"}, 403), 3600, True),
        (answer({"Title": "Unauthorized", "Detail": "TokenExpired"}, 401), 3600, True),
    ],
)
async def test_what_was_provably_not_done(given: Answer, seconds: float, forbidden: bool) -> None:
    outcome = await CONNECTOR.write(always(given), step())
    assert isinstance(outcome, Later) and (outcome.seconds, outcome.forbidden) == (seconds, forbidden)


@pytest.mark.parametrize(
    ("error", "seconds"),
    [(NotSent("refused"), 0), (Throttled("many", 7), 7), (BudgetEmpty("day", 9), 9), (Reconnect("dead"), 3600)],
)
async def test_what_never_left(error: Exception, seconds: float) -> None:
    outcomes = await CONNECTOR.write_batch(raising(error), [step(1), step(2)])
    assert [getattr(one, "seconds", None) for one in outcomes] == [seconds, seconds]
    assert all(isinstance(one, Later) for one in outcomes)


@pytest.mark.parametrize(
    "given",
    [
        answer(b"", 500),
        answer(b"offline", 503),
        answer(b"<html>ok</html>", 200),
        answer([], 200),
        answer({"Status": "OK"}, 200),
        answer(b"<html>bad</html>", 400),
        good("Invoices"),
        good("Invoices", {**invoice_row(1), "StatusAttributeString": "OK", "ValidationErrors": [{"Message": "?"}]}),
    ],
)
async def test_what_may_have_been_done(given: Answer) -> None:
    assert isinstance(await CONNECTOR.write(always(given), step()), Uncertain)


async def test_a_call_xero_cannot_read_is_our_defect_and_a_missing_target_is_said() -> None:
    outcome = await CONNECTOR.write(always(answer({"Type": "PostDataInvalidException", "Message": "no"}, 400)), step())
    assert isinstance(outcome, Rejected) and (outcome.reason, outcome.acts) == ("defect", Acts.US)
    gone = answer(b"The resource you're looking for cannot be found", 404, content_type="text/html")
    outcome = await CONNECTOR.write(always(gone), step(1, Action.UPDATE))
    assert isinstance(outcome, Rejected) and outcome.reason == "not_found"


@pytest.mark.parametrize(("status", "kind"), [("VOIDED", Done), ("AUTHORISED", Uncertain)])
async def test_a_void_is_done_when_xero_shows_it_though_the_old_amount_is_still_told(status: str, kind: type) -> None:
    outcome = await CONNECTOR.write(always(good("Invoices", invoice_row(1, Status=status))), step(1, Action.VOID))
    assert isinstance(outcome, kind)
    if isinstance(outcome, Done):
        assert isinstance(outcome.document, Invoice)
        assert (outcome.document.state, outcome.document.active) == (InvoiceState.VOID, False)
        assert outcome.document.balance == 0


async def test_a_contact_is_created_renamed_and_archived() -> None:
    shown = contact_row(1, 0, Name="Jane Doe", ContactNumber="r-1")
    outcome = await CONNECTOR.write(
        always(good("Contacts", {**shown, "HasValidationErrors": False})), of("parties", PARTY)
    )
    assert isinstance(outcome, Done) and isinstance(outcome.document, Party) and outcome.document.reference == "r-1"
    assert b"12-3456" not in outcome.raw
    other = good("Contacts", {**shown, "Name": "Gamma"})
    assert isinstance(await CONNECTOR.write(always(other), of("parties", PARTY)), Uncertain)
    away = of("parties", replace(PARTY, id=guid(1, 2), active=False), Action.UPDATE)
    assert isinstance(await CONNECTOR.write(always(good("Contacts", shown)), away), Uncertain)
    archived = good("Contacts", {**shown, "ContactStatus": "ARCHIVED"})
    assert isinstance(await CONNECTOR.write(always(archived), away), Done)


async def test_contacts_of_one_call_are_told_by_their_number() -> None:
    steps = [of("parties", replace(PARTY, name=f"N {n}"), reference=f"r-{n}") for n in (1, 2)]
    rows = [contact_row(n, 0, Name=f"N {n}", ContactNumber=f"r-{n}", StatusAttributeString="OK") for n in (2, 1)]
    first, second = await CONNECTOR.write_batch(always(good("Contacts", *rows)), steps)
    assert isinstance(first, Done) and isinstance(second, Done)
    assert (first.target_id, second.target_id) == (guid(1, 2), guid(2, 2))


async def test_payments_are_told_by_invoice_amount_and_reference_and_a_zero_id_is_not_done() -> None:
    steps = [of("payments", PAYMENT, reference=f"servicetitan-1-payments-{n}", date=DAY) for n in (1, 2, 3)]
    rows = [
        payment_row(2, 0, Date="2026-09-14", StatusAttributeString="OK"),
        payment_row(1, 0, Date="2026-09-14", StatusAttributeString="OK"),
        {**payment_row(3, 0, StatusAttributeString="OK"), "PaymentID": NO_ID},
    ]
    first, second, third = await CONNECTOR.write_batch(always(good("Payments", *rows)), steps)
    assert isinstance(first, Done) and isinstance(second, Done) and isinstance(third, Uncertain)
    assert (first.target_id, second.target_id) == (guid(1, 7), guid(2, 7))


async def test_a_payment_is_removed_by_its_status() -> None:
    gone = of("payments", replace(PAYMENT, id=guid(1, 7)), Action.VOID)
    row = {name: value for name, value in payment_row(1, 0, Status="DELETED").items() if name != "Invoice"}
    session = always(good("Payments", row))
    outcome = await CONNECTOR.write(session, gone)
    assert isinstance(outcome, Done) and isinstance(outcome.document, Payment) and not outcome.document.active
    (request,) = session.requests
    assert (request.method, request.path, request.body) == ("POST", f"/Payments/{guid(1, 7)}", b'{"Status":"DELETED"}')


@pytest.mark.parametrize(
    ("entity", "kind", "id_key"),
    [
        ("overpayments", PaymentKind.OVERPAYMENT, "OverpaymentID"),
        ("prepayments", PaymentKind.PREPAYMENT, "PrepaymentID"),
    ],
)
async def test_an_advance_is_known_by_its_own_id_not_by_the_bank_transactions(
    entity: str, kind: PaymentKind, id_key: str
) -> None:
    made = of(entity, replace(PAYMENT, kind=kind, splits=()))
    row = {
        "BankTransactionID": guid(1, 8), id_key: guid(2, 8), "Contact": {"ContactID": guid(1, 2)}, "Total": 10.0,
        "Reference": "4711 [ref r-1]", "Status": "AUTHORISED", "DateString": "2026-09-14T00:00:00",
    }  # fmt: skip
    session = always(good("BankTransactions", row))
    outcome = await CONNECTOR.write(session, made)
    assert isinstance(outcome, Done) and outcome.target_id == guid(2, 8)
    assert isinstance(outcome.document, Payment) and outcome.document.unapplied == 10
    assert (session.requests[0].method, session.requests[0].path) == ("PUT", "/BankTransactions")
    del row[id_key]
    assert isinstance(await CONNECTOR.write(always(good("BankTransactions", row)), made), Uncertain)


async def test_a_number_that_a_deleted_order_still_holds_is_a_duplicate() -> None:
    row = {"PurchaseOrderID": NO_ID, "PurchaseOrderNumber": "PO-7", "HasErrors": True, "StatusAttributeString": "ERROR",
           "ValidationErrors": [{"Message": "PurchaseOrder status change is invalid"},
                                {"Message": "Deleted PurchaseOrders cannot be updated"}]}  # fmt: skip
    outcome = await CONNECTOR.write(always(good("PurchaseOrders", row)), of("purchase_orders", ORDER, number="PO-7"))
    assert isinstance(outcome, Rejected) and outcome.reason == "duplicate_number"
