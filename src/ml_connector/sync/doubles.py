"""The doubles sweep: two live documents of the target that stand for one thing are found and told, never repaired.

Seen are two documents under one reference of ours, or linked to and made for one record; and, since not every list
shows references, documents of one party with the same number, date, total and currency, or customers and vendors of one
name, of which we made at least one. So it is on either side of an integration: ServiceTitan refuses no second customer or
vendor of one name, and Xero says that it may not go on refusing a second contact.
What only looks alike is read in full once, to see whose it is. It works on the directory, which the daily whole walk
has just made complete, and says which lists could not be read whole.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from ml_connector.connectors.writing import Action
from ml_connector.sync.doubles_looked import Looked, look_closer
from ml_connector.sync.doubles_sweep import Sweep, lacking_lists, read_since, sweep_of
from ml_connector.sync.doubles_told import suspects_of, tell_all
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import Lane, LaneTransaction, wake


async def find_doubles(lane: Lane, flows: Collection[Flow]) -> None:
    """Sweep this lane's connection when a day has passed since, or a person asks. Call it after its lists are read.

    Raises transport.errors when the target cannot be asked now; then nothing is noted, and the next slice sweeps.
    """
    sweep = await sweep_of(lane)
    requested_at, entities = sweep.requested_at, _made_here(lane, flows)
    if not sweep.due or not (entities or requested_at):
        return
    if requested_at and not await read_since(lane, entities, requested_at):
        return
    if suspects := await suspects_of(lane, entities):  # whatever becomes of the looks, what the lists show is told
        async with lane.transaction() as transaction:
            await tell_all(transaction, entities, Looked(suspects))
    looked = await look_closer(lane, suspects, sweep)
    if lane.slice.stopping:  # whoever takes the lane next sweeps
        return
    lacking = await lacking_lists(lane, entities, requested_at)
    if unseen := looked.unseen:
        words = "document that looks alike is" if len(unseen) == 1 else "documents that look alike are"
        lacking.append(f"{len(unseen):,} {words} read in full by the next sweep")
    async with lane.transaction() as transaction:
        await tell_all(transaction, entities, looked)
        if looked.cut_short:
            await _goes_on(transaction, sweep, looked)
        else:
            await _swept(transaction, requested_at, lacking, looked)


def _made_here(lane: Lane, flows: Collection[Flow]) -> list[str]:
    """The lists of this connection in which documents of ours can stand."""
    lists = {entity for flow in flows if flow.target_id == lane.connection_id for entity in flow.type.target_lists}
    return sorted(entity for entity in lists if Action.CREATE in lane.connector.writable.get(entity, ()))


async def _goes_on(transaction: LaneTransaction, sweep: Sweep, looked: Looked) -> None:
    """The slice ended first: the sweep is not done, and the next slice goes on after what was tried."""
    lane = transaction.lane
    await transaction.run(
        """insert into sweep (tenant_id, connection_id, looked_from, looked_after) values (%s, %s, %s, %s)
        on conflict (tenant_id, connection_id) do update
        set looked_from = excluded.looked_from, looked_after = excluded.looked_after""",
        lane.tenant_id, lane.connection_id, sweep.began if sweep.under_way or looked.tried else None, looked.last,
    )  # fmt: skip
    await wake(transaction, lane.connection_id, "doubles")


async def _swept(
    transaction: LaneTransaction, requested_at: dt.datetime | None, lacking: Sequence[str], looked: Looked
) -> None:
    """The sweep is done; a wish that came meanwhile stays."""
    lane = transaction.lane
    await transaction.run(
        """insert into sweep (tenant_id, connection_id, swept_at, proven, lacking, looked_after)
        values (%s, %s, %s, %s, %s, %s)
        on conflict (tenant_id, connection_id) do update
        set swept_at = excluded.swept_at, proven = excluded.proven, lacking = excluded.lacking,
            looked_after = excluded.looked_after, looked_from = null,
            requested_at = case when sweep.requested_at = %s then null else sweep.requested_at end""",
        lane.tenant_id, lane.connection_id, lane.clock.now(), not lacking, "; ".join(lacking), looked.last, requested_at,
    )  # fmt: skip
