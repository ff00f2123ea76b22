"""Job costs as projects of Zoho Books: lines of bills name the project of their job and its customer, and follow the job."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from sales_world import NOW

from ml_connector.errors import BadInput
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.connection_settings import change_connection_settings
from ml_connector.service.connections import connection_named
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.integrating import Integration, change_settings, integration_named
from ml_connector.service.mapping.suggesting import suggest
from ml_connector.service.mapping.values import set_value
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector_sandbox.company.catalogue import SUPPLIERS
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox, seeded
from ml_connector_sandbox.servicetitan.books import Bill
from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.zoho_books import desk as their_desk
from ml_connector_sandbox.zoho_books.books.documents import Bill as BillThere
from ml_connector_sandbox.zoho_books.books.masters import Project
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

KIND = "servicetitan-zoho_books"
ON = date(2026, 11, 9)


@dataclass(slots=True)
class Building:
    """The company under way: three bills of two lines each, one for each of three jobs, and projects at Zoho."""

    sandbox: Sandbox
    desk: Desk
    integration: Integration
    bought: list[Bill]
    projects: list[Project]

    async def sync(self) -> None:
        """Read, plan and send until it is quiet."""
        quiet = await syncing.sync(self.desk, await integration_named(self.desk, KIND))
        assert quiet.done, quiet

    async def read_projects(self, answer: str) -> None:
        """Say whether the connection to Zoho Books reads projects."""
        there = await connection_named(self.desk, "", "zoho_books")
        await change_connection_settings(self.desk, there, {"projects": answer})

    async def map(self, job: int, value: str) -> None:
        """A row of the mapping table jobs, by the job's place."""
        await set_value(self.desk, self.integration, "jobs", self.job(job), value)

    def job(self, place: int) -> str:
        """The id of a job at ServiceTitan."""
        return str(self.sandbox.company.seed.jobs[place].id)

    def there(self, bill: Bill) -> BillThere:
        """What Zoho has of it, once."""
        shown = self.sandbox.company.seed.organisation.bills
        found = [one for one in shown if any(str(own).endswith(f"-bills-{bill.id}") for own in one.custom.values())]
        assert len(found) == 1, found
        return found[0]

    def on(self, bill: Bill) -> list[tuple[str, str]]:
        """Project and customer of each line that Zoho has of it."""
        return [(one.texts["project_id"], one.texts["customer_id"]) for one in self.there(bill).lines]

    async def waits(self, bill: Bill) -> list[str]:
        """What its newest version waits for."""
        life = await explain(self.desk, str(bill.vendor_number))
        return [one.code for one in life.versions[-1].waits]

    def chosen(self, bill: Bill, project: Project) -> None:
        """An accountant chooses another project on every line of a bill at Zoho's screens."""
        there = self.there(bill)
        lines = [
            {
                "line_item_id": one.line_item_id, "account_id": one.account_id, "rate": str(one.rate),
                "quantity": str(one.quantity), "description": one.texts["description"],
                "tags": [{"tag_id": tag.tag_id, "tag_option_id": tag.tag_option_id} for tag in one.tags],
                "project_id": project.project_id, "customer_id": project.customer_id,
            }
            for one in there.lines
        ]  # fmt: skip
        organisation = self.sandbox.company.seed.organisation.organization_id
        wish = {
            "act": "edit bill",
            "organisation": organisation,
            "bill": there.number,
            "changes": {"line_items": lines},
        }
        their_desk.carried_out(self.sandbox.company.zoho_books, wish)


def named(project: Project) -> list[tuple[str, str]]:
    """What both lines of a bill for it name."""
    return [(project.project_id, project.customer_id)] * 2


@asynccontextmanager
async def building(database: Database, folder: Path) -> AsyncIterator[Building]:
    """A little company that buys for its jobs, joined with Zoho Books; the connection does not read projects yet."""
    company = seeded(f"matrix:{KIND}", SandboxClock.starting(NOW, 60.0))
    company.servicetitan_switches.read_after_write_lag_seconds = 0
    company.zoho_books_switches.list_lag_seconds = 0.0
    seed = company.seed
    customer = seed.organisation.add_contact("Harbour Works", "customer")
    names = [seed.jobs[0].job_number, f"{seed.jobs[1].job_number} Boiler house", "Yard", "Over"]
    projects = [seed.organisation.add_project(one, customer, active=one != "Over") for one in names]
    bought = [
        seed.purchase(
            "later", SUPPLIERS[0], (seed.line("DSC-60A", 3 + n), seed.line("CAP-45-5", 2)), ON + timedelta(days=n),
            job_id=seed.jobs[n].id,
        )
        for n in range(3)
    ]  # fmt: skip
    async with Sandbox.running(company) as sandbox:
        file = folder / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
            modes = {"vendors": "as needed", "bills": "live"}
            desk, integration = await joined(runtime, sandbox.handover, KIND, modes)
            wanted = {"job_as": "project", "unmapped_job": "hold"}
            integration = await change_settings(desk, integration, wanted)
            yield Building(sandbox, desk, integration, [one for one in bought if isinstance(one, Bill)], projects)


async def test_lines_name_the_project_of_their_job_and_follow_it_unless_an_accountant_chose_another(
    database: Database, tmp_path: Path
) -> None:
    async with building(database, tmp_path) as company:
        first, second, third = company.bought
        boiler, yard, over = company.projects[1:]
        await company.sync()
        assert "projects_unread" in await company.waits(first)

        await company.read_projects("yes")
        await company.sync()
        for bill in company.bought:
            found = await company.waits(bill)
            assert "job_unmapped" in found and "projects_unread" not in found
        offered = {one.key: one for one in await suggest(company.desk, company.integration, "jobs")}
        exact = offered[company.job(0)].exact
        assert exact is not None and exact.value == company.projects[0].project_id
        bears = offered[company.job(1)].candidates[0]
        assert (bears.value, bears.evidence, bears.proof) == (boiler.project_id, "its name bears the number", False)
        assert boiler.project_id not in {one.value for one in offered[company.job(2)].candidates if one.proof}

        tag = next(iter(next(iter(company.sandbox.company.seed.organisation.reporting_tags.values())).options))
        for wrong, why in ((tag, "no project"), (over.project_id, "completed or inactive")):
            with pytest.raises(BadInput, match=why):
                await company.map(0, wrong)
        await company.map(0, exact.value)
        await company.map(1, bears.value)
        await company.map(2, "none")
        await company.sync()
        assert [company.on(one) for one in company.bought] == [
            named(company.projects[0]), named(boiler), [("", "")] * 2
        ]  # fmt: skip

        titan = company.sandbox.company.seed.tenant
        company.chosen(second, yard)
        for bill in (first, second):
            line, *rest = titan.bills[bill.id].items
            titan.modify_bill(bill.id, items=(changed(line, cost=line.cost + 1), *rest))
        await company.sync()
        assert [company.on(one) for one in (first, second)] == [named(company.projects[0]), named(yard)]
        assert company.there(second).total == titan.bills[second.id].amount(True)

        await company.map(2, boiler.project_id)
        company.chosen(third, yard)
        titan.modify_bill(first.id, job_id=int(company.job(2)))
        titan.modify_bill(third.id, job_id=int(company.job(0)))
        await company.sync()
        assert [company.on(one) for one in (first, third)] == [named(boiler), named(yard)]
