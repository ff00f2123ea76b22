"""Invoices, credit notes, payments and refunds of Zoho as canonical documents."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from zoho_sales_script import CUSTOMER, INVOICE_ID, NOTE_ID, OTHER_ID, invoice, note, page, payment, scripted
from zoho_script import Rows, ScriptedSession, stamp

from ml_connector.canonical.documents import decode, encode
from ml_connector.canonical.money import total
from ml_connector.canonical.parts import Allocation, Ref, TaxBasis
from ml_connector.canonical.sales import Invoice, InvoiceState, Payment
from ml_connector.canonical.tie_out import invoiced_total
from ml_connector.connectors.json_fields import Unreadable
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.zoho_books import CONNECTOR, translate_sales
from ml_connector.connectors.zoho_books.resources import RESOURCES, row_of

pytestmark = pytest.mark.anyio
FIELD = "cf_ml_connector_ref"


def shown(**more: Any) -> Invoice:
    return translate_sales.invoice(invoice(**more), FIELD)


def test_an_invoice_in_detail() -> None:
    found = shown(status="overdue", balance=50)
    (line,) = found.lines
    assert (found.id, found.number, found.customer.id, found.total) == (
        INVOICE_ID,
        "ST-11",
        CUSTOMER,
        Decimal("199.99"),
    )
    assert (found.state, found.state_words, found.balance) == (InvoiceState.AUTHORISED, "overdue", Decimal(50))
    assert (found.memo, found.reference, found.terms) == ("Job 77, 12 Elm St", "T-42", "Net 30")
    assert (line.item, line.account.id, line.description) == (
        Ref("260815000000100002", "Software License"), "260815000000000388", "Tune-up",
    )  # fmt: skip
    assert found.complete and invoiced_total(found) == found.total
    assert decode(encode(found)) == found


def test_a_line_shows_its_own_location_which_older_organisations_call_a_branch() -> None:
    for name in ("location", "branch"):
        rows = [{**row, f"{name}_id": "4600", f"{name}_name": "Duluth"} for row in invoice()["line_items"]]
        [line] = shown(line_items=rows).lines
        assert line.location == Ref("4600", "Duluth")


def test_a_list_row_tells_no_lines() -> None:
    row = {name: value for name, value in invoice().items() if name != "line_items"}
    found = translate_sales.invoice(row, FIELD)
    assert not found.complete and found.lines == () and found.total == Decimal("199.99")


@pytest.mark.parametrize(
    ("word", "state"),
    [("draft", "draft"), ("approved", "submitted"), ("viewed", "authorised"), ("partially_paid", "authorised"),
     ("paid", "paid"), ("void", "void")],
)  # fmt: skip
def test_states(word: str, state: str) -> None:
    assert shown(status=word).state.value == state and shown(status=word).active is (word != "void")


def test_an_unknown_state_is_not_guessed() -> None:
    with pytest.raises(Unreadable, match="'mislaid' is none"):
        shown(status="mislaid")


def test_tax_and_what_stands_beside_the_lines_tie() -> None:
    found = shown(
        line_items=[{"line_item_id": "1", "item_total": 100, "rate": 100, "quantity": 1, "tax_id": "t", "tax_name": "CA",
                     "tax_percentage": 8.25, "line_item_taxes": [{"tax_amount": 8.25}]}],
        tax_total=8.25, shipping_charge=12.5, shipping_charge_account_id="ship", adjustment=-0.75, total=118,
        discount_type="entity_level", discount_total=2,
    )  # fmt: skip
    assert [(one.amount, one.account.id) for one in found.lines[1:]] == [
        (Decimal("12.5"), "ship"), (Decimal("-0.75"), ""),
    ]  # fmt: skip
    assert found.lines[0].tax_code == Ref("t", "CA", "8.25") and found.lines[0].tax == Decimal("8.25")
    assert (found.tax, found.discount) == (Decimal("8.25"), Decimal(2)) and invoiced_total(found) == found.total


def test_a_line_of_a_group_shows_what_each_of_its_taxes_takes() -> None:
    taxes = [{"tax_amount": 6.81}, {"tax_amount": 0.5}]
    found = shown(
        line_items=[{"item_total": 99, "tax_id": "g", "line_item_taxes": taxes}], tax_total=7.31, total=106.31
    )
    assert found.lines[0].tax == Decimal("7.31")
    assert found.lines[0].tax_parts == (Decimal("6.81"), Decimal("0.5"))


def test_an_inclusive_invoice_is_one_only_where_its_lines_give_the_total() -> None:
    line = {"item_total": 100, "item_total_inclusive_of_tax": 120, "rate": 120, "quantity": 1}
    gross = shown(line_items=[line], is_inclusive_tax=True, tax_total=20, total=120)
    assert gross.tax_basis is TaxBasis.INCLUSIVE and invoiced_total(gross) == 120
    net = shown(line_items=[{"item_total": 100}], is_inclusive_tax=True, tax_total=20, total=120)
    assert net.tax_basis is TaxBasis.EXCLUSIVE and invoiced_total(net) == 120


def test_a_credit_note_shows_what_it_is_applied_to() -> None:
    row = note(status="closed", invoices_credited=[
        {"creditnote_invoice_id": "9", "invoice_id": INVOICE_ID, "invoice_number": "ST-11", "credited_amount": 40,
         "date": "2026-06-11"},
        {"creditnote_invoice_id": "10", "invoice_id": OTHER_ID, "amount_applied": 5, "date": "11 Jun 2026"},
    ])  # fmt: skip
    found = translate_sales.credit_note(row, FIELD)
    assert (found.kind, found.state, found.total) == ("credit note", InvoiceState.PAID, Decimal("199.99"))
    assert found.allocations == (
        Allocation("9", Ref(INVOICE_ID, "", "ST-11"), Decimal(40), dt.date(2026, 6, 11)),
        Allocation("10", Ref(OTHER_ID), Decimal(5), None),
    )
    with pytest.raises(Unreadable, match="no amount"):
        translate_sales.credit_note(note(invoices_credited=[{"invoice_id": "1"}]), FIELD)


def test_a_payment_with_what_it_settles_and_what_is_left() -> None:
    found = row_of(RESOURCES["payments"], encoded(payment()), FIELD)
    paid = found.document
    assert isinstance(paid, Payment) and found.stamp == paid.stamp == "2026-06-09T13:16:45-0400"
    assert [(one.document.id, one.amount, one.date) for one in paid.splits] == [
        (INVOICE_ID, Decimal(60), dt.date(2026, 6, 10)), (OTHER_ID, Decimal(30), dt.date(2026, 6, 9)),
    ]  # fmt: skip
    assert total(one.amount for one in paid.splits) + paid.unapplied == paid.amount == 100
    assert (paid.number, paid.reference, paid.bank_account.name) == ("CHQ 9", "T-42", "Undeposited Funds")
    assert not paid.to_vendor and paid.posted and paid.complete
    listed = {name: value for name, value in payment().items() if name != "invoices"}
    assert not translate_sales.payment(listed, FIELD).complete


def test_without_the_field_a_payments_reference_is_the_end_of_its_description() -> None:
    found = translate_sales.payment(payment(description="By post\nml-connector reference: T-7"), "")
    assert (found.reference, found.memo) == ("T-7", "By post")


def test_a_refund_is_negative_and_carries_our_reference_as_its_number() -> None:
    row = {"creditnote_refund_id": "5", "date": "2026-06-09", "amount_fcy": 25, "reference_number": "T-42"}
    found = translate_sales.refund(row, Ref(NOTE_ID, "credit note"), Ref(CUSTOMER), "creditnote_refund_id")
    assert (found.amount, found.unapplied, found.reference, found.refunds.id) == (-25, -25, "T-42", NOTE_ID)


OWN_DAY = dt.date(2026, 5, 31)


def test_what_is_booked_on_another_day_gives_its_own_back() -> None:
    moved = "CHQ 9 (dated 2026-05-31)"
    paid = translate_sales.payment(payment(reference_number=moved), FIELD)
    assert (paid.number, paid.original_date) == ("CHQ 9", OWN_DAY)
    credited = translate_sales.credit_note(note(reference_number="(dated 2026-05-31)"), FIELD)
    assert (credited.memo, credited.original_date) == ("", OWN_DAY)
    row = {"payment_refund_id": "5", "amount": 25, "reference_number": "T-42", "description": moved}
    given = translate_sales.refund(row, Ref("7", "payment"), Ref(CUSTOMER), "payment_refund_id")
    assert (given.number, given.original_date) == ("CHQ 9", OWN_DAY)


@pytest.mark.parametrize("words", ["CHQ 9 (dated 2026-05-31) again", "CHQ 9 (dated 2026-02-30)", "CHQ 9", ""])
def test_other_words_are_no_date(words: str) -> None:
    paid = translate_sales.payment(payment(reference_number=words), FIELD)
    assert (paid.number, paid.original_date) == (words, None)


def test_words_that_people_wrote_on_their_own_payments_stay() -> None:
    paid = translate_sales.payment(payment(reference_number="A (dated 2026-05-31)", custom_field_hash={}), FIELD)
    assert (paid.reference, paid.number, paid.original_date) == ("", "A (dated 2026-05-31)", None)


def encoded(row: dict[str, Any]) -> bytes:
    import json

    return json.dumps(row).encode()


# --- lists -------------------------------------------------------------------------------------------------------


def rows(key: str, id_key: str, count: int, **more: Any) -> Rows:
    base = {
        "customer_id": CUSTOMER,
        "total": 5,
        "amount": 5,
        "unused_amount": 5,
        "status": "sent",
        "date": "2026-06-09",
    }
    found = [
        {**base, id_key: f"26081500000{n:07d}", "created_time": stamp(n), "last_modified_time": stamp(n), "name": f"I {n}",
         "expense_id": f"26081500000{n:07d}", "currency_code": "USD", **more}
        for n in range(1, count + 1)
    ]  # fmt: skip
    return Rows(key, id_key, found)


async def walked(session: ScriptedSession, reading: Reading) -> tuple[list[str], bytes, bool]:
    pages = [one async for one in CONNECTOR.read(session, reading)]
    ids = [row.id for one in pages for row in one.rows if row.document is not None]
    return ids, pages[-1].cursor, pages[-1].complete


@pytest.mark.parametrize(
    ("entity", "key", "id_key"),
    [("invoices", "invoices", "invoice_id"), ("credit_notes", "creditnotes", "creditnote_id"),
     ("payments", "customerpayments", "payment_id"), ("items", "items", "item_id"),
     ("expenses", "expenses", "expense_id"), ("currencies", "currencies", "currency_id")],
)  # fmt: skip
async def test_every_list_is_walked_to_its_end(entity: str, key: str, id_key: str) -> None:
    listed = rows(key, id_key, 205)
    listed.default_sort = ("created_time", "D")
    ids, cursor, complete = await walked(ScriptedSession(listed), Reading(entity))
    assert len(ids) == len({*ids}) == 205 and complete
    listed.rows[3]["last_modified_time"] = stamp(7300)
    again, _, _ = await walked(ScriptedSession(listed), Reading(entity, cursor))
    incremental = CONNECTOR.readable[entity].incremental
    assert (id_of(listed, 3, id_key) in again) and (len(again) < 20 if incremental else len(again) == 205)


def id_of(listed: Rows, place: int, id_key: str) -> str:
    return str(listed.rows[place][id_key])


async def test_payments_under_the_published_key_are_read_too() -> None:
    listed = rows("customer_payments", "payment_id", 2)
    assert len((await walked(ScriptedSession(listed), Reading("payments")))[0]) == 2


async def test_expenses_are_asked_from_a_day_on() -> None:
    listed = rows("expenses", "expense_id", 2)
    session = ScriptedSession(listed)
    await walked(session, Reading("expenses", since=dt.date(2026, 6, 1)))
    assert dict(session.requests[0].query)["date_start"] == "2026-06-01"


async def test_a_payment_is_read_alone_for_what_it_settles() -> None:
    listed = rows("customerpayments", "payment_id", 2, unused_amount=0)
    listed.rows[1]["unused_amount"] = 5  # on nothing: its row tells all
    first = listed.rows[0]["payment_id"]

    def script(request: Any) -> Any:
        if request.path == "/customerpayments":
            return listed(request)
        assert request.path == f"/customerpayments/{first}"
        return page(payment=payment(payment_id=first))

    pages = [
        one async for one in CONNECTOR.read(ScriptedSession(script), Reading("payments", options={"details": "yes"}))
    ]
    splits = {
        row.id: len(row.document.splits) for one in pages for row in one.rows if isinstance(row.document, Payment)
    }
    assert splits == {first: 2, listed.rows[1]["payment_id"]: 0}


async def test_the_connections_setting_chooses_which_contacts_are_read() -> None:
    contact = {"contact_id": "1", "contact_name": "Ann", "contact_type": "customer", "status": "active"}
    answered = page(contacts=[contact, {**contact, "contact_id": "2", "contact_type": "vendor"}])
    for settings, option, found in (
        ({}, {}, ["2"]),
        ({"contact_types": "both"}, {}, ["1", "2"]),
        ({"contact_types": "customer"}, {}, ["1"]),
        ({"contact_types": "customer"}, {"contact_type": "vendor"}, ["2"]),
        ({"duplicate_names": "yes"}, {}, ["2"]),
        ({"duplicate_names": "no", "contact_types": "vendor"}, {}, ["1", "2"]),  # a name is taken across kinds
        ({"duplicate_names": "no"}, {"contact_type": "vendor"}, ["2"]),
    ):
        session = scripted(answered, settings=dict(settings))
        ids, _, _ = await walked(session, Reading("parties", options=option))
        assert ids == found
