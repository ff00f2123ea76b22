"""Two integrations of one source: none has a document that the other one has."""

from __future__ import annotations

import pytest
from service_ledger import KIND, Company, bill, granted
from tracking_world import XERO
from tracking_world import granted as granted_there

from ml_connector.canonical.master_data import Organisation
from ml_connector.canonical.parts import Ref
from ml_connector.errors import Refused
from ml_connector.service.connecting import store_connection
from ml_connector.service.finding import Filter
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import Integration, change_settings, integrate, integrations
from ml_connector.service.mapping.values import set_value
from ml_connector.service.records import records

pytestmark = pytest.mark.anyio
OTHER = Organisation("20069000002", "Polar Air North Books", currency="USD", zone="America/Chicago")


async def second(company: Company, **settings: str) -> Integration:
    """The same ServiceTitan with another organisation of Zoho Books."""
    connector = company.desk.runtime.connectors["zoho_books"]
    made = await store_connection(company.desk, granted(connector, OTHER), OTHER, frozenset())
    given = {"start_date": "2026-07-01", "business_unit_as": "none", **settings}
    return await integrate(company.desk, KIND, given, target=str(made.connection_id))


async def on(company: Company, **settings: str) -> None:
    await change_settings(company.desk, company.integration, settings)
    await set_flow_mode(company.desk, await company.now(), "bills", "preview")


@pytest.mark.parametrize(
    ("mine", "theirs"), [({}, {}), ({"business_units": "bu1"}, {}), ({}, {"business_units": "bu2"}),
                         ({"business_units": "bu1, bu2"}, {"business_units": "bu2"})],
)  # fmt: skip
async def test_a_second_one_with_the_same_documents_is_refused(
    company: Company, mine: dict[str, str], theirs: dict[str, str]
) -> None:
    await on(company, **mine)
    with pytest.raises(Refused) as refused:
        await second(company, **theirs)
    told = str(refused.value)
    assert told.startswith(f"Integration {company.integration.integration_id} (ServiceTitan with Zoho Books, ")
    assert "bills would be posted twice" in told and "Nothing was changed." in told
    assert len(await integrations(company.desk)) == 1


async def test_scopes_that_are_apart_stay_apart(company: Company) -> None:
    await on(company, business_units="bu1")
    other = await second(company, business_units="bu2")
    await set_flow_mode(company.desk, other, "bills", "live")
    with pytest.raises(Refused, match="has business units bu1 of"):
        await change_settings(company.desk, other, {"business_units": ""})
    with pytest.raises(Refused, match=f"Integration {other.integration_id} "):
        await change_settings(company.desk, await company.now(), {"business_units": "bu1, bu2"})
    await change_settings(company.desk, other, {"currency": "USD"})


async def test_one_whose_flow_is_off_has_no_documents_until_it_is_turned_on(company: Company) -> None:
    """A company that moves to other books turns the old integration off."""
    other = await second(company)
    await set_flow_mode(company.desk, other, "bills", "live")
    for mode in ("preview", "live"):
        with pytest.raises(Refused, match="all business units here bills would be posted twice"):
            await set_flow_mode(company.desk, await company.now(), "bills", mode)
    await set_flow_mode(company.desk, other, "bills", "off")
    await set_flow_mode(company.desk, await company.now(), "bills", "live")


async def test_a_document_in_two_scopes_of_an_earlier_time_is_held(company: Company) -> None:
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    other = await second(company, business_units="bu1")
    await set_flow_mode(company.desk, await company.now(), "bills", "live")
    async with company.desk.changing() as change:  # as an earlier release let it be set up
        await change.run("update flow set mode = 'live' where name = 'bills'")
    theirs_too = Ref("bu1", "Install")
    await company.read(
        bill("1", business_unit=theirs_too), bill("2", business_unit=theirs_too), bill("3", total="60.00")
    )
    for _ in range(2):
        await company.plan()
    mine = Filter(flow="bills", integration_id=company.integration.integration_id)
    found = {one.source_id: (one.state, one.reason) for one in (await records(company.desk, mine)).records}
    held = ("held", "in_two_scopes")
    assert found == {"1": held, "2": held, "3": ("posted", "")}
    await set_flow_mode(company.desk, other, "bills", "off")
    await change_settings(company.desk, await company.now(), {"business_units": "bu1"})
    for _ in range(2):
        await company.plan()
    assert sorted(step.number for step in company.books.written) == ["INV-1", "INV-2", "INV-3"]


