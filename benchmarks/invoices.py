"""``python -m benchmarks.invoices``: a backfill of invoices and payments from ServiceTitan to Xero.

First with the limits off on both sides: what a record costs in processor time and memory. Then with the limits on and
the clock fast: calls per record by kind, the share of the allowed rate that is used, and the end as it was forecast when
everything was read, and as it was. Prints tables and writes JSON.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import frame, stage
from benchmarks.frame import Found
from benchmarks.measure import share_used

LOAD = stage.SALES
FLOWS = ("customers", "invoices", "payments")
PER_MINUTE, A_DAY = 60, 5_000  # Xero's calls per organisation
MOST_WRITES = 0.03  # of invoices, per invoice
_API = "/api.xro/2.0/"


async def cost(invoices: int, tell: stage.Tell = stage.silently) -> Found:
    """What ``invoices`` and as many payments cost, limits off. Milliseconds of processor time per record; memory in MiB."""
    run = await frame.run(LOAD, invoices, tell=tell)
    return {"invoices": invoices, "posted": run.ended(FLOWS), **run.cost(2 * invoices, 2 * invoices)}


async def backfill(invoices: int, speed: float) -> Found:
    """A backfill under Xero's limits, on a clock of so many seconds a second. Durations are clock minutes."""
    run = await frame.run(LOAD, invoices, speed=speed)
    api = [one for one in run.calls["xero"] if one["path"].startswith(_API)]
    writes = Counter(_resource(one) for one in api if one["method"] != "GET")
    return {
        "invoices": invoices,
        "speed": speed,
        "posted": run.ended(FLOWS),
        "writes": dict(writes),
        "reads": dict(Counter(_resource(one) for one in api if one["method"] == "GET")),
        "writes_per_invoice": writes["Invoices"] / invoices,
        "writes_per_payment": writes["Payments"] / invoices,
        "calls_per_record": len(api) / (2 * invoices),
        "share_of_the_minute": share_used(_busy(api), PER_MINUTE, 60.0),
        "share_of_the_day": len(api) / A_DAY,
        "most_at_once": max(one["most_at_once"] for one in run.seen["xero"]["limits"].values()),
        "forecast_minutes": run.found["forecast_minutes"],
        "actual_minutes": (run.found["ended_at"] - run.found["read_at"]) / 60,
        "allowed_minutes": len(api) / PER_MINUTE,
        **run.under_limits(),
    }


def _resource(call: Mapping[str, Any]) -> str:
    return str(call["path"].removeprefix(_API).split("/")[0])


def _busy(api: Sequence[Mapping[str, Any]]) -> list[float]:
    """When calls were made, from the first write to the last."""
    writes = [one["at"] for one in api if one["method"] != "GET"]
    return [one["at"] for one in api if writes and writes[0] <= one["at"] <= writes[-1]]


# --- showing -----------------------------------------------------------------------------------------------------


def _cost_table(found: list[Found]) -> Table:
    title = "Invoices and payments, ServiceTitan to Xero, limits off (per record)"
    headings = [f"{one['invoices']:,} + {one['invoices']:,}" for one in found]
    table = frame.cost_table(title, headings, found, [frame.SPEED, *frame.PROCESSOR, *frame.MEMORY])
    frame.counted_rows(table, "posted", found)
    return table


def _backfill_table(found: Found) -> Table:
    title = f"Backfill of {found['invoices']:,} invoices and payments, limits on, clock {found['speed']:g} x"
    rows = {
        "posted": frame.counts(found["posted"]),
        "writes": frame.counts(found["writes"]),
        "reads": frame.counts(found["reads"]),
        f"writes per invoice (at most {MOST_WRITES})": f"{found['writes_per_invoice']:.4f}",
        "writes per payment": f"{found['writes_per_payment']:.4f}",
        "calls per record, all": f"{found['calls_per_record']:.4f}",
        "share of 60 a minute while writing": f"{found['share_of_the_minute']:.1%}",
        "share of 5,000 a day": f"{found['share_of_the_day']:.1%}",
        "most at once (5 allowed)": str(found["most_at_once"]),
        "answered 429": frame.counts(found["http_429"]),
        "clock minutes until all was read": f"{found['minutes_until_read']:.1f}",
        "clock minutes from then, forecast": _minutes(found["forecast_minutes"]),
        "clock minutes from then, actual": f"{found['actual_minutes']:.1f}",
        "clock minutes that all calls take at the allowed rate": f"{found['allowed_minutes']:.1f}",
        "machine seconds, processor seconds": f"{found['machine_seconds']:.0f}, {found['processor_seconds']:.0f}",
    }
    return frame.pairs_table(title, rows.items())


def _minutes(found: float | None) -> str:
    return "-" if found is None else f"{found:.1f}"


async def _all(given: argparse.Namespace, console: Console) -> Found:
    costs, backfills = [], []
    for size in [] if given.no_costs else [max(1, given.invoices // 10), given.invoices]:
        with console.status(f"{size:,} invoices and payments, limits off"):
            costs.append(await cost(size, frame.so_far(console, "invoices")))
    if costs:
        console.print(_cost_table(costs))
    if not given.no_rates:
        with console.status(f"{given.invoices:,} invoices and payments, limits on, clock {given.speed:g} x"):
            backfills.append(await backfill(given.invoices, given.speed))
        console.print(_backfill_table(backfills[0]))
    return {"memory_growth": frame.growth(costs), "costs": costs, "backfills": backfills}


def main() -> int:
    """Measure, print as it goes, write; 1 when an invoice took more writes than it may."""
    found = frame.measured("invoices", _all, _parser().parse_args())
    return int(any(one["writes_per_invoice"] > MOST_WRITES for one in found["backfills"]))


def _parser() -> argparse.ArgumentParser:
    made = frame.parser("invoices", __doc__, "invoices", 10_000, "each with a payment; a tenth is measured too")
    return frame.with_backfill(made, 5.0)


if __name__ == "__main__":
    sys.exit(main())
