"""Writes as the rules of the platform see them: roles, business rules, data policies, the data base."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector_sandbox.servicenow import errors
from ml_connector_sandbox.servicenow.api.call import ApiCall, text_of
from ml_connector_sandbox.servicenow.books.access import CREATE, DELETE, WRITE
from ml_connector_sandbox.servicenow.books.dictionary import Column
from ml_connector_sandbox.servicenow.books.records import InsertFailed, Row
from ml_connector_sandbox.servicenow.books.values import STAMP, stamp
from ml_connector_sandbox.servicenow.instance import ANY_CHOICE

ACL, RULE, POLICY = "acl", "business rule", "data policy"
TROUBLES = (ACL, RULE, POLICY)
SANDBOX_RULE = "Sandbox: refuse this write"
_WORDS = {CREATE: "Insert", WRITE: "Update", DELETE: "Delete"}


def given(call: ApiCall, table: str) -> dict[str, str]:
    """The body's record as stored texts. Raises Refused."""
    known = call.instance.records.columns(table)
    display = call.flag("sysparm_input_display_value")
    made = {}
    for name, value in call.record().items():
        text = text_of(value)
        column = known.get(name)
        if column is None:
            continue
        made[name] = _input(call, column, text) if display else text
        _require_choice(call, table, column, made[name])
    return made


def require(call: ApiCall, table: str, operation: str, row: Row) -> None:
    """Raises Refused when roles, a business rule or a data policy stop the write of ``row`` as it would be."""
    access, struck = call.instance.access, call.struck(*TROUBLES)
    if struck == ACL or not access.allowed(call.user, table, operation, row):
        raise errors.acl_failed(_WORDS[operation])
    stop = access.stopped(table, operation, row)
    if struck == RULE or stop is not None:
        name = stop.name if stop else SANDBOX_RULE
        raise errors.aborted(table, name, call.instance.records.new_id())
    missing = [] if operation == DELETE else access.missing(table, row)
    if struck == POLICY or missing:
        raise errors.policy_failed(missing or ["Name"])


def inserted(call: ApiCall, table: str, values: dict[str, str]) -> Row:
    """A new row, transformed when it is a staging row. Raises Refused."""
    instance = call.instance
    sent = {**dict.fromkeys(instance.records.columns(table), ""), **values, "sys_class_name": table}
    require(call, table, CREATE, sent)
    wanted = {"sys_id": text_of(call.record().get("sys_id"))} | values
    try:
        if not instance.imports.is_staging(table):
            return instance.records.insert(table, wanted, call.user.name)
        row = instance.imports.put(table, values, call.user.name)
    except InsertFailed as refusal:
        raise errors.insert_failed(instance.switches.unique_status, table, str(refusal)) from refusal
    if instance.switches.table_post_transforms:
        instance.imports.transformed(row, call.user.name)
    return row


def changed(call: ApiCall, row: Row, values: dict[str, str]) -> None:
    """Change a row; what is not sent stays. Raises Refused."""
    table = row["sys_class_name"]
    require(call, table, WRITE, row | values)
    try:
        call.instance.records.update(row, values, call.user.name)
    except InsertFailed as refusal:
        raise errors.insert_failed(call.instance.switches.unique_status, table, str(refusal)) from refusal


def _input(call: ApiCall, column: Column, text: str) -> str:
    """A display value as the stored one; a reference that nobody is displayed as stays as it was sent."""
    if column.type == "glide_date_time" and text:
        try:
            local = datetime.strptime(text, STAMP).replace(tzinfo=ZoneInfo(call.user.zone))
        except ValueError:
            return text
        return stamp(local.astimezone(UTC))
    if column.type == "reference" and text:
        records = call.instance.records
        found = records.find(column.reference, **{records.display_column(column.reference): text})
        return found["sys_id"] if found else text
    return next((choice for choice, label in column.choices if label == text), text)


def _require_choice(call: ApiCall, table: str, column: Column, text: str) -> None:
    if call.instance.property(ANY_CHOICE) == "false" and column.choices and text:
        known: tuple[Any, ...] = tuple(choice for choice, _ in column.choices)
        if text not in known:
            raise errors.insert_failed(403, table, text)
