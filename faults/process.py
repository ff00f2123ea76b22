"""A process that runs points, several at once since most of a run is waiting, and tells each result as it comes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized

import msgspec
import structlog

from faults.books import Books, Difference
from faults.pace import Pace
from faults.points import DAY_LIMIT, Point
from faults.run import disturbed
from faults.world import RUN, RUN_BY_DAY, SPEED, Ready
from ml_connector.telemetry import logs

LOOK_EVERY = 0.5
AT_ONCE = 10  # runs of one process under way at once, if the machine keeps up with them
AT_LEAST = 2  # under way at once, however busy the machine is: most of a run is waiting
CROWDED = 3.0  # times as long as alone; from there on one more run makes all of them slower
SLOWEST = 10.0  # the clock of a run goes as many times slower as the machine does, and this at most
CONNECTIONS = 300  # of the database, for one process


class Result(msgspec.Struct, frozen=True):
    """How one point ended, how many machine seconds it took, and whether its fault struck at all."""

    point: Point
    seconds: float
    difference: Difference
    struck: bool


@dataclass(frozen=True, slots=True)
class World:
    """A company that is ready, and what its books are after a run without faults."""

    company: Ready
    expected: Books


@dataclass(frozen=True, slots=True)
class Work:
    """What all processes share: the worlds, the points, and how many of these have been taken so far."""

    worlds: Mapping[str, World]
    points: Sequence[Point]
    taken: Synchronized[int]

    def take(self) -> int | None:
        """The place of the next point, None when all are taken. Its database is called by it."""
        with self.taken.get_lock():
            place = self.taken.value
            self.taken.value += 1
        return place if place < len(self.points) else None


def work(given: Work, results: Connection, log: int) -> None:
    """Run points in this process, forked from the one that made the worlds ready; log to the file ``log``.

    It ends with the process that asked for them.
    """
    os.dup2(log, 1)
    os.dup2(log, 2)
    logs.configure(service=True)
    asyncio.run(_serve(given, results))


async def _serve(given: Work, results: Connection) -> None:
    parent, tried = os.getppid(), asyncio.create_task(_all(given, results))
    while not tried.done():
        await asyncio.wait([tried], timeout=LOOK_EVERY)
        if os.getppid() != parent:
            tried.cancel()
    await tried


async def _all(given: Work, results: Connection) -> None:
    """Another run begins as soon as the machine has room for it."""
    pace, running = Pace(), set[asyncio.Task[None]]()
    async with asyncio.TaskGroup() as group:
        while (place := given.take()) is not None:
            point = given.points[place]
            speed = SPEED / min(pace.held_up(), SLOWEST)
            running.add(group.create_task(_run(given.worlds[point.integration], place, point, speed, results)))
            await asyncio.sleep(LOOK_EVERY)  # what it costs shows in a moment
            while len(running) >= (AT_ONCE if pace.held_up() < CROWDED else AT_LEAST):
                _, running = await asyncio.wait(running, timeout=LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)


async def _run(world: World, place: int, point: Point, speed: float, results: Connection) -> None:
    began = time.monotonic()
    structlog.contextvars.bind_contextvars(point=str(point))
    found, struck = await _tried(world, f"point_{place}", point, speed)
    results.send_bytes(msgspec.json.encode(Result(point, round(time.monotonic() - began, 1), found, struck)))


async def _tried(world: World, name: str, point: Point, speed: float) -> tuple[Difference, bool]:
    """A run that breaks is a finding like any other; the rest go on."""
    try:
        async with world.company.running(name, RUN_BY_DAY if point.kind == DAY_LIMIT else RUN, speed) as running:
            return await disturbed(running, point, world.expected)
    except Exception as error:  # noqa: BLE001
        structlog.get_logger().exception("the run broke", point=str(point))
        return Difference(unbalanced=[f"the run broke: {type(error).__name__} {error}"]), True
