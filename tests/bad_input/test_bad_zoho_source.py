"""What Zoho Books, as the source of staged bills, lacks or takes away: told in one sentence, and nothing half done."""

from __future__ import annotations

from decimal import Decimal

import pytest
from bad_input_world import one_sentence
from bad_staging_world import KIND, STOPPED, ZOHO, Staging

from ml_connector.connectors.checking import Verdict
from ml_connector.errors import BadInput
from ml_connector.service.checking import check
from ml_connector.service.integrating import change_settings, integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.sync.states import State

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(300)]


async def warnings(staging: Staging) -> dict[str, str]:
    found = await check(staging.desk, await staging.connection(ZOHO))
    return {
        one.subject: f"{one.sentence} {one.action}".strip() for one in found.findings if one.verdict is not Verdict.GOOD
    }


async def test_a_dead_grant(staging: Staging) -> None:
    grants = staging.sandbox.company.zoho_books.grants
    for token in grants.refresh_tokens():
        grants.revoke(token.token)
    found = await staging.stopped(ZOHO)
    assert found.state == "needs reconnect" and staging.staged() == 0
    one_sentence(found.problem, "refresh token", "revoked", "connect again")
    await staging.connect_again(ZOHO)
    assert (await staging.go()).done and staging.staged()


async def test_a_consent_without_the_right_to_payments(staging: Staging) -> None:
    grants = staging.sandbox.company.zoho_books.grants
    for token in grants.refresh_tokens():
        token.scopes = frozenset(one for one in token.scopes if "vendorpayments" not in one)
    grants.withdraw_all()
    await staging.go(STOPPED)
    problem = (await staging.connection(ZOHO)).problem
    one_sentence(problem, "vendorpayments", "connect again")
    assert staging.instance.records.rows("sn_shop_invoice_payment_detail") == []
    await staging.connect_again(ZOHO)
    assert (await staging.go()).done and staging.instance.records.rows("sn_shop_invoice_payment_detail")


async def test_a_plan_without_tags(staging: Staging) -> None:
    staging.sandbox.zoho_books.set_switches({"reporting_tags_in_plan": False})
    one_sentence((await warnings(staging))["reporting tags"], "plan has no reporting tags", "turn them on", "locations")
    await staging.go(STOPPED)
    cause = await staging.waiting("cost_center_from_unknown")
    one_sentence(cause.example, "cost_center_from", "Zoho Books has no dimension of that id or name; it has: none")
    one_sentence(cause.action, "Set cost_center_from", "location")
    assert staging.staged() == 0 and (await staging.flow()).tally(State.REJECTED).count == 0
    staging.sandbox.zoho_books.set_switches({"reporting_tags_in_plan": True})
    await staging.later()
    assert (await staging.go()).done and staging.staged()


async def test_a_plan_without_workflow_rules(staging: Staging) -> None:
    staging.zoho.profile.plan = "Standard"
    found = await warnings(staging)
    one_sentence(found["webhooks"], "no workflow rules", "found by the schedule")


# --- settings and mapping ----------------------------------------------------------------------------------------


async def test_a_dimension_that_is_none(staging: Staging) -> None:
    await staging.go()
    with pytest.raises(BadInput) as told:
        await change_settings(
            staging.desk, await integration_named(staging.desk, KIND), {"cost_center_from": "Departement"}
        )
    one_sentence(str(told.value), "cost_center_from", "'Departement'", "location")


async def test_a_dimension_that_is_none_before_anything_was_listed(staging: Staging) -> None:
    integration = await integration_named(staging.desk, KIND)
    await change_settings(staging.desk, integration, {"cost_center_from": "Departement"})
    await staging.go()
    cause = await staging.waiting("cost_center_from_unknown")
    one_sentence(cause.example, "cost_center_from", "'Departement'", "it has:")
    one_sentence(cause.action, "Set cost_center_from")
    assert staging.staged() == 0
    tag = next(iter(staging.zoho.reporting_tags.values()))
    await change_settings(staging.desk, integration, {"cost_center_from": tag.tag_name})
    assert (await staging.go()).done and staging.staged()


async def test_a_line_without_an_option_names_the_tag_and_not_its_id(staging: Staging) -> None:
    await staging.go()
    tag = next(iter(staging.zoho.reporting_tags.values()))
    cause = await staging.waiting("cost_center_missing")
    one_sentence(cause.example, f"In Zoho Books no {tag.tag_name} is chosen on")
    assert tag.tag_id not in cause.example


