"""Four eyes: nobody approves a plan of their own, and a row of a mapping table is confirmed by a second person.

A plan is somebody's own where it rests on a row that they alone have written, or is of a record that they have released,
replayed, linked or asked to be recoded. People are told apart by the name that the audit trail has of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ml_connector.sealing import Sealer
from ml_connector.service.desk import Change, Desk, Reading
from ml_connector.sync.reads import Read, opened
from ml_connector.sync.release import release

_DECIDED = {
    "released": "released the record",
    "replayed": "replayed the record",
    "linked": "linked the record",
    "recoding asked": "asked for its recoding",
}
_PLANS = """
    select p.record_id, f.integration_id, coalesce(p.renewed_reads, p.reads) from plan p
    join record r on r.tenant_id = p.tenant_id and r.record_id = p.record_id and r.version_id = p.version_id
    join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
    join integration i on i.tenant_id = f.tenant_id and i.integration_id = f.integration_id
    where p.tenant_id = %s and p.record_id = any(%s::bigint[])
      and i.settings ->> 'four_eyes' = 'yes'"""


async def own_plans(desk: Desk, reading: Reading, sealer: Sealer, record_ids: Sequence[int]) -> dict[int, str]:
    """Those of the records whose plan the person may not approve, with the reason; none where four eyes are not asked for."""
    plans = await reading.all(_PLANS, desk.tenant_id, list(record_ids))
    if not plans:
        return {}
    own = await _by_person(desk, reading, [row[0] for row in plans])
    rows = await _rows_of(desk, reading, {row[1] for row in plans})
    for record_id, integration_id, reads in plans:
        keys = _keys(opened(sealer.open, reads))
        mine = sorted((table, key) for table, key in keys if (integration_id, table, key) in rows)
        if mine:
            table, key = mine[0]
            own[record_id] = f"you have written the row '{key}' of the mapping table {table} that it goes by"
    return own


def refusal(record_id: int, why: str) -> str:
    """What a person is told of a plan of their own."""
    return f"The plan of record #{record_id} is yours: {why}. Somebody else has to approve it (setting four_eyes)."


async def _by_person(desk: Desk, reading: Reading, record_ids: Sequence[int]) -> dict[int, str]:
    rows = await reading.all(
        """select distinct on (e.record_id) e.record_id, e.kind from audit_event e
        join record r on r.tenant_id = e.tenant_id and r.record_id = e.record_id
             and coalesce(e.version_id, r.version_id) = r.version_id
        where e.tenant_id = %s and e.record_id = any(%s::bigint[]) and e.actor = %s and e.kind = any(%s::text[])
        order by e.record_id, e.chain_no desc""",
        desk.tenant_id, list(record_ids), desk.actor.name, list(_DECIDED),
    )  # fmt: skip
    return {record_id: f"you have {_DECIDED[kind]}" for record_id, kind in rows}


async def _rows_of(desk: Desk, reading: Reading, integrations: Iterable[int]) -> set[tuple[int, str, str]]:
    """The rows that the person has written and nobody else has confirmed."""
    rows = await reading.all(
        """select integration_id, table_name, source_key from mapping
        where tenant_id = %s and integration_id = any(%s::int[]) and changed_by = %s
          and coalesce(confirmed_by, changed_by) = changed_by""",
        desk.tenant_id, sorted(integrations), desk.actor.name,
    )  # fmt: skip
    return {(integration_id, table, key) for integration_id, table, key in rows}


async def confirm_rows(desk: Desk, change: Change, sealer: Sealer, record_ids: Sequence[int]) -> None:
    """With the approval of plans a second person has seen the rows that they go by; what waits for these goes on."""
    plans = await change.all(_PLANS, desk.tenant_id, list(record_ids))
    wanted = {
        (integration_id, table, key)
        for _, integration_id, reads in plans
        for table, key in _keys(opened(sealer.open, reads))
    }
    rows = await change.all(
        """update mapping m set confirmed_by = %s from unnest(%s::int[], %s::text[], %s::text[]) as seen (i, t, k)
        where m.tenant_id = %s and m.integration_id = seen.i and m.table_name = seen.t and m.source_key = seen.k
          and m.confirmed_by is null and m.changed_by <> %s returning m.table_name, m.source_key""",
        desk.actor.name, [one[0] for one in wanted], [one[1] for one in wanted], [one[2] for one in wanted],
        desk.tenant_id, desk.actor.name,
    )  # fmt: skip
    for table, key in rows:
        change.event("mapping confirmed", table=table, key=key)
    await release(change.connection, desk.tenant_id, "confirmation", [f"{table}:{key}" for table, key in rows])


def _keys(reads: Iterable[Read]) -> set[tuple[str, str]]:
    return {(one.table, one.key) for one in reads if one.value is not None}
