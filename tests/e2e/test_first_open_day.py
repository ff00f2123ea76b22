"""Bills and payments of a closed period go on the first open day; nothing is entered twice, whatever comes afterwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sales_world import NOW, Selling, selling

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain, find_record
from ml_connector.service.finding import Filter
from ml_connector.service.integrating import Integration, change_settings, integration_named
from ml_connector.service.replaying import replay
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector_sandbox.company.catalogue import SUPPLIERS
from ml_connector_sandbox.company.sales_catalogue import WRITE_OFF
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox, seeded
from ml_connector_sandbox.servicetitan.books import Bill, Invoice
from ml_connector_sandbox.xero.books.documents import Payment
from ml_connector_sandbox.zoho_books.books.documents import Bill as BillThere
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

SOLD, PAID = date(2026, 10, 27), date(2026, 10, 29)
OCTOBER, NOVEMBER = "2026-10-31", "2026-11-16"
OPEN, KEYED = date(2026, 11, 1), date(2026, 11, 7)
MOVED = {"closed_through": OCTOBER, "closed_period": "first open day"}


async def close(company: Selling, **settings: str) -> None:
    await change_settings(company.desk, await integration_named(company.desk, company.integration.kind), settings)


def live(company: Selling, invoice: Invoice) -> list[Payment]:
    """Xero's live payments on an invoice."""
    [there] = company.there(invoice.reference_number)
    on = there.document_id
    return [one for one in company.target.payments if one.document.document_id == on and one.status != "DELETED"]


def by_month(company: Selling, *invoices: Invoice) -> dict[str, Decimal]:
    """What was paid on them in each month, by Xero's books."""
    found: dict[str, Decimal] = defaultdict(Decimal)
    for one in (payment for invoice in invoices for payment in live(company, invoice)):
        found[f"{one.date:%Y-%m}"] += one.amount
    return dict(found)


async def test_a_payment_of_a_closed_month_counts_in_the_next_one_and_once(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path) as company:
        first, second, third = (company.bill("100.00", on=SOLD) for _ in range(3))
        early = company.take(first, "10.00", on=PAID)
        await company.sync()
        await close(company, closed_through=OCTOBER)
        late = company.take(second, "30.00", on=PAID)
        await company.sync()
        assert await company.end("payments", late.id) == ("held", "period_closed")
        await close(company, **MOVED)
        await company.sync()
        assert await company.end("payments", late.id) == ("held", "period_closed")  # until somebody says so
        record = await find_record(company.desk, str(late.id))
        await replay(company.desk, Filter(record_ids=(record,)))
        other, gone = company.take(third, "40.00", on=PAID), company.take(third, "5.00", WRITE_OFF, on=PAID)
        await company.sync()
        assert by_month(company, first, second, third) == {"2026-10": 10, "2026-11": 70}
        [there] = live(company, second)
        assert there.date == OPEN and "(dated 2026-10-29) [ref " in there.reference
        assert await company.end("payments", gone.id) == ("posted", "")  # nothing on the invoice is taxed
        [note] = [one for one in company.target.credit_notes if one.total == 5]
        assert note.date == OPEN and "(dated 2026-10-29) [ref " in note.reference

        # what changes nothing, and a closing that comes further, leave all of it as it is
        before = company.sandbox.xero.essence()
        await close(company, closed_through=NOVEMBER)
        await replay(company.desk, Filter(flow="payments"))
        company.source.collecting.change(other.id, memo="counted again")
        await company.sync()
        assert company.sandbox.xero.essence() == before
        company.source.collecting.change(other.id, parts={third.id: Decimal(25)}, total=Decimal(25))
        company.source.collecting.change(early.id, parts={first.id: Decimal(12)}, total=Decimal(12))
        await company.sync()
        assert company.sandbox.xero.essence() == before
        for one in (other, early):
            assert await company.end("payments", one.id) == ("held", "change_in_closed_period")

        # with its day open, the change of the one is made there; the other one stands in October
        await close(company, **MOVED)
        await replay(company.desk, Filter(flow="payments", state="held"))
        await company.sync()
        assert by_month(company, first, second, third) == {"2026-10": 10, "2026-11": 55}
        assert await company.end("payments", early.id) == ("held", "change_in_closed_period")
        assert [len(live(company, one)) for one in (first, second, third)] == [1, 1, 1]


async def test_a_moved_payment_steps_aside_for_its_invoice_and_goes_back(database: Database, tmp_path: Path) -> None:
    async with selling(database, tmp_path, MOVED) as company:
        sold = company.bill("100.00")
        paid = company.take(sold, "60.00", on=PAID)
        await company.sync()
        assert by_month(company, sold) == {"2026-11": 60}
        [item] = company.source.invoices[sold.id].items
        dearer = company.source.invoicing.change_item(sold.id, item.id, warned=True, price=Decimal(150))
        for _ in range(2):
            await company.sync()
        [there] = company.there(sold.reference_number)
        assert (there.total, [one.date for one in live(company, sold)]) == (dearer.total, [OPEN])
        assert by_month(company, sold) == {"2026-11": 60}
        assert await company.end("payments", paid.id) == ("posted", "")


