"""``python -m faults``: the whole matrix, or a seeded sample of it."""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path

import msgspec

from faults.points import COMMIT_KILLS, DATABASE, KILLS, Point, sampled
from faults.preparing import prepared
from faults.process import CONNECTIONS, Result, Work, World, work
from faults.report import counts, shown, table
from faults.run import counted
from faults.world import Running, worlds
from ml_connector.telemetry import logs
from rig.postgres import running_server

Report = Callable[[str], None]
MADE_AT_ONCE = 2  # worlds: of the time it takes some is waiting
IDLE_SHARE = 0.1  # of the points; a run makes a few calls and commits more or fewer, by the clock


async def made_ready(server: str, folder: Path, kinds: Sequence[str]) -> tuple[dict[str, World], list[Point]]:
    """Every world with its run without faults, and every point: that run's external calls and commits are counted."""
    room = asyncio.Semaphore(MADE_AT_ONCE)
    made = await asyncio.gather(*(_made(room, server, folder / kind, kind) for kind in kinds))
    worlds_ = {kind: world for kind, (world, _) in zip(kinds, made, strict=True)}
    return worlds_, [one for _, points in made for one in points]


async def _made(room: asyncio.Semaphore, server: str, folder: Path, kind: str) -> tuple[World, list[Point]]:
    async with room:
        company = await prepared(server, folder, kind)
        async with company.running(f"counted_{company.database}") as running:
            expected, commits = await counted(running)
            points = [*_calls(running, kind), *_commits(kind, commits)]
    if not commits:
        raise RuntimeError(f"no commit of {kind} was counted, and each is a point")
    return World(company, expected), points


def _commits(kind: str, count: int) -> list[Point]:
    return [Point(kind, DATABASE, number, fault, "commit") for number in range(1, count + 1) for fault in COMMIT_KILLS]


def _calls(running: Running, kind: str) -> list[Point]:
    return [
        Point(kind, vendor, call.number, fault, f"{call.method} {call.path}")
        for vendor in running.vendors
        for emulator in (running.emulator(vendor),)
        for call in emulator.log.calls
        for fault in (*emulator.faults.applicable(call), *KILLS)
    ]


def run(
    worlds_: Mapping[str, World], points: Sequence[Point], processes: int, log: Path, report: Report
) -> list[Result]:
    """Run all points in so many forked processes; their log lines go to ``log``. Raises RuntimeError.

    Whoever is killed waits longest until its lane is free, so those begin first.
    """
    forks = multiprocessing.get_context("fork")  # the worlds are made ready once, and every process has them
    given = Work(worlds_, sorted(points, key=lambda one: not one.is_kill), forks.Value("i", 0))
    under_way: dict[Connection, ForkProcess] = {}
    found: list[Result] = []
    with log.open("wb") as lines:
        for _ in range(min(processes, len(points))):
            here, there = forks.Pipe(duplex=False)
            process = forks.Process(target=work, args=(given, there, lines.fileno()))
            process.start()
            there.close()
            under_way[here] = process
        try:
            _listen(list(under_way), found, report)
        finally:
            for process in under_way.values():
                if len(found) < len(points):
                    process.terminate()
                process.join()
    if len(found) != len(points):
        raise RuntimeError(f"the processes ended after {len(found)} of {len(points)} points; see the log {log}")
    return sorted(found, key=lambda one: one.point)


def _listen(pipes: list[Connection], found: list[Result], report: Report) -> None:
    """Take in results until every process has ended."""
    while pipes:
        for pipe in wait(pipes):
            assert isinstance(pipe, Connection)
            try:
                result = msgspec.json.decode(pipe.recv_bytes(), type=Result)
            except EOFError:
                pipes.remove(pipe)
                continue
            found.append(result)
            report(shown(result) if result.difference else "")


def main() -> int:
    """0: nothing twice, missing, different or unbalanced; 1: something is; 2: it could not be run."""
    given = _parser().parse_args()
    logs.configure(service=False)
    try:
        return _run_all(given)
    except RuntimeError as error:
        print(f"The matrix could not be run: {error}", file=sys.stderr)
        return 2


def _run_all(given: argparse.Namespace) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="faults-") as folder,
        running_server(CONNECTIONS * given.processes) as server,
    ):
        return _run_in(given, server.get_uri(), Path(folder))


def _run_in(given: argparse.Namespace, server: str, folder: Path) -> int:
    began = time.monotonic()
    made, points = asyncio.run(made_ready(server, folder, given.integration or worlds()))
    chosen = [one for one in points if given.only.lower() in str(one).lower()]
    if given.sample:
        chosen = sampled(chosen, given.sample, given.seed)
    if not chosen:
        print(none_holds(points, given.only), file=sys.stderr)
        return 2
    run_now = "1 is" if len(chosen) == 1 else f"{len(chosen)} are"
    print(f"{_points(len(points))}; {run_now} run, the log is {given.log}", flush=True)
    results = run(made, chosen, given.processes, given.log, _report(len(chosen)))
    if given.table:
        given.table.write_text(
            table(results, points, " ".join(["make faults", *_words(given)]), time.monotonic() - began)
        )
    print(summary(results))
    return 1 if any(one.difference for one in results) or too_idle(results) else 0


def none_holds(points: Sequence[Point], text: str) -> str:
    """What is said where no point's description holds ``text``."""
    example = f"; one says, for example, '{points[0]}'" if points else ""
    return f"No description of the points ({len(points)}) holds {text!r}{example}."


def too_idle(results: Sequence[Result]) -> bool:
    """Whether so many faults found nothing to strike that the run proves little."""
    return sum(1 for one in results if not one.struck) > max(3, len(results) * IDLE_SHARE)


def summary(results: Sequence[Result]) -> str:
    """The one line that says it all."""
    duplicates, missing, amounts, unbalanced = counts(results) or (0, 0, 0, 0)
    idle = sum(1 for one in results if not one.struck)
    words = "fault" if idle == 1 else "faults"
    fewer = "found no call to strike: the run made fewer than the one that was counted"
    return (f"{idle} {words} {fewer}\n" if idle else "") + (
        f"faults: {_points(len(results))}, {duplicates} duplicates, {missing} missing, {amounts} amounts differ, "
        f"{unbalanced} unbalanced"
    )


def _points(count: int) -> str:
    return "1 point" if count == 1 else f"{count} points"


def _words(given: argparse.Namespace) -> list[str]:
    return [f"SAMPLE={given.sample}", f"SEED={given.seed}"] if given.sample else []


def _report(count: int) -> Report:
    done = 0

    def report(sentence: str) -> None:
        nonlocal done
        done += 1
        if sentence:
            print(sentence, flush=True)
        if done % 50 == 0 or done == count:
            print(f"{done} of {count}", flush=True)

    return report


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m faults", description=__doc__)
    add = parser.add_argument
    add("--sample", type=int, default=0, help="so many points, chosen by the seed (default: all)")
    add("--seed", type=int, default=1, help="which sample (default 1)")
    add("--only", default="", help="points whose description holds this text, such as 'zoho_books call 12'")
    add("--integration", action="append", choices=worlds(), help="only this one; may be repeated")
    add("--processes", type=int, default=os.cpu_count() or 1, help="processes (default: one for each core)")
    add("--log", type=Path, default=Path(tempfile.gettempdir()) / "ml-connector-faults.log", help="where log lines go")
    add("--table", type=Path, help="write the table of results to this file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
