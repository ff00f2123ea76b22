"""How a line is shown."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.xero.books.documents import Document, Line
from ml_connector_sandbox.xero.books.issues import Issues
from ml_connector_sandbox.xero.books.organisation import OrganisationBooks
from ml_connector_sandbox.xero.books.values import money, plain, rounded


def lines(
    books: OrganisationBooks, document: Document, places: int, issues: Issues | None = None
) -> list[dict[str, Any]]:
    """All lines; unit prices with so many decimals. ``issues``: of a refused document."""
    return [
        _line(books, line, places, issues.lines.get(number, []) if issues else [])
        for number, line in enumerate(document.lines)
    ]


def _line(books: OrganisationBooks, line: Line, places: int, messages: list[str]) -> dict[str, Any]:
    account = books.account_by_code(line.account_code)
    shown: dict[str, Any] = {
        "ItemCode": line.item_code or None,
        "Description": line.description or None,
        "UnitAmount": None if line.unit_amount is None else plain(rounded(line.unit_amount, places)),
        "TaxType": line.tax_type or None,
        "TaxAmount": money(line.tax),
        "LineAmount": money(line.amount),
        "AccountCode": line.account_code or None,
        "Tracking": [_tracking(books, *choice) for choice in line.tracking],
        "Quantity": None if line.quantity is None else plain(line.quantity),
        "DiscountRate": None if line.discount_rate is None else plain(line.discount_rate),
        "DiscountAmount": None if line.discount_amount is None else money(line.discount_amount),
        "LineItemID": line.line_id,
        "AccountID": account.account_id if account else None,
        "ValidationErrors": [{"Message": one} for one in messages],
    }
    return {name: value for name, value in shown.items() if value is not None}


def _tracking(books: OrganisationBooks, category_id: str, option_id: str) -> dict[str, Any]:
    category = books.tracking[category_id]
    option = next(one for one in category.options if one.option_id == option_id)
    return {
        "Name": category.name,
        "Option": option.name,
        "TrackingCategoryID": category_id,
        "TrackingOptionID": option_id,
    }
