"""Zoho's items, currencies and expenses as canonical documents. Pure; errors and ``field`` as in ``translate``."""

from __future__ import annotations

from decimal import Decimal

from ml_connector.canonical.master_data import Item, ListEntry
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.parts import Ref, TaxBasis
from ml_connector.canonical.purchases import BillLine, Expense, LineKind
from ml_connector.connectors.json_fields import Fields, amount, children, needed, needed_amount, text
from ml_connector.connectors.zoho_books import translate
from ml_connector.connectors.zoho_books.values import day

_KINDS = {"service": "service", "digital_service": "service", "goods": "material"}


def item(row: Fields, field: str) -> Item:
    """An item of the list or in detail. Whether it is taxed is told in detail, and in some editions only.

    A price stands for what can be sold, a cost for what can be bought; Zoho shows 0 for what it has none of.
    Raises Unreadable.
    """
    tax_id = text(row, "tax_id")
    taxable = row.get("is_taxable")
    return Item(
        id=needed(row, "item_id"),
        kind=_KINDS.get(text(row, "product_type"), ""),
        name=needed(row, "name"),
        sku=text(row, "sku"),
        description=translate.words_of(text(row, "description")),
        price=amount(row, "rate") if row.get("can_be_sold") is not False and text(row, "rate") else None,
        cost=amount(row, "purchase_rate") if row.get("can_be_purchased") is True else None,
        income_account=Ref(text(row, "account_id"), text(row, "account_name")),
        expense_account=Ref(text(row, "purchase_account_id"), text(row, "purchase_account_name")),
        tax_code=Ref(tax_id, text(row, "tax_name"), text(row, "tax_percentage")) if tax_id else Ref(),
        unit=text(row, "unit"),
        taxable=taxable if isinstance(taxable, bool) else None,
        active=text(row, "status") != "inactive",
        reference=translate.reference(row if field else {"notes": text(row, "description")}, field),
        stamp=text(row, "last_modified_time"),
    )


def currency(row: Fields, field: str = "") -> ListEntry:
    """A currency of the organisation; its rate is left out: it is 0 where Zoho keeps it by itself. Raises Unreadable."""
    return ListEntry(
        id=needed(row, "currency_id"),
        kind="currency",
        name=text(row, "currency_name") or needed(row, "currency_code"),
        number=needed(row, "currency_code"),
    )


def expense(row: Fields, field: str) -> Expense:
    """An expense; a list row shows the name of its account alone, and of several accounts none. Raises Unreadable."""
    inclusive = row.get("is_inclusive_tax") is True
    lines = _expense_lines(row)
    tax = ZERO if inclusive else amount(row, "tax_amount")
    return Expense(
        id=needed(row, "expense_id"),
        total=needed_amount(row, "total"),
        date=day(row, "date"),
        number=text(row, "reference_number"),
        currency=text(row, "currency_code"),
        lines=lines,
        tax=tax if lines else ZERO,
        tax_basis=TaxBasis.INCLUSIVE if inclusive else TaxBasis.EXCLUSIVE,
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


def _expense_lines(row: Fields) -> tuple[BillLine, ...]:
    """Its lines where it is itemised, else one on its account; none in a list row, which names no account."""
    shown = [one for one in children(row, "line_items") if text(one, "account_id")]
    if not shown and not text(row, "account_id"):
        return ()
    return tuple(_expense_line(one, row) for one in shown or [row])


def _expense_line(line: Fields, row: Fields) -> BillLine:
    tax_id = text(line, "tax_id")
    return BillLine(
        id=text(line, "line_item_id") or text(line, "expense_item_id"),
        amount=_expense_amount(line, row),
        kind=LineKind.EXPENSE,
        description=text(line, "description"),
        account=Ref(text(line, "account_id"), text(line, "account_name")),
        job=Ref(text(row, "project_id"), text(row, "project_name")),
        tax_code=Ref(tax_id, text(line, "tax_name"), text(line, "tax_percentage")) if tax_id else Ref(),
        dimensions=translate.tags(line),
        location=translate.location_of(row),
    )


def _expense_amount(line: Fields, row: Fields) -> Decimal:
    """What the line adds: with its tax where the expense is tax inclusive, else without."""
    if line is not row:
        return amount(line, "item_total") or amount(line, "amount")
    if row.get("is_inclusive_tax") is True:
        return amount(row, "total")
    return amount(row, "sub_total") or amount(row, "total") - amount(row, "tax_amount")
