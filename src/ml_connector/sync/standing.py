"""Before something is changed or voided at the target, it is read: a plan made from older content is made again.

Documents of one kind are asked for together. What stands there otherwise than the plan knew is filed as it is now, and
its version goes back to be planned from that; so does that of one that two clear answers do not show any more, which is
filed as gone. One that is there but cannot be read is tried again later: an odd answer says nothing of any document. Where
no answer comes for many, halves of them are asked for, as long as there is time, so that the one that spoils it holds up
itself alone.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog

from ml_connector.canonical.documents import Document
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.writing import AFTER_UNREAD, Action, Later, Outcome, Unread
from ml_connector.errors import ConnectorError
from ml_connector.sync.directory import content_hash
from ml_connector.sync.gone import file_gone, file_shown
from ml_connector.sync.intents import Intended
from ml_connector.sync.lane import Lane
from ml_connector.transport.errors import LeaseLost, NotPermitted, NotSent, Reconnect

_CHANGING = (Action.UPDATE, Action.VOID, Action.SET_STATUS)
LOST_AT_MOST = (
    7  # readings without an answer: one that spoils fifty is found by then, and else the vendor is in trouble
)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Standing:
    """Which of a group's steps may go, and what becomes of the others, by intent; ``lost``: no answer came to a reading."""

    go: list[Intended]
    others: dict[int, Outcome]
    lost: str = ""


async def standing(lane: Lane, group: Sequence[Intended]) -> Standing:
    """Read what the steps of a group, all of one entity and action, would change. Raises transport.errors, LeaseLost.

    A step without a base changes nothing that is kept, such as the application of a credit, and goes as it is.
    """
    asked = [one for one in group if one.step.action in _CHANGING and one.step.base]
    if not asked:
        return Standing(list(group), {})
    entity = asked[0].step.entity
    wanted = {one.step.target_id for one in asked}
    lost: list[str] = []
    seen = await read_there(lane, entity, wanted, lost)
    if absent := seen.absent(wanted):
        seen = seen.with_(await read_there(lane, entity, absent, lost))
    moved = [one for one in asked if (now := seen.shown.get(one.step.target_id)) and content_hash(now) != one.step.base]
    if moved:
        log.info("changed there meanwhile", lane=lane.connection_id, entity=entity, documents=len(moved))
    await file_shown(lane, entity, [seen.shown[one.step.target_id] for one in moved])
    gone = seen.absent(wanted)
    await file_gone(lane, entity, gone)
    others: dict[int, Outcome] = {one.intent_id: _moved(one) for one in moved}
    others |= {one.intent_id: _gone(one) for one in asked if one.step.target_id in gone}
    unread = wanted - gone - seen.shown.keys()
    others |= {one.intent_id: _unread(one, seen) for one in asked if one.step.target_id in unread}
    return Standing([one for one in group if one.intent_id not in others], others, "".join(lost[-1:]))


@dataclass(frozen=True, slots=True)
class Seen:
    """What an answer shows: documents, and by id what is wrong with those that could not be read.

    ``clear``: each row told which document it is; one that did not may be any of those that seem to be missing.
    """

    shown: dict[str, Document]
    problems: dict[str, str]
    clear: bool

    def absent(self, wanted: Collection[str]) -> set[str]:
        """What is certainly not among the rows."""
        return {id_ for id_ in wanted if self.clear and id_ not in self.shown and id_ not in self.problems}

    def with_(self, later: Seen) -> Seen:
        return Seen(self.shown | later.shown, self.problems | later.problems, later.clear)


async def read_there(lane: Lane, entity: str, ids: Collection[str], lost: list[str]) -> Seen:
    """What answers show of the ids; ``lost`` are the sentences of those that did not come, over all readings."""
    ordered = sorted(ids)
    try:
        return await _answer(lane, entity, ordered)
    except (LeaseLost, NotSent, Reconnect, NotPermitted):
        raise
    except ConnectorError as error:
        lost.append(error.sentence)
        if len(ordered) == 1 or len(lost) >= LOST_AT_MOST or lane.slice.over():
            return Seen({}, dict.fromkeys(ordered, error.sentence), True)
    middle = len(ordered) // 2
    first = await read_there(lane, entity, ordered[:middle], lost)
    other = await read_there(lane, entity, ordered[middle:], lost)
    return Seen(first.shown | other.shown, first.problems | other.problems, first.clear and other.clear)


async def _answer(lane: Lane, entity: str, ids: Sequence[str]) -> Seen:
    pages = lane.connector.read(lane.session, Reading(entity, ids=tuple(ids)))
    rows = [row async for page in pages for row in page.rows]
    shown = {row.id: row.document for row in rows if row.document is not None}
    problems = {row.id: row.problem for row in rows if row.document is None}
    return Seen(shown, problems, all(row.identified for row in rows))


def _moved(one: Intended) -> Later:
    return Later(f"document {one.step.target_id} was changed there meanwhile; it is planned again")


def _unread(one: Intended, seen: Seen) -> Unread:
    why = seen.problems.get(one.step.target_id) or "the answer does not say which documents it shows"
    told = f"document {one.step.target_id} could not be read: {why.rstrip('.')}; it is tried again"
    return Unread(told, AFTER_UNREAD, said=why)


def _gone(one: Intended) -> Later:
    return Later(f"document {one.step.target_id} is not there any more; it is planned again")
