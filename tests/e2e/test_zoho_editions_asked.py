"""Tax editions of Zoho Books: nothing is written until what the edition asks for is set, and then Zoho takes it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest
from sales_world import NOW

from ml_connector.connectors.checking import Verdict
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.checking import check
from ml_connector.service.connection_settings import change_connection_settings
from ml_connector.service.connections import Connection, connection_named
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.fields import fields
from ml_connector.service.finding import Filter
from ml_connector.service.integrating import Integration, integration_named
from ml_connector.service.replaying import replay
from ml_connector.service.status import status
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector_sandbox.company.catalogue import SUPPLIERS
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox, seeded
from ml_connector_sandbox.servicetitan.books import Bill
from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.zoho_books.books.documents import Bill as BillThere
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]

KIND = "servicetitan-zoho_books"
MODES = {"vendors": "as needed", "bills": "live"}
LINE_FIELDS = {"hsn_or_sac"}


@dataclass(slots=True)
class Edition:
    """A company whose organisation is in some country, joined; one bill of its later than all others."""

    sandbox: Sandbox
    desk: Desk
    integration: Integration
    bill: Bill

    async def sync(self) -> None:
        await syncing.request_sync(self.desk, await integration_named(self.desk, KIND))
        # A flow that stands still is tried again each hour of the clock, so that it is never quiet for longer.
        quiet = await syncing.wait_until_quiet(self.desk, self.integration, patience=5.0)
        assert quiet.done or not quiet.progress.due, quiet

    async def connection(self) -> Connection:
        return await connection_named(self.desk, "zoho-books")

    @property
    def made(self) -> list[BillThere]:
        """The bill in Zoho, by our reference."""
        own = f"-bills-{self.bill.id}"
        books = self.sandbox.company.seed.organisation
        return [one for one in books.bills if any(str(value).endswith(own) for value in one.custom.values())]

    def dearer(self) -> None:
        """Its first line costs more."""
        tenant = self.sandbox.company.seed.tenant
        first, *rest = tenant.bills[self.bill.id].items
        tenant.modify_bill(self.bill.id, items=(changed(first, cost=first.cost + 1), *rest))


@asynccontextmanager
async def edition(database: Database, folder: Path, country: str, **switches: str) -> AsyncIterator[Edition]:
    company = seeded(f"matrix:{KIND}", SandboxClock.starting(NOW, 60.0))
    company.servicetitan_switches.read_after_write_lag_seconds = 0
    company.zoho_books_switches.list_lag_seconds = 0.0
    company.seed.organisation.profile.country_code = country
    for name, value in switches.items():
        setattr(company.zoho_books_switches, name, value)
    bill = company.seed.purchase("later", SUPPLIERS[0], (company.seed.line("DSC-60A", 3),), date(2026, 11, 9))
    assert isinstance(bill, Bill)
    async with Sandbox.running(company) as sandbox:
        file = folder / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=folder / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, MODES)
            yield Edition(sandbox, desk, integration, bill)


@pytest.mark.parametrize(
    ("country", "switch", "given", "of_contacts"),
    [
        ("GB", "demanded_uk", {"vat_treatment": "uk"}, {}),
        (
            "IN", "demanded_in",
            {
                "gst_treatment": "business_gst", "source_of_supply": "TN", "destination_of_supply": "MH",
                "hsn_or_sac": "84159000",
            },
            {"place_of_contact": "TN"},
        ),
        ("AE", "demanded_gcc", {"tax_treatment": "vat_registered", "place_of_supply": "DU"}, {}),
    ],
)  # fmt: skip
async def test_nothing_is_written_until_what_the_edition_asks_for_is_set(
    database: Database,
    tmp_path: Path,
    country: str,
    switch: str,
    given: dict[str, str],
    of_contacts: dict[str, str],
) -> None:
    async with edition(database, tmp_path, country, **{switch: ",".join(given)}) as company:
        before = company.sandbox.zoho_books.essence()
        await company.sync()
        assert company.sandbox.zoho_books.essence() == before
        connection = await company.connection()
        asked = {**given, **of_contacts}
        assert "Nothing is written" in connection.problem and "tax edition" in connection.problem
        assert all(f"--set {name}=..." in connection.problem for name in asked)
        shown = await fields(company.desk, connection)
        assert not shown.good
        assert {one.place.split()[0] for one in shown.fields if one.verdict is Verdict.MISSING} == set(asked)
        [told] = [one for one in (await check(company.desk, connection)).findings if one.subject == "tax edition"]
        assert told.verdict is Verdict.MISSING and all(name in told.sentence for name in given)

        await change_connection_settings(company.desk, connection, asked)
        await company.sync()
        [bill] = company.made
        heads = {name: value for name, value in given.items() if name not in LINE_FIELDS}
        assert {name: bill.texts[name] for name in heads} == heads
        assert {one.texts["hsn_or_sac"] for one in bill.lines} == {given.get("hsn_or_sac", "")}
        connection = await company.connection()
        assert "Nothing is written" not in connection.problem
        assert (await fields(company.desk, connection)).good
        [told] = [one for one in (await check(company.desk, connection)).findings if one.subject == "tax edition"]
        assert told.verdict is Verdict.GOOD

        company.dearer()
        await company.sync()
        [again] = company.made
        assert again.total == bill.total + 3
        assert {name: again.texts[name] for name in heads} == heads


async def test_what_stands_still_is_named_at_once_and_not_forecast(database: Database, tmp_path: Path) -> None:
    async with edition(database, tmp_path, "GB", demanded_uk="vat_treatment") as company:
        quiet = await syncing.sync(company.desk, await integration_named(company.desk, KIND))
        assert not quiet.done and quiet.progress.later == 0
        [still] = quiet.progress.still
        assert still.flows[-2:] == ("vendors", "bills") and still.connection == "Zoho Books" and still.waiting
        assert f"vendors, bills stand still at Zoho Books, and {still.waiting} documents wait" in quiet.sentence
        assert quiet.sentence.count("Nothing is written") == 1
        [found] = (await status(company.desk)).integrations
        assert found.forecasts == () and [one.why for one in found.still] == [still.why]
        assert "Zoho Books: Nothing is written" in (await status(company.desk)).attention[0]

        await change_connection_settings(company.desk, await company.connection(), {"vat_treatment": "uk"})
        quiet = await syncing.sync(company.desk, await integration_named(company.desk, KIND))
        assert quiet.done and quiet.progress.still == () and company.made


async def test_what_is_left_to_the_contacts_is_refused_by_zoho_where_they_lack_it(
    database: Database, tmp_path: Path
) -> None:
    async with edition(database, tmp_path, "GB", demanded_uk="vat_treatment") as company:
        await change_connection_settings(company.desk, await company.connection(), {"edition_fields": "contact"})
        await company.sync()
        assert company.made == []
        life = await explain(company.desk, str(company.bill.vendor_number))
        assert life.versions[-1].state == "rejected"

        # A bookkeeper gives the vendor's contact a treatment of its own, which no document of ours overrules.
        books = company.sandbox.company.seed.organisation
        [contact] = [one for one in books.contacts if one.contact_name == SUPPLIERS[0]]
        contact.texts["vat_treatment"] = "overseas"
        await change_connection_settings(company.desk, await company.connection(), {"vat_treatment": "uk"})
        await replay(company.desk, Filter(record_ids=(life.record_id,)))
        await company.sync()
        [bill] = company.made
        assert bill.texts.get("vat_treatment") in (None, "", "overseas")


async def test_the_american_edition_asks_for_nothing_of_bills_unless_it_is_said_to(
    database: Database, tmp_path: Path
) -> None:
    async with edition(database, tmp_path, "US") as company:
        books = company.sandbox.company.seed.organisation
        exemption = books.add_tax_exemption("RESALE")
        demanded = {"exemption_demanded": "yes"}
        await change_connection_settings(company.desk, await company.connection(), demanded)
        await company.sync()
        assert company.made == []
        assert "--set tax_exemption=..." in (await company.connection()).problem
        named = {"tax_exemption": exemption.tax_exemption_id}
        await change_connection_settings(company.desk, await company.connection(), named)
        await company.sync()
        [bill] = company.made
        assert {one.texts["tax_exemption_id"] for one in bill.lines if not one.tax_id} == {exemption.tax_exemption_id}
