"""A lane for planning alone: nobody is called, nothing is written, and no worker has to be there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ml_connector.clock import Clock
from ml_connector.lanes.grants import GrantTokens
from ml_connector.lanes.opening import stored_connection
from ml_connector.lanes.runtime import Runtime
from ml_connector.sync.lane import ExchangeBuffer, Lane, Slice
from ml_connector.transport.messages import Answer, Request

_SECONDS = 600.0


@dataclass(slots=True)
class _Silent:
    """Fulfils ``connectors.base.Session`` as far as composing a payload goes."""

    clock: Clock
    organisation: str
    settings: Mapping[str, str]
    scopes: frozenset[str]

    async def send(self, request: Request) -> Answer:
        """Raises RuntimeError: a planner calls nobody."""
        raise RuntimeError(f"planning alone has called {request.method} {request.path}")


class _NoCalls:
    """Fulfils ``sync.lane.Capacity``: there is none."""

    def free(self) -> int:
        return 0

    def wait(self, calls: int = 1) -> float:
        return _SECONDS

    def surplus(self) -> int | None:
        return 0


async def looking_lane(runtime: Runtime, tenant_id: int, connection_id: int) -> Lane:
    """The lane of a connection as it is stored now, to plan with. Its transactions are the caller's, and are not kept.

    Raises LeaseLost where the connection is gone.
    """
    held = await stored_connection(runtime, tenant_id, connection_id)
    connector = runtime.connectors[held.vendor]
    tokens = GrantTokens(
        runtime.database, runtime.keyring, runtime.clock, runtime.wire, connector, tenant_id, held.grant_id, "looking"
    )
    seen = connector.seen_by_session(await tokens.credentials(), held.settings)
    return Lane(
        database=runtime.database, tenant_id=tenant_id, connection_id=connection_id, fence=-1, connector=connector,
        session=_Silent(runtime.clock, held.organisation_id, seen, held.scopes), organisation=held.organisation,
        settings=held.settings,
        sealer=await runtime.keyring.document_sealer(tenant_id, runtime.clock.now().strftime("%Y-%m")),
        index=await runtime.keyring.index_key(tenant_id), clock=runtime.clock, slice=Slice(_SECONDS),
        capacity=_NoCalls(), exchanges=ExchangeBuffer(), concurrency=1, integrations=runtime.integrations,
    )  # fmt: skip
