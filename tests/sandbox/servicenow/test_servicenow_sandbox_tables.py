"""The Table and the Aggregate API: queries, pages, shapes, writes, rules."""

from __future__ import annotations

import pytest
from servicenow_world import HEADER, IMPORT, TABLE, Sandbox

pytestmark = pytest.mark.anyio
CENTRES = f"{TABLE}/cmn_cost_center"
NO_RECORD = (404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")


async def numbers(sandbox: Sandbox, query: str, **more: str) -> list[str]:
    answer = await sandbox.ask("GET", CENTRES, sysparm_query=query, **more)
    return [one["account_number"] for one in answer.result]


async def fill(sandbox: Sandbox) -> None:
    """Five centres: 4100, 4200 and 4300 to 4500, a minute apart."""
    for number in ("4300", "4400", "4500"):
        sandbox.clock.move(60)
        body = {"account_number": number, "name": f"Centre {number}", "code": ""}
        assert (await sandbox.ask("POST", CENTRES, body)).status == 201


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("account_number=4100", ["4100"]),
        ("name=engineering", ["4100"]),
        ("nameSTARTSWITHcentre^account_number!=4400", ["4300", "4500"]),
        ("account_number=4100^ORaccount_number=4200^codeISNOTEMPTY", ["4100", "4200"]),
        ("account_number=4100^NQaccount_number=4500", ["4100", "4500"]),
        ("account_numberIN4100,4300", ["4100", "4300"]),
        ("account_numberNOT IN4100,4300^ORDERBYDESCaccount_number", ["4500", "4400", "4200"]),
        ("codeISEMPTY", ["4300", "4400", "4500"]),
        ("nameLIKEale", ["4200"]),
        ("account_numberBETWEEN4200@4300", ["4200", "4300"]),
        ("sys_updated_on>=2026-11-16 14:12:00", ["4400", "4500"]),
        ("sys_created_on>javascript:gs.minutesAgoStart(1)", ["4500"]),
        ("name=", []),
        ("no_such_column=1^account_number=4100", ["4100"]),
        ("nameRELATIVEGT5", ["4100", "4200", "4300", "4400", "4500"]),
        ("nameENDSWITH4400^EQ", ["4400"]),
    ],
)
async def test_queries(sandbox: Sandbox, query: str, found: list[str]) -> None:
    await fill(sandbox)
    assert await numbers(sandbox, query) == found


async def test_a_dropped_term_finds_nothing_where_the_property_says_so(sandbox: Sandbox) -> None:
    sandbox.instance.set_property("glide.invalid_query.returns_no_rows", "true")
    assert await numbers(sandbox, "no_such_column=1") == []


async def test_a_caret_is_doubled_inside_a_value(sandbox: Sandbox) -> None:
    await sandbox.ask("POST", CENTRES, {"account_number": "1", "name": "a^b"})
    assert await numbers(sandbox, "name=a^^b") == ["1"]


async def test_pages_have_a_count_and_links(sandbox: Sandbox) -> None:
    await fill(sandbox)
    answer = await sandbox.ask(
        "GET", CENTRES, sysparm_query="account_number!=0^ORDERBYsys_id", sysparm_limit="2", sysparm_offset="2"
    )
    assert (answer.headers["X-Total-Count"], len(answer.result)) == ("5", 2)
    links = dict(part.rsplit(";", 1)[::-1] for part in answer.headers["Link"].split(","))
    assert set(links) == {'rel="first"', 'rel="prev"', 'rel="next"', 'rel="last"'}
    base = "https://example.service-now.com/api/now/table/cmn_cost_center"
    query = "sysparm_query=account_number%21%3D0%5EORDERBYsys_id&sysparm_limit=2&sysparm_offset=4"
    assert links['rel="next"'] == links['rel="last"'] == f"<{base}?{query}>"
    bare = await sandbox.ask("GET", CENTRES, sysparm_no_count="true", sysparm_suppress_pagination_header="true")
    assert not {"X-Total-Count", "Link"} & set(bare.headers)


async def test_an_empty_list_is_missing_in_version_one_only(sandbox: Sandbox) -> None:
    query = {"sysparm_query": "name=nobody"}
    assert (await sandbox.ask("GET", "/api/now/v1/table/cmn_cost_center", **query)).refusal == NO_RECORD
    for path in ("/api/now/v2/table/cmn_cost_center", CENTRES):
        answer = await sandbox.ask("GET", path, **query)
        assert (answer.status, answer.result, answer.headers["X-Total-Count"]) == (200, [], "0")


