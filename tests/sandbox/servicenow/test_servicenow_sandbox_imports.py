"""Import sets: outcomes, coalesce, look-ups, choice actions, the rule, the clean-up, many rows."""

from __future__ import annotations

import pytest
from servicenow_world import HEADER, IMPORT, LINE, OWN, PAYMENT, TABLE, Sandbox

pytestmark = pytest.mark.anyio
INVOICES = "sn_spend_intg_imp_invoice"


async def test_an_inserted_row_names_its_target_and_not_the_staging_row(sandbox: Sandbox) -> None:
    answer = await sandbox.ask("POST", f"{IMPORT}/{INVOICES}", HEADER)
    made = sandbox.rows("sn_shop_invoice")[0]
    assert (answer.status, answer.body["staging_table"], answer.body["import_set"]) == (201, INVOICES, "ISET0001001")
    assert answer.result == [
        {
            "transform_map": "Invoice import",
            "table": "sn_shop_invoice",
            "display_name": "number",
            "display_value": "INV0001001",
            "record_link": f"https://example.service-now.com/api/now/table/sn_shop_invoice/{made['sys_id']}",
            "status": "inserted",
            "sys_id": made["sys_id"],
        }
    ]
    staged = sandbox.rows(INVOICES)[0]
    assert (staged["sys_import_state"], staged["sys_target_sys_id"]) == ("inserted", made["sys_id"])
    assert sandbox.instance.records.price(made["subtotal"]) == ("USD", 100)


async def test_the_same_row_again_is_ignored_and_a_changed_one_updates(sandbox: Sandbox) -> None:
    await sandbox.stage(INVOICES, HEADER)
    again = await sandbox.stage(INVOICES, HEADER)
    changed = await sandbox.stage(INVOICES, HEADER | {"u_subtotal": "90.00"})
    assert (again["status"], again["status_message"]) == ("ignored", "No field values changed")
    assert changed["status"] == "updated"
    assert len(sandbox.rows("sn_shop_invoice")) == 1
    assert len({row["sys_import_set"] for row in sandbox.rows(INVOICES)}) == 1


async def test_without_coalesce_every_row_makes_an_invoice(sandbox: Sandbox) -> None:
    sandbox.emulator.set_switches({"header_coalesce": ""})
    await sandbox.stage(INVOICES, HEADER)
    assert (await sandbox.stage(INVOICES, HEADER))["status"] == "inserted"
    assert len(sandbox.rows("sn_shop_invoice")) == 2


@pytest.mark.parametrize("action", ["reject", "ignore", "create"])
async def test_the_choice_action_decides_about_an_unknown_cost_center(sandbox: Sandbox, action: str) -> None:
    sandbox.emulator.set_switches({"choice_cost_center": action})
    await sandbox.stage(INVOICES, HEADER)
    element = await sandbox.stage(f"{INVOICES}_line", LINE | {"u_cost_center": "9999"})
    lines, errors = sandbox.rows("sn_shop_invoice_line"), sandbox.rows("sys_import_set_row_error")
    if action == "reject":
        assert element == {
            "transform_map": "Invoice line import",
            "table": "sn_shop_invoice_line",
            "status": "error",
            "error_message": "Cost center 9999 not found for ERP source ZOHO",
            "status_message": "Row transform ignored by onBefore script",
        }
        assert (lines, [one["error_code"] for one in errors]) == ([], ["100"])
    elif action == "ignore":
        assert element["status"] == "inserted"
        assert element["status_message"] == "Unable to find cost center with ID provided 9999"
        assert lines[0]["cost_center"] == ""
    else:
        bogus = sandbox.rows("cmn_cost_center")[-1]
        assert (bogus["account_number"], bogus["name"]) == ("9999", "")
        assert lines[0]["cost_center"] == bogus["sys_id"]


