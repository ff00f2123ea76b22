"""What Xero computes from lines: unit prices cut to their decimals, line totals, tax per line, totals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from ml_connector_sandbox.xero.books.documents import Document, Line
from ml_connector_sandbox.xero.books.values import HUNDRED, ZERO, rounded


@dataclass(frozen=True, slots=True)
class Rules:
    """``rate``: tax type -> per hundred, None when unknown. ``unit_places``: decimals a unit price keeps."""

    rate: Callable[[str], Decimal | None]
    unit_places: int
    even: bool


def fill_line(line: Line, amounts: str, rules: Rules, line_amount: Decimal | None) -> Decimal | None:
    """Fill the line's amount and tax; returns what the line total should be when ``line_amount`` disagrees.

    A line without a unit price takes the amount sent; a line with neither stays at zero.
    """
    if line.unit_amount is None and line_amount is not None:
        line.quantity = Decimal(1) if line.quantity is None else line.quantity
        line.unit_amount = line_amount / line.quantity if line.quantity else ZERO
        line.unit_amount = rounded(line.unit_amount, rules.unit_places, rules.even)
        line.amount = rounded(line_amount, 2, rules.even)
        _tax(line, amounts, rules)
        return None
    if line.unit_amount is not None:
        line.quantity = Decimal(1) if line.quantity is None else line.quantity
        line.unit_amount = rounded(line.unit_amount, rules.unit_places, rules.even)
    line.amount = _expected(line, rules)
    _tax(line, amounts, rules)
    return line.amount if line_amount is not None and rounded(line_amount) != line.amount else None


def fill_tax(line: Line, amounts: str, rules: Rules) -> None:
    """Fill the tax of a line whose amount stands."""
    _tax(line, amounts, rules)


def total(document: Document) -> None:
    """Fill the document's totals from its lines."""
    document.total_tax = sum((line.tax for line in document.lines), ZERO)
    gross = sum((line.amount for line in document.lines), ZERO)
    inclusive = document.amounts == "Inclusive"
    document.sub_total = gross - document.total_tax if inclusive else gross
    document.total = document.sub_total + document.total_tax
    document.total_discount = sum((discount(line) for line in document.lines), ZERO)


def discount(line: Line) -> Decimal:
    """What the line's discount takes off, to the cent."""
    if not line.discount_rate and not line.discount_amount:
        return ZERO
    return rounded((line.quantity or ZERO) * (line.unit_amount or ZERO)) - line.amount


def _expected(line: Line, rules: Rules) -> Decimal:
    whole = (line.quantity or ZERO) * (line.unit_amount or ZERO)
    if line.discount_amount is not None:
        whole -= line.discount_amount
    elif line.discount_rate is not None:
        whole = whole * (HUNDRED - line.discount_rate) / HUNDRED
    return rounded(whole, 2, rules.even)


def _tax(line: Line, amounts: str, rules: Rules) -> None:
    rate = rules.rate(line.tax_type) if line.tax_type else None
    if amounts == "NoTax" or (rate is None and not line.tax_given):
        line.tax = ZERO
    elif line.tax_given:
        line.tax = rounded(line.tax, 2, rules.even)
    else:
        rate = rate or ZERO
        share = rate / (HUNDRED + rate) if amounts == "Inclusive" else rate / HUNDRED
        line.tax = rounded(line.amount * share, 2, rules.even)
