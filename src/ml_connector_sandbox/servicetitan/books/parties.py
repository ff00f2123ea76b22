"""Vendors, and the reference records documents point at: accounts, business units, tax zones, jobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ml_connector_sandbox.servicetitan.books.table import Record


@dataclass(frozen=True, kw_only=True)
class Address:
    street: str | None = None
    unit: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None


@dataclass(frozen=True, kw_only=True)
class VendorContact:
    name: str
    email: str


@dataclass(frozen=True, kw_only=True)
class Vendor(Record):
    """A supplier. ``tax_rate`` is a fraction. ``external_data``: application GUID (lower case) -> key -> value.

    The fields from ``payment_term_id`` on can be written but are never returned by the API.
    """

    name: str
    is_truck_replenishment: bool = False
    restricted_mobile_creation: bool = False
    memo: str = ""
    delivery_option: str = "Manual"
    tax_rate: Decimal = Decimal(0)
    first_name: str = ""
    last_name: str = ""
    phone: str = ""
    email: str = ""
    fax: str = ""
    address: Address = field(default_factory=Address)
    external_data: dict[str, dict[str, str]] = field(default_factory=dict)
    payment_term_id: int | None = None
    vendor_quickbooks_item: str | None = None
    remittance_vendor_id: int | None = None
    tag_type_ids: tuple[int, ...] = ()
    vendor_contacts: tuple[VendorContact, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GlAccountType(Record):
    """A general ledger account type, or with ``parent_type_id`` a subtype."""

    name: str
    parent_type_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class GlAccount(Record):
    """A general ledger account; documents show ``subtype`` as detailType."""

    name: str
    number: str | None = None
    description: str | None = None
    type: str = "Expense"
    subtype: str | None = None
    source: str = "ManuallyCreated"
    default_account_type: str | None = None
    is_intacct_group: bool = False
    is_intacct_bank_account: bool = False


@dataclass(frozen=True, kw_only=True)
class BusinessUnit(Record):
    """A business unit: the only record that has a currency."""

    name: str
    official_name: str | None = None
    currency: str | None = None
    quickbooks_class: str | None = None
    account_code: str | None = None
    default_tax_rate: Decimal | None = None
    email: str | None = None
    phone_number: str | None = None
    external_data: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TaxRate:
    """``rate`` is a fraction; ``bases`` are Subtotal, Labor, Material."""

    name: str
    rate: Decimal
    bases: tuple[str, ...] = ("Subtotal",)
    sales_tax_item: str | None = None
    id: int | None = None


@dataclass(frozen=True, kw_only=True)
class TaxZone(Record):
    name: str
    rates: tuple[TaxRate, ...] = ()
    color: int | None = None
    is_tax_rate_separated: bool = False
    is_multiple_tax_zone: bool = False


@dataclass(frozen=True, kw_only=True)
class Job(Record):
    """A job, as far as documents need it. ``summary`` may be HTML."""

    job_number: str
    business_unit_id: int
    customer_id: int = 0
    location_id: int = 0
    project_id: int | None = None
    job_status: str = "Scheduled"
    completed_on: str | None = None
    job_type_id: int = 0
    priority: str = "Normal"
    campaign_id: int = 0
    appointment_ids: tuple[int, ...] = ()
    invoice_id: int = 0
    customer_po: str = ""
    total: Decimal | None = None
    summary: str | None = None
    no_charge: bool = False
    tag_type_ids: tuple[int, ...] = ()
