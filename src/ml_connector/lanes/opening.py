"""A lane made ready for a slice: its connection as it is stored, and the session, budget and keys it works with."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import msgspec

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors.base import Connector
from ml_connector.lanes import lease as leases
from ml_connector.lanes.budget import LaneBudget
from ml_connector.lanes.connecting import rules_of
from ml_connector.lanes.grants import GrantTokens
from ml_connector.lanes.runtime import Runtime
from ml_connector.sync.erasing.marks import DiscreetExchanges, discreet, marks_of
from ml_connector.sync.lane import ExchangeBuffer, Lane, Slice
from ml_connector.transport.errors import LeaseLost
from ml_connector.transport.session import HttpSession


@dataclass(frozen=True, slots=True)
class StoredConnection:
    """A connection as the database has it. ``read_at``: when its organisation was read last."""

    grant_id: int
    vendor: str
    organisation: Organisation
    organisation_id: str
    read_at: dt.datetime
    settings: dict[str, str]
    scopes: frozenset[str]
    state: str
    name: str
    problem: str


async def stored_connection(runtime: Runtime, tenant_id: int, connection_id: int) -> StoredConnection:
    """The connection of a lane. Raises LeaseLost when it is gone."""
    month = runtime.clock.now().strftime("%Y-%m")
    sealer = await runtime.keyring.document_sealer(tenant_id, month)
    async with runtime.database.tenant(tenant_id) as connection:
        row = await (
            await connection.execute(
                b"""select grant_id, vendor, organisation, organisation_id, organisation_read_at, settings, scopes,
                       state, name, problem
                from connection where tenant_id = %s and connection_id = %s""",
                [tenant_id, connection_id],
            )
        ).fetchone()
    if row is None:
        raise LeaseLost(f"connection {connection_id} is gone")
    organisation = documents.decode(sealer.open(b"organisation", row[2]))
    assert isinstance(organisation, Organisation)
    settings = msgspec.json.decode(row[5], type=dict[str, str])
    return StoredConnection(row[0], row[1], organisation, row[3], row[4], settings, frozenset(row[6]), *row[7:])


async def lane_of(
    runtime: Runtime,
    lease: leases.LaneLease,
    span: Slice,
    held: StoredConnection,
    connector: Connector,
    tokens: GrantTokens,
) -> tuple[Lane, LaneBudget]:
    """The lane with all it works with, and its budget as it was left."""
    tenant_id, clock = lease.tenant_id, runtime.clock
    credentials = await tokens.credentials()
    limits = connector.limits(held.organisation, credentials, held.settings)
    budget = LaneBudget(
        runtime.database, tenant_id, limits, clock, held.organisation.zone, connector.day_left, lease=lease
    )
    await budget.load()
    index = await runtime.keyring.index_key(tenant_id)
    async with runtime.database.tenant(tenant_id) as connection:
        marks = await marks_of(connection, tenant_id, lease.connection_id, index.digest)
    exchanges = DiscreetExchanges(marks=marks) if marks.places else ExchangeBuffer()
    session = HttpSession(
        runtime.wire, rules_of(connector, credentials), tokens, budget, lease, exchanges, clock, held.organisation_id,
        connector.seen_by_session(credentials, held.settings), held.scopes,
    )  # fmt: skip
    lane = Lane(
        database=runtime.database,
        tenant_id=tenant_id,
        connection_id=lease.connection_id,
        fence=lease.fence,
        connector=discreet(connector, marks),
        session=session,
        organisation=held.organisation,
        settings=held.settings,
        sealer=await runtime.keyring.document_sealer(tenant_id, clock.now().strftime("%Y-%m")),
        index=index,
        clock=clock,
        slice=span,
        capacity=budget,
        exchanges=exchanges,
        concurrency=limits.concurrency,
        integrations=runtime.integrations,
    )
    return lane, budget
