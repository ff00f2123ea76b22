"""Goods that go back: AP credits of ServiceTitan become vendor credits of Zoho Books, on the bills they are on, each once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sales_world import NOW

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.deciding import link
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration, change_settings, integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.service.releasing import release
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync.directory import read_all_anew
from ml_connector_sandbox.company import returned
from ml_connector_sandbox.company.company import Company, small
from ml_connector_sandbox.compare import Comparison, compare
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.faults import Fault, Faults
from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.servicetitan.books import ApCredit
from ml_connector_sandbox.zoho_books import desk as their_desk
from ml_connector_sandbox.zoho_books.books import applying
from ml_connector_sandbox.zoho_books.books.documents import VendorCredit
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

KIND = "servicetitan-zoho_books"
BUYS = {"vendors": "as needed", "bills": "live"}
CREDITS = {**BUYS, "vendor_credits": "live"}
D = Decimal


def sends_back(bills: int = 90) -> Company:
    """A small company whose every case of goods sent back is there."""
    company = small(SandboxClock.starting(NOW, 60.0), bills=bills)
    returned.send_back(company.seed, 1)
    company.servicetitan_switches.read_after_write_lag_seconds = 0
    company.zoho_books_switches.list_lag_seconds = 0.0
    company.limits = False
    return company


@dataclass(slots=True)
class Returning:
    """The company under way."""

    sandbox: Sandbox
    desk: Desk
    integration: Integration

    async def sync(self) -> None:
        """Read, plan and send until it is quiet."""
        quiet = await syncing.sync(self.desk, await integration_named(self.desk, KIND))
        assert quiet.done, quiet

    @property
    def returning(self) -> Any:
        """ServiceTitan's returns and credits."""
        return self.sandbox.company.seed.tenant.returning

    def credits(self, case: str) -> list[ApCredit]:
        """The seeded credits of a case, as ServiceTitan has them now."""
        books = self.sandbox.company.seed.tenant.ap_credits
        return [books[int(one.bill_id)] for one in self.sandbox.company.seed.credits if one.case == case]

    def there(self, credit: ApCredit) -> VendorCredit:
        """What Zoho has of it, once."""
        shown = self.sandbox.company.seed.organisation.vendor_credits
        ours = f"-ap_credits-{credit.id}"
        found = [one for one in shown if any(str(value).endswith(ours) for value in one.custom.values())]
        assert len(found) == 1, found
        return found[0]

    def on(self, credit: ApCredit) -> dict[str, Decimal]:
        """What of it is on which bill in Zoho, by the bill's number."""
        bills = self.sandbox.company.seed.organisation.bills
        found: dict[str, Decimal] = {}
        for one in self.there(credit).credits:
            bill = bills.get(one.bill_id)
            assert bill is not None
            found[bill.number] = found.get(bill.number, D(0)) + one.amount
        return found

    def numbers(self, credit: ApCredit) -> dict[str, Decimal]:
        """The same as ServiceTitan has it."""
        bills = self.sandbox.company.seed.tenant.bills
        return {str(bills[one.bill_id].vendor_number): one.amount for one in credit.splits if one.active}

    async def end(self, credit: ApCredit) -> tuple[str, list[str]]:
        """How its newest version has ended, and what it waits for."""
        life = await explain(self.desk, str(credit.id))
        return life.versions[-1].state, [one.code for one in life.versions[-1].waits]

    async def settled(self, credit: ApCredit) -> bool:
        """Whether it is there; its mark may have been read again meanwhile, which changes nothing."""
        return await self.end(credit) in (("posted", []), ("unchanged", []))

    def compared(self) -> Comparison:
        """Both systems' books against the truth table, credits included."""
        handover = self.sandbox.handover["company"]
        books = self.sandbox.servicetitan.books(), self.sandbox.zoho_books.books()
        return compare(handover, *books, credits=True)

    def at_zoho(self, act: str, **wish: Any) -> None:
        """What a bookkeeper does at Zoho's screens."""
        organisation = self.sandbox.company.seed.organisation.organization_id
        their_desk.carried_out(self.sandbox.company.zoho_books, {"act": act, "organisation": organisation, **wish})


