from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from service_ledger import BOOKS, KIND, TITAN, Company, bill

from ml_connector.canonical import documents
from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.integrations.servicetitan_zoho_books import INTEGRATION
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.integrating import change_settings, described, integrate
from ml_connector.service.mapping.values import set_value
from ml_connector.service.roles import Actor, NotAllowed, Role
from ml_connector.service.status import status

pytestmark = pytest.mark.anyio


async def test_flows_start_off_and_parties_as_needed(company: Company) -> None:
    modes = {flow.name: flow.mode for flow in company.integration.flows}
    needed = ("customers", "locations", "vendors")
    assert modes == {flow.name: "as needed" if flow.name in needed else "off" for flow in INTEGRATION.flows}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"start_dat": "2026-01-01"},
            "no setting 'start_dat' (did you mean start_date?).",
        ),
        ({"start_date": ""}, "needs start_date"),
        ({"start_date": "1.1.2026"}, "it must be a date such as 2026-01-31"),
        ({"gate": "postd"}, "it must be one of received, reconciled, posted"),
        ({"rounding_limit": "0.10"}, "rounding_limit must be between 0 and 0.05"),
        ({"rounding_limit": "lots"}, "it must be an amount such as 0.05"),
    ],
)
async def test_wrong_settings_change_nothing(company: Company, changes: dict[str, str], told: str) -> None:
    with pytest.raises(BadInput) as refused:
        await integrate(company.desk, KIND, {"currency": "USD", **changes})
    assert told in str(refused.value)
    assert (await company.now()).settings == company.integration.settings


async def test_lists_and_defaults(company: Company) -> None:
    made = await change_settings(company.desk, company.integration, {"business_units": "bu1, bu2", "gate": "posted"})
    assert made.settings["business_units"] == ["bu1", "bu2"]
    assert made.generation == company.integration.generation + 1
    back = await change_settings(company.desk, made, {"business_units": "", "gate": ""})
    assert (back.settings["business_units"], back.settings["gate"]) == ([], "received")
    shown = {one.name: one for one in described(company.desk, back)}
    assert shown["gate"].choices == ("received", "reconciled", "posted")
    assert "never posted" in shown["start_date"].consequence


async def test_a_setting_frees_what_waits_for_it(company: Company) -> None:
    await _preview(company)
    await company.read(bill("1", shipping=Decimal("10.00"), total="110.00"), bill("2", date=None))
    await company.plan()
    waiting = await _waiting(company)
    assert waiting["freight_unmapped"] == 1
    await change_settings(company.desk, await company.now(), {"freight_account": "lines"})
    await company.plan()
    assert "freight_unmapped" not in await _waiting(company)


async def test_an_earlier_start_takes_up_what_was_passed_over(company: Company) -> None:
    await _preview(company)
    await company.read(bill("1"))
    await change_settings(company.desk, await company.now(), {"start_date": "2026-09-01"})
    await company.plan()
    assert (await explain(company.desk, "INV-1")).versions[-1].why.startswith("Before the start date (")
    await change_settings(company.desk, await company.now(), {"start_date": "2026-07-01"})
    await company.plan()
    assert (await explain(company.desk, "INV-1")).versions[-1].state == "planned"


async def test_the_gate_stands_once_something_is_posted(company: Company) -> None:
    await _preview(company)
    await set_flow_mode(company.desk, await company.now(), "bills", "live")
    await company.read(bill("1"))
    for _ in range(3):
        await company.plan()
    assert (await explain(company.desk, "INV-1")).versions[-1].state == "posted"
    with pytest.raises(Refused, match="gate cannot change any more: 1 document was posted"):
        await change_settings(company.desk, await company.now(), {"gate": "posted"})
    await change_settings(company.desk, await company.now(), {"currency": "USD"})


