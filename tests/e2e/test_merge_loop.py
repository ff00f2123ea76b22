"""Customers whose mergers lead in a circle are held with it, no link is moved, and their documents wait until it is right."""

from __future__ import annotations

from pathlib import Path

import pytest
from sales_world import Selling, selling

from ml_connector.service.explaining import explain
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


async def test_nothing_is_moved_while_nobody_is_left_and_all_goes_on_once_somebody_is(
    database: Database, tmp_path: Path
) -> None:
    async with selling(database, tmp_path, customers="live") as company:
        first, second, third = company.homes[:3]
        await company.sync()
        before = await links(company)
        assert {str(one) for one in (first, second, third)} <= before.keys()
        invoice = company.bill("100.00", customer=first)
        for loser, survivor in ((first, second), (second, third), (third, first)):
            company.source.crm.change_customer(loser, active=False, merged_to_id=survivor)
        await company.sync()
        assert await links(company) == before
        for one in (first, second, third):
            assert await company.end("customers", one) == ("held", "merge_loop")
        [told] = (await explain(company.desk, await record_of(company, first))).versions[-1].waits
        assert f"{first} into {second} into {third} into {first}" in told.sentence
        assert (await company.end("invoices", invoice.id))[0] == "held"
        assert company.there(invoice.reference_number) == []

        company.source.crm.change_customer(third, active=True, merged_to_id=None)
        await company.sync()
        assert await company.end("invoices", invoice.id) == ("posted", "")
        [posted] = company.there(invoice.reference_number)
        assert posted.contact_id == before[str(third)]
        assert await links(company) == before


async def links(company: Selling) -> dict[str, str]:
    async with company.desk.looking() as reading:
        rows = await reading.all(
            "select source_id, target_id from link where tenant_id = %s and entity = 'customers'",
            company.desk.tenant_id,
        )
    return {str(source): str(target) for source, target in rows}


async def record_of(company: Selling, customer: int) -> str:
    async with company.desk.looking() as reading:
        [[record]] = await reading.all(
            """select r.record_id from record r join flow f using (tenant_id, flow_id)
            where tenant_id = %s and f.name = 'customers' and r.source_id = %s""",
            company.desk.tenant_id, str(customer),
        )  # fmt: skip
    return f"#{record}"
