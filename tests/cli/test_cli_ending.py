"""How commands end where something waits for a person, and what they do not do unasked."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path

import pytest
from cli_terminal import environment, in_terminal, piped

from joined import joined
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.service.previewing import preview
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


async def test_going_live_unseen_is_asked_for_and_older_plans_are_told(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    env = environment(tmp_path / "data", DATABASE_URL=database_url, ML_CONNECTOR_SANDBOX=str(tmp_path / "sandbox.json"))

    async def typed(*arguments: str, answer: str = "") -> tuple[int, str, str]:
        shown = await asyncio.to_thread(in_terminal, arguments, env, 100, answer)
        return shown.code, shown.sentence, shown.text

    async with joined(database, tmp_path) as company:
        unseen = "Nothing of it was previewed: everything read from now on is posted without your having seen it."
        code, told, _ = await typed("live", "bills", answer="n\n")
        assert code == 2 and unseen in told and told.endswith("Nothing was done.")
        done = await asyncio.to_thread(piped, ["live", "bills", "--json"], env)
        assert done.returncode == 2 and json.loads(done.stdout)["error"]["sentence"].endswith("add --yes to do it.")
        done = await asyncio.to_thread(piped, ["live", "bills", "--json", "--yes"], env)
        assert json.loads(done.stdout)["unseen"] is True
        assert (await typed("off", "bills"))[0] == 0

        await company.fill_mappings()
        await preview(company.desk, company.integration)
        for flow in (await integration_named(company.desk, "")).flows:
            if flow.mode == "preview" and flow.name != "bills":
                await set_flow_mode(company.desk, company.integration, flow.name, "off")
        code, told, _ = await typed("approve", "--flow", "bills", answer="n\n")
        assert code == 2 and "planned before" not in told
        accounts = company.company["mapping"]["accounts"]
        value = next(iter(accounts.values()))
        await set_value(company.desk, company.integration, "accounts", "9999", value, anyway=True)
        code, told, _ = await typed("approve", "--flow", "bills", answer="n\n")
        assert code == 2 and "planned before" not in told
        for key in accounts:
            await set_value(company.desk, company.integration, "accounts", key, value, anyway=True)
        code, told, _ = await typed("approve", "--flow", "bills", answer="n\n")
        assert "of them were planned before the mapping or a setting changed: what would now be posted" in told
        code, told, _ = await typed("live", "bills", answer="n\n")
        assert code == 2 and "of them were planned before the mapping or a setting changed" in told
        code, told, _ = await typed("live", "bills", "--yes")
        assert code in (0, 1) and "Nothing of it was previewed" not in told and "planned before the mapping" in told

        assert (await typed("live"))[0] == (await typed("live", "bills", "--all"))[0] == 2
        code, told, _ = await typed("live", "bills", "bils")
        assert code == 2 and "has no flow 'bils'" in told
        chosen = await integration_named(company.desk, "")
        assert chosen.flow("bills").mode == "live", "where one name is none nothing is changed"
        code, told, _ = await typed("live", "--all")
        assert code == 2 and "No flow is in preview" in told
        await set_flow_mode(company.desk, chosen, "bills", "preview")
        done = await asyncio.to_thread(piped, ["live", "--all", "--json", "--yes"], env)
        assert [(one["flow"], one["mode"]) for one in json.loads(done.stdout)] == [("bills", "live")]


async def test_a_check_tells_all_and_ends_with_three_where_one_waits(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    env = environment(tmp_path / "data", DATABASE_URL=database_url, ML_CONNECTOR_SANDBOX=str(tmp_path / "sandbox.json"))
    async with joined(database, tmp_path) as company:
        target, at = company.integration.target_id, company.desk.clock.now() + timedelta(days=3)
        async with company.desk.changing() as change:
            await change.run("update lane set not_before = %s where connection_id = %s", at, target)
            await change.run(
                "update connection set problem = 'its day limit is used up' where connection_id = %s", target
            )
        told = f"Zoho Books asks to wait until {at:%Y-%m-%d %H:%M:%S} UTC (its day limit is used up); ask again then."
        done = await asyncio.to_thread(piped, ["check", "--json"], env)
        assert done.stdout, done.stderr
        found = {one["connection"]: one for one in json.loads(done.stdout)}
        assert done.returncode == 3 and found["ServiceTitan"]["findings"] and not found["ServiceTitan"]["unanswered"]
        assert found["Zoho Books"]["unanswered"] == told
        shown = await asyncio.to_thread(in_terminal, ["check"], env, 100)
        assert shown.code == 3 and told in shown.sentence and "ServiceTitan" in shown.text
        listed = await asyncio.to_thread(in_terminal, ["connections"], env, 100)
        assert f"good, waits until {at:%Y-%m-%d %H:%M:%S} UTC" in listed.sentence
        assert "Zoho Books: its day limit is used up" in listed.sentence
