"""Pages of short lists that hang on a document."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall
from ml_connector_sandbox.zoho_books.api.paging import page_size


def page_of_rows(call: ApiCall, rows: list[dict[str, Any]], report: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The page that was asked for, and its context; the order is that of entry."""
    page, size = page_size(call)
    start = (page - 1) * size
    more = len(rows) > start + size
    context: dict[str, Any] = {"page": page, "per_page": size, "has_more_page": more, "report_name": report}
    return rows[start : start + size], context | {"sort_column": "date", "sort_order": "A"}
