"""SURVEY: which keys of the mapping tables the documents of some months use, read before a flow is on. Nothing is staged.

The source's documents are read in its lane, and what goes back in the target's; each lane goes on until the other's turn.

Of a document its id, day, sum and keys are kept, and of a key its name unless it is a person's. What costs a call for each
document uses only what the vendor's day and minute have to spare, and goes on where it was when it is asked for again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from ml_connector.canonical.documents import VOID, Document, amount_of, settled_as
from ml_connector.canonical.money import ZERO
from ml_connector.connectors.reading import Page, Reading
from ml_connector.errors import Refused
from ml_connector.integrations.base import FlowType, IntegrationType
from ml_connector.integrations.scopes import units_of
from ml_connector.lanes.survey_back import going
from ml_connector.lanes.surveyed_keys import kept
from ml_connector.sync.backfill import ROOM
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.pull import READING_SHARE
from ml_connector.sync.stage import currency_of

SURVEY = "survey "
"""Begins the question what documents of an integration, whose number follows, use of its mapping tables."""


class Surveyed(msgspec.Struct, frozen=True):
    """How far a survey is: ``left`` lists to read, ``documents`` so far. ``spared``: the vendor's day has no more for it."""

    left: int
    documents: int
    spared: bool = False


def whole_table(name: str) -> str:
    """Stands among the keys of a survey that reads what shows keys of a table of what goes back, be there any or none."""
    return f"{name}:"


def surveyed_flows(kind: IntegrationType, on: Iterable[str]) -> list[FlowType]:
    """The flows whose documents are surveyed: those that post the source's documents and are on; all while none is."""
    posting = [
        one
        for one in kind.flows
        if one.dated and not one.tracks and not one.follows and one.source_vendor == kind.source_vendor
    ]
    wanted = set(on)
    return [one for one in posting if one.name in wanted] or posting


async def survey(lane: Lane, flows: Sequence[Flow], integration_id: int) -> Surveyed:
    """Read on, as far as this slice goes. Raises what reading raises; Refused where no survey was begun."""
    known = {flow.name: flow for flow in flows if flow.integration_id == integration_id}
    while (state := await _state(lane, integration_id)).to_read:
        name, _, entity = state.to_read[0].partition(" ")
        if known[name].source_id != lane.connection_id:
            break
        if not await _walk(lane, known[name], entity, state):
            spared = lane.capacity.surplus() == 0
            return Surveyed(len(state.to_read), await _count(lane, integration_id), spared)
    return Surveyed(len(state.to_read), await _count(lane, integration_id))


class _State(msgspec.Struct, frozen=True):
    since: dt.date
    begun_at: dt.datetime
    to_read: tuple[str, ...]
    cursor: bytes | None


async def _state(lane: Lane, integration_id: int) -> _State:
    async with lane.database.tenant(lane.tenant_id) as connection:
        row = await (
            await connection.execute(
                b"select since, begun_at, to_read, cursor from survey where tenant_id = %s and integration_id = %s",
                [lane.tenant_id, integration_id],
            )
        ).fetchone()
    if row is None:
        raise Refused("No survey of this integration was begun: 'ml-connector map coverage --survey' begins one.")
    return _State(row[0], row[1], tuple(row[2]), bytes(row[3]) if row[3] is not None else None)


async def _count(lane: Lane, integration_id: int) -> int:
    async with lane.database.tenant(lane.tenant_id) as connection:
        query = b"select count(*) from surveyed where tenant_id = %s and integration_id = %s"
        row = await (await connection.execute(query, [lane.tenant_id, integration_id])).fetchone()
    return int(row[0]) if row else 0


async def _walk(lane: Lane, flow: Flow, entity: str, state: _State) -> bool:
    """Read an entity on from where the survey stands; whether to its end."""
    if not _has_room(lane):
        return False
    options = flow.type.reading_options(flow.settings)
    reading = Reading(entity, cursor=state.cursor, since=state.since, options=options)
    stood = state.cursor
    async for page in lane.connector.read(lane.session, reading):
        if not await _keep(lane, flow, state, page):
            return False
        if page.last:
            return True
        if page.cursor != stood and (lane.slice.over(READING_SHARE) or not _has_room(lane)):
            return False
        stood = page.cursor
    return False


