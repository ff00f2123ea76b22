"""What is answered: clearing accounts, bank deposits, and the payments in them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal

from ml_connector.service.tallies import Tally


@dataclass(frozen=True, slots=True)
class ClearedPayment:
    """A payment of a bank deposit. ``account`` is the id of the ledger account it is booked on, or meant for.

    ``record_id`` is 0 for one that is not known here. Where it is not ``booked``, ``why`` and ``action`` say what keeps it.
    """

    id: str
    record_id: int
    number: str
    date: dt.date | None
    amount: Decimal
    currency: str
    account: str
    booked: bool
    why: str = ""
    action: str = ""


@dataclass(frozen=True, slots=True)
class ClearedDeposit:
    """A bank deposit. ``deposited`` is False while it is open; ``missing`` are its payments that are not in the ledger.

    ``ties`` is whether it adds up, told in ``sentence``; ``differences`` is where it and its payments disagree.
    """

    record_id: int
    number: str
    date: dt.date | None
    currency: str
    gross: Decimal
    fees: Decimal
    net: Decimal
    deposited: bool
    ties: bool
    sentence: str
    action: str
    payments: tuple[ClearedPayment, ...]
    missing: Tally
    differences: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        """Whether nobody has to look at it."""
        return self.ties and not self.missing.count and not self.differences


@dataclass(slots=True)
class ClearingAccount:
    """A ledger account that payment types go to; without an ``id``, what was deposited and goes nowhere yet.

    Sums are per currency, and refunds take away from them. ``booked`` are all payments on it in the ledger. ``gross`` are
    its deposits at their gross amounts, with their ``fees`` and ``net``; one over several accounts stands with each at the
    sum of its payments there, its fees with the one that has most of it. ``waiting`` are payments booked on it and not
    deposited, the oldest of day ``oldest``, ``age`` days ago; of them ``unread`` name a deposit that does not show them.
    ``missing`` are deposited and not booked. ``expected`` is booked less deposited, by payments. ``balance`` is the
    ledger's own as a person gave it, and ``difference`` how much more that is than expected.
    """

    id: str
    number: str
    name: str
    types: tuple[str, ...]
    booked: Tally = field(default_factory=Tally)
    gross: Tally = field(default_factory=Tally)
    fees: dict[str, Decimal] = field(default_factory=dict)
    net: dict[str, Decimal] = field(default_factory=dict)
    waiting: Tally = field(default_factory=Tally)
    waiting_by_type: dict[str, Tally] = field(default_factory=dict)
    unread: Tally = field(default_factory=Tally)
    missing: Tally = field(default_factory=Tally)
    oldest: dt.date | None = None
    age: int | None = None
    expected: dict[str, Decimal] = field(default_factory=dict)
    balance: Decimal | None = None
    difference: Decimal | None = None
    sentences: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Number and name, as people know it."""
        return " ".join(part for part in (self.number, self.name) if part) or self.id or "No account"


@dataclass(frozen=True, slots=True)
class ClearingReport:
    """All clearing accounts of an integration as of day ``on`` in the company's zone.

    ``deposits`` are those to be looked at, or all that were asked for; ``read`` counts all, at their gross amounts. ``mode``
    is that of the flow; ``problem`` says why the source does not let deposits be read. ``balances`` says what is to be known
    of the ledger's own balances.
    """

    on: dt.date
    integration: str
    mode: str
    problem: str
    accounts: tuple[ClearingAccount, ...]
    deposits: tuple[ClearedDeposit, ...]
    read: Tally
    balances: str

    @property
    def open(self) -> bool:
        """Whether a person has something to look at."""
        unexplained = any(one.difference for one in self.accounts)
        return bool(self.problem) or unexplained or any(not one.good for one in self.deposits)
