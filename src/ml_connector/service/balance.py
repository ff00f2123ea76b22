"""Conservation: what a run read is what it stored, and what it stored is what became of it; in number and in money."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO
from ml_connector.service.desk import Reading, made

_INTAKE = ("new", "repeats", "stale", "unread")
_sums = msgspec.json.Decoder(dict[str, dict[str, Decimal]])


@dataclass(frozen=True, slots=True)
class Run:
    """One reading of a flow, or one replay. ``imbalance`` says what does not add up, empty when all does."""

    run_id: int
    flow_id: int
    kind: str
    trigger: str
    actor: str
    started_at: datetime
    finished_at: datetime | None
    rows: int
    new_versions: int
    repeats: int
    stale: int
    unread: int
    problem: str
    imbalance: str

    @property
    def balanced(self) -> bool:
        """Both equations hold, in number and in money."""
        return not self.imbalance


_RUNS = """
    select run_id, flow_id, kind, trigger, actor, started_at, finished_at, rows, new_versions, repeats, stale, unread,
           problem, sums
    from run where tenant_id = %s and flow_id = any(%s::int[]) order by run_id"""
_LEDGER = """
    select s.run_id, d.currency, count(*), sum(d.amount)
    from version_state s join document d on d.tenant_id = s.tenant_id and d.version_id = s.version_id
    where s.tenant_id = %s and s.flow_id = any(%s::int[]) group by s.run_id, d.currency"""


async def runs_in(reading: Reading, flow_ids: list[int]) -> list[Run]:
    """All runs of some flows, oldest first, each with its two equations proved."""
    counts: dict[int, int] = defaultdict(int)
    money: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for run_id, currency, count, amount in await reading.all(_LEDGER, reading.tenant_id, flow_ids):
        counts[run_id] += count
        money[run_id][currency] = amount
    found = []
    for *row, sums in await reading.all(_RUNS, reading.tenant_id, flow_ids):
        told = _imbalance(row, _sums.decode(sums), counts[row[0]], money[row[0]])
        found.append(made(Run, *row, told))
    return found


def _imbalance(
    row: list[object], sums: Mapping[str, Mapping[str, Decimal]], stored: int, money: Mapping[str, Decimal]
) -> str:
    """What does not add up: rows = new + repeats + stale + unread, and new = all states of the versions it brought."""
    rows, new, repeats, stale, unread = (int(str(value)) for value in row[7:12])
    faults = []
    if rows != new + repeats + stale + unread:
        faults.append(f"{rows} rows were read, and {new + repeats + stale + unread} are accounted for")
    if new != stored:
        faults.append(f"{new} versions came in, and {stored} are in the ledger")
    parts = [sums.get(name, {}) for name in _INTAKE]
    faults += _differing(sums.get("rows", {}), _added(parts), "read", "accounted for")
    faults += _differing(sums.get("new", {}), money, "came in", "in the ledger")
    return "; ".join(faults)


def _added(parts: list[Mapping[str, Decimal]]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = defaultdict(Decimal)
    for part in parts:
        for currency, amount in part.items():
            total[currency] += amount
    return total


def _differing(one: Mapping[str, Decimal], other: Mapping[str, Decimal], first: str, second: str) -> list[str]:
    return [
        f"{one.get(currency, ZERO)} {currency} {first}, {other.get(currency, ZERO)} {currency} {second}"
        for currency in sorted({*one, *other})
        if one.get(currency, ZERO) != other.get(currency, ZERO)
    ]
