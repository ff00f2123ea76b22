"""What became of posted documents at the target: how far each has come there, what keeps it back, and since when."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.purchases import BillState
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.finding import opened_document, party_name
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.posted import GONE, word
from ml_connector.service.roles import READERS
from ml_connector.service.tallies import Tally, in_currency
from ml_connector.sync.directory import entry_name
from ml_connector.sync.states import State

#: What is wrong with a document there, in a bookkeeper's words, and who does what about it; the first is looked at first.
FINDINGS = {
    "gone": (
        "is not in {target} any more",
        "See in {target} who removed it and why; void it in {source} if it is not owed, else dismiss it with the reason.",
    ),
    "rejected": (
        "was rejected in {target}",
        "Ask who rejected it. If it is not owed, void it in {source}; else have it corrected and submitted again there.",
    ),
    "canceled": (
        "was cancelled or voided in {target} and stands in {source}",
        "If it is not owed, void it in {source}; else enter it anew in {source}, or have it made again in {target}.",
    ),
    "trouble": (
        "does not go on in {target}",
        "Accounts payable resolves it in {target}; here nothing is to be done, it goes on by itself.",
    ),
    "paid here": (
        "is paid in {source} while nobody has approved it in {target}",
        "Have it approved in {target}; if it is not approved there, ask the vendor to give the money back.",
    ),
    "partly paid here": (
        "is partly paid in {source} while nobody has approved it in {target}",
        "Have it approved in {target}; if it is not approved there, ask the vendor to give back what was paid.",
    ),
}
_PAID_HERE = {documents.PAID: "paid here", documents.PARTLY_PAID: "partly paid here"}
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
    """A document that a person has to look at there.

    ``status`` is the target's own word, ``why`` what is wrong, ``action`` who does what about it.
    """

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
    action: str
    posted_at: dt.datetime


@dataclass(frozen=True, slots=True)
class StandingReport:
    """Of one integration: every stage with count and sum, and what does not go on, kind by kind, the oldest first."""

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
    join document p on p.tenant_id = l.tenant_id  -- as it stands there
                   and p.version_id = coalesce(l.version_id, r.version_id)
    where l.tenant_id = %s and l.integration_id = %s and e.state <> ''"""
#: What is wrong with a document there, by its columns, as ``_wrong`` finds it; null where one was stored without them.
_KIND = f"""
    case when e.state = '{GONE}' or (e.state <> '{BillState.REJECTED.value}' and not e.active)
         then case when d.settled <> '{documents.VOID}' then case when e.state = '{GONE}' then 'gone' else 'canceled' end
                   when d.settled is not null then '' end
         when e.state = '{BillState.REJECTED.value}' then 'rejected'
         when e.troubled then 'trouble'
         when e.troubled is null or d.settled is null then null
         when e.state = any(%s::text[]) and d.settled in ('{documents.PAID}', '{documents.PARTLY_PAID}')
         then d.settled || ' here'
         else '' end"""
_STAGES = f"""
    select f.name, e.state, p.currency, count(*), sum(p.amount), min(l.made_at)
    {_POSTED} group by 1, 2, 3 order by 1, 2, 3"""
# From the entry that alone tells of trouble or is not approved to its document, each by its key: they are few, and no
# statistics are needed to look no further.
_SUSPECT = """
    from integration i
    cross join lateral (
        select * from directory where tenant_id = i.tenant_id and connection_id = i.target_id and state not in ('', %s)
               and (troubled is not false or not active or state = any(%s::text[])) offset 0) e
    cross join lateral (
        select * from link where tenant_id = i.tenant_id and target_entity = e.entity and target_id = e.object_id
               and integration_id = i.integration_id offset 0) l
    cross join lateral (
        select * from flow where tenant_id = i.tenant_id and integration_id = i.integration_id and name = l.entity
               and target_id = i.target_id offset 0) f
    cross join lateral (
        select * from record where tenant_id = i.tenant_id and flow_id = f.flow_id and source_id = l.source_id offset 0) r
    cross join lateral (
        select * from document where tenant_id = i.tenant_id and version_id = r.version_id offset 0) d
    where i.tenant_id = %s and i.integration_id = %s"""
_COUNTED = f"""
    select f.name, count(*) {_SUSPECT} and {_KIND} <> '' group by 1"""
_OPEN = f"""
    select r.record_id, f.name, d.number, d.amount, d.currency, e.entity, e.object_id, e.state, e.body, l.made_at,
           d.content_hash, d.canonical
    {_SUSPECT}"""
_PERHAPS = f"{_OPEN} and {_KIND} is distinct from ''"
_UNKNOWN = f"{_OPEN} and {_KIND} is null"


async def standing(desk: Desk, wanted: str = "") -> StandingReport:
    """Of one integration, by its kind or number. Raises NotFound, BadInput."""
    desk.require(*READERS)
    integration, sealer = await integration_named(desk, wanted), await desk.sealer()
    async with desk.looking() as reading:
        stages = _stages(await reading.all(_STAGES, desk.tenant_id, integration.integration_id))
        stuck = await stuck_in(reading, sealer, integration)
    return StandingReport(integration.kind, integration.target, stages, stuck)


