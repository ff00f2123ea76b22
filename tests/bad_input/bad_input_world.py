"""What every test here needs: the command line on a sandbox, and proof that nothing changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

import told
from joined import Joined
from ml_connector.cli import main
from ml_connector_sandbox.sandbox import Sandbox

one_sentence = told.one_sentence

#: Bookkeeping of workers and jobs, which moves without anybody's doing.
_MOVING = ("procrastinate_", "alembic", "worker", "wake", "budget")


def contents(url: str) -> dict[str, list[str]]:
    """Every row of every table of ours, as text."""
    found: dict[str, list[str]] = {}
    with psycopg.connect(url) as connection:
        names = connection.execute("select tablename from pg_tables where schemaname = 'public'").fetchall()
        for (name,) in names:
            if not name.startswith(_MOVING):
                rows = connection.execute(f"select t::text from {name} t order by 1".encode()).fetchall()
                found[name] = [row[0] for row in rows]
    return found


@dataclass
class Told:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The last thing that was said."""
        return self.err.strip().rpartition("\n")[2]


@dataclass
class Shell:
    """The command line in this process, on a database and a sandbox."""

    url: str
    data: Path
    capture: pytest.CaptureFixture[str]
    patch: pytest.MonkeyPatch
    sandbox_file: Path | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str) -> Told:
        """Run one command."""
        self.patch.setenv("DATABASE_URL", self.url)
        self.patch.setenv("ML_CONNECTOR_DATA", str(self.data))
        self.patch.setenv("COLUMNS", "3000")
        if self.sandbox_file is not None:
            self.patch.setenv("ML_CONNECTOR_SANDBOX", str(self.sandbox_file))
        for name, value in self.environment.items():
            self.patch.setenv(name, value)
        self.capture.readouterr()
        code = main.run(arguments)
        said = self.capture.readouterr()
        return Told(code, said.out, said.err)

    async def aside(self, *arguments: str) -> Told:
        """Run one command in a thread, so that the sandbox of this loop can answer it."""
        return await asyncio.to_thread(self.run, *arguments)


@contextmanager
def nothing_changes(url: str, sandbox: Sandbox | None = None) -> Iterator[None]:
    """The block leaves the database and both vendors' books as they are."""
    books = (sandbox.servicetitan.books(), sandbox.zoho_books.books()) if sandbox else None
    before = contents(url)
    yield
    after = contents(url)
    assert {name: rows for name, rows in after.items() if rows != before[name]} == {}
    if sandbox is not None:
        assert (sandbox.servicetitan.books(), sandbox.zoho_books.books()) == books


def csv_of(*rows: str, header: str = "source_key,target_key") -> str:
    """A mapping file."""
    return "\n".join([header, *rows]) + "\n"


async def rows_of(company: Joined, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows of the tenant's own tables."""
    async with company.desk.looking() as reading:
        return await reading.all(query, *values)
