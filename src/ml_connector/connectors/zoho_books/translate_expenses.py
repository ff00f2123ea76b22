"""Zoho's expenses as canonical documents. Pure; errors and ``field`` as in ``translate``.

Nobody tells whether the lines of a tax-inclusive expense are shown with their tax; the total does, since they come to it
either alone or with the tax.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO, is_exact, split, total
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import BillLine, Expense, LineKind
from ml_connector.connectors.json_fields import Fields, amount, children, needed, needed_amount, text
from ml_connector.connectors.zoho_books import translate
from ml_connector.connectors.zoho_books.values import day


def expense(row: Fields, field: str) -> Expense:
    """An expense; a list row shows the name of its account alone, and of several accounts none. Raises Unreadable.

    Its lines are without tax, each with its own where that can be told. Where they are shown with tax, and nothing says how
    much of it is on which, they keep it: then the expense is tax ``INCLUSIVE`` and its own tax is zero.
    """
    whole, tax = needed_amount(row, "total"), amount(row, "tax_amount")
    lines = _lines(row, whole, tax)
    inside = bool(lines) and tax != ZERO and total(line.amount for line in lines) == whole
    return Expense(
        id=needed(row, "expense_id"),
        total=whole,
        date=day(row, "date"),
        number=text(row, "reference_number"),
        currency=text(row, "currency_code"),
        lines=lines,
        tax=tax if lines and not inside else ZERO,
        tax_basis=TaxBasis.INCLUSIVE if inside else TaxBasis.EXCLUSIVE,
        paid_through=Ref(text(row, "paid_through_account_id"), text(row, "paid_through_account_name")),
        vendor=Ref(text(row, "vendor_id"), text(row, "vendor_name")),
        customer=Ref(text(row, "customer_id"), text(row, "customer_name")),
        memo=translate.words_of(text(row, "description")),
        status=text(row, "status"),
        exchange_rate=amount(row, "exchange_rate") or None,
        reference=translate.reference(row if field else {"notes": text(row, "description")}, field),
        complete=bool(lines),
        stamp=text(row, "last_modified_time"),
    )


def _lines(row: Fields, whole: Decimal, tax: Decimal) -> tuple[BillLine, ...]:
    """Its lines where it is itemised, else one on its account; none in a list row, which names no account."""
    shown = [one for one in children(row, "line_items") if text(one, "account_id")]
    if not shown and not text(row, "account_id"):
        return ()
    if not shown:
        return (_line(row, row, whole - tax, tax),)
    amounts = [amount(one, "item_total") or amount(one, "amount") for one in shown]
    lines, beside = [_line(one, row, net, None) for one, net in zip(shown, amounts, strict=True)], total(amounts)
    if beside not in (whole, whole - tax):
        return tuple(lines)
    taxes = _taxes(shown, amounts, tax, text(row, "currency_code"))
    if taxes is None:
        return tuple(lines)
    held = beside != whole - tax
    return tuple(
        msgspec.structs.replace(line, amount=line.amount - own if held else line.amount, tax=own)
        for line, own in zip(lines, taxes, strict=True)
    )


def _taxes(shown: list[Fields], amounts: list[Decimal], tax: Decimal, currency: str) -> list[Decimal] | None:
    """The tax of each line: of one line all, else as they show it, else the shares of lines of one rate; None if unclear."""
    own = [amount(one, "tax_amount") for one in shown]
    if len(shown) == 1 or tax == ZERO:
        return [tax if len(shown) == 1 else ZERO for _ in shown]
    if all(text(one, "tax_amount") for one in shown) and total(own) == tax:
        return own
    alike = len({text(one, "tax_id") for one in shown}) == 1
    if not (alike and any(amounts) and currency and is_exact(tax, currency)):
        return None
    return list(split(tax, [abs(one) for one in amounts], currency))


def _line(line: Fields, row: Fields, net: Decimal, tax: Decimal | None) -> BillLine:
    tax_id = text(line, "tax_id")
    return BillLine(
        id=text(line, "line_item_id") or text(line, "expense_item_id"),
        amount=net,
        kind=LineKind.EXPENSE,
        description=text(line, "description"),
        account=Ref(text(line, "account_id"), text(line, "account_name")),
        job=Ref(text(row, "project_id"), text(row, "project_name")),
        tax_code=Ref(tax_id, text(line, "tax_name"), text(line, "tax_percentage")) if tax_id else Ref(),
        dimensions=translate.tags(line),
        location=translate.location_of(row),
        tax=tax,
    )
