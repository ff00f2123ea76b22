"""``python -m benchmarks.parties``: a baseline of customers and vendors that both ServiceTitan and Xero have already.

The engine links what is proven and writes nothing (`parties_baseline`); only the two vendors' lists are played, in pages as
long as theirs. What comes of it is held against the truth: links that are right, wrong and missed, and what is suggested.
Two sizes are measured, so that the seconds of a party in the larger one stand beside those in the smaller. Prints tables
and writes JSON.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks import frame, stage
from benchmarks.frame import Found
from benchmarks.parties_directory import Directory, Truth, directory
from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.connectors.base import Connector
from ml_connector.connectors.grants import Tokens
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.servicetitan.connector import ServiceTitan
from ml_connector.connectors.writing import Outcome, Step
from ml_connector.connectors.xero.connector import Xero
from ml_connector.lanes.runtime import Runtime
from ml_connector.service.connecting import Connected, Granted, store_connection
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration, integrate
from ml_connector.service.matches import Matches, matches
from ml_connector.service.roles import Actor, Role
from ml_connector.service.tenants import create_tenant
from ml_connector.settings import Settings
from ml_connector.sync.directory import refresh
from ml_connector.sync.flows import flows_of
from ml_connector.sync.lane import ExchangeBuffer, Lane, Slice
from ml_connector.sync.pull import pull
from ml_connector.sync.push import push

KIND = "servicetitan-xero"
TABLES = {"customer": "customers", "vendor": "vendors"}
PAGES = {"servicetitan": 500, "xero": 1_000}  # rows of a page
_TITAN = Organisation("1001", "Measured Air", currency="USD", zone="America/Chicago")
_BOOKS = Organisation("0a000000-0000-4000-8000-000000000001", "Measured Air", "USD", "America/Chicago", edition="US")
_CREDENTIALS = {
    "servicetitan": {
        "environment": "production", "tenant": "1001", "client_id": "fake", "client_secret": "fake", "app_key": "fake",
    },
    "xero": {"client_id": "fake", "client_secret": "fake", "redirect": "http://localhost/"},
}  # fmt: skip


class _Played:
    """Lists that are given, page by page; each page is a call."""

    vendor: str
    lists: dict[str, Sequence[Party]]
    calls: int

    async def read(self, session: Any, reading: Reading) -> AsyncIterator[Page]:
        known, size = self.lists.get(reading.entity, ()), PAGES[self.vendor]
        pages = [known[at : at + size] for at in range(0, len(known), size)] or [()]
        for number, page in enumerate(pages, 1):
            self.calls += 1
            rows = tuple(Row(one.id, msgspec.json.encode(one), one, "") for one in page)
            last = number == len(pages)
            yield Page(rows, str(number).encode(), last, last)

    async def write(self, session: Any, step: Step) -> Outcome:
        raise AssertionError("a baseline writes nothing")

    async def write_batch(self, session: Any, steps: Sequence[Step]) -> Sequence[Outcome]:
        raise AssertionError("a baseline writes nothing")


class _Titan(_Played, ServiceTitan):
    """ServiceTitan with the source's lists."""

    def __init__(self, known: Directory) -> None:
        super().__init__()
        self.lists, self.calls = {"customers": known.customers, "vendors": known.vendors}, 0


class _Xero(_Played, Xero):
    """Xero with the target's list: one of all kinds."""

    def __init__(self, known: Directory) -> None:
        super().__init__()
        self.lists, self.calls = {"parties": known.there}, 0


class _Free:
    """No limit is counted."""

    def free(self) -> int:
        return 50

    def wait(self, calls: int = 1) -> float:
        return 0.0

    def surplus(self) -> int | None:
        return None


