"""Resolving the uncertain: what a look-up at the target proves of a step whose answer was lost.

Done when a live document with our reference shows the step's content; a conflict when it shows something else; not done
after two clear absences, the first not before the send time + the vendor's time-out + its list lag. Never repeated blind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.connectors.base import Done, Later, Step
from ml_connector.sync.decide import Intended
from ml_connector.sync.flows import Flow, flows_of
from ml_connector.sync.lane import Lane
from ml_connector.sync.outcomes import Sent, differences, hold_conflict, record_outcomes
from ml_connector.sync.prepare import Item
from ml_connector.sync.states import IntentState

_steps = msgspec.json.Decoder(Step)

_OPEN = """
    select i.intent_id, i.step, i.payload, i.state, i.made_at, i.send_before, i.absent_since, i.look_at, i.looks,
           s.flow_id, i.version_id, i.record_id, s.run_id, r.source_id, r.reference, d.canonical, d.content_hash
    from intent i
    join version_state s on s.tenant_id = i.tenant_id and s.version_id = i.version_id
    join record r on r.tenant_id = i.tenant_id and r.record_id = i.record_id
    join document d on d.tenant_id = i.tenant_id and d.version_id = i.version_id
    where i.tenant_id = %s and i.connection_id = %s and i.state in (0, 1)
    order by i.intent_id"""


async def resolve(lane: Lane) -> datetime | None:
    """Look up every open intent that is due; when the next one is due (clock time), None when nothing is open.

    Intents left in `sending` by a worker that died become due once nobody can start them any more and the vendor's own
    time-out has passed. Raises transport.errors when the target cannot be asked now.
    """
    next_due: datetime | None = None
    for row in await _open(lane):
        due = _due(lane, row)
        if due <= lane.clock.now():
            due_again = await _look(lane, row)
        else:
            due_again = due
        if due_again is not None:
            next_due = min(next_due or due_again, due_again)
    return next_due


async def _open(lane: Lane) -> list[tuple[Any, ...]]:
    async with lane.database.tenant(lane.tenant_id) as connection:
        return await (await connection.execute(_OPEN.encode(), [lane.tenant_id, lane.connection_id])).fetchall()


def _due(lane: Lane, row: tuple[Any, ...]) -> datetime:
    state, send_before, look_at = row[3], row[5], row[7]
    if state == IntentState.UNCERTAIN and look_at is not None:
        return look_at  # type: ignore[no-any-return]
    # `sending` without an owner: nobody starts it after `send_before` (machine time); the vendor may work on it until
    # its own time-out (clock time).
    left = (send_before - datetime.now(UTC)).total_seconds()
    return lane.clock.now() + timedelta(seconds=left * lane.clock.speed + lane.connector.timeout)


async def _look(lane: Lane, row: tuple[Any, ...]) -> datetime | None:
    """One look-up and what it proves; when to look again, None when it is settled."""
    step = _steps.decode(lane.sealer.open(b"intent", row[2]))
    found = await lane.connector.find(lane.session, step)
    live = [document for document in found if getattr(document, "active", True)]
    ours = [document for document in live if lane.connector.is_ours(document) and not differences(step, document)]
    if len(ours) == 1 and len(live) == 1:
        await _settle(lane, row, step, Done(ours[0].id, ours[0], documents.encode(ours[0])))
        return None
    if live:
        await _conflict(lane, row, step, live)
        return None
    return await _absent(lane, row, step)


async def _absent(lane: Lane, row: tuple[Any, ...], step: Step) -> datetime | None:
    absent_since = row[6]
    if absent_since is not None:
        await _settle(lane, row, step, Later("looked up twice: it is not there; it is sent again"))
        return None
    again = lane.clock.now() + timedelta(seconds=max(lane.connector.list_lag, 1.0))
    async with lane.transaction() as transaction:
        await transaction.run(
            """update intent set absent_since = %s, look_at = %s, looks = looks + 1, state = %s
            where tenant_id = %s and intent_id = %s""",
            lane.clock.now(), again, IntentState.UNCERTAIN.value, lane.tenant_id, row[0],
        )  # fmt: skip
        transaction.event("not found yet", record_id=row[11], version_id=row[10], intent=row[0], look_again=again)
    return again


async def _settle(lane: Lane, row: tuple[Any, ...], step: Step, outcome: Done | Later) -> None:
    async with lane.transaction() as transaction:
        flows = await _flows(lane, transaction.connection)
        sent = Sent(_intended(lane, row, step, flows), outcome, adopted=True)
        await record_outcomes(transaction, [sent], flows)


async def _conflict(lane: Lane, row: tuple[Any, ...], step: Step, found: Sequence[Document]) -> None:
    shown = "; ".join(f"{document.id}: {', '.join(differences(step, document)) or 'not ours'}" for document in found)
    async with lane.transaction() as transaction:
        flows = await _flows(lane, transaction.connection)
        sent = Sent(_intended(lane, row, step, flows), Later("a conflict"))
        await hold_conflict(transaction, sent, shown)


async def _flows(lane: Lane, connection: Any) -> Mapping[int, Flow]:
    found = await flows_of(connection, lane.tenant_id, lane.connection_id, lane.integrations)
    return {flow.flow_id: flow for flow in found}


def _intended(lane: Lane, row: tuple[Any, ...], step: Step, flows: Mapping[int, Flow]) -> Intended:
    (intent_id, position, _, _, _, send_before, _, _, _, flow_id, version_id, record_id, run_id, source_id, reference,
     canonical, content_hash) = row  # fmt: skip
    document = documents.decode(lane.sealer.open(b"canonical " + content_hash, canonical))
    item = Item(
        version_id, record_id, run_id, 0, source_id, reference, False, 0, document, "", "", content_hash
    )  # fmt: skip
    return Intended(intent_id, item, flows[flow_id], position, step, step.entity, send_before, True)
