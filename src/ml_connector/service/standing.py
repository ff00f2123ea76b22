"""What became of posted documents at the target: how far each has come there, what keeps it back, and since when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.purchases import Bill, BillState
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.finding import opened_document, party_name
from ml_connector.service.integrating import integration_named
from ml_connector.service.roles import READERS
from ml_connector.service.tallies import Tally, in_currency
from ml_connector.sync.directory import entry_name

GONE = "gone"
#: What is wrong with a document there, in a bookkeeper's words.
FINDINGS = {
    "trouble": "does not go on there",
    "rejected": "was rejected there",
    "canceled": "was cancelled or voided there and stands here",
    "gone": "is not there any more",
    "paid here": "is paid here while nobody has approved it there",
}
_NOT_APPROVED = (BillState.DRAFT.value, BillState.SUBMITTED.value, BillState.REJECTED.value)


@dataclass(frozen=True, slots=True)
class Stage:
    """Documents of a flow that have come so far there; ``since``: when the oldest of them was posted."""

    flow: str
    state: str
    count: int
    sums: dict[str, Decimal]
    since: dt.datetime


@dataclass(frozen=True, slots=True)
class Stuck:
    """A document that a person has to look at there. ``status`` is the target's own word, ``why`` a sentence."""

    record_id: int
    flow: str
    number: str
    party: str
    amount: Decimal
    currency: str
    target_id: str
    state: str
    status: str
    finding: str
    why: str
    posted_at: dt.datetime


@dataclass(frozen=True, slots=True)
class StandingReport:
    """Of one integration: every stage with count and sum, and what does not go on, the oldest first."""

    integration: str
    target: str
    stages: tuple[Stage, ...]
    stuck: tuple[Stuck, ...]


_POSTED = """
    from link l
    join integration i on i.tenant_id = l.tenant_id and i.integration_id = l.integration_id
    join flow f on f.tenant_id = l.tenant_id and f.integration_id = l.integration_id and f.name = l.entity
               and f.target_id = i.target_id
    join directory e on e.tenant_id = l.tenant_id and e.connection_id = i.target_id and e.entity = l.target_entity
                    and e.object_id = l.target_id
    join record r on r.tenant_id = l.tenant_id and r.flow_id = f.flow_id and r.source_id = l.source_id
    join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
    where l.tenant_id = %s and l.integration_id = %s and e.state <> ''"""
_STAGES = f"""
    select f.name, e.state, d.currency, count(*), sum(d.amount), min(l.made_at)
    {_POSTED} group by 1, 2, 3 order by 1, 2, 3"""
_OPEN = f"""
    select r.record_id, f.name, d.number, d.amount, d.currency, e.entity, e.object_id, e.state, e.body, l.made_at,
           d.content_hash, d.canonical
    {_POSTED} and e.state <> %s
    order by l.made_at, r.record_id"""


async def standing(desk: Desk, wanted: str = "") -> StandingReport:
    """Of one integration, by its kind or number. Raises NotFound, BadInput."""
    desk.require(*READERS)
    integration, sealer = await integration_named(desk, wanted), await desk.sealer()
    key = desk.tenant_id, integration.integration_id
    async with desk.looking() as reading:
        stages = _stages(await reading.all(_STAGES, *key))
        stuck = await stuck_in(reading, sealer, key)
    return StandingReport(integration.kind, integration.target, stages, stuck)


def _stages(rows: Sequence[tuple[Any, ...]]) -> tuple[Stage, ...]:
    found: dict[tuple[str, str], tuple[Tally, list[dt.datetime]]] = {}
    for flow, state, currency, count, amount, since in rows:
        tally, moments = found.setdefault((flow, state), (Tally(), []))
        tally.add(count, currency, amount)
        moments.append(since)
    return tuple(Stage(*key, one.count, one.sums, min(moments)) for key, (one, moments) in found.items())


async def stuck_in(reading: Reading, sealer: Sealer, key: tuple[int, int]) -> tuple[Stuck, ...]:
    """What does not go on there, the oldest first. ``key``: tenant and integration."""
    found = []
    for row in await reading.all(_OPEN, *key, BillState.PAID.value):
        record_id, flow, number, amount, currency, entity, target_id, state, body, made_at, hash_, canonical = row
        there = documents.decode(sealer.open(entry_name(entity, target_id), body))
        here = opened_document(sealer, hash_, canonical)
        finding, why = _finding(here, there, state)
        if finding:
            status, _ = told(there, state)
            shown = record_id, flow, number, party_name(here), in_currency(amount, currency), currency, target_id
            found.append(Stuck(*shown, state, status, finding, why, made_at))
    return tuple(found)


def told(there: Document, state: str) -> tuple[str, str]:
    """Where a document stands there, in the target's own word, and what is said of it; both may be empty."""
    return str(getattr(there, "status", "")) or state, str(getattr(there, "trouble", ""))


def _finding(here: Document, there: Document, state: str) -> tuple[str, str]:
    """What is wrong with a document there, and why; empty where it is on its way."""
    (_, trouble), live = told(there, state), bool(getattr(here, "active", True))
    if state == GONE:
        return ("gone", FINDINGS["gone"]) if live else ("", "")
    if state == BillState.REJECTED.value:
        return "rejected", trouble or FINDINGS["rejected"]
    if not getattr(there, "active", True):
        return ("canceled", FINDINGS["canceled"]) if live else ("", "")
    if trouble:
        return "trouble", trouble
    paid = (
        isinstance(here, Bill) and here.state is BillState.PAID and here.total > 0
    )  # a credit that is used up is no payment
    return ("paid here", FINDINGS["paid here"]) if paid and state in _NOT_APPROVED else ("", "")