@asynccontextmanager
async def running(company: Company, folder: Path) -> AsyncIterator[tuple[Sandbox, Settings]]:
    """Both emulators."""
    async with Sandbox.running(company) as sandbox:
        file = folder / "sandbox.json"
        sandbox.write(file)
        yield sandbox, Settings(data=folder / "data", sandbox=file)


@asynccontextmanager
async def returning(
    database: Database, folder: Path, company: Company | None = None, modes: dict[str, str] = CREDITS
) -> AsyncIterator[Returning]:  # fmt: skip
    """A company that sends goods back, joined with Zoho Books."""
    async with (
        running(company or sends_back(), folder) as (sandbox, settings),
        Runtime.on(database, settings) as runtime,
    ):
        desk, integration = await joined(runtime, sandbox.handover, KIND, modes)
        await tax_comes_back(desk, integration)
        yield Returning(sandbox, desk, integration)


async def tax_comes_back(desk: Desk, integration: Integration) -> None:
    """A credit names no tax zone: its tax is cost, unless a row says otherwise."""
    await set_value(desk, integration, "tax", "(no zone)", "cost")


async def test_every_credit_is_there_once_on_its_bills_and_marked(database: Database, tmp_path: Path) -> None:
    modes = {**CREDITS, "vendor_credits_exported": "live"}
    async with returning(database, tmp_path, modes=modes) as company:
        await company.sync()
        assert company.compared().findings == []
        for case in ("applied_whole", "taxed", "not_applied"):
            for credit in company.credits(case):
                assert await company.settled(credit)
                assert company.on(credit) == company.numbers(credit)
                assert credit.sync_status == "Exported"
        [whole, *_] = company.credits("applied_whole")
        assert company.there(whole).balance == 0 and company.numbers(whole)
        assert [(await company.end(one))[1] for one in company.credits("restocked")] == [["does_not_tie"]]
        assert [(await company.end(one))[1] for one in company.credits("without_return")] == [["plain_credit"]]
        assert [(await company.end(one))[0] for one in company.credits("cancelled")] == ["skipped"]
        before = company.sandbox.zoho_books.essence()
        await company.sync()
        assert company.sandbox.zoho_books.essence() == before
        account = next(iter(company.sandbox.handover["company"]["mapping"]["accounts"].values()))
        await change_settings(company.desk, company.integration, {"plain_credit_account": str(account)})
        await company.sync()
        [plain] = company.credits("without_return")
        assert company.there(plain).total == plain.amount == 35


async def test_without_the_flow_no_credit_is_read_or_written(database: Database, tmp_path: Path) -> None:
    async with returning(database, tmp_path, modes=BUYS) as company:
        await company.sync()
        handover = company.sandbox.handover["company"]
        books = company.sandbox.servicetitan.books(), company.sandbox.zoho_books.books()
        assert compare(handover, *books).findings == []
        assert not any("ap-credits" in call.path for call in company.sandbox.servicetitan.log.calls)


async def test_what_is_applied_taken_off_and_cancelled_later_follows(database: Database, tmp_path: Path) -> None:
    async with returning(database, tmp_path) as company:
        await company.sync()
        [late] = company.credits("not_applied")
        taken, cancelled, *_ = company.credits("applied_whole")
        [bill] = [one for one in company.sandbox.company.seed.tenant.bills
                  if one.vendor_id == late.vendor_id and one.amount(True) > late.amount + 400][:1]  # fmt: skip
        company.returning.apply(late.id, {bill.id: D("5.00")})
        [split] = taken.splits
        company.returning.take_off(taken.id, split.bill_id)
        company.returning.cancel_credit(cancelled.id)
        await company.sync()
        assert company.on(late) == {str(bill.vendor_number): D("5.00")}
        assert company.on(taken) == {} and company.there(taken).balance == taken.amount
        assert company.there(cancelled).state == "void"
        for credit in (late, taken, cancelled):
            assert await company.end(credit) == ("posted", [])
        company.returning.apply(late.id, {bill.id: D("6.00")})
        company.returning.apply(taken.id, {split.bill_id: taken.amount})
        await company.sync()
        assert company.on(late) == {str(bill.vendor_number): D("11.00")}
        assert company.on(taken) == company.numbers(company.credits("applied_whole")[0]) != {}
        found = [(one.kind, one.bill_id) for one in company.compared().findings]
        assert found == [("missing", str(cancelled.id))], "the truth table knows nothing of its cancellation"


