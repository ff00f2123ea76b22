"""ServiceTitan's documents as far as they are read. Unknown fields are ignored: the API grows by addition.

Money is a decimal string in accounting and a JSON number in inventory; both become exact Decimals. Only fields without
which a document means nothing are required: payloads older than the published schema lack fields it calls required.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

# Larger than any amount or quantity of this trade; keeps absurd exponents out of the arithmetic.
_GREATEST_EXPONENT = 15


class Payload(msgspec.Struct, frozen=True, rename="camel"):
    """Base: every number must be finite and of a plausible size, else ValueError naming the field."""

    def __post_init__(self) -> None:
        for name, attribute in zip(self.__struct_encode_fields__, self.__struct_fields__, strict=True):
            value = getattr(self, attribute)
            if isinstance(value, Decimal) and not (value.is_finite() and value.adjusted() < _GREATEST_EXPONENT):
                raise ValueError(f"field {name} is {value}, which is not an amount")


class Named(Payload, frozen=True):
    """A reference as documents show it."""

    id: int | None = None
    name: str | None = None


class LedgerAccount(Named, frozen=True):
    """A general-ledger account on a line; inventory documents state number and name and no id."""

    number: str | None = None


class Address(Payload, frozen=True):
    """A postal address; ``unit`` is the second line."""

    street: str | None = None
    unit: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None


class ContactInfo(Payload, frozen=True):
    """How a vendor is reached."""

    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    email: str | None = None


class ExternalData(Payload, frozen=True):
    """One key and value that an application keeps on a record."""

    key: str
    value: str | None = None


class Vendor(Payload, frozen=True):
    """inventory/vendors."""

    id: int
    name: str
    active: bool
    contact_info: ContactInfo | None = None
    address: Address | None = None
    external_data: list[ExternalData] | None = None
    modified_on: str | None = None


class GlAccount(Payload, frozen=True):
    """accounting/gl-accounts. An Intacct group is a heading, not an account."""

    id: int
    active: bool
    name: str | None = None
    number: str | None = None
    type: str | None = None
    is_intacct_group: bool = False
    modified_on: str | None = None


class BusinessUnit(Payload, frozen=True):
    """settings/business-units: the only place where ServiceTitan keeps a currency."""

    id: int
    name: str
    active: bool
    currency: str | None = None
    quickbooks_class: str | None = None
    account_code: str | None = None
    tenant: Named | None = None
    modified_on: str | None = None


class TaxRate(Payload, frozen=True):
    """A rate of a zone; ``tax_rate`` is a fraction."""

    tax_rate: Decimal
    tax_base_type: list[str] = []


class TaxZone(Payload, frozen=True):
    """accounting/tax-zones."""

    id: int
    active: bool
    rates: list[TaxRate] = []
    name: str | None = None
    is_multiple_tax_zone: bool = False
    modified_on: str | None = None


class BillItem(Payload, frozen=True):
    """A stock item of a bill: quantity and unit cost, no amount. The allocations are of the later API only."""

    id: int
    name: str | None = None
    description: str | None = None
    quantity: Decimal | None = None
    cost: Decimal | None = None
    sku_code: str | None = None
    inventory_location: Named | str | None = None
    general_ledger_account: LedgerAccount | None = None
    cost_of_sale_account: LedgerAccount | None = None
    asset_account: LedgerAccount | None = None
    allocated_tax: Decimal | None = None
    allocated_shipping: Decimal | None = None


class ExpenseItem(Payload, frozen=True):
    """An expense of an AP bill; inventory bills do not show these."""

    id: int
    amount: Decimal
    description: str | None = None
    general_ledger_account: LedgerAccount | None = None
    job: Named | None = None
    business_unit: Named | None = None


class Bill(Payload, frozen=True):
    """accounting/inventory-bills, its export feed (which adds ``active``) and ap-bills (which add status and expenses).

    Discounts and charges are of the later API only; each is taken as a positive amount.
    """

    id: int
    bill_amount: Decimal
    purchase_order_id: int | None = None
    sync_status: str | None = None
    reference_number: str | None = None
    vendor_number: str | None = None
    bill_date: str | None = None
    due_date: str | None = None
    post_date: str | None = None
    tax_amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    other_amount: Decimal | None = None
    pre_tax_discount_amount: Decimal | None = None
    pre_tax_charge: Decimal | None = None
    post_tax_discount_amount: Decimal | None = None
    post_tax_charge: Decimal | None = None
    landed_cost_method: str | None = None
    term_name: str | None = None
    vendor: Named | None = None
    business_unit: Named | None = None
    tax_zone: Named | None = None
    job_id: int | None = None
    job_number: str | None = None
    items: list[BillItem] | None = None
    expense_items: list[ExpenseItem] | None = None
    active: bool = True
    do_not_pay: bool = False
    status: str | None = None
    modified_on: str | None = None


class ReceiptItem(Payload, frozen=True):
    """What arrived of one line of an order."""

    id: int
    quantity: Decimal
    cost: Decimal
    name: str | None = None
    code: str | None = None
    description: str | None = None
    general_ledger_account: LedgerAccount | None = None
    cost_of_sale_account: LedgerAccount | None = None
    asset_account: LedgerAccount | None = None


class Receipt(Payload, frozen=True):
    """inventory/receipts: one shipment of a purchase order. ``receipt_amount`` contains tax and shipping.

    ``bill_id``: the bill that ServiceTitan made of it, none where no bills are kept.
    """

    id: int
    active: bool
    purchase_order_id: int
    vendor_id: int
    receipt_amount: Decimal
    tax_amount: Decimal
    shipping_amount: Decimal
    number: str | None = None
    vendor_invoice_number: str | None = None
    bill_id: int | None = None
    job_id: int | None = None
    business_unit_id: int | None = None
    received_on: str | None = None
    sync_status: str | None = None
    items: list[ReceiptItem] = []
    modified_on: str | None = None


class PurchaseOrderItem(Payload, frozen=True):
    """A line of an order; ``total`` is its amount. ``quantity`` is what was ordered, not what has come."""

    id: int
    quantity: Decimal
    cost: Decimal
    total: Decimal
    description: str | None = None
    sku_name: str | None = None
    sku_code: str | None = None


class PurchaseOrder(Payload, frozen=True):
    """inventory/purchase-orders. ``total`` contains tax and shipping; ``Exported`` is a status after ``Received``."""

    id: int
    number: str
    vendor_id: int
    total: Decimal
    status: str
    business_unit_id: int | None = None
    job_id: int | None = None
    vendor_document_number: str | None = None
    date: str | None = None
    required_on: str | None = None
    sent_on: str | None = None
    received_on: str | None = None
    tax: Decimal | None = None
    shipping: Decimal | None = None
    ship_to: Address | None = None
    items: list[PurchaseOrderItem] = []
    modified_on: str | None = None


class Job(Payload, frozen=True):
    """jpm/jobs, for the number only."""

    id: int
    job_number: str
