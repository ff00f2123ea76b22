"""A connection's own settings are shown with their consequences and changed without connecting again."""

from __future__ import annotations

from typing import Any

import pytest
from service_ledger import Company, bill

from ml_connector.errors import BadInput
from ml_connector.service.connection_settings import change_connection_settings, connection_settings
from ml_connector.service.connections import Connection, connection_named
from ml_connector.service.desk import Desk
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.roles import Actor, NotAllowed, Role
from ml_connector.sync.states import State

pytestmark = pytest.mark.anyio


async def one(company: Company, query: str) -> tuple[Any, ...]:
    async with company.desk.looking() as reading:
        row = await reading.one(query)
    assert row is not None
    return row


async def books(company: Company) -> Connection:
    return await connection_named(company.desk, "zoho-books")


async def values(company: Company, connection: Connection) -> dict[str, str]:
    return {one.name: one.value for one in await connection_settings(company.desk, connection)}


async def test_every_setting_is_shown_with_its_consequence(company: Company) -> None:
    shown = {one.name: one for one in await connection_settings(company.desk, await books(company))}
    assert shown.keys() == {one.name for one in company.desk.runtime.connectors["zoho_books"].settings}
    assert (shown["tax_rounding"].value, shown["tax_rounding"].choices) == ("document", ("document", "line"))
    assert "trial of a paid plan" in shown["trial"].consequence


async def test_a_change_is_kept_audited_and_makes_plans_anew(company: Company) -> None:
    connection = await books(company)
    await change_connection_settings(company.desk, connection, {"tax_rounding": "line", "trial": "yes"})
    assert (await values(company, connection))["tax_rounding"] == "line"
    assert (await company.now()).generation > company.integration.generation
    assert await one(company, "select organisation_read_at = 'epoch' from connection where vendor = 'zoho_books'") == (
        True,
    )
    query = "select count(*) from audit_event where kind = 'connection settings changed'"
    assert await one(company, query) == (1,)
    await change_connection_settings(company.desk, connection, {"tax_rounding": "line"})  # nothing new
    assert await one(company, query) == (1,)
    await change_connection_settings(company.desk, connection, {"tax_rounding": ""})
    now = await values(company, connection)
    assert (now["tax_rounding"], now["trial"]) == ("document", "yes")


async def test_an_empty_text_is_kept_where_it_means_something(company: Company) -> None:
    connection = await books(company)
    await change_connection_settings(company.desk, connection, {"reference_field": ""})
    assert (await values(company, connection))["reference_field"] == ""


@pytest.mark.parametrize(
    ("vendor", "changes", "told"),
    [
        ("zoho-books", {"tax_roundin": "line"}, "did you mean tax_rounding"),
        ("zoho-books", {"tax_rounding": "penny", "trial": "yes"}, "it can be document, line"),
        ("servicetitan", {"page_size": "many"}, "a whole number from 1 to 5000"),
    ],
)
async def test_wrong_settings_change_nothing(company: Company, vendor: str, changes: dict[str, str], told: str) -> None:
    connection = await connection_named(company.desk, vendor)
    before = await values(company, connection)
    with pytest.raises(BadInput, match=told):
        await change_connection_settings(company.desk, connection, changes)
    assert await values(company, connection) == before


async def test_only_an_owner_changes_them(company: Company) -> None:
    desk = Desk(company.desk.runtime, company.desk.tenant_id, Actor("user/7", Role.BOOKKEEPER))
    assert await connection_settings(desk, await books(company))
    with pytest.raises(NotAllowed):
        await change_connection_settings(desk, await books(company), {"trial": "yes"})


async def test_a_setting_by_which_documents_are_understood_has_them_read_again(company: Company) -> None:
    await set_flow_mode(company.desk, company.integration, "bills", "preview")
    await company.read(bill("1", date=None))
    await company.plan()
    assert await one(company, f"select count(*) from version_state where state = {State.HELD.value}") == (1,)
    connection = await connection_named(company.desk, "servicetitan")

    async def versions() -> int:
        return int((await one(company, "select versions from record where source_id = '1'"))[0])

    await company.read(bill("1", date=None))
    assert await versions() == 1
    await change_connection_settings(company.desk, connection, {"page_size": "100"})
    await company.read(bill("1", date=None))
    assert await versions() == 1
    stands = "select count(*) from feed where starts_with(name, 'flow ') and complete_at is not null"
    assert (await one(company, stands))[0] > 0
    await change_connection_settings(company.desk, connection, {"bill_amount_includes_tax_and_shipping": "no"})
    assert (await one(company, stands))[0] == 0
