"""USES: which records stand on the counterpart of another one, and their going again when that moves under them.

A payment stands on its invoices. Where an invoice gets another counterpart, or a step of it has taken the payment off it,
the payment is staged again as a version of its own with the same document: what it had made before is not taken for done.
A payment that was passed over with its invoices is decided anew once one of them comes into the scope, see ``let_in``: it
has made nothing, so its version stays. So does that of one that went back in part, once more of what it is on is a
counterpart: its flow changes nothing that it has entered.

What stands in the target since before uses were kept is gone through once, newest first, see ``note_older``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.integrations.base import IntegrationType
from ml_connector.store.database import Session as Transaction
from ml_connector.sync.flows import Flow, flows_of
from ml_connector.sync.items import Item
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.release import release, restage
from ml_connector.sync.runs import Intake, begin_run, count_rows, finish_run
from ml_connector.sync.states import DISMISSED, IntentState, Priority, State
from ml_connector.sync.superseding import supersede

OLDER = "uses "  # and the flow: the feed that says up to which record uses are still to be noted
AT_ONCE = 500
_AT = "@"  # before the id of what a record stands on at its own source, which is another record's counterpart
_NOT_SENT = (State.STAGED, State.HELD, State.PLANNED)
_USERS = """
    select u.record_id, r.flow_id
    from unnest(%b::integer[], %b::text[], %b::text[]) as moved (integration_id, entity, source_id)
    join uses u on u.tenant_id = %b and u.integration_id = moved.integration_id and u.entity = moved.entity
               and u.source_id = moved.source_id
    join record r on r.tenant_id = u.tenant_id and r.record_id = u.record_id
    join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
    where s.reason <> %b and (s.state <> all(%b::smallint[])
       or exists (select 1 from intent i where i.tenant_id = r.tenant_id and i.record_id = r.record_id
                  and i.version_id = r.version_id and i.state = %b))"""
_PASSED_OVER = """
    select distinct s.version_id, s.record_id, s.run_id
    from unnest(%b::text[], %b::text[]) as moved (source_id, code)
    join uses u on u.tenant_id = %b and u.integration_id = %b and u.entity = %b and u.source_id = moved.source_id
    join record r on r.tenant_id = u.tenant_id and r.record_id = u.record_id
    join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id and s.state = %b
                        and s.reason = moved.code
    order by s.version_id"""
_ENTERED = """
    select distinct s.version_id, s.record_id, s.run_id
    from unnest(%b::text[]) as moved (source_id)
    join uses u on u.tenant_id = %b and u.integration_id = %b and u.entity = %b and u.source_id = moved.source_id
    join record r on r.tenant_id = u.tenant_id and r.record_id = u.record_id
    join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id and s.state = any(%b::smallint[])
    order by s.version_id"""
_AGAIN = """
    with numbered as (
        select r.record_id, r.version_id as before, r.versions, nextval('document_version_id_seq') as new_version
        from record r where r.tenant_id = %b and r.record_id = any(%b::bigint[])
    ), copies as (
        select n.new_version, n.before, n.versions, d.*
        from numbered n join document d on d.tenant_id = %b and d.version_id = n.before
    ), records as (
        update record r set version_id = n.new_version, versions = r.versions + 1
        from numbered n where r.tenant_id = %b and r.record_id = n.record_id
    ), documents as (
        insert into document (tenant_id, version_id, record_id, sequence, run_id, read_at, stamp, content_hash,
                              number, number_key, party_id, document_date, amount, currency, settled, raw,
                              canonical)
        select tenant_id, new_version, record_id, versions + 1, %b, %b, stamp, content_hash, number, number_key,
               party_id, document_date, amount, currency, settled, raw, canonical
        from copies
    ), states as (
        insert into version_state (tenant_id, version_id, record_id, flow_id, run_id, state, changed_at)
        select tenant_id, new_version, record_id, %b, %b, %b, %b from copies
    ), queued as (
        insert into work (tenant_id, connection_id, priority, version_id, flow_id)
        select tenant_id, %b, %b, new_version, %b from copies
    )
    select record_id, before, new_version, amount, currency from copies"""


async def note_uses(transaction: LaneTransaction, flow: Flow, items: Iterable[Item]) -> None:
    """Note what records about to be written, linked or passed over stand on, besides their party."""
    await _note(transaction, flow, [(item.record_id, item.document) for item in items])


async def _note(transaction: LaneTransaction, flow: Flow, opened: Iterable[tuple[int, Document]]) -> None:
    rules, settings, kept = flow.type, flow.settings, list(opened)
    pairs = [(record_id, *pair) for record_id, one in kept for pair in rules.needs_links(one, settings)[1:]]
    looked = [(record_id, one) for record_id, document in kept for one in rules.looks_back(document, settings)]
    pairs += [(record_id, name, f"{_AT}{id_}") for record_id, (name, _, id_) in looked]
    if pairs:
        await transaction.run(
            """insert into uses (tenant_id, record_id, integration_id, entity, source_id)
            select %b, record_id, %b, entity, source_id
            from unnest(%b::bigint[], %b::text[], %b::text[]) as page (record_id, entity, source_id)
            on conflict do nothing""",
            transaction.lane.tenant_id, flow.integration_id, *map(list, zip(*pairs, strict=True)),
        )  # fmt: skip


async def note_older(transaction: LaneTransaction, flows: Iterable[Flow]) -> None:
    """Note what some more of the records stand on that were posted or linked before that was kept."""
    lane = transaction.lane
    left = await transaction.all(
        "select name, cursor from feed where tenant_id = %b and connection_id = %b and starts_with(name, %b)",
        lane.tenant_id, lane.connection_id, OLDER,
    )  # fmt: skip
    named = {f"{OLDER}{flow.flow_id}": flow for flow in flows}
    for name, cursor in left:
        if (flow := named.get(name)) is not None:
            await _note_down(transaction, flow, name, int(cursor))


_POSTED = """
    select r.record_id, d.content_hash, d.canonical
    from record r join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
    join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
    where r.tenant_id = %b and r.flow_id = %b and r.record_id <= %b
      and exists (select 1 from link l where l.tenant_id = r.tenant_id and l.integration_id = f.integration_id
                  and l.entity = f.name and l.source_id = r.source_id)
    order by r.record_id desc limit %b"""


async def _note_down(transaction: LaneTransaction, flow: Flow, name: str, last: int) -> None:
    """One slice's share of them, and where the next one goes on; nothing is left to do of a flow of single steps."""
    lane, rows = transaction.lane, list[tuple[Any, ...]]()
    if flow.type.several_steps:
        rows = await transaction.all(_POSTED, lane.tenant_id, flow.flow_id, last, AT_ONCE)
    opened = [(row[0], documents.decode(lane.sealer.open(b"canonical " + row[1], row[2]))) for row in rows]
    await _note(transaction, flow, opened)
    values = lane.tenant_id, lane.connection_id, name
    if len(rows) < AT_ONCE:
        await transaction.run("delete from feed where tenant_id = %b and connection_id = %b and name = %b", *values)
        return
    await transaction.run(
        "update feed set cursor = %b, moved_at = %b where tenant_id = %b and connection_id = %b and name = %b",
        str(rows[-1][0] - 1).encode(), lane.clock.now(), *values,
    )  # fmt: skip


