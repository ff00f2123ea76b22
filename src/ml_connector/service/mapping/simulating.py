"""What a changed mapping table would do, planned as sending plans it and written nowhere."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Sequence

from ml_connector.lanes.looking import looking_lane
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.affected import POSTED, Affected, affected
from ml_connector.service.mapping.effects import Effects, Simulated
from ml_connector.service.mapping.files import checked
from ml_connector.service.mapping.keys import known, under_way
from ml_connector.service.mapping.rows import Row, facts_of, rows_in
from ml_connector.service.roles import READERS
from ml_connector.sync import plan, reads
from ml_connector.sync.decide import looked_at
from ml_connector.sync.flows import flows_of
from ml_connector.sync.lane import Lane, LaneTransaction
from ml_connector.sync.mapping import Table
from ml_connector.sync.prepare import Preparer
from ml_connector.sync.states import State

_BATCH = 50  # documents planned in one transaction, so that no worker waits long


async def simulate(desk: Desk, integration: Integration, table: str, text: str, *, anyway: bool = False) -> Simulated:
    """What an import of this file would set in motion. Nothing is written. Raises as ``import_mapping`` does."""
    desk.require(*READERS)
    read = await checked(desk, integration, table, text, anyway=anyway)
    found, sealer = await known(desk, integration, table, scan=False), await desk.sealer()
    async with desk.looking() as reading:
        held = await rows_in(reading, integration, table)
        rows = {(row.key, row.valid_from): row for row in held}
        new = [row for row in read.rows if rows.get((row.key, row.valid_from)) != row]
        keys = {row.key for row in new}
        freed = {one for key in keys for one in found.table.freed_by(key)}
        documents = [one async for one in affected(desk, reading, sealer, integration, found.table, keys)]
    rows.update({(row.key, row.valid_from): row for row in new})
    staged = await under_way(desk, integration, found.table, [row.key for row in read.rows]) if new else 0
    effects = Effects(found, new, _table(held), _table(rows.values()), under_way=staged)
    former = [row.value for row in held if row.key in keys]
    awaited = {f"{table}:{one}" for one in freed} | set(facts_of(found.table, former))
    codes = {code for name, code in desk.runtime.integrations[integration.kind].skipped_by_tables if name == table}
    planned = [one for one in documents if _is_planned_again(one, effects, sealer, awaited, codes)]
    await _plan(desk, integration, effects, planned)
    for one in documents:
        if one.state in POSTED and one.linked:
            effects.stay(one)
    return effects.told(len(read.rows) - len(new), read.warnings)


def _table(rows: Iterable[Row]) -> Table:
    made = Table()
    for row in rows:
        made.add(row.key, row.valid_from, row.valid_until, row.value)
    return made


def _is_planned_again(one: Affected, effects: Effects, sealer: Sealer, awaited: set[str], codes: set[str]) -> bool:
    """Whether the change has the document planned again, or its plan read a row that would say something else."""
    if one.state is State.HELD:
        return not awaited.isdisjoint(one.waits)
    if one.state is State.SKIPPED:
        return one.reason in codes
    if one.plan is None:
        return False
    name = effects.known.table.name
    seen = [read for read in reads.opened(sealer.open, one.plan[2]) if read.table == name]
    return one.plan[2] is None or bool(reads.moved(seen, {name: effects.after}))


async def _plan(desk: Desk, integration: Integration, effects: Effects, documents: Sequence[Affected]) -> None:
    by_flow: dict[str, list[Affected]] = defaultdict(list)
    for one in documents:
        by_flow[one.flow].append(one)
    for name, group in by_flow.items():
        lane = await looking_lane(desk.runtime, desk.tenant_id, integration.flow(name).target_id)
        preparer = Preparer(lane)
        for place in range(0, len(group), _BATCH):
            await _batch(lane, preparer, integration, effects, group[place : place + _BATCH])


async def _batch(
    lane: Lane, preparer: Preparer, integration: Integration, effects: Effects, group: Sequence[Affected]
) -> None:
    """Plan some documents of one flow by the changed table, as a preview does. What planning notes on its way is undone."""
    async with lane.database.tenant(lane.tenant_id) as connection, connection.transaction(force_rollback=True):
        transaction = LaneTransaction(lane, connection, [])
        flows = await flows_of(connection, lane.tenant_id, lane.connection_id, lane.integrations)
        stored = next(
            one for one in flows if (one.integration_id, one.name) == (integration.integration_id, group[0].flow)
        )
        flow = dataclasses.replace(stored, mode="preview")
        lists = await preparer.lists(transaction, flow)
        lists.tables = {**lists.tables, effects.known.table.name: effects.after}
        found = await looked_at(transaction, preparer, flow, [one.item for one in group])
        for one, (decision, digest) in zip(group, found, strict=True):
            seen = plan.decode(lane.sealer.open(b"plan", one.plan[1])) if one.plan is not None else None
            effects.planned(one, decision, digest, seen, lists.ledger(flow.type.parties))
