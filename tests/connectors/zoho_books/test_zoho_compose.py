"""Payloads and arithmetic: what is sent gives the canonical amounts to the cent, by any rounding rule."""

from __future__ import annotations

import datetime as dt
import json
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.canonical.parts import Address, Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.connectors.writing import Action, Composed
from ml_connector.connectors.zoho_books import CONNECTOR
from ml_connector.connectors.zoho_books.lines import Taxed, document_total, quantity_and_rate
from ml_connector.errors import BadInput

ORG = Organisation("927270289", "Nango Dev", "USD", "America/New_York", price_digits=2, rounding="document")
CENT = Decimal("0.01")


def line(amount: str, **more: Any) -> BillLine:
    return BillLine("1", Decimal(amount), account=Ref("400", "Supplies"), **more)


def bill(*lines: BillLine, **more: Any) -> Bill:
    total = more.pop("total", sum((one.amount for one in lines), Decimal(0)))
    return Bill("s-1", Ref("98001", "Beta"), total, number="INV-7", date=dt.date(2026, 6, 9), lines=lines, **more)


def compose(
    document: Bill | Party, action: Action = Action.CREATE, org: Organisation = ORG, **settings: str
) -> Composed:
    return CONNECTOR.compose(action, document, org, "T-42", settings)


def sent(composed: Composed) -> Any:
    return json.loads(composed.body, parse_float=Decimal)


def test_a_bill_goes_with_everything_the_ledger_needs() -> None:
    document = bill(
        line("25.00", quantity=Decimal("2.5"), unit_cost=Decimal(10), description="Copper pipe",
             dimensions=(Ref("opt", "HVAC", "tag"),), location=Ref("loc")),
        due_date=dt.date(2026, 7, 9),
        purchase_order=Ref(number="PO-9"),
        memo="Delivered",
    )  # fmt: skip
    assert sent(compose(document)) == {
        "vendor_id": "98001",
        "bill_number": "INV-7",
        "date": "2026-06-09",
        "due_date": "2026-07-09",
        "reference_number": "PO-9",
        "is_inclusive_tax": False,
        "line_items": [
            {
                "account_id": "400",
                "description": "Copper pipe",
                "rate": 10,
                "quantity": Decimal("2.5"),
                "location_id": "loc",
                "tags": [{"tag_id": "tag", "tag_option_id": "opt"}],
                "item_order": 1,
            }
        ],
        "notes": "Delivered",
        "custom_fields": [{"api_name": "cf_ml_connector_ref", "value": "T-42"}],
    }


def test_without_a_unique_field_the_reference_is_the_last_line_of_the_notes() -> None:
    body = sent(compose(bill(line("5"), memo="Delivered"), reference_field=""))
    assert body["notes"] == "Delivered\nml-connector reference: T-42"
    assert "custom_fields" not in body


def test_an_update_names_no_custom_field_since_those_of_people_could_be_emptied() -> None:
    body = sent(compose(bill(line("5"), memo="Delivered"), Action.UPDATE))
    assert body["notes"] == "Delivered" and "custom_fields" not in body


@pytest.mark.parametrize("field", ["cf_ml_connector_ref", ""])
def test_a_change_of_a_contact_leaves_our_reference_and_the_notes_of_people(field: str) -> None:
    vendor = Party("7", "vendor", "Beta", email="ap@beta.example")
    changed = CONNECTOR.compose(Action.UPDATE, vendor, ORG, "", {"reference_field": field})
    assert not {"notes", "custom_fields"} & sent(changed).keys()


def test_ten_decimals_of_cost_become_one_piece_with_the_real_figures_in_words() -> None:
    composed = compose(bill(line("3.33", quantity=Decimal(3), unit_cost=Decimal("1.1111111111"), description="Screw")))
    (item,) = sent(composed)["line_items"]
    assert (item["quantity"], item["rate"]) == (1, Decimal("3.33"))
    assert item["description"] == "Screw (3 x 1.1111111111)"
    assert composed.total == Decimal("3.33")


money = st.decimals("-99999.99", "99999.99", places=2)
quantities = st.decimals("0", "9999", places=4)
costs = st.decimals("-9999", "9999", places=10)


@given(st.lists(st.tuples(money, quantities, costs), min_size=1, max_size=8), st.integers(2, 6))
def test_lines_as_sent_give_the_canonical_amounts_to_the_cent(lines: list[tuple[Decimal, ...]], digits: int) -> None:
    document = bill(*(line(str(a), quantity=q, unit_cost=c) for a, q, c in lines))
    composed = compose(document, org=replace(ORG, price_digits=digits))
    sign = -1 if document.total < 0 else 1
    for item, source in zip(sent(composed)["line_items"], document.lines, strict=True):
        product = Decimal(item["quantity"]) * Decimal(item["rate"])
        assert item["quantity"] > 0
        for rounding in (ROUND_HALF_UP, ROUND_HALF_EVEN):
            assert sign * product.quantize(CENT, rounding) == source.amount
    assert composed.total == document.total


@given(st.integers(1, 9999), st.integers(1, 99999))
def test_an_exact_price_is_sent_as_it_is(quantity: int, cents: int) -> None:
    cost = Decimal(cents) / 100
    source = line("1", quantity=Decimal(quantity), unit_cost=cost)
    assert quantity_and_rate(source, quantity * cost, 2, "USD") == (Decimal(quantity), cost)


def test_tax_is_rounded_per_tax_or_per_line_as_the_organisation_does() -> None:
    lines = [Taxed(Decimal("0.99"), "t", (Decimal("0.0825"),))] * 3
    assert document_total(lines, "USD", "document", TaxBasis.EXCLUSIVE) == Decimal("3.22")
    assert document_total(lines, "USD", "line", TaxBasis.EXCLUSIVE) == Decimal("3.21")
    assert document_total(lines, "USD", "line", TaxBasis.INCLUSIVE) == Decimal("2.97")


