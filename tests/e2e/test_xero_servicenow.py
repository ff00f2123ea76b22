"""The small firm's bills, credits and payments of Xero in ServiceNow: each once and to the cent, read back, and changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.balance import runs_in
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration, change_settings, integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.service.standing import StandingReport, standing
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync.states import State
from ml_connector_sandbox.company.xero_firm import KIND
from ml_connector_sandbox.company.xero_payables import RENT, Papers, XeroPayables, line, xero_payables
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.xero.books.documents import Document
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]

NOW = datetime(2026, 11, 16, 14, 0, tzinfo=UTC)
DOCUMENTS = ("bills", "vendor_credits", "vendor_payments")
ASKED = {"vendors": "as needed", "cost_centers": "as needed"}
# What is staged of the first reading, by its case: net, tax, currency, and for each line amount, centre and account.
Line = tuple[str, str, str]
STAGED: Mapping[str, tuple[str, str, str, tuple[Line, ...]]] = {
    "DC-100": ("223.49", "0.00", "USD", (("123.50", "100", "5010"), ("99.99", "200", "6010"))),
    "DC-101": ("349.95", "28.87", "USD", (("300.00", "100", "5010"), ("49.95", "200", "5010"))),
    "GF-7": ("118.47", "9.77", "USD", (("100.00", "100", "5010"), ("18.47", "200", "5010"))),
    "KN-2026-1": ("1250.00", "0.00", "EUR", (("1250.00", "Online Shop", "5010"),)),
    "PN-11": ("2400.00", "0.00", "USD", (("2400.00", "200", "6010"),)),
    "": ("64.00", "0.00", "USD", (("64.00", "200", "5010"),)),
    "GF-6": ("66.00", "0.00", "USD", (("66.00", "300", "5010"),)),
    "DC-CR1": ("-40.00", "-3.30", "USD", (("-40.00", "100", "5010"),)),
}
OTHERWISE = {
    "DC-DRAFT": ("skipped", "not_in_books_yet"),
    "DC-SUBMITTED": ("skipped", "not_in_books_yet"),
    "DC-VOID": ("skipped", "void_in_ledger"),
    "WH-1": ("held", "cost_center_missing"),
    "GF-8": ("held", "cost_center_expired"),
    "DC-CRDRAFT": ("skipped", "not_in_books_yet"),
}
PAID = {"whole": "128.24", "part": "250.00", "first half": "100.00", "second half": "123.49"}
INVOICE, LINES, TAXES = "sn_shop_invoice", "sn_shop_invoice_line", "sn_shop_invoice_tax_line"
PAYMENT = "sn_shop_invoice_payment_detail"
Ends = dict[tuple[str, str], tuple[str, str]]


@dataclass(slots=True)
class Firm:
    """The firm under way."""

    sandbox: Sandbox
    company: XeroPayables
    desk: Desk
    integration: Integration

    @property
    def papers(self) -> Papers:
        return self.company.papers

    async def sync(self) -> None:
        """Read, plan and send until it is quiet."""
        await syncing.request_sync(self.desk, await integration_named(self.desk, KIND))
        quiet = await syncing.wait_until_quiet(self.desk, self.integration, patience=60.0)
        assert quiet.done, quiet

    async def go(self, mode: str) -> None:
        """Documents in this mode, vendors and cost centres as they are needed."""
        for flow in DOCUMENTS:
            await set_flow_mode(self.desk, self.integration, flow, mode)

    async def ends(self) -> Ends:
        """(flow, source id) -> (state, reason) of each newest version."""
        async with self.desk.looking() as reading:
            rows = await reading.all(
                """select f.name, r.source_id, s.state, s.reason from record r
                join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
                join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id where r.tenant_id = %s""",
                self.desk.tenant_id,
            )
        return {(row[0], row[1]): (State(row[2]).word, row[3]) for row in rows}

    async def end(self, case: str) -> tuple[str, str]:
        """How a bill or credit ended."""
        flow = "vendor_credits" if self.papers.documents[case].kind == "CreditNote" else "bills"
        return (await self.ends())[flow, self.papers.documents[case].document_id]

    async def paid(self, case: str) -> tuple[str, str]:
        """How a payment ended."""
        return (await self.ends())["vendor_payments", self.papers.payments[case].payment_id]

    async def standing(self) -> StandingReport:
        return await standing(self.desk, KIND)

    def there(self, table: str) -> list[dict[str, Any]]:
        """A table of the instance, as people see it."""
        assert self.sandbox.servicenow is not None
        (books,) = self.sandbox.servicenow.books().values()
        found: list[dict[str, Any]] = books[table]
        return found

    def of(self, table: str, document: Document) -> list[dict[str, Any]]:
        """Rows of an invoice's lines, taxes or payments."""
        return [row for row in self.there(table) if row["invoice"] == document.document_id]

    async def fill_center(self, vendor: str, number: str) -> None:
        """Say which cost centre a vendor's bills go to where their lines say nothing."""
        assert self.company.servicenow is not None
        center = self.company.servicenow.named("").records.find("cmn_cost_center", account_number=number)
        assert center is not None
        key = self.papers.contacts[vendor].contact_id
        await set_value(self.desk, self.integration, "vendor_cost_centers", key, center["sys_id"])

    def act(self, act: str, case: str) -> None:
        """Somebody in ServiceNow approves, rejects or cancels a bill."""
        assert self.sandbox.servicenow is not None
        self.sandbox.servicenow.desk({"act": act, "invoice": self.papers.documents[case].document_id})


