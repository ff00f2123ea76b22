"""What a grant of Zoho Books must hold, and what the tax edition of an organisation must be given."""

from __future__ import annotations

from datetime import timedelta

import pytest
from contract_stage import readable
from contract_zoho_documents import FIELD
from contract_zoho_line import step_for, zoho
from contract_zoho_steps import NET, made_of, sale, step_of
from msgspec.structs import replace

from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Ref
from ml_connector.connectors.checking import Verdict
from ml_connector.connectors.writing import Action, Done, Later, Rejected
from ml_connector.connectors.zoho_books import CONNECTOR
from ml_connector.connectors.zoho_books.scopes import SCOPES
from ml_connector.errors import ConnectorError

pytestmark = pytest.mark.anyio
ALL = tuple(one.name for one in SCOPES)
_C, _U, _V = Action.CREATE, Action.UPDATE, Action.VOID


async def test_the_rights_that_are_asked_for_are_enough_for_everything() -> None:
    async with zoho(granted=",".join(ALL)) as (stage, line):
        organisation = await line.connector.organisation(line.session)
        for entity in sorted(readable("zoho_books")):
            ids = stage.fill(entity, 1, line.clock.now() - timedelta(hours=5))
            assert {*ids} <= {*(await line.walk(entity)).ids}
        for entity, actions in sorted(line.connector.writable.items()):
            for action in sorted(actions):
                step = stage.step(entity, action, f"MLC-{entity}-{action.name}", organisation)
                assert isinstance(await line.connector.write(line.session, step), Done), (entity, action)
                await line.connector.find(line.session, step)
        found = await line.connector.check(line.session, sorted(readable("zoho_books")))
        assert [one for one in found if one.verdict is Verdict.MISSING] == []
        assert 401 not in line.exchanges.statuses


@pytest.mark.parametrize(
    ("entity", "action", "right", "named"),
    [
        ("invoices", _C, "invoices.UPDATE", ""),
        ("invoices", _V, "invoices.CREATE", "ZohoBooks.invoices.CREATE"),
        ("credit_notes", _V, "creditnotes.CREATE", "ZohoBooks.creditnotes.CREATE"),
        ("payments", _V, "customerpayments.DELETE", "ZohoBooks.customerpayments.DELETE"),
        ("payments", _U, "customerpayments.UPDATE", "ZohoBooks.customerpayments.UPDATE"),
        ("refunds", _C, "customerpayments.CREATE", "ZohoBooks.customerpayments.CREATE"),
        ("refunds", _V, "customerpayments.DELETE", "ZohoBooks.customerpayments.DELETE"),
        ("allocations", _C, "creditnotes.CREATE", "ZohoBooks.creditnotes.CREATE"),
        ("allocations", _V, "creditnotes.DELETE", "ZohoBooks.creditnotes.DELETE"),
        ("items", _C, "settings.UPDATE", ""),
        ("tax_codes", _C, "settings.CREATE", ""),
    ],
)
async def test_a_write_without_its_right_stops_its_flow_and_names_it(
    entity: str, action: Action, right: str, named: str
) -> None:
    held = ",".join(one for one in ALL if one != f"ZohoBooks.{right}")
    async with zoho(granted=held) as (stage, line):
        organisation = await line.connector.organisation(line.session)
        step = stage.step(entity, action, "MLC-1", organisation)
        before = stage.emulator.books()
        outcome = await line.connector.write(line.session, step)
        assert isinstance(outcome, Later) and outcome.forbidden and named in outcome.why
        assert stage.emulator.books() == before and line.tokens.refreshes <= 1


async def test_the_field_of_items_may_stay_away_and_is_told() -> None:
    async with zoho() as (stage, line):
        fields = stage.books.custom_fields
        for one in [one for one in fields.values() if one.module == "item"]:
            del fields[one.field_id]
        found = {one.subject: one for one in await line.connector.check(line.session, ["items"])}
        told = found["reference field of items"]
        assert told.verdict is Verdict.WARNING and FIELD in told.sentence and "items" in told.action
        step = stage.step("items", _C, "MLC-1", await line.connector.organisation(line.session))
        assert isinstance(await line.connector.write(line.session, step), Rejected)