async def test_modes(company: Company) -> None:
    with pytest.raises(NotFound, match="no flow 'colours'; it has items, tax_zones"):
        await set_flow_mode(company.desk, company.integration, "colours", "live")
    with pytest.raises(BadInput, match="cannot run as needed"):
        await set_flow_mode(company.desk, company.integration, "bills", "as needed")
    bookkeeper = Desk(company.desk.runtime, company.desk.tenant_id, Actor("user/2", Role.BOOKKEEPER))
    with pytest.raises(NotAllowed, match="approver or owner"):
        await set_flow_mode(bookkeeper, company.integration, "bills", "live")
    assert (await set_flow_mode(bookkeeper, company.integration, "bills", "preview")).mode == "preview"


async def test_going_live_approves_the_preview(company: Company) -> None:
    await _preview(company)
    await company.read(bill("1"), bill("2", total="50.00"))
    for _ in range(2):
        await company.plan()
    made = await set_flow_mode(company.desk, await company.now(), "bills", "live")
    assert made.approved == 2
    for _ in range(3):
        await company.plan()
    assert [step.entity for step in company.books.written] == ["bills", "bills"]
    life = await explain(company.desk, "INV-2")
    assert life.versions[-1].state == "posted" and life.link is not None
    assert "flow mode set" in await _kinds(company)


async def test_a_dead_connection_does_not_go_live(company: Company) -> None:
    async with company.desk.changing() as change:
        await change.run("update connection set state = 'needs reconnect', problem = 'consent revoked'")
    with pytest.raises(Refused, match="consent revoked"):
        await set_flow_mode(company.desk, company.integration, "bills", "live")
    assert any("consent revoked" in told for told in (await status(company.desk)).attention)


async def _preview(company: Company) -> None:
    await set_flow_mode(company.desk, company.integration, "bills", "preview")
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")


async def _waiting(company: Company) -> dict[str, int]:
    found = await status(company.desk)
    return {cause.code: cause.count for flow in found.integrations[0].flows for cause in flow.waiting}


async def _kinds(company: Company) -> set[str]:
    async with company.desk.looking() as reading:
        return {row[0] for row in await reading.all("select kind from audit_event where actor = 'cli/anna'")}


@pytest.mark.parametrize(
    ("currency", "told"),
    [
        ("XXX", "cannot be 'XXX': it must be an ISO 4217 code"),
        ("dollars", "must be an ISO 4217 code"),
        ("EUR", r"cannot be EUR: Polar Air \(1001\), which the documents come from, keeps its books in USD"),
    ],
)
async def test_a_currency_that_is_not_the_companys_is_refused(company: Company, currency: str, told: str) -> None:
    with pytest.raises(BadInput, match=told):
        await change_settings(company.desk, company.integration, {"currency": currency})
    with pytest.raises(BadInput, match=told):
        await integrate(company.desk, KIND, {"currency": currency})
    assert (await company.now()).settings == company.integration.settings
    assert (await change_settings(company.desk, company.integration, {"currency": "usd"})).settings["currency"] == "USD"


async def test_amounts_follow_another_currency_until_they_are_posted(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    untold, books = (msgspec.structs.replace(one, currency="") for one in (TITAN, BOOKS))
    monkeypatch.setattr("service_ledger.TITAN", untold)
    monkeypatch.setattr("service_ledger.BOOKS", books)
    sealer = await company.desk.sealer()
    async with company.desk.changing() as change:
        body = sealer.seal(b"organisation", documents.encode(untold))
        await change.run("update connection set organisation = %s", body)
    await _preview(company)
    await change_settings(company.desk, await company.now(), {"currency": "EUR"})
    await company.read(bill("1", currency=""), bill("2"))
    await company.plan()
    assert (await explain(company.desk, "INV-1")).versions[-1].currency == "EUR"
    await change_settings(company.desk, await company.now(), {"currency": "USD"})
    await company.read(bill("1", currency=""), bill("2"))
    for _ in range(2):
        await company.plan()
    newest = (await explain(company.desk, "INV-1")).versions[-1]
    assert (newest.currency, newest.state) == ("USD", "planned")
    assert len((await explain(company.desk, "INV-2")).versions) == 1
    flow = next(one for one in (await status(company.desk)).integrations[0].flows if one.flow == "bills")
    assert flow.balanced and set(flow.states["planned"].sums) == {"USD"}
