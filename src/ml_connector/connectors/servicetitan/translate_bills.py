"""ServiceTitan's bills and receipts as canonical documents. Pure.

One bill is shown in two places: as inventory bill (also in the export feed, which alone tells ``active``) and as AP
bill, which alone shows status, do-not-pay, expense lines, discounts and charges. The AP bill is followed where it is
known; the inventory bill adds the tax and freight allocations that only it carries. Both are taken to be one document
when they have one id, which the published specification suggests (``inventoryBillId``) and does not promise; two
different vendors under one id are refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO, plain
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState, LineKind
from ml_connector.canonical.tie_out import difference
from ml_connector.connectors.servicetitan import payloads
from ml_connector.connectors.servicetitan.lines import line_amounts, product
from ml_connector.connectors.servicetitan.translate import Unreadable, date, named, plain_text, ref_id, text
from ml_connector.connectors.servicetitan.walks import newest

AP_BILLS = "tn.acc.apbills:r"
HIDDEN_BY_SCOPE = (
    "The lines do not add up to the bill: expense lines of AP bills are only shown to an application with the "
    f"ServiceTitan scope {AP_BILLS}; add it in the developer portal and let the tenant accept the new version."
)
HIDDEN_BY_MODULE = (
    "ServiceTitan shows no AP bills although the application has the right: the account seems not to have the Accounts "
    "Payable module, or it is switched off, so expense lines stay hidden and bills that have any are held. Let "
    "ServiceTitan open the module; then all bills are read again by themselves."
)
HIDDEN_ELSEWHERE = (
    "The lines do not add up to the bill, and ServiceTitan shows no AP bill with this id: "
    "look for expense lines in ServiceTitan."
)
STATUS_BY_SCOPE = (
    f"Without the ServiceTitan scope {AP_BILLS} its status is not shown: it may be cancelled, in discrepancy or marked "
    "'do not pay'."
)
STATUS_BY_MODULE = (
    "ServiceTitan shows no AP bills although the application has the right, so its status is not shown: it may be "
    "cancelled, in discrepancy or marked 'do not pay'. Let ServiceTitan open the Accounts Payable module."
)
STATUS_ELSEWHERE = (
    "ServiceTitan shows no AP bill with this id, or none with a status: it may be cancelled, in discrepancy or marked "
    "'do not pay'."
)

_STATES: Mapping[str, BillState] = {
    "Unreconciled": BillState.RECEIVED,
    "Discrepancy": BillState.DISCREPANCY,
    "Reconciled": BillState.RECONCILED,
    "Canceled": BillState.CANCELED,
}
_POSTED = frozenset(["Posted", "Exported"])
_STOPPED = frozenset([BillState.DISCREPANCY, BillState.CANCELED])


@dataclass(frozen=True, slots=True)
class Choices:
    """What a connection or flow decides about bills.

    ``gross``: billAmount contains tax, shipping and other costs. ``asset``: item lines go to the asset account.
    ``granted``: AP bills may be read. ``closed``: they are refused in spite of the right.
    """

    gross: bool = True
    asset: bool = False
    granted: bool = False
    closed: bool = False


def bill(
    base: payloads.Bill | None,
    detail: payloads.Bill | None,
    choices: Choices,
    *,
    deleted: bool = False,
    order: payloads.PurchaseOrder | None = None,
) -> Bill:
    """A bill from its inventory bill ``base`` and its AP bill ``detail``; one of them may be missing.

    ``deleted`` is the feed's word that it is inactive; ``order`` its purchase order, where that may be read. Raises
    Unreadable naming the field.
    """
    shown = detail or base
    if shown is None:
        raise Unreadable("neither an inventory bill nor an AP bill was found")
    _same(base, detail)
    found = _header(shown, base or shown, choices)
    found = msgspec.structs.replace(
        found,
        lines=_lines(shown, base, found, choices),
        purchase_order=Ref(
            ref_id(shown.purchase_order_id or (base or shown).purchase_order_id),
            number=text(order.number) if order else "",
        ),
        ordered=plain(order.total) if order else None,
        ordered_on=_day_of(order.date) if order else None,
        order_sent_on=_day_of(order.sent_on) if order else None,
        active=not deleted and shown.active and (base is None or base.active),
        stamp=newest(shown.modified_on or "", (base or shown).modified_on or ""),
    )
    return _status_judged(found if detail else _judged(found, choices), choices)


def _day_of(value: str | None) -> dt.date | None:
    """A date of the bill's order: one that is none is no reason not to read the bill."""
    try:
        return date(value, "date")
    except Unreadable:
        return None


