"""Bills that change in ServiceTitan after they were posted: Zoho Books follows as far as nobody has built on them there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sales_world import NOW

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration, change_settings, integration_named
from ml_connector.service.previewing import stored_plans
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector_sandbox.company.catalogue import SUPPLIERS
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox, seeded
from ml_connector_sandbox.servicetitan.books import Bill
from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.zoho_books import desk as their_desk
from ml_connector_sandbox.zoho_books.books.documents import Bill as BillThere
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

BILLS = "servicetitan-zoho_books"
ON = date(2026, 11, 9)


@dataclass(slots=True)
class Buying:
    """The company under way, with four bills of November of two lines each."""

    sandbox: Sandbox
    desk: Desk
    integration: Integration
    bought: list[Bill]

    async def sync(self) -> None:
        """Read, plan and send until it is quiet."""
        quiet = await syncing.sync(self.desk, await integration_named(self.desk, BILLS))
        assert quiet.done, quiet

    @property
    def titan(self) -> Any:
        """ServiceTitan's books."""
        return self.sandbox.company.seed.tenant

    def now(self, bill: Bill) -> Bill:
        """The bill as ServiceTitan has it now."""
        found = self.titan.bills[bill.id]
        assert isinstance(found, Bill)
        return found

    def there(self, bill: Bill) -> BillThere:
        """What Zoho has of it, once; by its own reference, whatever its number is."""
        found = [one for one in self.sandbox.company.seed.organisation.bills if self._ours(one, bill)]
        assert len(found) == 1, found
        return found[0]

    @staticmethod
    def _ours(there: BillThere, bill: Bill) -> bool:
        return any(str(value).endswith(f"-bills-{bill.id}") for value in there.custom.values())

    def at_zoho(self, act: str, **wish: Any) -> None:
        """What a bookkeeper does at Zoho's screens."""
        organisation = self.sandbox.company.seed.organisation.organization_id
        their_desk.carried_out(self.sandbox.company.zoho_books, {"act": act, "organisation": organisation, **wish})

    def dearer(self, bill: Bill, by: int = 1) -> None:
        """Its first line costs more."""
        first, *rest = self.now(bill).items
        self.titan.modify_bill(bill.id, items=(changed(first, cost=first.cost + by), *rest))

    async def end(self, bill: Bill) -> tuple[str, list[str]]:
        """How its newest version has ended, and what it waits for."""
        life = await explain(self.desk, str(self.now(bill).vendor_number or bill.vendor_number))
        return life.versions[-1].state, [one.code for one in life.versions[-1].waits]

    async def told(self, bill: Bill) -> tuple[str, str]:
        """Why its newest version is as it is, and what is said to be wrong with it in Zoho."""
        life = await explain(self.desk, str(bill.vendor_number))
        assert life.link is not None
        return life.versions[-1].why, life.link.trouble


@asynccontextmanager
async def buying(database: Database, folder: Path, mode: str = "live") -> AsyncIterator[Buying]:
    """A little company that buys, joined with Zoho Books."""
    company = seeded(f"matrix:{BILLS}", SandboxClock.starting(NOW, 60.0))
    company.servicetitan_switches.read_after_write_lag_seconds = 0
    company.zoho_books_switches.list_lag_seconds = 0.0
    seed = company.seed
    lines = [(seed.line("DSC-60A", 3 + n), seed.line("CAP-45-5", 2)) for n in range(5)]
    bought = [seed.purchase("later", SUPPLIERS[0], two, ON + timedelta(days=n)) for n, two in enumerate(lines)]
    async with Sandbox.running(company) as sandbox:
        file = folder / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, BILLS, {"vendors": "as needed", "bills": mode})
            yield Buying(sandbox, desk, integration, [one for one in bought if isinstance(one, Bill)])


def recode(company: Buying, there: BillThere, account: str) -> None:
    """An accountant gives the first line another account."""
    lines = [
        {
            "line_item_id": one.line_item_id,
            "account_id": account if place == 0 else one.account_id,
            "rate": str(one.rate),
            "quantity": str(one.quantity),
            "description": one.texts["description"],
            "tags": [{"tag_id": tag.tag_id, "tag_option_id": tag.tag_option_id} for tag in one.tags],
        }
        for place, one in enumerate(there.lines)
    ]
    company.at_zoho("edit bill", bill=there.number, changes={"line_items": lines})


async def test_edits_and_what_comes_with_reconciling_are_followed_while_it_is_unpaid(
    database: Database, tmp_path: Path
) -> None:
    async with buying(database, tmp_path) as company:
        await company.sync()
        edited, reconciled, recoded, noted, _ = company.bought
        other = next(line.account_id for line in company.there(recoded).lines[1:])
        recode(company, company.there(recoded), other)
        company.at_zoho("edit bill", bill=str(noted.vendor_number), changes={"notes": "asked the vendor"})
        for bill in (edited, recoded, noted):
            company.dearer(bill)
        was = reconciled.bill_date
        company.titan.reconcile_bill(
            reconciled.id, vendor_number="PAPER-7", bill_date=was + timedelta(days=2), shipping=Decimal(9)
        )
        await company.sync()
        for bill in (edited, reconciled, recoded, noted):
            there = company.there(bill)
            assert (await company.end(bill)) == ("posted", [])
            assert there.total == company.now(bill).amount(True), "the whole bill, once"
            assert there.state == "open"
        taken = company.there(reconciled)
        assert (taken.number, taken.date) == ("PAPER-7", was + timedelta(days=2))
        assert [one.account_id for one in company.there(recoded).lines] == [other, other]
        assert company.there(noted).texts["notes"] == "asked the vendor"

        # once more: the coding is still the accountant's, and nothing that is unchanged moves
        before = company.sandbox.zoho_books.essence()
        company.titan.modify_bill(edited.id, summary="seen")
        await company.sync()
        assert company.sandbox.zoho_books.essence() == before
        company.dearer(recoded)
        await company.sync()
        assert [one.account_id for one in company.there(recoded).lines] == [other, other]
        assert company.there(recoded).total == company.now(recoded).amount(True)


