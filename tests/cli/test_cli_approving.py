"""``approve``, ``replay --dry-run``, ``token``, ``up --listen``, and what a script reads when a command fails."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cli_terminal import COMMAND, Shown, environment, in_terminal, piped

from joined import Joined, joined
from ml_connector.service.finding import Filter
from ml_connector.service.previewing import preview
from ml_connector.service.records import records
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
def env(tmp_path: Path, database_url: str) -> dict[str, str]:
    return environment(
        tmp_path / "data", DATABASE_URL=database_url, ML_CONNECTOR_SANDBOX=str(tmp_path / "sandbox.json")
    )


async def typed(env: dict[str, str], *arguments: str, answer: str = "") -> Shown:
    return await asyncio.to_thread(in_terminal, arguments, env, 100, answer)


async def scripted(env: dict[str, str], *arguments: str) -> tuple[int, Any, str]:
    """Exit code, what stands on the output as JSON, and what is said beside it."""
    done = await asyncio.to_thread(piped, (*arguments, "--json"), env)
    return done.returncode, json.loads(done.stdout), " ".join(done.stderr.split())


async def states(company: Joined) -> list[str]:
    return [one.state for one in (await records(company.desk, Filter(flow="bills"))).records]


async def test_plans_are_told_asked_for_and_approved(database: Database, env: dict[str, str], tmp_path: Path) -> None:
    async with joined(database, tmp_path) as company:
        await company.fill_mappings()
        await preview(company.desk, company.integration)
        count = (await states(company)).count("planned")
        assert count > 3

        no = await typed(env, "approve", "--flow", "bills", answer="n\n")
        assert no.code == 2 and f"{count} records, " in no.sentence and "would be posted or linked as shown" in no.text
        assert no.sentence.endswith("Nothing was done.") and no.widest <= 100
        code, error, said = await scripted(env, "approve", "--flow", "bills")
        assert (code, error["error"]["kind"], error["error"]["exit_code"]) == (2, "refused", 2)
        assert error["error"]["sentence"] == said and said.endswith("add --yes to do it.")
        assert (await states(company)).count("planned") == count

        one = (await records(company.desk, Filter(flow="bills", state="planned"))).records[0]
        wrong = await scripted(env, "approve", f"#{one.record_id}", "--digest", "0" * 64)
        assert wrong[0] == 1 and "look at it again" in wrong[1]["refused"][0]["sentence"]
        code, found, _ = await scripted(env, "approve", f"#{one.record_id}")
        assert code == 0 and found["record_ids"] == [one.record_id]
        code, error, said = await scripted(env, "approve", f"#{one.record_id}")
        assert code == 2 and "was approved already, by cli/" in error["error"]["sentence"] and said != ""

        yes = await typed(env, "approve", "--flow", "bills", answer="y\n")
        assert yes.code == 0 and f"{count - 1} record" in yes.sentence and "approved: posted as shown" in yes.sentence
        await company.sync()
        assert (await states(company)).count("posted") == count
        both = await typed(env, "approve", "#1", "--flow", "bills")
        assert both.code == 2 and "not both" in both.sentence


async def test_a_replay_is_tried_first_and_each_way_to_choose_is_there(
    database: Database, env: dict[str, str], tmp_path: Path
) -> None:
    async with joined(database, tmp_path) as company:
        await company.fill_mappings()
        await company.go()
        posted = (await states(company)).count("posted")
        one = (await records(company.desk, Filter(flow="bills", state="posted"))).records[0]
        code, life, _ = await scripted(env, "explain", f"#{one.record_id}")
        run = str(life["versions"][-1]["run_id"])
        ways = (
            ([f"#{one.record_id}"], 1), (["--flow", "bills", "--state", "posted"], posted),
            (["--run", run, "--state", "posted"], None),
            (["--flow", "bills", "--state", "posted", "--since", "2000-01-01", "--until", "2099-12-31"], posted),
        )  # fmt: skip
        for chosen, count in ways:
            code, would, _ = await scripted(env, "replay", *chosen, "--dry-run")
            assert code == 0 and would["states"]["posted"] == would["total"]
            assert would["total"]["count"] == count or (count is None and would["total"]["count"] > 0)
            assert isinstance(would["total"]["sums"]["USD"], str)
        assert (await states(company)).count("posted") == posted  # nothing was done
        told = await typed(env, "replay", "--flow", "bills", "--dry-run")
        assert told.code == 0 and "would be planned again" in told.sentence and "Nothing was done." in told.sentence
        bills = company.sandbox.company.seed.organisation.bills
        before = len(list(bills))
        for chosen, _ in ways:
            code, done, _ = await scripted(env, "replay", *chosen, "--yes")
            assert code == 0 and done["count"] >= 1
            await company.sync()
        assert (await states(company)).count("posted") == posted
        assert len(list(bills)) == before >= posted
        for wrong, kind, sentence in (
            (["--flow", "bils"], "not_found", "There is no flow 'bils'"),
            (["--run", "987654"], "not_found", "There is no run 987654"),
            (["--since", "2026-02-01", "--until", "2026-01-01"], "bad_input", "the first day is after the last"),
            (["--since", "soon"], "bad_input", "--since 'soon' is no date"),
            (["--colour"], "usage", "--colour"),
        ):
            code, error, said = await scripted(env, "replay", *wrong)
            assert (code, error["error"]["kind"]) == (2, kind)
            assert sentence in error["error"]["sentence"] and sentence in said


async def test_a_token_is_shown_once_and_the_api_is_served_until_the_service_stops(
    database: Database, env: dict[str, str], tmp_path: Path
) -> None:
    async with joined(database, tmp_path) as company:
        code, made, _ = await scripted(env, "token", "create", "report", "--scope", "read", "--role", "viewer")
        assert code == 0 and made["token"].startswith(f"mlc_{company.desk.tenant_id}_")
        code, listed, _ = await scripted(env, "token", "list")
        assert [one["name"] for one in listed] == ["report"] and made["token"].split("_", 3)[3] not in str(listed)
        shown = await typed(env, "token", "create", "other", "--scope", "read")
        assert shown.code == 0 and "mlc_" in shown.text and "never shown again" in shown.sentence

        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            code, error, said = await scripted(env, "up", "--listen", f"127.0.0.1:{port}")
            assert code == 2 and said == error["error"]["sentence"]
            assert said.startswith(f"127.0.0.1:{port} cannot be listened on: another program uses it.")
        code, error, _ = await scripted(env, "up", "--listen", "8765")
        assert code == 2 and "is no address to listen on such as 127.0.0.1:8765" in error["error"]["sentence"]

        service = subprocess.Popen([*COMMAND, "up", "--listen", f"127.0.0.1:{port}"], env=env, stderr=subprocess.PIPE)
        try:
            assert await answered(port, made["token"]) == 200
            code, revoked, _ = await scripted(env, "token", "revoke", "report")
            assert code == 0 and revoked["revoked_at"]
            assert await answered(port, made["token"]) == 401
            os.kill(service.pid, signal.SIGTERM)
            _, told = await asyncio.to_thread(service.communicate, None, 30)
        finally:
            service.kill()
        assert service.returncode == 0, told.decode()
        assert f"The REST API is at http://127.0.0.1:{port}/api/v1/." in told.decode()
        assert b"Traceback" not in told and made["token"].encode() not in told


async def answered(port: int, token: str) -> int:
    """The status of an answer, once there is one."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as client:
        for _ in range(100):
            try:
                async with client.get(f"http://127.0.0.1:{port}/api/v1/status") as answer:
                    return answer.status
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.2)
    raise AssertionError("the API does not answer")
