"""Two companies of one service, one with Accounts Payable and one with tables of its own: neither sees the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from payables_world import KIND, MODES, NOW

from ml_connector.errors import BadInput, NotFound
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.connections import connections
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.service.standing import standing
from ml_connector.service.status import status
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector_sandbox.company.office import matrix_office
from ml_connector_sandbox.company.workshop import with_neighbour
from ml_connector_sandbox.compare_payables import PayablesComparison, compare_payables
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.servicenow import desk as their_desk
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]


@dataclass(frozen=True)
class Firm:
    """One of the two: its hand-over, and what is done for it."""

    handover: dict[str, Any]
    desk: Desk
    integration: Integration


@dataclass(frozen=True)
class Two:
    """Both in one process, on one database, at one sandbox."""

    sandbox: Sandbox
    office: Firm
    workshop: Firm

    async def sync(self) -> None:
        """Both at once, by the same worker."""
        for one in (self.office, self.workshop):
            await syncing.request_sync(one.desk, await integration_named(one.desk, KIND))
        for one in (self.office, self.workshop):
            assert (await syncing.wait_until_quiet(one.desk, one.integration, patience=120.0)).done

    def compared(self, firm: Firm, **more: Any) -> PayablesComparison:
        assert self.sandbox.servicenow is not None
        books = self.sandbox.zoho_books.books(), self.sandbox.servicenow.books()
        return compare_payables(firm.handover["company"], *books, **more)

    def there(self, firm: Firm, act: str, **wish: Any) -> None:
        company = self.sandbox.company.servicenow
        assert company is not None
        their_desk.carried_out(company, {"act": act, "instance": firm.handover["company"]["instance"], **wish})


@asynccontextmanager
async def two(database: Database, folder: Path) -> AsyncIterator[Two]:
    clock = SandboxClock.starting(NOW, 60.0)
    company = with_neighbour(matrix_office(clock), clock)
    company.zoho_books_switches.list_lag_seconds = 0.0
    async with Sandbox.running(company, limits=False) as sandbox:
        file = folder / "sandbox.json"
        sandbox.write(file)
        assert sandbox.neighbour is not None
        async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
            firms = [
                Firm(told, *await joined(runtime, told, KIND, MODES)) for told in (sandbox.handover, sandbox.neighbour)
            ]
            yield Two(sandbox, *firms)


async def seen(firm: Firm) -> dict[str, int]:
    """By flow, how many were read."""
    return {flow.flow: flow.read for one in (await status(firm.desk)).integrations for flow in one.flows if flow.read}


async def test_both_months_are_staged_and_neither_sees_the_other(database: Database, tmp_path: Path) -> None:
    async with two(database, tmp_path) as both:
        await both.sync()
        for firm in (both.office, both.workshop):
            found = both.compared(firm)
            assert [one.sentence for one in found.findings] == []
            assert found.documents and found.payments
        assert both.compared(both.workshop).documents == 34

        # What a person sees of one company is that company's alone.
        office, workshop = await seen(both.office), await seen(both.workshop)
        assert (workshop["bills"], workshop["vendors"], workshop["vendor_payments"]) == (40, 12, 25)
        assert office["bills"] == 7
        hosts = [[one.organisation_id for one in await connections(firm.desk)] for firm in (both.office, both.workshop)]
        assert hosts == [
            ["20091544107", "halyardfinch.service-now.com"], ["20091544208", "quaysideinstruments.service-now.com"],
        ]  # fmt: skip
        bill = next(one for one in both.workshop.handover["company"]["truth"] if one["ends"] == "staged")
        assert (await explain(both.workshop.desk, bill["document_id"])).flow == "bills"
        with pytest.raises(NotFound):
            await explain(both.office.desk, bill["document_id"])


async def test_what_one_company_does_changes_nothing_of_the_other(database: Database, tmp_path: Path) -> None:
    async with two(database, tmp_path) as both:
        await both.sync()
        before, told = both.compared(both.office).as_dict(), await seen(both.office)
        [(table, rows)] = both.workshop.handover["company"]["fill_later"].items()
        [(key, value)] = rows.items()
        assert (await set_value(both.workshop.desk, both.workshop.integration, table, key, value)).released == 2
        waiting = [one for one in both.workshop.handover["company"]["truth"] if one["ends"] == "staged"]
        both.there(both.workshop, "reject", invoice=waiting[0]["document_id"])
        both.there(both.workshop, "approve", invoice=waiting[1]["document_id"])
        await both.sync()

        found = both.compared(both.workshop, filled=[f"{table}:{key}"])
        assert found.agrees and found.documents == 36, [one.sentence for one in found.findings]
        stages = {one.state: one.count for one in (await standing(both.workshop.desk)).stages if one.flow == "bills"}
        assert (stages["approved"], stages["rejected"]) == (1, 1)
        assert both.compared(both.office).as_dict() == before and await seen(both.office) == told
        assert {one.state for one in (await standing(both.office.desk)).stages} == {"draft"}


async def test_a_number_of_the_other_company_is_refused(database: Database, tmp_path: Path) -> None:
    async with two(database, tmp_path) as both:
        await both.sync()
        [(key, account), *_] = both.office.handover["company"]["integrations"][KIND]["mapping"]["accounts"].items()
        with pytest.raises(BadInput, match=r"is no account of the ledger"):
            await set_value(both.workshop.desk, both.workshop.integration, "accounts", key, account)
