"""``fields``: where each field goes, with Accounts Payable Operations and with tables of the company's own."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from cli_terminal import environment
from test_cli_sandboxed import ended

from ml_connector_sandbox.sandbox import Sandbox
from ml_connector_sandbox.servicenow import desk as their_desk

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


class Place:
    """A terminal, and the sandbox that it is pointed at."""

    def __init__(self, sandbox: Sandbox, env: Mapping[str, str], folder: Path) -> None:
        self.sandbox, self.env, self.folder = sandbox, env, folder

    async def run(self, *arguments: str) -> tuple[int | None, str]:
        return await ended(list(arguments), self.env)

    async def connect(self) -> None:
        """As an implementer does: settings that are long stand in a file."""
        told = self.sandbox.handover["company"]["connection_settings"]["servicenow"]
        file = self.folder / "columns.txt"
        file.write_text("".join(f"{name}={value}\n" for name, value in told.items()))
        code, said = await self.run("connect", "servicenow", "--set", f"@{file}")
        assert code == 0, said

    def drop(self, table: str, column: str) -> None:
        """Somebody removes a column from the instance's dictionary."""
        company = self.sandbox.company.servicenow
        assert company is not None
        wish = {"act": "delete", "table": "sys_dictionary", "where": {"name": table, "element": column}}
        their_desk.carried_out(company, wish)


@pytest.fixture(params=["matrix:zoho_books-servicenow", "own-tables"])
async def place(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> AsyncIterator[Place]:
    async with Sandbox.running(request.param, speed=60.0, limits=False) as running:
        file = tmp_path / "sandbox.json"
        running.write(file)
        env = environment(tmp_path / "data", DATABASE_URL=database_url, ML_CONNECTOR_SANDBOX=str(file), COLUMNS="300")
        yield Place(running, env, tmp_path)


@pytest.mark.parametrize("place", ["matrix:zoho_books-servicenow"], indirect=True)
async def test_fields_of_accounts_payable(place: Place) -> None:
    await place.connect()
    code, said = await place.run("fields", "ServiceNow")
    assert code == 0, said
    assert "invoice line: cost center sn_spend_intg_imp_invoice_line.u_cost_center string, 40 characters" in said
    assert "ServiceNow knows the ERP source Zoho Books Halyard & Finch." in said
    place.drop("sn_spend_intg_imp_invoice_line", "u_cost_center")
    code, said = await place.run("fields", "ServiceNow")
    assert code == 1 and "sn_spend_intg_imp_invoice_line has no column u_cost_center" in said, said


@pytest.mark.parametrize("place", ["own-tables"], indirect=True)
async def test_fields_of_tables_of_the_company_s_own(place: Place) -> None:
    await place.connect()
    code, said = await place.run("fields", "ServiceNow")
    assert code == 0, said
    assert "invoice line: account u_ml_bill_line.u_gl_account string, 40 characters" in said
    assert "sn_" not in said, "nothing is told of tables that this instance does not have"
    assert "takes rows of u_ml_bill to u_ml_bill_record." in said
    code, told = await place.run("fields", "ServiceNow", "--json")
    found = json.loads(told)
    assert code == 0 and found["good"] and all(one["place"].startswith("u_ml_") for one in found["fields"])
    place.drop("u_ml_bill", "u_supplier")
    code, said = await place.run("fields", "ServiceNow")
    assert code == 1 and "u_ml_bill has no column u_supplier" in said and "invoice_columns=supplier=" in said, said
    code, said = await place.run("check")
    assert code == 1 and "The setting gl_accounts tells 6 GL accounts; their numbers go as text." in said, said
