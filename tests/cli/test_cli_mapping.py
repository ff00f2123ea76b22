"""``map`` as an implementer meets it: files that are no tables, and rows before and after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from cli_terminal import environment, piped
from test_cli_tracking import make_tracking

from ml_connector.lanes.runtime import Runtime
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Actor
from ml_connector.service.tenants import create_tenant
from ml_connector.settings import Settings
from ml_connector.store.database import Database

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
PICTURE = bytes([0x89]) + b"PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


@pytest.fixture
async def env(database: Database, database_url: str, tmp_path: Path) -> AsyncIterator[dict[str, str]]:
    async with Runtime.on(database, Settings(data=tmp_path / "data")) as runtime:
        actor = Actor("cli/anna")
        tenant = await create_tenant(runtime, actor, "Polar Air", "America/Chicago")
        await make_tracking(Desk(runtime, tenant.tenant_id, actor), "off")
        yield environment(tmp_path / "data", DATABASE_URL=database_url)


@pytest.mark.parametrize(
    ("held", "told"),
    [
        (PICTURE, "line 1, column 1: this is no text in UTF-8, and nothing was changed"),
        (b"source_key,target_key\n1,\xe9\n", "line 2, column 3: this is no text in UTF-8"),
        (b"GIF89a\x01\x00", "line 1, column 7: this is no text"),
        (b"", "line 1: the file is empty"),
        (b"name,phone\nJane,1\n", "line 1: the column source_key is missing"),
        (b"source_key,target_key\n", "line 2: no row stands below the columns"),
    ],
    ids=["picture", "latin", "gif", "empty", "columns", "head"],
)
async def test_a_file_that_is_no_table_is_refused(env: dict[str, str], tmp_path: Path, held: bytes, told: str) -> None:
    (tmp_path / "given.csv").write_bytes(held)
    done = await asyncio.to_thread(piped, ["map", "import", "accounts", str(tmp_path / "given.csv")], env)
    assert done.returncode == 2 and told in done.stderr and not done.stdout
    again = await asyncio.to_thread(piped, ["map", "export", "accounts"], env)
    assert len(again.stdout.splitlines()) == 1, "nothing was written"


async def test_a_flow_that_changes_what_it_links_has_no_differences(env: dict[str, str]) -> None:
    done = await asyncio.to_thread(piped, ["map", "differences", "items"], env)
    assert done.returncode == 2 and "items" in done.stderr and not done.stdout
    done = await asyncio.to_thread(piped, ["live", "--all", "--as-needed"], env)
    assert done.returncode == 2 and "Name the flows that run as needed" in done.stderr


async def test_a_row_tells_what_was_there_before(env: dict[str, str]) -> None:
    typed = [["map", "set", "accounts", "4200", one, "--anyway"] for one in ("a", "b", "b")]
    typed.append(["map", "set", "accounts", "4200", "--remove"])
    said = [(await asyncio.to_thread(piped, one, env)).stdout for one in typed]
    for words, told in zip(
        ("there was no such row", "was a", "as before", "has no row any more (was b"), said, strict=True
    ):
        assert words in told
