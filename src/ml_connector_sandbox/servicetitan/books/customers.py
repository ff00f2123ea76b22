"""Customers, their locations, and the contacts of both."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from ml_connector_sandbox.servicetitan.books.parties import Address
from ml_connector_sandbox.servicetitan.books.table import Record

CONTACT_TYPES = ("Phone", "Email", "Fax", "MobilePhone")
CUSTOMER_TYPES = ("Residential", "Commercial")


@dataclass(frozen=True, kw_only=True)
class CustomerAddress(Address):
    """The address of a customer or location; the coordinates are degrees, None where nobody looked them up."""

    latitude: Decimal | None = None
    longitude: Decimal | None = None


@dataclass(frozen=True, kw_only=True)
class Customer(Record):
    """Who is billed. E-mail and telephone are not here: they are ``Contact`` records.

    ``balance``: what the customer owes over all active invoices, less what is paid and not applied; negative for a
    credit. A merged customer is inactive and ``merged_to_id`` names the one that stands, possibly merged itself.
    """

    name: str
    type: str = "Residential"
    address: CustomerAddress = field(default_factory=CustomerAddress)
    balance: Decimal = Decimal("0.00")
    tax_exempt: bool = False
    do_not_mail: bool = False
    do_not_service: bool = False
    national_account: bool = False
    merged_to_id: int | None = None
    payment_term_id: int | None = None
    credit_limit: Decimal | None = None
    credit_limit_balance: Decimal | None = None
    tag_type_ids: tuple[int, ...] = ()
    external_data: dict[str, dict[str, str]] = field(default_factory=dict)
    accounted_on: str = ""
    """The stamp of the last change of the balance alone."""
    last_edit: str = ""
    """What modifiedOn was before changes of the balance moved it."""

    @property
    def edited_on(self) -> str:
        """modifiedOn without the accounting changes."""
        return self.last_edit if self.modified_on == self.accounted_on else self.modified_on


@dataclass(frozen=True, kw_only=True)
class Location(Record):
    """Where the work is done; every customer has at least one."""

    name: str
    customer_id: int
    address: CustomerAddress = field(default_factory=CustomerAddress)
    tax_zone_id: int | None = None
    tax_exempt: bool = False
    merged_to_id: int | None = None
    tag_type_ids: tuple[int, ...] = ()
    external_data: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Contact(Record):
    """One telephone number or e-mail address of a customer or, with ``location_id``, of a location of theirs.

    Inactive means deleted: gone from lists, seen in the export feed only.
    """

    customer_id: int
    type: str
    value: str
    memo: str | None = None
    location_id: int | None = None
    do_not_text: bool = False
    job_reminders: bool = True
    marketing_updates: bool = True
    invoice_statements: bool = True
