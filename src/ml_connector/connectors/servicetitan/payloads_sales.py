"""ServiceTitan's customers, invoices and payments as far as they are read; see ``payloads`` for what all share.

Money is a decimal string in accounting. Nearly every field of invoices and payments may be null.
"""

from __future__ import annotations

from decimal import Decimal

from ml_connector.connectors.servicetitan.payloads import Address, ExternalData, LedgerAccount, Named, Payload


class CustomerAddress(Address, frozen=True):
    """A bill-to address. A change of it is only taken with both coordinates."""

    latitude: Decimal | None = None
    longitude: Decimal | None = None


class Customer(Payload, frozen=True):
    """crm/customers. E-mail and phone are contacts of their own; ``merged_to_id`` may name one that was merged, too."""

    id: int
    name: str
    active: bool
    type: str | None = None
    address: CustomerAddress | None = None
    balance: Decimal | None = None
    payment_term_id: int | None = None
    merged_to_id: int | None = None
    external_data: list[ExternalData] | None = None
    modified_on: str | None = None


class LocationHead(Payload, frozen=True):
    """What tells a location from the others, however little of it can be read."""

    id: int
    customer_id: int | None = None


class Location(LocationHead, frozen=True):
    """crm/locations. Its customer may become another one; ``merged_to_id`` may name one that was merged, too."""

    customer_id: int
    active: bool
    name: str | None = None
    address: CustomerAddress | None = None
    merged_to_id: int | None = None
    modified_on: str | None = None


class Contact(Payload, frozen=True):
    """crm/customers/contacts and its export feed, which adds ``active``; the contacts of one customer lack his id."""

    id: int
    type: str
    value: str
    memo: str | None = None
    customer_id: int | None = None
    active: bool = True
    modified_on: str | None = None


class Job(Payload, frozen=True):
    """jpm/jobs, as far as an invoice needs it."""

    id: int
    job_status: str
    modified_on: str | None = None


class InvoiceJob(Payload, frozen=True):
    """The job as an invoice shows it; ``type`` is the job type's name."""

    id: int
    number: str | None = None
    type: str | None = None


class InvoiceItem(Payload, frozen=True):
    """A line of an invoice; ``is_chargeable`` is of the later API only, before it every line counted."""

    id: int
    type: str = "Unspecified"
    description: str | None = None
    display_name: str | None = None
    sku_id: int | None = None
    sku_name: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    total: Decimal | None = None
    taxable: bool = False
    is_chargeable: bool = True
    general_ledger_account: LedgerAccount | None = None
    business_unit: Named | None = None


class Invoice(Payload, frozen=True):
    """accounting/invoices and its export feed. ``items`` may be null, which is not the same as none."""

    id: int
    active: bool = True
    sync_status: str | None = None
    review_status: str | None = None
    reference_number: str | None = None
    invoice_date: str | None = None
    due_date: str | None = None
    sub_total: Decimal | None = None
    sales_tax: Decimal | None = None
    sales_tax_code: Named | None = None
    tax_zone_id: int | None = None
    total: Decimal | None = None
    balance: Decimal | None = None
    discount_total: Decimal | None = None
    customer: Named | None = None
    location: Named | None = None
    business_unit: Named | None = None
    term_name: str | None = None
    adjustment_to_id: int | None = None
    job: InvoiceJob | None = None
    items: list[InvoiceItem] | None = None
    created_on: str | None = None
    modified_on: str | None = None


class Applied(Payload, frozen=True):
    """A part of a payment: ``applied_id`` is the split's own id, ``applied_to`` the invoice's."""

    applied_id: int
    applied_to: int
    applied_amount: Decimal | None = None
    applied_on: str | None = None
    applied_to_reference_number: str | None = None


class Payment(Payload, frozen=True):
    """accounting/payments and its export feed. ``type_id`` is text, ``type`` its name; ``memo`` our own mark alone."""

    id: int
    active: bool = True
    total: Decimal | None = None
    unapplied_amount: Decimal | None = None
    date: str | None = None
    customer: Named | None = None
    type: str | None = None
    type_id: str | int | None = None
    applied_to: list[Applied] | None = None
    auth_code: str | None = None
    check_number: str | None = None
    sync_status: str | None = None
    business_unit: Named | None = None
    deposit: Named | None = None
    general_ledger_account: LedgerAccount | None = None
    refunded_payment_id: int | None = None
    modified_on: str | None = None
    memo: str | None = None


class CreditMemo(Payload, frozen=True):
    """accounting/credit-memos. Amounts are numbers, days have no time, and a sales tax code stands for the zone."""

    id: int
    active: bool = True
    sync_status: str | None = None
    reference_number: str | None = None
    date: str | None = None
    sub_total: Decimal | None = None
    sales_tax: Decimal | None = None
    sales_tax_code: Named | None = None
    total: Decimal | None = None
    balance: Decimal | None = None
    applied_to: list[Applied] | None = None
    customer: Named | None = None
    location: Named | None = None
    business_unit: Named | None = None
    created_on: str | None = None
    modified_on: str | None = None


class CreditMemoItem(Payload, frozen=True):
    """accounting/credit-memos/credit-memo-items: a line with the id of its memo."""

    id: int
    credit_memo_id: int
    active: bool = True
    type: str = "Unspecified"
    description: str | None = None
    sku_name: str | None = None
    quantity: Decimal | None = None
    price: Decimal | None = None
    total: Decimal | None = None
    taxable: bool = False
    revenue_general_ledger_account: LedgerAccount | None = None
    business_unit: Named | None = None


class Deposit(Payload, frozen=True):
    """accounting/bank-deposits. Amounts are numbers; ``fees``, the status and the last change may be null."""

    id: int
    active: bool = True
    name: str | None = None
    deposit_status: str | None = None
    sync_status: str | None = None
    deposit_date: str | None = None
    gross_amount: Decimal | None = None
    net_amount: Decimal | None = None
    fees: Decimal | None = None
    bank_account: LedgerAccount | None = None
    fee_account: LedgerAccount | None = None
    created_on: str | None = None
    modified_on: str | None = None


class Transaction(Payload, frozen=True):
    """accounting/bank-deposits/{id}/transactions: a payment of the deposit, under the payment's id. Amounts are text."""

    id: int
    active: bool = True
    total: Decimal | None = None
    date: str | None = None
    type: str | None = None
    type_id: str | int | None = None
    auth_code: str | None = None
    check_number: str | None = None
    business_unit: Named | None = None


class PaymentType(Payload, frozen=True):
    """accounting/payment-types. Whether one is active is not shown."""

    id: int
    name: str
    modified_on: str | None = None


class PaymentTerm(Payload, frozen=True):
    """accounting/payment-terms."""

    id: int | None = None
    name: str | None = None
    active: bool = True
    due_day_type: str = ""
    due_day: int | None = None
    modified_on: str | None = None
