"""VANISHED: contacts that were merged where nobody tells into which, as in Zoho Books: they are simply not there any more.

Who is gone from a list that was read whole, and does not exist by its id either, may have been merged or deleted. The
documents that we made for it tell: where all of them name one other contact now, which has the party's name or a fact of it,
that is the one that is left, and the link goes over to it. Else it stays, and its record is planned again, so that a person
is told: somebody may have put its documents on another party's contact. A vendor's is always left to a person, since where it
is paid changes with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Party
from ml_connector.connectors.reading import Reading, Row
from ml_connector.errors import ConnectorError
from ml_connector.integrations.party_facts import is_of_kind
from ml_connector.sync.claims import traits
from ml_connector.sync.directory import entry_name, file_documents
from ml_connector.sync.flows import Flow, facts_changed, lock_integrations
from ml_connector.sync.in_full import LOST_AT_MOST, OF_NO_DOCUMENT
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.release import release, restage
from ml_connector.sync.states import Priority, State
from ml_connector.sync.witnesses import made_for, tells_no_survivor
from ml_connector.transport.errors import NotPermitted

log = structlog.get_logger()

PARTIES = "parties"
AT_ONCE = 5  # in one slice: some calls each, and others wait
AGAIN = timedelta(days=1)

# What was asked for does not come first again; `offset 0` as in prepare._Batch.
_GONE = """
    update directory d set asked_at = %b
    where d.tenant_id = %b and d.connection_id = %b and d.entity = %b and d.object_id in (
        select l.target_id from link l
        cross join lateral (select * from directory where tenant_id = l.tenant_id and connection_id = %b
                            and entity = l.target_entity and object_id = l.target_id offset 0) e
        where l.tenant_id = %b and l.integration_id = %b and l.entity = %b and l.target_entity = %b and e.state = 'gone'
          and e.asked_at < %b
        order by e.asked_at, l.target_id limit %b)
    returning d.object_id"""
_MOVE = """
    update link l set target_id = w.object_id, base = w.body
    from directory w
    where l.tenant_id = %b and l.integration_id = %b and l.entity = %b and l.target_entity = %b and l.target_id = %b
      and w.tenant_id = l.tenant_id and w.connection_id = %b and w.entity = l.target_entity and w.object_id = %b
      and w.state <> 'gone'
      and not exists (select 1 from link o where o.tenant_id = l.tenant_id and o.integration_id = l.integration_id
                      and o.entity = any(%b::text[]) and o.target_entity = l.target_entity and o.target_id = w.object_id)
    returning l.source_id, l.record_id, l.version_id"""
_KNOWN_AS = """
    select l.base, d.content_hash, d.canonical from link l
    left join record r on r.tenant_id = l.tenant_id and r.record_id = l.record_id
    left join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
    where l.tenant_id = %b and l.integration_id = %b and l.entity = %b and l.target_entity = %b and l.target_id = %b"""
_NEWEST = """
    select r.version_id from link l
    join record r on r.tenant_id = l.tenant_id and r.record_id = l.record_id
    where l.tenant_id = %b and l.integration_id = %b and l.entity = %b and l.target_entity = %b and l.target_id = %b"""


@dataclass(frozen=True, slots=True)
class _Witnessed:
    """What the documents of a vanished contact name now: the one contact that all name, or None, and how many they are."""

    survivor: Party | None
    documents: int


async def follow_vanished(lane: Lane, flows: Sequence[Flow]) -> None:
    """Look where linked contacts of this lane's system went that are gone from its list. Raises transport.errors.

    One to which no answer comes, or of its documents, is looked for again tomorrow, and puts off no other; where several
    get none, the vendor is in trouble.
    """
    lost = 0
    for flow in flows:
        if flow.target_id != lane.connection_id or flow.mode == "off" or not tells_no_survivor(flow):
            continue
        for id_ in await _gone(lane, flow):
            if lane.slice.over():
                return
            try:
                await _follow(lane, flow, id_)
            except NotPermitted as error:  # whose list it is stands still by itself; looked at again tomorrow
                log.warning("not followed", lane=lane.connection_id, flow=flow.name, id=id_, why=error.sentence)
            except OF_NO_DOCUMENT:
                raise
            except ConnectorError as error:
                lost += 1
                if lost > LOST_AT_MOST:
                    raise
                log.warning("not followed", lane=lane.connection_id, flow=flow.name, id=id_, why=error.sentence)


async def _follow(lane: Lane, flow: Flow, id_: str) -> None:
    if await _read(lane, PARTIES, [id_]) == ():
        found = await _witnessed(lane, flow, id_)
        await _conclude(lane, flow, id_, found)


async def _gone(lane: Lane, flow: Flow) -> list[str]:
    now, here = lane.clock.now(), (lane.tenant_id, lane.connection_id)
    async with lane.transaction() as transaction:
        rows = await transaction.all(
            _GONE, now, *here, PARTIES, lane.connection_id, lane.tenant_id, flow.integration_id, flow.name, PARTIES,
            now - AGAIN, AT_ONCE,
        )  # fmt: skip
    return [row[0] for row in rows]


async def _read(lane: Lane, entity: str, ids: Sequence[str]) -> tuple[Row, ...]:
    """The rows of what is there of these, filed as they are now."""
    pages = lane.connector.read(lane.session, Reading(entity, ids=tuple(ids)))
    rows = tuple([row async for page in pages for row in page.rows])
    found = [row.document for row in rows if row.document is not None]
    if found:
        async with lane.transaction() as transaction:
            await lock_integrations(transaction.connection, lane.tenant_id, lane.connection_id)
            changed = [f"{entity}:{one}" for one in await file_documents(transaction, entity, found)]
            if changed:
                await facts_changed(transaction.connection, lane.tenant_id, lane.connection_id, changed)
    return rows


async def _witnessed(lane: Lane, flow: Flow, id_: str) -> _Witnessed:
    """Ask the documents, and then for the contact that they name."""
    async with lane.transaction() as transaction:
        made = await made_for(transaction, flow, id_)
    shown = [one for entity, ids in made.items() for one in await _read(lane, entity, ids)]
    named = {_party(one.document) for one in shown}
    if len(named) != 1 or not (survivor := next(iter(named))) or survivor == id_:
        return _Witnessed(None, len(shown))
    there = [one.document for one in await _read(lane, PARTIES, [survivor])]
    party = next((one for one in there if isinstance(one, Party) and is_of_kind(one, flow.type.one_kind)), None)
    return _Witnessed(party, len(shown))


def _party(document: Document | None) -> str:
    """Whose document it is; empty where it cannot be told."""
    party = documents.party_of(document) if document is not None else None
    return party.id if party is not None else ""


async def _conclude(lane: Lane, flow: Flow, id_: str, found: _Witnessed) -> None:
    """Move the link to the contact that is left, else have its record planned again."""
    async with lane.transaction() as transaction:
        await lock_integrations(transaction.connection, lane.tenant_id, lane.connection_id)
        place = (lane.tenant_id, flow.integration_id, flow.name, PARTIES, id_)
        moved: list[Any] = []
        if found.survivor is not None and await _is_the_same(transaction, flow, id_, found.survivor):
            moved = await transaction.all(
                _MOVE, *place, lane.connection_id, found.survivor.id, [flow.name, *flow.type.apart]
            )
        for source_id, record_id, version_id in moved:
            transaction.event(
                "link moved", record_id=record_id, version_id=version_id, run_id=None, party=f"{flow.name} {source_id}",
                was=id_, target=found.survivor.id if found.survivor else "",
                evidence=f"{id_} does not exist any more, and {found.documents:,} of its documents name the other",
            )  # fmt: skip
        if moved:
            await _let_go(transaction, flow, [row[0] for row in moved])
            return
        versions = [row[0] for row in await transaction.all(_NEWEST, *place) if row[0] is not None]
        states = [State.POSTED, State.LINKED, State.UNCHANGED, State.SKIPPED, State.HELD]
        await restage(transaction.connection, lane.tenant_id, versions, states, Priority.PARTY)


async def _is_the_same(transaction: LaneTransaction, flow: Flow, id_: str, survivor: Party) -> bool:
    """Whether a contact has the party's name or a fact of it, as it is now or was agreed; never a vendor's."""
    if flow.type.one_kind == "vendor":
        return False
    lane, shown = transaction.lane, traits(survivor)
    for base, content_hash, canonical in await transaction.all(
        _KNOWN_AS, lane.tenant_id, flow.integration_id, flow.name, PARTIES, id_
    ):
        sealed = [(entry_name(PARTIES, id_), base), (b"canonical " + (content_hash or b""), canonical)]
        known = [documents.decode(lane.sealer.open(name, body)) for name, body in sealed if body is not None]
        if any(isinstance(one, Party) and shown & traits(one) for one in known):
            return True
    return False


async def _let_go(transaction: LaneTransaction, flow: Flow, ids: Sequence[str]) -> None:
    """Who is linked is a fact for matching; what waits for these parties goes on."""
    tenant = transaction.lane.tenant_id
    await transaction.run(
        "update integration set generation = generation + 1 where tenant_id = %b and integration_id = %b",
        tenant, flow.integration_id,
    )  # fmt: skip
    for kind in ("link", "fact"):
        await release(transaction.connection, tenant, kind, [f"{flow.name}:{one}" for one in ids])
