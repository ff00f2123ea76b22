"""``python -m benchmarks.bills``: bills from ServiceTitan to Zoho Books, through pull, plan and push.

First with the limits off on both sides: what a record costs in processor time, memory and calls. Then with the limits
on and the clock fast: how much of the allowed call rate a busy push uses. Prints tables and writes JSON.
"""

from __future__ import annotations

import argparse
import sys

from rich.console import Console
from rich.table import Table

from benchmarks import frame, stage
from benchmarks.frame import Found
from benchmarks.measure import share_used

LOAD = stage.BILLS
PER_MINUTE = 100  # Zoho Books' calls in any minute of one organisation
SPEEDS = (10.0, 30.0, 60.0)  # the faster the clock, the more of a minute passes during one of our own transactions


async def cost(bills: int, tell: stage.Tell = stage.silently) -> Found:
    """What one of ``bills`` costs, limits off. Milliseconds of processor time per bill; memory in MiB."""
    run = await frame.run(LOAD, bills, tell=tell)
    return {
        "bills": bills,
        "posted": run.ended(["bills"])["bills"],
        "own_with_start_ms": (run.found["own"] + run.found["started"]) / bills * 1000,
        "read_share_of_time": run.found["read_wall"] / run.found["wall"],
        **run.cost(bills, bills),
    }


async def rate(bills: int, speed: float) -> Found:
    """How much of Zoho Books' 100 calls a minute is used from the first write to the last, limits on."""
    run = await frame.run(LOAD, bills, speed=speed)
    counted = [one for one in run.calls["zoho_books"] if one["path"].startswith("/books/") and one["status"] != 429]
    writes = [one["at"] for one in counted if one["method"] != "GET"]
    busy = [one["at"] for one in counted if writes and writes[0] <= one["at"] <= writes[-1]]
    return {
        "bills": bills,
        "speed": speed,
        "posted": run.ended(["bills"])["bills"],
        "allowed_calls_per_machine_second": PER_MINUTE * speed / 60,
        "calls_while_busy": len(busy),
        "share_used": share_used(busy, PER_MINUTE, 60.0),
        "http_429": run.under_limits()["http_429"],
    }


# --- showing -----------------------------------------------------------------------------------------------------


def _cost_table(found: list[Found]) -> Table:
    title = "Bills, ServiceTitan to Zoho Books, limits off, fsync on (per bill)"
    ours, *others = frame.PROCESSOR
    with_start = ("CPU ms, ours with start and imports", "own_with_start_ms", 3)
    rows = [frame.SPEED, ours, with_start, *others, *frame.MEMORY, ("posted", "posted", 0)]
    return frame.cost_table(title, [f"{one['bills']:,} bills" for one in found], found, rows)


def _rate_table(found: list[Found]) -> Table:
    table = Table(title="Use of Zoho Books' 100 calls a minute while the push is busy, limits on", title_justify="left")
    for title in ("clock", "allowed per machine second", "calls while busy", "share used", "429", "posted"):
        table.add_column(title, justify="right")
    for one in found:
        table.add_row(
            f"{one['speed']:g} x", f"{one['allowed_calls_per_machine_second']:.0f}", f"{one['calls_while_busy']:,}",
            f"{one['share_used']:.1%}", str(sum(one["http_429"].values())), f"{one['posted']:,}",
        )  # fmt: skip
    return table


async def _all(given: argparse.Namespace, console: Console) -> Found:
    costs, rates = [], []
    for size in (max(1, given.bills // 10), given.bills):
        with console.status(f"{size:,} bills, limits off"):
            costs.append(await cost(size, frame.so_far(console, "bills")))
    console.print(_cost_table(costs))
    for speed in () if given.no_rates else SPEEDS[1:2] if given.quick else SPEEDS:
        bills = int(given.seconds * PER_MINUTE * speed / 60)
        with console.status(f"{bills:,} bills, limits on, clock {speed:g} x"):
            rates.append(await rate(bills, speed))
    if rates:
        console.print(_rate_table(rates))
    return {"memory_growth": frame.growth(costs), "costs": costs, "rates": rates}


def main() -> int:
    """Measure, print as it goes, write."""
    given = _parser().parse_args()
    if given.quick:
        given.bills, given.seconds = min(given.bills, 2_000), min(given.seconds, 10.0)
    frame.measured("bills", _all, given)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = frame.parser("bills", __doc__, "bills", 10_000, "a tenth is measured too")
    parser.add_argument("--seconds", type=float, default=30.0, help="machine seconds of each run with limits")
    parser.add_argument("--quick", action="store_true", help="at most 2,000 bills and one clock speed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