def _has_room(lane: Lane) -> bool:
    """Whether the vendor's day, if it is counted, and the minute leave calls for what is not live work."""
    surplus = lane.capacity.surplus()
    return surplus is None or (surplus > 0 and lane.capacity.free() >= ROOM)


async def _keep(lane: Lane, flow: Flow, state: _State, page: Page) -> bool:
    """Keep what a page shows and where the next one begins; whether the survey is still the one that was asked for."""
    async with lane.transaction() as transaction:
        moved = await transaction.run(
            """update survey set cursor = %s, to_read = case when %s then to_read[2:] else to_read end,
                   ended_at = case when %s and cardinality(to_read) = 1 then %s::timestamptz end
            where tenant_id = %s and integration_id = %s and begun_at = %s""",
            None if page.last else page.cursor, page.last, page.last, lane.clock.now(), lane.tenant_id,
            flow.integration_id, state.begun_at,
        )  # fmt: skip
        if not moved:
            return False
        await _note(transaction, flow, state.since, {row.id: row.document for row in page.rows})
    return True


async def _note(transaction: LaneTransaction, flow: Flow, since: dt.date, shown: Mapping[str, Document | None]) -> None:
    """Keep the keys of a page's documents as it shows them now; nothing of what does not count or is outside of the days."""
    lane, place = transaction.lane, (transaction.lane.tenant_id, flow.integration_id)
    kept = await _counting(transaction, flow, since, shown)
    await transaction.run(
        """delete from surveyed where tenant_id = %s and integration_id = %s and flow = %s
           and source_id = any(%s::text[])""",
        *place, flow.name, [id_ for id_ in shown if id_ not in kept],
    )  # fmt: skip
    keys = {id_: _keys(flow, one) for id_, one in kept.items()}
    await transaction.run(
        """insert into surveyed (tenant_id, integration_id, flow, source_id, day, currency, amount, keys)
        select %s, %s, %s, page.source_id, page.day, page.currency, page.amount,
               array(select one.key from jsonb_array_elements_text(page.keys) with ordinality as one (key, place)
                     order by one.place)
        from unnest(%s::text[], %s::date[], %s::text[], %s::numeric[], %s::jsonb[])
             as page (source_id, day, currency, amount, keys)
        on conflict (tenant_id, integration_id, flow, source_id) do update
        set day = excluded.day, currency = excluded.currency, amount = excluded.amount, keys = excluded.keys""",
        *place, flow.name, list(kept), [getattr(one, "date", None) for one in kept.values()],
        [currency_of(one, flow, lane) for one in kept.values()],
        [abs(amount_of(one) or ZERO) for one in kept.values()],
        [msgspec.json.encode(sorted(texts)).decode() for texts in keys.values()],
    )  # fmt: skip
    names = {text: name for texts in keys.values() for text, name in texts.items()}
    await transaction.run(
        """insert into survey_key (tenant_id, integration_id, key, name)
        select %s, %s, page.key, page.name from unnest(%s::text[], %s::bytea[]) as page (key, name)
        on conflict do nothing""",
        *place, list(names), [lane.sealer.seal(b"survey key", name.encode()) for name in names.values()],
    )  # fmt: skip


async def _counting(
    transaction: LaneTransaction, flow: Flow, since: dt.date, shown: Mapping[str, Document | None]
) -> dict[str, Document]:
    """Those that stand, are of the days and within the integration's scope; of the target's, those that may go back."""
    found = {id_: one for id_, one in shown.items() if one is not None and _counts(flow, one, since)}
    if flow.type.source_vendor == flow.integration.source_vendor:
        return found
    back = await going(transaction, flow, found)
    return {id_: one for id_, one in found.items() if id_ in back}


def _counts(flow: Flow, document: Document, since: dt.date) -> bool:
    day = getattr(document, "date", None)
    return day is not None and day >= since and settled_as(document) != VOID and _in_scope(flow, document)


def _in_scope(flow: Flow, document: Document) -> bool:
    """Whether it may be the integration's: one of another business unit is not."""
    units, own = units_of(flow.settings), getattr(document, "business_unit", None)
    return not units or own is None or not own.id or own.id in units


def _keys(flow: Flow, document: Document) -> dict[str, str]:
    """The keys by text with their names, of every table that the flow goes by: see ``surveyed_keys``."""
    tables: list[Any] = [one for one in flow.integration.tables if one.name in flow.type.tables]
    return {text: name for table in tables for text, name in kept(table, document).items()}
