"""Guarding a live flow's readings: new records wait, unqueued, until their reading ends, and are judged together; so do

parties that became inactive, where that is carried over.

A version that is staged and not in the queue is set aside. Whoever closes a run queues what it set aside, or holds all
of it for a person when it is more than the breaker allows; so a worker that dies leaves nothing behind, since the next
run closes what broke off. A reading is one walk from cursor to cursor, over as many runs as it takes. Not judged are
the first reading, one from the beginning that a change of settings asked for, and the first one after going live.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.canonical.money import ZERO
from ml_connector.integrations.decisions import Waiting, waiting
from ml_connector.integrations.party_changes import PARTY_FLOWS, follows_status
from ml_connector.sync.breaker import Share
from ml_connector.sync.claims import read_key
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import LaneTransaction, wake
from ml_connector.sync.release import release
from ml_connector.sync.states import HELD_BACK, Priority, State

_sums = msgspec.json.Decoder(dict[str, Decimal])


async def begin_reading(transaction: LaneTransaction, flow: Flow, *, anew: bool) -> bool:
    """Open a flow's reading, or go on with the one that broke off; whether its new records are set aside.

    ``anew``: it begins at the beginning of its source, as the first one does.
    """
    tenant = transaction.lane.tenant_id
    row = await transaction.one(
        "select open, guarded, let_go, last_mode from reading where tenant_id = %s and flow_id = %s",
        tenant, flow.flow_id,
    )  # fmt: skip
    goes_on = row is not None and row[0] and not anew
    if row is None or anew:
        guarded = False
    else:
        guarded = bool(row[1]) if goes_on else row[3] == flow.mode
    guarded = guarded and _is_judged(flow) and not flow.type.tracks
    await transaction.run(
        """insert into reading (tenant_id, flow_id, open, guarded, let_go) values (%s, %s, true, %s, %s)
        on conflict (tenant_id, flow_id) do update
        set open = true, guarded = excluded.guarded, let_go = excluded.let_go""",
        tenant, flow.flow_id, guarded, row[2] if row is not None and goes_on else 0,
    )  # fmt: skip
    return guarded


def _is_judged(flow: Flow) -> bool:
    """Whether its readings are judged. Of parties that are made as needed it is those that make others inactive."""
    return flow.mode == "live" or (flow.mode == "as needed" and follows_status(flow.settings))


async def guarded_between(transaction: LaneTransaction, flow: Flow) -> bool:
    """Whether new records that come outside of a reading are set aside and judged too: as those of the last one were.

    Until the next reading begins they count together, however few come at a time.
    """
    row = await transaction.one(
        "select case when open then guarded else last_mode = %s end from reading where tenant_id = %s and flow_id = %s",
        flow.mode, transaction.lane.tenant_id, flow.flow_id,
    )  # fmt: skip
    return _is_judged(flow) and not flow.type.tracks and row is not None and bool(row[0])


async def judge(transaction: LaneTransaction, flow: Flow, *, ended: bool) -> None:
    """Queue or hold what the flow's open runs have set aside. ``ended``: the reading has come to its end.

    Call it before a run is closed, with the flow standing still.
    """
    count, sums = await _set_aside(transaction, flow)
    if count:
        await _judged(transaction, flow, count, sums, ended)
    if ended:
        await _end_reading(transaction, flow)


_ASIDE = """
    from version_state s join run r on r.tenant_id = s.tenant_id and r.run_id = s.run_id
    where s.tenant_id = %b and r.flow_id = %b and r.kind = 'read' and r.finished_at is null and s.state = %b
      and not exists (select 1 from work w where w.tenant_id = s.tenant_id and w.version_id = s.version_id offset 0)"""


def _of(transaction: LaneTransaction, flow: Flow) -> tuple[Any, ...]:
    return transaction.lane.tenant_id, flow.flow_id, State.STAGED.value


async def _set_aside(transaction: LaneTransaction, flow: Flow) -> tuple[int, dict[str, Decimal]]:
    """How many versions are set aside, and their sums by currency."""
    rows = await transaction.all(
        f"""select d.currency, count(*), sum(d.amount) from (select s.tenant_id, s.version_id {_ASIDE}) aside
        join document d on d.tenant_id = aside.tenant_id and d.version_id = aside.version_id
        group by d.currency""",
        *_of(transaction, flow),
    )
    return sum(row[1] for row in rows), {row[0]: row[2] for row in rows if row[2]}


async def _judged(transaction: LaneTransaction, flow: Flow, count: int, sums: dict[str, Decimal], ended: bool) -> None:
    share = Share.of(flow.settings)
    let_go = await _let_go_before(transaction, flow)
    asked = await _being_asked(transaction, flow) if _is_judged(flow) else None
    known = 0
    if count + let_go >= share.floor:
        known = await _known(transaction, flow) - await _new(transaction, flow) - let_go
    if _is_judged(flow) and (asked is not None or share.is_exceeded(count + let_go, known)):
        await _hold(transaction, flow, await _note(transaction, flow, asked, count, sums, known, ended))
    else:
        await _queue(transaction, flow, count)


# What a version was carried out from, or that there was nothing to do, stands when newer ones come.
_KNOWN_BEFORE = """exists (select 1 from version_state older where older.tenant_id = s.tenant_id
    and older.record_id = s.record_id and older.version_id < s.version_id and older.state <> %b offset 0)"""


async def _new(transaction: LaneTransaction, flow: Flow) -> int:
    """How many of those that are set aside are new: a party that became inactive was known before."""
    row = await transaction.one(
        f"""select count(*) from version_state s
        where s.tenant_id = %b and s.version_id in (select s.version_id {_ASIDE}) and not {_KNOWN_BEFORE}""",
        transaction.lane.tenant_id, *_of(transaction, flow), State.SUPERSEDED.value,
    )  # fmt: skip
    return int(row[0]) if row else 0


async def _let_go_before(transaction: LaneTransaction, flow: Flow) -> int:
    """New records of this reading that earlier runs have let go."""
    row = await transaction.one(
        "select let_go from reading where tenant_id = %s and flow_id = %s", transaction.lane.tenant_id, flow.flow_id
    )
    return int(row[0]) if row else 0


async def _known(transaction: LaneTransaction, flow: Flow) -> int:
    """Records the flow knows, without new ones that a person is still asked about."""
    row = await transaction.one(
        f"""select (select count(*) from record where tenant_id = %b and flow_id = %b)
                 - (select count(*) from wait w
                    join version_state s on s.tenant_id = w.tenant_id and s.version_id = w.version_id
                    where w.tenant_id = %b and w.flow_id = %b and w.kind = 'person' and w.code = %b
                      and not {_KNOWN_BEFORE})""",
        transaction.lane.tenant_id, flow.flow_id, transaction.lane.tenant_id, flow.flow_id, HELD_BACK,
        State.SUPERSEDED.value,
    )  # fmt: skip
    return int(row[0]) if row else 0


async def _queue(transaction: LaneTransaction, flow: Flow, count: int) -> None:
    """Put what was set aside into the queue, as an ordinary reading does at once."""
    await transaction.run(
        f"""insert into work (tenant_id, connection_id, priority, version_id, flow_id)
        select s.tenant_id, %b, %b, s.version_id, s.flow_id {_ASIDE}""",
        flow.target_id, min(flow.type.priority, Priority.DOCUMENT), *_of(transaction, flow),
    )  # fmt: skip
    await transaction.run(
        "update reading set let_go = let_go + %s where tenant_id = %s and flow_id = %s",
        count, transaction.lane.tenant_id, flow.flow_id,
    )  # fmt: skip
    await wake(transaction, flow.target_id, "new documents")


# --- asking a person ---------------------------------------------------------------------------------------------


async def _being_asked(transaction: LaneTransaction, flow: Flow) -> tuple[Any, ...] | None:
    """What a person is asked about already because of an earlier run of this very reading."""
    return await transaction.one(
        """select breaker_id, affected, known, sums::text from breaker where tenant_id = %s and flow_id = %s
           and kind = 'creates' and continues and decision is null and ended_at is null for update""",
        transaction.lane.tenant_id, flow.flow_id,
    )  # fmt: skip


async def _note(
    transaction: LaneTransaction, flow: Flow, asked: tuple[Any, ...] | None, count: int, sums: dict[str, Decimal],
    known: int, ended: bool,
) -> Waiting:  # fmt: skip
    """Note what a person is asked about, or more of it; what each of the documents waits for."""
    percent = Share.of(flow.settings).percent
    if asked is None:
        breaker_id = await _asked_first(transaction, flow, count, sums, known, percent, ended)
    else:
        breaker_id, before, known, text = asked
        count, sums = count + before, _added(_sums.decode(text), sums)
        await transaction.run(
            """update breaker set affected = %s, sums = %s, seen_at = %s, continues = %s
            where tenant_id = %s and breaker_id = %s""",
            count, _text(sums), transaction.lane.clock.now(), not ended, transaction.lane.tenant_id, breaker_id,
        )  # fmt: skip
    transaction.event("mass change noted", breaker=breaker_id, flow=flow.name, new=count, known=known, percent=percent,
                      sums={currency: str(amount) for currency, amount in sums.items()})  # fmt: skip
    return creates_told(breaker_id, flow.name, count, sums, known, percent)


async def _asked_first(
    transaction: LaneTransaction,
    flow: Flow,
    count: int,
    sums: dict[str, Decimal],
    known: int,
    percent: int,
    ended: bool,
) -> int:
    now = transaction.lane.clock.now()
    row = await transaction.one(
        """insert into breaker (tenant_id, connection_id, flow_id, kind, entity, affected, known, percent, sums, continues,
                                noted_at, seen_at)
        values (%s, %s, %s, 'creates', %s, %s, %s, %s, %s, %s, %s, %s) returning breaker_id""",
        transaction.lane.tenant_id, flow.target_id, flow.flow_id, flow.name, count, known, percent, _text(sums),
        not ended, now, now,
    )  # fmt: skip
    assert row is not None
    return int(row[0])


async def _hold(transaction: LaneTransaction, flow: Flow, wait: Waiting) -> None:
    """Hold everything that was set aside: one cause, the same words for all."""
    lane = transaction.lane
    rows = await transaction.all(
        f"""with aside as (select s.version_id {_ASIDE}
        ), waits as (
            insert into wait (tenant_id, version_id, position, flow_id, code, kind, key, detail, since)
            select %b, version_id, 0, %b, %b, %b, %b, %b, %b from aside
        )
        update version_state s set state = %b, reason = %b, changed_at = %b from aside
        where s.tenant_id = %b and s.version_id = aside.version_id returning s.record_id, s.version_id, s.run_id""",
        *_of(transaction, flow), lane.tenant_id, flow.flow_id, wait.code, wait.kind, wait.key,
        lane.sealer.seal(b"wait", msgspec.json.encode(wait)), lane.clock.now(), State.HELD.value, HELD_BACK,
        lane.clock.now(), lane.tenant_id,
    )  # fmt: skip
    for record_id, version_id, run_id in rows:
        transaction.event(
            "held", record_id=record_id, version_id=version_id, run_id=run_id, waits=[[wait.code, wait.sentence]]
        )


async def _end_reading(transaction: LaneTransaction, flow: Flow) -> None:
    tenant = transaction.lane.tenant_id
    await transaction.run(
        "update reading set open = false, let_go = 0, last_mode = %s where tenant_id = %s and flow_id = %s",
        flow.mode, tenant, flow.flow_id,
    )  # fmt: skip
    await transaction.run(
        "update breaker set continues = false where tenant_id = %s and flow_id = %s and continues", tenant, flow.flow_id
    )
    await release(transaction.connection, tenant, "fact", [read_key(flow.name)])


def _added(sums: dict[str, Decimal], more: dict[str, Decimal]) -> dict[str, Decimal]:
    return {currency: sums.get(currency, ZERO) + more.get(currency, ZERO) for currency in {**sums, **more}}


def _text(sums: dict[str, Decimal]) -> str:
    return msgspec.json.encode(sums).decode()


def money_told(sums: dict[str, Decimal]) -> str:
    """Sums as a bookkeeper reads them, with a word before them; empty when there are none."""
    shown = ", ".join(f"{amount:,} {currency}".strip() for currency, amount in sorted(sums.items()))
    return f" of {shown} together" if shown else ""


def creates_told(breaker_id: int, flow: str, count: int, sums: dict[str, Decimal], known: int, percent: int) -> Waiting:
    """What a person is asked about ``count`` new documents, in the same words wherever it is told."""
    what = "parties that are new or became inactive" if flow in PARTY_FLOWS else "new documents"
    told = {"flow": flow, "what": what, "count": f"{count:,}", "sum": money_told(sums), "known": f"{known:,}"}
    return waiting(HELD_BACK, "person", f"breaker:{breaker_id}", percent=str(percent), **told)
