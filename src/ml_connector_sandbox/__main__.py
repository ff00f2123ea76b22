"""``python -m ml_connector_sandbox``: the emulators in a process of their own, until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from ml_connector_sandbox.sandbox import KINDS, START, Sandbox, neighbours_file

_LOOK_SECONDS = 0.2


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT. 0: stopped as told; 1: it could not start, with one sentence why."""
    given = _parser().parse_args(arguments)
    try:
        asyncio.run(_serve(given))
    except (ValueError, OSError) as error:
        print(f"the sandbox cannot start: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(given: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    parent = given.with_parent or os.getppid()
    settings = {"speed": given.speed, "start": given.start, "limits": given.limits}
    async with Sandbox.running(given.company, port=given.port, admin_port=given.admin_port, **settings) as sandbox:
        sandbox.write(given.file)
        try:
            await _until(stop, parent if given.with_parent is not None else None)
        finally:
            for one in (given.file, neighbours_file(given.file)):
                one.unlink(missing_ok=True)


async def _until(stop: asyncio.Event, parent: int | None) -> None:
    """Wait for the signal, or for the end of ``parent``: an orphan gets another parent, whoever adopts it."""
    while not stop.is_set() and (parent is None or os.getppid() == parent):
        try:
            await asyncio.wait_for(stop.wait(), _LOOK_SECONDS if parent is not None else None)
        except TimeoutError:
            continue


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ml_connector_sandbox",
        description="ServiceTitan, Zoho Books and Xero emulated on loopback, with the books of a seeded company.",
    )
    add = parser.add_argument
    add("--file", type=Path, required=True, help="where to write the hand-over file once all is ready")
    add("--company", default="demo", help=f"{KINDS} (default demo)")
    add("--speed", type=float, default=1.0, help="sandbox seconds per second (default 1)")
    add("--start", type=_instant, default=START, help="the sandbox's first instant, such as 2026-11-16T14:00:00Z")
    add("--limits", action=argparse.BooleanOptionalAction, help="keep the vendors' limits (default: all but bulk)")
    add("--port", type=int, default=0, help="the vendors' port (default: any free one)")
    add("--admin-port", type=int, default=0, help="the admin port (default: any free one)")
    add(
        "--with-parent",
        nargs="?",
        type=int,
        const=0,
        metavar="PID",
        help="end when the process that started this one ends; PID closes the gap before the first look",
    )
    return parser


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text} needs a zone, such as Z")
    return found.astimezone(UTC)


if __name__ == "__main__":
    sys.exit(main())
