"""Two companies in one data folder: each command names its company, and none is taken for the other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_terminal import environment
from test_cli_sandboxed import ended

from ml_connector_sandbox.company.office import matrix_office
from ml_connector_sandbox.company.workshop import with_neighbour
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import START, Sandbox, neighbours_file

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
FIRST, SECOND = "Halyard & Finch Advisory", "Quayside Instruments"


async def test_each_command_names_its_company(tmp_path: Path, database_url: str) -> None:
    clock = SandboxClock.starting(START, 60.0)
    async with Sandbox.running(with_neighbour(matrix_office(clock), clock), limits=False) as sandbox:
        file = tmp_path / "sandbox.json"
        sandbox.write(file)
        env = environment(tmp_path / "data", DATABASE_URL=database_url, COLUMNS="200")
        told = {FIRST: sandbox.handover, SECOND: sandbox.neighbour}
        for name, path in ((FIRST, file), (SECOND, neighbours_file(file))):
            on = {**env, "ML_CONNECTOR_SANDBOX": str(path), "ML_CONNECTOR_COMPANY": name}
            handover = told[name]
            assert handover is not None
            columns = tmp_path / "columns.txt"
            settings = handover["company"]["connection_settings"]["servicenow"]
            columns.write_text("".join(f"{one}={value}\n" for one, value in settings.items()))
            for command in (["connect", "zoho-books"], ["connect", "servicenow", "--set", f"@{columns}"]):
                code, said = await ended(command, on)
                assert code == 0, said
        on = {**env, "ML_CONNECTOR_SANDBOX": str(file)}
        code, said = await ended(["companies", "--json"], on)
        assert code == 0 and [one["name"] for one in json.loads(said)] == [FIRST, SECOND]
        code, said = await ended(["connections", "--json"], on)
        assert code == 2 and FIRST in said and SECOND in said, "which one is meant is asked, never guessed"
        for name in (FIRST, SECOND):
            code, said = await ended(["--company", name, "connections", "--json"], on)
            hosts = [one["organisation_id"] for one in json.loads(said)]
            company = (told[name] or {})["company"]
            assert code == 0 and hosts == [company["organization_id"], company["instance"]]
