"""The mapping tables of what goes back into ServiceTitan: keys as Zoho Books shows them, values ids of ServiceTitan's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ml_connector.canonical.documents import Document
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.purchases import Expense
from ml_connector.canonical.sales import Payment
from ml_connector.integrations.tables import TableType

MODES = "payment_modes"
EXPENSES = "expense_accounts"
NO_MODE = "(no mode)"
STAYS = "none"  # what a row says of payments and expenses that are not entered in ServiceTitan


def mode_key(method: Ref) -> str:
    """The key of a payment mode: its name in small letters, as people spell it in more than one way."""
    return " ".join(method.name.casefold().split()) or NO_MODE


def mode_name(method: Ref) -> str:
    """What people call a payment mode."""
    return " ".join(method.name.split()) or NO_MODE


@dataclass(frozen=True, slots=True)
class ModeTable(TableType):
    """Which payment type of ServiceTitan a payment mode of the ledger is."""

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        return [(mode_key(document.method), mode_name(document.method))] if isinstance(document, Payment) else ()


def accounts_of(expense: Expense) -> tuple[Ref, ...]:
    """The ledger accounts of an expense: those of its lines, then the one that paid."""
    return (*(line.account for line in expense.lines if line.amount != 0), expense.paid_through)


@dataclass(frozen=True, slots=True)
class ExpenseAccountTable(TableType):
    """Which GL account of ServiceTitan an account of the ledger is, of those that expenses use."""

    def shown_keys(self, document: Document) -> Iterable[tuple[str, str]]:
        if not isinstance(document, Expense):
            return ()
        return [(one.id, one.name) for one in accounts_of(document) if one.id]