async def test_shapes_of_references_and_display_values(sandbox: Sandbox) -> None:
    boss = sandbox.instance.access.users["boss"]
    sandbox.instance.access.users["svc"].zone = "US/Pacific"
    body = {"name": "Parts", "manager": boss.sys_id, "valid_from": "2026-01-01 00:00:00", "bunk_field": "x"}
    made = await sandbox.ask("POST", CENTRES, body)
    path = f"{CENTRES}/{made.result['sys_id']}"
    assert made.headers["Location"] == f"https://{sandbox.host}{path}"
    link = f"https://{sandbox.host}/api/now/table/sys_user/{boss.sys_id}"
    assert made.result["manager"] == {"link": link, "value": boss.sys_id}
    assert (made.result["parent"], made.result["sys_mod_count"], "bunk_field" in made.result) == ("", "0", False)
    shown = (await sandbox.ask("GET", path, sysparm_display_value="true")).result
    assert (shown["manager"], shown["valid_from"]) == ({"display_value": "boss", "link": link}, "2025-12-31 16:00:00")
    both = (await sandbox.ask("GET", path, sysparm_display_value="all")).result
    assert both["parent"] == {"display_value": "", "value": ""}
    assert both["manager"] == {"display_value": "boss", "value": boss.sys_id, "link": link}
    plain = await sandbox.ask(
        "GET", path, sysparm_exclude_reference_link="true", sysparm_fields="manager,manager.user_name,nothing"
    )
    assert plain.result == {"manager": boss.sys_id, "manager.user_name": "boss"}


async def test_put_is_like_patch_and_deleting_leaves_nothing(sandbox: Sandbox) -> None:
    made = await sandbox.ask("POST", CENTRES, {"name": "Parts", "code": "PRT"})
    path = f"{CENTRES}/{made.result['sys_id']}"
    changed = (await sandbox.ask("PUT", path, {"name": "Spare parts"})).result
    assert (changed["name"], changed["code"], changed["sys_mod_count"]) == ("Spare parts", "PRT", "1")
    assert (await sandbox.ask("PATCH", path, {"code": ""})).result["code"] == ""
    gone = await sandbox.ask("DELETE", path)
    assert (gone.status, gone.text) == (204, "")
    for method in ("GET", "PATCH", "DELETE"):
        assert (await sandbox.ask(method, path, {})).refusal == NO_RECORD


async def test_a_sent_sys_id_is_kept_and_taken_once(sandbox: Sandbox) -> None:
    body = {"sys_id": "A" * 32, "name": "Parts"}
    assert (await sandbox.ask("POST", CENTRES, body)).result["sys_id"] == "A" * 32
    refusal = (403, "Operation Failed", "Error during insert of cmn_cost_center (Parts)")
    assert (await sandbox.ask("POST", CENTRES, body)).refusal == refusal
    sandbox.switches.unique_status = 500
    assert (await sandbox.ask("POST", CENTRES, body)).status == 500


async def test_an_empty_body_makes_an_empty_record(sandbox: Sandbox) -> None:
    made = await sandbox.ask("POST", CENTRES)
    assert (made.status, made.result["name"]) == (201, "")


async def test_currency_columns_take_code_and_amount(sandbox: Sandbox) -> None:
    path = f"{TABLE}/sn_shop_invoice"
    made = (await sandbox.ask("POST", path, {"subtotal": "USD;10000", "tax_amount": "825"})).result
    assert "fx_currency2_instance" in made["subtotal"]["link"]
    found = await sandbox.ask(
        "GET", f"{path}/{made['sys_id']}", sysparm_fields="subtotal.amount,subtotal.currency,tax_amount.amount"
    )
    shown = {"subtotal.amount": "10000.00", "subtotal.currency": "USD", "tax_amount.amount": "0.00"}
    assert found.result == shown


async def test_rows_and_fields_that_may_not_be_read_vanish(sandbox: Sandbox) -> None:
    await fill(sandbox)
    restrict = {"act": "restrict", "instance": sandbox.host, "table": "cmn_cost_center", "operation": "read"}
    sandbox.emulator.desk(restrict | {"condition": "account_number!=4100"})
    sandbox.emulator.desk(restrict | {"field": "code", "roles": ["finance"]})
    answer = await sandbox.ask("GET", CENTRES, sysparm_limit="2", sysparm_query="ORDERBYaccount_number")
    assert ([one["account_number"] for one in answer.result], answer.headers["X-Total-Count"]) == (["4200"], "5")
    assert "code" not in answer.result[0]
    hidden = sandbox.instance.records.having("cmn_cost_center", account_number="4100")[0]["sys_id"]
    assert (await sandbox.ask("GET", f"{CENTRES}/{hidden}")).refusal == NO_RECORD
    refused = await sandbox.ask("GET", CENTRES, sysparm_query="code=ENG")
    assert refused.refusal[2] == "Field(s) present in the query do not have permission to be read."


