"""What answers to writes of sales prove, what is finished later, and how results are found again."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from zoho_sales_script import (
    APPLIED,
    CREDIT,
    CUSTOMER,
    GONE,
    INVOICE,
    INVOICE_ID,
    NOTE,
    NOTE_ID,
    PAYMENT,
    PAYMENT_ID,
    REFUND,
    asked,
    body,
    invoice,
    note,
    ok,
    page,
    payment,
    refused,
    scripted,
    step,
)
from zoho_script import answer

from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Invoice, InvoiceState, Payment
from ml_connector.connectors.errors import FilterIgnored
from ml_connector.connectors.writing import Action, Done, Later, Rejected, Uncertain
from ml_connector.connectors.zoho_books import CONNECTOR
from ml_connector.connectors.zoho_books.client import Books
from ml_connector.connectors.zoho_books.requests import request_for
from ml_connector.errors import BadInput
from ml_connector.transport.errors import AnswerLost, LeaseLost, NotSent

pytestmark = pytest.mark.anyio

_C, _U, _V = Action.CREATE, Action.UPDATE, Action.VOID
MADE = ok(201, invoice=invoice())
SENT = f"/invoices/{INVOICE_ID}/status/sent"


def done(outcome: Any) -> Done:
    assert isinstance(outcome, Done), outcome
    return outcome


# --- invoices ----------------------------------------------------------------------------------------------------


async def test_an_invoice_is_made_and_marked_as_sent_without_a_mail() -> None:
    session = scripted(MADE, ok())
    outcome = done(await CONNECTOR.write(session, step("invoices", INVOICE)))
    made, marked = session.requests
    assert (made.method, made.path, marked.method, marked.path) == ("PUT", "/invoices", "POST", SENT)
    assert dict(made.query)["ignore_auto_number_generation"] == "true"
    assert "send" not in dict(made.query) and made.headers["X-Unique-Identifier-Value"] == "T-42"
    assert "status" not in body(made) and not marked.body
    assert isinstance(outcome.document, Invoice) and outcome.document.state is InvoiceState.AUTHORISED


async def test_a_draft_stays_one_and_what_is_sent_already_is_not_marked() -> None:
    session = scripted(MADE)
    draft = done(await CONNECTOR.write(session, step("invoices", replace(INVOICE, state=InvoiceState.DRAFT))))
    assert isinstance(draft.document, Invoice) and draft.document.state is InvoiceState.DRAFT
    again = scripted(ok(invoice=invoice(status="sent")))
    assert done(await CONNECTOR.write(again, step("invoices", INVOICE))).target_id == INVOICE_ID
    assert len(again.requests) == 1


@pytest.mark.parametrize(
    "second", [NotSent("no route"), AnswerLost("cut"), answer(b"", 502), refused(44, "too many", 429)]
)
async def test_what_is_not_clearly_marked_is_looked_up(second: Any) -> None:
    outcome = await CONNECTOR.write(scripted(MADE, second), step("invoices", INVOICE))
    assert isinstance(outcome, Uncertain) and "there as a draft" in outcome.why


async def test_where_zoho_refuses_the_mark_it_is_shown_as_the_draft_that_it_is() -> None:
    outcome = done(await CONNECTOR.write(scripted(MADE, refused(9999, "Approve it first.")), step("invoices", INVOICE)))
    assert isinstance(outcome.document, Invoice) and outcome.document.state is InvoiceState.DRAFT


async def test_a_lease_that_is_lost_between_the_two_is_lost() -> None:
    with pytest.raises(LeaseLost):
        await CONNECTOR.write(scripted(MADE, LeaseLost("taken over")), step("invoices", INVOICE))


async def test_the_look_up_marks_our_own_draft_and_nobody_elses() -> None:
    listed = page(invoices=[{"invoice_id": INVOICE_ID, "invoice_number": "ST-11", "customer_id": CUSTOMER}])
    session = scripted(listed, MADE, ok())
    (found,) = await CONNECTOR.find(session, step("invoices", INVOICE))
    assert isinstance(found, Invoice) and found.state is InvoiceState.AUTHORISED
    assert asked(session)[-1] == ("POST", SENT)
    assert {"customer_id": CUSTOMER, "invoice_number": "ST-11"}.items() <= dict(session.requests[0].query).items()
    theirs = scripted(listed, ok(invoice=invoice(custom_field_hash={})))
    (other,) = await CONNECTOR.find(theirs, step("invoices", INVOICE))
    assert isinstance(other, Invoice) and other.state is InvoiceState.DRAFT and len(theirs.requests) == 2
    off = scripted(listed, MADE)
    (apart,) = await CONNECTOR.find(off, replace(step("invoices", INVOICE), total=INVOICE.total + 1))
    assert isinstance(apart, Invoice) and apart.state is InvoiceState.DRAFT and len(off.requests) == 2
    unwilling = scripted(listed, MADE, refused(9999, "Approve it first."))
    (kept,) = await CONNECTOR.find(unwilling, step("invoices", INVOICE))
    assert isinstance(kept, Invoice) and kept.state is InvoiceState.DRAFT


async def test_the_look_up_of_an_update_changes_nothing() -> None:
    session = scripted(MADE)
    await CONNECTOR.find(session, step("invoices", replace(INVOICE, id=INVOICE_ID), _U, target=INVOICE_ID))
    assert asked(session) == [("GET", f"/invoices/{INVOICE_ID}")]


async def test_a_filter_that_is_ignored_proves_nothing() -> None:
    listed = page(invoices=[{"invoice_id": "1", "invoice_number": "ST-11", "customer_id": "another"}])
    with pytest.raises(FilterIgnored, match="customer_id"):
        await CONNECTOR.find(scripted(listed), step("invoices", INVOICE))


@pytest.mark.parametrize(
    "wrong", [{"total": 1}, {"customer_id": "9"}, {"invoice_number": "ST-12"}, {"date": "2026-01-01"},
              {"currency_code": "EUR"}, {"custom_field_hash": {"cf_ml_connector_ref": "T-43"}}, {"status": "mislaid"}],
)  # fmt: skip
async def test_an_answer_that_shows_another_invoice_proves_nothing(wrong: dict[str, Any]) -> None:
    outcome = await CONNECTOR.write(scripted(ok(201, invoice=invoice(**wrong))), step("invoices", INVOICE))
    assert isinstance(outcome, Uncertain)


async def test_a_void_document_is_no_proof_of_one_that_was_to_be_made() -> None:
    outcome = await CONNECTOR.write(scripted(ok(201, invoice=invoice(status="void"))), step("invoices", INVOICE))
    assert isinstance(outcome, Uncertain) and "void" in outcome.why


async def test_an_update_goes_by_id_and_a_void_is_proven_by_reading() -> None:
    session = scripted(ok(invoice=invoice(status="sent")))
    await CONNECTOR.write(session, step("invoices", replace(INVOICE, id=INVOICE_ID), _U, target=INVOICE_ID))
    assert asked(session) == [("PUT", f"/invoices/{INVOICE_ID}")]
    void = step("invoices", replace(INVOICE, id=INVOICE_ID), _V, target=INVOICE_ID)
    gone = scripted(ok(), ok(invoice=invoice(status="void")))
    assert done(await CONNECTOR.write(gone, void)).target_id == INVOICE_ID
    assert asked(gone)[0] == ("POST", f"/invoices/{INVOICE_ID}/status/void")
    assert isinstance(await CONNECTOR.write(scripted(ok(), ok(invoice=invoice(status="sent"))), void), Uncertain)


async def test_without_the_field_it_is_posted_with_its_own_number() -> None:
    notes = {"notes": "ml-connector reference: T-42", "custom_field_hash": {}}
    session = scripted(ok(201, invoice=invoice(**notes)), ok(), settings={"reference_field": ""})
    outcome = done(await CONNECTOR.write(session, step("invoices", INVOICE, reference_field="")))
    assert session.requests[0].method == "POST" and getattr(outcome.document, "reference", "") == "T-42"


# --- credit notes and what they are applied to -------------------------------------------------------------------


async def test_a_credit_note_is_open_when_it_is_made_and_found_by_number() -> None:
    session = scripted(ok(201, creditnote=note()))
    assert done(await CONNECTOR.write(session, step("credit_notes", NOTE))).target_id == NOTE_ID
    assert asked(session) == [("PUT", "/creditnotes")] and "status" not in body(session.requests[0])
    listed = page(creditnotes=[{"creditnote_id": NOTE_ID, "creditnote_number": "CN-4", "customer_id": CUSTOMER}])
    assert len(await CONNECTOR.find(scripted(listed, ok(creditnote=note())), step("credit_notes", NOTE))) == 1


def credited(*parts: tuple[str, int]) -> Any:
    rows = [
        {"creditnote_invoice_id": key, "invoice_id": INVOICE_ID, "credited_amount": amount} for key, amount in parts
    ]
    return ok(creditnote=note(invoices_credited=rows))


async def test_a_credit_is_applied_and_seen_on_the_credit() -> None:
    session = scripted(ok(), credited(("9", 40), ("8", 5)))
    outcome = done(await CONNECTOR.write(session, step("allocations", APPLIED)))
    assert asked(session) == [("POST", f"/creditnotes/{NOTE_ID}/invoices"), ("GET", f"/creditnotes/{NOTE_ID}")]
    assert body(session.requests[0]) == {"invoices": [{"invoice_id": INVOICE_ID, "amount_applied": 40}]}
    assert outcome.target_id == "9" and outcome.also[0][0] == "credit_notes"
    assert CONNECTOR.touched(step("allocations", APPLIED)) == (("credit_notes", NOTE_ID),)


@pytest.mark.parametrize("parts", [(), (("9", 41),), (("9", 40), ("10", 40))])
async def test_an_application_that_is_not_shown_once_is_looked_up(parts: tuple[tuple[str, int], ...]) -> None:
    assert isinstance(await CONNECTOR.write(scripted(ok(), credited(*parts)), step("allocations", APPLIED)), Uncertain)


async def test_an_earlier_application_alike_is_another() -> None:
    again = replace(APPLIED, allocations=(*APPLIED.allocations, Allocation("9", Ref(INVOICE_ID), Decimal(40))))
    found = await CONNECTOR.find(scripted(credited(("9", 40), ("10", 40))), step("allocations", again))
    assert [getattr(one, "id", "") for one in found] == ["10"]


TAKEN = replace(APPLIED, allocations=(Allocation("9", Ref(INVOICE_ID), Decimal(40)),))


async def test_an_application_is_taken_off_and_that_is_seen() -> None:
    session = scripted(ok(), credited(("8", 5)))
    outcome = done(await CONNECTOR.write(session, step("allocations", TAKEN, _V, target="9")))
    assert asked(session)[0] == ("DELETE", f"/creditnotes/{NOTE_ID}/invoices/9")
    assert getattr(outcome.document, "active", True) is False
    assert CONNECTOR.touched(step("allocations", TAKEN, _V)) == (("credit_notes", NOTE_ID), ("invoices", INVOICE_ID))
    still = await CONNECTOR.write(scripted(ok(), credited(("9", 40))), step("allocations", TAKEN, _V, target="9"))
    assert isinstance(still, Uncertain)
    done(await CONNECTOR.write(scripted(GONE, credited()), step("allocations", TAKEN, _V, target="9")))


async def test_a_vendor_credit_is_applied_from_the_bills_side() -> None:
    shown = {"vendor_credit_id": CREDIT.id, "vendor_id": "98001", "status": "open", "total": 70, "line_items": [],
             "bills_credited": [{"vendor_credit_bill_id": "5", "bill_id": "460000000030052", "amount": 20}]}  # fmt: skip
    session = scripted(ok(201), ok(vendor_credit=shown))
    outcome = done(await CONNECTOR.write(session, step("allocations", CREDIT)))
    assert asked(session)[0] == ("POST", "/bills/460000000030052/credits")
    assert body(session.requests[0]) == {
        "apply_vendor_credits": [{"vendor_credit_id": CREDIT.id, "amount_applied": 20}]
    }
    assert outcome.target_id == "5" and isinstance(outcome.document, Bill)
    taken = replace(CREDIT, credits=(Allocation("5", Ref("460000000030052"), Decimal(20)),))
    removed = scripted(ok(), ok(vendor_credit={**shown, "bills_credited": []}))
    done(await CONNECTOR.write(removed, step("allocations", taken, _V, target="5")))
    assert asked(removed)[0] == ("DELETE", f"/vendorcredits/{CREDIT.id}/bills/5")


# --- payments and refunds ----------------------------------------------------------------------------------------


async def test_a_payment_is_made_once_with_all_that_it_settles() -> None:
    session = scripted(ok(201, payment=payment()))
    outcome = done(await CONNECTOR.write(session, step("payments", PAYMENT)))
    assert asked(session) == [("PUT", "/customerpayments")]
    assert isinstance(outcome.document, Payment) and len(outcome.document.splits) == 2


@pytest.mark.parametrize("wrong", [{"amount": 90}, {"unused_amount": 0}, {"customer_id": "9"}, {"date": "2026-01-01"}])
async def test_a_payment_shown_otherwise_proves_nothing(wrong: dict[str, Any]) -> None:
    session = scripted(ok(201, payment=payment(**wrong)))
    assert isinstance(await CONNECTOR.write(session, step("payments", PAYMENT)), Uncertain)


async def test_money_applied_later_updates_the_payment() -> None:
    more = replace(PAYMENT, id=PAYMENT_ID, splits=(*PAYMENT.splits, Allocation("", Ref("7"), Decimal(10))))
    session = scripted(ok(payment=payment(unused_amount=0)))
    done(await CONNECTOR.write(session, step("payments", more, _U, target=PAYMENT_ID)))
    assert asked(session) == [("PUT", f"/customerpayments/{PAYMENT_ID}")]


@pytest.mark.parametrize("given", [ok(), GONE])
async def test_a_payment_is_voided_by_deleting_it(given: Any) -> None:
    session = scripted(given)
    outcome = done(await CONNECTOR.write(session, step("payments", PAYMENT, _V, target=PAYMENT_ID)))
    assert asked(session) == [("DELETE", f"/customerpayments/{PAYMENT_ID}")]
    assert isinstance(outcome.document, Payment) and not outcome.document.active
    (found,) = await CONNECTOR.find(scripted(GONE), step("payments", PAYMENT, _V, target=PAYMENT_ID))
    assert isinstance(found, Payment) and not found.active
    (there,) = await CONNECTOR.find(scripted(ok(payment=payment())), step("payments", PAYMENT, _V, target=PAYMENT_ID))
    assert isinstance(there, Payment) and there.active


async def test_a_deletion_without_the_right_stops_the_flow_and_names_it() -> None:
    outcome = await CONNECTOR.write(scripted(refused(57, "no", 401)), step("payments", PAYMENT, _V, target=PAYMENT_ID))
    assert isinstance(outcome, Later) and outcome.forbidden
    assert "ZohoBooks.customerpayments.DELETE" in outcome.why


async def test_a_payment_is_found_among_those_of_its_day_over_its_amount() -> None:
    row = {"customer_id": CUSTOMER, "date": "2026-06-09"}
    listed = page(
        customerpayments=[{**row, "payment_id": "1", "amount": 7}, {**row, "payment_id": PAYMENT_ID, "amount": 100}]
    )
    session = scripted(listed, ok(payment=payment()))
    (found,) = await CONNECTOR.find(session, step("payments", PAYMENT))
    assert found.id == PAYMENT_ID and getattr(found, "reference", "") == "T-42"  # type: ignore[union-attr]
    assert asked(session)[1] == ("GET", f"/customerpayments/{PAYMENT_ID}")


REFUNDS = {"creditnote_refund_id": "5", "date": "2026-06-09", "amount_fcy": 25, "reference_number": "T-42"}


@pytest.mark.parametrize("shape", ["list", "object", "nothing"])
async def test_money_is_given_back_and_seen(shape: str) -> None:
    parts = {"list": {"creditnote_refunds": [REFUNDS]}, "object": {"creditnote_refund": REFUNDS}, "nothing": {}}[shape]
    listed = [page(creditnote_refunds=[REFUNDS, {**REFUNDS, "reference_number": "other"}])] if not parts else []
    session = scripted(ok(**parts), *listed, ok(creditnote=note(balance=Decimal("174.99"))))
    outcome = done(await CONNECTOR.write(session, step("refunds", REFUND)))
    assert asked(session)[0] == ("POST", f"/creditnotes/{NOTE_ID}/refunds") and outcome.target_id == "5"
    assert body(session.requests[0])["reference_number"] == "T-42"
    assert asked(session)[-1] == ("GET", f"/creditnotes/{NOTE_ID}") and len(session.requests) == 2 + len(listed)
    ((entity, credit),) = outcome.also
    assert isinstance(credit, Invoice) and (entity, credit.balance) == ("credit_notes", Decimal("174.99"))
    assert isinstance(outcome.document, Payment) and outcome.document.party.id == CUSTOMER


async def test_a_refund_that_is_removed_is_shown_as_gone_with_what_is_left_of_its_credit() -> None:
    void = step("refunds", replace(REFUND, id="5"), _V, target="5")
    for given in (ok(), GONE):
        outcome = done(await CONNECTOR.write(scripted(given, ok(creditnote=note())), void))
        shown = outcome.document
        assert isinstance(shown, Payment) and not shown.active and shown.refunds == Ref(NOTE_ID, "credit note")
        assert [one for one, _ in outcome.also] == ["credit_notes"]
    assert not done(await CONNECTOR.write(scripted(GONE, GONE), void)).also
    assert isinstance(await CONNECTOR.write(scripted(ok(), AnswerLost("cut")), void), Uncertain)


async def test_a_refund_that_is_not_shown_is_looked_up_on_what_it_gives_back() -> None:
    assert isinstance(
        await CONNECTOR.write(scripted(ok(), page(creditnote_refunds=[])), step("refunds", REFUND)), Uncertain
    )
    of_payment = replace(REFUND, refunds=Ref(PAYMENT_ID, "payment"))
    row = {"payment_refund_id": "6", "date": "2026-06-09", "amount": 25, "reference_number": "T-42"}
    session = scripted(page(payment_refunds=[row]))
    (found,) = await CONNECTOR.find(session, step("refunds", of_payment))
    assert isinstance(found, Payment) and found.amount == -25
    assert asked(session) == [("GET", f"/customerpayments/{PAYMENT_ID}/refunds")]
    assert CONNECTOR.touched(step("refunds", of_payment)) == (("payments", PAYMENT_ID),)


@pytest.mark.parametrize("shown", ["list", "object"])
async def test_a_refund_of_a_payment_is_answered_as_a_list_or_as_the_refund_alone(shown: str) -> None:
    row = {"payment_refund_id": "6", "date": "2026-06-09", "amount": 25, "reference_number": "T-42"}
    session = scripted(ok(payment_refunds=[row] if shown == "list" else row), ok(payment=payment()))
    of_payment = replace(REFUND, refunds=Ref(PAYMENT_ID, "payment"))
    assert done(await CONNECTOR.write(session, step("refunds", of_payment))).target_id == "6"
    at = f"/customerpayments/{PAYMENT_ID}"
    assert asked(session) == [("POST", f"{at}/refunds"), ("GET", at)]


async def test_a_refund_is_removed_on_what_it_gave_back() -> None:
    removal = step("refunds", REFUND, _V, target="5")
    for given in (ok(), GONE):
        session = scripted(given, ok(creditnote=note()))
        assert not getattr(done(await CONNECTOR.write(session, removal)).document, "active", True)
        assert asked(session)[0] == ("DELETE", f"/creditnotes/{NOTE_ID}/refunds/5")
    (gone,) = await CONNECTOR.find(scripted(page(creditnote_refunds=[])), removal)
    (there,) = await CONNECTOR.find(scripted(page(creditnote_refunds=[REFUNDS])), removal)
    assert (getattr(gone, "active", None), getattr(there, "active", None)) == (False, True)


async def test_a_refusal_is_a_refusal() -> None:
    outcome = await CONNECTOR.write(scripted(refused(1002, "Invoice does not exist.")), step("payments", PAYMENT))
    assert isinstance(outcome, Rejected) and outcome.reason == "not_found"
    for message, reason in (
        ("The amount entered is more than the balance due for the selected invoices.", "paid"),
        ("You cannot void this invoice as payments have been applied.", "paid"),
        ("Please specify the tax treatment.", "field_missing"),
        ("Invoice number INV-1 already exists.", "duplicate_number"),
        ("The period is locked for transactions.", "period_closed"),
    ):
        outcome = await CONNECTOR.write(scripted(refused(9998, message)), step("payments", PAYMENT))
        assert isinstance(outcome, Rejected) and outcome.reason == reason, message
    with pytest.raises(BadInput, match="no update of refunds"):
        await CONNECTOR.write(scripted(), replace(step("refunds", REFUND), action=_U))


@pytest.mark.parametrize(("made_by", "wanted"), [("upsert", ("PUT", "/invoices")), ("number", ("POST", "/invoices"))])
async def test_an_invoice_is_made_by_the_call_that_the_setting_names(made_by: str, wanted: tuple[str, str]) -> None:
    books = Books(scripted(settings={"invoices_created_by": made_by}))
    request = request_for(step("invoices", INVOICE), books)
    assert (request.method, request.path) == wanted and body(request)["custom_fields"]
    assert dict(request.query)["ignore_auto_number_generation"] == "true"
    credit = request_for(step("credit_notes", NOTE), books)
    assert (credit.method, credit.path, body(credit)["ignore_auto_number_generation"]) == ("PUT", "/creditnotes", True)
    assert "ignore_auto_number_generation" not in dict(credit.query)
