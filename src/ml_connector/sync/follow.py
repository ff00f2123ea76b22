"""FOLLOW: a flow whose documents are another flow's, once those are posted. Marking exported is such a flow.

It is a reading of our own ledger instead of a vendor: what was posted and has no record here yet is staged, with the
same document; so is a later version of it that is posted or changed nothing, until the follower is done with it: an invoice
may be posted here before its batch is posted in the source. So it may be turned on at any time, follows what was posted
before, and never undoes it.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.references import reference
from ml_connector.sync.runs import Intake, begin_run, count_rows, finish_run
from ml_connector.sync.states import State
from ml_connector.sync.superseding import supersede

_AT_ONCE = 500
_SETTLED = (State.POSTED, State.UNCHANGED)

# Only what we created ourselves: a document that was linked was in the target before, by somebody else's doing. Its newest
# version is followed once that is settled; what the follower has linked is done and stays as it is.
_FOLLOWED = """
    from link l
    join record r on r.tenant_id = l.tenant_id and r.record_id = l.record_id
    join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
    left join record own on own.tenant_id = l.tenant_id and own.flow_id = %b and own.source_id = l.source_id
    where l.tenant_id = %b and l.integration_id = %b and l.entity = %b and l.origin = 'created'
      and (own.record_id is null or s.state = any(%b::smallint[]) and own.content_hash <> r.content_hash
           and not exists (select 1 from link mine where mine.tenant_id = l.tenant_id and mine.entity = %b
                           and mine.integration_id = l.integration_id and mine.source_id = l.source_id))"""
_STAGE = f"""
    with followed as (
        select l.source_id, own.record_id as own, own.version_id as before, coalesce(own.versions, 0) as versions,
               case when s.state = any(%b::smallint[]) then r.version_id else l.version_id end as version_id
        {_FOLLOWED}
        order by l.link_id limit %b
    ), posted as (
        select f.source_id, f.own, f.before, f.versions, d.tenant_id, d.stamp, d.content_hash, d.number, d.number_key,
               d.party_id, d.document_date, d.amount, d.currency, d.settled, d.raw, d.canonical
        from followed f join document d on d.tenant_id = %b and d.version_id = f.version_id
    ), numbered as (
        select posted.*, coalesce(own, nextval('record_record_id_seq')) as new_record,
               nextval('document_version_id_seq') as new_version
        from posted
    ), records as (
        insert into record (tenant_id, record_id, flow_id, source_id, reference, version_id, stamp, content_hash)
        select tenant_id, new_record, %b, source_id, %b || source_id, new_version, stamp, content_hash from numbered
        on conflict (tenant_id, flow_id, source_id) do update
        set version_id = excluded.version_id, stamp = excluded.stamp, content_hash = excluded.content_hash,
            versions = record.versions + 1
    ), documents as (
        insert into document (tenant_id, version_id, record_id, sequence, run_id, read_at, stamp, content_hash,
                              number, number_key, party_id, document_date, amount, currency, settled,
                              raw, canonical)
        select tenant_id, new_version, new_record, versions + 1, %b, %b, stamp, content_hash, number, number_key,
               party_id, document_date, amount, currency, settled, raw, canonical
        from numbered
    ), states as (
        insert into version_state (tenant_id, version_id, record_id, flow_id, run_id, state, changed_at)
        select tenant_id, new_version, new_record, %b, %b, %b, %b from numbered
    ), queued as (
        insert into work (tenant_id, connection_id, priority, version_id, flow_id)
        select tenant_id, %b, %b, new_version, %b from numbered
    )
    select new_record, new_version, amount, currency, before from numbered"""


async def follow(lane: Lane, flow: Flow, trigger: str, actor: str) -> int:
    """Stage what the followed flow has posted since; how many. Raises LeaseLost."""
    staged = 0
    while not lane.slice.stopping:
        async with lane.transaction() as transaction:
            found = await _stage(transaction, flow, trigger, actor)
        staged += found
        if found < _AT_ONCE:
            break
    return staged


async def _stage(transaction: LaneTransaction, flow: Flow, trigger: str, actor: str) -> int:
    lane = transaction.lane
    if not await _any(transaction, flow):
        return 0
    run_id = await begin_run(transaction, flow, trigger, actor)
    own = reference(lane.connector.vendor, lane.organisation.id, flow.name, "")
    rows = await transaction.all(
        _STAGE,
        [*_SETTLED], *_followed(flow, lane), _AT_ONCE, lane.tenant_id, flow.flow_id, own, run_id, lane.clock.now(),
        flow.flow_id, run_id, State.STAGED.value, lane.clock.now(), flow.target_id, flow.type.priority, flow.flow_id,
    )  # fmt: skip
    await supersede(transaction, {row[4]: row[1] for row in rows if row[4] is not None})
    for record_id, version_id, *_ in rows:
        transaction.event("followed", record_id=record_id, version_id=version_id, run_id=run_id, flow=flow.type.follows)
    intake = Intake()
    for _, _, amount, currency, _ in rows:
        intake.count("new", amount, currency)
    await count_rows(transaction, run_id, intake)
    await finish_run(transaction, flow, run_id)
    return len(rows)


def _followed(flow: Flow, lane: Lane) -> tuple[object, ...]:
    """The values of _FOLLOWED."""
    return flow.flow_id, lane.tenant_id, flow.integration_id, flow.type.follows, [*_SETTLED], flow.name


async def _any(transaction: LaneTransaction, flow: Flow) -> bool:
    row = await transaction.one(f"select exists (select 1 {_FOLLOWED})", *_followed(flow, transaction.lane))
    return bool(row and row[0])


async def wake_followers(transaction: LaneTransaction, settled: Sequence[Flow]) -> None:
    """Flows that follow what was posted, or was found unchanged, have work in their own lane now."""
    lane = transaction.lane
    for flow in {flow.flow_id: flow for flow in settled}.values():
        followers = [one.name for one in flow.integration.flows if one.follows == flow.name]
        if not followers:
            continue
        await transaction.run(
            """insert into wake (tenant_id, connection_id, reason)
            select %s, source_id, 'posted' from flow
            where tenant_id = %s and integration_id = %s and name = any(%s::text[]) and mode = 'live'""",
            lane.tenant_id, lane.tenant_id, flow.integration_id, followers,
        )  # fmt: skip
