"""Reporting tags and custom fields chosen on a document, a line or a contact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ml_connector_sandbox.zoho_books.books.body import Body, objects, text
from ml_connector_sandbox.zoho_books.books.masters import CustomField, ReportingTag, TagChoice
from ml_connector_sandbox.zoho_books.errors import Refused, invalid, too_long

if TYPE_CHECKING:
    from ml_connector_sandbox.zoho_books.books.records import Records

CUSTOM_TEXT_LIMIT = 255


def read_tags(books: Records, body: Body, place: str = "") -> list[TagChoice]:
    """The tags of ``body``; tag and option must be known and active. ``place``: transaction or line_item, where the
    preference of a tag says it is chosen; whether it is refused elsewhere is a switch."""
    found = [_choice(books, one) for one in objects(body, "tags") if text(one, "tag_option_id")]
    for one in found:
        tag = books.reporting_tags[one.tag_id]
        if place and books.switches.tags_by_preference and tag.preference != place:
            raise invalid("tags")
    return found


def require_tags(books: Records, entity: str, header: list[TagChoice], lines: list[list[TagChoice]]) -> None:
    """A mandatory tag of ``entity`` (sales, purchases) must be chosen where its preference puts it: on every line, or on the

    document.
    """
    for tag in books.reporting_tags.values():
        if not (tag.mandatory and tag.active and entity in tag.entities and books.reporting_tags_offered):
            continue
        places = lines if tag.preference == "line_item" else [header]
        if any(tag.tag_id not in {one.tag_id for one in place} for place in places):
            message = f"Please select an option for the reporting tag {tag.tag_name}."
            raise Refused(400, books.switches.mandatory_tag_code, message)


def read_custom(books: Records, module: str, values: list[Body]) -> dict[str, Any]:
    """Field id -> value. A field may be named by customfield_id, custom_field_id, api_name, index or label."""
    found: dict[str, Any] = {}
    for one in values:
        field = _field(books.fields_of(module), one)
        value = one.get("value", "")
        if isinstance(value, str) and len(value) > CUSTOM_TEXT_LIMIT:
            raise too_long(field.label, CUSTOM_TEXT_LIMIT)
        found[field.field_id] = value
    return found


def merge_custom(books: Records, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """What stands after a PUT."""
    return dict(new) if books.switches.custom_fields_replace else {**old, **new}


def check_custom(books: Records, module: str, values: dict[str, Any], document_id: str) -> None:
    """Mandatory fields are filled, and fields that reject duplicates hold a value once."""
    for field in books.fields_of(module):
        value = str(values.get(field.field_id, ""))
        if field.mandatory and not value:
            raise invalid(field.label)
        owner = books.unique_values.get((field.field_id, value))
        if field.unique and value and owner not in (None, document_id):
            message = f"The value {value} for {field.label} already exists. Please specify a different value."
            raise Refused(400, books.switches.duplicate_field_code, message)


def file_unique(books: Records, module: str, values: dict[str, Any], document_id: str) -> None:
    """Note which document holds which unique value; call ``drop_unique`` with the earlier values first."""
    for field in books.fields_of(module):
        value = str(values.get(field.field_id, ""))
        if field.unique and value:
            books.unique_values[field.field_id, value] = document_id


def drop_unique(books: Records, module: str, values: dict[str, Any]) -> None:
    """Give up the unique values a document held."""
    for field in books.fields_of(module):
        books.unique_values.pop((field.field_id, str(values.get(field.field_id, ""))), None)


def _choice(books: Records, one: Body) -> TagChoice:
    tag = _tag(books, text(one, "tag_id"))
    option = tag.options.get(text(one, "tag_option_id"))
    if option is None:
        raise Refused(400, books.switches.unknown_reference_code, "Invalid value passed for tag_option_id")
    if not option.active:
        raise Refused(400, books.switches.inactive_code, f"The tag option {option.option_name} is inactive.")
    return TagChoice(tag.tag_id, option.option_id)


def _tag(books: Records, tag_id: str) -> ReportingTag:
    tag = books.reporting_tags.get(tag_id)
    if tag is None or not books.reporting_tags_offered:
        raise Refused(400, books.switches.unknown_reference_code, "Invalid value passed for tag_id")
    if not tag.active:
        raise Refused(400, books.switches.inactive_code, f"The reporting tag {tag.tag_name} is inactive.")
    return tag


def _field(fields: list[CustomField], one: Body) -> CustomField:
    for field in fields:
        named = {
            "customfield_id": field.field_id,
            "custom_field_id": field.field_id,
            "api_name": field.api_name,
            "index": str(field.index),
            "label": field.label,
        }
        given = next((name for name in named if one.get(name) not in (None, "")), "")
        if given and str(one[given]) == named[given]:
            return field
    raise invalid("custom_fields")