async def test_a_cost_center_without_its_mapping_is_not_found(sandbox: Sandbox) -> None:
    await sandbox.stage(INVOICES, HEADER)
    sandbox.emulator.desk({"act": "add_cost_center", "instance": sandbox.host, "number": "4300", "name": "Field"})
    assert (await sandbox.stage(f"{INVOICES}_line", LINE | {"u_cost_center": "4300"}))["status"] == "error"
    centre = {"u_erp_source": "ZOHO", "u_account_number": "4300", "u_name": "Field service"}
    assert (await sandbox.stage("sn_fcms_intg_imp_cost_center", centre))["status"] == "updated"
    assert (await sandbox.stage(f"{INVOICES}_line", LINE | {"u_cost_center": "4300"}))["status"] == "inserted"


async def test_missing_mandatory_values_make_an_error_unless_nobody_asks(sandbox: Sandbox) -> None:
    bare = {key: value for key, value in HEADER.items() if key != "u_invoice_date"}
    element = await sandbox.stage(INVOICES, bare)
    assert (element["status"], "Invoice date" in element["error_message"]) == ("error", True)
    assert "sys_id" not in element
    sandbox.emulator.set_switches({"mandatory_enforced": False})
    assert (await sandbox.stage(INVOICES, bare))["status"] == "inserted"


async def test_over_long_texts_are_cut_or_refused(sandbox: Sandbox) -> None:
    await sandbox.stage(INVOICES, HEADER)
    await sandbox.stage(f"{INVOICES}_line", LINE | {"u_line_description": "x" * 60})
    assert sandbox.rows("sn_shop_invoice_line")[0]["line_description"] == "x" * 40
    sandbox.emulator.set_switches({"over_long": "refused"})
    answer = await sandbox.ask("POST", f"{IMPORT}/{INVOICES}_line", LINE | {"u_line_description": "x" * 60})
    assert answer.refusal[0] == 403


async def test_with_the_rule_off_rows_stay_pending(sandbox: Sandbox) -> None:
    wish = {"act": "set", "instance": sandbox.host, "table": "sys_script", "where": {"name": "Transform synchronously"}}
    sandbox.emulator.desk(wish | {"values": {"active": "false"}})
    element = await sandbox.stage(INVOICES, HEADER)
    assert element == {"transform_map": "", "table": "", "status": "error", "error_message": "Invalid table "}
    assert sandbox.rows(INVOICES)[0]["sys_import_state"] == "pending"
    assert sandbox.rows("sn_shop_invoice") == []


async def test_without_a_map_the_row_is_an_error(sandbox: Sandbox) -> None:
    wish = {"act": "set", "instance": sandbox.host, "table": "sys_transform_map", "where": {"name": "Invoice import"}}
    sandbox.emulator.desk(wish | {"values": {"active": "false"}})
    element = await sandbox.stage(INVOICES, HEADER)
    assert element["error_message"] == "No transform entry or scripts are defined; Target record not found"


async def test_nested_json_is_mangled_and_unknown_keys_are_dropped(sandbox: Sandbox) -> None:
    await sandbox.stage(INVOICES, HEADER | {"u_status": {"a": "b"}, "u_bunk": "x"})
    staged = sandbox.rows(INVOICES)[0]
    assert staged["u_status"] == '{"a"="b"}'
    assert "u_bunk" not in staged


async def test_at_midnight_the_set_is_flipped_and_after_a_week_all_is_gone(sandbox: Sandbox) -> None:
    await sandbox.stage(INVOICES, HEADER)
    row = sandbox.rows(INVOICES)[0]["sys_id"]
    assert (await sandbox.ask("GET", f"{IMPORT}/{INVOICES}/{row}")).result[0]["status"] == "inserted"
    sandbox.clock.move(86_400)
    await sandbox.stage(INVOICES, HEADER)
    assert [one["state"] for one in sandbox.rows("sys_import_set")] == ["processed", "loading"]
    sandbox.clock.move(7 * 86_400)
    answer = await sandbox.ask("GET", f"{IMPORT}/{INVOICES}/{row}")
    assert answer.refusal == (404, "No Record found", "Record doesn't exist or ACL restricts the record retrieval")
    assert len(sandbox.rows("sn_shop_invoice")) == 1


