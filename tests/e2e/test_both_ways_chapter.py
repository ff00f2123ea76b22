"""The demonstration's chapter of ServiceTitan and Zoho Books both ways: every scene comes to what it tells."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import pytest
from rich.console import Console

from ml_connector.cli.context import Cli
from ml_connector.cli.demo.both_ways import COMPANY, FAULTS, both_ways, kept_its_word
from ml_connector.cli.demo.walk import Walk
from ml_connector.lanes.runtime import Runtime
from ml_connector.service.working import working
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector_sandbox.sandbox import Sandbox

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


async def test_the_chapter_ties_out(database: Database, tmp_path: Path) -> None:
    async with Sandbox.running(COMPANY, speed=60.0) as sandbox:
        file, out = tmp_path / "sandbox.json", io.StringIO()
        sandbox.write(file)
        settings = Settings(data=tmp_path / "data", sandbox=file)
        async with Runtime.on(database, settings) as runtime, working(runtime):
            cli = dataclasses.replace(Cli.on(settings, False, ""), out=Console(file=out, width=120))
            numbers = await both_ways(Walk(cli, runtime, file))
        assert {name: numbers[name] for name in FAULTS} == dict.fromkeys(FAULTS, 0), numbers["findings"]
        assert numbers["second_run"] == {"posted": 0} and kept_its_word(numbers)
        parties, items = numbers["parties"], numbers["items"]
        assert min(parties["linked"].values()) > 20 and parties["suggested"] > 1 and parties["changed_on_both"]
        assert numbers["mapping"]["simulated_goes_on"] > 5 and items["linked"]["items"] and items["made"]
        told = " ".join(out.getvalue().split())
        assert "was changed in ServiceTitan and in the ledger" in told and "cannot be created in ServiceTitan" in told
