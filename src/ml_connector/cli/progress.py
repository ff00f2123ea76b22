"""Progress of long work, in numbers: one live line in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Group
from rich.live import Live
from rich.text import Text

from ml_connector.cli.context import Cli
from ml_connector.service.syncing import Progress
from ml_connector.service.tallies import counted

_PLAIN_EVERY = 5.0  # machine seconds between plain lines


def told(now: Progress) -> str:
    """The numbers in words, and what stands in the way."""
    return f"{numbers(now)}; {now.problem}" if now.problem else numbers(now)


def numbers(now: Progress) -> str:
    """The numbers in words."""
    parts = [
        f"{now.rows:,} read ({now.new:,} new)",
        f"{now.ended:,} done",
        f"{now.held:,} of them held" if now.held else "",
        f"{now.due:,} to go" if now.due else "",
        f"{now.open:,} being sent" if now.open else "",
        counted(now.later, "waiting for its time", "waiting for their time") if now.later else "",
        f"{', '.join(flow for one in now.still for flow in one.flows)} standing still" if now.still else "",
        f"still reading {counted(now.reads, 'flow')}" if now.reads else "",
    ]
    return ", ".join(part for part in parts if part)


@contextmanager
def shown(cli: Cli) -> Iterator[Callable[[Progress], None]]:
    """A function that shows progress on the error output; silent with ``--json``."""
    if cli.json:
        yield _nothing
    elif cli.err.is_terminal:
        with Live(console=cli.err, refresh_per_second=8) as live:  # what it said last stays
            yield lambda now: live.update(_lines(now))
    else:
        yield _plain(cli)


def _lines(now: Progress) -> Group:
    """The numbers on one line, cut where the screen ends; a problem is told in full below them."""
    line = Text(numbers(now), overflow="ellipsis", no_wrap=True)
    return Group(line, Text(now.problem)) if now.problem else Group(line)


def _nothing(_: Progress) -> None:
    return


def _plain(cli: Cli) -> Callable[[Progress], None]:
    last, at, problem = "", 0.0, ""

    def report(now: Progress) -> None:
        nonlocal last, at, problem
        text = told(now)
        if text != last and (time.monotonic() - at >= _PLAIN_EVERY or now.quiet or now.problem != problem):
            last, at, problem = text, time.monotonic(), now.problem
            cli.say(text)

    return report