async def test_what_people_did_there_holds_it_with_the_sentence(database: Database, tmp_path: Path) -> None:
    async with returning(database, tmp_path) as company:
        await company.sync()
        [late] = company.credits("not_applied")
        there = company.there(late)
        bills = company.sandbox.company.seed.organisation.bills
        owed = next(one for one in bills if one.vendor_id == there.vendor_id and one.balance > there.total)
        company.at_zoho("apply credit", credit=there.number, bill=owed.number)
        company.returning.cancel_credit(late.id)
        await company.sync()
        assert await company.end(late) == ("held", ["canceled_after_posting"])
        assert company.there(late).state != "void"


async def test_a_bill_that_is_paid_holds_its_credit_until_it_is_released(database: Database, tmp_path: Path) -> None:
    async with returning(database, tmp_path, modes={**BUYS, "vendor_credits": "off"}) as company:
        await company.sync()
        credit = company.credits("applied_whole")[0]
        [number] = company.numbers(credit)
        company.at_zoho("pay", bills=[number], reference="CHK-9")
        await set_flow_mode(company.desk, company.integration, "vendor_credits", "live")
        await company.sync()
        assert await company.end(credit) == ("held", ["credited_bill_closed"])
        life = await explain(company.desk, str(credit.id))
        await release(company.desk, f"#{life.record_id}")
        await company.sync()
        assert await company.end(credit) == ("posted", [])
        assert company.on(credit) == {} and company.there(credit).balance == credit.amount


async def test_a_credit_goes_on_the_bill_that_is_linked_in_place_of_a_deleted_one(
    database: Database, tmp_path: Path
) -> None:
    async with returning(database, tmp_path) as company:
        await company.sync()
        credit = company.credits("applied_whole")[0]
        books, numbers = company.sandbox.company.seed.organisation, company.numbers(credit)
        [was] = [one for one in books.bills if one.document_id == company.there(credit).credits[0].bill_id]
        for one in list(was.credits):
            taken = books.vendor_credits.get(one.vendor_credit_id)
            assert taken is not None
            applying.unapply_credit(books, taken, one)
        company.at_zoho("move bill", bill=was.number, to="delete")
        vendor = books.contacts.get(was.vendor_id)
        assert vendor is not None
        lines = [{"account_id": one.account_id, "rate": one.net, "quantity": 1} for one in was.lines]
        now = books.add_bill(vendor, was.number, was.date, lines)
        async with company.desk.changing(await company.desk.sealer()) as change:
            await read_all_anew(change.connection, company.desk.tenant_id, company.integration.target_id)
            await change.run(
                "update directory set walk = walk - 86400000000 where tenant_id = %s", company.desk.tenant_id
            )  # fmt: skip
        await company.sync()
        assert company.on(credit) == {}
        await link(company.desk, was.number, now.document_id)
        await company.sync()
        assert company.on(credit) == numbers and await company.end(credit) == ("posted", [])
        assert now.balance == now.total - sum(numbers.values())


