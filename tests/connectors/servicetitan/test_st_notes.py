"""What people have noted on documents, parties and contacts is neither kept nor sent."""

from __future__ import annotations

from typing import Any

import pytest

from ml_connector.canonical.documents import encode
from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.canonical.parts import Address
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.servicetitan import CONNECTOR
from ml_connector.connectors.writing import Action
from tests.connectors.servicetitan.servicetitan_script import (
    Script,
    ap_bill,
    bill,
    contact,
    customer,
    invoice,
    pages,
    payment,
    stamp,
    vendor,
)

pytestmark = pytest.mark.anyio
NOTED: dict[str, Any] = {"summary": "<p>paid in gossip</p>", "memo": "gossip"}
ORDER = {"id": 7, "number": "7", "vendorId": 41, "total": 0, "status": "Sent", "modifiedOn": stamp()}
RECEIPT = {
    "id": 8, "active": True, "purchaseOrderId": 7, "vendorId": 41, "receiptAmount": 0, "taxAmount": 0,
    "shippingAmount": 0, "modifiedOn": stamp(),
}  # fmt: skip


def noted() -> Script:
    """A tenant where somebody has noted something on everything."""
    script = Script()
    script.lists = {
        "customers": [customer(1, stamp(), **NOTED)],
        "customers/contacts": [contact(11, 1, "Email", "a@x.example", stamp(), **NOTED)],
        "invoices": [invoice(1, stamp(), **NOTED)],
        "payments": [payment(1, stamp(), **NOTED)],
        "vendors": [vendor(41, stamp(), **NOTED)],
        "inventory-bills/paginated": [bill(1, stamp(), **NOTED)],
        "ap-bills": [ap_bill(1, stamp(), **NOTED)],
        "purchase-orders": [ORDER | NOTED],
        "receipts": [RECEIPT | NOTED],
    }
    script.feed = [bill(1, stamp(), **NOTED)]
    script.feeds = {
        "export/invoices": [invoice(1, stamp(), **NOTED)],
        "export/payments": [payment(1, stamp(), **NOTED)],
        "export/customers/contacts": [contact(11, 1, "Email", "a@x.example", stamp(), **NOTED)],
    }
    return script


@pytest.mark.parametrize(
    "entity", ["customers", "vendors", "invoices", "payments", "bills", "purchase_orders", "receipts"]
)
@pytest.mark.parametrize("ids", [False, True], ids=["walk", "by id"])
async def test_no_note_is_kept(entity: str, ids: bool) -> None:
    id_ = {"vendors": "41", "purchase_orders": "7", "receipts": "8"}.get(entity, "1")
    found = [row for page in await pages(noted(), Reading(entity, ids=(id_,) if ids else ())) for row in page.rows]
    assert found and all(row.document is not None for row in found)
    for row in found:
        assert row.document is not None
        assert b"gossip" not in row.raw and b"gossip" not in encode(row.document)


@pytest.mark.parametrize(
    ("memo", "reference"),
    [
        ("gossip [zoho_books-10234-payments_back-460000000017] ", "zoho_books-10234-payments_back-460000000017"),
        ("[zoho_books-10234-payments_back-460000000017]", "zoho_books-10234-payments_back-460000000017"),
        ("[zoho_books-10234-payments_back-460000000017] gossip", ""),
        ("gossip [follow-up-by-Jane]", ""),
        ("gossip zoho_books-10234-payments_back-460000000017", ""),
        (None, ""),
    ],
)
@pytest.mark.parametrize("ids", [(), ("1",)], ids=["walk", "by id"])
async def test_of_a_payments_memo_our_own_mark_alone_is_kept(
    memo: str | None, reference: str, ids: tuple[str, ...]
) -> None:
    row = payment(1, stamp(), memo=memo)
    script = Script(lists={"payments": [row]}, feeds={"export/payments": [row]})
    (read,) = [row for page in await pages(script, Reading("payments", ids=ids)) for row in page.rows]
    assert isinstance(read.document, Payment) and b"gossip" not in read.raw
    assert (read.document.reference, read.document.ours, read.document.memo) == (reference, bool(reference), "")
    assert CONNECTOR.is_ours(read.document) == bool(reference)


async def test_a_row_that_cannot_be_read_is_kept_without_its_notes_too() -> None:
    script = noted()
    script.lists["vendors"] = [vendor(41, stamp(), active="perhaps", **NOTED)]
    (row,) = [row for page in await pages(script, Reading("vendors")) for row in page.rows]
    assert row.document is None and b"perhaps" in row.raw and b"gossip" not in row.raw


def test_no_note_is_sent() -> None:
    place = Address("12 Main St", "", "Austin", "TX", "78701", "USA")
    party = Party("", "vendor", "Parts", address=place, memo="gossip")
    assert b"gossip" not in CONNECTOR.compose(Action.CREATE, party, Organisation("1", "Acme"), "r", {}).body


def test_no_note_is_kept_of_an_answer() -> None:
    assert CONNECTOR.unkept == {"memo", "summary"}
