"""Items and tax zones of ServiceTitan in Zoho Books: matched, made by setting, and what documents do once one is gone."""

from __future__ import annotations

from pathlib import Path

import pytest
from items_world import Dealing, dealing

from ml_connector.integrations import items_alike
from ml_connector.service.explaining import explain
from ml_connector.service.flows import set_flow_mode
from ml_connector.service.mapping.keys import known
from ml_connector.service.mapping.suggesting import accept_exact, suggest
from ml_connector.store.database import Database
from ml_connector_sandbox.servicetitan.books import Invoice

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]

SAME, OTHER, NONE = "MN Hennepin County", "WI Eau Claire County", "IA Linn County"
MAKES = {"new_items": "yes", "new_taxes": "yes"}


async def waits(firm: Dealing, invoice: Invoice) -> list[str]:
    """The codes of what an invoice waits for; each names a row to fill."""
    life = await explain(firm.desk, str(invoice.reference_number))
    found = life.versions[-1].waits
    assert all("row '" in one.action for one in found if one.kind == "mapping"), found
    return [one.code for one in found]


async def posted(firm: Dealing, *invoices: Invoice) -> None:
    ends = await firm.ends("invoices")
    assert {ends[str(one.id)] for one in invoices} == {("posted", "")}


@pytest.mark.parametrize("connection", [{}, {"reference_field": ""}])
async def test_items_and_taxes_are_made_once_though_answers_are_lost(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connection: dict[str, str]
) -> None:
    for name in ("codes", "keys", "names"):  # what planners would gather from whole lists, for each item
        monkeypatch.delattr(items_alike, name)
    async with dealing(database, tmp_path, MAKES, connection) as firm:
        known = firm.file_item("EQ-TSTAT", description="as they were entered by hand")
        diag, stat, cap = firm.sell("SVC-DIAG"), firm.sell("EQ-TSTAT", SAME), firm.sell("MT-CAP45", NONE)
        firm.lose_answers("/items", "/items", "/settings/taxes")
        await firm.sync()
        await posted(firm, diag, stat, cap)
        assert not firm.sandbox.zoho_books.faults.pending
        for code in ("SVC-DIAG", "EQ-TSTAT", "MT-CAP45"):
            assert len(firm.items(code)) == 1
        [made] = firm.items("MT-CAP45")
        # its name stands twice in the price book; another's item is as it was
        assert (made.name, made.account_id) == ("Run capacitor 45/5 uF (MT-CAP45)", firm.account("4200"))
        [theirs] = firm.items("EQ-TSTAT")
        assert (theirs.item_id, theirs.name, theirs.rate) == (known, "Zoho's EQ-TSTAT", 77)
        assert [line.item_id for line in firm.there(stat).lines] == [known]
        [tax] = firm.taxes(NONE)
        assert tax.percentage == 7 and firm.there(cap).total == 214
        assert firm.there(stat).total == stat.total

        life = await explain(firm.desk, str(firm.sku("EQ-TSTAT").id))
        told = next(str(one.details) for one in life.timeline if one.kind == "linked")
        assert "the same code EQ-TSTAT" in told and "price (329.95 in ServiceTitan, 77 there)" in told
        ends = await firm.ends("tax_zones")
        assert sorted(state for state, why in ends.values() if why != "not_needed") == ["linked", "posted"]

        before = firm.sandbox.zoho_books.essence()
        await firm.sync()
        assert firm.sandbox.zoho_books.essence() == before, "nothing twice, and nothing is changed"


