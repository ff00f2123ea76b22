"""How commands end where something waits for a person, and what they do not do unasked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cli_terminal import environment, in_terminal, piped

from joined import joined
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


async def test_records_and_live_end_with_one_while_a_person_is_needed(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    env = environment(tmp_path / "data", DATABASE_URL=database_url, ML_CONNECTOR_SANDBOX=str(tmp_path / "sandbox.json"))

    async def ended(*arguments: str) -> tuple[int, str]:
        done = await asyncio.to_thread(piped, arguments, env)
        return done.returncode, " ".join(done.stderr.split())

    async with joined(database, tmp_path, settings={"closed_through": "2026-12-31"}) as company:
        await company.fill_mappings()
        await company.go()
        code, told = await ended("live", "bills")
        assert code == 1 and "wait for a person" in told
        assert (await ended("records", "--state", "held"))[0] == 1
        assert (await ended("records", "--reason", "period_closed"))[0] == 1
        assert (await ended("records", "--state", "posted"))[0] == 0
        code, told = await ended("records", "--reason", "perid_closd")
        assert code == 2 and "There is no reason 'perid_closd'" in told and "the nearest is period_closed" in told

        file = tmp_path / "tax.csv"
        file.write_text("filled by hand")
        code, told = await ended("map", "export", "tax", str(file))
        assert code == 2 and f"{file} is there already: add --force" in told
        no = await asyncio.to_thread(in_terminal, ["map", "export", "tax", str(file)], env, 80, "n\n")
        assert no.code == 2 and file.read_text() == "filled by hand"
        assert (await ended("map", "export", "tax", str(file), "--force"))[0] == 0
        assert "source_key" in file.read_text()
