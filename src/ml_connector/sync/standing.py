"""Before something is changed or voided at the target, it is read: a plan made from older content is made again.

Documents of one kind are asked for together. What stands there otherwise than the plan knew is filed as it is now, and
its version goes back to be planned from that; one that is not there any more is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from ml_connector.canonical.documents import Document
from ml_connector.connectors.base import Action, Later, Outcome, Reading, Rejected
from ml_connector.integrations import reasons
from ml_connector.sync.directory import content_hash, file_documents
from ml_connector.sync.flows import facts_changed, lock_integrations
from ml_connector.sync.lane import Lane
from ml_connector.sync.settle import Intended

_CHANGING = (Action.UPDATE, Action.VOID)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Standing:
    """Which of a group's steps may go, and what becomes of the others, by intent."""

    go: list[Intended]
    others: dict[int, Outcome]


async def standing(lane: Lane, group: Sequence[Intended]) -> Standing:
    """Read what the steps of a group, all of one entity and action, would change. Raises transport.errors, LeaseLost.

    A step without a base changes nothing that is kept, such as the application of a credit, and goes as it is.
    """
    asked = [one for one in group if one.step.action in _CHANGING and one.step.base]
    if not asked:
        return Standing(list(group), {})
    entity = asked[0].step.entity
    shown = await _read(lane, entity, sorted({one.step.target_id for one in asked}))
    moved = [
        one for one in asked if one.step.target_id in shown and content_hash(shown[one.step.target_id]) != one.step.base
    ]
    await _file(lane, entity, [shown[one.step.target_id] for one in moved])
    others: dict[int, Outcome] = {one.intent_id: _moved(one) for one in moved}
    others |= {one.intent_id: _gone(one) for one in asked if one.step.target_id not in shown}
    return Standing([one for one in group if one.intent_id not in others], others)


async def _read(lane: Lane, entity: str, ids: Sequence[str]) -> dict[str, Document]:
    found: dict[str, Document] = {}
    async for page in lane.connector.read(lane.session, Reading(entity, ids=tuple(ids))):
        found |= {row.id: row.document for row in page.rows if row.document is not None}
    return found


async def _file(lane: Lane, entity: str, moved: Sequence[Document]) -> None:
    if not moved:
        return
    log.info("changed there meanwhile", lane=lane.connection_id, entity=entity, documents=len(moved))
    async with lane.transaction() as transaction:
        await lock_integrations(transaction.connection, lane.tenant_id, lane.connection_id)
        changed = await file_documents(transaction, entity, moved)
        keys = [f"{entity}:{one}" for one in changed]
        await facts_changed(transaction.connection, lane.tenant_id, lane.connection_id, keys)


def _moved(one: Intended) -> Later:
    return Later(f"document {one.step.target_id} was changed there meanwhile; it is planned again")


def _gone(one: Intended) -> Rejected:
    told = {"id": one.step.target_id}
    return Rejected("gone", reasons.sentence("gone_there", told), reasons.action("gone_there", told), "gone_there")
