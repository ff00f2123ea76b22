"""Before something is changed or voided at the target, it is read: a plan made from older content is made again.

Documents of one kind are asked for together. What stands there otherwise than the plan knew is filed as it is now, and
its version goes back to be planned from that; one that two clear answers do not show any more is refused. One that is
there but cannot be read is tried again later: an odd answer says nothing of any document.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
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
AFTER_UNREAD = 300.0  # clock seconds until a document that could not be read is asked for again

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
    wanted = {one.step.target_id for one in asked}
    seen = await _read(lane, entity, wanted)
    if absent := seen.absent(wanted):
        seen = seen.with_(await _read(lane, entity, absent))
    moved = [one for one in asked if (now := seen.shown.get(one.step.target_id)) and content_hash(now) != one.step.base]
    await _file(lane, entity, [seen.shown[one.step.target_id] for one in moved])
    gone = seen.absent(wanted)
    others: dict[int, Outcome] = {one.intent_id: _moved(one) for one in moved}
    others |= {one.intent_id: _gone(one) for one in asked if one.step.target_id in gone}
    unread = wanted - gone - seen.shown.keys()
    others |= {one.intent_id: _unread(one, seen) for one in asked if one.step.target_id in unread}
    return Standing([one for one in group if one.intent_id not in others], others)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What an answer shows: documents, and by id what is wrong with those that could not be read.

    ``clear``: each row told which document it is; one that did not may be any of those that seem to be missing.
    """

    shown: dict[str, Document]
    problems: dict[str, str]
    clear: bool

    def absent(self, wanted: Collection[str]) -> set[str]:
        """What is certainly not among the rows."""
        return {id_ for id_ in wanted if self.clear and id_ not in self.shown and id_ not in self.problems}

    def with_(self, later: _Seen) -> _Seen:
        return _Seen(self.shown | later.shown, self.problems | later.problems, later.clear)


async def _read(lane: Lane, entity: str, ids: Collection[str]) -> _Seen:
    pages = lane.connector.read(lane.session, Reading(entity, ids=tuple(sorted(ids))))
    rows = [row async for page in pages for row in page.rows]
    shown = {row.id: row.document for row in rows if row.document is not None}
    problems = {row.id: row.problem for row in rows if row.document is None}
    return _Seen(shown, problems, all(row.identified for row in rows))


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


def _unread(one: Intended, seen: _Seen) -> Later:
    why = seen.problems.get(one.step.target_id) or "the answer does not say which documents it shows"
    return Later(f"document {one.step.target_id} could not be read: {why.rstrip('.')}; it is tried again", AFTER_UNREAD)


def _gone(one: Intended) -> Rejected:
    told = {"id": one.step.target_id}
    return Rejected("gone", reasons.sentence("gone_there", told), reasons.action("gone_there", told), "gone_there")
