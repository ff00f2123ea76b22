from __future__ import annotations

import functools
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from bad_input_world import Shell
from bad_staging_world import Staging, firm

from joined import Joined, joined
from ml_connector.store.database import Database
from ml_connector_sandbox.sandbox import Sandbox


@pytest.fixture(scope="session", autouse=True)
def _certificates_read_once() -> Iterator[None]:
    """Every wire reads the system's certificates, which takes longer than most of these tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ssl, "create_default_context", functools.cache(ssl.create_default_context))
        yield


@pytest.fixture
def shell(
    database_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Shell]:
    """The command line, on a database of its own and no sandbox. A command sets where this process logs."""
    monkeypatch.delenv("ML_CONNECTOR_SANDBOX", raising=False)
    yield Shell(database_url, tmp_path / "data", capsys, monkeypatch)


@pytest.fixture
async def sandbox(shell: Shell, tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A small company on the sandbox; the shell is set to it."""
    async with Sandbox.running("small", speed=60.0, limits=False) as running:
        shell.sandbox_file = tmp_path / "sandbox.json"
        running.write(shell.sandbox_file)
        yield running


@pytest.fixture
async def company(database: Database, tmp_path: Path) -> AsyncIterator[Joined]:
    """The small company, both systems connected and integrated, nothing mapped, bills off."""
    async with joined(database, tmp_path) as one:
        one.patience = 2.5
        yield one


@pytest.fixture
async def staging(database: Database, tmp_path: Path) -> AsyncIterator[Staging]:
    """A little firm whose bills are staged in ServiceNow, its flows live and nothing read yet."""
    async with firm(database, tmp_path) as one:
        yield one
