"""What books lack that are staged in ServiceNow, and answers that are no use: told in a sentence, nothing half done."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path

import pytest
from payables_world import KIND, MODES, PAYMENT_DETAILS, Firm, payables

from ml_connector.lanes.slice import run_slice
from ml_connector.service.connections import connections
from ml_connector.service.status import status
from ml_connector.store.database import Database
from ml_connector.sync.states import State
from ml_connector.transport import wire
from rig.company import joined
from told import one_sentence

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SUPPLIERS = "sn_fin_supplier"


async def cause(firm: Firm, flow: str, code: str) -> tuple[str, str]:
    """Sentence and action of what a flow waits for."""
    (integration,) = (await status(firm.desk)).integrations
    waiting = {one.code: one for found in integration.flows if found.flow == flow for one in found.waiting}
    assert code in waiting, sorted(waiting)
    return waiting[code].example, waiting[code].action


async def test_a_vendor_without_a_name_is_told_and_becomes_no_supplier(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        place, name = len(firm.books.vendors) - 1, list(firm.books.vendors)[-1]
        contact = firm.books.vendors[name]
        bill = firm.bill(vendor=place)
        contact.contact_name, contact.texts, texts = " ", {}, contact.texts
        contact.modified = firm.sandbox.clock.now()
        await firm.sync()
        told, action = await cause(firm, "vendors", "supplier_without_name")
        one_sentence(told, contact.contact_id, "has no name in Zoho Books")
        one_sentence(action, "Give it a name in Zoho Books")
        assert (await firm.end("bills", bill.document_id))[0] == "held" and firm.invoices(bill) == []
        assert firm.rows(SUPPLIERS, erp_supplier_code=contact.contact_id) == []
        contact.contact_name, contact.texts = name, texts
        contact.modified = firm.sandbox.clock.now()
        firm.jump(hours=2)
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "")


async def test_a_payment_to_a_vendor_without_an_address_says_what_is_missing(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        place, name = len(firm.books.vendors) - 1, list(firm.books.vendors)[-1]
        contact = firm.books.vendors[name]
        address = dict(contact.billing_address)
        contact.billing_address.clear()
        bill = firm.bill(vendor=place)
        await firm.sync()
        firm.at_zoho("pay", bills=[bill.number], mode="Check", reference="8812")
        await firm.sync()
        told, action = await cause(firm, "vendor_payments", "remit_to_missing")
        one_sentence(told, "ServiceNow demands the whole remit-to address", name, "street", "city")
        one_sentence(action, "Complete the vendor's address in Zoho Books")
        assert (await firm.end("bills", bill.document_id))[0] in ("posted", "unchanged") and firm.payments(bill) == []
        contact.billing_address.update(address)
        contact.modified = firm.sandbox.clock.now()
        firm.jump(minutes=20)
        await firm.sync()
        assert len(firm.payments(bill)) == 1


async def test_a_currency_that_is_none_is_told_with_the_currency(database: Database, tmp_path: Path) -> None:
    async with payables(database, tmp_path) as firm:
        bill, currencies = firm.bill(), firm.books.organisation.currencies
        currencies["US$"] = dataclasses.replace(currencies[bill.currency_code], currency_code="US$")
        kept, bill.currency_code = bill.currency_code, "US$"
        await firm.sync()
        told, action = await cause(firm, "bills", "staged_currency_unknown")
        one_sentence(told, "Zoho Books shows the currency US$", "ISO 4217")
        one_sentence(action, "Correct the currency in Zoho Books")
        assert firm.invoices(bill) == []
        bill.currency_code = kept
        firm.books.organisation.touch(bill)
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "") and len(firm.invoices(bill)) == 1


async def test_an_answer_that_is_too_large_is_told_and_read_again(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with payables(database, tmp_path) as firm:
        await firm.sync()
        staged = len(firm.rows("sn_spend_intg_imp_invoice"))
        bill = firm.bill()
        with monkeypatch.context() as patch:
            patch.setattr(wire, "MAX_BODY", 300)
            firm.jump(hours=2)
            await firm.sync(quiet=False, rounds=2)
        problems = [one.problem for one in await connections(firm.desk) if one.problem]
        assert problems
        for one in problems:
            one_sentence(one, "gave an answer of more than", "set fewer rows for a page", "report it to support")
        assert len(firm.rows("sn_spend_intg_imp_invoice")) == staged
        await firm.sync()
        assert await firm.end("bills", bill.document_id) == ("posted", "") and len(firm.invoices(bill)) == 1
        assert [one.problem for one in await connections(firm.desk)] == ["", ""]


async def test_two_companies_that_join_the_same_books_and_instance_stage_nothing_twice(
    database: Database, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        await firm.sync()
        invoices = {one["sys_id"]: dict(one) for one in firm.rows("sn_shop_invoice")}
        payments, suppliers = len(firm.rows(PAYMENT_DETAILS)), len(firm.rows(SUPPLIERS))
        handover = copy.deepcopy(firm.sandbox.handover)
        handover["company"]["name"] = "Second Firm"
        desk, integration = await joined(firm.runtime, handover, KIND, MODES)
        assert desk.tenant_id != firm.desk.tenant_id
        for _ in range(8):
            for connection_id in (integration.source_id, integration.target_id):
                await run_slice(firm.runtime, "second", desk.tenant_id, connection_id, lambda _: None)
            firm.jump(minutes=2)
        async with desk.looking() as reading:
            rows = await reading.all(
                """select f.name, s.state, count(*) from version_state s join flow f using (tenant_id, flow_id)
                where s.tenant_id = %s group by 1, 2""",
                desk.tenant_id,
            )  # fmt: skip
        ends = {(name, State(state).word): count for name, state, count in rows}
        assert ends[("bills", "posted")] + ends.get(("bills", "linked"), 0) >= 4, ends
        assert {one["sys_id"] for one in firm.rows("sn_shop_invoice")} == invoices.keys()
        assert (len(firm.rows(PAYMENT_DETAILS)), len(firm.rows(SUPPLIERS))) == (payments, suppliers)
