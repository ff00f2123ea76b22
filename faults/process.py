"""A process that runs points, several at once since most of a run is waiting, and tells each result as a line of JSON."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from faults.books import Books, Difference
from faults.points import DAY_LIMIT, Point
from faults.preparing import prepared
from faults.run import disturbed, undisturbed
from faults.world import RUN, RUN_BY_DAY, Ready
from ml_connector.telemetry import logs
from rig.postgres import running_server

LOOK_EVERY = 0.5
AT_ONCE = 6  # runs of one process under way at once
CONNECTIONS = 300


class Result(msgspec.Struct, frozen=True):
    """How one point ended, how many machine seconds it took, and whether its fault struck at all."""

    point: Point
    seconds: float
    difference: Difference
    struck: bool


async def serve(points: Sequence[Point], folder: Path) -> None:
    """Run the points and print their results, until the process that asked for them ends."""
    parent, work = os.getppid(), asyncio.create_task(_all(points, folder))
    while not work.done():
        await asyncio.wait([work], timeout=LOOK_EVERY)
        if os.getppid() != parent:
            work.cancel()
    await work


async def _all(points: Sequence[Point], folder: Path) -> None:
    """Each integration's company is prepared once."""
    room = asyncio.Semaphore(AT_ONCE)
    with running_server(CONNECTIONS) as server:
        for kind in sorted({one.integration for one in points}):
            company = await prepared(server.get_uri(), folder / kind, kind)
            async with company.running("undisturbed") as running:
                expected = await undisturbed(running)
            mine = [one for one in points if one.integration == kind]
            await asyncio.gather(*(_run(room, company, expected, place, one) for place, one in enumerate(mine)))


async def _run(room: asyncio.Semaphore, company: Ready, expected: Books, place: int, point: Point) -> None:
    async with room:
        began = time.monotonic()
        structlog.contextvars.bind_contextvars(point=str(point))
        found, struck = await _tried(company, expected, f"point_{place}", point)
    result = Result(point, round(time.monotonic() - began, 1), found, struck)
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    sys.stdout.flush()


async def _tried(company: Ready, expected: Books, name: str, point: Point) -> tuple[Difference, bool]:
    """A run that breaks is a finding like any other; the rest go on."""
    try:
        async with company.running(name, RUN_BY_DAY if point.kind == DAY_LIMIT else RUN) as running:
            return await disturbed(running, point, expected)
    except Exception as error:  # noqa: BLE001
        structlog.get_logger().exception("the run broke", point=str(point))
        return Difference(unbalanced=[f"the run broke: {type(error).__name__} {error}"]), True


def main() -> int:
    """Read points as JSON from the standard input; log to the error output."""
    parser = argparse.ArgumentParser(prog="python -m faults.process", description=__doc__)
    parser.parse_args()
    points = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Point])
    logs.configure(service=True)
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        asyncio.run(serve(points, Path(folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
