"""When tracked versions are looked at again: a payable bill that may be theirs has changed, or a day has passed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from ml_connector.integrations.tracked import ENTITY
from ml_connector.store.database import Session as Transaction
from ml_connector.sync.release import restage
from ml_connector.sync.states import Priority, State

DAILY = timedelta(days=1)
MATCHED = "matched"

# What is matched is looked at again only when its own bill changes. Of a flow that is off nothing is looked at: what has
# changed meanwhile is noticed by the first reading after it is on again.
_TOUCHED = b"""
    select t.version_id from tracking t join flow f on f.tenant_id = t.tenant_id and f.flow_id = t.flow_id
    where t.tenant_id = %b and t.connection_id = %b and f.mode <> 'off'
      and (t.candidates && %b::text[] or t.finding <> %b and t.party_id <> '' and t.party_id in (
               select d.party_id from directory d where d.tenant_id = %b and d.connection_id = %b and d.entity = %b
               and d.object_id = any(%b::text[])))
    order by t.version_id"""
_OLD = b"""
    select t.version_id from tracking t join flow f on f.tenant_id = t.tenant_id and f.flow_id = t.flow_id
    join version_state s on s.tenant_id = t.tenant_id and s.version_id = t.version_id and s.state = %b
    where t.tenant_id = %b and t.connection_id = %b and f.mode <> 'off' and t.finding <> %b and t.looked_at < %b
    order by t.looked_at limit %b"""

_VENDORS = "vendors"  # the flow whose links tell who the vendor of a tracked bill is
_UNKNOWN = b"""
    select t.version_id from tracking t join flow f on f.tenant_id = t.tenant_id and f.flow_id = t.flow_id
    join document d on d.tenant_id = t.tenant_id and d.version_id = t.version_id
    where t.tenant_id = %b and f.integration_id = %b and f.mode <> 'off' and t.party_id = '' and d.party_id = any(%b::text[])
    order by t.version_id"""


async def look_for_linked(
    connection: Transaction, tenant_id: int, integration_id: int, parties: Sequence[tuple[str, str]]
) -> int:
    """Stage the bills of vendors who had no contact and are among the newly linked (flow, source id); how many."""
    vendors = [source_id for flow, source_id in parties if flow == _VENDORS]
    if not vendors:
        return 0
    rows = await connection.execute(_UNKNOWN, [tenant_id, integration_id, vendors])
    return await _staged(connection, tenant_id, [row[0] for row in await rows.fetchall()], Priority.RELEASED)


async def look_again(connection: Transaction, tenant_id: int, connection_id: int, keys: Sequence[str]) -> int:
    """Stage what payable bills among the changed facts ``keys`` ("entity:id") may concern; how many versions."""
    ids = [key.removeprefix(f"{ENTITY}:") for key in keys if key.startswith(f"{ENTITY}:")]
    if not ids:
        return 0
    rows = await connection.execute(
        _TOUCHED, [tenant_id, connection_id, ids, MATCHED, tenant_id, connection_id, ENTITY, ids]
    )
    return await _staged(connection, tenant_id, [row[0] for row in await rows.fetchall()], Priority.RELEASED)


async def look_daily(connection: Transaction, tenant_id: int, connection_id: int, now: datetime, at_most: int) -> int:
    """Stage what is tracked, not matched, and was last looked at a day ago (clock time), oldest first; how many versions.

    A version that a newer one replaces is looked at as that; were it counted here, it would keep others from their turn.
    """
    old = [State.TRACKED.value, tenant_id, connection_id, MATCHED, now - DAILY, at_most]
    rows = await connection.execute(_OLD, old)
    return await _staged(connection, tenant_id, [row[0] for row in await rows.fetchall()], Priority.BACKFILL)


async def _staged(connection: Transaction, tenant_id: int, versions: Sequence[int], priority: Priority) -> int:
    return len(await restage(connection, tenant_id, versions, [State.TRACKED], priority)) if versions else 0
