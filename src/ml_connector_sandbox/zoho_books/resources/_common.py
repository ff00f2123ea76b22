"""Pieces of answers that several resources share."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.books.masters import Contact, Currency, TagChoice
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks

USER_ID_SUFFIX = "000000093001"
APPROVAL = {
    "approvers_list": [],
    "submitted_date": "",
    "submitted_by": "",
    "submitted_by_name": "",
    "submitted_by_email": "",
    "submitted_by_photo_url": "",
    "submitter_id": "",
    "approver_id": "",
}


def blank(*names: str) -> dict[str, str]:
    """Fields without a value; the API writes them as empty texts, not null."""
    return dict.fromkeys(names, "")


def created_by_id(books: OrganisationBooks) -> str:
    """The id of the user inside the organisation."""
    return books.profile.id_prefix + USER_ID_SUFFIX


def user_name(books: OrganisationBooks, name: str) -> str:
    """Who entered a document; seeded documents default to the organisation's first user."""
    users = books.company.users.values()
    return name or next((one.name for one in users if books.organization_id in one.organization_ids), "")


def currency_fields(currency: Currency) -> dict[str, Any]:
    """The currency as documents show it."""
    return {
        "currency_id": currency.currency_id,
        "currency_code": currency.currency_code,
        "currency_symbol": currency.currency_symbol,
    }


def formatted_currency(currency: Currency) -> str:
    """``USD- United States Dollar``."""
    return f"{currency.currency_code}- {currency.currency_name}"


def tags(books: OrganisationBooks, chosen: list[TagChoice]) -> list[dict[str, Any]]:
    """Chosen reporting tags with their names."""
    found = []
    for one in chosen:
        tag = books.reporting_tags[one.tag_id]
        found.append(
            {
                "tag_id": one.tag_id,
                "tag_name": tag.tag_name,
                "tag_option_id": one.tag_option_id,
                "tag_option_name": tag.options[one.tag_option_id].option_name,
                "is_tag_mandatory": tag.mandatory,
            }
        )
    return found


def custom(books: OrganisationBooks, module: str, values: dict[str, Any]) -> dict[str, Any]:
    """``custom_fields`` and ``custom_field_hash`` of whatever has a value."""
    rows, by_name = [], {}
    for field in books.fields_of(module):
        if field.field_id not in values:
            continue
        value = values[field.field_id]
        by_name[field.api_name] = value
        rows.append(
            {
                "customfield_id": field.field_id,
                "custom_field_id": field.field_id,
                "index": field.index,
                "label": field.label,
                "api_name": field.api_name,
                "data_type": field.data_type,
                "value": value,
                "value_formatted": str(value),
            }
        )
    return {"custom_fields": rows, "custom_field_hash": by_name}


def address(kept: dict[str, str], *, names: tuple[str, ...]) -> dict[str, str]:
    """An address with every part present."""
    return {name: kept.get(name, "") for name in names}


def primary_person(contact: Contact) -> dict[str, Any]:
    """The primary contact person, whose e-mail and phone stand on the contact itself."""
    return next((one for one in contact.persons if one["is_primary_contact"]), {})
