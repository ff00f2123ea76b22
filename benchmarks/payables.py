"""``python -m benchmarks.payables``: bills of Zoho Books, every other one paid, staged in ServiceNow.

First with the limits off on both sides: what a document costs in processor time and memory. Then with the limits on and
the clock fast: calls per bill on each side by what they are for, the share of the allowed rates that they use, and the end
of the reading as it was forecast and as it was. Prints tables and writes JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import stage
from benchmarks.measure import share_used
from benchmarks.payables_calls import SERVICENOW, ZOHO, by_purpose

LOAD = stage.PAYABLES
FLOWS = ("vendors", "bills", "vendor_payments")
PER_MINUTE, A_DAY = 100, 10_000  # Zoho Books' calls of an organisation of the plan Premium
AN_HOUR = 5_000  # ServiceNow's, as the setting rate_per_hour has them
RATED = 1_000  # bills of the run with limits, where more are measured without
MOST_CALLS = 1.0  # of ServiceNow, per bill with its share of suppliers, payments and lists
Found = dict[str, Any]


# --- limits off: processor time and memory -----------------------------------------------------------------------


async def cost(bills: int) -> Found:
    """What ``bills`` and half as many payments cost. Milliseconds of processor time per document; memory in MiB."""
    with stage.folder() as folder:
        file = folder / "sandbox.json"
        async with stage.sandbox(file, LOAD, bills) as handover:
            found = await stage.worker(LOAD, folder / "data", file, limits=False)
            calls = {vendor: await stage.emulator(handover, vendor, "calls") for vendor in LOAD.vendors}
    staged = _staged(found)
    documents = staged["bills"] + staged["vendor_payments"] or 1
    return {
        "bills": bills,
        "staged": staged,
        "documents_per_second": documents / found["wall"],
        "own_ms": found["own"] / documents * 1000,
        "postgres_ms": found["postgres"] / documents * 1000,
        "together_ms": (found["own"] + found["postgres"]) / documents * 1000,
        "calls": {vendor: len(one) / bills for vendor, one in calls.items()},
        "purposes": _purposes(calls, bills),
        "peak_mib": found["megabytes"],
        "peak_mib_before": found["megabytes_at_rest"],
        "fsync": found["fsync"],
        "ended": found["ended"],
    }


def _staged(found: Mapping[str, Any]) -> dict[str, int]:
    return {flow: found["ended"].get(flow, {}).get("posted", 0) for flow in FLOWS}


def _purposes(calls: Mapping[str, Any], bills: int) -> dict[str, dict[str, float]]:
    """By vendor: calls per bill by what they are for."""
    found = {ZOHO: by_purpose(ZOHO, calls[ZOHO]), SERVICENOW: by_purpose(SERVICENOW, calls[SERVICENOW])}
    return {vendor: {name: count / bills for name, count in one.items()} for vendor, one in found.items()}


# --- limits on: calls, rate, forecast ----------------------------------------------------------------------------


async def backfill(bills: int, speed: float) -> Found:
    """A first reading under both sides' limits, on a clock of so many seconds a second. Durations are clock minutes."""
    with stage.folder() as folder:
        file = folder / "sandbox.json"
        async with stage.sandbox(file, LOAD, bills, speed=speed, limits=True) as handover:
            found = await stage.worker(LOAD, folder / "data", file, limits=True)
            calls = {vendor: await stage.emulator(handover, vendor, "calls") for vendor in LOAD.vendors}
            seen = {vendor: await stage.emulator(handover, vendor, "statistics") for vendor in LOAD.vendors}
    zoho, instance = len(calls[ZOHO]), len(calls[SERVICENOW])
    hours = (found["ended_at"] - found["began"]) / 3600
    return {
        "bills": bills,
        "speed": speed,
        "staged": _staged(found),
        "calls_per_bill": {vendor: len(one) / bills for vendor, one in calls.items()},
        "purposes": _purposes(calls, bills),
        "zoho_share_of_the_minute": share_used([one["at"] for one in calls[ZOHO]], PER_MINUTE, 60.0),
        "zoho_share_of_the_day": zoho / A_DAY,
        "servicenow_share_of_the_hour": instance / (AN_HOUR * hours),
        "http_429": {vendor: one["http_429"] for vendor, one in seen.items()},
        "backfills": found["backfills"],
        "left_when_read": found["left"],
        "forecast_told": found["forecast_told"],
        "minutes_until_read": (found["read_at"] - found["began"]) / 60,
        "minutes_until_staged": (found["ended_at"] - found["began"]) / 60,
        "machine_seconds": found["wall"],
        "processor_seconds": found["own"] + found["postgres"],
    }


