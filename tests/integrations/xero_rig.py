"""Plans meet Xero: what the rules plan is written by the real connector into the emulator's books, and planned on."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from invoice_world import TABLES, view

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Account, Dimension, Organisation, Party, TaxCode
from ml_connector.canonical.sales import Invoice
from ml_connector.clock import Clock
from ml_connector.connectors.base import Session
from ml_connector.connectors.reading import Reading
from ml_connector.connectors.writing import Done, Outcome, Step
from ml_connector.connectors.xero import CONNECTOR
from ml_connector.integrations.customer_flow import Customers
from ml_connector.integrations.decisions import Decision, Write
from ml_connector.integrations.invoice_flow import Invoices
from ml_connector.integrations.views import Ledger, Linked, View
from ml_connector.sync.matching import PartyIndex
from ml_connector.transport.messages import Exchange
from ml_connector.transport.protocols import Token
from ml_connector.transport.session import HttpSession, VendorRules
from ml_connector.transport.wire import Addresses, Wire
from ml_connector_sandbox.kernel.server import SandboxServer
from ml_connector_sandbox.xero import OrganisationBooks, XeroBooks, XeroEmulator
from ml_connector_sandbox.xero.books.posting import difference

ORG = "22222222-2222-4333-8444-555555555555"
NOW = datetime(2026, 7, 1, 15, 0, tzinfo=UTC)
SCOPES = "offline_access accounting.invoices accounting.payments accounting.contacts accounting.settings.read"
_LISTS = {"accounts": Account, "tax_codes": TaxCode, "dimensions": Dimension, "parties": Party}


@dataclass(frozen=True, slots=True)
class _Given:
    """A token; no limits, no lease, no log."""

    token: str

    async def current(self) -> Token:
        return Token({"Authorization": f"Bearer {self.token}"}, "https://api.xero.com/api.xro/2.0", NOW, 1)

    async def replace(self, refused: Token) -> Token:
        return refused

    async def take(self) -> None:
        return

    def done(self, headers: Mapping[str, str], status: int) -> None:
        return

    def throttled(self, retry_after: float) -> None:
        return

    def check(self) -> None:
        return

    def add(self, exchange: Exchange) -> None:
        return


@dataclass
class Meeting:
    """One organisation of the emulator, the connector's session with it, and what is linked."""

    books: OrganisationBooks
    session: Session
    posted: dict[str, Linked] = dataclasses.field(default_factory=dict)

    async def view(self, document: Document, **around: Any) -> View:
        """What a planner would see of the emulator's books now."""
        lists = {name: await self._list(name) for name in _LISTS}
        by_code = {one.number: one.id for one in lists["accounts"].values() if isinstance(one, Account)}
        options = {one.name: one.id for one in lists["dimensions"].values() if isinstance(one, Dimension)}
        tables = {
            **TABLES, "accounts": {"4000": by_code["200"], "4100": by_code["260"]},
            "tax": {"Austin": "OUTPUT", "(exempt)": "NONE"}, "business_units": {"bu1": options["North"]},
        }  # fmt: skip
        jane = next(one.id for one in lists["parties"].values() if getattr(one, "name", "") == "Jane Doe")
        links = {("customers", "c1"): jane, **{("invoices", key): one.target_id for key, one in self.posted.items()}}
        seen = {("invoices", key): one.now for key, one in self.posted.items() if one.now is not None}
        found = view(
            document, tables=tables, links=links, counterparts=seen, books=Organisation(ORG, "Polar Air", "USD")
        )
        made: Any = Ledger(found.ledger.organisation, *(lists[name] for name in _LISTS))  # type: ignore[arg-type]
        return dataclasses.replace(found, ledger=made, link=self.posted.get(document.id), **around)

    async def _list(self, entity: str) -> dict[str, Document]:
        return {one.id: one for one in await self.read(entity)}

    async def read(self, entity: str, *ids: str) -> list[Document]:
        """What the connector reads of an entity."""
        pages = [page async for page in CONNECTOR.read(self.session, Reading(entity, ids=ids))]
        return [row.document for page in pages for row in page.rows if row.document is not None]

    async def plan(self, document: Invoice, **around: Any) -> Decision:
        return Invoices().plan(await self.view(document, **around))

    async def go(self, document: Invoice, **around: Any) -> Invoice:
        """Carry out a plan step by step, planning again before each, and link it; what Xero shows in the end."""
        proven: dict[str, str] = {}
        done: list[tuple[Step, Document]] = []
        while True:
            decision = await self.plan(document, proven=proven, **around)
            assert isinstance(decision, Write), decision
            if len(done) == len(decision.steps):
                break
            step = decision.steps[len(done)]
            outcome = await self.write(step)
            assert isinstance(outcome, Done), outcome
            done.append((step, outcome.document))
            proven[step.reference] = outcome.target_id
            if step.entity == decision.target_entity:
                main = outcome.target_id
            if self.posted.get(document.id) is not None:
                break  # a change is one step, and would be planned as done
        [shown] = await self.read(decision.target_entity, main)
        self.posted[document.id] = Linked(decision.target_entity, main, shown, document, shown)
        assert isinstance(shown, Invoice)
        return shown

    async def write(self, step: Step) -> Outcome:
        return await CONNECTOR.write(self.session, step)

    async def again(self, document: Invoice) -> None:
        """Look at what Xero shows of an invoice now."""
        link = self.posted[document.id]
        [shown] = await self.read(link.target_entity, link.target_id)
        self.posted[document.id] = dataclasses.replace(link, now=shown)

    async def customer(self, customer: Party) -> Outcome:
        """Plan a customer against the contacts, and write it."""
        around = await self.view(customer)
        found = PartyIndex(around.ledger.parties.values(), {}).candidates(customer, around.reference, "customers")
        around = dataclasses.replace(around, candidates=tuple(found), link=None)
        around.mappings["customers"][customer.id] = "new"  # type: ignore[index]
        decision = Customers().plan(around)
        assert isinstance(decision, Write), decision
        return await self.write(decision.steps[0])


