"""What an organisation has on file besides its documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

ACCOUNT_CLASSES = MappingProxyType(
    {
        "BANK": "ASSET", "CURRENT": "ASSET", "FIXED": "ASSET", "INVENTORY": "ASSET", "NONCURRENT": "ASSET",
        "PREPAYMENT": "ASSET", "CURRLIAB": "LIABILITY", "LIABILITY": "LIABILITY", "TERMLIAB": "LIABILITY",
        "EQUITY": "EQUITY", "REVENUE": "REVENUE", "SALES": "REVENUE", "OTHERINCOME": "REVENUE",
        "DIRECTCOSTS": "EXPENSE", "EXPENSE": "EXPENSE", "OVERHEADS": "EXPENSE", "DEPRECIATN": "EXPENSE",
    }
)  # fmt: skip
"""Account type -> class."""

ACTIVE, ARCHIVED, DELETED = "ACTIVE", "ARCHIVED", "DELETED"


@dataclass(slots=True, kw_only=True)
class Account:
    """A line of the chart of accounts. ``code`` may be empty for bank accounts."""

    account_id: str
    code: str
    name: str
    type: str
    updated: datetime
    tax_type: str = "NONE"
    status: str = ACTIVE
    description: str = ""
    system_account: str = ""
    payments_enabled: bool = False
    bank_account_number: str = ""
    currency_code: str = ""

    @property
    def account_class(self) -> str:
        return ACCOUNT_CLASSES[self.type]


@dataclass(slots=True, kw_only=True)
class TaxRate:
    """``rate`` per hundred. ``applies_to``: account classes it may stand with; system rates have known types."""

    name: str
    tax_type: str
    rate: Decimal
    applies_to: frozenset[str]
    report_tax_type: str = "NONE"
    status: str = ACTIVE


@dataclass(slots=True, kw_only=True)
class TrackingOption:
    """One value of a tracking category."""

    option_id: str
    name: str
    status: str = ACTIVE


@dataclass(slots=True, kw_only=True)
class TrackingCategory:
    """A dimension; an organisation has two active ones at most."""

    category_id: str
    name: str
    options: list[TrackingOption]
    status: str = ACTIVE


@dataclass(slots=True, kw_only=True)
class Currency:
    """``rate``: units of this currency for one of the base currency, used when a document brings none."""

    code: str
    description: str
    rate: Decimal = Decimal(1)


@dataclass(slots=True, kw_only=True)
class Item:
    """A catalogue item that lines may name."""

    item_id: str
    code: str
    name: str
    updated: datetime
    description: str = ""
    sales_price: Decimal | None = None
    sales_account: str = ""
    sales_tax: str = ""
    purchase_price: Decimal | None = None
    purchase_account: str = ""
    purchase_tax: str = ""


@dataclass(slots=True, kw_only=True)
class OrganisationUser:
    """A person with access to the organisation."""

    user_id: str
    email: str
    first_name: str
    last_name: str
    updated: datetime
    is_subscriber: bool = False
    role: str = "STANDARD"


@dataclass(slots=True, kw_only=True)
class Contact:
    """A customer, a vendor, or both. ``texts``, ``phones`` and ``addresses`` are kept under the API's names."""

    contact_id: str
    name: str
    created: datetime
    updated: datetime
    sequence: int = 0
    status: str = ACTIVE
    number: str = ""
    account_number: str = ""
    is_customer: bool = False
    is_supplier: bool = False
    merged_to: str = ""
    terms: dict[str, dict[str, Any]] = field(default_factory=dict)  # by "Bills" and "Sales", as the API shows them
    texts: dict[str, str] = field(default_factory=dict)
    phones: dict[str, dict[str, str]] = field(default_factory=dict)
    addresses: dict[str, dict[str, str]] = field(default_factory=dict)
    persons: list[dict[str, str | bool]] = field(default_factory=list)

    @property
    def record_id(self) -> str:
        return self.contact_id


@dataclass(slots=True, kw_only=True)
class Profile:
    """What the organisation is. ``plan`` is its Class; ``approvals_left`` None: no cap on approved invoices."""

    organisation_id: str
    name: str
    country_code: str
    version: str
    base_currency: str
    time_zone: str
    plan: str
    short_code: str
    created: datetime
    is_demo: bool = False
    year_end: tuple[int, int] = (31, 12)  # day, month
    period_lock: date | None = None
    year_end_lock: date | None = None
    approvals_left: int | None = None
    denied_actions: set[str] = field(default_factory=set)
    offline: bool = False
    expired: bool = False
