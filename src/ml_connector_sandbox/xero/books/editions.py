"""What a fresh organisation has on file, by country: tax rates, system accounts, the words for its edition and zone."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

ALL = frozenset({"ASSET", "EQUITY", "EXPENSE", "LIABILITY", "REVENUE"})
SALES = frozenset({"ASSET", "EQUITY", "LIABILITY", "REVENUE"})
PURCHASES = frozenset({"ASSET", "EQUITY", "EXPENSE", "LIABILITY"})


@dataclass(frozen=True, slots=True)
class Rate:
    """A tax rate as the edition brings it; ``percent`` as digits."""

    name: str
    tax_type: str
    percent: str
    applies_to: frozenset[str]
    report: str
    status: str = "ACTIVE"


@dataclass(frozen=True, slots=True)
class Edition:
    """``version`` is the organisation's Version; sales and purchase accounts default to the first two rates."""

    version: str
    currency: str
    time_zone: str
    rates: tuple[Rate, ...]


_NZ = (
    Rate("15% GST on Income", "OUTPUT2", "15", SALES, "OUTPUT"),
    Rate("15% GST on Expenses", "INPUT2", "15", PURCHASES, "INPUT"),
    Rate("No GST", "NONE", "0", ALL, "NONE"),
    Rate("Zero Rated", "ZERORATED", "0", frozenset({"LIABILITY", "REVENUE"}), "OUTPUT"),
    Rate("GST on Imports", "GSTONIMPORTS", "0", frozenset({"LIABILITY"}), "GSTONIMPORTS"),
    Rate("12.5% GST on Income", "OUTPUT", "12.5", SALES, "OUTPUT", "DELETED"),
)
_GLOBAL = (
    Rate("Tax on Sales", "OUTPUT", "8.25", SALES, "OUTPUT"),
    Rate("Tax on Purchases", "INPUT", "8.25", PURCHASES, "INPUT"),
    Rate("Tax Exempt", "NONE", "0", ALL, "NONE"),
)
_AU = (
    Rate("GST on Income", "OUTPUT", "10", SALES, "OUTPUT"),
    Rate("GST on Expenses", "INPUT", "10", PURCHASES, "INPUT"),
    Rate("BAS Excluded", "BASEXCLUDED", "0", ALL, "BASEXCLUDED"),
    Rate("GST Free Income", "EXEMPTOUTPUT", "0", SALES, "EXEMPTOUTPUT"),
    Rate("GST Free Expenses", "EXEMPTEXPENSES", "0", PURCHASES, "EXEMPTEXPENSES"),
    Rate("No Tax", "NONE", "0", ALL, "NONE"),
)
_UK = (
    Rate("20% (VAT on Income)", "OUTPUT2", "20", SALES, "OUTPUT"),
    Rate("20% (VAT on Expenses)", "INPUT2", "20", PURCHASES, "INPUT"),
    Rate("Zero Rated Income", "ZERORATEDOUTPUT", "0", SALES, "OUTPUT"),
    Rate("Zero Rated Expenses", "ZERORATEDINPUT", "0", PURCHASES, "INPUT"),
    Rate("No VAT", "NONE", "0", ALL, "NONE"),
)
EDITIONS = MappingProxyType(
    {
        "NZ": Edition("NZ", "NZD", "Pacific/Auckland", _NZ),
        "AU": Edition("AU", "AUD", "Australia/Sydney", _AU),
        "GB": Edition("UK", "GBP", "Europe/London", _UK),
        "US": Edition("US", "USD", "America/New_York", _GLOBAL),
    }
)
"""Country code -> edition; every other country has the global one."""


def edition(country_code: str) -> Edition:
    """The edition of a country."""
    return EDITIONS.get(country_code) or Edition("GLOBAL", "USD", "America/New_York", _GLOBAL)


SYSTEM_ACCOUNTS = (
    ("610", "Accounts Receivable", "CURRENT", "DEBTORS"),
    ("800", "Accounts Payable", "CURRLIAB", "CREDITORS"),
    ("820", "Sales Tax", "CURRLIAB", "GST"),
    ("860", "Rounding", "CURRLIAB", "ROUNDING"),
    ("960", "Retained Earnings", "EQUITY", "RETAINEDEARNINGS"),
    ("498", "Realised Currency Gains", "EXPENSE", "REALISEDCURRENCYGAIN"),
)
"""Code, name, type, system account."""

ZONE_WORDS = MappingProxyType(
    {
        "Pacific/Auckland": "NEWZEALANDSTANDARDTIME",
        "Australia/Sydney": "AUSEASTERNSTANDARDTIME",
        "Europe/London": "GMTSTANDARDTIME",
        "America/New_York": "EASTERNSTANDARDTIME",
        "America/Chicago": "CENTRALSTANDARDTIME",
        "America/Denver": "MOUNTAINSTANDARDTIME",
        "America/Phoenix": "USMOUNTAINSTANDARDTIME",
        "America/Los_Angeles": "PACIFICSTANDARDTIME",
    }
)
"""IANA zone -> the organisation's Timezone word."""

CURRENCIES = MappingProxyType(
    {
        "NZD": "New Zealand Dollar", "AUD": "Australian Dollar", "GBP": "British Pound",
        "USD": "United States Dollar", "EUR": "Euro", "CAD": "Canadian Dollar",
    }
)  # fmt: skip