# --- one baseline ------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Company:
    """Both systems connected and integrated, lanes run by hand."""

    desk: Desk
    source: Connected
    target: Connected
    integration: Integration
    titan: _Titan
    xero: _Xero
    seconds: dict[str, float] = field(default_factory=dict)

    @classmethod
    async def joined(cls, runtime: Runtime, known: Directory) -> _Company:
        actor = Actor("benchmark", Role.OWNER)
        tenant = await create_tenant(runtime, actor, _TITAN.name, _TITAN.zone)
        desk, titan, xero = Desk(runtime, tenant.tenant_id, actor), _Titan(known), _Xero(known)
        source = await store_connection(desk, _granted(titan, _TITAN), _TITAN, frozenset())
        target = await store_connection(desk, _granted(xero, _BOOKS), _BOOKS, frozenset())
        given = {"start_date": "2026-07-01", "parties_baseline": "yes"}
        integration = await integrate(desk, KIND, given)
        for flow in TABLES.values():
            await set_flow_mode(desk, integration, flow, "live")
        return cls(desk, source, target, integration, titan, xero)

    async def baseline(self) -> None:
        """Read both sides, and link what is proven."""
        lane = await self._lane(self.source, self.titan, _TITAN)
        began = time.perf_counter()
        for flow in await self._flows(lane):
            if flow.name in TABLES.values():
                await pull(lane, flow, "person", "benchmark")
        self.seconds["read, ServiceTitan"] = time.perf_counter() - began
        lane, began = await self._lane(self.target, self.xero, _BOOKS), time.perf_counter()
        await refresh(lane, "parties", 0)
        self.seconds["read, Xero"] = time.perf_counter() - began
        began = time.perf_counter()
        await push(lane)
        self.seconds["matched and linked"] = time.perf_counter() - began

    async def _lane(self, connected: Connected, connector: Connector, organisation: Organisation) -> Lane:
        desk = self.desk
        return Lane(
            database=desk.runtime.database, tenant_id=desk.tenant_id, connection_id=connected.connection_id, fence=0,
            connector=connector, session=SimpleNamespace(settings={}),
            organisation=organisation, settings={}, sealer=await desk.sealer(),
            index=await desk.runtime.keyring.index_key(desk.tenant_id), clock=desk.clock, slice=Slice(86_400.0),
            capacity=_Free(), exchanges=ExchangeBuffer(), concurrency=4, integrations=desk.runtime.integrations,
        )  # fmt: skip

    async def _flows(self, lane: Lane) -> list[Any]:
        async with self.desk.runtime.database.tenant(self.desk.tenant_id) as connection:
            return await flows_of(connection, self.desk.tenant_id, lane.connection_id, lane.integrations)

    async def links(self) -> dict[tuple[str, str], str]:
        """By table and source id the target's id."""
        async with self.desk.looking() as reading:
            rows = await reading.all(
                "select entity, source_id, target_id from link where tenant_id = %s", reading.tenant_id
            )
        return {(entity, source_id): target_id for entity, source_id, target_id in rows}


def _granted(connector: Connector, *organisations: Organisation) -> Granted:
    tokens = Tokens("fake", datetime(2030, 1, 1, tzinfo=UTC), "https://api.example", "fake")
    return Granted(connector, _CREDENTIALS[connector.vendor], tokens, {}, organisations)


async def baseline(customers: int, vendors: int) -> Found:
    """One baseline: seconds by step, pages that were read, and what came of it by case of the truth."""
    known = directory(customers, vendors)
    with stage.folder() as folder:
        settings = Settings(data=folder / "data").model_copy(update={"database_url": None})
        async with Runtime.opened(settings) as runtime:
            company = await _Company.joined(runtime, known)
            await company.baseline()
            began = time.perf_counter()
            told = {kind: await _matches(company, table) for kind, table in TABLES.items()}
            company.seconds["suggested"] = time.perf_counter() - began
            links = await company.links()
    parties = len(known.customers) + len(known.vendors)
    return {
        "customers": len(known.customers),
        "vendors": len(known.vendors),
        "there": len(known.there),
        "calls": {"servicetitan": company.titan.calls, "xero": company.xero.calls},
        "seconds": company.seconds,
        "ms_per_party": sum(company.seconds.values()) / parties * 1000,
        **judged(known.truth, links, told),
    }


async def _matches(company: _Company, table: str) -> Matches:
    return await matches(company.desk, company.integration, table, at_most=1_000_000)


# --- judging -----------------------------------------------------------------------------------------------------


