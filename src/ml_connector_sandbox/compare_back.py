"""What people type in Zoho Books against ServiceTitan, for a company that has it go back: once each, and to the cent.

What has to be there is told by the mapping tables of the hand-over file: a payment in a mode that is mapped on invoices
that came from ServiceTitan, and an expense between accounts that are.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.compare import Finding
from ml_connector_sandbox.ledger_documents import REFERENCE_FIELD

Row = Mapping[str, Any]
Tables = Mapping[str, Mapping[str, str]]
PAYMENTS, EXPENSES = "payment_modes", "expense_accounts"  # the tables of what goes back
_LEFT = "none"  # the value of what is left to Zoho Books
_ZERO = Decimal(0)
_MARK = re.compile(r"zoho_books-\w+-(payments|expenses)_back-\w+")


@dataclass(frozen=True, slots=True)
class _Kind:
    """``title``: of what was typed. ``there``: what was typed, by id; ``due``: the ids of those that must have gone back."""

    flow: str
    title: str
    there: Mapping[str, Row]
    due: Sequence[str]
    amount: Callable[[Row], Decimal]


def is_from_the_ledger(export_id: str | None, memo: str | None) -> bool:
    """Whether a payment of ServiceTitan's was typed in Zoho Books: it bears the mark of that."""
    return bool(_MARK.fullmatch(export_id or "") or _MARK.search(memo or ""))


def compare_back(company: Row, mapping: Tables, tenant: Row, there: Row) -> list[Finding]:
    """``mapping``: the tables of the integration; ``tenant`` and ``there``: ServiceTitan's books and the organisation's.

    Nothing is found where no table tells of what goes back.
    """
    if not {PAYMENTS, EXPENSES} & mapping.keys():
        return []
    payments = {str(one["payment_id"]): one for one in there["customer_payments"]}
    expenses = {str(one["expense_id"]): one for one in there["expenses"]}
    taken = _Kind("payments_back", "payment", payments, _due(payments, mapping, there), lambda one: one["amount"])
    spent = _Kind("expenses_back", "expense", expenses, _spent(expenses, mapping, there), lambda one: one["total"])
    entered = [(str(one["export_id"] or one["memo"] or ""), one["total"], _ZERO) for one in _live(tenant["payments"])]
    entries = [(str(one["name"] or ""), *_sides(one)) for one in _live(tenant["journal_entries"])]
    organisation = str(company["organization_id"])
    return [*_compared(taken, entered, organisation), *_compared(spent, entries, organisation)]


def _live(rows: Iterable[Row]) -> Iterable[Row]:
    return (one for one in rows if one["active"])


def _sides(entry: Row) -> tuple[Decimal, Decimal]:
    """What is debited, and what that differs by from what is credited."""
    debit, credit = (sum((Decimal(line[side]) for line in entry["lines"]), _ZERO) for side in ("debit", "credit"))
    return debit, debit - credit


def _due(payments: Mapping[str, Row], mapping: Tables, there: Row) -> list[str]:
    ours = {str(one["document_id"]) for one in there["invoices"] if _is_ours(one) and one["state"] != "void"}
    modes = mapping.get(PAYMENTS, {})
    return [
        id_
        for id_, one in payments.items()
        if not _is_ours(one) and modes.get(str(one["mode"]).lower(), _LEFT) != _LEFT
        and one["invoices"] and set(map(str, one["invoices"])) <= ours
    ]  # fmt: skip


def _is_ours(one: Row) -> bool:
    return bool(one["custom"].get(REFERENCE_FIELD))


def _spent(expenses: Mapping[str, Row], mapping: Tables, there: Row) -> list[str]:
    rows = mapping.get(EXPENSES, {})
    mapped = {one["account_name"] for one in there["accounts"] if rows.get(str(one["account_id"]), _LEFT) != _LEFT}
    return [id_ for id_, one in expenses.items() if {one["account_name"], one["paid_through"]} <= mapped]


def _compared(kind: _Kind, entered: Iterable[tuple[str, Any, Decimal]], organisation: str) -> Iterable[Finding]:
    """``entered``: by mark, what each came to, and by how much its two sides differ."""
    mark = re.compile(rf"zoho_books-{re.escape(organisation)}-{kind.flow}-(\w+)")
    found: dict[str, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for text, amount, off in entered:
        if named := mark.search(text):
            found[named[1]].append((Decimal(amount), off))
    for id_ in sorted({*kind.due} - {*found}):
        yield Finding("missing", f"{kind.title} {id_} of Zoho Books is not in ServiceTitan")
    for id_, rows in found.items():
        yield from _looked_at(kind, id_, rows)


def _looked_at(kind: _Kind, id_: str, rows: Sequence[tuple[Decimal, Decimal]]) -> Iterable[Finding]:
    what = f"{kind.title} {id_} of Zoho Books"
    if id_ not in kind.there:
        yield Finding("unexpected", f"{what} is not there any more, and stands in ServiceTitan")
        return
    if len(rows) > 1:
        yield Finding("duplicates", f"{what} stands in ServiceTitan {len(rows)} times")
    wanted = Decimal(kind.amount(kind.there[id_]))
    for amount, off in rows:
        if amount != wanted:
            yield Finding("totals_differ", f"{what} over {wanted}: {amount} in ServiceTitan")
        if off:
            yield Finding("totals_differ", f"{what}: its two sides in ServiceTitan differ by {off}")
