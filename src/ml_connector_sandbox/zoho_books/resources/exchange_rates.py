"""``/settings/currencies/{id}/exchangerates``: rates the organisation chose; with the first one they are not automatic."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.books.body import day, decimal, parse_day
from ml_connector_sandbox.zoho_books.books.masters import Currency, ExchangeRate
from ml_connector_sandbox.zoho_books.books.values import iso, number
from ml_connector_sandbox.zoho_books.errors import invalid, missing


def list_rates(call: ApiCall) -> Reply:
    """The chosen rates, newest first; ``from_date`` leaves older ones out, ``is_current_date`` all but today's."""
    currency, kept = _currency(call), sorted(_currency(call).rates, key=lambda one: one.effective, reverse=True)
    if call.query.get("from_date"):
        first = parse_day(call.query["from_date"], "from_date")
        kept = [one for one in kept if one.effective >= first]
    if call.query.get("is_current_date", "").lower() == "true":
        held = currency.chosen(call.books.today())
        kept = [held] if held else []
    return Reply(payload={"exchange_rates": [_row(currency, one) for one in kept]})


def create_rate(call: ApiCall) -> Reply:
    """A rate from a day on; the base currency has none."""
    currency = _currency(call)
    if currency.is_base:
        raise invalid("currency_id")
    effective = day(call.body, "effective_date", call.books.today())
    made = call.books.add_exchange_rate(currency.currency_code, _rate(call), effective)
    return Reply(
        payload={"exchange_rate": _row(currency, made)}, message="The exchange rate has been added.", status=201
    )


def get_rate(call: ApiCall) -> Reply:
    """One chosen rate."""
    currency = _currency(call)
    return Reply(payload={"exchange_rate": _row(currency, _found(call, currency))})


def update_rate(call: ApiCall) -> Reply:
    """Change rate or day."""
    currency = _currency(call)
    one = _found(call, currency)
    rate = _rate(call) if "rate" in call.body else one.rate
    one.effective, one.rate = day(call.body, "effective_date", one.effective), rate
    return Reply(payload={"exchange_rate": _row(currency, one)}, message="The exchange rate has been updated.")


def delete_rate(call: ApiCall) -> Reply:
    """Take a rate away; without any, rates are automatic again."""
    currency = _currency(call)
    currency.rates.remove(_found(call, currency))
    return Reply(message="Exchange rate successfully deleted")


def _rate(call: ApiCall) -> Decimal:
    rate = decimal(call.body, "rate")
    if rate <= 0:
        raise invalid("rate")
    return rate


def _currency(call: ApiCall) -> Currency:
    currency = call.books.currency_by_id(call.path["currency_id"])
    if currency is None:
        raise missing("Currency")
    return currency


def _found(call: ApiCall, currency: Currency) -> ExchangeRate:
    for one in currency.rates:
        if one.exchange_rate_id == call.path["exchange_rate_id"]:
            return one
    raise missing("Exchange rate")


def _row(currency: Currency, one: ExchangeRate) -> dict[str, Any]:
    return {
        "exchange_rate_id": one.exchange_rate_id,
        "currency_id": currency.currency_id,
        "currency_code": currency.currency_code,
        "effective_date": iso(one.effective),
        "rate": number(one.rate),
    }


ALL = "/settings/currencies/{currency_id}/exchangerates"
ONE = f"{ALL}/{{exchange_rate_id}}"
ROUTES = [
    Route(method="GET", path=ALL, scope="settings.READ", handler=list_rates),
    Route(method="POST", path=ALL, scope="settings.CREATE", handler=create_rate, takes_body=True),
    Route(method="GET", path=ONE, scope="settings.READ", handler=get_rate),
    Route(method="PUT", path=ONE, scope="settings.UPDATE", handler=update_rate, takes_body=True),
    Route(method="DELETE", path=ONE, scope="settings.DELETE", handler=delete_rate),
]
