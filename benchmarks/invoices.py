"""``python -m benchmarks.invoices``: a backfill of invoices and payments from ServiceTitan to Xero.

First with the limits off on both sides: what a record costs in processor time and memory. Then with the limits on and
the clock fast: calls per record by kind, the share of the allowed rate that is used, and the end as it was forecast when
everything was read, and as it was. Prints tables and writes JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import stage
from benchmarks.measure import share_used

LOAD = stage.SALES
PER_MINUTE, A_DAY = 60, 5_000  # Xero's calls per organisation
MOST_WRITES = 0.03  # of invoices, per invoice
_API = "/api.xro/2.0/"


# --- limits off: processor time and memory -----------------------------------------------------------------------


async def cost(invoices: int) -> dict[str, Any]:
    """What ``invoices`` and as many payments cost. Milliseconds of processor time per record; memory in MiB."""
    records = 2 * invoices
    with stage.folder() as folder:
        file = folder / "sandbox.json"
        async with stage.sandbox(file, LOAD, invoices) as handover:
            found = await stage.worker(LOAD, folder / "data", file, limits=False)
            calls = {vendor: await stage.emulator(handover, vendor, "statistics") for vendor in LOAD.vendors}
    return {
        "invoices": invoices,
        "posted": _posted(found),
        "records_per_second": records / found["wall"],
        "own_ms": found["own"] / records * 1000,
        "postgres_ms": found["postgres"] / records * 1000,
        "together_ms": (found["own"] + found["postgres"]) / records * 1000,
        "calls": {vendor: one["calls"] / records for vendor, one in calls.items()},
        "peak_mib": found["megabytes"],
        "peak_mib_before": found["megabytes_at_rest"],
        "fsync": found["fsync"],
        "ended": found["ended"],
    }


def _posted(found: Mapping[str, Any]) -> dict[str, int]:
    return {flow: found["ended"].get(flow, {}).get("posted", 0) for flow in ("customers", "invoices", "payments")}


# --- limits on: calls, rate, forecast ----------------------------------------------------------------------------


async def backfill(invoices: int, speed: float) -> dict[str, Any]:
    """A backfill under Xero's limits, on a clock of so many seconds a second. Durations are clock minutes."""
    with stage.folder() as folder:
        file = folder / "sandbox.json"
        async with stage.sandbox(file, LOAD, invoices, speed=speed, limits=True) as handover:
            found = await stage.worker(LOAD, folder / "data", file, limits=True)
            calls = await stage.emulator(handover, "xero", "calls")
            seen = {vendor: await stage.emulator(handover, vendor, "statistics") for vendor in LOAD.vendors}
    api = [one for one in calls if one["path"].startswith(_API)]
    writes = Counter(_resource(one) for one in api if one["method"] != "GET")
    return {
        "invoices": invoices,
        "speed": speed,
        "posted": _posted(found),
        "writes": dict(writes),
        "reads": dict(Counter(_resource(one) for one in api if one["method"] == "GET")),
        "writes_per_invoice": writes["Invoices"] / invoices,
        "writes_per_payment": writes["Payments"] / invoices,
        "calls_per_record": len(api) / (2 * invoices),
        "share_of_the_minute": share_used(_busy(api), PER_MINUTE, 60.0),
        "share_of_the_day": len(api) / A_DAY,
        "most_at_once": max(one["most_at_once"] for one in seen["xero"]["limits"].values()),
        "http_429": {vendor: one["http_429"] for vendor, one in seen.items()},
        "left_when_read": found["left"],
        "minutes_until_read": (found["read_at"] - found["began"]) / 60,
        "forecast_minutes": found["forecast_minutes"],
        "forecast_told": found["forecast_told"],
        "actual_minutes": (found["ended_at"] - found["read_at"]) / 60,
        "allowed_minutes": len(api) / PER_MINUTE,
        "machine_seconds": found["wall"],
        "processor_seconds": found["own"] + found["postgres"],
    }


def _resource(call: Mapping[str, Any]) -> str:
    return str(call["path"].removeprefix(_API).split("/")[0])


def _busy(api: Sequence[Mapping[str, Any]]) -> list[float]:
    """When calls were made, from the first write to the last."""
    writes = [one["at"] for one in api if one["method"] != "GET"]
    return [one["at"] for one in api if writes and writes[0] <= one["at"] <= writes[-1]]


# --- showing -----------------------------------------------------------------------------------------------------