# --- tax editions ------------------------------------------------------------------------------------------------

UK, INDIA, GULF = {"vat_treatment": "uk"}, {"gst_treatment": "business_gst"}, {"tax_treatment": "vat_registered"}
EDITIONS = {
    "UK": ("GB", {"demanded_uk": "vat_treatment"}, UK),
    "India": (
        "IN",
        {"demanded_in": "gst_treatment,place_of_supply,source_of_supply,destination_of_supply,hsn_or_sac"},
        INDIA
        | {"place_of_supply": "TN", "source_of_supply": "TN", "destination_of_supply": "KA", "hsn_or_sac": "9987"},
    ),
    "Gulf": ("AE", {"demanded_gcc": "tax_treatment,place_of_supply"}, GULF | {"place_of_supply": "DU"}),
}
WRITTEN = ("invoices", "credit_notes", "bills", "vendor_credits")


@pytest.mark.parametrize("name", EDITIONS)
async def test_an_edition_is_refused_with_the_whole_list_until_its_fields_are_set(name: str) -> None:
    country, switches, given = EDITIONS[name]
    async with zoho(country=country, **switches) as (_, line):
        (found,) = (await CONNECTOR.preflight(line.session, WRITTEN)).findings
        assert found.verdict is Verdict.MISSING and all(field in found.action for field in given), found
    async with zoho(given, country=country, **switches) as (_, line):
        assert (await CONNECTOR.preflight(line.session, WRITTEN)).findings == ()


@pytest.mark.parametrize("entity", WRITTEN)
@pytest.mark.parametrize("name", EDITIONS)
async def test_what_the_settings_give_is_what_the_edition_demands(name: str, entity: str) -> None:
    country, switches, given = EDITIONS[name]
    for settings in ({}, given):
        async with zoho(settings, country=country, **switches) as (stage, line):
            organisation = await line.connector.organisation(line.session)
            step = step_of(stage.keyed, line.connector, entity, _C, "MLC-1", organisation, line.session.settings)
            outcome = await line.connector.write(line.session, step)
            assert isinstance(outcome, Done if settings else Rejected), outcome
            assert not isinstance(outcome, Rejected) or any(field in outcome.sentence for field in given)


async def test_a_line_without_a_tax_names_the_exemption_where_one_is_demanded() -> None:
    async with zoho(demanded_us="tax_exemption") as (stage, line):
        exemption = stage.books.add_tax_exemption("RESALE")
        document = sale(stage.keyed, "A-1", "", "invoice")
        untaxed = replace(document.lines[0], tax_code=Ref(), tax=None)
        document = replace(document, lines=(untaxed,), total=NET, tax=ZERO)
        refused = await line.connector.write(line.session, await step_for(line, "invoices", document))
        assert isinstance(refused, Rejected) and refused.reason == "field_missing"
        given = {**line.session.settings, "tax_exemption": exemption.tax_exemption_id}
        organisation = await line.connector.organisation(line.session)
        step = made_of(line.connector, "invoices", _C, document, "MLC-1", organisation, given)
        made = await line.connector.write(line.session, step)
        assert isinstance(made, Done)
        (kept,) = stage.books.invoices.get(made.target_id).lines  # type: ignore[union-attr]
        assert kept.texts["tax_exemption_id"] == exemption.tax_exemption_id


async def test_without_a_consent_that_covers_the_lists_of_sales_they_are_named() -> None:
    held = ",".join(one for one in ALL if "invoices" not in one)
    async with zoho(granted=held) as (_, line):
        with pytest.raises(ConnectorError, match="does not cover invoices"):
            await line.walk("invoices")
