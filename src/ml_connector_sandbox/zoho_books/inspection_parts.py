"""What every document with lines shows when the books are inspected."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.books.documents import Document, LineItem
from ml_connector_sandbox.zoho_books.books.masters import TagChoice
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.values import iso, stamp


def document(books: OrganisationBooks, one: Document) -> dict[str, Any]:
    """Everything but whose it is and what is applied to it."""
    return {
        "document_id": one.document_id,
        "number": one.number,
        "state": one.state,
        "date": iso(one.date),
        "currency_code": one.currency_code,
        "exchange_rate": one.exchange_rate,
        "reference_number": one.reference_number,
        "sub_total": one.sub_total,
        "tax_total": one.tax_total,
        "adjustment": one.adjustment,
        "discount_total": one.discount_total,
        "total": one.total,
        "texts": dict(one.texts),
        "custom": custom_values(books, one.custom),
        "tags": tag_names(books, one.tags),
        "last_modified_time": stamp(one.modified, books.zone),
        "postings": [
            {"account_type": books.accounts[side.account_id].account_type, "amount": side.amount}
            for side in books.ledger.entry(one.document_id)
        ],
        "lines": [_line(books, line) for line in one.lines],
    }


def tag_names(books: OrganisationBooks, chosen: list[TagChoice]) -> dict[str, str]:
    """Tag name -> name of the option chosen."""
    tags = [(books.reporting_tags[one.tag_id], one.tag_option_id) for one in chosen]
    return {tag.tag_name: tag.options[option].option_name for tag, option in tags}


def custom_values(books: OrganisationBooks, values: dict[str, Any]) -> dict[str, Any]:
    """API name of a custom field -> its value."""
    return {books.custom_fields[key].api_name: value for key, value in values.items()}


def _line(books: OrganisationBooks, line: LineItem) -> dict[str, Any]:
    return {
        "account_name": books.accounts[line.account_id].account_name,
        "item_id": line.item_id,
        "rate": line.rate,
        "quantity": line.quantity,
        "item_total": line.item_total,
        "tax_id": line.tax_id,
        "texts": {name: value for name, value in line.texts.items() if value},
        "tags": tag_names(books, line.tags),
    }
