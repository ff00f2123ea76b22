"""The right to work on a lane: taken with a fence, renewed in the background, checked before every byte that leaves.

Leases are kept on real time: the database's clock for taking over, and the machine's boot-time clock (which also runs
while the machine sleeps) for our own belief, which ends well before the database's.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
import structlog

from ml_connector.errors import ConnectorError
from ml_connector.lanes.tasks import ended
from ml_connector.store.database import Database
from ml_connector.transport.deadline import boot_time as _boot_time
from ml_connector.transport.errors import LeaseLost

SECONDS = 12.0  # another worker may take the lane this long after the last renewal, and has it within 15
RENEW_EVERY = 3.0
MARGIN = 3.0  # we stop believing in our lease this long before the database does

log = structlog.get_logger()

# `for update` waits for the former owner's transactions, see sync.lane.HOLD; an update alone would not.
_TAKE = b"""
    with free as (
        select tenant_id, connection_id from lane
        where tenant_id = %s and connection_id = %s and lease_until < now() for update
    )
    update lane l set fence = l.fence + 1, owner = %s, sent_at = '-infinity',
           lease_until = now() + make_interval(secs => %s)
    from free f where l.tenant_id = f.tenant_id and l.connection_id = f.connection_id returning l.fence"""


@dataclass(slots=True)
class LaneLease:
    """Fulfils ``transport.protocols.Lease``."""

    tenant_id: int
    connection_id: int
    fence: int
    believed_until: float  # CLOCK_BOOTTIME seconds

    def check(self) -> None:
        """Raises LeaseLost when the lease may have ended."""
        if _boot_time() >= self.believed_until:
            raise LeaseLost(f"the lease on lane {self.connection_id} has run out; nothing was sent")


async def take(database: Database, tenant_id: int, connection_id: int, owner: str) -> LaneLease | None:
    """Take a free lane: the fence grows, so whatever the former owner still holds is void. None if it is not free."""
    before = _boot_time()
    async with database.tenant(tenant_id) as connection:
        row = await (
            await connection.execute(
                _TAKE,
                [tenant_id, connection_id, owner, SECONDS],
            )
        ).fetchone()
    if row is None:
        return None
    return LaneLease(tenant_id, connection_id, int(row[0]), before + SECONDS - MARGIN)


async def give_back(database: Database, lease: LaneLease) -> None:
    """Leave a lane as it was found: free, and due as it is."""
    async with database.tenant(lease.tenant_id) as connection:
        await connection.execute(
            b"""update lane set owner = null, lease_until = '-infinity'
            where tenant_id = %s and connection_id = %s and fence = %s""",
            [lease.tenant_id, lease.connection_id, lease.fence],
        )


@asynccontextmanager
async def kept(database: Database, lease: LaneLease) -> AsyncIterator[None]:
    """Renew the lease while the block runs."""
    renewal = asyncio.create_task(_renew(database, lease))
    try:
        yield
    finally:
        await ended(renewal)


async def _renew(database: Database, lease: LaneLease) -> None:
    while True:
        await asyncio.sleep(RENEW_EVERY)
        before = _boot_time()
        try:
            held = await _renewed(database, lease)
        except (ConnectorError, psycopg.Error) as error:
            log.warning("lease not renewed", lane=lease.connection_id, why=str(error))
            continue
        lease.believed_until = before + SECONDS - MARGIN if held else 0.0
        if not held:
            return


async def _renewed(database: Database, lease: LaneLease) -> bool:
    async with database.tenant(lease.tenant_id) as connection:
        done = await connection.execute(
            b"""update lane set lease_until = now() + make_interval(secs => %s)
            where tenant_id = %s and connection_id = %s and fence = %s""",
            [SECONDS, lease.tenant_id, lease.connection_id, lease.fence],
        )
    return done.rowcount == 1
