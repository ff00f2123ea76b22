"""BY STEPS: what no list shows, and was made before steps filed it, is asked for once a record waits for it.

The step that made it says of what it is a part, under which the vendor shows it. A clear answer is filed either way: as it
stands there, or as gone; then nobody waits for it any more, and it is asked for no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import structlog

from ml_connector.canonical.documents import Document
from ml_connector.connectors.writing import Action, Partly, Rejected, Step
from ml_connector.sync import intents
from ml_connector.sync.directory import file_documents
from ml_connector.sync.flows import Flow, facts_changed, lock_integrations
from ml_connector.sync.lane import Lane
from ml_connector.sync.refused import Why, refuse, refused_flows
from ml_connector.sync.states import IntentState
from ml_connector.transport.errors import NotPermitted

log = structlog.get_logger()

UNSEEN = "posted_unseen"
AT_ONCE = 20  # in one slice: a call each, and others wait

# What steps have made of the very records that wait for it. `offset 0` as in claim.py.
_WANTED = """
    select i.payload, i.target_id, w.flow_id from wait w
    join version_state s on s.tenant_id = w.tenant_id and s.version_id = w.version_id
    cross join lateral (select payload, target_id from intent where tenant_id = w.tenant_id and record_id = s.record_id
                        and entity = any(%b::text[]) and action = 'create' and state = %b
                        and entity || ':' || target_id = w.key order by intent_id desc limit 1) i
    where w.tenant_id = %b and w.kind = 'fact' and w.code = %b and w.flow_id = any(%b::integer[])
      and not exists (select 1 from directory d where d.tenant_id = w.tenant_id and d.connection_id = %b
                      and d.entity || ':' || d.object_id = w.key and d.entity = any(%b::text[]) offset 0)
    order by w.since limit %b"""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A document that a step has made, and the step as it would take it away: so it is looked for by its own id."""

    step: Step
    flow_id: int


async def read_unseen(lane: Lane, flows: Sequence[Flow]) -> None:
    """Ask for what records of these flows wait for and only their steps tell of. Raises transport.errors.

    What may not be read stops the flow that waits for it, and nobody else.
    """
    refused = await refused_flows(lane) if lane.connector.shown_by_steps and flows else {}
    here = [one.flow_id for one in flows if one.target_id == lane.connection_id and one.mode != "off"]
    for one in await _wanted(lane, sorted({*here} - {*refused})):
        if lane.slice.over():
            return
        try:
            found = await lane.connector.find(lane.session, one.step)
        except NotPermitted as error:
            log.warning("not read", lane=lane.connection_id, entity=one.step.entity, why=error.sentence)
            await refuse(lane, [one.flow_id], Why(error.sentence))
            return
        if not isinstance(found, Rejected | Partly):
            await _file(lane, one.step, [there for there in found if there.id == one.step.target_id])


async def _wanted(lane: Lane, flows: Sequence[int]) -> list[_Wanted]:
    entities = sorted(lane.connector.shown_by_steps)
    if not entities or not flows:
        return []
    async with lane.transaction() as transaction:
        rows = await transaction.all(
            _WANTED, entities, IntentState.DONE.value, lane.tenant_id, UNSEEN, list(flows), lane.connection_id, entities,
            AT_ONCE,
        )  # fmt: skip
    found = []
    for payload, target_id, flow_id in rows:
        step = intents.decode(lane.sealer.open(b"intent", payload))
        found.append(_Wanted(msgspec.structs.replace(step, action=Action.VOID, target_id=target_id), flow_id))
    return found


async def _file(lane: Lane, step: Step, found: Sequence[Document]) -> None:
    """File it as it stands, or as gone: whoever plans next knows it."""
    if not found:
        return
    here = lane.tenant_id, lane.connection_id
    async with lane.transaction() as transaction:
        await lock_integrations(transaction.connection, *here)
        await file_documents(transaction, step.entity, found)
        gone = [one.id for one in found if not getattr(one, "active", True)]
        await transaction.run(
            """update directory set state = 'gone' where tenant_id = %b and connection_id = %b and entity = %b
               and object_id = any(%b::text[])""",
            *here, step.entity, gone,
        )  # fmt: skip
        await facts_changed(transaction.connection, *here, [f"{step.entity}:{one.id}" for one in found])
