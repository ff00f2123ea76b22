"""Invoices, credit notes, payments, refunds and applications as payloads, and what cannot go."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from zoho_sales_script import (
    APPLIED,
    BANK,
    CREDIT,
    CUSTOMER,
    INVOICE,
    INVOICE_ID,
    LINE,
    NOTE,
    NOTE_ID,
    ORG,
    PAYMENT,
    REFUND,
)

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account
from ml_connector.canonical.parts import Allocation, Ref, TaxBasis
from ml_connector.canonical.sales import InvoiceLine, InvoiceState
from ml_connector.connectors.writing import Action, Composed
from ml_connector.connectors.zoho_books import CONNECTOR
from ml_connector.errors import BadInput


def compose(document: Document, action: Action = Action.CREATE, **settings: str) -> Composed:
    return CONNECTOR.compose(action, document, ORG, "T-42", settings)


def sent(composed: Composed) -> Any:
    return json.loads(composed.body, parse_float=Decimal)


def test_an_invoice_names_items_and_is_marked_as_sent() -> None:
    composed = compose(INVOICE)
    assert sent(composed) == {
        "customer_id": CUSTOMER,
        "invoice_number": "ST-11",
        "date": "2026-06-09",
        "due_date": "2026-07-09",
        "reference_number": "Job 77, 12 Elm St",
        "is_inclusive_tax": False,
        "line_items": [
            {"item_id": "260815000000100002", "description": "Tune-up", "rate": Decimal("199.99"), "quantity": 1,
             "item_order": 1}
        ],
        "custom_fields": [{"api_name": "cf_ml_connector_ref", "value": "T-42"}],
        "status": "sent",
    }  # fmt: skip
    assert composed.total == Decimal("199.99")


def test_with_the_setting_lines_name_accounts() -> None:
    line = replace(LINE, item=Ref(), account=Ref("400"), description="Tune-up of the furnace " * 10)
    (found,) = sent(compose(replace(INVOICE, lines=(line,)), invoice_lines="account"))["line_items"]
    assert found["account_id"] == "400" and "item_id" not in found
    assert found["name"] == line.description[:100] and found["description"] == line.description


def test_a_line_names_its_own_location() -> None:
    placed = replace(INVOICE, lines=(replace(LINE, location=Ref("4600", "Duluth")), LINE))
    first, second = sent(compose(placed))["line_items"]
    assert first["location_id"] == "4600" and "location_id" not in second


def test_a_draft_is_not_marked() -> None:
    assert "status" not in sent(compose(replace(INVOICE, state=InvoiceState.DRAFT)))
    assert sent(compose(replace(NOTE, state=InvoiceState.DRAFT)))["is_draft"] is True
    assert sent(compose(NOTE))["status"] == "open"


def test_the_total_is_zohos_arithmetic() -> None:
    code = Ref("t", "CA", "8.25")
    lines = tuple(replace(LINE, id=str(n), amount=Decimal("10.10"), tax_code=code) for n in range(2))
    document = replace(INVOICE, lines=lines, total=Decimal("21.87"))
    assert compose(document).total == Decimal("21.87")  # 20.20 and 1.6665
    by_line = CONNECTOR.compose(Action.CREATE, document, replace(ORG, rounding="line"), "T-42", {})
    assert by_line.total == Decimal("21.86")  # twice 0.83325
    assert [one["tax_id"] for one in sent(by_line)["line_items"]] == ["t", "t"]


def test_a_negative_invoice_becomes_a_credit_note_of_positive_lines() -> None:
    line = replace(LINE, amount=Decimal("-199.99"), unit_price=Decimal("-199.99"))
    composed = compose(replace(INVOICE, total=Decimal("-199.99"), lines=(line,)))
    body = sent(composed)
    assert body["creditnote_number"] == "ST-11" and "due_date" not in body
    assert body["line_items"][0]["rate"] == Decimal("199.99") and composed.total == Decimal("-199.99")


def test_a_credit_note_line_takes_an_account_where_it_has_no_item() -> None:
    (line,) = sent(compose(replace(NOTE, lines=(replace(LINE, item=Ref(), account=Ref("666")),))))["line_items"]
    assert line["account_id"] == "666" and "name" not in line


def test_an_update_keeps_zohos_lines_and_adds_new_ones() -> None:
    lines = (replace(LINE, id="260815000000124034"), replace(LINE, id="77"))
    found = sent(compose(replace(INVOICE, id=INVOICE_ID, lines=lines), Action.UPDATE))["line_items"]
    assert found[0]["line_item_id"] == "260815000000124034" and "line_item_id" not in found[1]
    head = compose(replace(INVOICE, id=INVOICE_ID, lines=()), Action.UPDATE)
    assert "line_items" not in sent(head) and "lines stay" in head.notes[0]


def test_without_the_field_an_update_leaves_the_notes_that_people_write() -> None:
    changed = replace(INVOICE, id=INVOICE_ID)
    assert "T-42" in sent(compose(INVOICE, reference_field=""))["notes"]
    assert not {"notes", "custom_fields"} & sent(compose(changed, Action.UPDATE, reference_field="")).keys()


@pytest.mark.parametrize("document", [replace(INVOICE, id=INVOICE_ID), replace(NOTE, id="7"), replace(PAYMENT, id="8")])
def test_an_update_names_no_custom_field_since_those_of_people_could_be_emptied(document: Document) -> None:
    assert "custom_fields" in sent(compose(replace(document, id="")))
    assert "custom_fields" not in sent(compose(document, Action.UPDATE))


def test_texts_that_are_too_long_are_cut_and_said() -> None:
    composed = compose(replace(INVOICE, memo="x" * 150, original_date=dt.date(2026, 1, 31)))
    words = sent(composed)["reference_number"]
    assert len(words) <= 100 and words.endswith("... (dated 2026-01-31)") and composed.notes


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (replace(INVOICE, customer=Ref()), "has no customer in Zoho"),
        (replace(INVOICE, number=""), "has no number"),
        (replace(INVOICE, lines=()), "has no lines"),
        (replace(INVOICE, date=None), "has no date"),
        (replace(INVOICE, discount=Decimal(5)), "discount of 5"),
        (replace(INVOICE, lines=(replace(LINE, item=Ref()),)), "no item, .*invoice_lines=account"),
        (replace(INVOICE, lines=(replace(LINE, tax=Decimal(2)),)), "tax of 2 without a tax rate"),
        (replace(INVOICE, lines=(replace(LINE, chargeable=False),)), "not chargeable"),
        (replace(INVOICE, lines=(replace(LINE, dimensions=(Ref("o", "HVAC"),)),)), "names no tag"),
        (replace(INVOICE, lines=(replace(LINE, amount=Decimal("1.005")),)), "more decimals than USD"),
        (replace(INVOICE, state=InvoiceState.SUBMITTED), "cannot be made submitted"),
        (replace(NOTE, lines=(replace(LINE, item=Ref()),)), "has no account"),
        (replace(PAYMENT, party=Ref()), "has no customer"),
        (replace(PAYMENT, amount=Decimal(-1)), "not above zero"),
        (replace(PAYMENT, bank_account=Ref()), "no account to book it on"),
        (replace(PAYMENT, date=None), "has no date"),
        (replace(PAYMENT, amount=Decimal(80)), "is over 80 and settles 90"),
        (replace(PAYMENT, splits=(Allocation("", Ref(), Decimal(1)),)), "an invoice that is in Zoho"),
        (replace(REFUND, refunds=Ref("1", "overpayment")), "credit note or a payment that is there"),
        (replace(REFUND, amount=Decimal(5)), "its amount is negative"),
        (replace(APPLIED, allocations=(Allocation("", Ref(), Decimal(5)),)), "an invoice that is in Zoho"),
        (replace(CREDIT, credits=(Allocation("", Ref("1"), Decimal(0)),)), "amount above zero"),
        (Account("1", "Sales"), "takes no Account"),
    ],
)
def test_what_cannot_go_is_one_sentence(document: Document, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        compose(document)


def test_one_payment_settles_several_invoices_and_the_rest_is_unused() -> None:
    composed = compose(PAYMENT)
    assert sent(composed) == {
        "customer_id": CUSTOMER,
        "payment_mode": "Others",
        "amount": 100,
        "date": "2026-06-09",
        "account_id": BANK,
        "invoices": [
            {"invoice_id": INVOICE_ID, "amount_applied": 60},
            {"invoice_id": "260815000000124030", "amount_applied": 30},
        ],
        "reference_number": "CHQ 9",
        "custom_fields": [{"api_name": "cf_ml_connector_ref", "value": "T-42"}],
    }
    assert composed.total == 100
    unapplied = sent(compose(replace(PAYMENT, splits=(), method=Ref(name="check")), payment_mode="Cash"))
    assert unapplied["invoices"] == [] and unapplied["payment_mode"] == "check"


def test_money_applied_later_is_an_update_with_all_that_is_settled() -> None:
    later = replace(
        PAYMENT, id="1", splits=(*PAYMENT.splits, Allocation("", Ref("7"), Decimal(10))), unapplied=Decimal(0)
    )
    assert [one["amount_applied"] for one in sent(compose(later, Action.UPDATE))["invoices"]] == [60, 30, 10]


def test_what_people_wrote_on_a_payment_goes_before_our_reference() -> None:
    written = replace(PAYMENT, id="1", memo="By post\nkeep it")
    assert sent(compose(written, Action.UPDATE))["description"] == "By post\nkeep it"
    without = sent(compose(written, Action.UPDATE, reference_field=""))
    assert without["description"] == "By post\nkeep it\nml-connector reference: T-42"


def test_a_refund_names_what_it_gives_back() -> None:
    composed = compose(REFUND)
    assert sent(composed) == {
        "credit": "credit_notes",
        "id": NOTE_ID,
        "refund": {
            "date": "2026-06-09", "refund_mode": "Others", "reference_number": "T-42", "amount": 25,
            "from_account_id": BANK, "description": "CHQ 10",
        },
    }  # fmt: skip
    assert composed.total == -25
    assert sent(compose(replace(REFUND, refunds=Ref("8", "payment"))))["credit"] == "payments"


def test_applications_and_their_removal_name_the_credit() -> None:
    assert sent(compose(APPLIED)) == {
        "credit": "credit_notes", "id": NOTE_ID, "allocation": {"invoice_id": INVOICE_ID, "amount_applied": 40},
    }  # fmt: skip
    again = replace(APPLIED, allocations=(*APPLIED.allocations, Allocation("9", Ref(INVOICE_ID), Decimal(40))))
    assert sent(compose(again))["known"] == ["9"]
    taken = replace(APPLIED, allocations=(Allocation("9", Ref(INVOICE_ID), Decimal(40)),))
    assert sent(compose(taken, Action.VOID))["allocation_id"] == "9"
    assert sent(compose(CREDIT))["allocation"] == {"bill_id": "460000000030052", "amount_applied": 20}
    with pytest.raises(BadInput, match="which application"):
        compose(APPLIED, Action.VOID)
    with pytest.raises(BadInput, match="which application"):
        compose(CREDIT, Action.VOID)


def test_a_void_has_no_body() -> None:
    assert compose(replace(INVOICE, id=INVOICE_ID), Action.VOID) == Composed(b"", Decimal("199.99"))
    assert compose(replace(PAYMENT, id="1"), Action.VOID) == Composed(b"", Decimal(100))


def test_a_document_without_tax_sends_none() -> None:
    line = replace(LINE, tax_code=Ref("t", "CA", "8.25"), tax=Decimal(1))
    (found,) = sent(compose(replace(INVOICE, lines=(line,), tax_basis=TaxBasis.NONE)))["line_items"]
    assert "tax_id" not in found


def test_quantity_goes_where_it_gives_the_line_to_the_cent() -> None:
    exact = InvoiceLine("1", Decimal("25.00"), "Pipe", quantity=Decimal("2.5"), unit_price=Decimal(10), item=Ref("i"))
    odd = replace(exact, quantity=Decimal("3.333"), unit_price=Decimal("7.5008"))
    one, other = (sent(compose(replace(INVOICE, lines=(line,))))["line_items"][0] for line in (exact, odd))
    assert (one["quantity"], one["rate"]) == (Decimal("2.5"), 10)
    assert (other["quantity"], other["rate"], other["description"]) == (1, 25, "Pipe (3.333 x 7.5008)")