async def test_what_is_paid_or_changed_there_is_told_with_both_versions_and_goes_when_that_is_undone(
    database: Database, tmp_path: Path
) -> None:
    async with buying(database, tmp_path) as company:
        await company.sync()
        paid, both, added, turned, stopped = company.bought
        company.at_zoho("pay", bills=[str(paid.vendor_number)], amount="10", reference="CHK-1")
        company.at_zoho("edit bill", bill=str(both.vendor_number), changes={"adjustment": "5"})
        company.at_zoho("edit bill", bill=str(added.vendor_number), changes={"bill_number": "KEYED-1"})
        for bill in (paid, both):
            company.dearer(bill)
        company.titan.modify_bill(added.id, vendor_number="OURS-1")
        company.titan.modify_bill(turned.id, pre_tax_discount=Decimal(500))
        company.titan.modify_bill(stopped.id, do_not_pay=True)
        before = company.sandbox.zoho_books.essence()
        await company.sync()
        assert company.sandbox.zoho_books.essence() == before
        assert await company.end(paid) == ("held", ["changed_after_posting"])
        assert await company.end(both) == ("held", ["bill_changed_there"])
        assert await company.end(added) == ("held", ["bill_changed_there"])
        for bill in (turned, stopped):
            assert await company.end(bill) == ("held", ["changed_after_posting"])
        life = await explain(company.desk, str(paid.vendor_number))
        [why] = [one.sentence for one in life.versions[-1].waits]
        assert "10.00 USD of it is paid or credited there" in why and "->" in why

        company.at_zoho("delete payment", payment="CHK-1")
        company.at_zoho("edit bill", bill=str(both.vendor_number), changes={"adjustment": "0"})
        company.titan.modify_bill(stopped.id, do_not_pay=False)
        await company.sync()
        for bill in (paid, both):
            assert await company.end(bill) == ("posted", [])
            assert company.there(bill).total == company.now(bill).amount(True)
        assert (await company.end(stopped))[0] == "unchanged"


async def test_what_is_cancelled_is_voided_there_unless_it_is_paid_or_its_period_is_closed(
    database: Database, tmp_path: Path
) -> None:
    async with buying(database, tmp_path) as company:
        await company.sync()
        cancelled, deleted, paid, closed, void = company.bought
        company.at_zoho("pay", bills=[str(paid.vendor_number)], reference="CHK-2")
        company.at_zoho("move bill", bill=str(void.vendor_number), to="void")
        company.titan.delete_bill(deleted.id)
        for bill in (cancelled, paid, void):
            company.titan.cancel_bill(bill.id)
        await company.sync()
        for bill in (cancelled, deleted):
            assert await company.end(bill) == ("posted", [])
            assert company.there(bill).state == "void"
            assert await company.told(bill) == ("what was made of it there was voided", "")
        assert await company.end(paid) == ("held", ["canceled_after_posting"])
        assert company.there(paid).balance == 0 and company.there(paid).state != "void"
        assert (await company.end(void))[0] == "unchanged"
        assert await company.told(void) == ("", ""), "void on both sides"
        await change_settings(company.desk, company.integration, {"closed_through": str(closed.bill_date)})
        company.titan.cancel_bill(closed.id)
        await company.sync()
        assert await company.end(closed) == ("held", ["change_in_closed_period"])
        assert company.there(closed).state == "open"


async def test_a_change_is_approved_as_it_is_shown_and_sent_so(database: Database, tmp_path: Path) -> None:
    async with buying(database, tmp_path) as company:
        await company.sync()
        bill, gone, *_ = company.bought
        await set_flow_mode(company.desk, company.integration, "bills", "preview")
        before = company.sandbox.zoho_books.essence()
        company.dearer(bill)
        company.titan.cancel_bill(gone.id)
        await company.sync()
        assert company.sandbox.zoho_books.essence() == before
        assert {(await company.end(one))[0] for one in (bill, gone)} == {"planned"}
        shown = (await stored_plans(company.desk, Filter(flow="bills"))).plans
        assert {one.number: one.what for one in shown} == {bill.vendor_number: "change", gone.vendor_number: "void"}
        await set_flow_mode(company.desk, company.integration, "bills", "live")
        await company.sync()
        assert company.there(bill).total == company.now(bill).amount(True)
        assert company.there(gone).state == "void"
        assert {(await company.end(one))[0] for one in (bill, gone)} == {"posted"}
