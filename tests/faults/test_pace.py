"""A busy machine is waited for: time counts as much as the process was given of it."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
from types import SimpleNamespace
from typing import Any, cast

import pytest

from faults import process, run
from faults.pace import Pace, ran_and_waited
from faults.points import Point
from faults.process import Work, World
from faults.world import Running
from ml_connector.store.errors import DatabaseUnavailable


class Machine:
    """A process that wants to run all the time and is given one second of so many."""

    def __init__(self, slowness: float, load: float = 0.0) -> None:
        self.slowness, self.crowd, self.now = slowness, load, 0.0

    def figures(self) -> tuple[float, float]:
        ran = self.now / self.slowness
        return ran, self.now - ran

    def pace(self) -> Pace:
        return Pace(self.figures, lambda: self.crowd, lambda: self.now)


def _running(slowed: float) -> Running:
    return cast(Running, SimpleNamespace(desk=None, integration=None, slowed=slowed))


@pytest.mark.parametrize(("slowness", "load", "held_up", "slow"), [(1, 0.3, 1, 1), (4, 0.3, 4, 4), (1, 7, 1, 7)])
def test_slowness_is_how_long_one_waits_for_a_processor_or_how_many_want_it(
    slowness: float, load: float, held_up: float, slow: float
) -> None:
    machine = Machine(slowness, load)
    pace = machine.pace()
    machine.now = 100.0
    assert pace.held_up() == pytest.approx(held_up)
    assert pace.slowness() == pytest.approx(slow)


def test_slowness_is_that_of_late_and_a_moment_counts_for_a_part() -> None:
    machine = Machine(5)
    pace = machine.pace()
    machine.now = 100.0
    assert pace.held_up() == pytest.approx(5)
    ran, waited = machine.figures()
    pace.figures = lambda: (ran + 1.0, waited)  # from now on it has the machine for itself
    machine.now = 100.5
    assert pace.held_up() == pytest.approx(5)  # too short to tell
    machine.now = 101.0
    assert 4 < pace.held_up() < 5
    machine.now = 140.0
    assert pace.held_up() == pytest.approx(1, abs=0.01)  # it did not want to run at all


def test_the_kernel_tells_what_this_process_was_given() -> None:
    before = ran_and_waited()
    sum(range(2_000_000))
    after = ran_and_waited()
    assert all(new >= old for new, old in zip(after, before, strict=True))


@pytest.mark.anyio
async def test_a_busy_machine_is_waited_for_as_many_times_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    async def progress(*_: object) -> SimpleNamespace:
        return SimpleNamespace(moved=(0,))

    looks = itertools.count(1)
    monkeypatch.setattr(run, "progress", progress)
    monkeypatch.setattr(run, "MOVED_EVERY", 0.001)
    monkeypatch.setattr(run, "PATIENCE", 0.05)
    monkeypatch.setattr(run, "Pace", lambda: SimpleNamespace(slowness=lambda: 1e6 if next(looks) < 200 else 1.0))
    with pytest.raises(TimeoutError):
        await run._while_it_moves(_running(slowed=1.0), asyncio.Event().wait())  # type: ignore[arg-type]
    assert next(looks) > 200


@pytest.mark.anyio
@pytest.mark.parametrize("slowed", [1.0, 5.0])
async def test_a_run_with_a_slow_clock_is_waited_for_as_many_times_longer(
    slowed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for an hour of its clock moves nothing meanwhile, and the machine may have become quick again."""
    seconds = itertools.count(step=5.0)

    async def stands(*_: object) -> SimpleNamespace:
        return SimpleNamespace(moved=(0,))

    monkeypatch.setattr(run, "Pace", lambda: SimpleNamespace(slowness=lambda: 1.0))
    monkeypatch.setattr(run, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    monkeypatch.setattr(run, "progress", stands)
    monkeypatch.setattr(run, "MOVED_EVERY", 0.001)
    with pytest.raises(TimeoutError):
        await run._while_it_moves(_running(slowed), asyncio.Event().wait())  # type: ignore[arg-type]
    assert next(seconds) > run.PATIENCE * slowed


@pytest.mark.anyio
async def test_a_database_that_is_too_busy_to_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = itertools.count(1)

    async def progress(*_: object) -> SimpleNamespace:
        if next(asked) < run.ASKED_AGAIN:
            raise DatabaseUnavailable("no connection came free")
        return SimpleNamespace(moved=(0,))

    monkeypatch.setattr(run, "progress", progress)
    monkeypatch.setattr(run, "LOOK_EVERY", 0.0)
    running = cast(Any, SimpleNamespace(desk=None, integration=None))
    assert (await run._progress(running)).moved == (0,)
    asked = itertools.count(-10)
    with pytest.raises(DatabaseUnavailable):
        await run._progress(running)


@pytest.mark.anyio
@pytest.mark.parametrize(("held_up", "at_once"), [(1.0, process.AT_ONCE), (99.0, process.AT_LEAST)])
async def test_no_more_runs_begin_than_the_machine_keeps_up_with(
    held_up: float, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work, most, room = 0, 0, asyncio.Event()

    async def one(*_: object) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        if at_work == at_once:
            asyncio.get_running_loop().call_later(0.05, room.set)  # time enough for one too many
        await room.wait()
        at_work -= 1

    monkeypatch.setattr(process, "_run", one)
    monkeypatch.setattr(process, "LOOK_EVERY", 0.001)
    monkeypatch.setattr(process, "Pace", lambda: SimpleNamespace(held_up=lambda: held_up))
    points = [Point("a-b", "a", place, "cut") for place in range(30)]
    work = Work(cast(dict[str, World], {"a-b": None}), points, multiprocessing.Value("i", 0))
    async with asyncio.timeout(30):
        await process._all(work, cast(Any, None))
    assert most == at_once
    assert work.taken.value == len(points) + 1
