"""What the tour stands on: a fresh folder, the sandbox as a process of its own, and a stranger's browser."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from ml_connector.errors import ConnectorError
from ml_connector.store.embedded import DataDirectory
from ml_connector.transport.wire import Addresses

_MARK = ".ml-connector-demo"
_PATIENCE = 60.0  # machine seconds until the sandbox is ready


class DemoFailed(ConnectorError):
    """The demonstration cannot go on; the sentence says why."""


def fresh(folder: Path) -> Path:
    """An empty folder for the demo. A folder that is not an earlier demo's is never touched. Raises DemoFailed."""
    folder = folder.absolute()
    if folder.exists() and any(folder.iterdir()):
        if not (folder / _MARK).exists():
            raise DemoFailed(f"{folder} is not empty and is no earlier demonstration's: name another with --folder.")
        if (folder / "data").exists():
            with DataDirectory(folder / "data").claim_service("the demonstration"):
                shutil.rmtree(folder / "data")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()
    return folder


@asynccontextmanager
async def sandbox(file: Path, speed: float) -> AsyncIterator[None]:
    """The sandbox as a process of its own, ready when the block begins, gone when it ends."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ml_connector_sandbox", "--file", str(file), "--speed", str(speed), "--company", "demo",
        "--with-parent", str(os.getpid()),
        stderr=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        await _ready(process, file)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _ready(process: asyncio.subprocess.Process, file: Path) -> None:
    for _ in range(int(_PATIENCE * 10)):
        if file.exists():
            return
        if process.returncode is not None:
            assert process.stderr is not None
            told = (await process.stderr.read()).decode().strip().splitlines()
            raise DemoFailed(f"The sandbox did not start: {told[-1] if told else 'it ended without a word'}")
        await asyncio.sleep(0.1)
    raise DemoFailed("The sandbox was not ready in time.")


async def accept_consent(addresses: Addresses, address: str, hosts: frozenset[str]) -> None:
    """Do what a person's browser does: open the consent address, accept, and follow the way back to our receiver."""
    url, host = addresses.resolve(address, hosts)
    async with aiohttp.ClientSession() as browser:
        async with browser.get(url, headers={"Host": host}, allow_redirects=False) as answer:
            back = answer.headers.get("Location", "")
        if URL(back).host not in ("127.0.0.1", "localhost"):
            raise DemoFailed(f"The sandbox's consent page led to {back or 'nowhere'} instead of back here.")
        async with browser.get(URL(back, encoded=True)):
            return


async def compared(file: Path, filled: Sequence[str] = ()) -> dict[str, Any]:
    """The two systems' books compared with each other, without our ledger."""
    arguments = [part for one in filled for part in ("--filled", one)]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "ml_connector_sandbox.compare", "--file", str(file), "--json", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    if process.returncode not in (0, 1):
        raise DemoFailed(f"The books could not be compared: {err.decode().strip()}")
    found: dict[str, Any] = json.loads(out)
    return found


async def statistics(admin: str, name: str) -> dict[str, Any]:
    """What an emulator counted: calls, answers 429, tokens."""
    async with aiohttp.ClientSession() as session, session.get(f"{admin}/{name}/statistics") as answer:
        found: dict[str, Any] = await answer.json()
        return found
