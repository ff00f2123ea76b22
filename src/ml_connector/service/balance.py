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


@dataclass(frozen=True, slots=True)
class Runs:
    """A flow's runs together. ``unbalanced``: the oldest SHOWN of the ``unbalanced_count`` that do not add up."""

    read: int = 0
    repeats: int = 0
    stale: int = 0
    last: Run | None = None
    unbalanced: tuple[Run, ...] = ()
    unbalanced_count: int = 0


SHOWN = 5  # runs that do not balance; each batch of webhooks is a run, so there may be very many

_RUNS = """
    select run_id, flow_id, kind, trigger, actor, started_at, finished_at, rows, new_versions, repeats, stale, unread,
           problem, sums
    from run where tenant_id = %s and flow_id = any(%s::int[]) and (%s::bigint[] is null or run_id = any(%s::bigint[]))
    order by run_id"""
_LEDGER = """
    select s.run_id, d.currency, count(*), sum(d.amount)
    from version_state s join document d on d.tenant_id = s.tenant_id and d.version_id = s.version_id
    where s.tenant_id = %s and s.flow_id = any(%s::int[]) and (%s::bigint[] is null or s.run_id = any(%s::bigint[]))
    group by s.run_id, d.currency"""
_TOTALS = """
    select flow_id, coalesce(sum(new_versions) filter (where kind = 'read'), 0)::bigint,
           coalesce(sum(repeats) filter (where kind = 'read'), 0)::bigint,
           coalesce(sum(stale) filter (where kind = 'read'), 0)::bigint, max(run_id)
    from run where tenant_id = %s and flow_id = any(%s::int[]) group by flow_id"""
# Both equations over all runs at once, in number and in money; what does not add up is then read run by run.
_UNBALANCED = """
    with asked as (select * from run where tenant_id = %s and flow_id = any(%s::int[])),
    stated as (
        select r.run_id, p.part, m.currency, m.amount::numeric as amount
        from asked r, jsonb_each(r.sums) as p (part, money), jsonb_each_text(p.money) as m (currency, amount)
        where p.part = any(%s::text[])
    ), stored as (
        select s.run_id, d.currency, count(*) as count, sum(d.amount) as amount
        from version_state s join document d on d.tenant_id = s.tenant_id and d.version_id = s.version_id
        where s.tenant_id = %s and s.flow_id = any(%s::int[]) group by s.run_id, d.currency
    ), differing as (
        select r.run_id from asked r
        left join (select run_id, sum(count) as count from stored group by run_id) c using (run_id)
        where r.rows <> r.new_versions + r.repeats + r.stale + r.unread or r.new_versions <> coalesce(c.count, 0)
        union
        select run_id from stated group by run_id, currency
        having sum(case part when 'rows' then amount else -amount end) <> 0
        union
        select run_id from (
            select run_id, currency, amount from stated where part = 'new'
            union all select run_id, currency, -amount from stored) both_ends
        group by run_id, currency having sum(amount) <> 0
    )
    select r.flow_id, r.run_id from differing join asked r using (run_id) order by r.run_id"""


async def runs_in(reading: Reading, flow_ids: list[int], run_ids: list[int] | None = None) -> list[Run]:
    """All runs of some flows, or those of them that are named, oldest first, each with its two equations proved."""
    counts: dict[int, int] = defaultdict(int)
    money: dict[int, dict[str, Decimal]] = defaultdict(dict)
    for run_id, currency, count, amount in await reading.all(_LEDGER, reading.tenant_id, flow_ids, run_ids, run_ids):
        counts[run_id] += count
        money[run_id][currency] = amount
    found = []
    for *row, sums in await reading.all(_RUNS, reading.tenant_id, flow_ids, run_ids, run_ids):
        told = _imbalance(row, _sums.decode(sums), counts[row[0]], money[row[0]])
        found.append(made(Run, *row, told))
    return found


async def runs_together(reading: Reading, flow_ids: list[int]) -> dict[int, Runs]:
    """By flow what all its runs come to; every run is proved, and only what is shown is read one by one."""
    differing: dict[int, list[int]] = defaultdict(list)
    here = reading.tenant_id, flow_ids
    for flow_id, run_id in await reading.all(_UNBALANCED, *here, ["rows", *_INTAKE], *here):
        differing[flow_id].append(run_id)
    totals = await reading.all(_TOTALS, *here)
    wanted = [*(row[4] for row in totals), *(one for ids in differing.values() for one in ids[:SHOWN])]
    runs = {run.run_id: run for run in await runs_in(reading, flow_ids, wanted)}
    return {
        flow_id: Runs(read, repeats, stale, runs[last], _of(runs, differing[flow_id][:SHOWN]), len(differing[flow_id]))
        for flow_id, read, repeats, stale, last in totals
    }


def _of(runs: Mapping[int, Run], ids: list[int]) -> tuple[Run, ...]:
    return tuple(runs[one] for one in ids)


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