def judged(truth: Sequence[Truth], links: Mapping[tuple[str, str], str], told: Mapping[str, Matches]) -> Found:
    """Links and suggestions against the truth: counted over all and by case, and suggestions by their evidence."""
    offered, best, kinds = set[tuple[str, str, str]](), dict[tuple[str, str], str](), Counter[str]()
    for kind, found in told.items():
        offered |= {(kind, match.key, match.target_id) for match in found.found}
        best |= {(kind, match.key): match.target_id for match in found.found if match.suggested}
        kinds.update(_kind(match.evidence) for match in found.found)
    by_case: dict[str, Counter[str]] = {}
    for one in truth:
        linked = links.get((TABLES[one.kind], one.source_id), "")
        verdict = _verdict(one, linked, best.get((one.kind, one.source_id), ""), offered)
        by_case.setdefault(one.case, Counter())[verdict] += 1
    verdicts = sum(by_case.values(), Counter())
    return {
        "verdicts": {name: verdicts[name] for name in VERDICTS},
        "by_case": {case: dict(found) for case, found in sorted(by_case.items())},
        "suggestions_by_kind": dict(kinds.most_common()),
    }


VERDICTS = (
    "linked right", "linked wrong", "link missed", "suggested right", "offered", "suggestion missed", "left alone",
    "suggested for nobody",
)  # fmt: skip


def _verdict(one: Truth, linked: str, suggested: str, offered: set[tuple[str, str, str]]) -> str:
    """What became of one. A link that only a person may make is wrong, too, whoever it names."""
    if linked:
        return "linked right" if one.ends == "linked" and linked == one.target_id else "linked wrong"
    if one.ends == "linked":
        return "link missed"
    if one.ends == "alone":
        return "suggested for nobody" if suggested else "left alone"
    if suggested in one.candidates:
        return "suggested right"
    shown = any((one.kind, one.source_id, target_id) in offered for target_id in one.candidates)
    return "offered" if shown else "suggestion missed"


def _kind(evidence: str) -> str:
    """The evidence without its figures."""
    if evidence.startswith("name "):
        return "similar name"
    return evidence.split(",", 1)[0]


# --- showing -----------------------------------------------------------------------------------------------------


def _table(found: Sequence[Found]) -> Table:
    rows = [("parties there", [f"{one['there']:,}" for one in found])]
    rows += [(f"seconds, {name}", [f"{one['seconds'][name]:,.1f}" for one in found]) for name in found[0]["seconds"]]
    rows += [("ms a party, all steps", [f"{one['ms_per_party']:,.2f}" for one in found])]
    rows += [(f"calls, {vendor}", [f"{one['calls'][vendor]:,}" for one in found]) for vendor in found[0]["calls"]]
    rows += [(name, [f"{one['verdicts'][name]:,}" for one in found]) for name in VERDICTS]
    table = Table("", title="A baseline of customers and vendors, ServiceTitan and Xero", title_justify="left")
    for one in found:
        table.add_column(f"{one['customers']:,} + {one['vendors']:,}", justify="right")
    for name, values in rows:
        table.add_row(name, *values)
    return table


def _cases(found: Found) -> Table:
    rows = [(case, frame.counts(verdicts)) for case, verdicts in found["by_case"].items()]
    rows += [(f"evidence: {kind}", f"{count:,}") for kind, count in found["suggestions_by_kind"].items()]
    return frame.pairs_table("By case, and suggestions by their evidence", rows)


async def _all(given: argparse.Namespace, console: Console) -> Found:
    runs = []
    for share in (10, 1):
        customers, vendors = max(30, given.customers // share), max(25, given.vendors // share)
        with console.status(f"{customers:,} customers and {vendors:,} vendors"):
            runs.append(await baseline(customers, vendors))
    console.print(_table(runs))
    console.print(_cases(runs[-1]))
    ratio = runs[-1]["ms_per_party"] / runs[0]["ms_per_party"]
    console.print(f"A party of the larger one takes {ratio:.2f} times what one of the smaller takes.", highlight=False)
    return {"ratio": ratio, "baselines": runs}


def main() -> int:
    """Measure, print, write; 1 when a link is wrong."""
    found = frame.measured("parties", _all, _parser().parse_args())
    return int(any(one["verdicts"]["linked wrong"] for one in found["baselines"]))


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks.parties", description=__doc__)
    made.add_argument("--customers", type=int, default=20_000, help="customers on both sides; a tenth is measured too")
    made.add_argument("--vendors", type=int, default=2_000, help="vendors on both sides; a tenth is measured too")
    made.add_argument("--json", action="store_true", help="print JSON instead of tables")
    return made


if __name__ == "__main__":
    sys.exit(main())
