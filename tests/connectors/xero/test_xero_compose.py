"""Payloads and Xero's arithmetic: what is sent gives exactly the total that is claimed."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from xero_documents import (
    CENT,
    INVOICE,
    LINE,
    ORDER,
    body,
    composed,
)
from xero_script import guid

from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import OrderState
from ml_connector.canonical.sales import InvoiceState
from ml_connector.connectors.writing import Action
from ml_connector.connectors.xero import CONNECTOR
from ml_connector.errors import BadInput


def test_an_invoice_goes_with_tax_per_line_and_the_contact_by_id_alone() -> None:
    made = composed(INVOICE)
    assert json.loads(made.body) == {
        "Type": "ACCREC",
        "InvoiceNumber": "ST-1",
        "Contact": {"ContactID": guid(1, 2)},
        "Reference": "job 5512 [ref servicetitan-1-invoices-1]",
        "DueDate": "2026-10-14",
        "Date": "2026-09-14",
        "LineAmountTypes": "Exclusive",
        "Status": "AUTHORISED",
        "CurrencyCode": "NZD",
        "LineItems": [
            {
                "Description": "Water heater install", "Quantity": 2, "UnitAmount": 10.5, "LineAmount": 21,
                "AccountCode": "200", "TaxType": "OUTPUT2", "TaxAmount": 3.15,
            }
        ],
    }  # fmt: skip
    assert (made.total, made.notes) == (Decimal("24.15"), ())


@pytest.mark.parametrize(
    ("state", "status"),
    [(InvoiceState.DRAFT, "DRAFT"), (InvoiceState.SUBMITTED, "SUBMITTED"), (InvoiceState.AUTHORISED, "AUTHORISED")],
)
def test_the_state_decides_the_status(state: InvoiceState, status: str) -> None:
    assert body(replace(INVOICE, state=state))["Status"] == status


def test_our_reference_may_stand_in_the_link_instead() -> None:
    sent = body(INVOICE, reference_in="url", reference_url="https://records.example.com/")
    assert sent["Url"] == "https://records.example.com/servicetitan-1-invoices-1"
    assert sent["Reference"] == "job 5512"


@pytest.mark.parametrize(
    "settings",
    [
        {"reference_in": "url"},
        {"reference_in": "url", "reference_url": "http://records.example.com/"},
        {"reference_in": "url", "reference_url": "https://my-xero.example.com/"},
    ],
)
def test_a_link_that_xero_refuses_is_refused_here(settings: dict[str, str]) -> None:
    with pytest.raises(BadInput, match="reference_url"):
        CONNECTOR.check_settings(settings)
    CONNECTOR.check_settings({"reference_in": "url", "reference_url": "https://records.example.com/"})


def test_a_long_reference_is_cut_visibly_and_ours_stays_whole() -> None:
    made = composed(replace(INVOICE, memo="x" * 300))
    text = json.loads(made.body)["Reference"]
    assert len(text) == 255 and text.endswith("... [ref servicetitan-1-invoices-1]")
    assert "reference text was cut" in made.notes[0]


def test_quantity_and_price_go_only_where_they_give_the_line() -> None:
    odd = replace(LINE, quantity=Decimal("3"), unit_price=Decimal("6.9999999999"))
    made = composed(replace(INVOICE, lines=(odd,)))
    (line,) = json.loads(made.body)["LineItems"]
    assert (line["Quantity"], line["UnitAmount"], line["LineAmount"]) == (1, 21, 21)
    assert line["Description"] == "Water heater install (3 x 6.9999999999)"
    assert "one piece" in made.notes[0]
    fine = replace(LINE, quantity=Decimal("3"), unit_price=Decimal("7.0001"))
    (line,) = body(replace(INVOICE, lines=(fine,)))["LineItems"]
    assert (line["Quantity"], line["UnitAmount"]) == (3, 7.0001)
    tie = replace(LINE, amount=Decimal("0.13"), quantity=Decimal("0.5"), unit_price=Decimal("0.25"))
    (line,) = body(replace(INVOICE, lines=(tie,)))["LineItems"]
    assert (line["Quantity"], line["UnitAmount"]) == (1, 0.13)


def test_long_descriptions_are_cut_visibly_and_empty_ones_filled() -> None:
    long = replace(LINE, description="x" * 5000, quantity=Decimal(3), unit_price=Decimal("6.99999"))
    made = composed(
        replace(INVOICE, lines=(long, replace(LINE, description="", sku="WH-40"), replace(LINE, description="")))
    )
    first, second, third = json.loads(made.body)["LineItems"]
    assert len(first["Description"]) == 4000 and first["Description"].endswith("... (3 x 6.99999)")
    assert (second["Description"], third["Description"]) == ("WH-40", "Line 3")
    assert any("cut" in note for note in made.notes)


def test_tracking_goes_by_ids_two_at_most() -> None:
    one = Ref(guid(1, 6), "North", guid(1, 5))
    (line,) = body(replace(INVOICE, lines=(replace(LINE, dimensions=(one,)),)))["LineItems"]
    assert line["Tracking"] == [{"TrackingCategoryID": guid(1, 5), "TrackingOptionID": guid(1, 6)}]
    with pytest.raises(BadInput, match="takes two"):
        composed(replace(INVOICE, lines=(replace(LINE, dimensions=(one, one, one)),)))
    with pytest.raises(BadInput, match="names no category"):
        composed(replace(INVOICE, lines=(replace(LINE, dimensions=(Ref(guid(1, 6)),)),)))


def test_lines_that_are_not_charged_are_left_out_visibly() -> None:
    made = composed(replace(INVOICE, lines=(LINE, replace(LINE, chargeable=False, amount=Decimal(7)))))
    assert len(json.loads(made.body)["LineItems"]) == 1 and "not charged" in made.notes[0]
    assert made.total == Decimal("24.15")


def test_an_update_keeps_lines_by_their_ids_and_without_lines_changes_the_head_only() -> None:
    kept = replace(LINE, id=guid(1, 4))
    sent = body(replace(INVOICE, id=guid(1), lines=(kept, LINE)), Action.UPDATE)
    assert sent["InvoiceID"] == guid(1) and "Type" not in sent
    assert [one.get("LineItemID") for one in sent["LineItems"]] == [guid(1, 4), None]
    head = composed(replace(INVOICE, id=guid(1), lines=(), state=InvoiceState.PAID), Action.UPDATE)
    assert set(json.loads(head.body)) == {"InvoiceID", "InvoiceNumber", "Contact", "Reference", "DueDate"}
    assert "stay as they are" in head.notes[0]


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (InvoiceState.DRAFT, "DELETED"),
        (InvoiceState.SUBMITTED, "DELETED"),
        (InvoiceState.AUTHORISED, "VOIDED"),
        (InvoiceState.PAID, "VOIDED"),
    ],
)
def test_what_is_not_approved_yet_is_deleted_instead_of_voided(state: InvoiceState, status: str) -> None:
    gone = replace(INVOICE, id=guid(1), state=state)
    assert body(gone, Action.VOID) == {"InvoiceID": guid(1), "Status": status}
    assert body(replace(gone, kind="credit note"), Action.VOID) == {"CreditNoteID": guid(1), "Status": status}


def test_a_credit_note_is_positive_whichever_way_it_came() -> None:
    positive = replace(INVOICE, kind="credit note", number="CN-1", due_date=None)
    negative = replace(
        positive, total=Decimal("-24.15"), lines=(replace(LINE, amount=Decimal(-21), tax=Decimal("-3.15")),)
    )
    sent = body(positive)
    assert sent == body(negative)
    assert (sent["Type"], sent["CreditNoteNumber"], "DueDate" in sent) == ("ACCRECCREDIT", "CN-1", False)
    assert (composed(positive).total, composed(negative).total) == (Decimal("24.15"), Decimal("-24.15"))


def test_a_foreign_rate_goes_only_with_a_foreign_currency_and_never_as_one() -> None:
    foreign = replace(INVOICE, currency="USD", exchange_rate=Decimal("0.61"))
    assert body(foreign)["CurrencyRate"] == 0.61
    assert "CurrencyRate" not in body(replace(foreign, currency="NZD"))
    with pytest.raises(BadInput, match="no rate"):
        composed(replace(foreign, exchange_rate=Decimal(1)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"customer": Ref()}, "no customer"),
        ({"number": ""}, "no number"),
        ({"number": "Ä-1"}, "plain letters"),
        ({"number": "1" * 256}, "255"),
        ({"date": None}, "no date"),
        ({"due_date": None}, "no due date"),
        ({"lines": ()}, "no lines"),
        ({"total": Decimal(-1)}, "credit note only"),
        ({"discount": Decimal(1)}, "must be a line"),
        ({"state": InvoiceState.PAID}, "cannot be made paid"),
        ({"lines": (replace(LINE, account=Ref()),)}, "no account"),
        ({"lines": (replace(LINE, amount=Decimal("1.005")),)}, "two decimals"),
        ({"lines": (replace(LINE, tax_code=Ref()),)}, "without a tax rate"),
        ({"lines": (replace(LINE, tax=None),)}, "check the tax mapping"),
        ({"lines": (replace(LINE, tax=None, tax_code=Ref("OUTPUT2", "", "a lot")),)}, "no number"),
    ],
)
def test_what_xero_could_not_book_is_one_sentence(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        composed(replace(INVOICE, **change))


def test_a_draft_may_lack_accounts_and_due_date() -> None:
    draft = replace(INVOICE, state=InvoiceState.DRAFT, due_date=None, lines=(replace(LINE, account=Ref()),))
    assert "AccountCode" not in body(draft)["LineItems"][0]


_cents = st.decimals(Decimal("0.01"), Decimal("99999.99"), places=2)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(_cents, st.decimals(0, 30, places=3)), min_size=1, max_size=6),
    st.sampled_from([TaxBasis.EXCLUSIVE, TaxBasis.INCLUSIVE, TaxBasis.NONE]),
)
def test_the_total_is_what_xero_makes_of_what_is_sent(
    given_lines: list[tuple[Decimal, Decimal]], basis: TaxBasis
) -> None:
    lines = tuple(
        replace(LINE, amount=amount, quantity=Decimal(1), unit_price=amount, tax=None, tax_code=Ref("T", "", str(rate)))
        for amount, rate in given_lines
    )
    made = composed(replace(INVOICE, tax_basis=basis, lines=lines))
    sent = json.loads(made.body, parse_float=Decimal, parse_int=Decimal)["LineItems"]
    amounts = [(Decimal(one["Quantity"]) * one["UnitAmount"]).quantize(CENT, ROUND_HALF_UP) for one in sent]
    assert amounts == [one["LineAmount"] for one in sent] == [amount for amount, _ in given_lines]
    taxes = [one.get("TaxAmount", Decimal(0)) for one in sent]
    if basis is TaxBasis.EXCLUSIVE:
        assert made.total == sum(amounts) + sum(taxes)
        wanted = [(amount * rate / 100).quantize(CENT, ROUND_HALF_UP) for amount, rate in given_lines]
        assert taxes == wanted
    else:
        assert made.total == sum(amounts)
    if basis is TaxBasis.NONE:
        assert not any("TaxType" in one for one in sent)


def test_inclusive_tax_is_taken_out_of_the_line() -> None:
    line = replace(LINE, amount=Decimal("500"), tax=None, tax_code=Ref("OUTPUT2", "", "15"))
    assert body(replace(INVOICE, tax_basis=TaxBasis.INCLUSIVE, lines=(line,)))["LineItems"][0]["TaxAmount"] == 65.22


def test_an_order_that_was_sent_is_authorised() -> None:
    made = composed(ORDER)
    sent = json.loads(made.body)
    assert (sent["Status"], sent["PurchaseOrderNumber"], sent["DeliveryDate"]) == ("AUTHORISED", "PO-7", "2026-09-20")
    assert (sent["DeliveryAddress"], sent["Contact"]) == ("1 Main St\nTown", {"ContactID": guid(2, 2)})
    assert sent["Reference"] == "[ref servicetitan-1-invoices-1]" and made.total == Decimal("12.35")
    assert body(replace(ORDER, state=OrderState.PENDING))["Status"] == "DRAFT"
    gone = body(replace(ORDER, id=guid(5)), Action.VOID)
    assert gone == {"PurchaseOrderID": guid(5), "Status": "DELETED"}
    assert body(replace(ORDER, id=guid(5)), Action.UPDATE)["PurchaseOrderID"] == guid(5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": OrderState.BILLED}, "cannot be made billed"),
        ({"shipping": Decimal(5)}, "line of its own"),
        ({"vendor": Ref()}, "no vendor"),
        ({"date": None}, "no date"),
    ],
)
def test_orders_that_cannot_go(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        composed(replace(ORDER, **change))
