"""Documents as rows: columns, arithmetic, and sentences for what cannot be sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from ml_connector.canonical.master_data import Dimension, Organisation, Party
from ml_connector.canonical.parts import Address, Allocation, Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.servicenow import CONNECTOR
from ml_connector.connectors.servicenow.rows import StagedRow, decode, key_of
from ml_connector.connectors.servicenow.values import unmarked
from ml_connector.connectors.writing import Action, Composed
from ml_connector.errors import BadInput

ORG = Organisation("example.service-now.com", "example", "USD")
CENTER = (Ref("c", "Engineering", "4100"),)
LINE = BillLine(
    "1", Decimal(100), description="Cloud hosting January", unit_cost=Decimal(100), account=Ref(number="6400"),
    dimensions=CENTER, tax_code=Ref("t", "Sales tax", "8.25"), tax=Decimal("8.25"),
)  # fmt: skip
BILL = Bill(
    "", Ref("s", "Acme", "V-1"), Decimal("108.25"), "INV-7781", "460000000098765", date=dt.date(2026, 2, 1), currency="USD",
    lines=(LINE,), tax=Decimal("8.25"), terms="Net 30", legal_entity=Ref(number="1000"),
)  # fmt: skip
PAYMENT = Payment(
    "", Ref("s", "Acme", "V-1"), Decimal("108.25"), date=dt.date(2026, 2, 20), currency="USD",
    method=Ref(name="bank_transfer"), number="CHQ-1",
    splits=(Allocation("1", Ref("b", "", "460000000098765"), Decimal("108.25")),),
    remit_to=Address("1 Main St", "", "Austin", "TX", "78701", "US"),
)  # fmt: skip


def composed(document: Any, **settings: str) -> Composed:
    return CONNECTOR.compose(Action.CREATE, document, ORG, "mlc-0190c1", settings)


def rows(document: Any, **settings: str) -> tuple[StagedRow, ...]:
    return decode(composed(document, **settings).body).rows


def test_a_bill_as_the_vendor_s_example_shows_it() -> None:
    head, line, tax = rows(BILL)
    assert head.columns == {
        "u_erp_source": "ZOHO", "u_external_invoice_source": "ZOHO-BOOKS", "u_external_invoice_number": "460000000098765",
        "u_supplier_invoice_number": "INV-7781", "u_supplier": "V-1", "u_invoice_type": "non_po_invoice",
        "u_invoice_date": "2026-02-01", "u_currency": "USD", "u_subtotal": "100.00", "u_other_charges": "0.00",
        "u_shipping_amount": "0.00", "u_discounts": "0.00", "u_amount_invoiced": "108.25", "u_tax_amount": "8.25",
        "u_payment_terms": "Net 30", "u_legal_entity": "1000", "u_erp_number": "460000000098765",
        "u_invoice_line_count": "1", "u_inbound_source": "ZOHO-BOOKS", "u_third_party_import_id": "mlc-0190c1",
    }  # fmt: skip
    assert line.columns == {
        "u_erp_source": "ZOHO", "u_external_invoice_source": "ZOHO-BOOKS", "u_external_invoice_number": "460000000098765",
        "u_line_description": "Cloud hosting January", "u_line_quantity": "1", "u_line_unit_price": "100.00",
        "u_subtotal": "100.00", "u_line_amount_invoiced": "100.00", "u_currency": "USD", "u_cost_center": "4100",
        "u_gl_account": "6400", "u_tax_code": "Sales tax", "u_erp_line_number": "1",
        "u_third_party_import_id": "mlc-0190c1/1",
    }  # fmt: skip
    told = [tax.columns[f"u_{name}"] for name in ("tax_type", "supplier_tax_rate", "tax_amount", "currency")]
    assert told == ["Sales tax", "8.25", "8.25", "USD"]
    assert composed(BILL).total == Decimal("108.25") and composed(BILL).notes == ()


def test_a_credit_is_a_credit_memo() -> None:
    line = replace(LINE, amount=Decimal(-100), tax=Decimal("-8.25"))
    credit = replace(BILL, total=Decimal("-108.25"), tax=Decimal("-8.25"), lines=(line,))
    head, one, tax = rows(credit)
    assert head.columns["u_invoice_type"] == "credit_memo"
    assert (head.columns["u_amount_invoiced"], one.columns["u_line_unit_price"], tax.columns["u_tax_amount"]) == (
        "-108.25",
        "-100.00",
        "-8.25",
    )
    assert rows(credit, credit_amounts="parentheses")[0].columns["u_amount_invoiced"] == "(108.25)"


def test_a_known_order_makes_it_a_po_invoice() -> None:
    head = rows(replace(BILL, purchase_order=Ref(number="PO-9")), type_po="po_invoice")[0]
    assert (head.columns["u_invoice_type"], head.columns["u_purchase_order"]) == ("po_invoice", "PO-9")


def test_a_long_description_is_cut_and_told() -> None:
    told = composed(replace(BILL, lines=(replace(LINE, description="x" * 41),)))
    line = decode(told.body).rows[1]
    assert line.columns["u_line_description"] == "x" * 37 + "..."
    assert told.notes == ("description of line 1 of bill INV-7781 was cut at 40 characters",)


def test_a_price_that_does_not_give_the_amount_goes_as_one_piece() -> None:
    told = composed(replace(BILL, lines=(replace(LINE, quantity=Decimal(3), unit_cost=Decimal("33.333")),)))
    line = decode(told.body).rows[1]
    assert (line.columns["u_line_quantity"], line.columns["u_line_unit_price"]) == ("1", "100.00")
    assert "3 x 33.333" in told.notes[0]
    kept = rows(replace(BILL, lines=(replace(LINE, quantity=Decimal(4), unit_cost=Decimal(25)),)))[1]
    assert (kept.columns["u_line_quantity"], kept.columns["u_line_unit_price"]) == ("4", "25.00")


def test_taxes_sum_to_the_bill_s_tax() -> None:
    lines = (LINE, replace(LINE, id="2", tax=Decimal(1)), replace(LINE, id="3", tax=None))
    given = replace(BILL, lines=lines, tax=Decimal("9.30"), total=Decimal("309.30"))
    taxes = [row.columns["u_tax_amount"] for row in rows(given) if row.kind == "tax"]
    assert taxes == ["9.25", "0.05"]
    on_lines = rows(BILL, tax_goes="lines")
    assert [row.kind for row in on_lines] == ["invoice", "line"] and on_lines[1].columns["u_tax_amount"] == "8.25"


def test_fx_columns_and_places() -> None:
    head = rows(BILL, fx_columns="sn_spend_intg_imp_invoice.u_subtotal")[0]
    assert (head.columns["u_subtotal"], head.columns["u_amount_invoiced"]) == ("USD;100.00", "108.25")
    untaxed = replace(LINE, tax=None)
    yen = replace(BILL, currency="JPY", tax=Decimal(0), total=Decimal(100), lines=(untaxed,))
    assert rows(yen)[0].columns["u_subtotal"] == "100.00"
    assert rows(yen, amount_places="currency")[0].columns["u_subtotal"] == "100"
    dinar = replace(
        BILL,
        currency="KWD",
        tax=Decimal(0),
        total=Decimal("100.001"),
        lines=(replace(untaxed, amount=Decimal("100.001")),),
    )
    with pytest.raises(BadInput, match="more decimals"):
        composed(dinar)
    assert rows(dinar, amount_places="currency")[0].columns["u_subtotal"] == "100.001"


def without(**more: Any) -> Callable[[], Bill]:
    return lambda: replace(BILL, **more)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"vendor": Ref("s", "Acme")}, "the vendor Acme has no ERP supplier code"),
        ({"own_number": ""}, "no document id of the ledger"),
        ({"own_number": "9" * 41}, "longer than the 40 characters"),
        ({"date": None}, "has no date"),
        ({"lines": (), "total": Decimal("8.25")}, "has no lines"),
        ({"legal_entity": Ref()}, "no legal entity"),
        ({"tax_basis": TaxBasis.INCLUSIVE}, "lines contain tax"),
        ({"total": Decimal(5)}, "come to 108.25, its total is 5"),
        ({"lines": (replace(LINE, description=" "),)}, "line 1 has no description"),
        ({"lines": (replace(LINE, account=Ref("a")),)}, "line 1 has no GL account number"),
        ({"lines": (replace(LINE, dimensions=()),)}, "line 1 has no cost centre"),
        ({"lines": (replace(LINE, dimensions=(Ref("c", "Engineering"),)),)}, "'Engineering' has no account number"),
        ({"lines": (replace(LINE, dimensions=CENTER * 2),)}, "several cost centres"),
        ({"currency": "dollars"}, "currency is 'dollars'"),
    ],
)
def test_what_cannot_be_sent(more: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        composed(replace(BILL, **more))


def test_what_is_needed_is_a_setting() -> None:
    bare = replace(BILL, legal_entity=Ref(), lines=(replace(LINE, dimensions=(), account=Ref()),))
    head, line, _ = rows(bare, legal_entity_needed="no", cost_center_needed="no", account_needed="no")
    assert "u_legal_entity" not in head.columns and "u_cost_center" not in line.columns


def test_a_payment() -> None:
    (row,) = rows(PAYMENT, payment_reference="number")
    assert row.columns == {
        "u_erp_source": "ZOHO", "u_erp_invoice_number": "460000000098765", "u_erp_supplier_code": "V-1",
        "u_payment_amount": "108.25", "u_currency": "USD", "u_payment_date": "2026-02-20",
        "u_scheduled_payment_date": "2026-02-20", "u_payment_method": "bank_transfer", "u_payment_reference_id": "CHQ-1",
        "u_remit_to_street": "1 Main St", "u_remit_to_city": "Austin", "u_remit_to_state_or_province": "TX",
        "u_remit_to_zip_or_postal_code": "78701", "u_remit_to_country": "US", "u_third_party_import_id": "mlc-0190c1/1",
    }  # fmt: skip
    left = composed(replace(PAYMENT, amount=Decimal("110.25"), unapplied=Decimal(2)))
    assert left.total == Decimal("108.25") and "on no bill" in left.notes[0]


def test_two_payments_of_a_bill_under_one_number_have_references_of_their_own() -> None:
    twice = (Allocation("a1", Ref("", "", "B-1"), Decimal(1)), Allocation("a2", Ref("", "", "B-1"), Decimal(2)))
    first, second = (row.columns["u_payment_reference_id"] for row in rows(replace(PAYMENT, splits=twice)))
    assert first != second and unmarked(first) == unmarked(second) == "CHQ-1" and len(first) == len("CHQ-1 #01234567")


@pytest.mark.parametrize(
    "number", ["56554ca1-759b-426b-83a9-ddcdf7a5f7c4", "R" * 31, "R" * 41, "Rent of the yard, " * 5]
)
def test_two_payments_of_a_bill_under_a_long_number_have_references_of_their_own_too(number: str) -> None:
    twice = (Allocation("a1", Ref("", "", "B-1"), Decimal(1)), Allocation("a2", Ref("", "", "B-1"), Decimal(2)))
    told = composed(replace(PAYMENT, number=number, splits=twice))
    sent = [row.columns["u_payment_reference_id"] for row in decode(told.body).rows]
    assert len({*sent}) == 2 and all(len(one) <= 40 for one in sent)
    for one in sent:
        assert one[:27].rstrip() == number[:27].rstrip() and unmarked(one).endswith("...")
        assert any(number in note and one in note for note in told.notes), "what a person sees"


def test_a_number_that_has_room_for_its_mark_is_not_cut() -> None:
    told = composed(replace(PAYMENT, number="R" * 30))
    (row,) = decode(told.body).rows
    assert unmarked(row.columns["u_payment_reference_id"]) == "R" * 30 and told.notes == ()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"party": Ref("s", "Acme")}, "no ERP supplier code"),
        ({"splits": ()}, "pays no bill"),
        ({"date": None}, "no date"),
        ({"amount": Decimal(-1)}, "given back"),
        ({"method": Ref(name="barter")}, "'barter' is not one"),
        ({"remit_to": Address("1 Main St")}, "lacks city, state, zip, country"),
        ({"splits": (Allocation("1", Ref("b"), Decimal(1)),)}, "no ERP number"),
    ],
)
def test_a_payment_that_cannot_be_sent(more: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        composed(replace(PAYMENT, **more))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (Dimension("", "cost_center", "Engineering"), "no account number"),
        (Dimension("", "cost_center", "", number="1"), "no name"),
        (Party("", "customer", "Acme"), "no vendor"),
        (Party("", "vendor", "Acme"), "no ERP supplier code"),
        (Party("", "vendor", ""), "no name"),
        (ORG, "not a Organisation"),
    ],
)
def test_others_that_cannot_be_sent(document: Any, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        composed(document)


def test_keys_are_short_where_the_column_is() -> None:
    long = CONNECTOR.compose(Action.CREATE, BILL, ORG, "zoho_books-927270289-bills-460000000098765", {})
    keys = [row.key for row in decode(long.body).rows]
    assert len(set(keys)) == 3 and all(len(key) <= 40 for key in keys)
    whole = CONNECTOR.compose(
        Action.CREATE, BILL, ORG, "zoho_books-927270289-bills-460000000098765", {"key_length": "0"}
    )
    assert decode(whole.body).rows[1].key == "zoho_books-927270289-bills-460000000098765/1"
    reference = "zoho_books-927270289-vendor_payments-460000000098765"
    parts = {key_of(reference, f"26081500000000026{n}", {}) for n in range(9)}
    assert len(parts) == 9 and all(len(key) <= 40 for key in parts), "ids of a ledger are long, too"
    short = [key_of("mlc-19f5cebb9b2f232010bd", f"26081500000000026{n}", {}) for n in range(9)]
    assert len(set(short)) == 9 and all(len(key) == 40 and key.startswith("mlc-19f5cebb9b2f232010bd/") for key in short)
    assert len(key_of("m" * 32, "260815000000000264", {"key_length": "32"})) <= 32


CUSTOM = {
    "profile": "custom",
    "invoice_columns": "external_number=u_bill.u_number supplier=u_bill.u_vendor total=u_bill.u_total key=u_bill.u_ref",
    "line_columns": "external_number=u_bill_line.u_bill description=u_bill_line.u_text key=u_bill_line.u_ref",
    "tax_goes": "lines",
}


def test_a_custom_profile_sends_its_own_columns_alone() -> None:
    head, line = rows(BILL, **CUSTOM)
    assert (head.table, head.columns) == (
        "u_bill", {"u_number": "460000000098765", "u_vendor": "V-1", "u_total": "108.25", "u_ref": "mlc-0190c1"},
    )  # fmt: skip
    assert (line.table, sorted(line.columns)) == ("u_bill_line", ["u_bill", "u_ref", "u_text"])
    with pytest.raises(BadInput, match="tax_columns"):
        rows(BILL, **{**CUSTOM, "tax_goes": "rows"})


def test_one_column_is_renamed() -> None:
    head = rows(
        BILL, invoice_columns="erp_source=sn_spend_intg_imp_invoice.u_source_erp order=sn_spend_intg_imp_invoice."
    )[0]
    assert head.columns["u_source_erp"] == "ZOHO" and "u_erp_source" not in head.columns


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"invoice_columns": "nonsense"}, "not of the form"),
        ({"invoice_columns": "colour=u_a.u_b"}, "no field"),
        ({"invoice_columns": "date=u_a.x supplier=u_b.y"}, "several tables"),
        ({"profile": "custom", "invoice_columns": "date=u_a.x"}, "nothing is found again"),
        ({"rows_per_batch": "0"}, "rows_per_batch"),
        ({"rate_per_hour": "many"}, "whole number"),
        ({"erp_source": ""}, "erp_source is empty"),
    ],
)
def test_settings_that_cannot_be(settings: dict[str, str], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        CONNECTOR.check_settings(settings)
    CONNECTOR.check_settings({})
