"""The Import Set API: one row and its outcome, many rows and none."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.servicenow import errors
from ml_connector_sandbox.servicenow.api.call import Answer, ApiCall, text_of
from ml_connector_sandbox.servicenow.api.writing import ACL, POLICY, RULE
from ml_connector_sandbox.servicenow.books.access import CREATE
from ml_connector_sandbox.servicenow.books.imports import ROW
from ml_connector_sandbox.servicenow.books.records import InsertFailed, Row, UnknownTable
from ml_connector_sandbox.servicenow.books.transforms import ERROR, Outcome

ROW_ERROR = "row error"
_TEXTS = {
    RULE: "Operation was aborted by Business Rule 'Sandbox: refuse this write'",
    POLICY: "Data Policy Exception: The following fields are mandatory: Name",
    ROW_ERROR: "The target record cannot be written",
}


def one(call: ApiCall, table: str) -> Answer:
    """``POST``: a row and what each map made of it. Raises Refused, UnknownTable."""
    _require_staging(call, table)
    trouble = call.struck(ACL, *_TEXTS)
    _require_create(call, table, trouble)
    imports = call.instance.imports
    sent = {name: text_of(value, mangled=True) for name, value in call.record().items()}
    row = _put(call, table, sent)
    imports.trouble = _TEXTS.get(trouble, "")
    try:
        outcomes = imports.transformed(row, call.user.name)
    finally:
        imports.trouble = ""
    return Answer(call.instance.switches.import_status, _told(call, row, outcomes))


def again(call: ApiCall, table: str, sys_id: str) -> Answer:
    """``GET`` of a staging row: its outcome once more; 404 after the clean-up. Raises Refused, UnknownTable."""
    _require_staging(call, table)
    row = call.instance.records.get(table, sys_id)
    if row is None:
        raise errors.no_record()
    return Answer(200, _told(call, row, call.instance.imports.outcomes.get(sys_id, [])))


def many(call: ApiCall, table: str) -> Answer:
    """``POST .../insertMultiple``: rows in a set of their own, transformed later. Raises Refused, UnknownTable."""
    switches = call.instance.switches
    if not switches.insert_multiple_active:
        raise errors.no_resource(switches.missing_path_status)
    _require_staging(call, table)
    _require_create(call, table, call.struck(ACL))
    group = call.query.get("multi_import_set_id") or call.instance.records.new_id()
    try:
        made = call.instance.imports.put_many(
            table, [_keyed(call, table, row) for row in _rows(call)], call.user.name, group,
            switches.insert_multiple_synchronous,
        )  # fmt: skip
    except InsertFailed as refusal:
        raise errors.insert_failed(switches.unique_status, table, str(refusal)) from refusal
    return Answer(201, {"import_set_id": made["sys_id"], "multi_import_set_id": group})


def _require_staging(call: ApiCall, table: str) -> None:
    call.instance.records.table(table)
    if not call.instance.imports.is_staging(table):
        raise UnknownTable(table)


def _require_create(call: ApiCall, table: str, trouble: str) -> None:
    if trouble == ACL or not call.instance.access.allowed(call.user, table, CREATE):
        raise errors.acl_failed("Insert")


def _put(call: ApiCall, table: str, sent: dict[str, str]) -> Row:
    try:
        return call.instance.imports.put(table, sent, call.user.name)
    except InsertFailed as refusal:
        raise errors.insert_failed(call.instance.switches.unique_status, table, str(refusal)) from refusal


def _rows(call: ApiCall) -> list[dict[str, Any]]:
    value = call.json()
    rows = value.get("records") if isinstance(value, dict) else None
    if not isinstance(rows, list) or not all(isinstance(one, dict) for one in rows):
        raise errors.unreadable("the body has no array 'records' of objects")
    return rows


def _keyed(call: ApiCall, table: str, row: dict[str, Any]) -> dict[str, str]:
    """A row by column names; keys are labels unless the table's record says otherwise. Unknown ones are dropped."""
    known = call.instance.records.columns(table)
    own = {key: column for key, column in known.items() if key not in call.instance.records.columns(ROW)}
    names = {key: key for key in own}
    if not call.instance.switches.insert_multiple_by_name:
        names = {column.label: key for key, column in own.items()}
    return {names[key]: text_of(value, mangled=True) for key, value in row.items() if key in names}


def _told(call: ApiCall, row: Row, outcomes: list[Outcome]) -> dict[str, Any]:
    import_set = call.instance.records.get("sys_import_set", row["sys_import_set"])
    return {
        "import_set": import_set["number"] if import_set else "",
        "staging_table": row["sys_class_name"],
        "result": [_element(call, outcome) for outcome in outcomes],
    }


def _element(call: ApiCall, outcome: Outcome) -> dict[str, str]:
    """One map's element; ``sys_id`` and ``record_link`` are the target's, and an error carries neither."""
    shown = {"transform_map": outcome.map_name, "table": outcome.table}
    if outcome.status != ERROR and outcome.target is not None:
        records, target = call.instance.records, outcome.target
        shown["display_name"] = records.display_column(outcome.table)
        shown["display_value"] = records.display(outcome.table, target)
        shown["record_link"] = f"{call.instance.address}/api/now/table/{outcome.table}/{target['sys_id']}"
    shown["status"] = outcome.status
    if outcome.status == ERROR:
        shown["error_message"] = outcome.error_message
    elif outcome.target is not None:
        shown["sys_id"] = outcome.target["sys_id"]
    return shown | ({"status_message": outcome.status_message} if outcome.status_message else {})