def _same(base: payloads.Bill | None, detail: payloads.Bill | None) -> None:
    vendors = [shown.vendor.id for shown in (base, detail) if shown and shown.vendor and shown.vendor.id]
    if len(set(vendors)) > 1:
        raise Unreadable("the inventory bill and the AP bill with this id name different vendors")


def _judged(found: Bill, choices: Choices) -> Bill:
    """Without its AP bill a bill is complete only if it ties: hidden expense lines would show as a difference."""
    if not difference(found):
        return found
    reason = _of_three(choices, HIDDEN_BY_SCOPE, HIDDEN_BY_MODULE, HIDDEN_ELSEWHERE)
    return msgspec.structs.replace(found, complete=False, hidden_reason=reason, hidden_by=_lacking(choices))


def _of_three(choices: Choices, by_scope: str, by_module: str, elsewhere: str) -> str:
    """Why AP bills do not tell: the right to them is missing, the module is closed, or there is none with this id."""
    if choices.closed:
        return by_module
    return elsewhere if choices.granted else by_scope


def _lacking(choices: Choices) -> str:
    return "" if choices.closed or choices.granted else AP_BILLS


def _status_judged(found: Bill, choices: Choices) -> Bill:
    if found.state is not BillState.UNKNOWN or found.hidden_reason:
        return found
    reason = _of_three(choices, STATUS_BY_SCOPE, STATUS_BY_MODULE, STATUS_ELSEWHERE)
    return msgspec.structs.replace(found, hidden_reason=reason, hidden_by=_lacking(choices))


def _header(shown: payloads.Bill, base: payloads.Bill, choices: Choices) -> Bill:
    if shown.vendor is None or not shown.vendor.id:
        raise Unreadable("it names no vendor")
    tax, shipping = _amount(shown.tax_amount), _amount(shown.shipping_amount)
    discount = _amount(shown.pre_tax_discount_amount) + _amount(shown.post_tax_discount_amount)
    added = _either(shown.other_amount, base.other_amount)
    other = _amount(added) + _amount(shown.pre_tax_charge) + _amount(shown.post_tax_charge)
    on_top = ZERO if choices.gross else tax + shipping + _amount(added)
    return Bill(
        id=str(shown.id),
        vendor=named(shown.vendor),
        total=plain(shown.bill_amount + on_top),
        number=text(shown.vendor_number),
        own_number=text(shown.reference_number),
        date=date(shown.bill_date, "billDate"),
        due_date=date(shown.due_date, "dueDate"),
        post_date=date(shown.post_date, "postDate"),
        tax=plain(tax),
        shipping=plain(shipping),
        other=plain(other),
        discount=plain(discount),
        tax_zone=named(shown.tax_zone),
        business_unit=named(shown.business_unit),
        job=Ref(ref_id(shown.job_id), number=text(shown.job_number)),
        terms=text(shown.term_name),
        state=_state(shown),
        exported=shown.sync_status == "Exported",
        do_not_pay=shown.do_not_pay,
        landed_by_value=(shown.landed_cost_method or base.landed_cost_method) == "ByValue",
    )


def _state(shown: payloads.Bill) -> BillState:
    """A posted batch is further than reconciled; a discrepancy or cancellation stays what it is.

    Inventory bills have no status; whether such a bill is cancelled or in discrepancy cannot be told.
    """
    if shown.status and shown.status not in _STATES:
        raise Unreadable(f"field status is {shown.status!r}, which is not known")
    state = _STATES.get(shown.status or "", BillState.UNKNOWN)
    return BillState.POSTED if shown.sync_status in _POSTED and state not in _STOPPED else state


def _lines(shown: payloads.Bill, base: payloads.Bill | None, header: Bill, choices: Choices) -> tuple[BillLine, ...]:
    allocated = {item.id: item for item in (base.items or [])} if base else {}
    items = [_item(item, allocated.get(item.id, item), header, choices) for item in shown.items or []]
    return tied([*items, *(_expense(one, header) for one in shown.expense_items or [])], header)


def _item(item: payloads.BillItem, allocated: payloads.BillItem, header: Bill, choices: Choices) -> BillLine:
    quantity, cost = _quantity_and_cost(item)
    where = item.inventory_location
    return BillLine(
        id=str(item.id),
        amount=product(quantity, cost),
        description=plain_text(item.description) or text(item.name),
        sku=text(item.sku_code),
        quantity=plain(quantity),
        unit_cost=plain(cost),
        account=account(item, choices),
        business_unit=header.business_unit,
        job=header.job,
        location=Ref(name=text(where)) if isinstance(where, str) else named(where),
        tax=_optional(_either(item.allocated_tax, allocated.allocated_tax)),
        freight=_optional(_either(item.allocated_shipping, allocated.allocated_shipping)),
    )


