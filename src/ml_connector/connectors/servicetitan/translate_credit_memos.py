"""ServiceTitan's credit memos as canonical documents. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from ml_connector.canonical.money import ZERO, plain, total
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.sales import Invoice, InvoiceLine, InvoiceState
from ml_connector.connectors.servicetitan import payloads_sales as payloads
from ml_connector.connectors.servicetitan.lines import line_amounts, product
from ml_connector.connectors.servicetitan.translate import Unreadable, date, named, plain_text, ref_id, text

_POSTED = frozenset(["Posted", "Exported"])
_TAX_BASES = {"Service": "labor", "Material": "material", "Equipment": "material"}


def credit_memo(payload: payloads.CreditMemo, items: Sequence[payloads.CreditMemoItem]) -> Invoice:
    """A credit memo with its lines, as a credit note: its total is positive, and ``balance`` is what is not applied yet.

    Whether lines and parts have the sign of what is given or of what is taken back from revenue is not published: all
    are brought to what is given. One that shows an amount and no lines is not complete. Raises Unreadable naming the
    field.
    """
    if payload.customer is None or not payload.customer.id:
        raise Unreadable("it names no customer")
    stated = _total(payload)
    sign = Decimal(-1) if stated < ZERO else Decimal(1)
    amount, tax = sign * stated, sign * (payload.sales_tax or ZERO)
    kept = [item for item in items if item.active]
    parts = tuple(_part(one) for one in payload.applied_to or [])
    return Invoice(
        id=str(payload.id),
        customer=named(payload.customer),
        total=plain(amount),
        kind="credit note",
        number=text(payload.reference_number),
        date=date(payload.date, "date"),
        lines=_lines(kept, amount - tax, named(payload.business_unit)),
        tax=plain(tax),
        tax_zone=named(payload.sales_tax_code),
        business_unit=named(payload.business_unit),
        location=named(payload.location),
        state=InvoiceState.POSTED if payload.sync_status in _POSTED else InvoiceState.PENDING,
        state_words=f"status {text(payload.sync_status)}" if payload.sync_status else "",
        exported=payload.sync_status == "Exported",
        active=payload.active,
        balance=plain(amount - total(one.amount for one in parts) if payload.balance is None else abs(payload.balance)),
        allocations=parts,
        complete=bool(kept) or not amount,
        stamp=payload.modified_on or payload.created_on or "",
    )


def _total(payload: payloads.CreditMemo) -> Decimal:
    """The stated total, else subtotal and tax."""
    if payload.total is not None:
        return payload.total
    if payload.sub_total is None:
        raise Unreadable("field total is missing")
    return payload.sub_total + (payload.sales_tax or ZERO)


def _part(one: payloads.Applied) -> Allocation:
    if one.applied_amount is None:
        raise Unreadable(f"field appliedAmount of split {one.applied_id} is missing")
    document = Ref(str(one.applied_to), number=text(one.applied_to_reference_number))
    return Allocation(str(one.applied_id), document, plain(abs(one.applied_amount)), date(one.applied_on, "appliedOn"))


def _lines(items: Sequence[payloads.CreditMemoItem], net: Decimal, unit: Ref) -> tuple[InvoiceLine, ...]:
    """Lines to the cent, brought to ``net`` wherever only rounding parts them from it."""
    exact = [_exact(item) for item in items]
    sign = Decimal(-1) if total(exact) < ZERO <= net else Decimal(1)
    amounts = line_amounts([sign * one for one in exact], net)
    return tuple(_line(item, amount, sign, unit) for item, amount in zip(items, amounts, strict=True))


def _exact(item: payloads.CreditMemoItem) -> Decimal:
    """A line's amount as stated, else quantity x price. Raises Unreadable when neither tells it."""
    if item.total is not None:
        return item.total
    if item.price is None:
        raise Unreadable(f"field total of item {item.id} is missing")
    return product(Decimal(1) if item.quantity is None else item.quantity, item.price)


def _line(item: payloads.CreditMemoItem, amount: Decimal, sign: Decimal, unit: Ref) -> InvoiceLine:
    account = item.revenue_general_ledger_account
    return InvoiceLine(
        id=str(item.id),
        amount=plain(amount),
        description=plain_text(item.description) or text(item.sku_name),
        sku=text(item.sku_name),
        quantity=plain(Decimal(1) if item.quantity is None else item.quantity),
        unit_price=plain(sign * (item.price or ZERO)),
        account=Ref() if account is None else Ref(ref_id(account.id), text(account.name), text(account.number)),
        tax_base=_TAX_BASES.get(item.type or "", ""),
        taxable=item.taxable,
        business_unit=named(item.business_unit) if item.business_unit and item.business_unit.id else unit,
    )