async def test_what_was_keyed_by_hand_after_the_closing_is_not_posted_again(database: Database, tmp_path: Path) -> None:
    """More than a week from the payment's own day, and near the one that it would be booked on."""
    async with selling(database, tmp_path, MOVED) as company:
        sold = company.bill("100.00")
        await company.sync()
        [there] = company.there(sold.reference_number)
        [contact] = [one for one in company.target.contacts if one.contact_id == there.contact_id]
        bank = next(one for one in company.target.accounts.values() if one.type == "BANK")
        company.target.desk.pay(there, KEYED, "33.00", bank)
        line = {
            "Description": "Bad debt",
            "Quantity": 1,
            "UnitAmount": "21.00",
            "AccountCode": "6800",
            "TaxType": "NONE",
        }
        company.target.desk.add_credit_note(contact, KEYED, [line])
        paid, gone = company.take(sold, "33.00", on=PAID), company.take(sold, "21.00", WRITE_OFF, on=PAID)
        other = company.take(sold, "34.00", on=PAID)
        await company.sync()
        assert await company.end("payments", paid.id) == ("held", "payment_twin")
        assert await company.end("payments", gone.id) == ("held", "credit_twin")
        assert await company.end("payments", other.id) == ("posted", "")
        assert by_month(company, sold) == {"2026-11": 67}


# --- bills ---------------------------------------------------------------------------------------------------------

BILLS = "servicetitan-zoho_books"


@dataclass(slots=True)
class Buying:
    """The company under way, with bills of October and of November."""

    sandbox: Sandbox
    desk: Desk
    integration: Integration
    bought: list[Bill]

    async def sync(self) -> None:
        """Read, plan and send until it is quiet."""
        quiet = await syncing.sync(self.desk, await integration_named(self.desk, BILLS))
        assert quiet.done, quiet

    def there(self) -> dict[str, BillThere]:
        """Zoho's bills by number, each once."""
        found = list(self.sandbox.company.seed.organisation.bills)
        assert len({one.number for one in found}) == len(found)
        return {one.number: one for one in found}

    def by_month(self) -> dict[str, Decimal]:
        """What our bills come to in each month, by Zoho's books."""
        found: dict[str, Decimal] = defaultdict(Decimal)
        for bill in self.bought:
            there = self.there()[str(bill.vendor_number)]
            found[f"{there.date:%Y-%m}"] += there.total
        return dict(found)

    async def waits(self, bill: Bill) -> list[str]:
        """Why its newest version is held."""
        life = await explain(self.desk, str(bill.vendor_number))
        return [one.code for one in life.versions[-1].waits]


@asynccontextmanager
async def buying(database: Database, folder: Path) -> AsyncIterator[Buying]:
    """A little company that buys, joined with Zoho Books, with October closed and its bills going by themselves."""
    company = seeded(f"matrix:{BILLS}", SandboxClock.starting(NOW, 60.0))
    company.servicetitan_switches.read_after_write_lag_seconds = 0
    company.zoho_books_switches.list_lag_seconds = 0.0
    seed = company.seed
    days = [date(2026, 10, 5), date(2026, 10, 30), date(2026, 11, 9)]
    bought = [seed.purchase("later", SUPPLIERS[0], (seed.line("DSC-60A", 3 + n),), on) for n, on in enumerate(days)]
    async with Sandbox.running(company) as sandbox:
        sandbox.handover["company"]["settings"].update(MOVED)
        file = folder / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
            desk, integration = await joined(
                runtime, sandbox.handover, BILLS, {"vendors": "as needed", "bills": "live"}
            )
            yield Buying(sandbox, desk, integration, [one for one in bought if isinstance(one, Bill)])


async def test_a_bill_of_a_closed_month_counts_in_the_next_one_and_once(database: Database, tmp_path: Path) -> None:
    async with buying(database, tmp_path) as company:
        await company.sync()
        amounts = [one.amount(True) for one in company.bought]
        assert company.by_month() == {"2026-11": sum(amounts)}
        for bill in company.bought[:2]:
            there = company.there()[str(bill.vendor_number)]
            assert (there.date, there.due_date) == (OPEN, bill.due_date)
            assert there.texts["notes"] == f"Dated {bill.bill_date} in ServiceTitan, booked on the first open day."
        unmoved = company.there()[str(company.bought[2].vendor_number)]
        assert unmoved.date == company.bought[2].bill_date and not unmoved.texts.get("notes")

        # further closings and what changes nothing leave all of it as it is; a change there waits for a person
        before = company.sandbox.zoho_books.essence()
        await change_settings(company.desk, company.integration, {"closed_through": NOVEMBER})
        await replay(company.desk, Filter(flow="bills", state="posted"))
        titan = company.sandbox.company.seed.tenant
        titan.modify_bill(company.bought[0].id, summary="seen")
        await company.sync()
        assert company.sandbox.zoho_books.essence() == before
        titan.modify_bill(company.bought[1].id, shipping=Decimal(7))
        await company.sync()
        assert company.sandbox.zoho_books.essence() == before
        assert await company.waits(company.bought[1]) == ["change_in_closed_period"]
        assert await company.waits(company.bought[0]) == []
