"""What people have entered beside our fields: which of it a change takes along, and what is read for that."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace
from zoho_sales_script import (
    GONE,
    INVOICE,
    INVOICE_ID,
    LINE,
    NOTE,
    NOTE_ID,
    asked,
    body,
    invoice,
    note,
    ok,
    refused,
    scripted,
    step,
)
from zoho_script import answer

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Address
from ml_connector.canonical.sales import Invoice
from ml_connector.connectors.writing import Action, Done, Later, Rejected, Step, Unread
from ml_connector.connectors.zoho_books import CONNECTOR, beside
from ml_connector.transport.errors import AnswerLost, Throttled
from ml_connector.transport.messages import Answer

pytestmark = pytest.mark.anyio
LINE_ID, CONTACT = "260815000000124034", "260815000000097001"
OURS = {"line_item_id": LINE_ID, "account_id": "400", "rate": Decimal("20.50"), "quantity": Decimal(1), "item_order": 1}
# Whatever people may have on a line; of a tax's the line has one or none.
THEIRS: dict[str, Any] = {
    "item_id": "71", "name": "Capacitor", "unit": "pcs", "product_type": "goods", "hsn_or_sac": "8532",
    "tax_exemption_id": "72", "reverse_charge_tax_id": "73", "acquisition_vat_id": "74", "reverse_charge_vat_id": "75",
    "tds_tax_id": "76", "tax_treatment_code": "uae_others", "customer_id": "77", "is_billable": True,
    "purchaseorder_item_id": "78", "project_id": "", "sat_item_key_code": "01010101", "unitkey_code": "H87",
    "item_custom_fields": [{"customfield_id": "79", "label": "Truck", "value": "4"}, {"customfield_id": "80", "value": ""}],
}  # fmt: skip


def kept(entity: str, ours: dict[str, Any], there: dict[str, Any], **head: str) -> dict[str, Any]:
    """What a line of ours goes with that Zoho shows as ``there``."""
    shown = {"line_items": [{"line_item_id": LINE_ID, "discount_amount": 0, **there}], **head}
    [line] = beside.document(entity, {"line_items": [ours], **head}, shown)["line_items"]
    assert isinstance(line, dict)
    return line


def added(entity: str, there: dict[str, Any], **head: str) -> dict[str, Any]:
    line = kept(entity, OURS, there, **head)
    assert line.items() >= OURS.items()
    return {name: value for name, value in line.items() if name not in OURS}


CUSTOM = [{"custom_field_id": "79", "value": "4"}]


def test_a_line_takes_along_what_a_put_of_its_document_is_published_to_take() -> None:
    no_tax = {"tax_id": ""}  # said, so that the item's own is not taken
    of_all = {name: THEIRS[name] for name in ("item_id", "name", "unit", "hsn_or_sac")} | no_tax
    coded = {name: THEIRS[name] for name in ("tds_tax_id", "tax_treatment_code")}
    mexican = {name: THEIRS[name] for name in ("sat_item_key_code", "unitkey_code")}
    bought = ("product_type", "tax_exemption_id", "reverse_charge_tax_id", "acquisition_vat_id", "reverse_charge_vat_id",
              "customer_id", "is_billable", "purchaseorder_item_id")  # fmt: skip
    assert added("bills", THEIRS) == {
        **of_all, **coded, **{name: THEIRS[name] for name in bought}, "item_custom_fields": CUSTOM,
    }  # fmt: skip
    assert added("vendor_credits", THEIRS) == {
        **of_all, **coded, "reverse_charge_tax_id": "73", "item_custom_fields": CUSTOM,
    }  # fmt: skip
    assert added("invoices", {**THEIRS, "expense_id": "81", "time_entry_ids": ["82"]}) == {
        **of_all, **coded, **mexican, "product_type": "goods", "expense_id": "81", "time_entry_ids": ["82"],
    }  # fmt: skip
    assert added("credit_notes", THEIRS) == {
        **of_all, **coded, **mexican, "product_type": "goods", "tax_exemption_id": "72", "item_custom_fields": CUSTOM,
    }  # fmt: skip


@pytest.mark.parametrize("entity", sorted(beside.DOCUMENTS))
def test_a_line_beside_which_nothing_stands_goes_as_it_is(entity: str) -> None:
    nothing = {name: "" if isinstance(value, str) else type(value)() for name, value in THEIRS.items()}
    assert added(entity, nothing) == {}
    assert kept(entity, {**OURS, "line_item_id": "9"}, THEIRS) == {**OURS, "line_item_id": "9"}


def test_what_goes_with_a_tax_goes_when_the_line_is_taxed_otherwise() -> None:
    line = kept("bills", {**OURS, "tax_id": "46"}, THEIRS)
    assert line["tax_id"] == "46" and line["item_id"] == "71"
    assert not {"tax_exemption_id", "tax_treatment_code", "reverse_charge_tax_id"} & line.keys()
    same = kept("bills", {**OURS, "tax_id": "46"}, {**THEIRS, "tax_id": "46", "tax_exemption_id": ""})
    assert (same["tax_id"], same["tax_treatment_code"]) == ("46", "uae_others")


def test_codes_of_an_accountant_stand_before_those_of_the_settings() -> None:
    set_ = {"hsn_or_sac": "9987", "tax_exemption_id": "99"}
    line = kept("bills", {**OURS, **set_}, {**THEIRS, "tax_exemption_id": "", "tax_exemption_code": "RESALE"})
    assert (line["hsn_or_sac"], line["tax_exemption_code"]) == ("8532", "RESALE") and "tax_exemption_id" not in line
    # Not listed by the PUT of an invoice: in the place of ours, and never without one.
    assert kept("invoices", {**OURS, **set_}, THEIRS)["tax_exemption_id"] == "72"
    assert kept("bills", {**OURS, **set_}, {})["tax_exemption_id"] == "99"


def test_a_project_of_a_sold_line_stays_with_its_customer() -> None:
    there = {"project_id": "83"}
    assert added("invoices", there, customer_id=CONTACT) == {"project_id": "83"}
    [moved] = beside.document(
        "invoices", {"customer_id": "1", "line_items": [OURS]},
        {"customer_id": CONTACT, "line_items": [{"line_item_id": LINE_ID, **there}]},
    )["line_items"]  # fmt: skip
    assert "project_id" not in moved


@pytest.mark.parametrize(
    ("there", "goes"),
    [
        ({"rate": 25, "quantity": 1, "discount_amount": Decimal("4.5"), "discount": "18%"}, True),
        ({"rate": 25, "quantity": 1, "discount_amount": 4, "discount": 4}, False),
        ({"rate": 25, "quantity": 2, "discount_amount": Decimal("29.5"), "discount": "59%"}, False),
        ({"rate": Decimal("20.5"), "quantity": 1, "discount_amount": 0, "discount": 0}, False),
    ],
)
def test_a_discount_goes_with_the_price_it_is_off_where_the_line_comes_to_ours(
    there: dict[str, Any], goes: bool
) -> None:
    line = kept("credit_notes", OURS, there)
    assert (line["rate"], line.get("discount")) == (
        (there["rate"], there["discount"]) if goes else (OURS["rate"], None)
    )
    assert "discount" not in kept("bills", OURS, there)


# --- what is read for it -----------------------------------------------------------------------------------------

CHANGED = replace(INVOICE, id=INVOICE_ID, lines=(replace(LINE, id=LINE_ID),))


def change(entity: str = "invoices", document: Invoice = CHANGED) -> Step:
    return step(entity, document, Action.UPDATE, target=document.id)


def with_unit(shown: dict[str, Any]) -> dict[str, Any]:
    [line] = shown["line_items"]
    return {**shown, "line_items": [{**line, "unit": "visit"}]}


@pytest.mark.parametrize("entity", ["invoices", "credit_notes"])
async def test_a_document_is_read_once_before_its_lines_are_replaced(entity: str) -> None:
    made = entity == "invoices"
    document = CHANGED if made else replace(NOTE, id=NOTE_ID, lines=CHANGED.lines)
    shown = {"invoice": with_unit(invoice(status="sent"))} if made else {"creditnote": with_unit(note())}
    session = scripted(ok(**shown), ok(**shown))
    assert isinstance(await CONNECTOR.write(session, change(entity, document)), Done)
    path = f"/{entity.replace('_', '')}/{document.id}"
    assert asked(session) == [("GET", path), ("PUT", path)]
    [line] = body(session.requests[1])["line_items"]
    assert (line["unit"], line["name"], line["item_id"]) == ("visit", "Software License", "260815000000100002")
    assert line["rate"] == Decimal("199.99")


async def test_what_replaces_no_line_of_theirs_reads_nothing() -> None:
    session = scripted(ok(invoice=invoice(status="sent")))
    await CONNECTOR.write(session, change(document=replace(CHANGED, lines=())))
    assert asked(session) == [("PUT", f"/invoices/{INVOICE_ID}")]


@pytest.mark.parametrize("given", [AnswerLost("cut"), Throttled("slow", 7.0), refused(57, "no", 401)])
async def test_what_cannot_be_read_first_is_not_changed(given: Answer | Exception) -> None:
    session = scripted(given)
    outcome = await CONNECTOR.write(session, change())
    assert isinstance(outcome, Later) and not isinstance(outcome, Unread) and len(session.requests) == 1
    assert outcome.forbidden is isinstance(given, Answer)


def odd() -> dict[str, Any]:
    shown = with_unit(invoice())
    shown["line_items"][0]["discount_amount"] = "some"
    return shown


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (refused(2, "odd"), "odd"),
        (refused(1000, "internal", 500), "internal"),
        (ok(), "the invoice"),
        (answer(b"<html>"), "JSON"),
        (ok(invoice=odd()), "discount_amount"),
    ],
)
async def test_an_odd_answer_holds_up_the_one_document(given: Answer, said: str) -> None:
    session = scripted(given)
    outcome = await CONNECTOR.write(session, change())
    assert isinstance(outcome, Unread) and said in outcome.said and INVOICE_ID in outcome.why
    assert asked(session) == [("GET", f"/invoices/{INVOICE_ID}")]


async def test_a_document_that_is_gone_is_refused_with_the_code_that_says_so() -> None:
    outcome = await CONNECTOR.write(scripted(GONE), change())
    assert isinstance(outcome, Rejected) and (outcome.code, outcome.reason) == ("1002", "not_found")
    assert outcome.code in CONNECTOR.gone_codes


async def test_address_and_persons_of_a_contact_are_read_at_once() -> None:
    there = {
        "contact_id": CONTACT, "contact_name": "Acme", "contact_type": "vendor", "status": "active",
        "billing_address": {"address": "12 Elm St", "street2": "Unit 4", "attention": "Ann Lee", "phone": "555 1", "fax": ""},
        "contact_persons": [{"contact_person_id": "71", "first_name": "Ann", "is_primary_contact": True}],
    }  # fmt: skip
    moved = Party(CONTACT, "vendor", "Acme", email="a@acme.example", address=Address("9 Oak Ave", city="Sartell"))
    session = scripted(ok(contact=there), ok(contact=there))
    assert isinstance(await CONNECTOR.write(session, step("parties", moved, Action.UPDATE, target=CONTACT)), Done)
    assert asked(session) == [("GET", f"/contacts/{CONTACT}"), ("PUT", f"/contacts/{CONTACT}")]
    sent = body(session.requests[1])
    assert sent["billing_address"] == {
        "address": "9 Oak Ave", "city": "Sartell", "attention": "Ann Lee", "phone": "555 1",
    }  # fmt: skip
    assert [one["email"] for one in sent["contact_persons"]] == ["a@acme.example"]
