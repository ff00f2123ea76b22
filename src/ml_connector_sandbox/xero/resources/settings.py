"""The small lists: tax rates, tracking categories, currencies, branding themes, users, items."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from ml_connector_sandbox.xero.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.xero.api.reading import Rules, chosen, modified_since
from ml_connector_sandbox.xero.api.where import Getter
from ml_connector_sandbox.xero.books.editions import ALL
from ml_connector_sandbox.xero.books.masters import ACTIVE, Currency, Item, OrganisationUser, TaxRate, TrackingCategory
from ml_connector_sandbox.xero.books.values import milliseconds, plain, rounded, stamp
from ml_connector_sandbox.xero.errors import NotFound

Rows = Callable[[ApiCall], Iterable[Any]]


def tax_rate(call: ApiCall, one: TaxRate) -> dict[str, Any]:
    """One tax rate."""
    applies = {f"CanApplyTo{_PLURALS[name]}": name in one.applies_to for name in sorted(ALL)}
    rate = plain(one.rate)
    component = {"Name": "Tax", "Rate": rate, "IsCompound": False, "IsNonRecoverable": False}
    return {
        "Name": one.name,
        "TaxType": one.tax_type,
        "ReportTaxType": one.report_tax_type,
        **applies,
        "DisplayTaxRate": rate,
        "EffectiveRate": rate,
        "Status": one.status,
        "TaxComponents": [component],
    }


_PLURALS = {
    "ASSET": "Assets", "EQUITY": "Equity", "EXPENSE": "Expenses", "LIABILITY": "Liabilities", "REVENUE": "Revenue",
}  # fmt: skip


def tracking_category(call: ApiCall, one: TrackingCategory) -> dict[str, Any]:
    """One category with its options; archived options only with the archived."""
    shown = [choice for choice in one.options if choice.status == ACTIVE or call.asked_flag("includeArchived")]
    options = [{"TrackingOptionID": choice.option_id, "Name": choice.name, "Status": choice.status} for choice in shown]
    return {"Name": one.name, "Status": one.status, "TrackingCategoryID": one.category_id, "Options": options}


def currency(call: ApiCall, one: Currency) -> dict[str, Any]:
    """One currency."""
    return {"Code": one.code, "Description": one.description}


def branding_theme(call: ApiCall, theme_id: str) -> dict[str, Any]:
    """The one theme there is."""
    created = f"/Date({milliseconds(call.books.profile.created)})/"
    return {"BrandingThemeID": theme_id, "Name": "Standard", "SortOrder": 0, "CreatedDateUTC": created}


def user(call: ApiCall, one: OrganisationUser) -> dict[str, Any]:
    """One person."""
    return {
        "UserID": one.user_id,
        "EmailAddress": one.email,
        "FirstName": one.first_name,
        "LastName": one.last_name,
        "UpdatedDateUTC": stamp(one.updated),
        "IsSubscriber": one.is_subscriber,
        "OrganisationRole": one.role,
    }


def item(call: ApiCall, one: Item) -> dict[str, Any]:
    """One item."""
    return {
        "ItemID": one.item_id,
        "Code": one.code,
        "Name": one.name,
        "Description": one.description,
        "UpdatedDateUTC": stamp(one.updated),
        "PurchaseDetails": _details(call, one.purchase_price, one.purchase_account, one.purchase_tax),
        "SalesDetails": _details(call, one.sales_price, one.sales_account, one.sales_tax),
        "IsTrackedAsInventory": False,
        "IsSold": one.sales_price is not None,
        "IsPurchased": one.purchase_price is not None,
    }


def _details(call: ApiCall, price: Any, account: str, tax: str) -> dict[str, Any]:
    unit = None if price is None else plain(rounded(price, call.unit_places))
    found = {"UnitPrice": unit, "AccountCode": account or None, "TaxType": tax or None}
    return {name: value for name, value in found.items() if value is not None}


def _tracked(call: ApiCall) -> list[TrackingCategory]:
    archived = call.asked_flag("includeArchived")
    return [one for one in call.books.tracking.values() if archived or one.status == ACTIVE]


def _list(
    plural: str, rows: Rows, show: Callable[[ApiCall, Any], Any], fields: dict[str, Getter], call: ApiCall
) -> Reply:
    since = modified_since(call)
    kept = [one for one in rows(call) if since is None or getattr(one, "updated", since) >= since]
    found = chosen(call, Rules(fields=fields, paged=False), kept)
    return Reply(payload={plural: [show(call, one) for one in found.rows]})


def _one(plural: str, rows: Rows, show: Callable[[ApiCall, Any], Any], keys: tuple[str, ...], call: ApiCall) -> Reply:
    wanted = call.path["id"].lower()
    for one in rows(call):
        values = (one,) if isinstance(one, str) else tuple(getattr(one, key) for key in keys)
        if wanted in {value.lower() for value in values}:
            return Reply(payload={plural: [show(call, one)]})
    raise NotFound


def _routes(
    plural: str, rows: Rows, show: Callable[[ApiCall, Any], Any], keys: tuple[str, ...], fields: dict[str, Getter]
) -> list[Route]:
    return [
        Route(method="GET", path=f"/{plural}", handler=partial(_list, plural, rows, show, fields)),
        Route(method="GET", path=f"/{plural}/{{id}}", handler=partial(_one, plural, rows, show, keys)),
    ]


ROUTES = [
    *_routes(
        "TaxRates",
        lambda call: call.books.tax_rates.values(),
        tax_rate,
        ("tax_type",),
        {"Name": lambda one: one.name, "TaxType": lambda one: one.tax_type, "Status": lambda one: one.status},
    ),
    *_routes(
        "TrackingCategories",
        _tracked,
        tracking_category,
        ("category_id",),
        {"Name": lambda one: one.name, "Status": lambda one: one.status},
    ),
    *_routes(
        "Currencies", lambda call: call.books.currencies.values(), currency, ("code",), {"Code": lambda one: one.code}
    ),
    *_routes("BrandingThemes", lambda call: [call.books.branding_theme_id], branding_theme, (), {}),
    *_routes(
        "Users",
        lambda call: call.books.users.values(),
        user,
        ("user_id",),
        {"EmailAddress": lambda one: one.email, "IsSubscriber": lambda one: one.is_subscriber},
    ),
    *_routes(
        "Items",
        lambda call: call.books.items.values(),
        item,
        ("item_id", "code"),
        {
            "Code": lambda one: one.code,
            "Name": lambda one: one.name,
            "IsSold": lambda one: one.sales_price is not None,
            "IsPurchased": lambda one: one.purchase_price is not None,
        },
    ),
]
