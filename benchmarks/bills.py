"""``python -m benchmarks.bills``: bills from ServiceTitan to Zoho Books, through pull, plan and push.

First with the limits off on both sides: what a record costs in processor time, memory and calls. Then with the limits
on and the clock fast: how much of the allowed call rate a busy push uses. Prints a table and writes JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import stage
from benchmarks.measure import share_used

LOAD = stage.BILLS
PER_MINUTE = 100  # Zoho Books' calls in any minute of one organisation
SPEEDS = (10.0, 30.0, 60.0)  # the faster the clock, the more of a minute passes during one of our own transactions


async def cost(bills: int) -> dict[str, Any]:
    """What one of ``bills`` costs, limits off. Milliseconds of processor time per bill; memory in MiB."""
    with stage.folder() as folder:
        file = folder / "sandbox.json"
        async with stage.sandbox(file, LOAD, bills) as handover:
            found = await stage.worker(LOAD, folder / "data", file, limits=False)
            calls = {vendor: await stage.emulator(handover, vendor, "statistics") for vendor in LOAD.vendors}
    return {
        "bills": bills,
        "posted": found["ended"]["bills"].get("posted", 0),
        "records_per_second": bills / found["wall"],
        "own_ms": found["own"] / bills * 1000,
        "own_with_start_ms": (found["own"] + found["started"]) / bills * 1000,
        "postgres_ms": found["postgres"] / bills * 1000,
        "together_ms": (found["own"] + found["postgres"]) / bills * 1000,
        "calls": {vendor: one["calls"] / bills for vendor, one in calls.items()},
        "peak_mib": found["megabytes"],
        "peak_mib_before": found["megabytes_at_rest"],
        "read_share_of_time": found["read_wall"] / found["wall"],
        "fsync": found["fsync"],
        "ended": found["ended"],
    }


async def rate(bills: int, speed: float) -> dict[str, Any]:
    """How much of Zoho Books' 100 calls a minute is used from the first write to the last, limits on."""
    with stage.folder() as folder:
        file = folder / "sandbox.json"
        async with stage.sandbox(file, LOAD, bills, speed=speed, limits=True) as handover:
            found = await stage.worker(LOAD, folder / "data", file, limits=True)
            calls = await stage.emulator(handover, "zoho_books", "calls")
            refused = {
                vendor: (await stage.emulator(handover, vendor, "statistics"))["http_429"] for vendor in LOAD.vendors
            }
    counted = [call for call in calls if call["path"].startswith("/books/") and call["status"] != 429]
    writes = [call["at"] for call in counted if call["method"] != "GET"]
    busy = [call["at"] for call in counted if writes and writes[0] <= call["at"] <= writes[-1]]
    return {
        "bills": bills,
        "speed": speed,
        "posted": found["ended"]["bills"].get("posted", 0),
        "allowed_calls_per_machine_second": PER_MINUTE * speed / 60,
        "calls_while_busy": len(busy),
        "share_used": share_used(busy, PER_MINUTE, 60.0),
        "http_429": refused,
    }


# --- showing -----------------------------------------------------------------------------------------------------


def _cost_table(found: list[dict[str, Any]]) -> Table:
    table = Table(title="Bills, ServiceTitan to Zoho Books, limits off, fsync on (per bill)", title_justify="left")
    table.add_column("")
    for one in found:
        table.add_column(f"{one['bills']:,} bills", justify="right")
    for title, key, digits in (
        ("records per second", "records_per_second", 0),
        ("CPU ms, ours", "own_ms", 3),
        ("CPU ms, ours with start and imports", "own_with_start_ms", 3),
        ("CPU ms, PostgreSQL", "postgres_ms", 3),
        ("CPU ms, together", "together_ms", 3),
        ("peak memory, MiB", "peak_mib", 1),
        ("peak memory before the sync, MiB", "peak_mib_before", 1),
        ("posted", "posted", 0),
    ):
        table.add_row(title, *(f"{one[key]:,.{digits}f}" for one in found))
    for vendor in LOAD.vendors:
        table.add_row(f"calls, {vendor.replace('_', ' ')}", *(f"{one['calls'][vendor]:.4f}" for one in found))
    return table


def _rate_table(found: list[dict[str, Any]]) -> Table:
    table = Table(title="Use of Zoho Books' 100 calls a minute while the push is busy, limits on", title_justify="left")
    for title in ("clock", "allowed per machine second", "calls while busy", "share used", "429", "posted"):
        table.add_column(title, justify="right")
    for one in found:
        table.add_row(
            f"{one['speed']:g} x", f"{one['allowed_calls_per_machine_second']:.0f}", f"{one['calls_while_busy']:,}",
            f"{one['share_used']:.1%}", str(sum(one["http_429"].values())), f"{one['posted']:,}",
        )  # fmt: skip
    return table


async def _all(given: argparse.Namespace, console: Console) -> dict[str, Any]:
    sizes = [max(1, given.bills // 10), given.bills]
    speeds = () if given.no_rates else SPEEDS[1:2] if given.quick else SPEEDS
    costs, rates = [], []
    for size in sizes:
        with console.status(f"{size:,} bills, limits off"):
            costs.append(await cost(size))
    for speed in speeds:
        bills = int(given.seconds * PER_MINUTE * speed / 60)
        with console.status(f"{bills:,} bills, limits on, clock {speed:g} x"):
            rates.append(await rate(bills, speed))
    return {
        **stage.machine(),
        "memory_growth": costs[-1]["peak_mib"] / costs[0]["peak_mib"],
        "costs": costs,
        "rates": rates,
    }


def main() -> int:
    """Measure, print, write."""
    given = _parser().parse_args()
    if given.quick:
        given.bills, given.seconds = min(given.bills, 2_000), min(given.seconds, 10.0)
    console = Console(stderr=given.json)
    found = asyncio.run(_all(given, console))
    stage.write_results("bills", found)
    if given.json:
        print(json.dumps(found, indent=2))
        return 0
    console.print(_cost_table(found["costs"]))
    if found["rates"]:
        console.print(_rate_table(found["rates"]))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bills", description=__doc__)
    parser.add_argument("--bills", type=int, default=10_000, help="bills to move; a tenth of them is measured too")
    parser.add_argument("--seconds", type=float, default=30.0, help="machine seconds of each run with limits")
    parser.add_argument("--quick", action="store_true", help="at most 2,000 bills and one clock speed")
    parser.add_argument("--no-rates", action="store_true", help="leave out the runs with limits")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return parser


if __name__ == "__main__":
    sys.exit(main())
