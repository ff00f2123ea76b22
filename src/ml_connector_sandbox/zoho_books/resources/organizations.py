"""``/organizations``: the one list without organization_id, page context and rate-limit headers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ml_connector_sandbox.zoho_books.api.call import ApiCall, Reply, Route
from ml_connector_sandbox.zoho_books.books.organisation import OrganisationBooks
from ml_connector_sandbox.zoho_books.books.profile import PLAN_TYPES
from ml_connector_sandbox.zoho_books.errors import foreign_organisation
from ml_connector_sandbox.zoho_books.resources._common import blank

MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip


def render(call: ApiCall, books: OrganisationBooks) -> dict[str, Any]:
    """An organisation. The fiscal year's start is a text: ``1`` in some countries, ``april`` in others."""
    profile, currency = books.profile, books.base_currency
    month = profile.fiscal_year_start
    local = books.now().astimezone(books.zone)
    return {
        "organization_id": books.organization_id,
        "name": profile.name,
        "contact_name": call.user.name,
        "email": call.user.email,
        "is_default_org": call.user.organization_ids[0] == books.organization_id,
        "language_code": "en",
        "fiscal_year_start_month": MONTHS[month - 1] if profile.fiscal_year_as_name else str(month),
        "account_created_date": "2020-01-01",
        "time_zone": profile.time_zone,
        "is_dst_active": bool(local.dst() and local.dst() != timedelta(0)),
        "date_format": "MM/dd/yyyy" if profile.country_code == "US" else "dd/MM/yyyy",
        "field_separator": ",",
        "industry_type": "Construction",
        "industry_size": "1-10",
        **blank("company_id_label", "company_id_value", "tax_id_label", "tax_id_value"),
        "currency_id": currency.currency_id,
        "currency_code": currency.currency_code,
        "currency_symbol": currency.currency_symbol,
        "currency_format": "###,##0.00",
        "price_precision": profile.price_precision,
        "plan_type": PLAN_TYPES[profile.plan],
        "plan_name": profile.plan,
        "plan_period": "Month",
        "country_code": profile.country_code,
        "country_name": "U.S.A" if profile.country_code == "US" else profile.country_code,
        "portal_name": profile.name.lower().replace(" ", ""),
        "org_settings": {"is_org_active": True},
    }


def list_organizations(call: ApiCall) -> Reply:
    """The organisations of the person who consented."""
    mine = [call.company.organisations[one] for one in call.user.organization_ids]
    return Reply(payload={"organizations": [render(call, one) for one in mine]})


def get_organization(call: ApiCall) -> Reply:
    """One organisation with its tax settings."""
    wanted = call.path["organization_id"]
    if wanted not in call.user.organization_ids:
        raise foreign_organisation(wanted)
    books = call.company.organisations[wanted]
    more = {
        "tax_edition": books.profile.tax_edition,
        "is_tax_registered": books.profile.tax_edition != "none",
        "tax_rounding": books.profile.tax_rounding,
    }
    return Reply(payload={"organization": render(call, books) | more})


ROUTES = [
    Route(
        method="GET",
        path="/organizations",
        scope="settings.READ",
        handler=list_organizations,
        needs_organisation=False,
    ),
    Route(
        method="GET",
        path="/organizations/{organization_id}",
        scope="settings.READ",
        handler=get_organization,
        needs_organisation=False,
    ),
]
