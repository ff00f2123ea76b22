"""``release`` and ``replay`` of many: told and asked first, in a real terminal and without one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from cli_terminal import Shown, environment, in_terminal, piped

from joined import Joined, joined
from ml_connector.service.integrating import change_settings
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
def env(tmp_path: Path, database_url: str) -> dict[str, str]:
    return environment(
        tmp_path / "data", DATABASE_URL=database_url, ML_CONNECTOR_SANDBOX=str(tmp_path / "sandbox.json")
    )


async def typed(env: dict[str, str], *arguments: str, answer: str = "", columns: int = 100) -> Shown:
    return await asyncio.to_thread(in_terminal, arguments, env, columns, answer)


async def scripted(env: dict[str, str], *arguments: str) -> tuple[int, str, str]:
    done = await asyncio.to_thread(piped, arguments, env)
    return done.returncode, done.stdout, " ".join(done.stderr.split())


async def held(company: Joined, code: str) -> Sequence[str]:
    """Numbers of what waits for ``code``."""
    async with company.desk.looking() as reading:
        rows = await reading.all(
            """select d.number from wait w join document d using (tenant_id, version_id)
            where tenant_id = %s and w.code = %s order by 1""",
            company.desk.tenant_id, code,
        )  # fmt: skip
    return [row[0] for row in rows]


async def test_a_list_is_told_asked_for_and_released(database: Database, env: dict[str, str], tmp_path: Path) -> None:
    async with joined(database, tmp_path, settings={"closed_through": "2026-12-31"}) as company:
        await company.fill_mappings()
        await company.go()
        closed = await held(company, "period_closed")
        assert len(closed) > 3
        everything = ("release", "--reason", "period_closed")

        refused = await scripted(env, *everything)
        assert refused[0] == 2 and refused[1] == ""
        assert f"{len(closed)} records, " in refused[2] and "add --yes" in refused[2]
        no = await typed(env, *everything, answer="n\n")
        assert no.code == 2 and no.sentence.endswith("Nothing was done.")
        assert f"{len(closed)} records, " in no.sentence and "USD, would go on past period_closed" in no.sentence
        assert closed[0] in no.text and no.widest <= 100
        assert await held(company, "period_closed") == closed

        nobody = await typed(env, *everything, "--since", "2031-01-01")
        assert nobody.code == 2 and "No record that waits for period_closed fits." in nobody.sentence
        both = await typed(env, "release", closed[0], "--since", "2031-01-01")
        assert both.code == 2 and "not both" in both.sentence

        yes = await typed(env, *everything, "--flow", "bills", "--until", "2026-12-31", "--yes")
        assert yes.code == 0, yes.text
        assert f"{len(closed)} records, " in yes.sentence and "go on past period_closed: #" in yes.sentence
        assert closed[0] not in yes.text  # nobody is asked, so nothing is listed
        assert await held(company, "period_closed") == []
        again = await typed(env, *everything)
        assert again.code == 2

        await company.sync()
        assert await held(company, "period_closed") == []  # a release stands, whatever else is planned again


async def test_a_replay_of_many_is_asked_for_too(database: Database, env: dict[str, str], tmp_path: Path) -> None:
    async with joined(database, tmp_path) as company:
        await change_settings(company.desk, company.integration, {"closed_through": "2026-12-31"})
        await company.fill_mappings()
        await company.go()
        chosen = ("replay", "--flow", "bills", "--state", "held", "--since", "2026-01-01")
        no = await typed(env, *chosen, answer="\n")
        assert no.code == 2 and "would be planned again (held: " in no.sentence
        code, _, said = await scripted(env, *chosen)
        assert code == 2 and said.endswith("Nothing was done: add --yes to do it.")
        code, out, _ = await scripted(env, *chosen, "--yes", "--json")
        assert code == 0 and json.loads(out)["taken"]["held"]["count"] == json.loads(out)["count"] > 3
        number = (await held(company, "period_closed") or ["none"])[0]
        assert number == "none"  # they are staged, and no worker has looked at them yet
