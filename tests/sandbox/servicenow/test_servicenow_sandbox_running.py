"""A sandbox of a company that has instances: they are served beside its other systems."""

from __future__ import annotations

import aiohttp
import pytest
from servicenow_world import HOST, OWN

from ml_connector_sandbox import company as companies
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import START, Sandbox
from ml_connector_sandbox.servicenow import Seed, ServiceNowBooks, Switches, seeded_instance, small

pytestmark = pytest.mark.anyio


async def test_a_company_s_instances_are_served_beside_its_other_systems() -> None:
    made = companies.small(SandboxClock.starting(START))
    made.servicenow = ServiceNowBooks(made.servicetitan.clock)
    small(made.servicenow)
    async with Sandbox.running(made) as sandbox, aiohttp.ClientSession(sandbox.handover["admin"]) as session:
        assert {HOST, OWN} <= set(sandbox.handover["hosts"])
        async with session.get("/servicenow/statistics") as answer:
            assert set((await answer.json())["instances"]) == {HOST, OWN}
        wish = {"act": "add_cost_center", "instance": HOST, "number": "4900", "name": "Yard", "erp_source": "ZOHO"}
        async with session.post("/servicenow/desk", json=wish) as answer:
            assert (answer.status, (await answer.json())["account_number"]) == (200, "4900")
        async with session.get("/faults/kinds") as answer:
            kinds = {one["name"]: one["not_of"] for one in await answer.json()}
    assert kinds["unserviced"] == ["servicetitan", "zoho_books", "xero"]


async def test_a_company_without_instances_has_no_such_emulator() -> None:
    async with Sandbox.running("small") as sandbox:
        assert (sandbox.servicenow, "servicenow" in sandbox.server.emulators) == (None, False)


def test_a_seed_that_names_what_it_does_not_have_is_refused() -> None:
    company = ServiceNowBooks(SandboxClock.starting(START))
    seed = Seed(gl_accounts=[{"number": "1", "erp_source": "SAP"}])
    with pytest.raises(ValueError, match="names the ERP source 'SAP', which it does not have"):
        seeded_instance(company, HOST, seed)
    with pytest.raises(ValueError, match="there is an instance at example"):
        company.add(HOST)
    with pytest.raises(ValueError, match="there is no profile 'plain'"):
        company.add(OWN, "plain")


def test_names_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(ValueError, match="column_names takes pairs such as"):
        ServiceNowBooks(SandboxClock.starting(START), Switches(column_names="u_erp_source")).add(HOST)


def test_switches_name_columns_when_an_instance_is_made() -> None:
    switches = Switches(column_names="sn_spend_intg_imp_invoice.u_erp_source=u_from", line_number_column=False)
    instance = ServiceNowBooks(SandboxClock.starting(START), switches).add(HOST)
    assert "u_from" in instance.records.columns("sn_spend_intg_imp_invoice")
    lines = instance.records.columns("sn_spend_intg_imp_invoice_line")
    assert ("u_erp_source" in lines, "u_erp_line_number" in lines) == (True, False)