@asynccontextmanager
async def working(database: Database, folder: Path) -> AsyncIterator[Firm]:
    company = xero_payables(SandboxClock.starting(NOW, 60.0))
    async with Sandbox.running(company) as sandbox:
        file = folder / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, ASKED)
            yield Firm(sandbox, company, desk, integration)


@pytest.fixture
async def firm(database: Database, tmp_path: Path) -> AsyncIterator[Firm]:
    async with working(database, tmp_path) as made:
        yield made


@pytest.fixture
async def staged(firm: Firm) -> Firm:
    await firm.go("live")
    await firm.sync()
    return firm


def money(shown: Mapping[str, Any]) -> tuple[Decimal, str]:
    return shown["amount"], shown["currency"]


async def test_a_preview_sends_nothing_and_live_sends_it(firm: Firm) -> None:
    await firm.go("preview")
    await firm.sync()
    planned = await firm.ends()
    assert firm.there(INVOICE) == firm.there(PAYMENT) == [] and len(firm.there("cmn_cost_center")) == 3
    assert len([key for key, end in planned.items() if end[0] == "planned" and key[0] == "bills"]) == 7
    await firm.go("live")
    await firm.sync()
    ended = await firm.ends()
    going = {key for key, end in planned.items() if end[0] == "planned"}
    hardware = ("vendors", firm.papers.contacts["Walk-in Hardware"].contact_id)  # only what is held asks for it
    assert {key for key in going if ended[key][0] not in ("posted", "linked")} == {hardware}
    assert len(firm.there(INVOICE)) == len(STAGED) and len(firm.there(PAYMENT)) == len(PAID)
    await firm.fill_center("Walk-in Hardware", "100")
    await firm.sync()
    assert (await firm.ends())[hardware] == await firm.end("WH-1") == await firm.paid("waits") == ("posted", "")


async def test_everything_is_staged_once_and_to_the_cent(staged: Firm) -> None:
    invoices = {row["external_invoice_number"]: row for row in staged.there(INVOICE)}
    assert len(invoices) == len(staged.there(INVOICE)) == len(STAGED)
    centers = {row["account_number"]: row["name"] for row in staged.there("cmn_cost_center")}
    for case, (net, tax, currency, lines) in STAGED.items():
        document = staged.papers.documents[case]
        row = invoices[document.document_id]
        assert await staged.end(case) == ("posted", "")
        assert money(row["subtotal"]) == (Decimal(net), currency) and money(row["tax_amount"])[0] == Decimal(tax)
        gross = document.total if document.kind == "Invoice" else -document.total
        assert money(row["invoice_amount"]) == (gross, currency) and Decimal(net) + Decimal(tax) == gross
        assert row["supplier_invoice_number"] == (case or document.document_id)
        assert row["type"] == ("non_po_invoice" if gross > 0 else "credit_memo")
        found = staged.of(LINES, document)
        shown = [(money(one["sub_total"])[0], one["cost_center"], one["ledger_account"]) for one in found]
        wanted = [(Decimal(amount), centre, account) for amount, centre, account in lines]
        assert [
            (amount, number if number.isdecimal() else centers[number], to) for amount, number, to in shown
        ] == wanted
        assert sum((money(one["tax_amount"])[0] for one in staged.of(TAXES, document)), Decimal(0)) == Decimal(tax)
    for case, end in OTHERWISE.items():
        assert await staged.end(case) == end
    assert await staged.end("DC-OLD") == ("skipped", "staged_before_start")  # read because a payment names it


async def test_payments_are_staged_on_their_bills(staged: Firm) -> None:
    rows = {row["payment_reference_id"].partition(" #")[0]: row for row in staged.there(PAYMENT)}
    assert len(rows) == len(staged.there(PAYMENT)) == len(PAID)
    for case, amount in PAID.items():
        payment = staged.papers.payments[case]
        assert await staged.paid(case) == ("posted", "")
        assert money(rows[case]["payment_amount"]) == (Decimal(amount), payment.document.currency_code)
        assert rows[case]["invoice"] == payment.document.document_id
        assert rows[case]["payment_date"] == str(payment.date)
    assert await staged.paid("deleted") == ("skipped", "void_in_ledger")
    assert await staged.paid("older") == ("skipped", "payment_of_older_bills")
    assert await staged.paid("waits") == ("held", "staged_bill_pending")


async def test_vendors_are_known_by_code_or_name_and_else_made(staged: Firm) -> None:
    codes = {row["legal_name"]: row["erp_supplier_code"] for row in staged.there("sn_fin_supplier")}
    contacts = {name: one.contact_id for name, one in staged.papers.contacts.items()}
    visitor = contacts.pop("Gallery Visitor")
    assert codes == {**contacts, "Pier Nine Property": "V-9"}
    ended = await staged.ends()
    known = ("Dune Clay Supply", "Pier Nine Property")
    assert {name for name, id_ in contacts.items() if ended["vendors", id_] == ("linked", "")} == set(known)
    assert ended["vendors", visitor] == ("skipped", "not_needed")


