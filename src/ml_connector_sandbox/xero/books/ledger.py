"""The general ledger: every entry balances, in base currency."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ml_connector_sandbox.xero.books.values import ZERO


@dataclass(frozen=True, slots=True)
class Posting:
    """One side of an entry; debits positive, credits negative, base currency."""

    date: date
    account_id: str
    contact_id: str
    amount: Decimal


class Unbalanced(ValueError):
    """An entry whose debits and credits differ; a defect of the emulator."""


class Ledger:
    """Entries by id, and running balances by account."""

    def __init__(self) -> None:
        self._entries: dict[str, tuple[Posting, ...]] = {}
        self._accounts: dict[str, Decimal] = defaultdict(lambda: ZERO)

    def post(self, entry_id: str, postings: tuple[Posting, ...]) -> None:
        """Replace the entry; an empty one withdraws it. Raises Unbalanced."""
        if sum((one.amount for one in postings), ZERO) != ZERO:
            raise Unbalanced(f"entry {entry_id} does not balance: {postings}")
        self._apply(self._entries.pop(entry_id, ()), -1)
        if postings:
            self._entries[entry_id] = postings
        self._apply(postings, 1)

    def balance(self, account_id: str) -> Decimal:
        """Debits less credits of an account."""
        return self._accounts[account_id]

    def entry(self, entry_id: str) -> tuple[Posting, ...]:
        """The sides of one entry; none when it is not posted."""
        return self._entries.get(entry_id, ())

    def balances(self) -> dict[str, Decimal]:
        """Account id -> debits less credits, for accounts that moved."""
        return {account: amount for account, amount in sorted(self._accounts.items()) if amount}

    def _apply(self, postings: tuple[Posting, ...], sign: int) -> None:
        for one in postings:
            self._accounts[one.account_id] += sign * one.amount