def _stages(rows: Sequence[tuple[Any, ...]]) -> tuple[Stage, ...]:
    found: dict[tuple[str, str], tuple[Tally, list[dt.datetime]]] = {}
    for flow, state, currency, count, amount, since in rows:
        tally, moments = found.setdefault((flow, state), (Tally(), []))
        tally.add(count, currency, amount)
        moments.append(since)
    return tuple(Stage(*key, one.count, one.sums, min(moments)) for key, (one, moments) in found.items())


async def stuck_in(reading: Reading, sealer: Sealer, integration: Integration) -> tuple[Stuck, ...]:
    """What of an integration does not go on there: what was decided against first, then the oldest first.

    Each of these documents is opened, one after the other: they may be all of a year.
    """
    return await _opened(reading, sealer, integration, _PERHAPS)


async def stuck_by_flow(reading: Reading, sealer: Sealer, integration: Integration) -> dict[str, int]:
    """By flow, how many documents do not go on there. Only what was stored without the columns for it is opened."""
    counted = Counter(dict(await reading.all(_COUNTED, *_suspects(reading, integration))))
    counted.update(one.flow for one in await _opened(reading, sealer, integration, _UNKNOWN))
    return dict(counted)


def _suspects(reading: Reading, integration: Integration) -> tuple[object, ...]:
    of = reading.tenant_id, integration.integration_id
    return BillState.PAID.value, [*_NOT_APPROVED, GONE], *of, list(_NOT_APPROVED)


async def _opened(reading: Reading, sealer: Sealer, integration: Integration, which: str) -> tuple[Stuck, ...]:
    found = []
    async for row in reading.each(which, *_suspects(reading, integration)):
        record_id, flow, number, amount, currency, entity, target_id, state, body, made_at, hash_, canonical = row
        there = documents.decode(sealer.open(entry_name(entity, target_id), body))
        here = opened_document(sealer, hash_, canonical)
        code, why, action = finding(here, there, state, integration.source, integration.target)
        if code:
            status, _ = told(there, state)
            shown = record_id, flow, number, party_name(here), in_currency(amount, currency), currency, target_id
            found.append(Stuck(*shown, state, status, code, why, action, made_at))
    kinds = list(FINDINGS)
    return tuple(sorted(found, key=lambda one: (kinds.index(one.finding), one.posted_at, one.record_id)))


_THERE = """
    select e.state, e.body, s.state, i.kind, f.name, a.name, b.name
    from record r
    join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
    join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
    join integration i on i.tenant_id = f.tenant_id and i.integration_id = f.integration_id
    join connection a on a.tenant_id = f.tenant_id and a.connection_id = i.source_id
    join connection b on b.tenant_id = f.tenant_id and b.connection_id = i.target_id
    join directory e on e.tenant_id = r.tenant_id and e.connection_id = f.target_id and e.entity = %s and e.object_id = %s
    where r.tenant_id = %s and r.record_id = %s and e.state <> ''"""


async def standing_of(
    desk: Desk, reading: Reading, sealer: Sealer, record_id: int, there_is: Sequence[str], here: Document
) -> tuple[str, str, str, str]:
    """Of one record, whose counterpart is ``there_is`` (entity, id), by what was last read of the target.

    Its state there in the target's own word, what is wrong with it, who does what, and the word for it in place of posted;
    each empty where there is none.
    """
    row = await reading.one(_THERE, *there_is, reading.tenant_id, record_id)
    if row is None:
        return "", "", "", ""
    state, body, version_state, kind, flow, source, target = row
    there = documents.decode(sealer.open(entry_name(*there_is), body))
    instead = word(State(version_state), there_is[0], state, desk.runtime.integrations[kind].flow(flow).staged)
    code, why, action = finding(here, there, state, source, target)
    status, said = told(there, state)
    return status, (why if code else said), action, "" if instead == State(version_state).word else instead


def told(there: Document, state: str) -> tuple[str, str]:
    """Where a document stands there, in the target's own word, and what is said of it; both may be empty."""
    return str(getattr(there, "status", "")) or state, str(getattr(there, "trouble", ""))


def finding(here: Document, there: Document, state: str, source: str, target: str) -> tuple[str, str, str]:
    """What is wrong with a document there: its kind, the sentence, and who does what; all empty where it is on its way."""
    kind, trouble = _wrong(here, there, state), told(there, state)[1]
    if not kind:
        return "", "", ""
    why, action = (text.format(source=source, target=target) for text in FINDINGS[kind])
    return kind, trouble if trouble and kind in ("trouble", "rejected") else why, action


def _wrong(here: Document, there: Document, state: str) -> str:
    settled = documents.settled_as(here)
    if state == GONE:
        return "gone" if settled != documents.VOID else ""
    if state == BillState.REJECTED.value:
        return "rejected"
    if not getattr(there, "active", True):
        return "canceled" if settled != documents.VOID else ""
    if told(there, state)[1]:
        return "trouble"
    return _PAID_HERE.get(settled, "") if state in _NOT_APPROVED else ""
