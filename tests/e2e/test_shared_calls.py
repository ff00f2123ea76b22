"""Many documents go in one call: the record of each shows the call, and its own part of what was sent and answered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sales_world import Selling, selling

from ml_connector.service.explaining import Life, explain
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


async def lives(company: Selling) -> list[Life]:
    """Of every posted invoice whose call took several."""
    async with company.desk.looking() as reading:
        rows = await reading.all(
            """select i.record_id from intent i join link l on l.tenant_id = i.tenant_id and l.record_id = i.record_id
            where i.tenant_id = %s and i.entity = 'invoices' and i.action = 'create' and l.entity = 'invoices'
            order by i.record_id""",
            company.desk.tenant_id,
        )  # fmt: skip
    found = [await explain(company.desk, f"#{row[0]}") for row in rows]
    return [life for life in found if any(one.documents > 1 for one in life.exchanges if one.method == "PUT")]


async def test_each_record_shows_its_own_part_of_the_call(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, payments="off") as company:
        await company.sync()
        found = await lives(company)
        assert len(found) > 5
        async with company.desk.looking() as reading:
            [kept] = await reading.all(
                "select count(*) from exchange where tenant_id = %s and method = 'PUT' and documents > 1",
                company.desk.tenant_id,
            )
        assert kept[0] < len(found) / 2  # the bodies stand once
        for life in found:
            sent = next(one for one in life.exchanges if one.method == "PUT" and one.documents > 1)
            asked, _, answered = sent.body.partition("\n")
            assert life.link is not None and sent.intent_id in {one.intent_id for one in life.intents}
            assert [one["InvoiceNumber"] for one in json.loads(asked)["Invoices"]] == [life.versions[-1].number]
            assert [one["InvoiceID"] for one in json.loads(answered)["Invoices"]] == [life.link.target_id]