def _cost_table(found: list[dict[str, Any]]) -> Table:
    title = "Invoices and payments, ServiceTitan to Xero, limits off (per record)"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for one in found:
        table.add_column(f"{one['invoices']:,} + {one['invoices']:,}", justify="right")
    for name, key, digits in (
        ("records per second", "records_per_second", 0),
        ("CPU ms, ours", "own_ms", 3),
        ("CPU ms, PostgreSQL", "postgres_ms", 3),
        ("CPU ms, together", "together_ms", 3),
        ("peak memory, MiB", "peak_mib", 1),
        ("peak memory before the sync, MiB", "peak_mib_before", 1),
    ):
        table.add_row(name, *(f"{one[key]:,.{digits}f}" for one in found))
    for vendor in LOAD.vendors:
        table.add_row(f"calls, {vendor}", *(f"{one['calls'][vendor]:.4f}" for one in found))
    for flow in ("customers", "invoices", "payments"):
        table.add_row(f"posted, {flow}", *(f"{one['posted'][flow]:,}" for one in found))
    return table


def _backfill_table(found: Mapping[str, Any]) -> Table:
    title = f"Backfill of {found['invoices']:,} invoices and payments, limits on, clock {found['speed']:g} x"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    table.add_column("", justify="right")
    rows = {
        "posted": _counts(found["posted"]),
        "writes": _counts(found["writes"]),
        "reads": _counts(found["reads"]),
        f"writes per invoice (at most {MOST_WRITES})": f"{found['writes_per_invoice']:.4f}",
        "writes per payment": f"{found['writes_per_payment']:.4f}",
        "calls per record, all": f"{found['calls_per_record']:.4f}",
        "share of 60 a minute while writing": f"{found['share_of_the_minute']:.1%}",
        "share of 5,000 a day": f"{found['share_of_the_day']:.1%}",
        "most at once (5 allowed)": str(found["most_at_once"]),
        "answered 429": _counts(found["http_429"]),
        "clock minutes until all was read": f"{found['minutes_until_read']:.1f}",
        "clock minutes from then, forecast": _minutes(found["forecast_minutes"]),
        "clock minutes from then, actual": f"{found['actual_minutes']:.1f}",
        "clock minutes that all calls take at the allowed rate": f"{found['allowed_minutes']:.1f}",
        "machine seconds, processor seconds": f"{found['machine_seconds']:.0f}, {found['processor_seconds']:.0f}",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _minutes(found: float | None) -> str:
    return "-" if found is None else f"{found:.1f}"


def _counts(found: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in found.items()) or "-"


async def _costs(given: argparse.Namespace, console: Console) -> list[dict[str, Any]]:
    costs = []
    for size in [] if given.no_costs else [max(1, given.invoices // 10), given.invoices]:
        with console.status(f"{size:,} invoices and payments, limits off"):
            costs.append(await cost(size))
    if costs:
        console.print(_cost_table(costs))
    return costs


async def _backfills(given: argparse.Namespace, console: Console) -> list[dict[str, Any]]:
    if given.no_rates:
        return []
    with console.status(f"{given.invoices:,} invoices and payments, limits on, clock {given.speed:g} x"):
        found = await backfill(given.invoices, given.speed)
    console.print(_backfill_table(found))
    return [found]


async def _all(given: argparse.Namespace, console: Console) -> dict[str, Any]:
    costs = await _costs(given, console)
    growth = costs[-1]["peak_mib"] / costs[0]["peak_mib"] if costs else None
    backfills = await _backfills(given, console)
    return {**stage.machine(), "memory_growth": growth, "costs": costs, "backfills": backfills}


def main() -> int:
    """Measure, print as it goes, write; 1 when an invoice took more writes than it may."""
    given = _parser().parse_args()
    found = asyncio.run(_all(given, Console(stderr=given.json)))
    stage.write_results("invoices", found)
    if given.json:
        print(json.dumps(found, indent=2))
    return int(any(one["writes_per_invoice"] > MOST_WRITES for one in found["backfills"]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.invoices", description=__doc__)
    add = parser.add_argument
    add("--invoices", type=int, default=10_000, help="invoices to move, each with a payment; a tenth is measured too")
    add("--speed", type=float, default=5.0, help="clock seconds a second of the run with limits")
    add("--no-costs", action="store_true", help="leave out the runs without limits")
    add("--no-rates", action="store_true", help="leave out the run with limits")
    add("--json", action="store_true", help="print JSON instead of tables")
    return parser


if __name__ == "__main__":
    sys.exit(main())