class _Still:
    """The emulator's clock, standing still."""

    def now(self) -> datetime:
        return NOW

    def seconds(self) -> float:
        return NOW.timestamp()

    async def sleep(self, seconds: float) -> None:
        return


@asynccontextmanager
async def meeting() -> AsyncIterator[Meeting]:
    """An American organisation in the emulator, over a real socket. Its books are straight in the end."""
    clock: Any = _Still()
    company = XeroBooks(clock)
    desk = company.organisation(ORG, country="US", name="Polar Air").desk
    for code, name, kind in (("200", "Service", "REVENUE"), ("260", "Parts", "REVENUE"), ("090", "Checking", "BANK")):
        desk.add_account(code, name, kind)
    desk.add_tracking_category("Business unit", ["North", "South"])
    desk.add_contact("Jane Doe")
    company.app("app", "secret", ["https://connector.test/callback"], name="Ours")
    refresh = company.refresh_token("app", SCOPES)
    token = company.grants.issue_access_token(refresh.app, refresh.user, refresh.scopes, refresh.auth_event_id).token
    server = SandboxServer([XeroEmulator(clock, company)])
    await server.start()
    try:
        ours = Clock(NOW, time.time(), 1e-9)
        async with Wire.opened(
            Addresses({"api.xero.com": f"127.0.0.1:{server.port}"}), Clock(NOW, time.time())
        ) as wire:
            rules = VendorRules("Xero", CONNECTOR.hosts({}), 100.0, CONNECTOR.throttle, CONNECTOR.unauthorised)
            given = _Given(token)
            session = HttpSession(wire, rules, given, given, given, given, ours, ORG, {}, frozenset())
            yield Meeting(company.organisations[ORG], session)
    finally:
        await server.stop()
    for books in company.organisations.values():
        assert not any(difference(books).values())