async def test_nothing_is_made_unless_a_setting_says_so_and_suggestions_show_why(
    database: Database, tmp_path: Path
) -> None:
    async with dealing(database, tmp_path) as firm:
        known = firm.file_item("SVC HOUR")
        hour, wis, iowa = firm.sell("SVC-HOUR"), firm.sell("EQ-TSTAT", OTHER), firm.sell("EQ-TSTAT", NONE)
        firm.file_item("EQ-TSTAT")
        before = firm.kept()
        await firm.sync()
        assert {len(firm.items(code)) for code in ("SVC-HOUR", "MT-CAP45")} == {0} and not firm.taxes(NONE)
        assert {state for state, _ in (await firm.ends("invoices")).values()} <= {"held", "skipped"}
        assert firm.kept() == before
        assert set(await waits(firm, hour)) == {"line_item_pending"}
        assert set(await waits(firm, wis)) == {"sales_tax_pending"}
        reasons = {why for state, why in (await firm.ends("items")).values() if state == "held"}
        assert reasons == {"item_alike", "item_not_there"}
        assert {why for state, why in (await firm.ends("tax_zones")).values() if state == "held"} == {"zone_not_there"}

        items = {one.key: one for one in await suggest(firm.desk, firm.integration, "items")}
        best = items["SVC-HOUR"].candidates[0]
        assert best.value == known and "same number" in best.evidence and "price (164.5 in" in best.evidence
        zones = {one.key: one for one in await suggest(firm.desk, firm.integration, "sales_tax")}
        [wisconsin] = firm.taxes("Wisconsin, Eau Claire")
        assert zones[OTHER].candidates[0].value == wisconsin.tax_id
        assert "same rate 5.5 %" in zones[OTHER].candidates[0].evidence
        assert not any(one.proof for zone in zones.values() for one in zone.candidates), "a person decides"
        bills = {one.key: one for one in await suggest(firm.desk, firm.integration, "tax")}
        rates = [one.evidence for key in (NONE,) for one in bills[key].candidates]
        assert all("same rate" not in one for one in rates)

        await firm.fill("sales_tax", OTHER, wisconsin.tax_id)
        assert (await accept_exact(firm.desk, firm.integration, "items")).added == 0  # the name speaks against it
        await firm.fill("items", "SVC-HOUR", known)
        await firm.sync()
        await posted(firm, hour, wis)
        assert set(await waits(firm, iowa)) == {"sales_tax_pending"}


async def test_two_items_of_one_code_are_linked_with_nothing_until_a_row_says_it(
    database: Database, tmp_path: Path
) -> None:
    async with dealing(database, tmp_path, MAKES) as firm:
        known = firm.file_item("SVC-TUNE")
        firm.twin("SVC-TUNE")
        firm.twin("SVC-DUCT")
        tune, duct = firm.sell("SVC-TUNE"), firm.sell("SVC-DUCT")
        await firm.sync()
        assert set(await waits(firm, tune)) == set(await waits(firm, duct)) == {"line_item_pending"}
        assert {why for state, why in (await firm.ends("items")).values() if state == "held"} == {"item_code_twice"}
        assert firm.items("SVC-DUCT") == [] and len(firm.items("SVC-TUNE")) == 1
        assert await firm.fill("items", "SVC-TUNE", known) >= 1
        await firm.fill("items", "SVC-DUCT", known)
        await firm.sync()
        await posted(firm, tune, duct)
        assert [line.item_id for one in (tune, duct) for line in firm.there(one).lines] == [known, known]


