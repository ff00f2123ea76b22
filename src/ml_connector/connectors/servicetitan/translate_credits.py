"""ServiceTitan's AP credits as canonical bills with a negative total. Pure.

An AP credit is an amount; what it is for stands in the return behind it. Which of a credit's two numbers is the vendor's is
not published: as with bills, the reference is what people type, so it is taken where there is one.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO, plain
from ml_connector.canonical.parts import Allocation, Ref
from ml_connector.canonical.purchases import Bill, BillLine, BillState, LineKind
from ml_connector.connectors.servicetitan.lines import product
from ml_connector.connectors.servicetitan.payloads_credits import ApCredit, Return, ReturnItem
from ml_connector.connectors.servicetitan.translate import Unreadable, date, named, plain_text, ref_id, text
from ml_connector.connectors.servicetitan.translate_bills import Choices, account, tied
from ml_connector.connectors.servicetitan.walks import newest

KIND = "ap_credit"
RETURNS = "tn.inv.returns:r"
HIDDEN_BY_SCOPE = (
    f"Its lines stand in the return behind it, which is only shown to an application with the ServiceTitan scope {RETURNS}; "
    "add it in the developer portal and let the tenant accept the new version."
)
HIDDEN_ELSEWHERE = "ServiceTitan names a return behind it and does not show that: look at the return in ServiceTitan."
_POSTED = frozenset(["Posted", "Exported"])
_STATUSES = frozenset(["", "Unreconciled", "Canceled"])


def credit(payload: ApCredit, behind: Return | None, choices: Choices, *, granted: bool, job: str = "") -> Bill:
    """A vendor credit, every amount negative. ``behind`` is its return; ``granted``: returns may be read.

    One without a return has a single line over all of it, without an account. Raises Unreadable naming the field.
    """
    if payload.vendor is None or not payload.vendor.id:
        raise Unreadable("it names no vendor")
    header = _header(payload, behind, job)
    if payload.inventory_return_id and behind is None:
        reason, lacking = (HIDDEN_ELSEWHERE, "") if granted else (HIDDEN_BY_SCOPE, RETURNS)
        return msgspec.structs.replace(header, complete=False, hidden_reason=reason, hidden_by=lacking)
    if behind is None:
        return msgspec.structs.replace(header, lines=(_whole(payload, header),))
    lines = tied((_back(one, header, choices) for one in behind.items or [] if one.active), header)
    return msgspec.structs.replace(header, lines=lines)


def _header(payload: ApCredit, behind: Return | None, job: str) -> Bill:
    applied = ZERO if payload.applied_amount is None else payload.applied_amount
    return Bill(
        id=str(payload.id),
        vendor=named(payload.vendor),
        total=plain(-payload.amount),
        number=text(payload.reference_number) or text(payload.number),
        own_number=text(payload.number),
        date=date(payload.date, "date"),
        tax=_taken_back(behind.tax_amount if behind else None),
        shipping=_taken_back(behind.shipping_amount if behind else None),
        business_unit=named(payload.business_unit),
        job=Ref(ref_id(payload.job_id), number=job),
        purchase_order=Ref(ref_id(behind.purchase_order_id)) if behind else Ref(),
        state=_state(payload),
        exported=payload.sync_status == "Exported",
        active=payload.active,
        balance=plain(applied - payload.amount),
        source_kind=KIND,
        stamp=newest(payload.modified_on or "", (behind.modified_on or "") if behind else ""),
        credits=tuple(
            Allocation(
                str(one.id), Ref(str(one.inventory_bill_id)), plain(one.amount), date(one.created_on, "createdOn")
            )
            for one in payload.splits or []
            if one.active
        ),
    )


def _taken_back(amount: Decimal | None) -> Decimal:
    return ZERO if amount is None else plain(-amount)


def _state(payload: ApCredit) -> BillState:
    if (payload.status or "") not in _STATUSES:
        raise Unreadable(f"field status is {payload.status!r}, which is not known")
    if payload.status == "Canceled":
        return BillState.CANCELED
    return BillState.POSTED if payload.sync_status in _POSTED else BillState.RECEIVED


def _whole(payload: ApCredit, header: Bill) -> BillLine:
    """The one line of a credit that nothing was sent back for, such as a rebate."""
    return BillLine(
        id=str(payload.id), amount=header.total, kind=LineKind.EXPENSE, description="Vendor credit",
        unit_cost=header.total, business_unit=header.business_unit, job=header.job,
    )  # fmt: skip


def _back(item: ReturnItem, header: Bill, choices: Choices) -> BillLine:
    return BillLine(
        id=str(item.id),
        amount=product(-item.quantity, item.cost),
        description=plain_text(item.description) or text(item.name),
        sku=text(item.code),
        quantity=plain(-item.quantity),
        unit_cost=plain(item.cost),
        account=account(item, choices),
        business_unit=header.business_unit,
        job=header.job,
    )