async def test_rules_refuse_writes_in_their_own_words(sandbox: Sandbox) -> None:
    account = await sandbox.ask("POST", f"{TABLE}/sn_fin_gl_account", {"number": "1"})
    assert account.refusal == (403, "Operation Failed", "ACL Exception Insert Failed due to security constraints")
    stop = {"act": "stop", "instance": sandbox.host, "table": "cmn_cost_center"}
    sandbox.emulator.desk(stop | {"name": "Protect", "operation": "delete"})
    sandbox.emulator.desk(stop | {"mandatory": ["code"]})
    made = sandbox.rows("cmn_cost_center")[0]["sys_id"]
    aborted = (await sandbox.ask("DELETE", f"{CENTRES}/{made}")).refusal
    assert aborted[:2] == (403, "Operation Failed")
    assert str(aborted[2]).startswith("Operation against file 'cmn_cost_center' was aborted by Business Rule 'Protect^")
    missing = await sandbox.ask("POST", CENTRES, {"name": "x"})
    assert missing.refusal[2] == "Data Policy Exception: The following fields are mandatory: Code"
    sandbox.emulator.desk({"act": "lift", "instance": sandbox.host, "table": "cmn_cost_center"})
    assert (await sandbox.ask("POST", CENTRES, {"name": "x"})).status == 201


async def test_the_dictionary_tells_of_columns(sandbox: Sandbox) -> None:
    query = "nameINsn_spend_intg_imp_invoice_line,sys_import_set_row^elementISNOTEMPTY"
    fields = "name,element,internal_type,max_length,mandatory"
    found = await sandbox.ask("GET", f"{TABLE}/sys_dictionary", sysparm_query=query, sysparm_fields=fields)
    told = {(one["name"], one["element"]): one for one in found.result}
    description = told["sn_spend_intg_imp_invoice_line", "u_line_description"]
    assert (description["max_length"], description["mandatory"], description["internal_type"]) == (
        "40",
        "true",
        "string",
    )
    assert ("sys_import_set_row", "sys_import_state") in told
    entries = await sandbox.ask(
        "GET", f"{TABLE}/sys_transform_entry", sysparm_query="source_table=sn_spend_intg_imp_invoice^coalesce=true"
    )
    assert [one["source_field"] for one in entries.result] == ["u_external_invoice_source", "u_external_invoice_number"]


async def test_a_new_row_is_found_by_lists_after_their_lag(sandbox: Sandbox) -> None:
    sandbox.switches.list_lag_seconds = 30
    made = await sandbox.ask("POST", CENTRES, {"account_number": "1"})
    assert await numbers(sandbox, "account_number=1") == []
    assert (await sandbox.ask("GET", f"{CENTRES}/{made.result['sys_id']}")).status == 200
    sandbox.clock.move(30)
    assert await numbers(sandbox, "account_number=1") == ["1"]


async def test_a_list_over_the_quota_ends_in_an_error_object(sandbox: Sandbox) -> None:
    sandbox.switches.quota_rows = 1
    answer = await sandbox.ask("GET", CENTRES)
    assert (answer.status, answer.body) == (200, None)
    assert "Transaction cancelled: maximum execution time exceeded" in answer.text


async def test_stats_count_and_sum_in_groups(sandbox: Sandbox) -> None:
    for number, amount in (("B-1", "100.00"), ("B-2", "50.00")):
        body = HEADER | {"u_external_invoice_number": number, "u_subtotal": amount, "u_erp_number": number}
        await sandbox.ask("POST", f"{IMPORT}/sn_spend_intg_imp_invoice", body)
    await sandbox.ask("POST", f"{IMPORT}/sn_spend_intg_imp_invoice", HEADER | {"u_supplier": "nobody"})
    count = await sandbox.ask("GET", "/api/now/stats/cmn_cost_center", sysparm_count="true")
    assert count.result == {"stats": {"count": "2"}}
    groups = await sandbox.ask(
        "GET", "/api/now/stats/sn_spend_intg_imp_invoice", sysparm_count="true", sysparm_group_by="sys_import_state"
    )
    assert {one["groupby_fields"][0]["value"]: one["stats"]["count"] for one in groups.result} == {
        "inserted": "2",
        "error": "1",
    }
    total = await sandbox.ask("GET", "/api/now/stats/sn_shop_invoice", sysparm_sum_fields="subtotal")
    assert total.result == {"stats": {"sum": {"subtotal": "150.00"}}}


async def test_stamps_may_be_coarse(sandbox: Sandbox) -> None:
    sandbox.switches.stamp_seconds = 60
    sandbox.clock.move(59)
    made = await sandbox.ask("POST", CENTRES, {"name": "Parts"})
    assert made.result["sys_updated_on"] == "2026-11-16 14:10:00"