async def test_what_is_gone_meanwhile_holds_its_documents_until_a_row_names_another(
    database: Database, tmp_path: Path
) -> None:
    async with dealing(database, tmp_path, MAKES) as firm:
        for code in ("SVC-DIAG", "SVC-TUNE", "SVC-HOUR", "SVC-DUCT"):
            firm.file_item(code)
        firm.zoho.add_tax(NONE, "7")
        other = firm.zoho.add_tax("Iowa", "7")
        firm.titan.services.modify(firm.sku("SVC-DUCT").id, active=False)
        await firm.sync()  # the lists are known, and nothing is asked for
        first = [firm.sell(code) for code in ("SVC-DIAG", "SVC-TUNE", "SVC-DUCT")]
        first.append(firm.sell("EQ-TSTAT", NONE))
        await firm.sync()
        await posted(firm, *first)

        renamed = next(one for one in firm.titan.tax_zones if one.name == NONE)
        firm.titan.tax_zones.modify(renamed.id, name="IA Linn County (new)")
        sold = firm.sell("EQ-TSTAT", "IA Linn County (new)")
        await firm.sync()
        await posted(firm, sold)  # the link stays with the zone, whatever it is called

        firm.at_zoho("change item", item=firm.items("SVC-DIAG")[0].name, to="inactive")
        firm.zoho.items.remove(firm.items("SVC-TUNE")[0])
        [tax] = firm.taxes(NONE)
        del firm.zoho.taxes[tax.tax_id]
        await firm.lists_lagged()
        diag, tune, taxed = firm.sell("SVC-DIAG"), firm.sell("SVC-TUNE"), firm.sell("EQ-TSTAT", "IA Linn County (new)")
        before = firm.kept(), len(list(firm.zoho.invoices))
        await firm.sync()
        assert set(await waits(firm, diag)) == {"line_item_inactive"}
        assert set(await waits(firm, tune)) == {"line_item_gone"}
        assert set(await waits(firm, taxed)) == {"tax_link_unusable"}
        assert (firm.kept(), len(list(firm.zoho.invoices))) == before

        hour = firm.items("SVC-HOUR")[0].item_id
        assert await firm.fill("items", "SVC-DIAG", hour) >= 1
        assert await firm.fill("items", "SVC-TUNE", hour) >= 1
        assert await firm.fill("sales_tax", "IA Linn County (new)", other.tax_id) >= 1
        await firm.sync()
        await posted(firm, diag, tune, taxed)
        assert firm.there(taxed).total == taxed.total


async def test_a_preview_names_what_is_to_be_made_and_is_approved_as_it_is_shown(
    database: Database, tmp_path: Path
) -> None:
    async with dealing(database, tmp_path, MAKES, invoices="preview") as firm:
        diag, cap = firm.sell("SVC-DIAG"), firm.sell("MT-CAP45", NONE)
        before = firm.kept(), len(list(firm.zoho.contacts))
        await firm.sync()
        ends = await firm.ends("invoices")
        assert {ends[str(one.id)][0] for one in (diag, cap)} == {"planned"}
        assert (firm.kept(), len(list(firm.zoho.contacts))) == before, "nothing is made for a preview"
        await set_flow_mode(firm.desk, firm.integration, "invoices", "live")
        await firm.sync()
        await posted(firm, diag, cap)
        assert len(firm.items("SVC-DIAG")) == len(firm.items("MT-CAP45")) == len(firm.taxes(NONE)) == 1


async def test_the_flows_are_off_until_somebody_turns_them_on(database: Database, tmp_path: Path) -> None:
    async with dealing(database, tmp_path, MAKES, items="off", tax_zones="off") as firm:
        firm.file_item("SVC-DIAG")
        by_code, unknown = firm.sell("SVC-DIAG"), firm.sell("SVC-TUNE")
        await firm.sync()
        assert await firm.ends("items") == await firm.ends("tax_zones") == {}
        await posted(firm, by_code)  # by its code, as ever
        assert set(await waits(firm, unknown)) == {"line_item_unmapped"} and firm.items("SVC-TUNE") == []


async def test_a_flow_that_is_turned_on_frees_what_waited_for_a_row_instead(database: Database, tmp_path: Path) -> None:
    """Nobody replays anything; what is read of the price book and of the zones after that frees it, too."""
    async with dealing(database, tmp_path, MAKES, items="off", tax_zones="off") as firm:
        firm.file_item("SVC-DIAG")
        tuned, taxed = firm.sell("SVC-TUNE"), firm.sell("SVC-DIAG", NONE)
        await firm.sync()
        assert set(await waits(firm, tuned)) == {"line_item_unmapped", "customer_pending"}
        assert set(await waits(firm, taxed)) == {"sales_tax_unmapped", "customer_pending"}
        keys = (await known(firm.desk, firm.integration, "items")).seen
        assert "SVC-TUNE" in keys and str(firm.sku("SVC-TUNE").id) not in keys  # rows go by code, links by id
        for flow in ("items", "tax_zones"):
            assert (await set_flow_mode(firm.desk, firm.integration, flow, "as needed")).taken_up >= 1
        await firm.sync()
        await posted(firm, tuned, taxed)
        assert len(firm.items("SVC-TUNE")) == len(firm.taxes(NONE)) == 1
