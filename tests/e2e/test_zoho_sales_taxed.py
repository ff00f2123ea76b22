"""Tax of sales in Zoho Books: a zone as a group of taxes, and customers who pay none."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from zoho_selling_world import DAY, Selling, selling

from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.values import set_value
from ml_connector.store.database import Database
from ml_connector_sandbox.company import Company
from ml_connector_sandbox.company.sales_catalogue import PARTS_ZONE, WARES
from ml_connector_sandbox.servicetitan.books import Invoice, InvoiceItem

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

_PARTS = next(one for one in WARES if one.code == "MT-CAP45")


def _state_and_county(company: Company) -> None:
    books = company.seed.organisation
    taxes = [books.add_tax("Minnesota", Decimal("6.875")), books.add_tax("Stearns County", Decimal("0.5"))]
    books.add_tax_group("Minnesota and Stearns County", taxes)


def _sold(company: Selling, price: str, *more: InvoiceItem) -> Invoice:
    """A part and ``more``, to a customer whose zone taxes parts alone."""
    zone = company.sales.seed.zones[PARTS_ZONE].id
    customer = next(
        one
        for one in company.sales.homes + company.sales.firms
        if company.source.locations.in_group(one)[0].tax_zone_id == zone
        and not company.source.customers[one].tax_exempt
    )
    made = company.sales.book("later", customer, DAY)
    company.source.invoicing.add_items(made.id, [company.sales.item(_PARTS, price=Decimal(price)), *more])
    assert made.job_id is not None
    company.source.invoicing.complete(made.job_id, DAY)
    company.post(company.source.invoicing.review(made.id, "Reviewed"))
    return company.source.invoices[made.id]


async def test_a_zone_may_be_a_group_of_taxes(database: Database, tmp_path: Path) -> None:
    """Each tax of a group is rounded by itself: where that is a cent apart, it is told before anything is sent."""
    async with selling(database, tmp_path, prepare=_state_and_county, invoices="preview") as company:
        await company.sync()
        [group] = company.target.tax_groups.values()
        await set_value(company.desk, company.integration, "sales_tax", PARTS_ZONE, group.tax_group_id, anyway=True)
        await set_flow_mode(company.desk, company.integration, "invoices", "live")
        even, odd = _sold(company, "100.00"), _sold(company, "30.90")
        await company.sync(2)
        assert await company.end("invoices", even.id) == ("posted", "")
        assert company.there(even).total == even.total
        assert [name for name, _ in company.there(even).taxes.values()] == ["Minnesota", "Stearns County"]
        assert await company.end("invoices", odd.id) == ("held", "target_total_differs")
        assert odd.reference_number not in {one.number for one in company.target.invoices}
        [sentence] = await company.waits(odd.id)
        assert odd.total == Decimal("33.18") and "makes it 33.17" in sentence


async def test_a_change_that_comes_out_otherwise_each_time_ends_with_a_person(
    database: Database, tmp_path: Path
) -> None:
    """Zoho rounds the tax on each line since, and the connection says that it does so on the document."""
    async with selling(database, tmp_path) as company:
        invoice = _sold(company, "100.00", company.sales.item(_PARTS, price=Decimal("100.00")))
        await company.sync(2)
        assert await company.end("invoices", invoice.id) == ("posted", "")
        assert company.there(invoice).total == invoice.total == Decimal("214.75")
        company.target.profile.tax_rounding = "item_level"
        company.source.invoicing.change(invoice.id, warned=True, due_date=date(2026, 12, 24))
        await company.sync(2)
        assert await company.end("invoices", invoice.id) == ("held", "conflict")
        [sentence] = await company.waits(invoice.id)
        assert "214.76" in sentence and "214.75" in sentence


async def test_a_change_waits_while_its_tax_has_another_rate_than_it_was_reckoned_by(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        invoice = _sold(company, "100.00")
        await company.sync(2)
        before = company.there(invoice)
        [(tax_id, _)] = before.taxes.items()
        tax, total = company.target.taxes[tax_id], before.total
        former, tax.percentage = tax.percentage, tax.percentage + Decimal("0.25")
        await company.a_day_later()
        await company.sync()
        company.source.invoicing.change(invoice.id, warned=True, due_date=date(2026, 12, 24))
        await company.sync(2)
        assert await company.end("invoices", invoice.id) == ("held", "tax_rate_changed")
        assert company.there(invoice).due_date != date(2026, 12, 24)
        tax.percentage = former
        await company.a_day_later()
        await company.sync(2)
        assert await company.end("invoices", invoice.id) == ("posted", "")
        there = company.there(invoice)
        assert (there.due_date, there.total) == (date(2026, 12, 24), total)
        assert company.compared() == []


async def test_who_is_exempt_is_charged_no_tax(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        customer = company.sales.homes[0]
        company.source.crm.change_customer(customer, tax_exempt=True)
        invoice = company.bill("100.00", customer=customer)
        await company.sync(2)
        assert invoice.tax == 0 and company.there(invoice).tax_total == 0
        assert {line.tax_id for line in company.there(invoice).lines} == {""}
        assert company.compared() == []


async def test_a_part_of_an_invoice_with_a_discount_that_is_not_taxed_is_written_off_with_its_tax(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path) as company:
        off = replace(company.sales.item(_PARTS, price=Decimal("-120.00")), taxable=False)
        invoice = _sold(company, "300.00", off)
        lost = company.write_off(invoice, "77.77")
        await company.sync(2)
        note, there = company.credit(f"WO-{lost.id}"), company.there(invoice)
        assert (note.total, there.balance) == (Decimal("77.77"), invoice.total - Decimal("77.77"))
        assert invoice.tax and abs(note.tax_total - there.tax_total * note.total / there.total) <= Decimal("0.01")
        assert company.compared() == []
