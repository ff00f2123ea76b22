"""The mass-change breaker: what would change very much at once stops, and a person is asked.

Two things are judged: how much of a known list, or of what a flow has read, a complete enumeration no longer shows, and
how many new records one reading of a live flow brings. What is asked about is a row of `breaker`; nothing happens until a
person has decided.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ml_connector.sync.flows import Flow, flows_of
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.not_shown import is_asked, note

DEFAULT_PERCENT, DEFAULT_FLOOR = 30, 50


@dataclass(frozen=True, slots=True)
class Share:
    """How much may change at once: ``percent`` of what is known (0 = any), and always fewer than ``floor``."""

    percent: int = DEFAULT_PERCENT
    floor: int = DEFAULT_FLOOR

    @classmethod
    def of(cls, settings: Any) -> Share:
        """The share an integration's settings allow."""
        return cls(
            getattr(settings, "breaker_percent", DEFAULT_PERCENT), getattr(settings, "breaker_floor", DEFAULT_FLOOR)
        )

    def is_exceeded(self, affected: int, known: int) -> bool:
        """Whether a change of ``affected`` among ``known`` is asked about first."""
        return self.percent > 0 and known > 0 and affected >= self.floor and affected * 100 > known * self.percent


def absence_told(title: str, entity: str, affected: int, known: int, percent: int) -> str:
    """What a person is told of a list that lost very much."""
    return (
        f"{title} no longer shows {affected:,} of the {known:,} {entity.replace('_', ' ')} known; more than {percent} % "
        "at once is asked about first, and nothing was changed: 'ml-connector breaker' shows it."
    )


# --- absence -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Standing:
    """An absence that a person was asked about and that is not over: everything last seen before ``bound``."""

    breaker_id: int
    bound: int
    decision: str | None


async def gone(transaction: LaneTransaction, entity: str, bound: int) -> list[str]:
    """After a proven complete enumeration: mark as gone what was last seen before ``bound`` (microseconds of the clock),

    and note what records stand on, which is asked for first.

    More than the allowed share at once is noted and changes nothing. What a person has accepted goes if it is still
    missing; what they have dismissed stays until it is seen again. The ids that are gone now.
    """
    known, shares = await _known(transaction, entity), await _shares(transaction)
    ids: list[str] = []
    lower = -1
    for one in await _standing(transaction, entity):
        missing = await _missing(transaction, entity, lower, one.bound)
        over = not missing or (one.decision is None and _exceeded(shares, missing, known) is None)
        if one.decision == "accepted" or over:
            if one.decision != "accepted":
                await _note_stood_on(transaction, entity, lower, one.bound)
            ids += await _mark(transaction, entity, lower, one.bound, accepted=one.decision == "accepted")
            await _end(transaction, one, entity, missing)
        else:
            await _seen(transaction, one, missing, known)
        lower = one.bound
    missing = await _missing(transaction, entity, lower, bound)
    if share := _exceeded(shares, missing, known):
        await _note_absence(transaction, entity, missing, known, share.percent, bound)
        return ids
    if missing:
        await _note_stood_on(transaction, entity, lower, bound)
        ids += await _mark(transaction, entity, lower, bound)
    return ids


def _exceeded(shares: Sequence[Share], affected: int, known: int) -> Share | None:
    """The first share that is exceeded: a list serves several integrations, and the strictest of them decides."""
    return next((one for one in shares if one.is_exceeded(affected, known)), None)


async def _shares(transaction: LaneTransaction) -> list[Share]:
    lane = transaction.lane
    flows = await flows_of(transaction.connection, lane.tenant_id, lane.connection_id, lane.integrations)
    return [Share.of(settings) for settings in {flow.integration_id: flow.settings for flow in flows}.values()]


async def _known(transaction: LaneTransaction, entity: str) -> int:
    row = await transaction.one(
        """select count(*) from directory
        where tenant_id = %s and connection_id = %s and entity = %s and state <> 'gone'""",
        transaction.lane.tenant_id, transaction.lane.connection_id, entity,
    )  # fmt: skip
    return int(row[0]) if row else 0


async def _missing(transaction: LaneTransaction, entity: str, lower: int, bound: int) -> int:
    row = await transaction.one(
        """select count(*) from directory where tenant_id = %s and connection_id = %s and entity = %s
           and walk >= %s and walk < %s and state <> 'gone'""",
        transaction.lane.tenant_id, transaction.lane.connection_id, entity, lower, bound,
    )  # fmt: skip
    return int(row[0]) if row else 0


# Linked, or under a reference of ours.
_STOOD_ON = """
    (d.reference <> '' or exists (
        select 1 from integration i join link l on l.tenant_id = i.tenant_id and l.integration_id = i.integration_id
        where i.tenant_id = d.tenant_id and i.target_id = d.connection_id
          and l.target_entity = d.entity and l.target_id = d.object_id))"""


