"""With webhooks on, what is posted in ServiceTitan is in Xero within seconds, at the normal clock and under the limits.

Measured from the outside: by the stamps that both emulators put on their own documents, on the one clock they share.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.scheduling import schedule
from ml_connector.service.webhooks import add_webhook
from ml_connector.service.working import working
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.web.server import listening, serving
from ml_connector_sandbox import company as companies
from ml_connector_sandbox.company import Company
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import START, Sandbox
from ml_connector_sandbox.servicetitan.books import Invoice, batch, post_batch
from ml_connector_sandbox.servicetitan.switches import Switches
from ml_connector_sandbox.xero.books.documents import Document
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]

KIND = "servicetitan-xero"
KEYS = {"servicetitan": "s" * 40, "xero": "x" * 40}
WITHIN = 15.0  # seconds from the trigger to the creation, by the emulators' own stamps
LOOKS = 600
MODES = {"customers": "as needed", "invoices": "live", "payments": "live"}


@dataclass(slots=True)
class Heard:
    """A company whose old business is done, whose next scheduled readings are next year, and that hears both vendors."""

    sandbox: Sandbox
    look: Callable[[], Awaitable[None]]

    @property
    def company(self) -> Company:
        return self.sandbox.company

    def sold(self, count: int) -> list[Invoice]:
        """So many jobs, done and reviewed just now, for as many customers of whom Xero knows nothing."""
        sales, today = self.company.sales, self.sandbox.clock.now().date()
        assert sales is not None
        made = []
        for customer in (sales.homes + sales.firms)[:count]:
            booked = sales.book("near real time", customer, today)
            invoicing = sales.books.invoicing
            invoicing.add_items(booked.id, sales.items())
            assert booked.job_id is not None
            invoicing.complete(booked.job_id, today)
            made.append(invoicing.review(booked.id))
        return made

    def post(self, invoices: Sequence[Invoice]) -> None:
        """The desk posts them in one batch, now: that is the trigger."""
        tenant = self.company.seed.tenant
        post_batch(tenant, batch(tenant, "Today", [one.id for one in invoices]))

    async def arrived(self, invoices: Sequence[Invoice]) -> list[float]:
        """Seconds from each one's posting to its creation in Xero, once all are there."""
        for _ in range(LOOKS):
            there = {one.number: one for one in self.company.xero_organisation.invoices}
            if all(one.reference_number in there for one in invoices):
                return [self._took(one, there[one.reference_number]) for one in invoices]
            await self.look()
        raise AssertionError("it never came to Xero")

    def _took(self, invoice: Invoice, there: Document) -> float:
        now = self.company.seed.tenant.invoices[invoice.id]
        assert now.deposited_on is not None and there.total == now.total
        return (there.created - _instant(now.deposited_on)).total_seconds()


def _instant(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp[:26].rstrip("Z")).replace(tzinfo=UTC)


def _seller() -> Company:
    """The little company that sells, on the normal clock, with lists and pages as vendors have them."""
    made = companies.matrix_sales(SandboxClock.starting(START, 1.0))
    made.servicetitan_switches, made.connection_settings = Switches(), {}
    return made


@pytest.fixture
async def heard(database: Database, tmp_path: Path) -> AsyncIterator[Heard]:
    async with Sandbox.running(_seller(), limits=True) as sandbox:
        file = tmp_path / "sandbox.json"
        # From today on: what was sold before is not this test's matter, and would use up Xero's minutes.
        sandbox.handover["company"]["integrations"][KIND]["settings"]["start_date"] = START.date().isoformat()
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=tmp_path / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, {})
            for flow, mode in MODES.items():
                await set_flow_mode(desk, integration, flow, mode)
                await schedule(desk, integration, flow, "0 0 1 1 *")
            with listening("127.0.0.1:0") as door:
                base = f"http://127.0.0.1:{door.getsockname()[1]}"
                async with serving(runtime, door, asyncio.Event()), working(runtime) as work:
                    assert (await syncing.sync(desk, integration)).done
                    for emulator, key in ((sandbox.servicetitan, "servicetitan"), (sandbox.xero, "xero")):
                        hook = await add_webhook(desk, key, base, KEYS[key])
                        emulator.webhooks.subscribe(hook.address, secret=KEYS[key])
                    yield Heard(sandbox, work.pause)


async def test_an_invoice_is_in_xero_within_seconds_of_its_posting(heard: Heard) -> None:
    took: list[float] = []
    for count in (1, 1, 12):
        invoices = heard.sold(count)
        heard.post(invoices)
        took += await heard.arrived(invoices)
    assert len(took) == 14 and min(took) > 0 and max(took) <= WITHIN
    for emulator in (heard.sandbox.servicetitan, heard.sandbox.xero):
        assert emulator.statistics()["http_429"] == 0
