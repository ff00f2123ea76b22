"""Writing journal entries: external ones are made and deleted. The answer has no body, so the new id is not told."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from aiohttp import web

from ml_connector_sandbox.servicetitan.answers import invalid, module_refusal
from ml_connector_sandbox.servicetitan.bodies import Errors, Property, check_body, check_each, require
from ml_connector_sandbox.servicetitan.books import JournalEntry, JournalLine
from ml_connector_sandbox.servicetitan.books.journals import POSTING_STATUSES, unbalanced
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.resources.journal_entries import entry_of
from ml_connector_sandbox.servicetitan.rows import rendered

_MOST_CUSTOM_FIELDS = 5
_CREATE = (
    Property("status", "text", required=True, values=POSTING_STATUSES),
    Property("versionId", "integer", required=True),
    Property("name", "text", nullable=True),
    Property("message", "text", nullable=True),
    Property("postDate", "day", nullable=True),
    Property("customFields", "object", nullable=True),
    Property("lines", "list", nullable=True),
)
_ID = ("accountId", "businessUnitId", "customerId", "vendorId", "jobId", "inventoryLocationId", "customerLocationId",
       "paymentTypeId", "projectId", "budgetCodeId", "employeeId", "serviceAgreementId")  # fmt: skip
_LINE = (
    Property("debit", "number", required=True),
    Property("credit", "number", required=True),
    Property("postDate", "day", nullable=True),
    Property("memo", "text", nullable=True),
    Property("quantity", "number", nullable=True),
    Property("unitAmount", "number", nullable=True),
    Property("externalObjects", "list", nullable=True),
    Property("appliedTo", "object", nullable=True),
    Property("sku", "object", nullable=True),
    *(Property(name, "integer", nullable=True) for name in _ID),
)


async def _create(call: ApiCall) -> web.Response:
    body, unknown = await call.json_object(), call.switches.refuse_unknown_properties
    require(check_body(body, _CREATE, unknown) or check_each(body, "lines", _LINE, unknown) or _custom(body))
    lines = tuple(_line(one) for one in body.get("lines") or ())
    if call.switches.journal_entry_lines_are_checked:
        require(_wrong(lines))
    try:
        kept = call.books.journals.enter(_entry(call, body, lines))
    except ValueError as error:
        raise invalid({"lines": [str(error)]}) from error
    if call.switches.journal_entry_creation_answers_id:
        return call.answer(rendered({"id": kept.guid}, call.switches.extra_fields))
    return call.empty()


def _custom(body: dict[str, Any]) -> Errors:
    """Texts or null by name, five at most."""
    given = body.get("customFields") or {}
    if len(given) > _MOST_CUSTOM_FIELDS:
        return {"customFields": [f"At most {_MOST_CUSTOM_FIELDS} custom fields are allowed, {len(given)} were given."]}
    wrong = [name for name, value in given.items() if not (value is None or isinstance(value, str))]
    return {f"customFields.{name}": [f"The value is not valid for {name}."] for name in wrong}


def _wrong(lines: tuple[JournalLine, ...]) -> Errors:
    """Each line an account and one side, and both sides equal: what an entry of a ledger has to be."""
    errors: Errors = {}
    for place, one in enumerate(lines):
        if one.account_id is None:
            errors[f"lines[{place}].accountId"] = ["The accountId field is required."]
        if min(one.debit, one.credit) < 0 or (one.debit and one.credit):
            errors[f"lines[{place}]"] = ["A line has a debit or a credit, and neither is negative."]
    if unbalanced(lines):
        errors["lines"] = [f"Debits and credits do not balance: they differ by {unbalanced(lines)}."]
    return errors


def _entry(call: ApiCall, body: dict[str, Any], lines: tuple[JournalLine, ...]) -> JournalEntry:
    return JournalEntry(
        number=call.books.journals.next_number(),
        name=body.get("name"),
        status=body["status"],
        version_id=body["versionId"],
        message=body.get("message"),
        post_date=_day(body),
        lines=lines,
        custom_fields=tuple((body.get("customFields") or {}).items()),
    )


def _line(one: dict[str, Any]) -> JournalLine:
    return JournalLine(
        debit=Decimal(one["debit"]),
        credit=Decimal(one["credit"]),
        account_id=one.get("accountId"),
        memo=one.get("memo"),
        post_date=_day(one),
        business_unit_id=one.get("businessUnitId"),
        customer_id=one.get("customerId"),
        vendor_id=one.get("vendorId"),
        job_id=one.get("jobId"),
    )


def _day(body: dict[str, Any]) -> date | None:
    text = body.get("postDate")
    return None if text is None else date.fromisoformat(text)


async def _delete(call: ApiCall) -> web.Response:
    """External ones alone, with an answer without a body."""
    entry = entry_of(call)
    try:
        call.books.journals.delete(entry.guid)
    except ValueError as error:
        raise module_refusal(400, str(error)) from error
    return call.empty()


_WRITE, _SWITCH = "tn.acc.journalentries:w", "journal_entries_available"

OPERATIONS = (
    Operation("POST", "accounting", "journal-entries", _WRITE, _create, _SWITCH),
    Operation("DELETE", "accounting", "journal-entries/{id}", _WRITE, _delete, _SWITCH),
)
