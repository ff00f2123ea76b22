from __future__ import annotations

import pytest
from service_ledger import VENDORS, Company, bill

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.parts import Ref
from ml_connector.errors import Refused
from ml_connector.service.deciding import link
from ml_connector.service.explaining import explain
from ml_connector.service.finding import Filter
from ml_connector.service.flows import previewed, set_flow_mode
from ml_connector.service.integrating import change_settings
from ml_connector.service.mapping.suggesting import suggest
from ml_connector.service.mapping.values import set_value
from ml_connector.service.records import records

pytestmark = pytest.mark.anyio


async def _mode(company: Company, flow: str, mode: str) -> int:
    return (await set_flow_mode(company.desk, company.integration, flow, mode)).taken_up


async def _ends(company: Company, flow: str) -> dict[str, tuple[str, str]]:
    found = await records(company.desk, Filter(flow=flow))
    return {one.source_id: (one.state, one.reason) for one in found.records}


async def _settled(company: Company) -> None:
    for _ in range(3):
        await company.plan()


async def _codes(company: Company, number: str) -> list[str]:
    return [wait.code for wait in (await explain(company.desk, number)).versions[-1].waits]


async def test_what_nobody_needed_goes_when_its_flow_is_live(company: Company) -> None:
    await company.read()
    await _settled(company)
    assert set((await _ends(company, "vendors")).values()) == {("skipped", "not_needed")}
    assert await _mode(company, "vendors", "live") == len(VENDORS)
    await _settled(company)
    ends = await _ends(company, "vendors")
    assert ends["v1"][0] == "linked"
    assert ends["v2"] == ends["v3"] == ("held", "vendor_ambiguous")
    assert await _mode(company, "vendors", "live") == 0


async def test_a_flow_of_which_nothing_was_previewed_says_so_when_it_goes_live(company: Company) -> None:
    assert (await previewed(company.desk, company.integration, "bills")).unseen
    assert (await set_flow_mode(company.desk, company.integration, "bills", "live")).unseen
    assert not (await set_flow_mode(company.desk, company.integration, "bills", "preview")).unseen
    await company.read(bill("1"))
    assert (await previewed(company.desk, company.integration, "bills")).unseen  # read, and not planned yet
    await _settled(company)
    assert not (await previewed(company.desk, company.integration, "bills")).unseen  # it is held, and was told
    assert not (await set_flow_mode(company.desk, company.integration, "bills", "live")).unseen


async def test_a_preview_plans_what_nobody_needs(company: Company) -> None:
    await company.read()
    assert await _mode(company, "vendors", "preview") == len(VENDORS)
    await _settled(company)
    assert (await _ends(company, "vendors"))["v1"] == ("planned", "")
    assert company.books.written == []


async def test_what_was_only_previewed_is_posted_when_the_flow_is_live(company: Company) -> None:
    """In preview a bill asks for its vendor as a preview too; live, both go."""
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await _mode(company, "bills", "preview")
    company.titan.lists["vendors"] = (*VENDORS, Party("v9", "vendor", "Zeta Tools"))
    await company.read(bill("1", vendor=Ref("v9", "Zeta Tools")))
    await _settled(company)
    assert (await _ends(company, "bills"))["1"][0] == (await _ends(company, "vendors"))["v9"][0] == "planned"
    (needed,) = (await records(company.desk, Filter(flow="vendors", state="planned"))).records
    assert needed.why == "goes as soon as a document that needs it can go"
    await _mode(company, "bills", "live")
    await _settled(company)
    assert (await _ends(company, "bills"))["1"][0] == (await _ends(company, "vendors"))["v9"][0] == "posted"


async def _without_vendors(company: Company) -> None:
    """Bills are live and the vendors flow, which was on before, is off; a bill of v1 waits for that."""
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await company.read()
    await _mode(company, "vendors", "off")
    await _mode(company, "bills", "live")
    await company.read(bill("1"), flows=("bills",))
    await _settled(company)
    assert await _codes(company, "INV-1") == ["vendor_flow_off"]
    assert company.books.written == []


async def test_a_flow_that_is_turned_on_takes_up_what_waits_for_it(company: Company) -> None:
    await _without_vendors(company)
    assert await _mode(company, "vendors", "as needed") == 1
    await _settled(company)
    assert (await _ends(company, "bills"))["1"][0] == "posted"
    linked = (await records(company.desk, Filter(flow="vendors", state="linked"))).records
    assert [(one.source_id, one.target_id, one.target_name) for one in linked] == [("v1", "p1", "Johnstone Supply")]


async def test_a_link_by_hand_frees_the_bills_of_a_vendor_whose_flow_is_off(company: Company) -> None:
    await _without_vendors(company)
    vendor = next(one for one in (await records(company.desk, Filter(flow="vendors"))).records if one.source_id == "v1")
    await link(company.desk, f"#{vendor.record_id}", "p1")
    await _settled(company)
    assert (await _ends(company, "bills"))["1"][0] == "posted"


async def test_a_mapping_row_frees_the_bills_of_a_vendor_whose_flow_is_off(company: Company) -> None:
    await _without_vendors(company)
    wanted = {one.key: one.waiting for one in await suggest(company.desk, company.integration, "vendors")}
    assert wanted["v1"] == 1
    assert (await set_value(company.desk, company.integration, "vendors", "v1", "p1")).released == 1
    await _settled(company)
    assert (await _ends(company, "bills"))["1"][0] == "posted"


async def test_a_link_made_by_the_flow_frees_the_bills_of_a_vendor_that_was_unknown(company: Company) -> None:
    """The bill was planned before its vendor had been read; nobody asks for that vendor, its flow links it."""
    await set_value(company.desk, company.integration, "accounts", "5100", "a1")
    await _mode(company, "vendors", "live")
    await _mode(company, "bills", "live")
    await company.read(bill("1"), flows=("bills",))
    await _settled(company)
    assert await _codes(company, "INV-1") == ["vendor_unknown"]
    await company.read(bill("1"))
    await _settled(company)
    assert (await _ends(company, "bills"))["1"][0] == "posted"


async def test_bills_whose_status_cannot_be_seen_do_not_go_live_until_somebody_says_so(company: Company) -> None:
    async with company.desk.changing() as change:
        await change.run("update connection set scopes = '{}' where tenant_id = %s", company.desk.tenant_id)
    with pytest.raises(Refused, match="unseen_status to post to confirm that such bills are posted"):
        await _mode(company, "bills", "live")
    await _mode(company, "bills", "preview")
    await change_settings(company.desk, company.integration, {"unseen_status": "post"})
    assert (await set_flow_mode(company.desk, company.integration, "bills", "live")).mode == "live"
