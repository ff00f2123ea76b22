"""Reporting tags that Zoho Books demands: what lacks one is held before anything is sent, and goes once it is filled."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_preview_is_live import done
from zoho_selling_world import Selling, selling

from ml_connector.connectors.checking import Verdict
from ml_connector.service.checking import check
from ml_connector.service.connection_settings import change_connection_settings
from ml_connector.service.connections import connection_named
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.values import set_value
from ml_connector.store.database import Database
from ml_connector_sandbox.company import Company
from ml_connector_sandbox.zoho_books.books.masters import ReportingTag

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

HELD = ("held", "tag_mandatory")
POSTED = ("posted", "")


def _demanded(company: Company) -> None:
    """The tag of the business units is mandatory."""
    [tag] = company.seed.organisation.reporting_tags.values()
    tag.mandatory = True


def _tag(company: Selling, name: str = "") -> ReportingTag:
    return next(one for one in company.target.reporting_tags.values() if not name or one.tag_name == name)


async def _none(company: Selling) -> dict[str, str]:
    """No business unit gives a tag any more; the rows as they were."""
    rows = dict(company.sandbox.company.seed.answers.business_units)
    for key in rows:
        await set_value(company.desk, company.integration, "business_units", key, "none")
    return rows


async def test_a_sale_without_a_demanded_tag_waits_for_the_row_of_its_unit(database: Database, tmp_path: Path) -> None:
    """In preview and live alike; a write-off is no less a sale's document than an invoice is."""
    async with selling(database, tmp_path, prepare=_demanded, invoices="preview") as company:
        rows = await _none(company)
        invoice = company.bill("100.00")
        await company.sync(2)
        assert await company.end("invoices", invoice.id) == HELD
        await set_flow_mode(company.desk, company.integration, "invoices", "live")
        await company.sync()
        assert await company.end("invoices", invoice.id) == HELD
        row, optional, _ = await company.waits(invoice.id)  # the customer is asked for once nothing else is missing
        assert _tag(company).tag_name in row and "gives its lines none" in row and "does not demand" in optional
        assert not list(company.target.invoices)
        assert "invoices" not in {flow for flow, _ in (await done(company.desk)).of}
        for key, value in rows.items():
            await set_value(company.desk, company.integration, "business_units", key, value)
        await company.sync()
        assert await company.end("invoices", invoice.id) == POSTED
        assert all(line.tags for line in company.there(invoice).lines)
        await _none(company)
        gone, memo = company.write_off(invoice, "20.00"), company.give("CM-1", "10.00", invoice.customer_id)
        await company.sync(2)
        assert await company.end("payments", gone.id) == HELD
        assert await company.end("credit_memos", memo.id) == HELD
        _tag(company).mandatory = False  # of which only the list of tags tells
        await company.sync(2)
        assert await company.end("payments", gone.id) == POSTED
        assert await company.end("credit_memos", memo.id) == POSTED
        assert company.compared() == []


def _of_purchases(company: Company) -> None:
    company.seed.organisation.add_reporting_tag("Market", ["Retail"], mandatory=True, entities=["purchases"])


async def test_a_tag_of_purchases_alone_holds_sales_until_that_is_said(database: Database, tmp_path: Path) -> None:
    """No list of Zoho's tells of what a tag is demanded; the first tag takes the only option that a line can have."""
    async with selling(database, tmp_path, prepare=_of_purchases) as company:
        _tag(company).mandatory = True
        invoice = company.bill("100.00")
        await company.sync(2)
        assert await company.end("invoices", invoice.id) == HELD
        crowded, _ = await company.waits(invoice.id)
        assert "Market" in crowded and _tag(company).tag_name in crowded
        connection = await connection_named(company.desk, "zoho-books")
        found = {one.subject: one for one in (await check(company.desk, connection)).findings}["reporting tags"]
        assert found.verdict is Verdict.GOOD and "Market" in found.sentence and "one tag" in found.action
        await change_connection_settings(company.desk, connection, {"purchase_tags": "market"})
        await company.sync(2)
        assert await company.end("invoices", invoice.id) == POSTED
