"""Connections made on the sandbox never lead to the vendors, and real ones never to the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from cli_terminal import COMMAND, environment

from ml_connector_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.anyio

CALLING = (["sync"], ["preview"], ["check"], ["up"], ["worker"])


async def ended(arguments: list[str], env: Mapping[str, str]) -> tuple[int | None, str]:
    """A command's exit code and what it said on one line."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT, env=dict(env),
    )  # fmt: skip
    async with asyncio.timeout(60):
        out, _ = await process.communicate()
    return process.returncode, " ".join(out.decode().split())


@dataclass(frozen=True)
class Place:
    """Where a person works: with the sandbox, and in a terminal where it is not set."""

    on: Mapping[str, str]
    off: Mapping[str, str]
    database_url: str


@pytest.fixture
async def place(tmp_path: Path, database_url: str) -> AsyncIterator[Place]:
    async with Sandbox.running("small", speed=60.0, limits=False) as running:
        running.write(tmp_path / "sandbox.json")
        off = environment(tmp_path / "data", DATABASE_URL=database_url)
        yield Place({**off, "ML_CONNECTOR_SANDBOX": str(tmp_path / "sandbox.json")}, off, database_url)


async def connected(place: Place) -> None:
    code, told = await ended(["connect", "servicetitan"], place.on)
    assert code == 0, told


async def test_sandbox_connections_are_refused_where_the_sandbox_is_not_set(place: Place) -> None:
    await connected(place)
    for command in CALLING:
        code, told = await ended(command, place.off)
        assert code == 2, (command, told)
        assert "was connected on the sandbox" in told and "start it and set ML_CONNECTOR_SANDBOX" in told, command
    assert (await ended(["status"], place.off))[0] == 0
    assert (await ended(["check"], place.on))[0] in (0, 1)


async def test_real_connections_are_refused_where_the_sandbox_is_set(place: Place) -> None:
    await connected(place)
    async with await psycopg.AsyncConnection.connect(place.database_url) as connection:
        await connection.execute("update connection set sandbox = false")
    for command in CALLING:
        code, told = await ended(command, place.on)
        assert code == 2, (command, told)
        assert "was connected at the real vendors" in told and "ML_CONNECTOR_SANDBOX is set: unset it" in told, command


async def test_an_empty_secret_is_never_replaced_by_the_sandboxs_own(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "secret.txt"
    file.write_text("\n")
    code, told = await ended(["connect", "servicetitan", "--client-secret-file", str(file)], place.on)
    assert code == 2 and f"The file {file} with the" in told and "is empty" in told
    code, told = await ended(["connect", "servicetitan", "--client-id", ""], place.on)
    assert code == 2 and "--client-id was given and is empty" in told
    code, told = await ended(["connect", "servicetitan", "--client-secret-file", str(tmp_path / "none")], place.on)
    assert code == 2 and "cannot be read: No such file or directory." in told and "Errno" not in told
