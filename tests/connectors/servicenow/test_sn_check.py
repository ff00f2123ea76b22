"""The check, the preflight and the instance itself: what is missing is named with who changes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from servicenow_script import ScriptedSession, Tables, answer, failure, set_up

from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.servicenow import CONNECTOR
from ml_connector.connectors.servicenow.profiles import APO
from ml_connector.transport.errors import NotJson
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio

HEAD = "sn_spend_intg_imp_invoice"


async def findings(tables: Tables, *entities: str, **settings: str) -> list[Finding]:
    return list((await CONNECTOR.preflight(ScriptedSession(tables, settings), entities or ("bills",))).findings)


def bad(found: list[Finding], verdict: Verdict = Verdict.MISSING) -> list[str]:
    return [f"{one.subject}: {one.sentence} {one.action}" for one in found if one.verdict is verdict]


async def test_all_is_good() -> None:
    preflight = await CONNECTOR.preflight(
        ScriptedSession(set_up()), ("bills", "vendor_payments", "dimensions", "parties")
    )
    assert bad(list(preflight.findings)) == []
    assert bad(list(preflight.findings), Verdict.WARNING) == []
    assert any(one.place == f"{HEAD}.u_erp_source" and one.verdict is Verdict.GOOD for one in preflight.fields)


@pytest.mark.parametrize("table", ["sys_dictionary", "sys_transform_map", "sys_choice", "sn_fin_erp_source", HEAD])
async def test_a_web_page_in_place_of_data_says_nothing_of_the_set_up(table: str) -> None:
    """Neither that something is missing nor that all is good: it is looked at again."""
    tables = set_up()

    def wakes_up(request: Request) -> Answer:
        return answer(b"<html>hibernating</html>") if request.path.endswith(f"/{table}") else tables(request)

    with pytest.raises(NotJson, match="hibernates"):
        await CONNECTOR.preflight(ScriptedSession(wakes_up, {"batch": "no"}), ("bills",))
    told = await CONNECTOR.check(ScriptedSession(wakes_up, {"batch": "no"}), ("bills",))
    [one] = [one for one in told if one.subject == "set-up"]
    assert one.verdict is Verdict.WARNING and "not looked at" in one.sentence and "hibernates" in one.sentence


async def test_nothing_is_asked_for_what_is_not_written() -> None:
    session = ScriptedSession(set_up())
    assert (await CONNECTOR.preflight(session, ("accounts",))).findings == () and not session.requests


async def test_a_missing_column_is_named_with_the_setting_that_renames_it() -> None:
    tables = set_up()
    tables.rows["sys_dictionary"] = [row for row in tables.rows["sys_dictionary"] if row["element"] != "u_erp_source"]
    told = bad(await findings(tables))
    assert any(f"{HEAD}.u_erp_source" in one and f"invoice_columns=erp_source={HEAD}.NAME" in one for one in told)


async def test_a_missing_key_column_is_a_warning() -> None:
    tables = set_up()
    tables.rows["sys_dictionary"] = [
        row for row in tables.rows["sys_dictionary"] if row["element"] != "u_third_party_import_id"
    ]
    found = await findings(tables)
    assert not bad(found) and any("known by their contents" in one for one in bad(found, Verdict.WARNING))


async def test_a_missing_column_that_may_be_missing_says_what_does_not_get_there() -> None:
    tables, gone = set_up(), ("sn_fcms_intg_imp_supplier", "u_currency")
    tables.rows["sys_dictionary"] = [
        row for row in tables.rows["sys_dictionary"] if (row["name"], row["element"]) != gone
    ]
    found = await findings(tables, "parties")
    [told] = bad(found, Verdict.WARNING)
    assert not bad(found) and "the currency of the supplier does not get there" in told
    assert "supplier_columns=currency=sn_fcms_intg_imp_supplier.NAME" in told


async def test_a_short_key_column_and_a_needed_column_nobody_fills() -> None:
    tables = set_up()
    for row in tables.rows["sys_dictionary"]:
        if row["element"] == "u_third_party_import_id":
            row["max_length"] = "32"
    tables.add(
        "sys_dictionary", name=HEAD, element="u_approver", internal_type="string", max_length="40", mandatory="true"
    )
    told = bad(await findings(tables))
    assert any("key_length=32" in one for one in told) and any("u_approver must be filled" in one for one in told)


async def test_a_key_column_that_holds_no_key_is_lengthened() -> None:
    tables = set_up()
    for row in tables.rows["sys_dictionary"]:
        if row["element"] == "u_third_party_import_id":
            row["max_length"] = "24"
    told = bad(await findings(tables))
    assert any("lengthens it to 40 characters" in one for one in told) and not any("key_length=" in one for one in told)


async def test_a_missing_table() -> None:
    tables = set_up()
    tables.rows["sys_dictionary"] = [row for row in tables.rows["sys_dictionary"] if row["name"] != HEAD]
    assert any(f"no table {HEAD}" in one and "activates" in one for one in bad(await findings(tables)))


async def test_maps_rule_source_and_choices() -> None:
    tables = set_up()
    tables.rows["sys_transform_map"][0]["active"] = "false"
    tables.rows["sys_script"][0]["active"] = "false"
    tables.rows["sn_fin_erp_source"][0]["name"] = "SAP"
    tables.rows["sys_choice"].pop()
    told = " ".join(bad(await findings(tables)))
    for part in (
        "No active transform map",
        "Transform synchronously",
        "ERP source ZOHO",
        "it has: SAP",
        "'credit_memo'",
        "type_credit",
    ):
        assert part in told
    assert "ServiceNow administrator" in told


async def test_coalesce() -> None:
    tables = set_up()
    told = bad(await findings(tables, coalesces="yes"))
    for title in ("invoice", "invoice line", "tax line"):
        assert any(f"an edit makes a second {title}." in one for one in told)
    for one in tables.rows["sys_transform_entry"]:
        one["coalesce"] = "true"
    assert not bad(await findings(tables, coalesces="yes"))


def careless(kind: str, column: str, target: str, action: str) -> Tables:
    """An instance whose map of one table does not refuse what it does not know."""
    tables = set_up()
    (made,) = [one for one in tables.rows["sys_transform_map"] if one["source_table"] == APO.staging[kind].table]
    tables.add(
        "sys_transform_entry", map=made["sys_id"], source_field=column, target_field=target, coalesce="false",
        choice_action=action,
    )  # fmt: skip
    return tables


@pytest.mark.parametrize("action", ["create", "ignore"])
@pytest.mark.parametrize(
    ("kind", "column", "entity", "what"),
    [
        ("invoice", "u_legal_entity", "bills", "legal entity of an invoice"),
        ("invoice", "u_supplier", "bills", "supplier of an invoice"),
        ("line", "u_gl_account", "bills", "GL account of an invoice line"),
        ("line", "u_cost_center", "bills", "cost center of an invoice line"),
        ("payment", "u_erp_invoice_number", "vendor_payments", "invoice of a payment"),
    ],
)
async def test_nothing_is_written_where_a_reference_of_money_may_come_out_blank(
    action: str, kind: str, column: str, entity: str, what: str
) -> None:
    tables = careless(kind, column, "its_target", action)
    (told,) = [one for one in bad(await findings(tables, entity)) if "choice action" in one]
    assert what in told and column in told and "reject" in told and "unknown_references=accept" in told
    accepted = await findings(tables, entity, unknown_references="accept")
    assert not bad(accepted) and any(what in one for one in bad(accepted, Verdict.WARNING))


async def test_a_choice_action_counts_for_references_of_active_maps_alone() -> None:
    tables = careless("line", "u_gl_account", "account_text", "create")
    tables.add("sys_dictionary", name="sn_shop_invoice_line", element="account_text", internal_type="string")
    assert not bad(await findings(tables))
    tables.rows["sys_dictionary"][-1]["internal_type"] = "reference"
    assert bad(await findings(tables))
    (made,) = [one for one in tables.rows["sys_transform_map"] if one["source_table"] == f"{HEAD}_line"]
    made["active"] = "false"
    assert not any("choice action" in one for one in bad(await findings(tables)))


async def test_a_choice_action_that_books_nothing_is_a_warning() -> None:
    found = await findings(careless("contact", "u_erp_supplier_code", "supplier", "ignore"), "parties")
    assert not bad(found) and any("supplier of a supplier contact" in one for one in bad(found, Verdict.WARNING))


async def test_lines_whose_account_is_hidden_are_told() -> None:
    tables = set_up()
    tables.add("sn_shop_invoice_line", cost_center="")
    (told,) = [one for one in bad(await findings(tables), Verdict.WARNING) if "not noticed" in one]
    assert "ledger_account of sn_shop_invoice_line" in told and "read rights" in told


async def test_hidden_administration_is_told_and_stops_nothing() -> None:
    tables = set_up()
    for name in ("sys_dictionary", "sys_transform_map", "sys_transform_entry", "sys_script", "sys_choice"):
        del tables.rows[name]
    found = await findings(tables)
    assert not bad(found)
    assert {one.subject for one in found if one.verdict is Verdict.WARNING} >= {"columns", "transform maps", "choices"}


def forbidden(tables: Tables, table: str) -> Callable[[Request], Answer]:
    """The instance, which refuses the user one table."""

    def script(request: Request) -> Answer:
        closed = request.path.endswith(f"/table/{table}")
        return failure(403, "User Not Authorized", "Failed API level ACL Validation") if closed else tables(request)

    return script


async def test_staged_rows_that_cannot_be_read_again() -> None:
    found = await CONNECTOR.preflight(ScriptedSession(forbidden(set_up(), HEAD), {"batch": "no"}), ("bills",))
    told = [f"{one.subject}: {one.sentence} {one.action}" for one in found.findings if one.verdict is Verdict.MISSING]
    assert any(f"rights on {HEAD}" in one and "import_admin" in one for one in told)


async def test_a_staging_table_that_is_not_there() -> None:
    tables = set_up()
    del tables.rows[HEAD]
    (only,) = bad(await findings(tables))
    assert f"no table {HEAD}" in only and "activates" in only and "role" not in only


async def test_a_staging_table_that_is_not_there_is_told_with_what_brings_it() -> None:
    tables = set_up()
    del tables.rows[HEAD]
    assert any(f"table {HEAD}" in one and "Accounts Payable" in one for one in bad(await findings(tables)))


async def test_the_custom_profile_names_its_tables() -> None:
    told = bad(await findings(set_up(), profile="custom"))
    assert any("names no staging table for invoice" in one for one in told)


async def test_check() -> None:
    tables = set_up()
    found = list(await CONNECTOR.check(ScriptedSession(tables), ("bills", "dimensions")))
    assert not bad(found)
    assert [one.subject for one in found][:4] == ["grant", "instance", "clock", "calls an hour"]
    assert "example (example.service-now.com), USD, zone US/Pacific." in found[1].sentence


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (failure(401, "User Not Authenticated"), "locked out"),
        (failure(403, "User Not Authorized", "Access to unscoped api is not allowed"), "auth scope"),
        (answer(b"<html>hibernating</html>"), "hibernates"),
    ],
)
async def test_a_dead_grant_is_all_that_is_told(given: Answer, said: str) -> None:
    (only,) = await CONNECTOR.check(ScriptedSession(lambda _: given), ("bills",))
    assert only.verdict is Verdict.MISSING and said in only.sentence


async def test_check_names_the_role_and_the_rate() -> None:
    tables = set_up()
    closed = forbidden(tables, "sn_shop_invoice")

    def script(request: Request) -> Answer:
        given = closed(request)
        return Answer(given.status, {**given.headers, "x-ratelimit-limit": "100"}, given.body, given.at)

    found = list(await CONNECTOR.check(ScriptedSession(script), ("bills",)))
    assert any("procurement_integrator" in one for one in bad(found))
    assert any("rate_per_hour=100" in one for one in bad(found, Verdict.WARNING))


async def test_the_instance() -> None:
    tables = set_up()
    (one,) = await CONNECTOR.organisations(ScriptedSession(tables))
    assert (one.id, one.name, one.currency, one.zone, one.sandbox) == (
        "example.service-now.com",
        "example",
        "USD",
        "US/Pacific",
        False,
    )
    tables.add("sys_properties", name="glide.installation.production", value="false")
    assert (await CONNECTOR.organisation(ScriptedSession(tables))).sandbox
    del tables.rows["sys_properties"]
    bare = await CONNECTOR.organisation(ScriptedSession(tables, {"currency": "eur", "test_instance": "yes"}))
    assert (bare.name, bare.currency, bare.zone, bare.sandbox) == ("example", "EUR", "UTC", True)


@pytest.mark.parametrize(
    ("entity", "table", "column", "setting"),
    [
        ("bills", "sn_shop_invoice", "external_invoice_number", "read_invoice_columns=external_number="),
        ("vendor_credits", "sn_shop_invoice", "invoice_date", "read_invoice_columns=date="),
        ("bills", "sn_shop_invoice_line", "invoice", "read_line_columns=invoice="),
        ("vendor_payments", "sn_shop_invoice_payment_detail", "third_party_import_id", "read_payment_columns=key="),
        ("dimensions", "cmn_cost_center", "account_number", "read_cost_center_columns=number="),
        ("parties", "sn_fin_supplier", "erp_supplier_code", "supplier_code_column=NAME"),
    ],
)
async def test_a_column_that_rows_are_looked_up_by_and_none_shows(
    entity: str, table: str, column: str, setting: str
) -> None:
    """An instance may answer a query on such a column with no row at all, and everything would be made again."""
    tables = set_up()
    tables.rows[table] = []
    assert not [one for one in bad(await findings(tables, entity)) if "looked up" in one]
    whole = dict.fromkeys(
        ("external_invoice_number", "invoice_date", "invoice", "third_party_import_id", "account_number",
         "erp_supplier_code", "ledger_account", "cost_center"), "",
    )  # fmt: skip
    tables.add(table, **whole)
    assert not [one for one in bad(await findings(tables, entity)) if "looked up" in one]
    del tables.rows[table][0][column]
    (told,) = [one for one in bad(await findings(tables, entity)) if "looked up" in one]
    assert f"{table}.{column}" in told and "a second time" in told and setting in told and "ServiceNow admin" in told


async def test_a_staging_table_that_does_not_show_what_rows_are_found_by() -> None:
    tables = set_up()
    tables.add(HEAD, sys_import_state="inserted")
    (told,) = [one for one in bad(await findings(tables)) if "sent twice" in one]
    assert "u_external_invoice_number" in told and f"invoice_columns=external_number={HEAD}.NAME" in told
    tables.add(HEAD, sys_import_state="inserted", u_external_invoice_number="b-1")
    assert not [one for one in bad(await findings(tables)) if "sent twice" in one]


async def test_an_outbound_table_that_does_not_name_its_invoice_is_a_warning() -> None:
    tables = set_up()
    tables.rows["sn_spend_intg_outbound_invoice"] = []
    tables.add("sn_spend_intg_outbound_invoice", integration_status="40")
    found = await findings(tables)
    assert not bad(found)
    assert any("outbound_invoice" in one and "is not noticed" in one for one in bad(found, Verdict.WARNING))
