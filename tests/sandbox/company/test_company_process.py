"""The sandbox as a process and in a test: it says where it is, answers for both vendors, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from ml_connector_sandbox.__main__ import main
from ml_connector_sandbox.compare import main as compare_main
from ml_connector_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.anyio
COMMAND = [sys.executable, "-m", "ml_connector_sandbox", "--company", "small", "--speed", "60"]
PARENT = """
import subprocess, sys, time
child = subprocess.Popen(sys.argv[1:])
print(child.pid, flush=True)
time.sleep(60)
"""


@asynccontextmanager
async def process(file: Path, *more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    child = await asyncio.create_subprocess_exec(*COMMAND, "--file", str(file), *more)
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def handover(file: Path) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while not file.exists():
            await asyncio.sleep(0.05)
    found: dict[str, Any] = json.loads(file.read_text())
    return found


async def bearer(session: aiohttp.ClientSession, found: dict[str, Any]) -> str:
    given = found["credentials"]["servicetitan"]
    form = {
        "grant_type": "client_credentials",
        "client_id": given["client_id"],
        "client_secret": given["client_secret"],
    }
    url = f"http://{found['hosts']['auth.servicetitan.io']}/connect/token"
    async with session.post(url, data=form, headers={"Host": "auth.servicetitan.io"}) as answer:
        return str((await answer.json())["access_token"])


async def feed(session: aiohttp.ClientSession, found: dict[str, Any]) -> list[dict[str, Any]]:
    given = found["credentials"]["servicetitan"]
    headers = {
        "Host": "api.servicetitan.io",
        "Authorization": await bearer(session, found),
        "ST-App-Key": given["app_key"],
    }
    path = f"/accounting/v2/tenant/{given['tenant']}/export/inventory-bills"
    async with session.get(f"http://{found['hosts']['api.servicetitan.io']}{path}", headers=headers) as answer:
        rows: list[dict[str, Any]] = (await answer.json())["data"]
        return rows


async def consent(session: aiohttp.ClientSession, found: dict[str, Any]) -> str:
    """The redirect of a consent that the sandbox gives by itself."""
    given = found["credentials"]["zoho_books"]
    query = {
        "client_id": given["client_id"],
        "redirect_uri": given["redirect"],
        "response_type": "code",
        "scope": "ZohoBooks.fullaccess.all",
        "access_type": "offline",
    }
    url = f"http://{found['hosts']['accounts.zoho.eu']}/oauth/v2/auth"
    async with session.get(url, params=query, headers={"Host": "accounts.zoho.eu"}, allow_redirects=False) as answer:
        return answer.headers["Location"]


async def test_it_answers_for_both_vendors_and_stops_when_told(tmp_path: Path) -> None:
    file = tmp_path / "handover.json"
    async with process(file) as child:
        found = await handover(file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        async with aiohttp.ClientSession() as session:
            assert len(await feed(session, found)) == 10
            assert (await consent(session, found)).startswith(found["credentials"]["zoho_books"]["redirect"])
        child.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(child.wait(), 10) == 0
    assert list(tmp_path.iterdir()) == []


async def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    file = tmp_path / "handover.json"
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, *COMMAND, "--file", str(file), "--with-parent"], stdout=subprocess.PIPE
    )
    try:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        await handover(file)
        assert child.is_running()
    finally:
        parent.kill()
        parent.communicate()
    await asyncio.to_thread(psutil.wait_procs, [child], 10)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE
    assert not file.exists()


async def test_without_a_parent_to_watch_it_stays(tmp_path: Path) -> None:
    file = tmp_path / "handover.json"
    async with process(file, "--with-parent", str(os.getpid())) as child:
        await handover(file)
        await asyncio.sleep(0.5)
        assert child.returncode is None


def test_a_parent_that_is_gone_already_stops_it_at_once(tmp_path: Path) -> None:
    file = tmp_path / "handover.json"
    done = subprocess.run([*COMMAND, "--file", str(file), "--with-parent", "1234567"], timeout=20, check=False)
    assert done.returncode == 0
    assert not file.exists()


def test_an_unknown_company_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--file", str(tmp_path / "x.json"), "--company", "bulk:many"]) == 1
    told = capsys.readouterr().err
    assert "bulk:many" in told
    assert "demo" in told
    assert list(tmp_path.iterdir()) == []


async def test_it_runs_inside_a_test_too() -> None:
    async with Sandbox.running("small", speed=30.0) as sandbox, aiohttp.ClientSession() as session:
        assert sandbox.handover["clock"]["speed"] == 30.0
        assert len(await feed(session, sandbox.handover)) == 10
        assert sandbox.servicetitan.statistics()["calls"] == 2
        url = f"{sandbox.handover['admin']}/zoho_books/books"
        async with session.get(url) as answer:
            assert sandbox.company.access.organization_id in (await answer.json())["organisations"]


async def test_limits_follow_the_company_unless_told() -> None:
    async with Sandbox.running("bulk:20") as sandbox:
        assert not sandbox.zoho_books.switches.limits
    async with Sandbox.running("bulk:20", limits=True) as sandbox:
        assert sandbox.servicetitan.switches.limits


async def test_the_demo_shows_fields_that_no_specification_knows() -> None:
    async with Sandbox.running("demo") as sandbox, aiohttp.ClientSession() as session:
        rows = await feed(session, sandbox.handover)
        assert all("sandboxAddition" in row for row in rows)
        assert "allocatedShipping" in rows[0]["items"][0]


async def test_the_comparison_asks_a_running_sandbox(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "handover.json"
    async with Sandbox.running("small") as sandbox:
        sandbox.write(file)
        assert await asyncio.to_thread(compare_main, ["--file", str(file), "--json"]) == 1
        assert json.loads(capsys.readouterr().out)["missing"] == 10
        endings = [f"--ending={row.bill_id}=held" for row in sandbox.company.truth]
        assert await asyncio.to_thread(compare_main, ["--file", str(file), *endings]) == 0
    assert await asyncio.to_thread(compare_main, ["--file", str(file)]) == 2
    assert "cannot be compared" in capsys.readouterr().err
