"""A company whose inventory bills are tracked, in a real ledger: the engine works, and the vendors' wires are played."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import msgspec
from service_ledger import TITAN, UNITS, PlayedTitan, _Free, _Reads

from ml_connector.canonical.master_data import Organisation, Party
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import Bill, BillLine, BillState, OrderState, PurchaseOrder
from ml_connector.connectors.base import Connector
from ml_connector.connectors.grants import Tokens
from ml_connector.connectors.writing import Outcome, Step
from ml_connector.connectors.xero.connector import Xero
from ml_connector.service.balance import runs_in
from ml_connector.service.connecting import Connected, Granted, store_connection
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration, integrate
from ml_connector.service.tracking import tracking
from ml_connector.sync.directory import refresh
from ml_connector.sync.flows import flows_of
from ml_connector.sync.lane import ExchangeBuffer, Lane, Slice
from ml_connector.sync.pull import pull
from ml_connector.sync.push import push
from ml_connector.sync.retrack import look_daily
from ml_connector.sync.states import State

FLOW = "inventory_bills"
XERO = Organisation("0a000000-0000-4000-8000-000000000001", "Polar Air", "USD", "America/Chicago", edition="US")
DAY = dt.timedelta(days=1)
ON = dt.date(2026, 8, 5)
CREDENTIALS = {
    "servicetitan": {
        "environment": "production", "tenant": "1001", "client_id": "cid.x", "client_secret": "cs1.x",
        "app_key": "ak1.x",
    },
    "xero": {"client_id": "X", "client_secret": "x", "redirect": "http://localhost/"},
}  # fmt: skip


class PlayedXero(_Reads, Xero):
    """Xero whose lists are given. Nobody may write to it."""

    def __init__(self) -> None:
        super().__init__()
        self.lists = {
            "parties": (Party("p1", "vendor", "Johnstone Supply"), Party("p2", "vendor", "Acme Pipe")),
            "bills": (),
            "purchase_orders": (),
        }

    async def write(self, session: Any, step: Step) -> Outcome:
        raise AssertionError("what is tracked is never written")

    async def write_batch(self, session: Any, steps: Sequence[Step]) -> Sequence[Outcome]:
        raise AssertionError("what is tracked is never written")


def received(id: str, total: str = "100.00", **changes: Any) -> Bill:
    """An inventory bill of Johnstone Supply under the number INV-<id>, of order PO-<id>."""
    made = Bill(
        id, Ref("v1", "Johnstone Supply"), Decimal(total), number=f"INV-{id}", date=ON, currency="USD",
        lines=(BillLine("1", Decimal(total), description="Pipe"),), purchase_order=Ref(f"o{id}", number=f"PO-{id}"),
        ordered=Decimal(total), ordered_on=ON - 4 * DAY, order_sent_on=ON - 3 * DAY,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def billed(id: str, number: str, total: str = "100.00", **changes: Any) -> Bill:
    """A payable bill of Johnstone Supply in the ledger, five days after the goods."""
    made = Bill(
        id, Ref("p1", "Johnstone Supply"), Decimal(total), number=number, date=ON + 5 * DAY, currency="USD",
        lines=(BillLine("x", Decimal(total), description="Pipe"),), tax_basis=TaxBasis.NONE, state=BillState.OPEN,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


def voided(bill: Bill) -> Bill:
    """The same once it is void."""
    return msgspec.structs.replace(bill, active=False, state=BillState.CANCELED, balance=Decimal(0))


def order(id: str, total: str = "100.00") -> PurchaseOrder:
    """An order at ServiceTitan."""
    return PurchaseOrder(
        id, f"PO-{id.removeprefix('o')}", Ref("v1", "Johnstone Supply"), Decimal(total), "Sent", ON - 4 * DAY,
        state=OrderState.SENT, sent_on=ON - 3 * DAY,
    )  # fmt: skip


@dataclass
class Tracking:
    """Two connections, the integration, and the engine to be run by hand."""

    desk: Desk
    source: Connected
    target: Connected
    integration: Integration
    titan: PlayedTitan = field(default_factory=PlayedTitan)
    xero: PlayedXero = field(default_factory=PlayedXero)

    async def read(self, *bills: Bill, flow: str = FLOW, orders: Sequence[PurchaseOrder] = ()) -> None:
        """Have ServiceTitan read."""
        self.titan.lists = {**self.titan.lists, "bills": bills, "purchase_orders": tuple(orders)}
        await self.pull([flow])

    async def pull(self, names: Sequence[str]) -> None:
        """Have ServiceTitan read for these flows as its lists are."""
        lane = await self._lane(self.source, self.titan, TITAN)
        async with self.desk.runtime.database.tenant(self.desk.tenant_id) as connection:
            flows = await flows_of(connection, self.desk.tenant_id, lane.connection_id, lane.integrations)
        for one in flows:
            if one.name in names:
                await pull(lane, one, "person", "cli/test")
        await refresh(lane, "business_units", 0)

    async def show(self, *bills: Bill) -> None:
        """Have Xero show these bills and no others, and look at everything that this concerns."""
        self.xero.lists = {**self.xero.lists, "bills": bills}
        await self.plan()

    async def lose(self, *left: Bill) -> None:
        """Have Xero show these bills and no others, when what its lists lag behind has long passed."""
        async with self.desk.runtime.database.tenant(self.desk.tenant_id) as connection:
            await connection.execute(b"update directory set walk = walk - 3600000000 where entity = 'bills'")
        await self.show(*left)

    async def plan(self) -> None:
        """Have Xero's lists read, and everything due planned."""
        lane = await self.lane()
        for entity in self.xero.lists:
            await refresh(lane, entity, -1.0)
        await self._push(lane)

    async def _push(self, lane: Lane) -> None:
        async with self.desk.runtime.database.tenant(self.desk.tenant_id) as connection:
            flows = await flows_of(connection, self.desk.tenant_id, lane.connection_id, lane.integrations)
        await push(lane, [flow.flow_id for flow in flows])

    async def lane(self) -> Lane:
        """The target's."""
        return await self._lane(self.target, self.xero, XERO)

    async def a_day_later(self, at_most: int = 100) -> int:
        """What the daily look stages; it is planned at once."""
        lane = await self.lane()
        async with lane.transaction() as transaction:
            then = lane.clock.now() + DAY + dt.timedelta(minutes=1)
            count = await look_daily(transaction.connection, lane.tenant_id, lane.connection_id, then, at_most)
        await self._push(lane)
        return count

    async def mode(self, mode: str) -> None:
        await set_flow_mode(self.desk, self.integration, FLOW, mode)

    async def states(self) -> dict[str, tuple[str, str]]:
        """Source id -> (state, reason) of its newest version."""
        async with self.desk.looking() as reading:
            rows = await reading.all(
                """select r.source_id, s.state, s.reason from record r join flow f using (tenant_id, flow_id)
                join version_state s using (tenant_id, version_id)
                where tenant_id = %s and f.name = 'inventory_bills' order by r.source_id""",
                self.desk.tenant_id,
            )
        return {row[0]: (State(row[1]).word, row[2]) for row in rows}

    async def found(self) -> dict[str, tuple[str, str]]:
        """Number -> (finding, the ledger's id) of every inventory bill."""
        report = await tracking(self.desk)
        return {
            one.number: (one.finding, one.target_id) for kind in report.lists for one in kind.bills if one.record_id
        }

    async def balanced(self) -> bool:
        """Whether every run adds up, in number and in money."""
        async with self.desk.looking() as reading:
            flows = await reading.all("select flow_id from flow where tenant_id = %s", self.desk.tenant_id)
            runs = await runs_in(reading, [row[0] for row in flows])
        return bool(runs) and all(run.balanced for run in runs)

    async def _lane(self, connected: Connected, connector: Connector, organisation: Organisation) -> Lane:
        desk = self.desk
        return Lane(
            database=desk.runtime.database, tenant_id=desk.tenant_id, connection_id=connected.connection_id, fence=0,
            connector=connector, session=SimpleNamespace(settings={}),
            organisation=organisation, settings={}, sealer=await desk.sealer(),
            index=await desk.runtime.keyring.index_key(desk.tenant_id), clock=desk.clock, slice=Slice(60.0),
            capacity=_Free(), exchanges=ExchangeBuffer(), concurrency=4, integrations=desk.runtime.integrations,
        )  # fmt: skip


def granted(connector: Connector, organisation: Organisation) -> Granted:
    """A grant as it stands after the first contact."""
    tokens = Tokens("access", dt.datetime(2030, 1, 1, tzinfo=dt.UTC), "https://api.example", "refresh")
    return Granted(connector, CREDENTIALS[connector.vendor], tokens, {}, (organisation,))


async def make_tracking(desk: Desk, mode: str = "live") -> Tracking:
    """Connect both systems and integrate them from 2026-07-01 on."""
    connectors = desk.runtime.connectors
    source = await store_connection(desk, granted(connectors["servicetitan"], TITAN), TITAN, frozenset())
    target = await store_connection(desk, granted(connectors["xero"], XERO), XERO, frozenset())
    integration = await integrate(desk, "servicetitan-xero", {"start_date": "2026-07-01"})
    made = Tracking(desk, source, target, integration)
    assert made.titan.lists["business_units"] == UNITS
    if mode != "off":
        await made.mode(mode)
    return made