def test_each_tax_of_a_group_is_rounded_by_itself() -> None:
    rates = (Decimal("0.06875"), Decimal("0.005"))
    lines = [Taxed(Decimal("30.90"), "g", rates), Taxed(Decimal("30.90"), "g", rates)]
    assert document_total(lines[:1], "USD", "document", TaxBasis.EXCLUSIVE) == Decimal("33.17"), "2.28 in one"
    assert document_total(lines, "USD", "document", TaxBasis.EXCLUSIVE) == Decimal("66.36"), "4.25 and 0.31"
    assert document_total(lines, "USD", "line", TaxBasis.EXCLUSIVE) == Decimal("66.34")


def test_recoverable_tax_goes_as_a_tax_id_and_counts_in_the_total() -> None:
    taxed = line("100", tax_code=Ref("tx", "Sales", "8.25"))
    composed = compose(bill(taxed, total=Decimal("108.25"), tax=Decimal("8.25")))
    assert sent(composed)["line_items"][0]["tax_id"] == "tx"
    assert composed.total == Decimal("108.25")


def test_an_unknown_rate_is_said_so() -> None:
    taxed = line("100", tax_code=Ref("tx"), tax=Decimal("8.25"))
    composed = compose(bill(taxed, total=Decimal("108.25"), tax=Decimal("8.25")))
    assert composed.total == Decimal("108.25")
    assert "not known" in composed.notes[0]


def test_without_tax_no_tax_id_goes() -> None:
    body = sent(compose(bill(line("100", tax_code=Ref("tx")), tax_basis=TaxBasis.NONE)))
    assert "tax_id" not in body["line_items"][0]


def test_a_negative_bill_becomes_a_vendor_credit_with_positive_amounts() -> None:
    composed = compose(bill(line("-30", quantity=Decimal(3), unit_cost=Decimal(10)), line("5")))
    body = sent(composed)
    assert body["vendor_credit_number"] == "INV-7" and "bill_number" not in body and "due_date" not in body
    assert [(item["quantity"], item["rate"]) for item in body["line_items"]] == [(3, 10), (1, -5)]
    assert composed.total == Decimal(-25)


def test_a_bill_without_the_vendors_number_takes_the_sources_visibly() -> None:
    composed = compose(replace(bill(line("5")), number="", own_number="PO-7-001"))
    assert sent(composed)["bill_number"] == "PO-7-001"
    assert "PO-7-001" in composed.notes[0]


def test_a_long_description_is_cut_visibly_and_keeps_the_figures() -> None:
    composed = compose(bill(line("3.33", quantity=Decimal(3), unit_cost=Decimal("1.11111"), description="x" * 3000)))
    text = sent(composed)["line_items"][0]["description"]
    assert len(text) < 2000
    assert text.endswith("... (3 x 1.11111)")
    assert "line 1 was cut" in composed.notes[0]


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (replace(bill(line("5")), vendor=Ref()), "no vendor"),
        (bill(), "no lines"),
        (replace(bill(line("5")), date=None), "no date"),
        (replace(bill(line("5")), number=""), "no number"),
        (bill(replace(line("5"), account=Ref())), "Line 1 .* has no account"),
        (bill(line("5"), shipping=Decimal(3)), "Freight 3 has no account"),
        (bill(line("5"), discount=Decimal(3)), "Discount 3 has no account"),
        (bill(line("5"), tax=Decimal(3)), "Tax 3 has neither"),
        (bill(line("5.005")), "Line 1: .*5.005"),
        (bill(line("5", dimensions=(Ref("opt"),))), "names no tag"),
        (bill(line("5", tax_code=Ref("t", number="much"))), "no number"),
        (bill(line("5"), currency="CAD", exchange_rate=Decimal(1)), "no rate"),
    ],
)
def test_what_cannot_go_is_one_sentence(document: Bill, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        compose(document)


def test_a_rate_goes_only_with_a_foreign_document() -> None:
    assert "exchange_rate" not in sent(compose(bill(line("5"), currency="USD", exchange_rate=Decimal(1))))
    foreign = sent(compose(bill(line("5"), currency="CAD", exchange_rate=Decimal("0.731"))))
    assert foreign["exchange_rate"] == Decimal("0.731") and foreign["currency_code"] == "CAD"  # the id is read later
    assert "currency_code" not in sent(compose(bill(line("5"), currency="USD")))
    always = CONNECTOR.compose(Action.CREATE, bill(line("5")), ORG, "T-42", {"currency_sent": "always"})
    assert sent(always)["currency_code"] == "USD"


def test_a_vendor_is_a_contact_with_a_primary_person() -> None:
    vendor = Party("", "vendor", "Beta", company="Beta Ltd", email="ap@beta.example", address=Address(city="Ames"))
    body = sent(compose(vendor))
    assert body == {
        "contact_name": "Beta",
        "contact_type": "vendor",
        "company_name": "Beta Ltd",
        "contact_persons": [{"email": "ap@beta.example", "is_primary_contact": True}],
        "billing_address": {"city": "Ames"},
        "custom_fields": [{"api_name": "cf_ml_connector_ref", "value": "T-42"}],
    }
    update = compose(vendor, Action.UPDATE)
    assert sent(update)["contact_persons"] == [{"email": "ap@beta.example", "is_primary_contact": True}]
    nobody = compose(Party("", "vendor", "Beta"), Action.UPDATE)
    assert "contact_persons" not in sent(nobody) and nobody.notes == ()


def test_a_void_has_no_body() -> None:
    assert compose(bill(line("5")), Action.VOID) == Composed(b"", Decimal(5))
