"""Sales documents: invoices, credit notes and customer payments, and what is applied to what."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.zoho_books.books.documents import Document
from ml_connector_sandbox.zoho_books.books.masters import TagChoice
from ml_connector_sandbox.zoho_books.books.values import ZERO


@dataclass(slots=True, kw_only=True)
class SalesRefund:
    """Money given back to a customer, out of a payment or a credit note and in its currency."""

    refund_id: str
    amount: Decimal
    date: date
    from_account_id: str
    refund_mode: str = "Cash"
    reference_number: str = ""
    description: str = ""


@dataclass(slots=True, kw_only=True)
class CustomerPayment:
    """Money from a customer, in the customer's currency; what no invoice has taken is unused.

    ``exchange_rate``: base units per unit. ``account_id``: where the money went. ``applied``: the parts that invoices
    took; the same objects stand on the invoices.
    """

    payment_id: str
    customer_id: str
    number: str
    date: date
    amount: Decimal
    currency_code: str
    exchange_rate: Decimal
    account_id: str
    created: datetime
    modified: datetime
    sequence: int = 0
    payment_mode: str = "Cash"
    reference_number: str = ""
    bank_charges: Decimal = ZERO
    texts: dict[str, str] = field(default_factory=dict)
    tags: list[TagChoice] = field(default_factory=list)
    custom: dict[str, Any] = field(default_factory=dict)
    created_by: str = ""
    source: str = "Api"
    applied: list[InvoicePayment] = field(default_factory=list)
    refunds: list[SalesRefund] = field(default_factory=list)

    @property
    def used(self) -> Decimal:
        """Sum of what invoices took."""
        return sum((one.amount for one in self.applied), ZERO)

    @property
    def refunded(self) -> Decimal:
        """Sum of what was given back."""
        return sum((one.amount for one in self.refunds), ZERO)

    @property
    def unused(self) -> Decimal:
        """Neither taken by an invoice nor given back."""
        return self.amount - self.used - self.refunded


@dataclass(slots=True, kw_only=True, eq=False)
class InvoicePayment:
    """The part of a customer payment that one invoice took, in invoice currency."""

    made: CustomerPayment = field(repr=False)
    invoice_payment_id: str
    invoice_id: str
    amount: Decimal
    applied_on: date


@dataclass(slots=True, kw_only=True, eq=False)
class InvoiceCredit:
    """A credit note applied to an invoice; the same object is on both sides."""

    creditnote_invoice_id: str
    creditnote_id: str
    invoice_id: str
    amount: Decimal
    date: date


@dataclass(slots=True, kw_only=True)
class SalesDocument(Document):
    """What invoices and credit notes share. ``numbered_in_sequence``: the books gave the number."""

    customer_id: str
    discount_type: str = "item_level"
    numbered_in_sequence: bool = False
    is_emailed: bool = False
    credits: list[InvoiceCredit] = field(default_factory=list)

    @property
    def credited(self) -> Decimal:
        """Sum of credits applied."""
        return sum((one.amount for one in self.credits), ZERO)


@dataclass(slots=True, kw_only=True)
class Invoice(SalesDocument):
    """What a customer owes. States: draft, sent, void; the statuses shown follow from them, the balance and the date."""

    due_date: date
    state: str = "draft"
    payment_terms: int = 0
    payment_terms_label: str = "Due on Receipt"
    payments: list[InvoicePayment] = field(default_factory=list)

    @property
    def paid(self) -> Decimal:
        """Sum of payments applied."""
        return sum((one.amount for one in self.payments), ZERO)

    @property
    def balance(self) -> Decimal:
        """What is still owed; nothing on a void invoice."""
        return ZERO if self.state == "void" else self.total - self.paid - self.credited


@dataclass(slots=True, kw_only=True)
class CreditNote(SalesDocument):
    """What a customer is owed. States: draft, open, void; one used up is shown as closed."""

    refunds: list[SalesRefund] = field(default_factory=list)

    @property
    def refunded(self) -> Decimal:
        """Sum of what was paid out."""
        return sum((one.amount for one in self.refunds), ZERO)

    @property
    def balance(self) -> Decimal:
        """Neither applied to an invoice nor paid out; nothing on a void credit note."""
        return ZERO if self.state == "void" else self.total - self.credited - self.refunded
