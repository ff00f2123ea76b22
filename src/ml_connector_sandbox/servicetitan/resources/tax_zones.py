"""tax-zones: read-only, sorted by name where the other lists sort by modification; no read by id."""

from __future__ import annotations

from aiohttp import web

from ml_connector_sandbox.servicetitan.books import TaxRate, TaxZone
from ml_connector_sandbox.servicetitan.calls import ApiCall, Operation
from ml_connector_sandbox.servicetitan.listing import ListRules, envelope, read_page
from ml_connector_sandbox.servicetitan.shapes import Row, stamps

_RULES = ListRules(sorts=("Id", "Name", "CreatedOn"), ids_maximum=None)


async def _list(call: ApiCall) -> web.Response:
    page = read_page(call, call.books.tax_zones, _RULES)
    return envelope(call, page, call.books.tax_zones, "tax-zones", _row)


def _row(zone: TaxZone) -> Row:
    return {
        "id": zone.id,
        "name": zone.name,
        "color": zone.color,
        "isTaxRateSeparated": zone.is_tax_rate_separated,
        "isMultipleTaxZone": zone.is_multiple_tax_zone,
        "rates": [_rate(rate) for rate in zone.rates],
        **stamps(zone),
        "active": zone.active,
    }


def _rate(rate: TaxRate) -> Row:
    return {
        "id": rate.id,
        "taxName": rate.name,
        "taxBaseType": list(rate.bases),
        "taxRate": rate.rate,
        "salesTaxItem": rate.sales_tax_item,
    }


OPERATIONS = (Operation("GET", "accounting", "tax-zones", "tn.acc.taxzones:r", _list),)
