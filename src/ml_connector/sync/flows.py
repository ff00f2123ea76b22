"""The flows that touch a lane, with their settings and generation as the database has them now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ml_connector.errors import BadInput
from ml_connector.integrations.base import FlowType, IntegrationType
from ml_connector.store.database import Session as Transaction
from ml_connector.sync.release import release
from ml_connector.sync.retrack import look_again
from ml_connector.sync.states import Needed


@dataclass(frozen=True, slots=True)
class Flow:
    """One flow of one tenant's integration."""

    flow_id: int
    integration_id: int
    name: str
    mode: str  # off | as needed | preview | live
    source_id: int
    target_id: int
    start_date: dt.date | None
    schedule: str
    next_read_at: dt.datetime | None
    requested_by: str | None
    generation: int
    settings: Any
    type: FlowType
    integration: IntegrationType
    live_from: dt.date | None = None  # what is dated before it is only shown until it is approved, see sync.taken_up

    @property
    def on(self) -> bool:
        """Whether it reads and plans at all."""
        return self.mode != "off"

    def is_live(self, needed: int) -> bool:
        """Whether a decision on a record that is ``needed`` so is carried out, or only shown."""
        return self.mode == "live" or (self.mode == "as needed" and needed == Needed.LIVE)


_FLOWS = """
    select f.flow_id, f.integration_id, f.name, f.mode, f.source_id, f.target_id, f.start_date, f.schedule,
           f.next_read_at, f.read_requested_by, i.generation, i.settings, i.kind, f.live_from
    from flow f join integration i using (tenant_id, integration_id)
    where tenant_id = %s and (f.source_id = %s or f.target_id = %s)
    order by f.flow_id"""


async def flows_of(
    connection: Transaction, tenant_id: int, connection_id: int, integrations: Mapping[str, IntegrationType]
) -> list[Flow]:
    """All flows that read from or write to a connection, parties first. Raises BadInput on settings that do not fit."""
    rows = await (await connection.execute(_FLOWS.encode(), [tenant_id, connection_id, connection_id])).fetchall()
    flows = [_flow(row, integrations) for row in rows]
    return sorted(flows, key=lambda flow: (flow.type.priority, flow.flow_id))


async def settled_flows_of(
    connection: Transaction, tenant_id: int, connection_id: int, integrations: Mapping[str, IntegrationType]
) -> list[Flow]:
    """As ``flows_of``, and they stand still until the transaction ends: settings, mappings, links, facts and modes.

    The first thing in every transaction that stages, plans or records outcomes. So whoever changes one of these sees
    what was held because of it, and locks are taken in one order: integrations, flows, everything else.
    """
    await lock_integrations(connection, tenant_id, connection_id)
    await connection.execute(
        b"""select 1 from flow where tenant_id = %s and (source_id = %s or target_id = %s)
        order by flow_id for share""",
        [tenant_id, connection_id, connection_id],
    )
    return await flows_of(connection, tenant_id, connection_id, integrations)


async def lock_integrations(connection: Transaction, tenant_id: int, connection_id: int) -> None:
    """Hold every integration of a connection until the transaction ends. Exclusive at once: a lock that is raised

    later, while another lane holds its own, is a deadlock.
    """
    await connection.execute(
        b"""select 1 from integration where tenant_id = %s and (source_id = %s or target_id = %s)
        order by integration_id for no key update""",
        [tenant_id, connection_id, connection_id],
    )


async def facts_changed(connection: Transaction, tenant_id: int, connection_id: int, keys: Sequence[str]) -> None:
    """Facts of every integration on a connection are a new generation; what waited for them goes on."""
    await lock_integrations(connection, tenant_id, connection_id)
    await connection.execute(
        b"""update integration set generation = generation + 1
        where tenant_id = %s and (source_id = %s or target_id = %s)""",
        [tenant_id, connection_id, connection_id],
    )
    await release(connection, tenant_id, "fact", keys)
    await look_again(connection, tenant_id, connection_id, keys)


def _flow(row: tuple[Any, ...], integrations: Mapping[str, IntegrationType]) -> Flow:
    (flow_id, integration_id, name, mode, source_id, target_id, start_date, schedule, next_read_at, requested_by,
     generation, settings, kind, live_from) = row  # fmt: skip
    integration = integrations[kind]
    return Flow(
        flow_id, integration_id, name, mode, source_id, target_id, start_date, schedule, next_read_at, requested_by,
        generation, parse_settings(integration, settings), integration.flow(name), integration, live_from,
    )  # fmt: skip


def parse_settings(integration: IntegrationType, text: bytes) -> Any:
    """The integration's settings from their JSON. Raises BadInput naming the setting and what is wrong with it."""
    try:
        return msgspec.json.decode(text, type=integration.settings)
    except msgspec.ValidationError as error:
        known = ", ".join(integration.settings.__struct_fields__)
        raise BadInput(f"settings of {integration.title}: {error}. The settings are: {known}.") from error
