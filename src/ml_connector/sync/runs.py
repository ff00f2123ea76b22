"""Runs: one reading of a flow, with the reader's own count of its rows in number and in money."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import LaneTransaction, wake


@dataclass(slots=True)
class Intake:
    """The page reader's own count: rows = new versions + repeats + stale + unread, in number and per currency."""

    rows: int = 0
    new: int = 0
    repeats: int = 0
    stale: int = 0
    unread: int = 0
    sums: dict[str, dict[str, Decimal]] = field(default_factory=dict)

    def count(self, what: str, amount: Decimal, currency: str) -> None:
        """Count one row under ``what`` and under rows, with its amount."""
        for name in ("rows", what):
            setattr(self, name, getattr(self, name) + 1)
            by_currency = self.sums.setdefault(name, {})
            by_currency[currency] = by_currency.get(currency, ZERO) + amount


async def begin_run(transaction: LaneTransaction, flow: Flow, trigger: str, actor: str) -> int:
    """Open a run; its id."""
    lane = transaction.lane
    row = await transaction.one(
        """insert into run (tenant_id, flow_id, kind, trigger, actor, started_at)
        values (%s, %s, 'read', %s, %s, %s) returning run_id""",
        lane.tenant_id, flow.flow_id, trigger, actor, lane.clock.now(),
    )  # fmt: skip
    assert row is not None
    return int(row[0])


async def close_interrupted(transaction: LaneTransaction, flow: Flow) -> None:
    """Close readings that broke off. What they staged stands and is counted; the next one goes on from there."""
    await transaction.run(
        """update run set finished_at = %s, problem = %s
        where tenant_id = %s and flow_id = %s and kind = 'read' and finished_at is null""",
        transaction.lane.clock.now(), "It broke off; what it had read stands, and the next reading went on from there.",
        transaction.lane.tenant_id, flow.flow_id,
    )  # fmt: skip


async def count_rows(transaction: LaneTransaction, run_id: int, intake: Intake) -> None:
    """Add a page's count to its run."""
    row = await transaction.one(
        "select sums from run where tenant_id = %s and run_id = %s", transaction.lane.tenant_id, run_id
    )
    assert row is not None
    sums = msgspec.json.decode(row[0], type=dict[str, dict[str, Decimal]])
    for what, by_currency in intake.sums.items():
        for currency, amount in by_currency.items():
            held = sums.setdefault(what, {})
            held[currency] = held.get(currency, ZERO) + amount
    await transaction.run(
        """update run set rows = rows + %s, new_versions = new_versions + %s, repeats = repeats + %s,
               stale = stale + %s, unread = unread + %s, sums = %s
        where tenant_id = %s and run_id = %s""",
        intake.rows, intake.new, intake.repeats, intake.stale, intake.unread,
        msgspec.json.encode(sums).decode(), transaction.lane.tenant_id, run_id,
    )  # fmt: skip


async def finish_run(transaction: LaneTransaction, flow: Flow, run_id: int) -> None:
    """Close a run, and wake the lane that has work now."""
    lane = transaction.lane
    row = await transaction.one(
        """update run set finished_at = %s where tenant_id = %s and run_id = %s
        returning rows, new_versions, repeats, stale, unread""",
        lane.clock.now(), lane.tenant_id, run_id,
    )  # fmt: skip
    assert row is not None
    counts = dict(zip(("rows", "new_versions", "repeats", "stale", "unread"), row, strict=True))
    transaction.event("read", run_id=run_id, flow=flow.name, **counts)
    await wake(transaction, flow.target_id, "new documents")
