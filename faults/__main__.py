"""``python -m faults``: the whole matrix, or a seeded sample of it."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from faults.points import COMMIT_KILLS, DATABASE, KILLS, Point, sampled
from faults.preparing import prepared
from faults.process import CONNECTIONS, Result
from faults.report import counts, shown, table
from faults.run import commits_of, undisturbed
from faults.world import Running, worlds
from ml_connector.telemetry import logs
from rig.postgres import running_server

Report = Callable[[str], None]
IDLE_SHARE = 0.1  # of the points; a run makes a few calls and commits more or fewer, by the clock


async def counted(folder: Path, kinds: Sequence[str]) -> list[Point]:
    """Every point: one run of each world without faults is made, and its external calls are counted."""
    found: list[Point] = []
    with running_server(CONNECTIONS) as server:
        for kind in kinds:
            company = await prepared(server.get_uri(), folder / kind, kind)
            async with company.running("counted") as running:
                await undisturbed(running)
                found += _calls(running, kind)
            async with company.running("commits") as running:
                commits = _commits(kind, await commits_of(running))
            if not commits:
                raise RuntimeError(f"no commit of {kind} was counted, and each is a point")
            found += commits
    return found


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


async def run(points: Sequence[Point], processes: int, log: Path, report: Report) -> list[Result]:
    """Run all points, dealt to so many processes; their log lines go to ``log``."""
    with log.open("wb") as lines:
        dealt = [points[place::processes] for place in range(processes)]
        told = await asyncio.gather(*(_process(part, lines.fileno(), report) for part in dealt if part))
    return sorted((one for part in told for one in part), key=lambda one: one.point)


async def _process(points: Sequence[Point], log: int, report: Report) -> list[Result]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "faults.process",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log, limit=1 << 24,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(msgspec.json.encode(points))
    process.stdin.close()
    found = []
    async for line in process.stdout:
        found.append(msgspec.json.decode(line, type=Result))
        report(shown(found[-1]) if found[-1].difference else "")
    if await process.wait() != 0 or len(found) != len(points):
        raise RuntimeError(f"a process ended after {len(found)} of {len(points)} points; see the log")
    return found


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
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        points = asyncio.run(counted(Path(folder), given.integration or worlds()))
    chosen = [one for one in points if given.only.lower() in str(one).lower()]
    if given.sample:
        chosen = sampled(chosen, given.sample, given.seed)
    if not chosen:
        print(none_holds(points, given.only), file=sys.stderr)
        return 2
    run_now = "1 is" if len(chosen) == 1 else f"{len(chosen)} are"
    print(f"{_points(len(points))}; {run_now} run, the log is {given.log}", flush=True)
    results = asyncio.run(run(chosen, given.processes, given.log, _report(len(chosen))))
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