async def test_many_rows_are_keyed_by_label_and_transformed_later(sandbox: Sandbox) -> None:
    rows = [{"ERP source": "ZOHO", "Account number": "4400", "Name": "Parts", "Nothing": "x"}]
    answer = await sandbox.ask("POST", f"{IMPORT}/sn_fcms_intg_imp_cost_center/insertMultiple", {"records": rows})
    assert (answer.status, sorted(answer.body)) == (201, ["import_set_id", "multi_import_set_id"])
    assert [row["sys_import_state"] for row in sandbox.rows("sn_fcms_intg_imp_cost_center")] == ["pending"]
    sandbox.clock.move(6)
    runs = await sandbox.ask("GET", f"{TABLE}/sys_import_set_run", sysparm_query=f"set={answer.body['import_set_id']}")
    assert [(one["state"], one["total"], one["inserts"]) for one in runs.result] == [("complete", "1", "1")]


async def test_a_row_put_in_by_the_table_api_is_transformed_too(sandbox: Sandbox) -> None:
    answer = await sandbox.ask("POST", f"{TABLE}/{INVOICES}", HEADER)
    assert (answer.status, answer.result["sys_import_state"]) == (201, "inserted")
    assert answer.result["sys_target_sys_id"]["value"] == sandbox.rows("sn_shop_invoice")[0]["sys_id"]
    sandbox.emulator.set_switches({"table_post_transforms": False})
    later = await sandbox.ask("POST", f"{TABLE}/{INVOICES}", HEADER)
    assert later.result["sys_import_state"] == "pending"


async def test_columns_can_be_called_otherwise(sandbox: Sandbox) -> None:
    sandbox.emulator.set_switches({"column_names": "u_erp_source=u_source_erp", "stage_prefix": ""})
    body = {("u_source_erp" if key == "u_erp_source" else key): value for key, value in HEADER.items()}
    assert (await sandbox.stage(INVOICES, body))["status"] == "inserted"
    query = "name=sn_fcms_intg_gl_account_stage^elementISNOTEMPTY"
    found = await sandbox.ask("GET", f"{TABLE}/sys_dictionary", sysparm_query=query)
    assert {"number", "u_source_erp"} <= {one["element"] for one in found.result}
    account = {"u_source_erp": "ZOHO", "number": "6500", "display_name": "Rent"}
    assert (await sandbox.stage("sn_fcms_intg_gl_account_stage", account))["status"] == "inserted"


async def test_without_a_line_number_column_lines_are_never_found_again(sandbox: Sandbox) -> None:
    sandbox.emulator.set_switches({"line_number_column": False})
    await sandbox.stage(INVOICES, HEADER)
    assert [(await sandbox.stage(f"{INVOICES}_line", LINE))["status"] for _ in range(2)] == ["inserted", "inserted"]


async def test_a_payment_finds_its_invoice_by_erp_number(sandbox: Sandbox) -> None:
    payments = f"{INVOICES}_payment_detail"
    assert (await sandbox.stage(payments, PAYMENT))["error_message"] == "Invoice B-1 not found for ERP source ZOHO"
    await sandbox.stage(INVOICES, HEADER)
    assert (await sandbox.stage(payments, PAYMENT))["status"] == "inserted"
    sandbox.emulator.set_switches({"erp_number_inbound": False})
    await sandbox.stage(INVOICES, HEADER | {"u_external_invoice_number": "B-2", "u_erp_number": "B-2"})
    assert (await sandbox.stage(payments, PAYMENT | {"u_erp_invoice_number": "B-2"}))["status"] == "error"


