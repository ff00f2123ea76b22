"""``/settings/currencies``: the rate shown is 0 while rates are automatic; never multiply by it."""

from __future__ import annotations

from datetime import date
from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.api.paging import page_size
from ml_connector_sandbox.zoho_books.books.masters import Currency
from ml_connector_sandbox.zoho_books.books.values import iso, number
from ml_connector_sandbox.zoho_books.errors import missing
from ml_connector_sandbox.zoho_books.resources._common import formatted_currency


def list_currencies(call: ApiCall) -> Reply:
    """A page of currencies by code; the context has neither filter nor order."""
    kept = sorted(call.books.currencies.values(), key=lambda one: one.currency_code)
    page, size = page_size(call)
    start = (page - 1) * size
    context = {
        "page": page,
        "per_page": size,
        "has_more_page": len(kept) > start + size,
        "report_name": "Currencies",
    }
    today = call.books.today()
    rows = [_row(one, today) for one in kept[start : start + size]]
    return Reply(payload={"currencies": rows, "page_context": context})


def get_currency(call: ApiCall) -> Reply:
    """One currency."""
    currency = call.books.currency_by_id(call.path["currency_id"])
    if currency is None:
        raise missing("Currency")
    return Reply(payload={"currency": _row(currency, call.books.today())})


def _row(currency: Currency, today: date) -> dict[str, Any]:
    chosen = currency.chosen(today)
    return {
        "currency_id": currency.currency_id,
        "currency_code": currency.currency_code,
        "currency_name": currency.currency_name,
        "currency_name_formatted": formatted_currency(currency),
        "currency_symbol": currency.currency_symbol,
        "price_precision": currency.price_precision,
        "currency_format": "1,234,567.89" if currency.price_precision else "1,234,567",
        "is_base_currency": currency.is_base,
        "exchange_rate": number(chosen.rate) if chosen else 0,
        "effective_date": iso(chosen.effective) if chosen else "",
        "auto_exchange_rate_enabled": not currency.rates,
    }


ROUTES = [
    Route(method="GET", path="/settings/currencies", scope="settings.READ", handler=list_currencies),
    Route(method="GET", path="/settings/currencies/{currency_id}", scope="settings.READ", handler=get_currency),
]