@pytest.mark.parametrize(
    ("table", "value", "words"),
    [
        ("accounts", "9999", ("accounts", "'9999'")),
        ("cost_centers", "9999", ("cost_centers", "'9999'")),
        ("vendor_cost_centers", "9999", ("vendor_cost_centers", "'9999'")),
        ("legal_entities", "9999", ("legal_entities", "'9999'")),
        ("payment_methods", "barter", ("payment_methods", "'barter'", "bank_transfer")),
        ("terms", "9999", ("'9999'",)),
    ],
)
async def test_a_row_that_names_nothing(staging: Staging, table: str, value: str, words: tuple[str, ...]) -> None:
    await staging.go()
    answers = staging.sandbox.handover["company"]["integrations"][KIND]["mapping"]
    key = next(iter(answers.get(table) or {next(iter(staging.zoho.contacts)).contact_id: ""}))
    with pytest.raises(BadInput) as told:
        await set_value(staging.desk, await integration_named(staging.desk, KIND), table, key, value, anyway=True)
    one_sentence(str(told.value), *words)


async def test_a_cost_center_that_expired_while_it_is_mapped(staging: Staging) -> None:
    for row in staging.instance.records.rows("cmn_cost_center"):
        staging.instance.records.update(row, {"valid_to": "2026-01-31 00:00:00"})
    await staging.go()
    cause = await staging.waiting("cost_center_expired")
    one_sentence(cause.example, "was valid through 2026-01-3", "the bill is dated")
    one_sentence(cause.action, "whoever keeps cost centres", "prolong")
    assert staging.staged() == 0
    for row in staging.instance.records.rows("cmn_cost_center"):
        staging.instance.records.update(row, {"valid_to": ""})
    await staging.later()
    assert (await staging.go()).done and staging.staged()


async def test_an_account_that_is_inactive_while_it_is_mapped(staging: Staging) -> None:
    for row in staging.instance.records.rows("sn_fin_gl_account"):
        staging.instance.records.update(row, {"inactive": "true"})
    await staging.go()
    cause = await staging.waiting("gl_account_unusable")
    one_sentence(cause.example, "GL account", "inactive")
    one_sentence(cause.action, "ServiceNow administrator")
    assert staging.staged() == 0
    for row in staging.instance.records.rows("sn_fin_gl_account"):
        staging.instance.records.update(row, {"inactive": "false"})
    await staging.later()
    assert (await staging.go()).done and staging.staged()


async def test_a_legal_entity_that_is_gone(staging: Staging) -> None:
    gone = [dict(row) for row in staging.instance.records.rows("sn_fin_legal_entity")]
    for row in staging.instance.records.rows("sn_fin_legal_entity"):
        staging.instance.records.delete(row)
    await staging.go()
    cause = await staging.waiting("legal_entity_unknown")
    one_sentence(cause.example, "legal_entities", gone[0]["sys_id"][:4] if len(gone) == 1 else "ServiceNow")
    one_sentence(cause.action)
    assert staging.staged() == 0


# --- bills -------------------------------------------------------------------------------------------------------


async def odd_bill(staging: Staging, number: str, *, description: str = "", lines: int = 1, vendor: str = "") -> str:
    books = staging.sandbox.company.payables.books  # type: ignore[union-attr]
    staging.sandbox.zoho_books.set_switches({"list_lag_seconds": 0.0})
    name = next(one for one, contact in books.vendors.items() if contact.currency_code == "USD")
    line = books.line("6210", Decimal("1.00"), "Boston Tax", **({"description": description} if description else {}))
    made = staging.zoho.add_bill(
        books.vendors[vendor or name], number, books.month.day(10), [dict(line) for _ in range(lines)],
        created=books.moment(books.month.day(10)), state="open", location_id=books.offices["Boston"].location_id,
    )  # fmt: skip
    return made.document_id


@pytest.mark.parametrize("number", ["N^1", "^NQnumber=1", "N&2<b>", "N\U0001f600", "N,3", "N" * 99])
async def test_a_number_with_signs_of_queries_is_staged_once_as_it_is(staging: Staging, number: str) -> None:
    bill = await odd_bill(staging, number)
    assert (await staging.go()).done
    found = staging.instance.records.having("sn_shop_invoice", external_invoice_number=bill)
    assert [row["supplier_invoice_number"] for row in found] == [number], (await staging.flow()).waiting


@pytest.mark.parametrize(
    "text", ["x" * 300, "tab\tand\nline", "bell\x07", "A^B^ORnumber=1", "Smith & Sons <b>", "\U0001f600 " * 30]
)
async def test_a_description_that_does_not_fit(staging: Staging, text: str) -> None:
    bill = await odd_bill(staging, "ODD-1", description=text)
    assert (await staging.go()).done
    (invoice,) = staging.instance.records.having("sn_shop_invoice", external_invoice_number=bill)
    (line,) = staging.instance.records.having("sn_shop_invoice_line", invoice=invoice["sys_id"])
    assert 0 < len(line["line_description"]) <= 40 and line["line_description"].isprintable()
    assert len(text) <= 40 or line["line_description"].endswith("...")


async def test_four_hundred_lines(staging: Staging) -> None:
    bill = await odd_bill(staging, "LONG-1", lines=400)
    assert (await staging.go()).done
    (invoice,) = staging.instance.records.having("sn_shop_invoice", external_invoice_number=bill)
    assert len(staging.instance.records.having("sn_shop_invoice_line", invoice=invoice["sys_id"])) == 400