def _quantity_and_cost(item: payloads.BillItem) -> tuple[Decimal, Decimal]:
    """Both, or neither for a line of text alone (zero); one without the other hides an amount."""
    if item.quantity is None and item.cost is None:
        return Decimal(1), ZERO
    if item.quantity is None or item.cost is None:
        missing = "quantity" if item.quantity is None else "cost"
        raise Unreadable(f"field {missing} of item {item.id} is missing")
    return item.quantity, item.cost


def _expense(expense: payloads.ExpenseItem, header: Bill) -> BillLine:
    job, unit = named(expense.job), named(expense.business_unit)
    return BillLine(
        id=str(expense.id),
        amount=expense.amount,
        kind=LineKind.EXPENSE,
        description=plain_text(expense.description),
        unit_cost=plain(expense.amount),
        account=_ledger(expense.general_ledger_account),
        business_unit=unit if expense.business_unit else header.business_unit,
        job=job if expense.job else header.job,
    )


def tied(lines: Iterable[BillLine], header: Bill) -> tuple[BillLine, ...]:
    """Lines with exact products as amounts, brought to the cent so that they tie wherever only rounding parts them."""
    untied = list(lines)
    stated = header.total - header.tax - header.shipping - header.other + header.discount
    amounts = line_amounts([line.amount for line in untied], stated)
    return tuple(msgspec.structs.replace(line, amount=amount) for line, amount in zip(untied, amounts, strict=True))


def account(item: payloads.BillItem | payloads.ReceiptItem, choices: Choices) -> Ref:
    """The ledger account of an item line: cost of sale first, then the item's general account.

    An item's general account is the one its sales invoices use and may be income; the cost-of-sale account is never.
    The asset account comes first only by choice, and items that are not stocked have none.
    """
    cost = item.cost_of_sale_account or item.general_ledger_account
    return _ledger((item.asset_account or cost) if choices.asset else cost)


def _ledger(account: payloads.LedgerAccount | None) -> Ref:
    return Ref() if account is None else Ref(ref_id(account.id), text(account.name), text(account.number))


def _amount(value: Decimal | None) -> Decimal:
    return ZERO if value is None else value


def _either(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    return second if first is None else first


def _optional(value: Decimal | None) -> Decimal | None:
    return None if value is None else plain(value)


@dataclass(frozen=True, slots=True)
class Around:
    """What receipts only name by id: purchase orders, vendor names and job numbers, each by id."""

    orders: Mapping[int, payloads.PurchaseOrder]
    vendors: Mapping[int, str]
    jobs: Mapping[int, str]


def receipt(payload: payloads.Receipt, around: Around, choices: Choices) -> Bill:
    """A bill for what was received of a purchase order: quantities received, the order's job and business unit.

    ``number`` is the vendor's invoice number as typed at receiving (may be empty), ``own_number`` the receipt's.
    Currency, due date and terms are not known here.
    """
    order = around.orders.get(payload.purchase_order_id)
    job = payload.job_id or (order.job_id if order else None)
    unit = payload.business_unit_id or (order.business_unit_id if order else None)
    header = Bill(
        id=str(payload.id),
        vendor=Ref(str(payload.vendor_id), around.vendors.get(payload.vendor_id, "")),
        total=plain(payload.receipt_amount),
        number=text(payload.vendor_invoice_number),
        own_number=text(payload.number),
        date=date(payload.received_on, "receivedOn"),
        tax=plain(payload.tax_amount),
        shipping=plain(payload.shipping_amount),
        business_unit=Ref(ref_id(unit)),
        job=Ref(ref_id(job), number=around.jobs.get(job or 0, "")),
        purchase_order=Ref(str(payload.purchase_order_id), number=text(order.number) if order else ""),
        state=_receipt_state(payload),
        exported=payload.sync_status == "Exported",
        active=payload.active,
        source_kind="receipt",
        own_bill=Ref(ref_id(payload.bill_id)),
        stamp=payload.modified_on or "",
    )
    lines = tied((_received(item, header, choices) for item in payload.items), header)
    return msgspec.structs.replace(header, lines=lines)


def _receipt_state(payload: payloads.Receipt) -> BillState:
    """A cancelled receipt is inactive; ServiceTitan gives it no other sign."""
    if not payload.active:
        return BillState.CANCELED
    return BillState.POSTED if payload.sync_status in _POSTED else BillState.RECEIVED


def _received(item: payloads.ReceiptItem, header: Bill, choices: Choices) -> BillLine:
    return BillLine(
        id=str(item.id),
        amount=product(item.quantity, item.cost),
        description=plain_text(item.description) or text(item.name),
        sku=text(item.code),
        quantity=plain(item.quantity),
        unit_cost=plain(item.cost),
        account=account(item, choices),
        business_unit=header.business_unit,
        job=header.job,
    )
