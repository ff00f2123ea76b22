"""HOLD: what a version waits for, what would be done now instead of what was approved, and asking for what is needed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec

from ml_connector.integrations.decisions import Hold, Waiting
from ml_connector.sync import plan, reads
from ml_connector.sync.half_done import with_what_is_off
from ml_connector.sync.lane import LaneTransaction, wake
from ml_connector.sync.links import settled
from ml_connector.sync.planned import Planned, move, tell
from ml_connector.sync.states import Needed, Priority, State


async def hold(transaction: LaneTransaction, held: Sequence[Planned]) -> None:
    """Hold versions, each with everything that it waits for."""
    if not held:
        return
    lane, held = transaction.lane, await with_what_is_off(transaction, held)
    rows: list[tuple[Planned, int, Waiting]] = []
    for one in held:
        assert isinstance(one.decision, Hold)
        rows.extend((one, position, wait) for position, wait in enumerate(one.decision.waits))
    await _tell_held(transaction, held)
    await transaction.run(
        """insert into wait (tenant_id, version_id, position, flow_id, code, kind, key, detail, since)
        select %b, page.*, %b from unnest(%b::bigint[], %b::smallint[], %b::integer[], %b::text[], %b::text[],
                                          %b::text[], %b::bytea[]) as page""",
        lane.tenant_id, lane.clock.now(),
        [one.item.version_id for one, _, _ in rows], [position for _, position, _ in rows],
        [one.flow.flow_id for one, _, _ in rows], [wait.code for _, _, wait in rows],
        [wait.kind for _, _, wait in rows], [wait.key for _, _, wait in rows],
        [lane.sealer.seal(b"wait", msgspec.json.encode(wait)) for _, _, wait in rows],
    )  # fmt: skip
    await _renew(transaction, held)
    await settled(transaction, [(one.flow, one.item) for one in held])
    firsts = [one.decision.waits[0].code if isinstance(one.decision, Hold) else "" for one in held]
    await move(transaction, held, [State.HELD] * len(held), firsts)


async def _renew(transaction: LaneTransaction, held: Sequence[Planned]) -> None:
    """Keep what would be done now with what was approved, if anything was: an approval is of exactly that."""
    lane = transaction.lane
    for one in held:
        if one.kept.renewed is not None:
            target = plan.placeholder(one.flow.name, one.item.source_id)
            digest = plan.digest(one.kept.renewed, one.kept.against)
            body = lane.sealer.seal(b"plan", plan.encode(one.kept.renewed))
            read = lane.sealer.seal(b"plan reads", reads.encode(one.kept.reads))
            await transaction.run(
                """insert into plan (tenant_id, version_id, record_id, digest, body, reads, target, planned_at,
                                     renewed_digest, renewed, renewed_reads)
                values (%b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b)
                on conflict (tenant_id, version_id) do update
                set renewed_digest = excluded.digest, renewed = excluded.body, renewed_reads = excluded.reads,
                    body = case when plan.approved_at is null then excluded.body else plan.body end""",
                lane.tenant_id, one.item.version_id, one.item.record_id, digest, body, read, target, lane.clock.now(),
                digest, body, read,
            )  # fmt: skip


async def _tell_held(transaction: LaneTransaction, held: Sequence[Planned]) -> None:
    """Take away what they waited for before, and tell of those that wait for something else now."""
    gone = await transaction.all(
        "delete from wait where tenant_id = %b and version_id = any(%b::bigint[]) returning version_id, code, key",
        transaction.lane.tenant_id, [one.item.version_id for one in held],
    )  # fmt: skip
    before: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for version_id, code, key in gone:
        before[version_id].add((code, key))
    for one in held:
        assert isinstance(one.decision, Hold)
        if before[one.item.version_id] != {(wait.code, wait.key) for wait in one.decision.waits}:
            tell(transaction, one, "held", waits=[[wait.code, wait.sentence] for wait in one.decision.waits])


async def ask(transaction: LaneTransaction, held: Sequence[Planned]) -> None:
    """Ask for the documents a held one depends on, as records of their own flow."""
    lane = transaction.lane
    wanted: dict[tuple[int, str, str], Needed] = {}
    for one in held:
        assert isinstance(one.decision, Hold)
        level = Needed.LIVE if one.live or one.flow.mode == "live" else Needed.PREVIEW
        for entity, source_id in one.decision.asks_for:
            wanted[one.flow.integration_id, entity, source_id] = level
    if not wanted:
        return
    await _ask_alone(transaction, held)
    await transaction.run(
        """with asked as (
            select a.level, r.record_id, r.version_id, f.flow_id, f.target_id, f.mode
            from unnest(%b::integer[], %b::text[], %b::text[], %b::smallint[]) as a (integration, entity, source, level)
            join flow f on f.tenant_id = %b and f.integration_id = a.integration and f.name = a.entity
            join record r on r.tenant_id = f.tenant_id and r.flow_id = f.flow_id and r.source_id = a.source
        ), marked as (
            update record r set needed = greatest(r.needed, asked.level) from asked
            where r.tenant_id = %b and r.record_id = asked.record_id
        ), staged as (
            update version_state s set state = %b, reason = '', changed_at = %b from asked
            where s.tenant_id = %b and s.version_id = asked.version_id
              and (s.state = %b and s.reason = 'not_needed'
                   or s.state = %b and asked.level = %b and asked.mode = 'as needed')
            returning s.version_id, asked.flow_id, asked.target_id
        )
        insert into work (tenant_id, connection_id, priority, version_id, flow_id)
        select %b, target_id, %b, version_id, flow_id from staged
        on conflict (tenant_id, version_id) do nothing""",
        [one[0] for one in wanted], [one[1] for one in wanted], [one[2] for one in wanted], list(wanted.values()),
        lane.tenant_id, lane.tenant_id, State.STAGED.value, lane.clock.now(), lane.tenant_id, State.SKIPPED.value,
        State.PLANNED.value, Needed.LIVE.value, lane.tenant_id, Priority.PARTY.value,
    )  # fmt: skip


async def _ask_alone(transaction: LaneTransaction, held: Sequence[Planned]) -> None:
    """Have what was never read, and no list will show, read by its id, as if it had been hinted at; once a week at most."""
    lane, wanted = transaction.lane, set[tuple[int, str, str, str]]()
    for one in held:
        assert isinstance(one.decision, Hold)
        for name, source_id in one.decision.asks_for:
            rules = one.flow.integration.flow(name)
            if rules.read_alone:
                wanted.add((one.flow.integration_id, name, rules.source_entities(one.flow.settings)[-1], source_id))
    rows = await transaction.all(
        """insert into inbox (tenant_id, connection_id, entity, object_id, hinted_at)
        select distinct f.tenant_id, f.source_id, a.entity, a.source, %b::timestamptz
        from unnest(%b::integer[], %b::text[], %b::text[], %b::text[]) as a (integration, name, entity, source)
        join flow f on f.tenant_id = %b and f.integration_id = a.integration and f.name = a.name and f.mode <> 'off'
        where not exists (select 1 from record r where r.tenant_id = f.tenant_id and r.flow_id = f.flow_id
                          and r.source_id = a.source)
        order by 2, 3, 4 on conflict do nothing returning connection_id""",
        lane.clock.now(), *([one[n] for one in wanted] for n in range(4)), lane.tenant_id,
    )  # fmt: skip
    for connection_id in sorted({row[0] for row in rows}):
        await wake(transaction, connection_id, "asked for")
