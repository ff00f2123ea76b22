"""``python -m benchmarks.payables``: bills of Zoho Books, every other one paid, staged in ServiceNow.

First with the limits off on both sides: what a document costs in processor time and memory, told for every 5,000 bills.
Then with the limits on and the clock fast: calls per bill on each side by what they are for, the share of the allowed
rates that they use, and the end of the reading as it was forecast and as it was. Prints tables and writes JSON.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import frame, stage
from benchmarks.frame import Found
from benchmarks.measure import share_used
from benchmarks.payables_calls import SERVICENOW, ZOHO, by_purpose

LOAD = stage.PAYABLES
FLOWS = ("vendors", "bills", "vendor_payments")
PER_MINUTE, A_DAY = 100, 10_000  # Zoho Books' calls of an organisation of the plan Premium
AN_HOUR = 5_000  # ServiceNow's, as the setting rate_per_hour has them
RATED = 1_000  # bills of the run with limits, where more are measured without
STATUS: tuple[frame.Row, ...] = (
    ("CPU ms of one 'status' at the end", "status_ms", 0),
    ("its count of what does not go on, to opening every document once", "counted_to_opened", 2),
)
MOST_CALLS = 1.0  # of ServiceNow, per bill with its share of suppliers, payments and lists


async def cost(bills: int, tell: stage.Tell = stage.silently) -> Found:
    """What ``bills`` and half as many payments cost, limits off. Milliseconds of processor time per document; MiB."""
    run = await frame.run(LOAD, bills, tell=tell)
    staged = run.ended(FLOWS)
    documents = staged["bills"] + staged["vendor_payments"] or 1
    seconds = run.found["status"]
    return {
        "bills": bills,
        "staged": staged,
        "purposes": _purposes(run.calls, bills),
        "status_ms": seconds["told"] * 1000,
        "counted_to_opened": seconds["counted"] / seconds["opened"],
        **run.cost(documents, bills),
    }


def _purposes(calls: Mapping[str, Any], bills: int) -> dict[str, dict[str, float]]:
    """By vendor: calls per bill by what they are for."""
    found = {ZOHO: by_purpose(ZOHO, calls[ZOHO]), SERVICENOW: by_purpose(SERVICENOW, calls[SERVICENOW])}
    return {vendor: {name: count / bills for name, count in one.items()} for vendor, one in found.items()}


async def backfill(bills: int, speed: float) -> Found:
    """A first reading under both sides' limits, on a clock of so many seconds a second. Durations are clock minutes."""
    run = await frame.run(LOAD, bills, speed=speed)
    zoho, instance = run.calls[ZOHO], run.calls[SERVICENOW]
    hours = (run.found["ended_at"] - run.found["began"]) / 3600
    return {
        "bills": bills,
        "speed": speed,
        "staged": run.ended(FLOWS),
        "calls_per_bill": {vendor: len(one) / bills for vendor, one in run.calls.items()},
        "purposes": _purposes(run.calls, bills),
        "zoho_share_of_the_minute": share_used([one["at"] for one in zoho], PER_MINUTE, 60.0),
        "zoho_share_of_the_day": len(zoho) / A_DAY,
        "servicenow_share_of_the_hour": len(instance) / (AN_HOUR * hours),
        "backfills": run.found["backfills"],
        "minutes_until_staged": hours * 60,
        **run.under_limits(),
    }


# --- showing -----------------------------------------------------------------------------------------------------


def _cost_table(found: list[Found]) -> Table:
    title = "Bills and payments, Zoho Books to ServiceNow, limits off (per document; calls per bill)"
    headings = [f"{one['bills']:,} bills" for one in found]
    table = frame.cost_table(title, headings, found, [frame.SPEED, *frame.PROCESSOR, *frame.MEMORY, *STATUS])
    frame.counted_rows(table, "staged", found)
    return table


def _backfill_rows(found: Found) -> Iterator[tuple[str, str]]:
    yield "staged", frame.counts(found["staged"])
    for vendor, purposes in found["purposes"].items():
        yield f"calls per bill, {vendor}", f"{found['calls_per_bill'][vendor]:.4f}"
        yield from ((f"    {name}", f"{count:.4f}") for name, count in purposes.items())
    yield "share of Zoho Books' 100 a minute", f"{found['zoho_share_of_the_minute']:.1%}"
    yield "share of Zoho Books' 10,000 a day", f"{found['zoho_share_of_the_day']:.1%}"
    yield "share of ServiceNow's 5,000 an hour", f"{found['servicenow_share_of_the_hour']:.1%}"
    yield "answered 429", frame.counts(found["http_429"])
    for entity, one in found["backfills"].items():
        told = f"{one['forecast_minutes']:.1f}, {one['actual_minutes']:.1f}"
        yield f"clock minutes to read {entity}: forecast, actual", told
    yield "clock minutes until all was read", f"{found['minutes_until_read']:.1f}"
    yield "clock minutes until all was staged", f"{found['minutes_until_staged']:.1f}"
    yield "machine seconds, processor seconds", f"{found['machine_seconds']:.0f}, {found['processor_seconds']:.0f}"


async def _all(given: argparse.Namespace, console: Console) -> Found:
    costs, backfills = [], []
    for size in [] if given.no_costs else _sizes(given):
        with console.status(f"{size:,} bills, limits off"):
            costs.append(await cost(size, frame.so_far(console, "bills")))
    if costs:
        console.print(_cost_table(costs))
    if not given.no_rates:
        rated = min(given.bills, RATED)
        with console.status(f"{rated:,} bills, limits on, clock {given.speed:g} x"):
            backfills.append(await backfill(rated, given.speed))
        title = f"First reading of {rated:,} bills and their payments, limits on, clock {given.speed:g} x"
        console.print(frame.pairs_table(title, _backfill_rows(backfills[0])))
    growth = frame.growth(costs)
    if growth is not None:
        console.print(f"peak memory at {costs[-1]['bills']:,} bills is {growth:.2f} x that at {costs[0]['bills']:,}")
    return {"memory_growth": growth, "costs": costs, "backfills": backfills}


def _sizes(given: argparse.Namespace) -> list[int]:
    """How many bills are measured without limits."""
    return [given.bills] if given.alone else [max(1, given.bills // 4), given.bills]


def main() -> int:
    """Measure, print as it goes, write; 1 when a bill took more calls than it may."""
    found = frame.measured("payables", _all, _parser().parse_args())
    return int(any(one["calls_per_bill"][SERVICENOW] > MOST_CALLS for one in found["backfills"]))


def _parser() -> argparse.ArgumentParser:
    made = frame.parser("payables", __doc__, "bills", 2_000, "every other one paid; a quarter is measured too")
    made.add_argument("--alone", action="store_true", help="do not measure a quarter of them too")
    return frame.with_backfill(made, 10.0)


if __name__ == "__main__":
    sys.exit(main())