async def _note_stood_on(transaction: LaneTransaction, entity: str, lower: int, bound: int) -> None:
    """What records stand on is asked for by its id first, see ``absent``."""
    if not is_asked(transaction.lane, entity):
        return
    rows = await transaction.all(
        f"""select d.object_id from directory d where d.tenant_id = %s and d.connection_id = %s
           and d.entity = %s and d.walk >= %s and d.walk < %s and d.state <> 'gone' and {_STOOD_ON}""",
        transaction.lane.tenant_id, transaction.lane.connection_id, entity, lower, bound,
    )  # fmt: skip
    await note(transaction, entity, [row[0] for row in rows])


async def _mark(
    transaction: LaneTransaction, entity: str, lower: int, bound: int, *, accepted: bool = False
) -> list[str]:  # fmt: skip
    """``accepted``: a person has said that it is gone, so nothing of it is asked for."""
    at_once = accepted or not is_asked(transaction.lane, entity)
    rows = await transaction.all(
        f"""update directory d set active = false, state = 'gone' where d.tenant_id = %s and d.connection_id = %s
           and d.entity = %s and d.walk >= %s and d.walk < %s and d.state <> 'gone' and (%s or not {_STOOD_ON})
        returning d.object_id""",
        transaction.lane.tenant_id, transaction.lane.connection_id, entity, lower, bound, at_once,
    )  # fmt: skip
    return [row[0] for row in rows]


async def _standing(transaction: LaneTransaction, entity: str) -> list[_Standing]:
    rows = await transaction.all(
        """select breaker_id, bound, decision from breaker where tenant_id = %s and connection_id = %s
           and kind = 'absence' and flow_id is null and entity = %s and ended_at is null order by bound for update""",
        transaction.lane.tenant_id, transaction.lane.connection_id, entity,
    )  # fmt: skip
    return [_Standing(*row) for row in rows]


async def _end(transaction: LaneTransaction, one: _Standing, entity: str, missing: int) -> None:
    """What was asked about is over: it was applied, or too little of it is missing any more to ask about."""
    await transaction.run(
        "update breaker set ended_at = %s, seen_at = %s where tenant_id = %s and breaker_id = %s",
        transaction.lane.clock.now(), transaction.lane.clock.now(), transaction.lane.tenant_id, one.breaker_id,
    )  # fmt: skip
    transaction.event(
        "absence ended", breaker=one.breaker_id, entity=entity, still_missing=missing, decision=one.decision
    )


async def _seen(transaction: LaneTransaction, one: _Standing, missing: int, known: int) -> None:
    await transaction.run(
        "update breaker set affected = %s, known = %s, seen_at = %s where tenant_id = %s and breaker_id = %s",
        missing, known, transaction.lane.clock.now(), transaction.lane.tenant_id, one.breaker_id,
    )  # fmt: skip


async def _note_absence(
    transaction: LaneTransaction, entity: str, missing: int, known: int, percent: int, bound: int,
    flow_id: int | None = None,
) -> None:  # fmt: skip
    lane, now = transaction.lane, transaction.lane.clock.now()
    row = await transaction.one(
        """insert into breaker (tenant_id, connection_id, flow_id, kind, entity, affected, known, percent, bound, noted_at,
                                seen_at)
        values (%s, %s, %s, 'absence', %s, %s, %s, %s, %s, %s, %s) returning breaker_id""",
        lane.tenant_id, lane.connection_id, flow_id, entity, missing, known, percent, bound, now, now,
    )  # fmt: skip
    assert row is not None
    transaction.event("absence noted", breaker=row[0], entity=entity, missing=missing, known=known, percent=percent)


async def may_be_gone(
    transaction: LaneTransaction, flow: Flow, entity: str, missing: int, known: int, began: datetime
) -> bool:
    """Whether what a whole walk of a flow's source, ``began`` then, did not show may be taken for deleted if the vendor

    says so of each. More than the allowed share at once is noted, and a person is asked first.
    """
    row = await transaction.one(
        """select breaker_id, bound, decision from breaker where tenant_id = %s and flow_id = %s and kind = 'absence'
           and decision is distinct from 'dismissed' and ended_at is null for update""",
        transaction.lane.tenant_id, flow.flow_id,
    )  # fmt: skip
    asked, share = _Standing(*row) if row is not None else None, Share.of(flow.settings)
    if (asked is None or asked.decision is None) and share.is_exceeded(missing, known):
        if asked is not None:
            await _seen(transaction, asked, missing, known)
        else:
            bound = (began - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
            await _note_absence(transaction, entity, missing, known, share.percent, bound, flow.flow_id)
        return False
    if asked is not None:
        await _end(transaction, asked, entity, missing)
    return True


async def open_absences(lane: Lane) -> str:
    """What a person is asked about this connection's lists, in sentences; empty when nothing is open."""
    async with lane.database.tenant(lane.tenant_id) as connection:
        rows = await (
            await connection.execute(
                b"""select entity, affected, known, percent from breaker where tenant_id = %s and connection_id = %s
                and kind = 'absence' and decision is null and ended_at is null order by breaker_id""",
                [lane.tenant_id, lane.connection_id],
            )
        ).fetchall()
    return " ".join(absence_told(lane.connector.title, *row) for row in rows)
