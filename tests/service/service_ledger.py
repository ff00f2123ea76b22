"""A small company in a real ledger: the engine reads, plans and posts; only the two vendors' wires are played."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Dimension, Organisation, Party, TaxCode
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState
from ml_connector.connectors.base import Connector
from ml_connector.connectors.grants import Tokens
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.servicetitan.connector import ServiceTitan
from ml_connector.connectors.writing import Done, Outcome, Step
from ml_connector.connectors.zoho_books.connector import ZohoBooks
from ml_connector.service.connecting import Connected, Granted, store_connection
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration, integrate, integration_between
from ml_connector.service.mapping.values import set_value
from ml_connector.sync.directory import refresh
from ml_connector.sync.flows import flows_of
from ml_connector.sync.lane import ExchangeBuffer, Lane, Slice
from ml_connector.sync.pull import pull
from ml_connector.sync.push import push
from ml_connector.sync.states import State

KIND = "servicetitan-zoho_books"
SCOPES = frozenset({"tn.acc.inventorybills:r", "tn.acc.apbills:r"})
CREDENTIALS = {
    "servicetitan": {
        "environment": "production", "tenant": "1001", "client_id": "cid.x", "client_secret": "cs1.x",
        "app_key": "ak1.x",
    },
    "zoho_books": {"data_centre": "us", "client_id": "1000.X", "client_secret": "x", "refresh_token": "1000.r"},
}  # fmt: skip
TITAN = Organisation("1001", "Polar Air", currency="USD", zone="America/Chicago")
BOOKS = Organisation("20069000001", "Polar Air Books", currency="USD", zone="America/Chicago")
ACCOUNTS = (
    Account("a1", "Job Materials", "5100"),
    Account("a2", "Small Tools", "6100"),
    Account("a3", "Old Materials", "5900", active=False),
)
LISTS: dict[str, tuple[Document, ...]] = {
    "accounts": ACCOUNTS,
    "tax_codes": (TaxCode("t1", "Texas"),),
    "dimensions": (Dimension("d1", "reporting_tag", "Install", Ref("tag1", "Unit")),),
    "parties": (
        Party("p1", "vendor", "Johnstone Supply"), Party("p2", "vendor", "Acme Pipe", email="ap@acme.example"),
    ),
    "bills": (),
}  # fmt: skip
UNITS = (Dimension("bu1", "business_unit", "Install"), Dimension("bu2", "business_unit", "Service"))
VENDORS = (
    Party("v1", "vendor", "Johnstone Supply"),
    Party("v2", "vendor", "Acme Pipe & Valve", email="ap@acme.example"),
    Party("v3", "vendor", "Johnson Supply"),
)


class _Reads:
    """What the vendor's lists hold, by entity."""

    lists: dict[str, tuple[Document, ...]]

    async def read(self, session: Any, reading: Reading) -> AsyncIterator[Page]:
        rows = tuple(
            Row(one.id, msgspec.json.encode(one), one, str(getattr(one, "stamp", "")))
            for one in self.lists.get(reading.entity, ())
        )
        yield Page(rows, b"", True, True)


class PlayedTitan(_Reads, ServiceTitan):
    """ServiceTitan whose lists are given."""

    def __init__(self) -> None:
        self.lists = {"vendors": VENDORS, "business_units": UNITS, "bills": ()}


class PlayedBooks(_Reads, ZohoBooks):
    """Zoho Books whose lists are given; what is written to it is kept in ``written``."""

    def __init__(self) -> None:
        self.lists = dict(LISTS)
        self.written: list[Step] = []

    async def write(self, session: Any, step: Step) -> Outcome:
        self.written.append(step)
        shown: Document
        if step.entity == "parties":
            shown = Party(f"z{len(self.written)}", "vendor", step.number, reference=step.reference)
        else:
            shown = Bill(
                f"z{len(self.written)}", Ref(step.party_id), step.total, number=step.number, date=step.date,
                currency=step.currency, reference=step.reference,
            )  # fmt: skip
        return Done(shown.id, shown, b"{}")


class _Free:
    def free(self) -> int:
        return 50

    def wait(self, calls: int = 1) -> float:
        return 0.0

    def surplus(self) -> int | None:
        return None


