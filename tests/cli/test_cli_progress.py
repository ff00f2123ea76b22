"""Progress of long work where there is no terminal: a line only when there is news, and what stands in the way."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from ml_connector.cli import progress
from ml_connector.cli.context import Cli
from ml_connector.service.syncing import Progress
from ml_connector.settings import Settings

AT = datetime(2026, 7, 1, tzinfo=UTC)
TROUBLE = Progress(0, 0, 0, 0, 2, 0, 529, 19, AT, "Zoho Books: accounts.zoho.eu could not be reached")


@pytest.fixture
def cli() -> Cli:
    return Cli(Settings(), False, "", Console(file=io.StringIO()), Console(file=io.StringIO(), width=80))


def lines(cli: Cli) -> list[str]:
    assert isinstance(cli.err.file, io.StringIO)
    return cli.err.file.getvalue().splitlines()


def test_a_line_is_not_said_twice(cli: Cli) -> None:
    with progress.shown(cli) as report:
        for n in range(5):
            report(replace(TROUBLE, until=AT + timedelta(seconds=30 * n)))
    assert lines(cli) == [progress.told(TROUBLE)]


def test_a_problem_is_told_as_soon_as_there_is_one(cli: Cli) -> None:
    busy = Progress(2, 0, 0, 0, 0, 0, 529, 19)
    with progress.shown(cli) as report:
        report(busy)
        report(replace(busy, problem=TROUBLE.problem))
        report(replace(busy, rows=7, problem=TROUBLE.problem))
    assert lines(cli)[1:] == [f"{progress.numbers(busy)}; {TROUBLE.problem}"]


def test_the_last_numbers_stay_on_the_screen() -> None:
    screen = io.StringIO()
    terminal = Console(file=screen, width=80, height=24, force_terminal=True, color_system=None)
    with progress.shown(Cli(Settings(), False, "", Console(file=io.StringIO()), terminal)) as report:
        report(Progress(0, 2_464, 2_464, 0, 0, 0, 2_456, 0))
    said = screen.getvalue()
    assert "2,464 read (2,464 new), 2,456 done" in said.rpartition("\x1b[2K")[2], "nothing is wiped after them"
