"""Rows as documents, and what keeps an invoice from going on."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from servicenow_script import ScriptedSession, Tables, company, stamp, sys_id

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Dimension, ListEntry, Party
from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.canonical.sales import Payment
from ml_connector.connectors.reading import Reading, Row
from ml_connector.connectors.servicenow import CONNECTOR

pytestmark = pytest.mark.anyio

OUT, TASKS, HEAD, LINE = (
    "sn_spend_intg_outbound_invoice", "sn_shop_erp_error_task", "sn_spend_intg_imp_invoice", "sn_spend_intg_imp_invoice_line",
)  # fmt: skip


async def rows(
    tables: Tables, entity: str, ids: tuple[str, ...] = (), session: ScriptedSession | None = None, **settings: str
) -> list[Row]:
    session = session or ScriptedSession(tables, settings)
    return [row async for page in CONNECTOR.read(session, Reading(entity, ids=ids)) for row in page.rows]


async def only(tables: Tables, entity: str, **settings: str) -> Any:
    (row,) = await rows(tables, entity, **settings)
    assert isinstance(row.document, Document), row.problem
    return row.document


def invoice(tables: Tables, **more: str) -> dict[str, str]:
    given = {
        "number": "INV0001001", "external_invoice_number": "4600", "supplier_invoice_number": "INV-7781",
        "state": "approved",
        "supplier": sys_id(7), "supplier.related_company.name": "Acme", "invoice_date": "2026-02-01",
        "type": "non_po_invoice",
        "invoice_amount": "USD;108.25", "subtotal": "USD;100", "tax_amount": "USD;8.25", "erp_integration_status": "",
        "third_party_import_id": "ref-4600", **more,
    }  # fmt: skip
    return tables.add("sn_shop_invoice", **given)


async def test_an_invoice() -> None:
    tables = company()
    made = invoice(tables)
    found = await only(tables, "bills")
    assert isinstance(found, Bill)
    assert (found.id, found.reference, found.own_number, found.number) == (
        made["sys_id"],
        "ref-4600",
        "4600",
        "INV-7781",
    )
    assert (found.total, found.tax, found.currency, found.date) == (
        Decimal("108.25"),
        Decimal("8.25"),
        "USD",
        dt.date(2026, 2, 1),
    )
    assert (found.state, found.status, found.trouble, found.stamp) == (BillState.APPROVED, "approved", "", stamp(0))
    assert (found.vendor.id, found.vendor.name) == (sys_id(7), "Acme")


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("draft", BillState.DRAFT), ("received", BillState.DRAFT), ("suspected_duplicate", BillState.DRAFT),
        ("exceptions_found", BillState.DRAFT), ("pending_approval", BillState.SUBMITTED), ("approved", BillState.APPROVED),
        ("pending_payment", BillState.APPROVED), ("paid", BillState.PAID), ("rejected", BillState.REJECTED),
        ("cancelled", BillState.CANCELED), ("on the moon", BillState.UNKNOWN),
    ],
)  # fmt: skip
async def test_states(word: str, state: BillState) -> None:
    tables = company()
    invoice(tables, state=word)
    found = await only(tables, "bills")
    assert found.state is state and found.status == word
    assert found.active is (state is not BillState.CANCELED)


@pytest.mark.parametrize(
    ("amount", "more", "total"),
    [
        ("108.25", {}, "108.25"),
        (sys_id(99), {"invoice_amount.amount": "108.25", "invoice_amount.currency": "EUR"}, "108.25"),
        ("USD;108.25", {"type": "credit_memo"}, "-108.25"),
        ("(108.25)", {"type": "credit_memo"}, "-108.25"),
        ("", {}, "108.25"),
    ],
)
async def test_amounts_in_every_shape(amount: str, more: dict[str, str], total: str) -> None:
    tables = company()
    invoice(tables, invoice_amount=amount, **more)
    found = await only(tables, "bills")
    assert found.total == Decimal(total)
    assert "invoice_amount.currency" not in more or found.currency == "EUR"


async def test_a_failed_posting_tells_the_newest_message_and_the_open_task() -> None:
    tables = company()
    made = invoice(tables, erp_integration_status="Failed")
    tables.add(OUT, invoice=made["sys_id"], integration_status="40", processing_message="an old one")
    tables.add(OUT, invoice=made["sys_id"], integration_status="40", processing_message="GL account 6999 is not open")
    tables.add(TASKS, invoice=made["sys_id"], number="ERPTSK0001002", state="Closed")
    tables.add(TASKS, invoice=made["sys_id"], number="ERPTSK0001003", state="Open")
    found = await only(tables, "bills")
    assert (
        found.trouble
        == "Posting to the ERP failed: GL account 6999 is not open. Error task ERPTSK0001003 is open in ServiceNow."
    )
    tables.add(OUT, invoice=made["sys_id"], integration_status="10", processing_message="")
    assert (await only(tables, "bills")).trouble == ""  # sent to the ERP again


async def test_a_page_is_joined_in_few_questions() -> None:
    tables = company()
    for n in range(60):
        made = invoice(tables, external_invoice_number=str(n))
        tables.add(OUT, invoice=made["sys_id"], integration_status="30", processing_message="")
    session = ScriptedSession(tables)
    assert len(await rows(tables, "bills", session=session)) == 60
    assert len(session.requests) == 3  # the page, what is joined to it, open error tasks


async def test_tables_that_are_closed_make_no_invoice_unreadable() -> None:
    tables = company()
    invoice(tables, erp_integration_status="Failed")
    for name in (OUT, TASKS, HEAD, LINE):
        del tables.rows[name]
    found = await only(tables, "bills")
    assert "Posting to the ERP failed" in found.trouble and OUT in found.trouble


async def test_exceptions_and_refused_rows_are_told() -> None:
    tables = company()
    invoice(tables, state="exceptions_found")
    row = tables.add(LINE, u_external_invoice_number="4600", u_third_party_import_id="ref-4600/1", sys_import_state="error",
                     sys_import_state_comment="Cost center 9999 not found")  # fmt: skip
    trouble = (await only(tables, "bills")).trouble
    assert "exceptions" in trouble and "A staged invoice line was refused: Cost center 9999 not found." in trouble
    tables.add(LINE, **{**row, "sys_id": sys_id(5), "sys_created_on": stamp(90_000), "sys_import_state": "inserted"})
    assert "refused" not in (await only(tables, "bills")).trouble


async def test_by_ids_only_those_that_are_there() -> None:
    tables = company()
    made = [invoice(tables)["sys_id"] for _ in range(3)]
    found = await rows(tables, "bills", (made[0], made[2], sys_id(404)))
    assert [row.id for row in found] == [made[0], made[2]]


async def test_lists() -> None:
    tables = company()
    hosting = {"gl_account": "6400", "display_name": "Hosting", "type": "expense", "inactive": "false"}
    tables.add("sn_fin_gl_account", **hosting, legal_entity="le-1")
    tables.add("sn_fin_gl_account", gl_account="6500", display_name="Old", inactive="true")
    tables.add("sn_fin_legal_entity", name="Acme US", company_code="1000")
    tables.add("sn_shop_payment_term", name="Net 30")
    tables.add(
        "cmn_cost_center",
        name="Engineering",
        code="ENG",
        account_number="4100",
        valid_from="2026-01-01 00:00:00",
        valid_to="",
    )
    tables.add("sn_fin_supplier", **{"related_company.name": "Acme", "number": "V-1", "related_company.city": "Austin"})
    used, old = [row.document for row in await rows(tables, "accounts")]
    assert isinstance(used, Account) and isinstance(old, Account)
    assert (used.number, used.name, used.postable, old.postable) == ("6400", "Hosting", True, False)
    assert (used.legal_entity, old.legal_entity) == ("le-1", "")
    entity, term = await only(tables, "legal_entities"), await only(tables, "payment_terms")
    assert isinstance(entity, ListEntry) and (entity.number, entity.kind, term.number) == (
        "1000",
        "legal_entity",
        "Net 30",
    )
    center = await only(tables, "dimensions")
    assert isinstance(center, Dimension) and (center.kind, center.number, center.code) == ("cost_center", "4100", "ENG")
    assert (center.valid_from, center.valid_through) == (dt.date(2026, 1, 1), None)
    party = await only(tables, "parties", supplier_code_column="number")
    assert isinstance(party, Party) and (party.name, party.account_number, party.address.city) == (
        "Acme",
        "V-1",
        "Austin",
    )


async def test_a_payment_detail() -> None:
    tables = company()
    tables.add("sn_shop_invoice_payment_detail", invoice=sys_id(9), payment_amount="USD;10", payment_date="2026-02-20",
               payment_method="cheque", payment_reference_id="CHQ-1", third_party_import_id="pay-1/2")  # fmt: skip
    found = await only(tables, "vendor_payments")
    assert isinstance(found, Payment)
    # Its own key and not the payment's: rows of one payment under one reference would be told as doubles.
    assert (found.amount, found.currency, found.number, found.reference) == (Decimal(10), "USD", "CHQ-1", "pay-1/2")
    assert found.splits[0].document.id == sys_id(9)


async def test_a_row_that_cannot_be_understood_is_one_row_with_a_problem() -> None:
    tables = company()
    invoice(tables, invoice_amount="much")
    invoice(tables)
    bad, good = await rows(tables, "bills")
    assert bad.document is None and "invoice_amount is not an amount" in bad.problem and good.document is not None
