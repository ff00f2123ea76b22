"""Update, or create, by the value of a custom field that rejects duplicates."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall
from ml_connector_sandbox.zoho_books.books import choices
from ml_connector_sandbox.zoho_books.books.body import objects
from ml_connector_sandbox.zoho_books.books.masters import CustomField
from ml_connector_sandbox.zoho_books.errors import Refused, invalid, missing


def upsert_target(call: ApiCall, module: str, resource: str) -> tuple[str | None, dict[str, Any]]:
    """The id of the document that holds the value (None: to be created) and the body to apply.

    Raises Refused without the two headers, for a field that is not unique, and with 404 when nothing holds the
    value and ``X-Upsert`` is not ``true``.
    """
    key, value = (
        call.headers.get("X-Unique-Identifier-Key", ""),
        call.headers.get("X-Unique-Identifier-Value", ""),
    )
    if not key or not value:
        raise invalid("X-Unique-Identifier-Key" if not key else "X-Unique-Identifier-Value")
    field = _unique_field(call, module, key)
    found = call.books.unique_values.get((field.field_id, value))
    if found is not None:
        return found, _kept(call, module, field, value)
    if call.headers.get("X-Upsert", "").lower() != "true":
        raise missing(resource)
    return None, _completed(call, module, field, value)


def _unique_field(call: ApiCall, module: str, key: str) -> CustomField:
    for field in call.books.fields_of(module):
        if field.api_name == key and field.unique:
            return field
    message = f"{key} is not a custom field that rejects duplicate values."
    raise Refused(400, call.switches.not_unique_field_code, message)


def _names(call: ApiCall, module: str, field: CustomField) -> bool:
    given = choices.read_custom(call.books, module, objects(call.body, "custom_fields"))
    return field.field_id in given


def _kept(call: ApiCall, module: str, field: CustomField, value: str) -> dict[str, Any]:
    """An update that brings custom fields without the key keeps the key's value."""
    if "custom_fields" not in call.body or _names(call, module, field):
        return dict(call.body)
    return _with_value(call, field, value)


def _completed(call: ApiCall, module: str, field: CustomField, value: str) -> dict[str, Any]:
    if _names(call, module, field) or call.switches.upsert_body_repeat == "lost":
        return dict(call.body)
    if call.switches.upsert_body_repeat == "refused":
        raise invalid(field.label)
    return _with_value(call, field, value)


def _with_value(call: ApiCall, field: CustomField, value: str) -> dict[str, Any]:
    own = {"customfield_id": field.field_id, "value": value}
    return {**call.body, "custom_fields": [*objects(call.body, "custom_fields"), own]}
