"""What Zoho Books computes from lines: line totals, discounts, taxes, total."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from ml_connector_sandbox.zoho_books.books.documents import Document, LineItem
from ml_connector_sandbox.zoho_books.books.masters import Tax, TaxGroup
from ml_connector_sandbox.zoho_books.books.values import ZERO, rounded

HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Settings:
    """The organisation's rules. ``item_level_tax`` rounds tax on every line, else once per tax and document."""

    precision: int
    item_level_tax: bool
    rate_rounded: bool
    tax: Callable[[str], Tax | TaxGroup]


def compute(document: Document, settings: Settings) -> None:
    """Fill every computed amount of ``document`` and its lines."""
    for line in document.lines:
        _gross(line, document, settings)
    _share_discount(document, settings.precision)
    exact = {line.line_item_id: _taxed(line, document, settings) for line in document.lines}
    document.taxes = _tax_sums(document.lines, exact, settings)
    document.tax_total = sum((amount for _, amount in document.taxes.values()), ZERO)
    _totals(document)


def discount_of(text: str, base: Decimal, precision: int) -> Decimal:
    """A discount written as an amount (``5``) or a share of ``base`` (``10%``)."""
    if text.endswith("%"):
        return rounded(base * Decimal(text[:-1]) / HUNDRED, precision)
    return rounded(Decimal(text), precision)


def components(tax: Tax | TaxGroup) -> list[tuple[Tax, Decimal]]:
    """The taxes behind an id with their effective share of the net amount."""
    if isinstance(tax, Tax):
        return [(tax, tax.percentage / HUNDRED)]
    simple = sum((one.percentage for one in tax.taxes if one.tax_type != "compound_tax"), ZERO) / HUNDRED
    return [
        (one, one.percentage / HUNDRED * ((1 + simple) if one.tax_type == "compound_tax" else 1)) for one in tax.taxes
    ]


def _gross(line: LineItem, document: Document, settings: Settings) -> None:
    rate = rounded(line.rate, settings.precision) if settings.rate_rounded else line.rate
    amount = rounded(rate * line.quantity, settings.precision)
    by_line = document.discount_type == "item_level"
    line.discount_amount = discount_of(line.discount, amount, settings.precision) if by_line else ZERO
    line.item_total = line.item_total_inclusive_of_tax = line.net = amount - line.discount_amount


def _share_discount(document: Document, precision: int) -> None:
    """A discount on the whole document, before tax, lowers each line's taxed amount in proportion."""
    base = sum((line.item_total for line in document.lines), ZERO)
    total = discount_of(document.discount, base, precision) if document.discount_type == "entity_level" else ZERO
    document.discount_total = total
    taken, seen = ZERO, ZERO
    for line in document.lines:
        seen += line.item_total
        share = (rounded(total * seen / base, precision) if base else ZERO) - taken
        taken += share
        line.net = line.item_total - share


def _taxed(line: LineItem, document: Document, settings: Settings) -> list[tuple[Tax, Decimal]]:
    """The unrounded taxes of a line; splits net from tax when rates include it."""
    if not line.tax_id:
        line.taxes = []
        return []
    shares = components(settings.tax(line.tax_id))
    whole = 1 + sum((share for _, share in shares), ZERO)
    base = line.net if document.is_discount_before_tax else line.item_total
    base = base / whole if document.is_inclusive_tax else base
    exact = [(tax, base * share) for tax, share in shares]
    line.taxes = [(tax.tax_id, tax.tax_name, rounded(amount, settings.precision)) for tax, amount in exact]
    _split(line, document, whole, settings.precision)
    return exact


def _split(line: LineItem, document: Document, whole: Decimal, precision: int) -> None:
    if document.is_inclusive_tax:
        line.item_total_inclusive_of_tax = line.item_total
        line.item_total = rounded(line.item_total / whole, precision)
        line.net = rounded(line.net / whole, precision)
    else:
        line.item_total_inclusive_of_tax = rounded(line.item_total * whole, precision)


def _tax_sums(
    lines: list[LineItem], exact: dict[str, list[tuple[Tax, Decimal]]], settings: Settings
) -> dict[str, tuple[str, Decimal]]:
    sums: dict[str, tuple[str, Decimal]] = {}
    for line in lines:
        for tax, amount in exact[line.line_item_id]:
            part = rounded(amount, settings.precision) if settings.item_level_tax else amount
            sums[tax.tax_id] = (tax.tax_name, sums.get(tax.tax_id, ("", ZERO))[1] + part)
    return {tax: (name, rounded(amount, settings.precision)) for tax, (name, amount) in sums.items()}


def _totals(document: Document) -> None:
    if document.is_inclusive_tax:
        # The rates say what is to be paid; the tax is found inside, so the sum including tax is the fixed point.
        inclusive = sum((line.item_total_inclusive_of_tax for line in document.lines), ZERO)
        document.sub_total_inclusive_of_tax = inclusive
        document.total = inclusive - document.discount_total + document.adjustment
        document.sub_total = inclusive - document.tax_total
    else:
        document.sub_total_inclusive_of_tax = ZERO
        document.sub_total = sum((line.item_total for line in document.lines), ZERO)
        document.total = document.sub_total - document.discount_total + document.tax_total + document.adjustment
