"""Companies under way, whose lanes the tests run themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from sync_world import SPEED, Start, World, map_company, started

from ml_connector.store.database import Database


@pytest.fixture
def start(database: Database, tmp_path: Path) -> Start:
    """``async with start("demo") as company``: connected and integrated, nothing mapped, bills off."""

    def begin(kind: str = "small", *, speed: float = SPEED, limits: bool = False) -> AbstractAsyncContextManager[World]:
        return started(database, tmp_path, kind, speed=speed, limits=limits)

    return begin


@pytest.fixture
async def company(start: Start) -> AsyncIterator[World]:
    """The small company, mapped, with its bills in preview."""
    async with start() as world:
        await map_company(world)
        yield world