async def test_what_stands_in_the_books_of_another_integration_is_not_posted_again(company: Company) -> None:
    """Its business unit was the other one's when it was posted there."""
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await change_settings(company.desk, await company.now(), {"business_units": "bu1"})
    other = await second(company, business_units="bu2")
    await set_flow_mode(company.desk, other, "bills", "live")
    await set_flow_mode(company.desk, await company.now(), "bills", "live")
    async with company.desk.changing() as change:
        await change.run(
            """insert into link (tenant_id, integration_id, entity, source_id, target_entity, target_id, origin, made_at)
            values (%s, %s, 'bills', '1', 'bills', 'b77', 'created', now())""",
            change.tenant_id, other.integration_id,
        )  # fmt: skip
    mine, unit = Filter(flow="bills", integration_id=company.integration.integration_id), Ref("bu1", "Install")
    await company.read(bill("1", business_unit=unit), bill("2", total="60.00", business_unit=unit))
    for _ in range(2):
        await company.plan()
    found = {one.source_id: (one.state, one.reason) for one in (await records(company.desk, mine)).records}
    assert found == {"1": ("held", "posted_elsewhere"), "2": ("posted", "")}
    assert [step.number for step in company.books.written] == ["INV-2"]


async def test_one_ledger_of_a_servicetitan_writes_its_parties_back(company: Company) -> None:
    await on(company, business_units="bu1", parties_back="yes")
    with pytest.raises(Refused, match=r"writes customers and vendors back to .* already.*parties_back=no there first"):
        await second(company, business_units="bu2", parties_back="yes")
    other = await second(company, business_units="bu2")
    with pytest.raises(Refused, match=f"Integration {company.integration.integration_id} "):
        await change_settings(company.desk, other, {"parties_back": "yes"})
    await change_settings(company.desk, await company.now(), {"parties_back": "no"})
    await change_settings(company.desk, other, {"parties_back": "yes"})


async def with_xero(company: Company, organisation: Organisation = XERO) -> Integration:
    """The same ServiceTitan with an organisation of Xero: an integration without the setting parties_back."""
    connector = company.desk.runtime.connectors["xero"]
    made = await store_connection(company.desk, granted_there(connector, organisation), organisation, frozenset())
    given = {"start_date": "2026-07-01"}
    return await integrate(company.desk, "servicetitan-xero", given, target=str(made.connection_id))


async def test_a_ledger_without_the_setting_writes_back_while_such_a_flow_is_live(company: Company) -> None:
    xero = await with_xero(company)
    await set_flow_mode(company.desk, xero, "customers_back", "preview")
    await on(company, business_units="bu1", parties_back="yes")
    told = rf"Integration {company.integration.integration_id} .*Set parties_back=no there first\. Nothing was changed"
    with pytest.raises(Refused, match=told):
        await set_flow_mode(company.desk, xero, "customers_back", "live")
    await set_flow_mode(company.desk, xero, "customers_back", "off")
    await change_settings(company.desk, await company.now(), {"parties_back": "no"})
    await set_flow_mode(company.desk, xero, "vendors_back", "live")
    with pytest.raises(Refused, match=f"Integration {xero.integration_id} .*Turn off vendors_back there first"):
        await change_settings(company.desk, await company.now(), {"parties_back": "yes"})
    with pytest.raises(Refused, match=f"Integration {xero.integration_id} "):
        await second(company, business_units="bu2", parties_back="yes")
    await set_flow_mode(company.desk, xero, "customers_back", "live")
    await set_flow_mode(company.desk, xero, "vendors_back", "off")
    with pytest.raises(Refused, match="Turn off customers_back there first"):
        await change_settings(company.desk, await company.now(), {"parties_back": "yes"})


async def test_of_two_ledgers_without_the_setting_the_second_stays_off(company: Company) -> None:
    first = await with_xero(company)
    other = await with_xero(
        company, Organisation("7c1a-north", "Polar Air North", currency="USD", zone="America/Chicago")
    )
    await set_flow_mode(company.desk, first, "customers_back", "live")
    with pytest.raises(Refused, match=f"Integration {first.integration_id} .*Turn off customers_back"):
        await set_flow_mode(company.desk, other, "vendors_back", "live")
    await set_flow_mode(company.desk, first, "customers_back", "off")
    await set_flow_mode(company.desk, other, "vendors_back", "live")
