"""Vendors who are owed in another currency than the ledger's: their contacts, their bills, and the rate that Zoho chose."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import NOW

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import Life, explain
from ml_connector.service.integrating import Integration, change_settings, integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector_sandbox.company.catalogue import SUPPLIERS
from ml_connector_sandbox.company.company import small
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.servicetitan.books import Bill
from ml_connector_sandbox.zoho_books.books.documents import Bill as BillThere
from ml_connector_sandbox.zoho_books.books.masters import Contact
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]

KIND = "servicetitan-zoho_books"
ON = date(2026, 11, 9)
RATE = Decimal("0.735")
ABROAD, BOTH = SUPPLIERS[2], SUPPLIERS[3]


@dataclass(slots=True)
class Buying:
    """A company with one business unit in Canada: a vendor who is owed there, and one who is owed in both countries."""

    sandbox: Sandbox
    desk: Desk
    integration: Integration
    abroad: Bill
    both: tuple[Bill, Bill]

    async def sync(self) -> None:
        """Read, plan and send until it is quiet."""
        quiet = await syncing.sync(self.desk, await integration_named(self.desk, KIND))
        assert quiet.done, quiet

    async def set(self, **settings: str) -> None:
        """Change settings."""
        await change_settings(self.desk, self.integration, settings)

    async def life(self, bill: Bill) -> Life:
        """The bill's record."""
        return await explain(self.desk, str(bill.vendor_number))

    async def codes(self, bill: Bill) -> list[str]:
        """Why it waits."""
        return [one.code for one in (await self.life(bill)).versions[-1].waits]

    def contacts(self, name: str) -> list[Contact]:
        """Zoho's contacts of that name."""
        return [one for one in self.sandbox.company.seed.organisation.contacts if one.contact_name == name]

    def there(self, bill: Bill) -> list[BillThere]:
        """Zoho's bills under its number."""
        shown = self.sandbox.company.seed.organisation.bills
        return [one for one in shown if one.number == bill.vendor_number]


@asynccontextmanager
async def buying(database: Database, folder: Path, **settings: str) -> AsyncIterator[Buying]:
    """The company, joined with Zoho Books, which keeps Canadian dollars at a rate of its own."""
    company = small(SandboxClock.starting(NOW, 60.0), bills=1)
    company.servicetitan_switches.read_after_write_lag_seconds = 0
    company.zoho_books_switches.list_lag_seconds, company.limits = 0.0, False
    seed = company.seed
    seed.organisation.add_currency("CAD", automatic_rate=RATE)
    home, canada, *_ = seed.units.values()
    seed.tenant.business_units.modify(canada.id, currency="CAD")
    units = [(ABROAD, canada.id), (BOTH, canada.id), (BOTH, home.id)]
    made = [
        seed.purchase(
            "abroad", vendor, (seed.line("DSC-60A", 2 + place),), ON + timedelta(days=place),
            bill={"business_unit_id": unit},
        )
        for place, (vendor, unit) in enumerate(units)
    ]  # fmt: skip
    bills = [one for one in made if isinstance(one, Bill)]
    async with Sandbox.running(company) as sandbox:
        file = folder / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, {"vendors": "as needed", "bills": "live"})
            found = Buying(sandbox, desk, integration, bills[0], (bills[1], bills[2]))
            await found.set(**settings)
            yield found


async def test_bills_in_another_currency_wait_unless_the_setting_says_otherwise(
    database: Database, tmp_path: Path
) -> None:
    async with buying(database, tmp_path) as company:
        await company.sync()
        assert "currency_differs" in await company.codes(company.abroad)
        assert company.contacts(ABROAD) == [] and company.there(company.abroad) == []
        await company.set(new_vendor_currency="document")
        await company.sync()
        [contact] = company.contacts(ABROAD)
        assert contact.currency_code == "CAD"
        assert await company.codes(company.abroad) == []


async def test_a_new_vendor_is_made_in_it_and_the_rate_is_zohos_and_told(database: Database, tmp_path: Path) -> None:
    async with buying(database, tmp_path, new_vendor_currency="document") as company:
        await company.sync()
        [contact], [there] = company.contacts(ABROAD), company.there(company.abroad)
        assert contact.currency_code == there.currency_code == "CAD"
        assert (there.total, there.exchange_rate) == (company.abroad.amount(True), RATE)
        sent = [call for call in company.sandbox.zoho_books.log.calls if call.method in ("POST", "PUT")]
        assert sent
        life = await company.life(company.abroad)
        told = [one.details.get("rate") for one in life.timeline if one.kind == "posted"]
        assert told == ["0.735 for CAD, as the ledger has it"]
        assert not any("exchange_rate" in str(one.body) for one in life.intents), "none is invented"


async def test_a_vendor_of_two_currencies_waits_for_the_row_and_has_a_contact_for_each(
    database: Database, tmp_path: Path
) -> None:
    async with buying(database, tmp_path, new_vendor_currency="document") as company:
        other = company.sandbox.company.seed.organisation.add_contact("Maple Freight Desk", currency_code="CAD")
        await company.sync()
        first, second = company.both
        vendor = str(first.vendor_id)
        assert company.contacts(BOTH) == []
        assert [await company.codes(one) for one in company.both] == [["vendor_pending"]] * 2
        life = await explain(company.desk, vendor)
        [wait] = life.versions[-1].waits
        assert wait.code == "vendor_two_currencies" and f"the row '{vendor} CAD'" in wait.action
        await set_value(company.desk, company.integration, "vendors", f"{vendor} CAD", other.contact_id)
        await company.sync()
        [contact] = company.contacts(BOTH)
        assert contact.currency_code == "USD"
        assert [one.vendor_id for one in company.there(first)] == [other.contact_id]
        assert [one.vendor_id for one in company.there(second)] == [contact.contact_id]
        assert {one.currency_code for one in company.there(first)} == {"CAD"}


async def test_a_bill_that_was_keyed_on_the_contact_of_the_row_is_not_posted_again(
    database: Database, tmp_path: Path
) -> None:
    async with buying(database, tmp_path, new_vendor_currency="document") as company:
        books = company.sandbox.company.seed.organisation
        first, _ = company.both
        other = books.add_contact("Maple Freight Desk", currency_code="CAD")
        account = company.sandbox.company.seed.ledger["5130"].account_id
        line = {"account_id": account, "rate": "900.00", "quantity": 1}
        keyed = books.add_bill(other, first.vendor_number.replace("-", " "), ON + timedelta(days=1), [line])
        await set_value(company.desk, company.integration, "vendors", f"{first.vendor_id} CAD", other.contact_id)
        await company.sync()
        assert company.there(first) == []
        assert [one.vendor_id for one in books.bills if one.vendor_id == other.contact_id] == [keyed.vendor_id]
