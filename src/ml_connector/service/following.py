"""What follows a party: a document that waits for its vendor, and the vendor that waits itself."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from ml_connector.integrations.base import Waiting
from ml_connector.sealing import Sealer
from ml_connector.service.desk import Reading
from ml_connector.service.tallies import counted, opened_wait, title_of
from ml_connector.sync.states import State

PENDING = "vendor_pending"
_STUCK = (State.HELD.value, State.REJECTED.value)

_PARTY = """
    from flow f join flow p on p.tenant_id = f.tenant_id and p.integration_id = f.integration_id
    join record r on r.tenant_id = p.tenant_id and r.flow_id = p.flow_id
    join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id"""


async def with_the_partys_own(reading: Reading, sealer: Sealer, flow_id: int, one: Waiting) -> Waiting:
    """A wait for a party as it is; where the party's newest version is held or rejected, it says what that waits for."""
    if one.code != PENDING:
        return one
    entity, _, source_id = one.key.partition(":")
    row = await reading.one(
        f"""select r.record_id, s.version_id, s.reason {_PARTY}
        where f.tenant_id = %s and f.flow_id = %s and p.name = %s and r.source_id = %s and s.state = any(%s::smallint[])""",
        reading.tenant_id, flow_id, entity, source_id, list(_STUCK),
    )  # fmt: skip
    if row is None:
        return one
    detail = await reading.one(
        "select detail from wait where tenant_id = %s and version_id = %s order by position limit 1",
        reading.tenant_id, row[1],
    )  # fmt: skip
    why = opened_wait(sealer, detail[0]).sentence if detail else f"{title_of(row[2])}."
    return msgspec.structs.replace(one, action=f"The vendor waits itself: {why} See the vendor's record #{row[0]}.")


async def stuck_parties(reading: Reading, flow_ids: list[int]) -> Mapping[int, str]:
    """By flow: what to do where documents wait for parties that wait themselves."""
    rows = await reading.all(
        f"""select f.flow_id, count(distinct w.version_id), min(r.record_id) {_PARTY}
        join wait w on w.tenant_id = f.tenant_id and w.flow_id = f.flow_id and w.code = %s
             and w.key = p.name || ':' || r.source_id
        where f.tenant_id = %s and f.flow_id = any(%s::int[]) and s.state = any(%s::smallint[]) group by 1""",
        PENDING, reading.tenant_id, flow_ids, list(_STUCK),
    )  # fmt: skip
    return {
        flow_id: f"{counted(count, 'of them waits', 'of them wait')} for a vendor that waits itself: see the vendor's "
        f"record, such as #{record_id}. "
        "What waits for another vendor follows by itself."
        for flow_id, count, record_id in rows
    }
