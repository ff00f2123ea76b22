"""Zoho's documents as canonical ones."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import TaxBasis
from ml_connector.canonical.purchases import BillState
from ml_connector.canonical.tie_out import difference
from ml_connector.connectors import json_fields
from ml_connector.connectors.base import Hint
from ml_connector.connectors.zoho_books import CONNECTOR, translate, values, webhooks
from ml_connector.connectors.zoho_books.resources import RESOURCES, row_of
from ml_connector.transport import redact

EXAMPLES = Path(__file__).parents[4] / "shared" / "vendors" / "zoho_books" / "examples"
FIELD = "cf_ml_connector_ref"


def detail(**more: Any) -> dict[str, Any]:
    return {
        "bill_id": 260815000000117048,
        "vendor_id": "98001",
        "status": "open",
        "bill_number": "B-1",
        "date": "2026-06-09",
        "due_date": "",
        "currency_code": "USD",
        "total": Decimal("108.25"),
        "tax_total": Decimal("8.25"),
        "adjustment": 0,
        "line_items": [
            {
                "line_item_id": "1",
                "name": "Pipe",
                "description": "2 inch",
                "rate": 50,
                "quantity": 2,
                "item_total": 100,
                "account_id": "400",
                "account_name": "Supplies",
                "tax_id": "tx",
                "tax_percentage": Decimal("8.25"),
                "tags": [{"tag_id": "t", "tag_option_id": "o", "tag_option_name": "HVAC"}],
            }
        ],
        **more,
    }


def test_a_bill_in_detail_ties_and_its_number_id_is_text() -> None:
    document = translate.bill(detail(), FIELD)
    assert document.id == "260815000000117048"
    assert document.complete and difference(document) == 0
    assert document.lines[0].description == "Pipe\n2 inch"
    assert document.lines[0].dimensions[0].number == "t"
    assert document.due_date is None


def test_an_inclusive_bill_ties_whether_lines_are_shown_net_or_gross() -> None:
    net = translate.bill(detail(is_inclusive_tax=True), FIELD)
    assert (net.tax_basis, difference(net)) == (TaxBasis.EXCLUSIVE, Decimal(0))
    row = detail(is_inclusive_tax=True)
    row["line_items"][0]["item_total_inclusive_of_tax"] = Decimal("108.25")
    gross = translate.bill(row, FIELD)
    assert (gross.tax_basis, gross.tax, difference(gross)) == (TaxBasis.INCLUSIVE, Decimal(0), Decimal(0))


def test_adjustment_and_document_discount_tie() -> None:
    row = detail(total=Decimal("98.75"), adjustment=Decimal("0.5"), discount_total=10, discount_type="entity_level")
    assert difference(translate.bill(row, FIELD)) == 0


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("draft", BillState.DRAFT),
        ("pending_approval", BillState.DRAFT),
        ("overdue", BillState.OPEN),
        ("partially_paid", BillState.PARTLY_PAID),
        ("paid", BillState.PAID),
        ("void", BillState.CANCELED),
    ],
)
def test_states(word: str, state: BillState) -> None:
    document = translate.bill(detail(status=word), FIELD)
    assert document.state is state
    assert document.active is (state is not BillState.CANCELED)


@pytest.mark.parametrize(
    "shown",
    [
        {"custom_field_hash": {FIELD: "T-1"}},
        {FIELD: "T-1"},
        {"custom_fields": [{"api_name": "cf_other", "value": "x"}, {"api_name": FIELD, "value": "T-1"}]},
    ],
)
def test_our_reference_wherever_it_is_shown(shown: dict[str, Any]) -> None:
    assert translate.bill(detail(**shown), FIELD).reference == "T-1"


def test_our_reference_in_the_notes_is_not_memo() -> None:
    document = translate.bill(detail(notes="Delivered\nml-connector reference: T-1"), "")
    assert (document.reference, document.memo) == ("T-1", "Delivered")
    assert translate.bill(detail(notes="T-1"), "").reference == ""


def test_a_vendor_credit_is_a_negative_bill() -> None:
    row = {"vendor_credit_id": "7", "vendor_id": "98001", "status": "open", "total": 30, "balance": 30,
           "vendor_credit_number": "DN-1", "line_items": [{"item_total": 30, "rate": 10, "quantity": 3}]}  # fmt: skip
    document = translate.vendor_credit(row, FIELD)
    assert (document.total, document.balance, document.lines[0].unit_cost) == (Decimal(-30), Decimal(-30), Decimal(-10))
    assert difference(document) == 0


def test_a_vendor_credit_tells_what_it_is_applied_to_in_detail_alone() -> None:
    part = {"vendor_credit_bill_id": "5", "bill_id": "9", "bill_number": "B-9", "amount": 20, "date": "2026-06-01"}
    row = {"vendor_credit_id": "7", "vendor_id": "98001", "status": "open", "total": 30, "balance": 10,
           "bills_credited": [part]}  # fmt: skip
    assert translate.vendor_credit(row, "").credits == ()
    [shown] = translate.vendor_credit({**row, "line_items": []}, "").credits
    assert (shown.id, shown.document.id, shown.document.number, shown.amount) == ("5", "9", "B-9", 20)


def test_bank_details_are_dropped_before_a_contact_is_kept() -> None:
    raw = b'{"contact_id":"1","contact_name":"B","contact_type":"vendor","bank_accounts":[{"iban":"X9"}],"cards":[]}'
    row = row_of(RESOURCES["parties"], raw, FIELD)
    assert b"X9" not in row.raw and b"cards" not in row.raw
    assert row.document is not None


def contact(**more: Any) -> Party:
    row = {"contact_id": "1", "contact_name": "B", "contact_type": "vendor", "payment_terms": 0,
           "payment_terms_label": "Due on Receipt", "track_1099": False, **more}  # fmt: skip
    found = row_of(RESOURCES["parties"], json_fields.encode(row), FIELD)
    assert isinstance(found.document, Party) and b"98-7654321" not in found.raw
    assert b"98-7654321" not in documents.encode(found.document)
    return found.document


@pytest.mark.parametrize("name", ["tax_id_value", "gst_no", "vat_reg_no", "tax_reg_no"])
def test_of_a_tax_id_only_its_being_there_is_kept(name: str) -> None:
    assert contact(billing_address={}, **{name: "98-7654321"}).has_tax_id is True
    assert contact(billing_address={}, **{name: ""}).has_tax_id is False
    assert contact(**{name: ["98-7654321"]}).in_full is False  # however it comes
    answer = json.dumps({"contact": {name: "98-7654321"}}).encode()
    assert b"98-7654321" not in redact.body(answer, CONNECTOR.unkept)


def test_a_list_tells_less_of_a_contact_than_its_own_page() -> None:
    listed, shown = contact(), contact(billing_address={"address": "1 Main St", "city": "Austin"}, tax_id_value="")
    assert (listed.in_full, listed.has_tax_id, listed.has_1099) == (False, None, None)
    assert (shown.in_full, shown.has_tax_id, shown.has_1099) == (True, False, False)


def test_terms_that_every_contact_begins_with_tell_nothing() -> None:
    assert contact().has_terms is None
    assert contact(payment_terms=30, payment_terms_label="Net 30").has_terms is True
    assert contact(payment_terms_label="End of month").has_terms is True


def test_form_1099_is_settled_by_a_yes_or_by_a_no_beside_the_tax_id() -> None:
    assert contact(billing_address={}, track_1099=True).has_1099 is True
    assert contact(billing_address={}, tax_id_value="98-7654321").has_1099 is True
    assert contact(billing_address={}).has_1099 is False
    assert contact(billing_address={}, tax_id_value="98-7654321", track_1099=None).has_1099 is None


def test_money_stays_exact_in_what_is_kept_of_a_contact() -> None:
    raw = b'{"contact_id":"1","contact_name":"B","contact_type":"vendor","cards":[],"outstanding":0.10}'
    assert b'"outstanding":0.10' in row_of(RESOURCES["parties"], raw, FIELD).raw


@pytest.mark.parametrize("status", ["", "brand_new"])
def test_an_unknown_status_is_a_problem(status: str) -> None:
    with pytest.raises(json_fields.Unreadable, match="status"):
        translate.bill(detail(status=status), FIELD)


def test_options_of_a_tag_with_children_and_without_untagged() -> None:
    tag = {"tag_id": 1, "tag_name": "BU", "is_active": True, "is_mandatory": True}
    options: list[json_fields.Fields] = [
        {"option_id": "untagged", "option_name": "Untagged"},
        {"option_id": "10", "option_name": "Sales", "children": [{"option_id": "11", "option_name": "East",
                                                                "is_active": False}]},
    ]  # fmt: skip
    found = [translate.tag_option(tag, one) for one in translate.all_options(options)]
    assert [(one.id, one.active, one.mandatory, one.set.id) for one in found] == [
        ("10", True, True, "1"),
        ("11", False, True, "1"),
    ]
    drafts = [translate.tag_option({**tag, **off}, options[1]) for off in ({"is_active": False}, {"is_draft": True})]
    assert [(one.active, one.mandatory) for one in drafts] == [(False, False)] * 2


def test_tax_rates_are_fractions_and_groups_are_taxes_too() -> None:
    assert translate.tax_code({"tax_id": "1", "tax_name": "S", "tax_percentage": Decimal("8.25")}).rate == Decimal(
        "0.0825"
    )
    group = {"tax_group_id": "2", "tax_group_name": "G", "tax_group_percentage": 10}
    assert translate.tax_code(group).rate == Decimal("0.1") and translate.tax_code(group).parts == ()


@pytest.mark.parametrize(
    ("second", "parts"),
    [
        ({}, ("0.06875", "0.005")), ({"tax_type": "compound_tax"}, ()), ({"tax_percentage": 1}, ()),
    ],
)  # fmt: skip
def test_a_group_shows_the_rates_of_its_taxes_where_they_make_its_own(
    second: dict[str, Any], parts: tuple[str, ...]
) -> None:
    taxes = [
        {"tax_id": "3", "tax_percentage": Decimal("6.875"), "tax_type": "tax"},
        {"tax_id": "4", "tax_percentage": Decimal("0.5"), "tax_type": "tax", **second},
    ]
    group = {"tax_group_id": "2", "tax_group_name": "G", "tax_group_percentage": Decimal("7.375"), "taxes": taxes}
    assert translate.tax_code(group).parts == tuple(Decimal(one) for one in parts)


@pytest.mark.shared
@pytest.mark.skipif(not EXAMPLES.exists(), reason="the published examples are not beside the checkout")
@pytest.mark.parametrize(
    ("file", "entity", "key"),
    [
        ("list-bills", "bills", "bills"),
        ("create-bill", "bills", "bill"),
        ("list-contacts", "parties", "contacts"),
        ("create-contact", "parties", "contact"),
        ("list-chart-of-accounts", "accounts", "chartofaccounts"),
    ],
)
def test_recorded_answers_are_understood(file: str, entity: str, key: str) -> None:
    found = json.loads((EXAMPLES / "live" / f"{file}.json").read_text(), parse_float=Decimal)["response"][key]
    for row in found if isinstance(found, list) else [found]:
        read = row_of(RESOURCES[entity], json_fields.encode(row), FIELD)
        assert read.document is not None, read.problem
        assert read.stamp and values.instant(read.stamp)


@pytest.mark.shared
@pytest.mark.skipif(not EXAMPLES.exists(), reason="the published examples are not beside the checkout")
def test_signature_vectors() -> None:
    from urllib.parse import parse_qsl

    for vector in json.loads((EXAMPLES / "webhook_signature_vectors.json").read_text())["vectors"]:
        query = parse_qsl(vector["url_query"])
        headers = {webhooks.SIGNATURE_HEADER: vector["x_zoho_webhook_signature_hex"]}
        body = vector["raw_body"].encode()
        assert webhooks.verified(vector["secret"], headers, query, (), body)
        assert not webhooks.verified(vector["secret"], headers, query, (), body + b" ")


def test_a_webhook_without_secret_or_signature_is_refused() -> None:
    body = b'{"bill":{"bill_id":260815000000117048},"organization_id":927270289}'
    good = {webhooks.SIGNATURE_HEADER: webhooks.signature("mysecretkey12", (), (), body)}
    assert webhooks.verified("mysecretkey12", good, (), (), body)
    assert not webhooks.verified("", good, (), (), body)
    assert not webhooks.verified("mysecretkey12", {}, (), (), body)
    assert webhooks.hints(body) == (Hint("bills", "260815000000117048", "927270289"),)
    assert webhooks.hints(b"[]") == webhooks.hints(b"\xff") == ()
