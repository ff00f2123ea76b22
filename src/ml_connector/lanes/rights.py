"""What a new token allows that the one before did not: it is written to the connections, and what waited for it goes on.

ServiceTitan puts the rights into every token, so a right that was ticked and accepted there shows within a quarter of
an hour and nobody has to connect again. A vendor that tells them at consent alone needs a new consent.
"""

from __future__ import annotations

from collections.abc import Collection

from ml_connector.store.database import Session as Transaction
from ml_connector.sync.refused import REFUSED
from ml_connector.sync.release import release

_OF_GRANT = """tenant_id = %s and connection_id in (
    select connection_id from connection where tenant_id = %s and grant_id = %s)"""


async def lock_lanes(connection: Transaction, tenant_id: int, grant_id: int) -> None:
    """Let the lanes of a grant run at once. Before anything else: their own transactions lock them first too."""
    await _wait_for_lanes(connection, tenant_id, grant_id)
    await connection.execute(
        f"update lane set not_before = '-infinity' where {_OF_GRANT}".encode(), [tenant_id, tenant_id, grant_id]
    )


async def take_lanes_away(connection: Transaction, tenant_id: int, grant_id: int) -> None:
    """As ``lock_lanes``, from whoever runs them with the former grant: what they still learn of it is not written."""
    await _wait_for_lanes(connection, tenant_id, grant_id)
    await connection.execute(
        f"""update lane set not_before = '-infinity', fence = fence + 1, owner = null, lease_until = '-infinity',
               sent_at = '-infinity'
        where {_OF_GRANT}""".encode(),
        [tenant_id, tenant_id, grant_id],
    )


async def _wait_for_lanes(connection: Transaction, tenant_id: int, grant_id: int) -> None:
    """Wait for the lanes' own transactions, see sync.lane.HOLD, and let none begin."""
    await connection.execute(
        f"select 1 from lane where {_OF_GRANT} order by connection_id for update".encode(),
        [tenant_id, tenant_id, grant_id],
    )


async def rights_changed(
    connection: Transaction, tenant_id: int, grant_id: int, scopes: Collection[str], gained: Collection[str]
) -> None:
    """The grant's connections have these ``scopes`` now; what waited for one that was ``gained`` is planned again."""
    await connection.execute(
        b"update connection set scopes = %s where tenant_id = %s and grant_id = %s",
        [sorted(scopes), tenant_id, grant_id],
    )
    if gained:
        await go_on(connection, tenant_id, grant_id, gained, "a right was given")


async def go_on(connection: Transaction, tenant_id: int, grant_id: int, scopes: Collection[str], reason: str) -> None:
    """Everything of a grant is tried again at once, and what waited for one of these ``scopes`` is planned again."""
    given = [tenant_id, tenant_id, grant_id]
    await connection.execute(
        b"""select 1 from integration i where i.tenant_id = %s and exists (
                select 1 from connection c where c.tenant_id = i.tenant_id and c.grant_id = %s
                and c.connection_id in (i.source_id, i.target_id))
        order by i.integration_id for no key update""",
        [tenant_id, grant_id],
    )
    await connection.execute(
        b"""update integration i set generation = generation + 1 from connection c
        where i.tenant_id = %s and c.tenant_id = i.tenant_id and c.grant_id = %s
          and c.connection_id in (i.source_id, i.target_id)""",
        [tenant_id, grant_id],
    )
    await connection.execute(f"update work set not_before = '-infinity' where {_OF_GRANT}".encode(), given)
    await connection.execute(
        f"delete from feed where {_OF_GRANT} and starts_with(name, %s)".encode(), [*given, REFUSED]
    )
    await release(connection, tenant_id, "fact", [f"scope:{scope}" for scope in sorted(scopes)])
    await connection.execute(
        f"""insert into wake (tenant_id, connection_id, reason)
        select tenant_id, connection_id, %s from lane where {_OF_GRANT}""".encode(),
        [reason, *given],
    )