async def test_a_credit_waits_for_a_bill_that_is_not_there(database: Database, tmp_path: Path) -> None:
    modes = {**CREDITS, "bills": "off"}
    async with returning(database, tmp_path, modes=modes) as company:
        await company.sync()
        credit = company.credits("applied_whole")[0]
        state, codes = await company.end(credit)
        assert state == "held" and "credited_bill_flow_off" in codes
        await set_flow_mode(company.desk, company.integration, "bills", "live")
        await company.sync()
        assert await company.end(credit) == ("posted", [])
        assert company.compared().findings == []


def _makes(call: Call) -> bool:
    return call.method == "POST" and call.path.endswith("/vendorcredits")


def _applies(call: Call) -> bool:
    return call.method == "POST" and call.path.endswith("/credits") and "/bills/" in call.path


def _marks(call: Call) -> bool:
    return call.method == "POST" and call.path.endswith("/ap-credits/markasexported")


@pytest.mark.parametrize("kind", ["timeout after", "timeout before", "truncated"])
async def test_an_answer_that_is_lost_makes_and_applies_nothing_twice(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    modes = {**CREDITS, "vendor_credits_exported": "live"}
    async with returning(database, tmp_path, modes=modes) as company:
        struck = _strike(company, monkeypatch, kind)
        await company.sync()
        assert struck() == {"_makes", "_applies", "_marks"}
        assert company.compared().findings == []
        for credit in (*company.credits("applied_whole"), *company.credits("taxed")):
            assert company.on(credit) == company.numbers(credit)
            assert await company.settled(credit)
            assert credit.sync_status == "Exported"


def _strike(company: Returning, monkeypatch: pytest.MonkeyPatch, kind: str) -> Callable[[], set[str]]:
    """Let the first call of each kind end so; tells which were struck."""
    take, struck = Faults.take, set[str]()
    emulators = (company.sandbox.zoho_books.faults, company.sandbox.servicetitan.faults)

    def chosen(self: Faults, call: Call) -> Fault | None:
        for wanted in (_makes, _applies, _marks):
            if self in emulators and wanted(call) and wanted.__name__ not in struck:
                struck.add(wanted.__name__)
                self.add(Fault(call=call.number, kind=kind))
        return take(self, call)

    monkeypatch.setattr(Faults, "take", chosen)
    return lambda: struck


@pytest.mark.parametrize("behind", [_makes, _applies])
async def test_a_worker_that_ends_between_two_steps_leaves_nothing_half_done(
    database: Database, tmp_path: Path, behind: Callable[[Call], bool]
) -> None:
    async with running(sends_back(), tmp_path) as (sandbox, settings):
        async with Runtime.on(database, settings) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, CREDITS)
            await tax_comes_back(desk, integration)
            work = asyncio.create_task(Returning(sandbox, desk, integration).sync())
            for _ in range(3000):
                if work.done() or any(behind(call) for call in sandbox.zoho_books.log.calls):
                    break
                await asyncio.sleep(0.01)
            assert any(behind(call) for call in sandbox.zoho_books.log.calls)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        async with Runtime.on(database, settings) as runtime:
            again = Desk(runtime, desk.tenant_id, desk.actor)
            company = Returning(sandbox, again, integration)
            await company.sync()
            assert company.compared().findings == []
            for credit in (*company.credits("applied_whole"), *company.credits("taxed")):
                assert company.on(credit) == company.numbers(credit)


async def test_a_preview_writes_nothing_and_goes_live_as_it_was_shown(database: Database, tmp_path: Path) -> None:
    async with returning(database, tmp_path, modes={**BUYS, "vendor_credits": "preview"}) as company:
        await company.sync()
        assert len(list(company.sandbox.company.seed.organisation.vendor_credits)) == 0
        credit = company.credits("applied_whole")[0]
        assert (await company.end(credit))[0] == "planned"
        await set_flow_mode(company.desk, company.integration, "vendor_credits", "live")
        await company.sync()
        assert await company.end(credit) == ("posted", [])
        assert company.compared().findings == []


def test_the_days_of_the_company_are_in_open_periods() -> None:
    assert all(one.date > date(2026, 1, 1) for one in sends_back().seed.credits if one.date is not None)
