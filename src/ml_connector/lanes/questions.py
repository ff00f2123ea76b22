"""Questions a person asked of a connection; no other code calls the vendor, so they are answered in its lane."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from typing import Any

import msgspec
import structlog

from ml_connector.connectors.base import Session
from ml_connector.connectors.checking import Finding, Preflight
from ml_connector.connectors.reading import OpenItem
from ml_connector.errors import ConnectorError, Refused
from ml_connector.lanes.survey import SURVEY, Surveyed, survey
from ml_connector.sync import preflight
from ml_connector.sync.directory import refresh
from ml_connector.sync.flows import Flow, flows_of
from ml_connector.sync.lane import Lane
from ml_connector.sync.list_options import options_of
from ml_connector.transport.errors import AnswerLost, NotSent, TransportError

RECONNECT = "Reconnect it."
"""The way out of what only a person mends; whoever shows it puts the command in its place."""

OPEN_ITEMS = "open items"
"""The question what every customer owes now."""
FIELDS = "fields"
"""The question where each field of ours goes at a target that its owners shape, and whether that is there."""
LISTS = "lists "
"""Begins the question that has lists read again; their names follow, with commas between."""

log = structlog.get_logger()


def renewal(vendor: str, name: str) -> str:
    """The command that connects the connection of that name again."""
    return f"ml-connector connect {vendor.replace('_', '-')} --again {shlex.quote(name)}"


async def answer_questions(lane: Lane) -> None:
    """Answer what is open, oldest first. Raises LeaseLost."""
    async with lane.database.tenant(lane.tenant_id) as connection:
        rows = await (
            await connection.execute(
                b"""select question_id, what from question
                where tenant_id = %s and connection_id = %s and answered_at is null order by question_id""",
                [lane.tenant_id, lane.connection_id],
            )
        ).fetchall()
    for question_id, what in rows:
        answer = await _answer(lane, what)
        async with lane.transaction() as transaction:
            await transaction.run(
                "update question set answered_at = %s, answer = %s where tenant_id = %s and question_id = %s",
                lane.clock.now(), lane.sealer.seal(b"answer", msgspec.json.encode(answer)), lane.tenant_id, question_id,
            )  # fmt: skip
            transaction.event("checked", what=what, findings=len(answer))


def _check(lane: Lane, flows: Sequence[Flow]) -> Callable[[Session, Sequence[str]], Awaitable[Sequence[Finding]]]:
    """The connector's check, or of a connection that flows only read from the one for that."""
    read_only = flows and all(flow.target_id != lane.connection_id for flow in flows)
    return lane.connector.check_source if read_only else lane.connector.check


def _wanted(flows: Sequence[Flow]) -> Sequence[Flow]:
    """Those that are on, or before anything is on, those that nobody has to turn on by itself."""
    return [flow for flow in flows if flow.on] or [flow for flow in flows if not flow.type.begins_off]


async def _answer(lane: Lane, what: str) -> list[dict[str, Any]]:
    if what in (OPEN_ITEMS, FIELDS) or what.startswith((LISTS, SURVEY)):
        return await _told(lane, what)
    if what != "check":
        return []
    flows = _wanted(await _flows(lane))
    entities = {entity for flow in flows if flow.source_id == lane.connection_id for entity in flow.type.source_lists}
    entities |= {
        entity
        for flow in flows
        if flow.source_id == lane.connection_id
        for entity in flow.type.source_entities(flow.settings)
    }
    entities |= {entity for flow in flows if flow.target_id == lane.connection_id for entity in flow.type.target_lists}
    try:
        found = await _check(lane, flows)(lane.session, sorted(entities or lane.connector.readable))
    except (NotSent, AnswerLost) as error:
        if lane.slice.stopping:  # the next worker asks
            raise
        action = "See that this machine reaches the vendor, then check again."
        return [{"subject": "reachable", "verdict": "missing", "sentence": error.sentence, "action": action}]
    except (TransportError, ConnectorError) as error:
        return [{"subject": "connection", "verdict": "missing", "sentence": error.sentence, "action": RECONNECT}]
    except Exception as error:  # a question that cannot be answered stops nothing else
        log.exception("check failed", lane=lane.connection_id)
        said = f"A defect of this product ({type(error).__name__}) ended the check."
        return [{"subject": "check", "verdict": "missing", "sentence": said, "action": "Report it with the log."}]
    return [asdict(finding) for finding in found]


async def _told(lane: Lane, what: str) -> list[dict[str, Any]]:
    """What customers owe, a preflight, how far a survey is, nothing once lists are read; or one entry: the ``problem``."""
    try:
        found = await _asked(lane, what)
    except (NotSent, AnswerLost) as error:
        if lane.slice.stopping:
            raise
        return [{"problem": error.sentence}]
    except (TransportError, ConnectorError) as error:
        return [{"problem": error.sentence}]
    except Exception as error:  # as a check
        log.exception("a question cannot be answered", lane=lane.connection_id, what=what)
        return [{"problem": f"A defect of this product ({type(error).__name__}) ended the reading."}]
    built: list[dict[str, Any]] = msgspec.to_builtins(list(found))
    return built


async def _asked(lane: Lane, what: str) -> Sequence[OpenItem | Preflight | Surveyed]:
    if what == OPEN_ITEMS:
        return await lane.connector.open_items(lane.session)
    if what == FIELDS:
        flows = _wanted(await _flows(lane))
        entities = preflight.written(flows, lane.connection_id) or sorted(lane.connector.writable)
        return [await lane.connector.preflight(lane.session, entities)]
    if what.startswith(SURVEY):
        return [await survey(lane, await _flows(lane), int(what.removeprefix(SURVEY)))]
    return await _lists(lane, what)


async def _lists(lane: Lane, what: str) -> Sequence[OpenItem]:
    """Read the changes of lists now. Raises what reading raises, Refused where one takes longer than a slice."""
    flows = await _flows(lane)
    for entity in what.removeprefix(LISTS).split(","):
        if not await refresh(lane, entity, 0.0, options_of(lane, flows, entity)):
            raise Refused(f"The list {entity} is long and still being read: ask again in a minute.")
    return ()


async def _flows(lane: Lane) -> Sequence[Flow]:
    async with lane.database.tenant(lane.tenant_id) as connection:
        return await flows_of(connection, lane.tenant_id, lane.connection_id, lane.integrations)
