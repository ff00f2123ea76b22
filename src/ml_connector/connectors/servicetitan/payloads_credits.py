"""ServiceTitan's AP credits and the returns behind them, as far as they are read. Amounts are JSON numbers."""

from __future__ import annotations

from decimal import Decimal

from ml_connector.connectors.servicetitan.payloads import Named, Payload, ReceiptItem


class CreditSplit(Payload, frozen=True):
    """What of a credit is applied to a bill. One that was taken off is not active."""

    id: int
    inventory_bill_id: int
    amount: Decimal
    active: bool = True
    created_on: str | None = None


class ApCredit(Payload, frozen=True):
    """accounting/ap-credits: an amount without lines; those are the return's, where there is one."""

    id: int
    amount: Decimal
    active: bool = True
    applied_amount: Decimal | None = None
    inventory_return_id: int | None = None
    job_id: int | None = None
    date: str | None = None
    number: str | None = None
    reference_number: str | None = None
    status: str | None = None
    sync_status: str | None = None
    vendor: Named | None = None
    business_unit: Named | None = None
    splits: list[CreditSplit] | None = None
    modified_on: str | None = None


class ReturnItem(ReceiptItem, frozen=True):
    """What went back of one item; one that was taken off the return is not active."""

    active: bool = True


class Return(Payload, frozen=True):
    """inventory/returns: what went back. ``return_amount`` contains tax and shipping. Items are shaped as a receipt's."""

    id: int
    return_amount: Decimal
    tax_amount: Decimal | None = None
    shipping_amount: Decimal | None = None
    number: str | None = None
    purchase_order_id: int | None = None
    items: list[ReturnItem] | None = None
    modified_on: str | None = None
