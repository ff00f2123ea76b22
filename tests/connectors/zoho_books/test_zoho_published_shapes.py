"""Every write of sales, items and contacts, held against Zoho's published documents.

Where what we send differs on purpose stands in ``contract_published.EXCEPTIONS``, each with its reason.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from msgspec.structs import replace
from zoho_sales_script import (
    APPLIED,
    CREDIT,
    INVOICE,
    INVOICE_ID,
    LINE,
    NOTE,
    NOTE_ID,
    PAYMENT,
    PAYMENT_ID,
    REFUND,
    scripted,
    step,
)

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Item, Party, TaxCode
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.connectors.writing import Action
from ml_connector.connectors.zoho_books import beside
from ml_connector.connectors.zoho_books.client import Books
from ml_connector.connectors.zoho_books.requests import marking, request_for

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "contract"))
import contract_published as published

pytestmark = [
    pytest.mark.shared,
    pytest.mark.skipif(
        not published.ZOHO_BOOKS.is_dir(),
        reason="the vendors' published documents are not beside the checkout (../shared)",
    ),
]
_C, _U, _V = Action.CREATE, Action.UPDATE, Action.VOID

CODED = replace(LINE, dimensions=(Ref("460000000014044", "HVAC", "460000000000567"),), tax_code=Ref("46", "CA", "8.25"))
TAKEN = replace(APPLIED, allocations=(Allocation("9", Ref(INVOICE_ID), APPLIED.allocations[0].amount),))
STEPS: dict[str, tuple[str, Document, Action, str]] = {
    "invoice": ("invoices", replace(INVOICE, lines=(LINE, CODED)), _C, ""),
    "invoice changed": ("invoices", replace(INVOICE, id=INVOICE_ID), _U, INVOICE_ID),
    "invoice void": ("invoices", replace(INVOICE, id=INVOICE_ID), _V, INVOICE_ID),
    "credit note": ("credit_notes", NOTE, _C, ""),
    "credit note changed": ("credit_notes", replace(NOTE, id=NOTE_ID), _U, NOTE_ID),
    "credit note void": ("credit_notes", replace(NOTE, id=NOTE_ID), _V, NOTE_ID),
    "payment": ("payments", PAYMENT, _C, ""),
    "payment changed": ("payments", replace(PAYMENT, id=PAYMENT_ID), _U, PAYMENT_ID),
    "payment deleted": ("payments", replace(PAYMENT, id=PAYMENT_ID), _V, PAYMENT_ID),
    "refund of a credit": ("refunds", REFUND, _C, ""),
    "refund of a payment": ("refunds", replace(REFUND, refunds=Ref(PAYMENT_ID, "payment")), _C, ""),
    "refund removed": ("refunds", REFUND, _V, "5"),
    "credit applied": ("allocations", APPLIED, _C, ""),
    "credit taken off": ("allocations", TAKEN, _V, "9"),
    "vendor credit applied": ("allocations", CREDIT, _C, ""),
    "item": ("items", Item("", "service", "Tune-up", "SVC-1", income_account=Ref("388")), _C, ""),
    "tax": ("tax_codes", TaxCode("", "Travis", LINE.quantity), _C, ""),
    "contact": ("parties", Party("", "customer", "Acme", email="a@acme.example", terms="Net 30"), _C, ""),
}


def told(name: str) -> set[str]:
    """What of the request, and of the mark that follows it, is not as published."""
    entity, document, action, target = STEPS[name]
    one, books = step(entity, document, action, target=target), Books(scripted())
    requests = [request_for(one, books)]
    mark = marking(one, "1", books) if action is not _V and entity in ("invoices", "credit_notes") else None
    found: set[str] = set()
    for sent in [*requests, *([mark] if mark else [])]:
        query, body = [key for key, _ in sent.query], sent.body or b""
        found |= published.differences("zoho_books", sent.method, f"/books/v3{sent.path}", query, body, 500, b"")
    return {one.removeprefix("zoho_books ").removesuffix(": not published") for one in found}


@pytest.mark.parametrize("name", sorted(STEPS))
def test_what_is_sent_is_as_published(name: str) -> None:
    assert told(name) == set()


# Whatever people may have on a line that is not ours, and the ways that a PUT of its document ends.
BESIDE = {
    "item_id": "71", "name": "Capacitor", "unit": "pcs", "product_type": "goods", "hsn_or_sac": "8532",
    "sat_item_key_code": "01010101", "unitkey_code": "H87", "tax_exemption_id": "72", "reverse_charge_tax_id": "73",
    "acquisition_vat_id": "74", "reverse_charge_vat_id": "75", "tds_tax_id": "76", "tax_treatment_code": "uae_others",
    "customer_id": "77", "is_billable": True, "purchaseorder_item_id": "78", "expense_id": "79",
    "expense_receipt_name": "scan.pdf", "time_entry_ids": ["80"], "account_id": "81", "rate": 10, "quantity": 1,
    "discount_amount": 1, "discount": 1, "item_custom_fields": [{"custom_field_id": "82", "value": "4"}],
}  # fmt: skip
PUTS = {
    "bills": "/bills/{bill_id}",
    "vendor_credits": "/vendorcredits/{vendor_credit_id}",
    "invoices": "/invoices/{invoice_id}",
    "credit_notes": "/creditnotes/{creditnote_id}",
}


@pytest.mark.parametrize("entity", sorted(beside.DOCUMENTS))
def test_what_a_line_takes_along_is_published(entity: str) -> None:
    """By the names: no schema of Zoho's is closed, so that no check of the whole body would see one that is unknown."""
    ours = {"line_item_id": "1", "rate": 9, "quantity": 1}
    for project in ({}, {"project_id": "83", "customer_id": ""}):
        shown = {"customer_id": "5", "line_items": [{"line_item_id": "1", **BESIDE, **project}]}
        [line] = beside.document(entity, {"customer_id": "5", "line_items": [ours]}, shown)["line_items"]
        names = published.line_fields("zoho_books", "PUT", PUTS[entity])
        assert line.keys() - ours.keys() <= names
        assert len(line.keys() - ours.keys()) > 5
