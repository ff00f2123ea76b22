"""What an organisation has on file: accounts, contacts, taxes, reporting tags, locations, fields, currencies, locks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

# Control accounts are moved by documents only and can never be picked on a line.
CONTROL_TYPES = frozenset({"accounts_receivable", "accounts_payable"})
# Uncertain: whether a bill line may name one of these (switch ``bank_accounts_on_lines``).
MONEY_TYPES = frozenset({"bank", "cash", "credit_card", "payment_clearing", "undeposited_funds"})

ACCOUNT_TYPES: dict[str, str] = {
    "other_asset": "Other Asset",
    "other_current_asset": "Other Current Asset",
    "cash": "Cash",
    "bank": "Bank",
    "fixed_asset": "Fixed Asset",
    "stock": "Stock",
    "accounts_receivable": "Accounts Receivable",
    "payment_clearing": "Payment Clearing Account",
    "other_current_liability": "Other Current Liability",
    "credit_card": "Credit Card",
    "long_term_liability": "Long Term Liability",
    "other_liability": "Other Liability",
    "accounts_payable": "Accounts Payable",
    "equity": "Equity",
    "income": "Income",
    "other_income": "Other Income",
    "expense": "Expense",
    "cost_of_goods_sold": "Cost Of Goods Sold",
    "other_expense": "Other Expense",
}


@dataclass(slots=True, kw_only=True)
class Account:
    """A line of the chart of accounts. ``account_code`` is often empty."""

    account_id: str
    account_name: str
    account_type: str
    created: datetime
    modified: datetime
    account_code: str = ""
    description: str = ""
    active: bool = True
    is_system: bool = False
    parent_account_id: str = ""


@dataclass(slots=True, kw_only=True)
class Contact:
    """A customer or a vendor. Addresses and persons are kept as the API writes them."""

    contact_id: str
    contact_name: str
    contact_type: str
    currency_code: str
    created: datetime
    modified: datetime
    sequence: int = 0
    active: bool = True
    source: str = "api"
    texts: dict[str, str] = field(default_factory=dict)
    payment_terms: int = 0
    payment_terms_label: str = "Due on Receipt"
    track_1099: bool = False
    is_taxable: bool = True
    credit_limit: Decimal | None = None  # in the contact's currency; None: never set
    billing_address: dict[str, str] = field(default_factory=dict)
    shipping_address: dict[str, str] = field(default_factory=dict)
    persons: list[dict[str, Any]] = field(default_factory=list)
    custom: dict[str, Any] = field(default_factory=dict)
    tags: list[TagChoice] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class ExchangeRate:
    """A rate the organisation chose: ``rate`` base units per one of the currency from ``effective`` on."""

    exchange_rate_id: str
    effective: date
    rate: Decimal


@dataclass(slots=True, kw_only=True)
class Currency:
    """``automatic_rate`` is base units per one of this currency, used when neither a document nor the organisation brings
    a rate. ``rates``: what the organisation chose; from then on rates are no longer automatic."""

    currency_id: str
    currency_code: str
    currency_name: str
    currency_symbol: str
    price_precision: int = 2
    is_base: bool = False
    automatic_rate: Decimal = Decimal(1)
    rates: list[ExchangeRate] = field(default_factory=list)

    def chosen(self, on: date) -> ExchangeRate | None:
        """The organisation's own rate that holds on a day; None while rates are automatic or begin later."""
        held = [one for one in self.rates if one.effective <= on]
        return max(held, key=lambda one: one.effective, default=None)

    def rate_on(self, on: date) -> Decimal:
        """Base units per one of this currency, for a document of that day which brings no rate."""
        chosen = self.chosen(on)
        return chosen.rate if chosen else self.automatic_rate


@dataclass(slots=True, kw_only=True)
class Tax:
    """``percentage`` is per hundred. ``recoverable`` tax goes to the input tax account, other tax into the cost."""

    tax_id: str
    tax_name: str
    percentage: Decimal
    tax_type: str = "tax"
    active: bool = True
    recoverable: bool = False
    authority_id: str = ""
    authority_name: str = ""


@dataclass(slots=True, kw_only=True)
class TaxGroup:
    """Several taxes under one id; a compound tax inside is charged on net plus the simple ones."""

    tax_group_id: str
    tax_group_name: str
    taxes: list[Tax]
    active: bool = True


@dataclass(slots=True, kw_only=True)
class TaxExemption:
    """A reason for not taxing; ``kind`` is ``item`` or ``customer``."""

    tax_exemption_id: str
    code: str
    kind: str = "item"
    description: str = ""


@dataclass(slots=True, kw_only=True)
class TagOption:
    """A value of a reporting tag."""

    option_id: str
    option_name: str
    active: bool = True
    is_default: bool = False
    parent_id: str = ""
    depth: int = 0


@dataclass(slots=True, kw_only=True)
class ReportingTag:
    """A dimension. ``preference`` says where it is chosen: on the ``line_item`` or on the ``transaction``; ``entities`` on

    which documents it is offered, and demanded where it is mandatory: ``sales``, ``purchases``. No list shows them.
    """

    tag_id: str
    tag_name: str
    order: int
    options: dict[str, TagOption]
    active: bool = True
    mandatory: bool = False
    preference: str = "line_item"
    description: str = ""
    entities: tuple[str, ...] = ("sales", "purchases")


@dataclass(frozen=True, slots=True)
class TagChoice:
    """A tag and the option chosen for it."""

    tag_id: str
    tag_option_id: str


@dataclass(slots=True, kw_only=True)
class Location:
    """A branch of the organisation."""

    location_id: str
    location_name: str
    active: bool = True
    is_primary: bool = False
    email: str = ""
    phone: str = ""


@dataclass(slots=True, kw_only=True)
class Project:
    """Work for one customer, which purchase lines may be counted to."""

    project_id: str
    project_name: str
    customer_id: str
    created: datetime
    description: str = ""
    billing_type: str = "based_on_task_hours"
    active: bool = True


@dataclass(slots=True, kw_only=True)
class CustomField:
    """A field the organisation added to a module (``bill``, ``contact``, ``vendor_credit`` ...)."""

    field_id: str
    module: str
    label: str
    api_name: str
    index: int
    data_type: str = "string"
    unique: bool = False
    mandatory: bool = False


@dataclass(slots=True, kw_only=True)
class Item:
    """A catalogue item. ``item_type``: sales, purchases, sales_and_purchases or inventory; rates in base currency.

    ``account_id`` is what its sales are counted to, ``purchase_account_id`` what a bought line is.
    """

    item_id: str
    name: str
    created: datetime
    modified: datetime
    sequence: int
    item_type: str = "sales"
    product_type: str = "goods"
    rate: Decimal = Decimal(0)
    purchase_rate: Decimal = Decimal(0)
    account_id: str = ""
    purchase_account_id: str = ""
    sku: str = ""
    tax_id: str = ""
    tax_exemption_id: str = ""
    is_taxable: bool = True
    active: bool = True
    source: str = "user"
    texts: dict[str, str] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)

    @property
    def can_be_sold(self) -> bool:
        """Invoices may name it."""
        return self.item_type != "purchases"

    @property
    def can_be_purchased(self) -> bool:
        """Bills may name it."""
        return self.item_type != "sales"


@dataclass(slots=True, kw_only=True)
class TransactionLock:
    """Documents of ``module`` dated up to ``lock_date`` are closed."""

    transaction_lock_id: str
    accounting_period_id: str
    module: str
    lock_date: date
    reason: str = ""
    status: str = "enabled"
