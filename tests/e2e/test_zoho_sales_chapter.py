"""The demonstration's chapter of sales in Zoho Books, on the little company: posted, compared, and nothing twice."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console
from zoho_selling_world import selling

from ml_connector.cli.context import Cli
from ml_connector.cli.demo.walk import Walk
from ml_connector.cli.demo.zoho_sales import FAULTS, FLOWS, show, zoho_sales
from ml_connector.service.working import working
from ml_connector.settings import Settings
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


async def test_the_chapter_ties_out(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, **dict.fromkeys(FLOWS, "preview")) as company, working(company.runtime):
        out = io.StringIO()
        cli = dataclasses.replace(Cli.on(Settings(data=tmp_path / "data"), False, ""), out=Console(file=out, width=120))
        walk = Walk(cli, company.runtime, tmp_path / "sandbox.json")
        walk._desk = company.desk
        numbers = await zoho_sales(walk)
        assert {name: numbers[name] for name in FAULTS} == dict.fromkeys(FAULTS, 0)
        assert numbers["second_run"] == {"posted": 0} and numbers["invoices"] > 3 and numbers["payments"] > 1
        assert numbers["sold"] == numbers["posted"] and numbers["owed"] == numbers["owed_there"]
        told = " ".join(out.getvalue().split())
        assert "in Zoho Books" in told and "map suggest sales_accounts" in told
        show(
            walk,
            {**numbers, "missing": 1, "findings": [{"kind": "missing", "sentence": "invoice 7 is not there"}]},
            "x",
        )
        assert "- invoice 7 is not there" in out.getvalue()
