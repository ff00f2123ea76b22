"""``python -m benchmarks.parties``: a baseline of customers and vendors that ServiceTitan and Zoho Books both have already.

The worker reads both sides under their limits, links what is proven and writes nothing (`parties_baseline=yes`). What comes
of it is held against the seeded truth of the sandbox's company `parties:N,M`: links that are right, wrong and missed, and
what is suggested to a person. A tenth of it is measured first, so that the processor time of a party in the larger one
stands beside that in the smaller. Prints tables and writes JSON; ends with 1 when a link is wrong.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import frame, stage
from benchmarks.frame import Found
from benchmarks.measure import busiest
from benchmarks.parties_found import WRONG, worth

LOAD = stage.PARTIES
LEAST = 40  # parties of a kind, as the sandbox has it
A_SECOND = 60  # ServiceTitan's calls
PER_MINUTE, A_DAY = 100, 10_000  # Zoho Books' calls of an organisation of the plan Premium
_ID = re.compile(r"/\d+(?=/|$)")


async def baseline(customers: int, vendors: int, speed: float = 1.0, tell: stage.Tell = stage.silently) -> Found:
    """One baseline under both sides' limits, on a clock of so many seconds a second. Seconds of the machine; MiB."""
    run = await frame.run(LOAD, f"{customers},{vendors}", speed=speed, tell=tell)
    titan, zoho = (run.calls[vendor] for vendor in LOAD.vendors)
    judged = worth(run.company["parties"]["sources"], run.found["matched"])
    return {
        "customers": customers,
        "vendors": vendors,
        "speed": speed,
        "calls": {vendor: len(calls) for vendor, calls in run.calls.items()},
        "paths": {vendor: _paths(calls) for vendor, calls in run.calls.items()},
        "http_429": {vendor: one["http_429"] for vendor, one in run.seen.items()},
        "servicetitan_share_of_a_second": busiest([one["at"] for one in titan], 1.0) / A_SECOND,
        "zoho_share_of_a_minute": busiest([one["at"] for one in zoho], 60.0) / PER_MINUTE,
        "zoho_share_of_the_day": len(zoho) / A_DAY,
        "seconds": _seconds(run.found, judged),
        "processor_seconds": {"ours": run.found["own"], "PostgreSQL": run.found["postgres"]},
        "ms_per_party": (run.found["own"] + run.found["postgres"]) / (customers + vendors) * 1000,
        "peak_mib": run.found["megabytes"],
        "peak_mib_before": run.found["megabytes_at_rest"],
        "ended": run.found["ended"],
        "judged": judged,
        "verdicts": {name: sum(one["verdicts"][name] for one in judged.values()) for name in _VERDICTS},
    }


def _seconds(found: Mapping[str, Any], judged: Mapping[str, Any]) -> dict[str, float]:
    told = sum(one["seconds"] for one in judged.values())
    return {"until ServiceTitan is read": found["read_wall"], "until all is linked": found["wall"], "to suggest": told}


def _paths(calls: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """How many calls by method and path without ids, most first."""
    counted = Counter(f"{one['method']} {_ID.sub('', str(one['path']))}" for one in calls)
    return dict(counted.most_common())


def wrong(found: Found) -> int:
    """How many links stand that must not be made without a person."""
    return sum(found["verdicts"][name] for name in WRONG)


# --- showing -----------------------------------------------------------------------------------------------------

_VERDICTS = {
    "right": "links that are right",
    "wrong": "links that are wrong",
    "bold": "links right by luck, without proof",
    "shared": "contacts that two are linked with",
    "missed": "links missed, though proven",
    "suggested": "to be decided, with all candidates shown",
    "unsuggested": "to be decided, with a candidate not shown",
    "for_nobody": "suggestions for one who has no counterpart",
}


def _table(found: Sequence[Found]) -> Table:
    table = Table("", title="A baseline of customers and vendors, ServiceTitan and Zoho Books", title_justify="left")
    for one in found:
        table.add_column(f"{one['customers']:,} + {one['vendors']:,}", justify="right")
    for rows in zip(*(list(_rows(one)) for one in found), strict=True):
        table.add_row(rows[0][0], *(value for _, value in rows))
    return table


def _rows(found: Found) -> Iterator[tuple[str, str]]:
    yield from ((f"calls, {vendor}", f"{count:,}") for vendor, count in found["calls"].items())
    yield "answered 429", f"{sum(found['http_429'].values()):,}"
    yield "busiest second, share of ServiceTitan's 60 calls", f"{found['servicetitan_share_of_a_second']:.0%}"
    yield "busiest minute, share of Zoho Books' 100 calls", f"{found['zoho_share_of_a_minute']:.0%}"
    yield "share of Zoho Books' 10,000 calls a day", f"{found['zoho_share_of_the_day']:.1%}"
    yield from ((f"seconds {name}", f"{seconds:,.1f}") for name, seconds in found["seconds"].items())
    yield from ((f"processor seconds, {name}", f"{spent:,.1f}") for name, spent in found["processor_seconds"].items())
    yield "processor ms a party, together", f"{found['ms_per_party']:,.1f}"
    yield "peak memory, MiB", f"{found['peak_mib']:.1f}"
    yield "peak memory before the sync, MiB", f"{found['peak_mib_before']:.1f}"
    yield from ((told, f"{found['verdicts'][name]:,}") for name, told in _VERDICTS.items())


def _details(found: Found) -> Iterator[tuple[str, str]]:
    for table, one in found["judged"].items():
        yield table, f"{one['parties']:,}"
        yield from ((f"    linked by {name}", f"{count:,}") for name, count in one["linked_by"].items())
        yield from ((f"    suggested by {name}", f"{count:,}") for name, count in one["suggested_by"].items())
        yield from ((f"    {_VERDICTS[name]}", frame.counts(cases)) for name, cases in one["not_right"].items())
    for vendor, paths in found["paths"].items():
        yield f"calls, {vendor}", f"{found['calls'][vendor]:,}"
        yield from ((f"    {path}", f"{count:,}") for path, count in paths.items())


async def _all(given: argparse.Namespace, console: Console) -> Found:
    runs = []
    for share in (1,) if given.alone else (10, 1):
        customers, vendors = max(LEAST, given.customers // share), max(LEAST, given.vendors // share)
        with console.status(f"{customers:,} customers and {vendors:,} vendors"):
            runs.append(await baseline(customers, vendors, given.speed, frame.so_far(console, "customers linked")))
    console.print(_table(runs))
    console.print(frame.pairs_table("By which evidence, of which cases, by which calls", _details(runs[-1])))
    ratio = runs[-1]["ms_per_party"] / runs[0]["ms_per_party"]
    if not given.alone:
        console.print(
            f"A party of the larger one takes {ratio:.2f} times the processor time of one of the smaller.",
            highlight=False,
        )
    return {"ratio": ratio, "baselines": runs}


def main() -> int:
    """Measure, print, write; 1 when a link is wrong."""
    found = frame.measured("parties", _all, _parser().parse_args())
    return int(any(wrong(one) for one in found["baselines"]))


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks.parties", description=__doc__)
    made.add_argument("--customers", type=int, default=20_000, help="customers on both sides; a tenth is measured too")
    made.add_argument("--vendors", type=int, default=2_000, help="vendors on both sides; a tenth is measured too")
    made.add_argument("--alone", action="store_true", help="do not measure a tenth of them too")
    made.add_argument("--speed", type=float, default=1.0, help="clock seconds a second, 1 unless told")
    made.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return made


if __name__ == "__main__":
    sys.exit(main())