# --- showing -----------------------------------------------------------------------------------------------------


def _cost_table(found: list[Found]) -> Table:
    title = "Bills and payments, Zoho Books to ServiceNow, limits off (per document)"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for one in found:
        table.add_column(f"{one['bills']:,} bills", justify="right")
    for name, key, digits in (
        ("documents per second", "documents_per_second", 0),
        ("CPU ms, ours", "own_ms", 3),
        ("CPU ms, PostgreSQL", "postgres_ms", 3),
        ("CPU ms, together", "together_ms", 3),
        ("peak memory, MiB", "peak_mib", 1),
        ("peak memory before the sync, MiB", "peak_mib_before", 1),
    ):
        table.add_row(name, *(f"{one[key]:,.{digits}f}" for one in found))
    for vendor in LOAD.vendors:
        table.add_row(f"calls per bill, {vendor}", *(f"{one['calls'][vendor]:.4f}" for one in found))
    for flow in FLOWS:
        table.add_row(f"staged, {flow}", *(f"{one['staged'][flow]:,}" for one in found))
    return table


def _backfill_table(found: Found) -> Table:
    title = f"First reading of {found['bills']:,} bills and their payments, limits on, clock {found['speed']:g} x"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    table.add_column("", justify="right")
    table.add_row("staged", ", ".join(f"{flow} {count:,}" for flow, count in found["staged"].items()))
    for vendor, purposes in found["purposes"].items():
        table.add_row(f"calls per bill, {vendor}", f"{found['calls_per_bill'][vendor]:.4f}")
        for name, count in purposes.items():
            table.add_row(f"    {name}", f"{count:.4f}")
    table.add_row("share of Zoho Books' 100 a minute", f"{found['zoho_share_of_the_minute']:.1%}")
    table.add_row("share of Zoho Books' 10,000 a day", f"{found['zoho_share_of_the_day']:.1%}")
    table.add_row("share of ServiceNow's 5,000 an hour", f"{found['servicenow_share_of_the_hour']:.1%}")
    table.add_row("answered 429", ", ".join(f"{vendor} {count}" for vendor, count in found["http_429"].items()))
    for entity, one in found["backfills"].items():
        told = f"{one['forecast_minutes']:.1f}, {one['actual_minutes']:.1f}"
        table.add_row(f"clock minutes to read {entity}: forecast, actual", told)
    table.add_row("clock minutes until all was read", f"{found['minutes_until_read']:.1f}")
    table.add_row("clock minutes until all was staged", f"{found['minutes_until_staged']:.1f}")
    spent = f"{found['machine_seconds']:.0f}, {found['processor_seconds']:.0f}"
    table.add_row("machine seconds, processor seconds", spent)
    return table


async def _all(given: argparse.Namespace, console: Console) -> Found:
    costs, backfills = [], []
    for size in [] if given.no_costs else [max(1, given.bills // 4), given.bills]:
        with console.status(f"{size:,} bills, limits off"):
            costs.append(await cost(size))
    if costs:
        console.print(_cost_table(costs))
    if not given.no_rates:
        rated = min(given.bills, RATED)
        with console.status(f"{rated:,} bills, limits on, clock {given.speed:g} x"):
            backfills.append(await backfill(rated, given.speed))
        console.print(_backfill_table(backfills[0]))
    growth = costs[-1]["peak_mib"] / costs[0]["peak_mib"] if costs else None
    if growth is not None:
        console.print(f"peak memory at {costs[-1]['bills']:,} bills is {growth:.2f} x that at {costs[0]['bills']:,}")
    return {**stage.machine(), "memory_growth": growth, "costs": costs, "backfills": backfills}


def main() -> int:
    """Measure, print as it goes, write; 1 when a bill took more calls than it may."""
    given = _parser().parse_args()
    found = asyncio.run(_all(given, Console(stderr=given.json)))
    stage.write_results("payables", found)
    if given.json:
        print(json.dumps(found, indent=2))
    return int(any(one["calls_per_bill"][SERVICENOW] > MOST_CALLS for one in found["backfills"]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.payables", description=__doc__)
    add = parser.add_argument
    add("--bills", type=int, default=2_000, help="bills to stage, every other one paid; a quarter is measured too")
    add("--speed", type=float, default=10.0, help="clock seconds a second of the run with limits")
    add("--no-costs", action="store_true", help="leave out the runs without limits")
    add("--no-rates", action="store_true", help="leave out the run with limits")
    add("--json", action="store_true", help="print JSON instead of tables")
    return parser


if __name__ == "__main__":
    sys.exit(main())
