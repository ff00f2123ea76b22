"""Document lines as Xero takes them, with Xero's arithmetic. Pure.

A line is quantity x unit price, rounded to two digits; its tax is rounded to two digits and then summed. Quantity and
price go only where their product gives the line's amount without a tie to be rounded; else the line is one piece at its
amount, with the real figures in its description. Tax goes with each line explicitly, so that Xero's sum is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ml_connector.canonical.money import ZERO, plain, total
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import BillLine
from ml_connector.canonical.sales import InvoiceLine
from ml_connector.connectors.xero import references
from ml_connector.connectors.xero.values import is_guid
from ml_connector.errors import BadInput

DESCRIPTION_LIMIT = 4_000
UNIT_DIGITS = 4  # with unitdp=4; purchase orders always
TRACKING_LIMIT = 2
_ONE, _CENT, _HALF = Decimal(1), Decimal("0.01"), Decimal("0.005")
BASES = {TaxBasis.EXCLUSIVE: "Exclusive", TaxBasis.INCLUSIVE: "Inclusive", TaxBasis.NONE: "NoTax"}


@dataclass(slots=True)
class Frame:
    """What all lines of one document share. ``what`` names it in sentences; ``notes`` collects visible changes.

    ``sign`` is -1 where a negative document becomes its opposite.
    """

    what: str
    basis: TaxBasis
    complete: bool = True  # more than a draft, which may lack accounts
    sign: int = 1
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines as sent, and what Xero makes of them: ``total`` with tax."""

    sent: tuple[dict[str, Any], ...]
    total: Decimal


def lines(frame: Frame, given: Sequence[InvoiceLine | BillLine]) -> Lines:
    """All lines that count. Raises BadInput in words for a bookkeeper."""
    counted = [(n, line) for n, line in enumerate(given, 1) if getattr(line, "chargeable", True)]
    left_out = len(given) - len(counted)
    if left_out:
        frame.notes.append(f"{left_out} lines that are not charged are left out")
    if not counted:
        raise BadInput(f"{frame.what} has no lines that are charged: Xero takes none without.")
    sent = tuple(_line(frame, line, n) for n, line in counted)
    net = total(one["LineAmount"] for one in sent)
    tax = total(one.get("TaxAmount", ZERO) for one in sent)
    return Lines(sent, net + tax if frame.basis is TaxBasis.EXCLUSIVE else net)


def cents(amount: Decimal) -> Decimal:
    """To two digits, halves away from zero. That Xero rounds halves so is assumed; no line of ours depends on it."""
    return amount.quantize(_CENT, ROUND_HALF_UP)


def figures(quantity: Decimal, price: Decimal, amount: Decimal) -> tuple[Decimal, Decimal]:
    """Quantity and unit price as sent for a line of ``amount``; quantity 1 unless the product gives it surely."""
    count = abs(quantity)
    unit = abs(price) if amount >= 0 else -abs(price)
    fits = _digits(count) <= UNIT_DIGITS and _digits(unit) <= UNIT_DIGITS
    if fits and count > 0 and abs(count * unit - amount) < _HALF:
        return plain(count), plain(unit)
    return _ONE, plain(amount)


def account(ref: Ref) -> dict[str, str]:
    """An account of a line: its code where it is known, as documents name it, else its id."""
    if ref.number:
        return {"AccountCode": ref.number}
    return {"AccountID": ref.id} if is_guid(ref.id) else {"AccountCode": ref.id}


def _line(frame: Frame, line: InvoiceLine | BillLine, n: int) -> dict[str, Any]:
    amount = frame.sign * line.amount
    if _digits(amount) > 2:
        raise BadInput(f"Line {n} of {frame.what}: {amount} has more than two decimals: correct it at the source.")
    if frame.complete and not (line.account.id or line.account.number):
        raise BadInput(f"Line {n} of {frame.what} ({line.description[:40]}) has no account: fill the account mapping.")
    price = line.unit_price if isinstance(line, InvoiceLine) else line.unit_cost
    quantity, unit = figures(line.quantity, price, amount)
    return {
        **({"LineItemID": line.id} if is_guid(line.id) else {}),
        "Description": _description(frame, line, n, price, same=(quantity, abs(unit)) == (abs(line.quantity), abs(price))),
        "Quantity": quantity,
        "UnitAmount": unit,
        "LineAmount": plain(amount),
        **(account(line.account) if line.account.id or line.account.number else {}),
        **_tax(frame, line, n, amount),
        **_tracking(frame, line, n),
    }  # fmt: skip


def _description(frame: Frame, line: InvoiceLine | BillLine, n: int, price: Decimal, *, same: bool) -> str:
    """The description, and the real quantity and price where they are not sent as such; those are never cut away.

    Xero takes no line without one.
    """
    tail = "" if same or not price else f"({plain(line.quantity):f} x {plain(price):f})"
    if tail:
        frame.notes.append(f"line {n} goes as one piece; its quantity and price are in its description: {tail}")
    room = DESCRIPTION_LIMIT - len(tail) - 1
    words = line.description.strip() or line.sku
    if len(words) > room:
        frame.notes.append(f"the description of line {n} was cut at {room:,} characters")
    return " ".join(part for part in (references.cut(words, room), tail) if part) or f"Line {n}"


def _tax(frame: Frame, line: InvoiceLine | BillLine, n: int, amount: Decimal) -> dict[str, Any]:
    """Tax type and amount: the source's own tax, else by the rate (``tax_code.number``, per cent). Raises BadInput."""
    code = line.tax_code
    if frame.basis is TaxBasis.NONE:
        return {}
    if not code.id:
        if line.tax:
            raise BadInput(
                f"Line {n} of {frame.what} carries tax of {line.tax} without a tax rate: fill the tax mapping."
            )
        return {}
    if line.tax is not None:
        if _digits(line.tax) > 2:
            raise BadInput(
                f"Line {n} of {frame.what}: tax {line.tax} has more than two decimals: correct it at the source."
            )
        return {"TaxType": code.id, "TaxAmount": plain(frame.sign * line.tax)}
    if not code.number:
        raise BadInput(
            f"Line {n} of {frame.what}: neither its tax nor the rate of {code.label()} is known: check the tax mapping."
        )
    rate = _rate(code, n) / 100
    inside = amount * rate / (1 + rate) if frame.basis is TaxBasis.INCLUSIVE else amount * rate
    return {"TaxType": code.id, "TaxAmount": plain(cents(inside))}


def _rate(code: Ref, n: int) -> Decimal:
    try:
        return Decimal(code.number)
    except ArithmeticError as error:
        raise BadInput(
            f"Line {n}: the tax {code.name or code.id} has the rate {code.number!r}, which is no number."
        ) from error


def _tracking(frame: Frame, line: InvoiceLine | BillLine, n: int) -> dict[str, Any]:
    if len(line.dimensions) > TRACKING_LIMIT:
        raise BadInput(f"Line {n} of {frame.what} has {len(line.dimensions)} tracking options; Xero takes two.")
    if any(not (one.id and one.number) for one in line.dimensions):
        raise BadInput(
            f"Line {n} of {frame.what}: a tracking option names no category or no option: check its mapping."
        )
    tracking = [{"TrackingCategoryID": one.number, "TrackingOptionID": one.id} for one in line.dimensions]
    # A line of Xero's keeps the tracking that is not sent; an empty list takes it off.
    return {"Tracking": tracking} if tracking or is_guid(line.id) else {}


def _digits(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