async def let_in(transaction: LaneTransaction, flow: Flow, items: Iterable[Item]) -> None:
    """Decide anew who was passed over with documents that are decided now, where that holds no more as these are now.

    Whoever stands on them has the same target, so its lane is this one: what it was passed over for it has either read
    after the documents were staged, or it is found here.
    """
    moved = [(item.source_id, code) for item in items for code in flow.type.lets_in(item.document, flow.settings)]
    place = transaction.lane.tenant_id, flow.integration_id, flow.name
    for row in await _decide_anew(transaction.connection, *place, moved):
        _again_told(transaction, row, "what it stands on has come into the scope")


async def let_in_linked(transaction: LaneTransaction, linked: Iterable[tuple[Flow, str, str]]) -> None:
    """Decide anew who waits, was passed over, or went in part, since what it stands on was nobody's counterpart.

    (flow, entity, target id) are linked now.
    """
    found: dict[tuple[int, str], tuple[Flow, list[str]]] = {}
    for flow, entity, target_id in linked:
        if _going_back(flow.integration):
            found.setdefault((flow.integration_id, entity), (flow, []))[1].append(target_id)
    for (integration_id, entity), (flow, ids) in found.items():
        place = transaction.lane.tenant_id, integration_id
        for row in await let_in_counterparts(transaction.connection, *place, flow.integration, entity, ids):
            _again_told(transaction, row, "what it stands on was linked")


