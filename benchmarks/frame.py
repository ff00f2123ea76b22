"""What the measurements of all pairs share: one run of worker and emulators, what it cost, tables, and the command line."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import stage
from benchmarks.stage import Load, Tell, silently

Found = dict[str, Any]
Measure = Callable[[argparse.Namespace, Console], Coroutine[Any, Any, Found]]
Row = tuple[str, str, int]  # what a row is called, its key, and the decimal places it is shown with
SPEED: Row = ("records per second", "records_per_second", 0)
PROCESSOR: tuple[Row, ...] = (
    ("CPU ms, ours", "own_ms", 3),
    ("CPU ms, PostgreSQL", "postgres_ms", 3),
    ("CPU ms, together", "together_ms", 3),
)
MEMORY: tuple[Row, ...] = (
    ("peak memory, MiB", "peak_mib", 1),
    ("peak memory before the sync, MiB", "peak_mib_before", 1),
)


# --- one run -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Run:
    """What the worker measured, by vendor every call that its emulator saw and what it says of itself, and the company.

    ``company`` is what the sandbox's hand-over file tells of it, truth and all.
    """

    found: Found
    calls: Mapping[str, Sequence[Mapping[str, Any]]]
    seen: Mapping[str, Mapping[str, Any]]
    company: Mapping[str, Any]

    def ended(self, flows: Iterable[str], state: str = "posted") -> dict[str, int]:
        """By flow how many documents ended in a state."""
        return {flow: self.found["ended"].get(flow, {}).get(state, 0) for flow in flows}

    def cost(self, records: int, per: int) -> Found:
        """What each of ``records`` cost: milliseconds of processor time. Memory in MiB; calls for each of ``per``."""
        own, postgres = (self.found[name] / records * 1000 for name in ("own", "postgres"))
        return {
            "records_per_second": records / self.found["wall"],
            "own_ms": own,
            "postgres_ms": postgres,
            "together_ms": own + postgres,
            "calls": {vendor: len(calls) / per for vendor, calls in self.calls.items()},
            "peak_mib": self.found["megabytes"],
            "peak_mib_before": self.found["megabytes_at_rest"],
            "progress": self.found["progress"],
            "fsync": self.found["fsync"],
            "ended": self.found["ended"],
        }

    def under_limits(self) -> Found:
        """What a run with limits tells whatever was moved. Durations are clock minutes."""
        return {
            "http_429": {vendor: one["http_429"] for vendor, one in self.seen.items()},
            "left_when_read": self.found["left"],
            "forecast_told": self.found["forecast_told"],
            "minutes_until_read": (self.found["read_at"] - self.found["began"]) / 60,
            "machine_seconds": self.found["wall"],
            "processor_seconds": self.found["own"] + self.found["postgres"],
        }


async def run(
    load: Load, count: int | str, *, speed: float = 0.0, tell: Tell = silently, every: int = stage.TOLD_EVERY
) -> Run:
    """Move all of a company of ``count`` documents; with a ``speed``, under limits on a clock so many times as fast.

    ``tell`` hears how far it is after ``every`` so many of them. Raises RuntimeError.
    """
    limits = speed > 0
    with stage.folder() as folder:
        file = folder / "sandbox.json"
        async with stage.sandbox(file, load, count, speed=speed or 1.0, limits=limits) as handover:
            found = await stage.worker(load, folder / "data", file, limits=limits, tell=tell, every=every)
            calls = {vendor: await stage.emulator(handover, vendor, "calls") for vendor in load.vendors}
            seen = {vendor: await stage.emulator(handover, vendor, "statistics") for vendor in load.vendors}
    return Run(found, calls, seen, handover["company"])


def growth(costs: Sequence[Found]) -> float | None:
    """How many times the peak memory of the smallest run the largest one took; None where there is but one."""
    return costs[-1]["peak_mib"] / costs[0]["peak_mib"] if costs[1:] else None


# --- showing -----------------------------------------------------------------------------------------------------


def cost_table(title: str, headings: Sequence[str], found: Sequence[Found], rows: Sequence[Row]) -> Table:
    """A column for each run; then its calls by vendor."""
    table = Table("", title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading, justify="right")
    for name, key, digits in rows:
        table.add_row(name, *(f"{one[key]:,.{digits}f}" for one in found))
    for vendor in found[0]["calls"]:
        table.add_row(f"calls, {vendor}", *(f"{one['calls'][vendor]:.4f}" for one in found))
    return table


def counted_rows(table: Table, what: str, found: Sequence[Found]) -> None:
    """A row for each flow whose documents are counted under ``what``."""
    for flow in found[0][what]:
        table.add_row(f"{what}, {flow}", *(f"{one[what][flow]:,}" for one in found))


def pairs_table(title: str, rows: Iterable[tuple[str, str]]) -> Table:
    """Two columns: what it is, and how much."""
    table = Table("", title=title, title_justify="left")
    table.add_column("", justify="right")
    for name, value in rows:
        table.add_row(name, value)
    return table


def counts(found: Mapping[str, int]) -> str:
    """Names with their numbers."""
    return ", ".join(f"{name} {count:,}" for name, count in found.items()) or "-"


def so_far(console: Console, what: str) -> Tell:
    """A line for every 5,000 documents, with memory and calls."""

    def tell(one: Mapping[str, Any]) -> None:
        calls = ", ".join(f"{vendor} {count / max(1, one['so_far']):.3f}" for vendor, count in one["calls"].items())
        told = f"{one['so_far']:,} {what} after {one['seconds']:,.0f} s: {one['megabytes']:.1f} MiB"
        console.print(f"{told}, at most {one['peak']:.1f}; calls for each: {calls}", highlight=False, soft_wrap=True)

    return tell


# --- the command line --------------------------------------------------------------------------------------------


def parser(name: str, told: str | None, what: str, default: int, more: str) -> argparse.ArgumentParser:
    """Options of all measurements; ``what`` is moved, ``more``: how much of it is measured besides."""
    made = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=told)
    made.add_argument(f"--{what}", type=int, default=default, help=f"{what} to move; {more}")
    made.add_argument("--no-rates", action="store_true", help="leave out the runs with limits")
    made.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return made


def with_backfill(made: argparse.ArgumentParser, speed: float) -> argparse.ArgumentParser:
    """The options of a measurement with one run under limits, at a clock of ``speed`` unless told."""
    made.add_argument("--speed", type=float, default=speed, help="clock seconds a second of the run with limits")
    made.add_argument("--no-costs", action="store_true", help="leave out the runs without limits")
    return made


def measured(name: str, measure: Measure, given: argparse.Namespace) -> Found:
    """Measure, print as it goes, write the results beside those of earlier runs."""
    found = {**stage.machine(), **asyncio.run(measure(given, Console(stderr=given.json)))}
    stage.write_results(name, found)
    if given.json:
        print(json.dumps(found, indent=2))
    return found
