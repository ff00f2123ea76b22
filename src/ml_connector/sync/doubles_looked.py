"""What only looks alike is read in full, to see whose it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

import structlog

from ml_connector.connectors.reading import Reading
from ml_connector.errors import ConnectorError
from ml_connector.sync.directory import file_documents
from ml_connector.sync.doubles_shown import Shown, Suspects
from ml_connector.sync.doubles_sweep import Sweep
from ml_connector.sync.lane import Lane
from ml_connector.transport.errors import AnswerLost, NotSent, Reconnect

LOOKED_AT_MOST = 40  # documents read in full by one sweep; the others are looked at by the next
LOST_AT_MOST = 2  # answers lost one after the other: the vendor is in trouble, and nothing more is asked today

log = structlog.get_logger()


class _Look(Enum):
    """What became of reading one document in full."""

    SEEN = auto()
    ABSENT = auto()  # the target says that it does not exist
    UNREADABLE = auto()
    LOST = auto()  # no answer came


@dataclass(slots=True)
class Looked:
    """What looking closer has shown so far. ``last`` is where the next look goes on after.

    ``cut_short``: the slice ended before everything was tried that this sweep may try.
    """

    suspects: Suspects
    last: str = ""
    cut_short: bool = False
    tried: int = 0
    seen: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)

    @property
    def unseen(self) -> set[str]:
        """Ids of suspects of which nothing more is known than what the lists show."""
        return {one.id for shown in self.suspects.values() for one in shown} - self.seen - self.absent


async def look_closer(lane: Lane, suspects: Suspects, sweep: Sweep) -> Looked:
    """Read suspects in full and file what they show, group by group, since a group is judged as a whole."""
    looked = Looked(suspects, sweep.after)
    lost = 0
    completed = False
    for key in sweep.order(suspects):
        for one in suspects[key]:
            if looked.tried >= LOOKED_AT_MOST or lane.slice.over():
                looked.cut_short = looked.tried < LOOKED_AT_MOST
                looked.last = looked.last if completed or not looked.tried else key
                return looked
            look = await _look_at(lane, one)
            looked.tried += 1
            lost = lost + 1 if look is _Look.LOST else 0
            if look in (_Look.SEEN, _Look.ABSENT):
                (looked.seen if look is _Look.SEEN else looked.absent).add(one.id)
            if lost >= LOST_AT_MOST:
                looked.last = key
                return looked
        looked.last, completed = key, True
    return looked


async def _look_at(lane: Lane, one: Shown) -> _Look:
    """Read one in full. Raises NotSent and Reconnect: nobody can be asked then.

    That it does not exist is not noted: one such answer may be wrong, and the next whole walk says what is gone.
    """
    try:
        pages = lane.connector.read(lane.session, Reading(one.entity, ids=(one.id,)))
        rows = [row async for page in pages for row in page.rows]
    except (NotSent, Reconnect):
        raise
    except ConnectorError as error:
        log.warning("not looked at", lane=lane.connection_id, entity=one.entity, id=one.id, why=error.sentence)
        return _Look.LOST if isinstance(error, AnswerLost) else _Look.UNREADABLE
    found = [row.document for row in rows if row.document is not None]
    if rows and not found:
        return _Look.UNREADABLE
    async with lane.transaction() as transaction:
        await file_documents(transaction, one.entity, found)
    return _Look.SEEN if found else _Look.ABSENT
