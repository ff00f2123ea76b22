"""Companies whose lanes a state machine runs."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo
from stateful_settings import EXAMPLES

sys.path.insert(0, str(Path(__file__).parents[1] / "sync"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)
            if EXAMPLES:
                item.add_marker(pytest.mark.timeout(0))


@pytest.fixture
def fresh_database(postgres_url: str, migrated_template: str) -> Callable[[], AbstractContextManager[str]]:
    """``with fresh_database() as url``: the address of one more migrated database, dropped at the end of the block."""

    @contextmanager
    def fresh() -> Iterator[str]:
        name = f"stateful_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(postgres_url, autocommit=True) as server:
            server.execute(f"CREATE DATABASE {name} TEMPLATE {migrated_template} STRATEGY FILE_COPY".encode())
            try:
                yield conninfo.make_conninfo(postgres_url, dbname=name)
            finally:
                server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())

    return fresh
