"""PREFLIGHT: before anything is written at a target, and daily: is it set up for that? If not, its flows stand still.

Systems that their owners shape drop what they do not know without a word, and a ledger's tax edition asks for fields of its
own: so what is missing is looked for before, and not learned from what was lost or refused. A flow that stands still is
looked at again with every other refusal, see sync.refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta

from ml_connector.connectors.checking import Finding, Preflight, Verdict
from ml_connector.store.database import Session as Transaction
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import Lane
from ml_connector.sync.refused import GOOD, Why, refuse, refused_flows

GOOD_FOR = timedelta(days=1)  # of the clock


async def look(lane: Lane, flows: Sequence[Flow]) -> None:
    """Ask the target once for all flows whose last good look is a day old. Raises transport.errors, LeaseLost."""
    due = await _due(lane, [flow for flow in flows if flow.target_id == lane.connection_id and flow.type.looked_at])
    if not due:
        return
    for entities, concerned in sorted(_groups(due).items()):
        found = await lane.connector.preflight(lane.session, entities)
        if missing := missing_of(found):
            await refuse(lane, concerned, why(missing))
        else:
            await _good(lane, concerned)


def _groups(flows: Sequence[Flow]) -> Mapping[tuple[str, ...], list[int]]:
    """What is asked about, with the flows that wait for the answer.

    What a tax edition asks for is one list for all that is written in it, so that it is given at once.
    """
    edition = tuple(sorted({one for flow in flows if not flow.type.writes for one in flow.type.looked_at}))
    groups: dict[tuple[str, ...], list[int]] = {}
    for flow in flows:
        groups.setdefault(flow.type.writes or edition, []).append(flow.flow_id)
    return groups


def written(flows: Collection[Flow], connection_id: int) -> tuple[str, ...]:
    """The entities that flows write at a connection."""
    return tuple(sorted({one for flow in flows if flow.target_id == connection_id for one in flow.type.looked_at}))


def missing_of(found: Preflight) -> list[Finding]:
    """What keeps documents from being written."""
    return [one for one in found.findings if one.verdict is Verdict.MISSING]


def why(missing: Sequence[Finding]) -> Why:
    """What is missing and who changes it, the first by name: one sentence, also where several flows lack something."""
    first, *others = (f"{one.sentence} {one.action}".strip() for one in missing)
    opening = "Nothing is written, since the target is not set up for it."
    return Why(f"{opening} {first}", first, tuple(others), " And {} more: 'ml-connector fields' shows all.")


async def _due(lane: Lane, flows: Sequence[Flow]) -> list[Flow]:
    refused = await refused_flows(lane)
    before = lane.clock.now() - GOOD_FOR
    async with lane.database.tenant(lane.tenant_id) as connection:
        rows = await (
            await connection.execute(
                b"""select name from feed
                where tenant_id = %s and connection_id = %s and starts_with(name, %s) and moved_at > %s""",
                [lane.tenant_id, lane.connection_id, GOOD, before],
            )
        ).fetchall()
    good = {int(name.removeprefix(GOOD)) for (name,) in rows}
    return [flow for flow in flows if flow.flow_id not in good and flow.flow_id not in refused]


async def look_anew(connection: Transaction, tenant_id: int, connection_id: int) -> None:
    """Forget what was found good: the connection is looked at before anything more is written there."""
    await connection.execute(
        b"delete from feed where tenant_id = %s and connection_id = %s and starts_with(name, %s)",
        [tenant_id, connection_id, GOOD],
    )


async def _good(lane: Lane, flows: Sequence[int]) -> None:
    async with lane.transaction() as transaction:
        for flow_id in sorted(flows):
            await transaction.run(
                """insert into feed (tenant_id, connection_id, name, cursor, moved_at) values (%s, %s, %s, '', %s)
                on conflict (tenant_id, connection_id, name) do update set moved_at = excluded.moved_at""",
                lane.tenant_id, lane.connection_id, f"{GOOD}{flow_id}", lane.clock.now(),
            )  # fmt: skip
            transaction.event("found set up", flow=flow_id)