async def test_a_second_run_posts_nothing_and_every_run_ties(staged: Firm) -> None:
    assert staged.sandbox.servicenow is not None
    before = (staged.sandbox.servicenow.essence(), await staged.ends())
    await staged.sync()
    assert (staged.sandbox.servicenow.essence(), await staged.ends()) == before
    async with staged.desk.looking() as reading:
        runs = await runs_in(reading, [flow.flow_id for flow in staged.integration.flows])
    assert runs and all(run.balanced for run in runs)


async def test_what_was_missing_is_filled_and_its_payment_follows(staged: Firm) -> None:
    await staged.fill_center("Walk-in Hardware", "100")
    await staged.sync()
    assert await staged.end("WH-1") == ("posted", "") and await staged.paid("waits") == ("posted", "")
    (row,) = staged.of(LINES, staged.papers.documents["WH-1"])
    assert (money(row["sub_total"]), row["cost_center"]) == ((Decimal("31.00"), "USD"), "100")
    assert len(staged.of(PAYMENT, staged.papers.documents["WH-1"])) == 1


async def test_how_far_each_has_come_there_is_read_back(staged: Firm) -> None:
    before = await staged.standing()
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for stage in before.stages:
        for currency, amount in stage.sums.items():
            sums[currency] += amount if stage.flow in ("bills", "vendor_credits") else 0
    wanted: dict[str, Decimal] = defaultdict(Decimal)
    for net, tax, currency, _ in STAGED.values():
        wanted[currency] += Decimal(net) + Decimal(tax)
    assert sums == wanted
    staged.act("approve", "GF-7")
    staged.act("reject", "PN-11")
    staged.act("cancel", "GF-6")
    await staged.sync()
    found = await staged.standing()
    stages = {(one.flow, one.state): one.count for one in found.stages}
    assert (stages["bills", "approved"], stages["bills", "rejected"], stages["bills", "canceled"]) == (1, 1, 1)
    assert {one.number: one.finding for one in found.stuck} == {
        "DC-100": "paid here", "KN-2026-1": "partly paid here", "PN-11": "rejected", "GF-6": "canceled",
    }  # fmt: skip


async def test_a_bill_changed_after_staging_is_told_and_one_more_payment_staged(staged: Firm) -> None:
    books = staged.papers.books.desk
    books.change(staged.papers.documents["DC-101"], Reference="only words")
    books.change(staged.papers.documents["PN-11"], LineItems=[line("2450.00", account=RENT)])
    staged.papers.pay("rest", "KN-2026-1", 0, "1000.00")
    await staged.sync()
    assert await staged.end("PN-11") == ("held", "changed_after_staging")
    assert await staged.paid("rest") == ("posted", "")
    assert (await staged.end("KN-2026-1"))[0] == "unchanged" and len(staged.there(INVOICE)) == len(STAGED)
    paid = [money(row["payment_amount"]) for row in staged.of(PAYMENT, staged.papers.documents["KN-2026-1"])]
    assert sorted(paid) == [(Decimal("250.00"), "EUR"), (Decimal("1000.00"), "EUR")]
    (row,) = staged.of(LINES, staged.papers.documents["PN-11"])
    assert money(row["sub_total"]) == (Decimal("2400.00"), "USD")


async def test_a_draft_approved_later_is_staged_and_a_void_is_told_until_cancelled_there(staged: Firm) -> None:
    books = staged.papers.books.desk
    books.change(staged.papers.documents["DC-DRAFT"], Status="AUTHORISED")
    books.remove(staged.papers.documents["PN-11"])
    await staged.sync()
    assert await staged.end("DC-DRAFT") == ("posted", "")
    assert await staged.end("PN-11") == ("held", "void_after_staging")
    assert len(staged.there(INVOICE)) == len(STAGED) + 1
    staged.act("cancel", "PN-11")
    await staged.sync()
    assert await staged.end("PN-11") == ("unchanged", "")


async def test_an_applied_credit_is_told_and_staged_as_a_payment_where_the_settings_say_so(staged: Firm) -> None:
    await set_flow_mode(staged.desk, staged.integration, "applied_credits", "live")
    await staged.sync()
    credit = staged.papers.documents["DC-CR1"].document_id
    assert (await staged.ends())["applied_credits", credit] == ("skipped", "credit_listed")
    await change_settings(staged.desk, staged.integration, {"applied_credits": "bank_transfer"})
    books = staged.papers.books.desk
    books.allocate(staged.papers.documents["DC-CR1"], staged.papers.documents["DC-101"], "3.30")
    await staged.sync()
    rows = staged.of(PAYMENT, staged.papers.documents["DC-101"])
    assert (await staged.ends())["applied_credits", credit] == ("posted", "")
    assert [money(row["payment_amount"]) for row in rows] == [(Decimal("20.00"), "USD"), (Decimal("3.30"), "USD")]