async def let_in_counterparts(
    connection: Transaction, tenant_id: int, integration_id: int, integration: IntegrationType, entity: str,
    ids: Sequence[str],
) -> list[tuple[Any, ...]]:  # fmt: skip
    """The same for counterparts of the flow ``entity``, by their ids; (version, record, run) of those that go again."""
    await release(connection, tenant_id, "link", [f"{entity}{_AT}{one}" for one in ids])
    moved = [(f"{_AT}{one}", code) for one in ids for code in _going_back(integration)]
    rows = await _decide_anew(connection, tenant_id, integration_id, entity, moved)
    return [*rows, *await _look_again(connection, tenant_id, integration_id, entity, ids)]


async def _look_again(
    connection: Transaction, tenant_id: int, integration_id: int, entity: str, ids: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Stage who stands on these and has gone back already, maybe without its share of them."""
    states = [State.POSTED, State.UNCHANGED]
    values = [f"{_AT}{one}" for one in ids], tenant_id, integration_id, entity, states
    rows = await (await connection.execute(_ENTERED.encode(), values)).fetchall()
    went = (
        set(await restage(connection, tenant_id, [row[0] for row in rows], states, Priority.RELEASED))
        if rows
        else set()
    )
    return [row for row in rows if row[0] in went]


def _going_back(integration: IntegrationType) -> list[str]:
    """Codes of skips which new counterparts of its records may change."""
    return sorted({code for one in integration.flows if one.mirrors for code in one.passed_over_with})


async def _decide_anew(
    connection: Transaction, tenant_id: int, integration_id: int, entity: str, moved: Sequence[tuple[str, str]]
) -> list[tuple[Any, ...]]:
    """Stage who stands on these (source id, code of the skip) of ``entity``, and was passed over for that."""
    if not moved:
        return []
    rows = await (
        await connection.execute(
            _PASSED_OVER.encode(),
            [*map(list, zip(*moved, strict=True)), tenant_id, integration_id, entity, State.SKIPPED.value],
        )
    ).fetchall()
    versions = [row[0] for row in rows]
    went = set(await restage(connection, tenant_id, versions, [State.SKIPPED], Priority.RELEASED))
    return [row for row in rows if row[0] in went]


def _again_told(transaction: LaneTransaction, row: Sequence[Any], why: str) -> None:
    version_id, record_id, run_id = row
    transaction.event("staged again", record_id=record_id, version_id=version_id, run_id=run_id, why=why)


async def stage_users_again(transaction: LaneTransaction, moved: Sequence[tuple[Flow, str]], why: str) -> None:
    """Stage again whoever stands on the counterparts of (flow, source id). What was not sent yet is planned anyway, and

    what a person has dismissed stays so.
    """
    lane = transaction.lane
    rows = await transaction.all(
        _USERS, [flow.integration_id for flow, _ in moved], [flow.name for flow, _ in moved],
        [source_id for _, source_id in moved], lane.tenant_id, DISMISSED, [*_NOT_SENT], IntentState.DONE.value,
    )  # fmt: skip
    by_flow: dict[int, set[int]] = defaultdict(set)
    for record_id, flow_id in rows:
        by_flow[flow_id].add(record_id)
    if not by_flow:
        return
    known = await flows_of(transaction.connection, lane.tenant_id, lane.connection_id, lane.integrations)
    for flow in known:
        if records := by_flow.get(flow.flow_id):
            await _again(transaction, flow, sorted(records), why)


async def _again(transaction: LaneTransaction, flow: Flow, records: list[int], why: str) -> None:
    lane = transaction.lane
    run_id, now = await begin_run(transaction, flow, why, "engine"), lane.clock.now()
    rows = await transaction.all(
        _AGAIN, lane.tenant_id, records, lane.tenant_id, lane.tenant_id, run_id, now, flow.flow_id, run_id,
        State.STAGED.value, now, flow.target_id, flow.type.priority, flow.flow_id,
    )  # fmt: skip
    await supersede(transaction, {row[1]: row[2] for row in rows})
    await transaction.run(
        """update release e set version_id = page.newer
        from unnest(%b::bigint[], %b::bigint[], %b::bigint[]) as page (record_id, older, newer)
        where e.tenant_id = %b and e.record_id = page.record_id and e.version_id >= page.older""",
        [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows], lane.tenant_id,
    )  # fmt: skip
    intake = Intake()
    for record_id, _, version_id, amount, currency in rows:
        transaction.event("staged again", record_id=record_id, version_id=version_id, run_id=run_id, why=why)
        intake.count("new", amount, currency)
    await count_rows(transaction, run_id, intake)
    await finish_run(transaction, flow, run_id)
