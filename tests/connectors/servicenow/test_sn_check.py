"""The check, the preflight and the instance itself: what is missing is named with who changes it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from servicenow_script import ScriptedSession, Tables, answer, company, failure

from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.servicenow import CONNECTOR
from ml_connector.connectors.servicenow.profiles import APO
from ml_connector.transport.messages import Answer, Request

pytestmark = pytest.mark.anyio

HEAD = "sn_spend_intg_imp_invoice"


def set_up() -> Tables:
    """An instance whose administration tables show everything as it should be."""
    tables = company()
    tables.rows |= {
        name: [] for name in ("sys_dictionary", "sys_transform_map", "sys_transform_entry", "sys_script", "sys_choice")
    }
    for one in APO.staging.values():
        for column in one.columns.values():
            length = str(max(column.length, 40))
            tables.add(
                "sys_dictionary",
                name=one.table,
                element=column.name,
                internal_type="string",
                max_length=length,
                mandatory="false",
            )
        made = tables.add(
            "sys_transform_map", name=one.title, source_table=one.table, target_table=one.target, active="true"
        )
        tables.add(
            "sys_transform_entry",
            map=made["sys_id"],
            source_field="u_x",
            target_field="x",
            coalesce="false",
            choice_action="reject",
        )
    tables.add("sys_script", name="Transform synchronously", collection="sys_import_set_row", active="true")
    tables.add("sn_fin_erp_source", name="ZOHO")
    for value in ("invoice", "non_po_invoice", "credit_memo"):
        tables.add("sys_choice", name="sn_shop_invoice", element="type", value=value, inactive="false")
    tables.add("sys_user", name="svc")
    tables.add("sys_properties", name="instance_name", value="example")
    tables.add("sys_properties", name="glide.sys.default.tz", value="US/Pacific")
    tables.add("sys_properties", name="glide.i18n.single_currency.code", value="USD")
    return tables


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


async def test_coalesce_and_choice_action() -> None:
    tables = set_up()
    entry = tables.rows["sys_transform_entry"][0]
    entry |= {"source_field": "u_legal_entity", "choice_action": "create"}
    told = await findings(tables, coalesces="yes")
    assert any("edit makes a second invoice" in one for one in bad(told))
    assert any("makes a new record" in one for one in bad(told, Verdict.WARNING))
    for one in tables.rows["sys_transform_entry"]:
        one["coalesce"] = "true"
    assert not bad(await findings(tables, coalesces="yes"))


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
