"""With which options a list of the target is read: those that flows have asked for since, and never fewer again.

A list that showed less from one reading to the next would have everything else in it gone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import Lane, LaneTransaction

AS_NEEDED = "as needed"
NO_OPTIONS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Chosen:
    """The options of a reading; ``new`` where the last one had others, so that its place says nothing of what to read."""

    options: Mapping[str, str]
    new: bool


def options_of(lane: Lane, flows: Sequence[Flow], entity: str) -> dict[str, str]:
    """What flows ask of one of the lane's lists, of all that read or write there; one that is off asks for nothing."""
    asking = [flow for flow in flows if flow.target_id == lane.connection_id and flow.on and _at_work(flow, flows)]
    asked = [flow.type.target_options.get(entity, NO_OPTIONS) for flow in asking]
    return {name: value for options in asked for name, value in options.items()}


def _at_work(flow: Flow, flows: Sequence[Flow]) -> bool:
    """Whether a flow has anything to do: one that runs as needed does where another one has parties of its kind."""
    others = [one for one in flows if one.on and one.mode != AS_NEEDED and one.integration_id == flow.integration_id]
    return flow.mode != AS_NEEDED or any(one.type.party_kind == flow.type.party_kind for one in others)


async def chosen(transaction: LaneTransaction, entity: str, asked: Mapping[str, str]) -> Chosen:
    """The options that a reading of a list begins with; those of the last one are kept with the lane's feeds."""
    row = await transaction.one(
        "select cursor from feed where tenant_id = %s and connection_id = %s and name = %s", *_place(transaction, entity)
    )  # fmt: skip
    kept = msgspec.json.decode(bytes(row[0]), type=dict[str, str]) if row is not None else {}
    wanted = {**kept, **asked}
    return Chosen(wanted, new=wanted != kept)


async def keep(transaction: LaneTransaction, entity: str, options: Mapping[str, str]) -> None:
    """Note the options of the reading that begins."""
    await transaction.run(
        """insert into feed (tenant_id, connection_id, name, cursor, moved_at) values (%s, %s, %s, %s, %s)
        on conflict (tenant_id, connection_id, name) do update set cursor = excluded.cursor, moved_at = excluded.moved_at""",
        *_place(transaction, entity), msgspec.json.encode(dict(options)), transaction.lane.clock.now(),
    )  # fmt: skip


def _place(transaction: LaneTransaction, entity: str) -> tuple[int, int, str]:
    return transaction.lane.tenant_id, transaction.lane.connection_id, f"options {entity}"
