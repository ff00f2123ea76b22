"""ServiceTitan's purchase orders as canonical documents. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from ml_connector.canonical.money import ZERO, plain, total
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import BillLine, OrderState, PurchaseOrder
from ml_connector.connectors.servicetitan import payloads
from ml_connector.connectors.servicetitan.lines import cents, line_amounts, product
from ml_connector.connectors.servicetitan.translate import Unreadable, date, plain_text, ref_id, text

# Exported is a later value of the same field: such an order was received, and is locked.
_STATES: Mapping[str, OrderState] = {
    "Pending": OrderState.PENDING,
    "Sent": OrderState.SENT,
    "PartiallyReceived": OrderState.SENT,
    "Received": OrderState.RECEIVED,
    "Exported": OrderState.RECEIVED,
    "Canceled": OrderState.CANCELED,
}


def purchase_order(
    payload: payloads.PurchaseOrder, vendors: Mapping[int, str] | None = None, jobs: Mapping[int, str] | None = None
) -> PurchaseOrder:
    """An order as placed; what was received of it are its receipts. ``vendors`` are names, ``jobs`` numbers, by id.

    ``total`` contains tax and shipping. Raises Unreadable for a status that is not known.
    """
    if payload.status not in _STATES:
        raise Unreadable(f"field status is {payload.status!r}, which is not known")
    job = Ref(ref_id(payload.job_id), number=(jobs or {}).get(payload.job_id or 0, ""))
    unit = Ref(ref_id(payload.business_unit_id))
    charges = total([payload.tax or ZERO, payload.shipping or ZERO])
    amounts = line_amounts([_exact(item) for item in payload.items], payload.total - charges)
    return PurchaseOrder(
        id=str(payload.id),
        number=text(payload.number),
        vendor=Ref(str(payload.vendor_id), (vendors or {}).get(payload.vendor_id, "")),
        total=plain(payload.total),
        status=payload.status,
        date=date(payload.date, "date"),
        business_unit=unit,
        job=job,
        vendor_document=text(payload.vendor_document_number),
        lines=tuple(_ordered(*one, unit, job) for one in zip(payload.items, amounts, strict=True)),
        state=_STATES[payload.status],
        tax=plain(payload.tax or ZERO),
        shipping=plain(payload.shipping or ZERO),
        required_on=date(payload.required_on, "requiredOn"),
        sent_on=date(payload.sent_on, "sentOn"),
        received_on=date(payload.received_on, "receivedOn"),
        delivery=_delivery(payload.ship_to or payloads.Address()),
        exported=payload.status == "Exported",
        stamp=payload.modified_on or "",
    )


def _exact(item: payloads.PurchaseOrderItem) -> Decimal:
    """A line's value with all its digits: ServiceTitan adds up those and rounds the sum, and shows each line rounded."""
    value = product(item.quantity, item.cost)
    return value if cents(value) == cents(item.total) else item.total


def _ordered(item: payloads.PurchaseOrderItem, amount: Decimal, unit: Ref, job: Ref) -> BillLine:
    return BillLine(
        id=str(item.id),
        amount=plain(amount),
        description=plain_text(item.description) or text(item.sku_name),
        sku=text(item.sku_code),
        quantity=plain(item.quantity),
        unit_cost=plain(item.cost),
        business_unit=unit,
        job=job,
    )


def _delivery(to: payloads.Address) -> str:
    """The address as it stands on an envelope."""
    town = " ".join(filter(None, (text(to.state), text(to.zip))))
    lines = (text(to.street), text(to.unit), ", ".join(filter(None, (text(to.city), town))), text(to.country))
    return "\n".join(line for line in lines if line)
