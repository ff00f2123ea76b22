"""The facts about an organisation that its settings page shows."""

from __future__ import annotations

from dataclasses import dataclass

# Calls per day by plan; a trial of a paid plan gets what the free plan gets.
DAILY_CALLS = {
    "Free": 1000,
    "Standard": 2000,
    "Professional": 5000,
    "Premium": 10000,
    "Elite": 10000,
    "Ultimate": 10000,
}
PLAN_TYPES = {"Free": 0, "Standard": 2, "Professional": 3, "Premium": 4, "Elite": 5, "Ultimate": 6}


@dataclass(slots=True, kw_only=True)
class Profile:
    """Settings of an organisation.

    ``tax_edition``: ``us`` (sales tax, becomes cost), ``vat`` (recoverable) or ``none`` (documents carry no tax).
    ``tax_rounding``: ``entity_level`` (once per tax and document) or ``item_level`` (on every line).
    ``fiscal_year_start``: month number 1-12. ``fiscal_year_as_name``: report the month as ``april`` instead of ``4``.
    """

    organization_id: str
    name: str
    data_centre: str
    id_prefix: str
    currency_code: str
    time_zone: str
    plan: str
    trial: bool
    country_code: str
    tax_edition: str
    tax_rounding: str
    price_precision: int
    fiscal_year_start: int
    fiscal_year_as_name: bool
    locations_enabled: bool
    reporting_tags_enabled: bool
    tax_exemption_required: bool
    purchase_approval: bool

    @property
    def calls_per_day(self) -> int:
        """API calls between two midnights of the organisation's zone."""
        return DAILY_CALLS["Free"] if self.trial else DAILY_CALLS[self.plan]

    @property
    def concurrent_calls(self) -> int:
        """API calls under way at once."""
        return 5 if self.plan == "Free" else 10
