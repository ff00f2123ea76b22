"""Rows refused for what the instance lacks wait until it is mended; those refused for what they say are rejected."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from servicenow_script import ScriptedSession, Tables, answer, failure, set_up, sys_id

from ml_connector.canonical.master_data import Organisation
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine
from ml_connector.connectors.servicenow import CONNECTOR
from ml_connector.connectors.writing import Action, Done, Later, Outcome, Partly, Rejected, Step
from ml_connector.transport.errors import LeaseLost
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio

DAY = dt.date(2026, 2, 1)
HEAD, LINE = "sn_spend_intg_imp_invoice", "sn_spend_intg_imp_invoice_line"
MANDATORY = "The following mandatory fields are not filled in: External invoice source"
NO_MAP = "No transform entry or scripts are defined; Target record not found"
NO_SUPPLIER = "Supplier V-1 not found for ERP source ZOHO"


def step() -> Step:
    lines = (BillLine("1", Decimal(50), description="Hosting", account=Ref(number="6400")),)
    bill = Bill(
        "", Ref(sys_id(7), "Acme", "V-1"), Decimal(50), number="INV-1", own_number="46", date=DAY, currency="USD",
        lines=lines, legal_entity=Ref(number="1000"),
    )  # fmt: skip
    settings = {"cost_center_needed": "no"}
    body = CONNECTOR.compose(Action.CREATE, bill, Organisation("x", "x", "USD"), "ref-46", settings).body
    return Step("bills", Action.CREATE, "ref-46", body, "", sys_id(7), "INV-1", DAY, Decimal(50), "USD")


def refusing(table: str, message: str) -> Tables:
    """The next row of a table is refused."""
    tables = set_up()
    tables.results[table] = [{"status": "error", "error_message": message}]
    return tables


def without_column(tables: Tables, name: str) -> Tables:
    tables.rows["sys_dictionary"] = [row for row in tables.rows["sys_dictionary"] if row["element"] != name]
    return tables


async def written(tables: Tables) -> Outcome:
    return await CONNECTOR.write(ScriptedSession(tables), step())


@pytest.mark.parametrize("table", [HEAD, LINE])
async def test_a_row_refused_for_a_column_that_is_gone_waits_and_says_who_changes_what(table: str) -> None:
    tables = without_column(refusing(table, MANDATORY), "u_external_invoice_source")
    outcome = await written(tables)
    assert isinstance(outcome, Later) and outcome.forbidden and outcome.about and outcome.about in outcome.why
    assert f"{table} has no column u_external_invoice_source" in outcome.why
    assert "have the ServiceNow administrator add it" in outcome.why
    outcome = await written(tables)  # the column is there again: only what is missing goes
    assert isinstance(outcome, Done)
    assert [name for name, _ in tables.posted].count(HEAD) == (2 if table == HEAD else 1)


async def test_a_row_refused_for_an_empty_field_is_rejected_where_all_columns_are_there() -> None:
    outcome = await written(refusing(LINE, MANDATORY))
    assert isinstance(outcome, Rejected) and outcome.reason == "field_missing"


@pytest.mark.parametrize("table", [HEAD, LINE])
async def test_without_a_transform_map_nothing_is_rejected_and_what_is_missing_goes_later(table: str) -> None:
    tables = refusing(table, NO_MAP)
    outcome = await written(tables)
    assert isinstance(outcome, Later) and outcome.forbidden and "active transform map" in outcome.why
    assert await CONNECTOR.find(ScriptedSession(tables), step()) == (() if table == HEAD else Partly(1))
    assert isinstance(await written(tables), Done)


async def test_a_supplier_that_is_not_found_since_its_erp_source_is_gone() -> None:
    tables = refusing(HEAD, NO_SUPPLIER)
    tables.rows["sn_fin_erp_source"][0]["name"] = "OLD"
    outcome = await written(tables)
    assert isinstance(outcome, Later) and outcome.forbidden
    assert "no ERP source ZOHO; it has: OLD" in outcome.why and "sn_fin_erp_source" in outcome.why


async def test_a_supplier_that_is_not_found_under_its_erp_source_is_rejected() -> None:
    outcome = await written(refusing(HEAD, NO_SUPPLIER))
    assert isinstance(outcome, Rejected) and outcome.reason == "supplier_refused"


@pytest.mark.parametrize("message", ["ERP source ZOHO not found", "Invalid ERP source: ZOHO"])
async def test_a_row_that_is_refused_for_its_erp_source(message: str) -> None:
    outcome = await written(refusing(HEAD, message))
    assert isinstance(outcome, Later) and outcome.forbidden and "setting erp_source" in outcome.why


def failing(tables: Tables, instead: Answer | Exception) -> ScriptedSession:
    """The instance answers so where its dictionary is asked."""

    def played(request: Request) -> Answer:
        if request.path.endswith("/sys_dictionary"):
            if isinstance(instead, Exception):
                raise instead
            return instead
        return tables(request)

    return ScriptedSession(played)


@pytest.mark.parametrize(
    "instead", [failure(403, "User Not Authorized"), answer(b"", 202), answer(b"<html>asleep</html>")]
)
async def test_where_the_dictionary_cannot_be_read_the_refusal_stands(instead: Answer) -> None:
    outcome = await CONNECTOR.write(failing(refusing(LINE, MANDATORY), instead), step())
    assert isinstance(outcome, Rejected) and outcome.reason == "field_missing"


async def test_a_lost_lease_is_raised_there_as_well() -> None:
    with pytest.raises(LeaseLost):
        await CONNECTOR.write(failing(refusing(LINE, MANDATORY), LeaseLost("gone")), step())