async def test_an_instance_with_own_tables_takes_bills(sandbox: Sandbox) -> None:
    sandbox.host = OWN
    for table, body in (("u_ml_bill", HEADER), ("u_ml_bill_line", LINE), ("u_ml_payment", PAYMENT)):
        assert (await sandbox.stage(table, body))["status"] == "inserted"
    line = sandbox.rows("u_ml_bill_line_record")[0]
    assert line["u_bill"] == sandbox.rows("u_ml_bill_record")[0]["sys_id"]
    missing = await sandbox.ask("POST", f"{IMPORT}/{INVOICES}", HEADER)
    assert missing.refusal == (400, f"Invalid table {INVOICES}", None)
    sandbox.emulator.desk({"act": "approve", "instance": OWN, "invoice": "B-1"})
    assert sandbox.rows("u_ml_bill_record")[0]["u_state"] == "approved"


async def test_rules_and_policies_of_the_target_make_a_row_an_error(sandbox: Sandbox) -> None:
    stop = {"act": "stop", "instance": sandbox.host, "table": "sn_shop_invoice"}
    sandbox.emulator.desk(stop | {"name": "No small bills", "condition": "external_invoice_number=B-1"})
    sandbox.emulator.desk(stop | {"mandatory": ["purchase_order"]})
    element = await sandbox.stage(INVOICES, HEADER)
    told = "Operation against file 'sn_shop_invoice' was aborted by Business Rule 'No small bills'"
    assert (element["status"], element["error_message"]) == ("error", told)
    wish = {"act": "set", "instance": sandbox.host, "table": "sys_transform_map", "where": {"name": "Invoice import"}}
    sandbox.emulator.desk(wish | {"values": {"run_business_rules": "false"}})
    element = await sandbox.stage(INVOICES, HEADER)
    assert element["error_message"] == "Data Policy Exception: The following fields are mandatory: Purchase order"
    assert (await sandbox.stage(INVOICES, HEADER | {"u_purchase_order": "PO-1"}))["status"] == "inserted"


async def test_the_word_null_clears_and_an_empty_text_is_left_alone_where_the_map_says_so(sandbox: Sandbox) -> None:
    await sandbox.stage(INVOICES, HEADER | {"u_purchase_order": "PO-1"})
    sandbox.emulator.set_switches({"copy_empty": False})
    assert (await sandbox.stage(INVOICES, HEADER))["status"] == "ignored"
    assert (await sandbox.stage(INVOICES, HEADER | {"u_purchase_order": "NULL"}))["status"] == "updated"
    assert sandbox.rows("sn_shop_invoice")[0]["purchase_order"] == ""


async def test_suppliers_their_contacts_and_accounts_come_in_by_staging(sandbox: Sandbox) -> None:
    supplier = {"u_erp_source": "ZOHO", "u_erp_supplier_code": "SUP-2", "u_legal_name": "Bolt Supply"}
    assert (await sandbox.stage("sn_fcms_intg_imp_supplier", supplier))["display_value"] == "Bolt Supply"
    contact = {"u_erp_source": "ZOHO", "u_erp_supplier_code": "SUP-2", "u_last_name": "Lee", "u_email": "lee@bolt.test"}
    assert (await sandbox.stage("sn_fcms_intg_supplier_contact_inbound", contact))["status"] == "inserted"
    street = {"u_erp_source": "ZOHO", "u_erp_supplier_code": "SUP-2", "u_street_address": "2 Main St"}
    assert (await sandbox.stage("sn_fcms_intg_supplier_location_inbound", street))["status"] == "inserted"
    made = sandbox.instance.records.having("sn_fin_supplier", erp_supplier_code="SUP-2")[0]
    assert [row["vendor"] for row in sandbox.rows("vm_vdr_contact")] == [made["sys_id"]]
    assert [row["supplier"] for row in sandbox.rows("sn_slm_m2m_location")] == [made["sys_id"]]
    assert sandbox.instance.records.named("core_company", made["related_company"])["name"] == "Bolt Supply"
    assert (await sandbox.stage(INVOICES, HEADER | {"u_supplier": "SUP-2"}))["status"] == "inserted"
