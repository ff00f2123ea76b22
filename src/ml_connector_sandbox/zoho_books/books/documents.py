"""Purchase documents: bills, vendor credits and vendor payments, with their lines and what is applied to what."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.zoho_books.books.masters import TagChoice
from ml_connector_sandbox.zoho_books.books.values import ZERO


@dataclass(slots=True, kw_only=True)
class LineItem:
    """One line. ``rate`` is per unit in document currency; the amounts below it are computed."""

    line_item_id: str
    account_id: str
    rate: Decimal
    quantity: Decimal
    item_order: int
    item_id: str = ""
    tax_id: str = ""
    discount: str = "0"
    texts: dict[str, str] = field(default_factory=dict)
    is_billable: bool = False
    tags: list[TagChoice] = field(default_factory=list)
    item_total: Decimal = ZERO
    item_total_inclusive_of_tax: Decimal = ZERO
    discount_amount: Decimal = ZERO
    taxes: list[tuple[str, str, Decimal]] = field(default_factory=list)
    # The line's cost after its share of a document discount; what is posted to its account, without tax.
    net: Decimal = ZERO


@dataclass(slots=True, kw_only=True)
class Refund:
    """Money of an advance that the vendor paid back, in the payment's currency."""

    refund_id: str
    amount: Decimal
    date: date
    to_account_id: str
    refund_mode: str = "Cash"
    reference_number: str = ""
    description: str = ""


@dataclass(slots=True, kw_only=True)
class VendorPayment:
    """Money paid to a vendor, in the vendor's currency; what no bill has taken is an advance.

    ``exchange_rate``: base units per unit. ``applied``: the parts that bills took; the same objects stand on the bills.
    """

    payment_id: str
    vendor_id: str
    number: str
    date: date
    amount: Decimal
    currency_code: str
    exchange_rate: Decimal
    paid_through_account_id: str
    created: datetime
    modified: datetime
    sequence: int = 0
    payment_mode: str = "Cash"
    reference_number: str = ""
    texts: dict[str, str] = field(default_factory=dict)
    tags: list[TagChoice] = field(default_factory=list)
    custom: dict[str, Any] = field(default_factory=dict)
    created_by: str = ""
    applied: list[BillPayment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)

    @property
    def used(self) -> Decimal:
        """Sum of what bills took."""
        return sum((one.amount for one in self.applied), ZERO)

    @property
    def balance(self) -> Decimal:
        """The advance that is left: neither taken by a bill nor paid back."""
        return self.amount - self.used - sum((one.amount for one in self.refunds), ZERO)


@dataclass(slots=True, kw_only=True, eq=False)
class BillPayment:
    """The part of a vendor payment that one bill took, in bill currency. ``applied_on``: where it was an advance first."""

    made: VendorPayment = field(repr=False)
    bill_payment_id: str
    bill_id: str
    amount: Decimal
    applied_on: date | None = None

    @property
    def payment_id(self) -> str:
        """The payment's id; several bills may share it."""
        return self.made.payment_id


@dataclass(slots=True, kw_only=True)
class Credit:
    """A vendor credit applied to a bill; the same object is on both sides."""

    vendor_credit_bill_id: str
    vendor_credit_id: str
    bill_id: str
    amount: Decimal
    date: date


@dataclass(slots=True, kw_only=True)
class Document:
    """What documents with lines share, bought or sold."""

    document_id: str
    number: str
    date: date
    currency_code: str
    exchange_rate: Decimal
    created: datetime
    modified: datetime
    sequence: int = 0
    state: str = "open"
    lines: list[LineItem] = field(default_factory=list)
    reference_number: str = ""
    is_inclusive_tax: bool = False
    is_item_level_tax_calc: bool = False
    adjustment: Decimal = ZERO
    discount: str = "0"
    discount_type: str = "entity_level"
    is_discount_before_tax: bool = True
    texts: dict[str, str] = field(default_factory=dict)
    tags: list[TagChoice] = field(default_factory=list)
    custom: dict[str, Any] = field(default_factory=dict)
    created_by: str = ""
    modified_by: str = ""
    source: str = "Api"
    # computed
    sub_total: Decimal = ZERO
    sub_total_inclusive_of_tax: Decimal = ZERO
    tax_total: Decimal = ZERO
    discount_total: Decimal = ZERO
    total: Decimal = ZERO
    taxes: dict[str, tuple[str, Decimal]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class PurchaseDocument(Document):
    """What bills and vendor credits share. ``number`` is the vendor's for bills, a sequence for credits."""

    vendor_id: str
    credits: list[Credit] = field(default_factory=list)

    @property
    def credited(self) -> Decimal:
        """Sum of vendor credits applied."""
        return sum((one.amount for one in self.credits), ZERO)


@dataclass(slots=True, kw_only=True)
class Bill(PurchaseDocument):
    """A vendor's invoice."""

    due_date: date
    payment_terms: int = 0
    payment_terms_label: str = "Due on Receipt"
    payments: list[BillPayment] = field(default_factory=list)
    attachment: tuple[str, str, bytes] | None = None  # file name, content type, content

    @property
    def paid(self) -> Decimal:
        """Sum of payments applied."""
        return sum((one.amount for one in self.payments), ZERO)

    @property
    def balance(self) -> Decimal:
        """What is still owed; nothing on a void bill."""
        return ZERO if self.state == "void" else self.total - self.paid - self.credited


@dataclass(slots=True, kw_only=True)
class VendorCredit(PurchaseDocument):
    """A credit from a vendor; ``balance`` is what can still be applied."""

    numbered_in_sequence: bool = False  # the books gave the number, none was handed in

    @property
    def balance(self) -> Decimal:
        """Credit not yet applied to bills; nothing on a void credit."""
        return ZERO if self.state == "void" else self.total - self.credited
