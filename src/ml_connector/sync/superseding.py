"""Superseding: older versions give way to newer ones, and what was approved of them goes over."""

from __future__ import annotations

from collections.abc import Mapping

from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.states import State


async def supersede(transaction: LaneTransaction, newer: Mapping[int, int]) -> None:
    """Older versions that have not been sent give way; one that is being sent stays until its outcome is known.

    What is in the target already (a replay had staged it again) stays what it was. An approval goes over to the newer
    version: it is sent only if it comes to what was approved.
    """
    if not newer:
        return
    tenant = transaction.lane.tenant_id
    rows = await transaction.all(
        """update version_state s set reason = '', changed_at = %b, state = coalesce(
               (select case l.origin when 'created' then %b else %b end from link l
                where l.tenant_id = s.tenant_id and l.version_id = s.version_id limit 1), %b)
        where s.tenant_id = %b and s.version_id = any(%b::bigint[]) and s.state = any(%b::smallint[])
        returning s.version_id""",
        transaction.lane.clock.now(), State.POSTED.value, State.LINKED.value, State.SUPERSEDED.value, tenant,
        list(newer), [State.STAGED, State.PLANNED, State.TRACKED, State.HELD, State.SKIPPED, State.REJECTED],
    )  # fmt: skip
    await give_way(transaction, {row[0]: newer[row[0]] for row in rows})


async def give_way(transaction: LaneTransaction, newer: Mapping[int, int]) -> None:
    """Nothing is left to do for versions that gave way to newer ones, which an approval of theirs goes over to."""
    if not newer:
        return
    tenant = transaction.lane.tenant_id
    await transaction.run(
        """update plan p set version_id = page.newer from unnest(%b::bigint[], %b::bigint[]) as page (older, newer)
        where p.tenant_id = %b and p.version_id = page.older and p.approved_at is not null
          and not exists (select 1 from plan own where own.tenant_id = p.tenant_id and own.version_id = page.newer)""",
        list(newer), list(newer.values()), tenant,
    )  # fmt: skip
    for table in ("work", "wait", "plan"):
        await transaction.run(
            f"delete from {table} where tenant_id = %b and version_id = any(%b::bigint[])", tenant, list(newer)
        )