def bill(id: str, **changes: Any) -> Bill:
    """A bill of one line over 100.00 USD, received on 2026-08-05."""
    total = Decimal(changes.pop("total", "100.00"))
    beside = sum((changes.get(name, Decimal(0)) for name in ("tax", "shipping", "other")), Decimal(0))
    line = BillLine(
        "1", total - beside, description="Pipe", account=Ref("g1", "Materials", changes.pop("account", "5100")),
        business_unit=Ref("bu1", "Install"),
    )  # fmt: skip
    made = Bill(
        id, Ref("v1", "Johnstone Supply"), total, number=f"INV-{id}", date=dt.date(2026, 8, 5), currency="USD",
        lines=(line,), state=BillState.RECEIVED,
    )  # fmt: skip
    return msgspec.structs.replace(made, **changes)


@dataclass
class Company:
    """Two connections, an integration, and the engine to be run by hand."""

    desk: Desk
    source: Connected
    target: Connected
    integration: Integration
    titan: PlayedTitan = field(default_factory=PlayedTitan)
    books: PlayedBooks = field(default_factory=PlayedBooks)

    async def now(self) -> Integration:
        """The integration as it is now."""
        return await integration_between(self.desk, KIND, self.source.connection_id, self.target.connection_id)

    async def read(self, *bills: Bill, flows: Sequence[str] = ("vendors", "bills")) -> None:
        """Have the source's lists and bills read."""
        self.titan.lists["bills"] = bills
        lane = await self.lane(self.source, self.titan, TITAN)
        for flow in await self._flows(lane):
            if flow.name in flows:
                await pull(lane, flow, "person", "cli/test")
        await refresh(lane, "business_units", 0)

    async def plan(self) -> None:
        """Have the target's lists read, and everything due planned, or sent where it is live."""
        lane = await self.lane(self.target, self.books, BOOKS)
        for entity in LISTS:
            await refresh(lane, entity, 3600.0)
        await push(lane, [flow.flow_id for flow in await self._flows(lane)])

    async def lane(self, connected: Connected, connector: Connector, organisation: Organisation) -> Lane:
        desk = self.desk
        return Lane(
            database=desk.runtime.database, tenant_id=desk.tenant_id, connection_id=connected.connection_id, fence=0,
            connector=connector, session=SimpleNamespace(settings={}),  # type: ignore[arg-type]
            organisation=organisation, settings={}, sealer=await desk.sealer(),
            index=await desk.runtime.keyring.index_key(desk.tenant_id), clock=desk.clock, slice=Slice(60.0),
            capacity=_Free(), exchanges=ExchangeBuffer(), concurrency=4, integrations=desk.runtime.integrations,
        )  # fmt: skip

    async def _flows(self, lane: Lane) -> list[Any]:
        async with self.desk.runtime.database.tenant(self.desk.tenant_id) as connection:
            return await flows_of(connection, self.desk.tenant_id, lane.connection_id, lane.integrations)


def granted(connector: Connector, *organisations: Organisation) -> Granted:
    """A grant as it stands after the first contact."""
    tokens = Tokens("access", dt.datetime(2030, 1, 1, tzinfo=dt.UTC), "https://api.example", "refresh")
    return Granted(connector, CREDENTIALS[connector.vendor], tokens, {}, organisations)


async def make_company(desk: Desk, **settings: str) -> Company:
    """Connect both systems and integrate them from 2026-07-01 on."""
    connectors = desk.runtime.connectors
    source = await store_connection(desk, granted(connectors["servicetitan"], TITAN), TITAN, SCOPES)
    target = await store_connection(desk, granted(connectors["zoho_books"], BOOKS), BOOKS, frozenset())
    given = {"start_date": "2026-07-01", "business_unit_as": "none", **settings}
    return Company(desk, source, target, await integrate(desk, KIND, given))


async def first_bill_posted(desk: Desk, books: PlayedBooks) -> Company:
    """Johnstone Supply is linked, and its first bill posted in these books."""
    made = await make_company(desk)
    made.books = books
    await set_value(desk, made.integration, "accounts", "5100", "a1", anyway=True)
    for flow in ("vendors", "bills"):
        await set_flow_mode(desk, await made.now(), flow, "live")
    await made.read(bill("1"))
    for _ in range(3):
        await made.plan()
    assert await newest(made, "1") == ("posted", "")
    return made


async def newest(company: Company, source: str) -> tuple[str, str]:
    """(state, reason) of a record's newest version."""
    async with company.desk.looking() as reading:
        rows = await reading.all(
            """select s.state, s.reason from record r join version_state s on s.tenant_id = r.tenant_id
               and s.version_id = r.version_id where r.tenant_id = %s and r.source_id = %s""",
            company.desk.tenant_id, source,
        )  # fmt: skip
    return State(rows[0][0]).word, str(rows[0][1])
