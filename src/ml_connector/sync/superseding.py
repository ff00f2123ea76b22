"""Superseding: older versions give way to newer ones, and what was approved of them goes over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.states import IntentState, State


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
                where l.tenant_id = s.tenant_id and l.version_id = s.version_id limit 1),
               case when s.state = %b and s.version_id = any(%b::bigint[]) then %b end, %b)
        where s.tenant_id = %b and s.version_id = any(%b::bigint[]) and s.state = any(%b::smallint[])
        returning s.version_id""",
        transaction.lane.clock.now(), State.POSTED.value, State.LINKED.value, State.STAGED.value,
        sorted(await went_back(transaction, list(newer))), State.POSTED.value, State.SUPERSEDED.value, tenant,
        list(newer), [State.STAGED, State.PLANNED, State.TRACKED, State.HELD, State.SKIPPED, State.REJECTED],
    )  # fmt: skip
    await give_way(transaction, {row[0]: newer[row[0]] for row in rows})


async def went_back(transaction: LaneTransaction, versions: Sequence[int]) -> set[int]:
    """Those of the versions that were written by a flow that mirrors another, whose links name no version of its own.

    Such a flow writes in one step, so that what is proved of it is posted.
    """
    types = [flow for kind in transaction.lane.integrations.values() for flow in kind.flows if flow.mirrors]
    rows = await transaction.all(
        """select s.version_id from version_state s
        join flow f on f.tenant_id = s.tenant_id and f.flow_id = s.flow_id and f.name = any(%b::text[])
        where s.tenant_id = %b and s.version_id = any(%b::bigint[])
          and exists (select 1 from intent i where i.tenant_id = s.tenant_id and i.record_id = s.record_id
                      and i.version_id = s.version_id and i.state = %b offset 0)""",
        sorted({one.name for one in types}), transaction.lane.tenant_id, list(versions), IntentState.DONE.value,
    )  # fmt: skip
    return {row[0] for row in rows}


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
