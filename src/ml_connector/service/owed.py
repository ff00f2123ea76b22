"""Open items of both sides side by side: who owes otherwise, by how much, and the causes that sum to it. Pure."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ml_connector.canonical.master_data import Party
from ml_connector.canonical.money import ZERO
from ml_connector.canonical.numbers import number_key
from ml_connector.service.integrating import Integration
from ml_connector.sync.states import State

#: What a difference is made of, in a bookkeeper's words.
CAUSES = {
    "not yet": "open at the source and not in the ledger yet",
    "held": "open at the source and held: 'ml-connector records --state held' says why",
    "before start": "dated before the start date and on one side alone",
    "not posted": "open at the source and not posted there yet",
    "keyed by hand": "open in the ledger alone, and not made here",
    "ours": "open in the ledger alone, and made here; where the source shows it paid, its payment is held or still to come",
    "other balance": "on both sides, with another balance",
    "unapplied": "money and credits that are on no invoice differ",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """One cause: how many open items, what they come to (here less there), and an example's number."""

    cause: str
    count: int
    amount: Decimal
    example: str


@dataclass(frozen=True, slots=True)
class Owing:
    """What one customer owes on both sides in one currency; ``differences`` sum to ``here`` less ``there``."""

    customer: str
    source_id: str
    target_id: str
    currency: str
    here: Decimal
    there: Decimal
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """Both sides' receivables. ``here`` is the source, sums by currency of all customers; ``at``: documents dated until then.

    ``differing`` are the customers that do not agree, of ``customers`` in all.
    """

    integration: str
    source: str
    target: str
    at: dt.date | None
    customers: int
    here: dict[str, Decimal]
    there: dict[str, Decimal]
    differing: tuple[Owing, ...]
    causes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """An open item of either side, with the customer it is of (a key) and what it is paired by."""

    id: str
    kind: str
    customer: str
    currency: str
    balance: Decimal
    number: str
    date: dt.date | None
    cause: str


@dataclass(slots=True)
class Books:
    """What the comparison needs to know beside the open items."""

    parties: Mapping[str, Party]
    customers: dict[str, str] = field(default_factory=dict)  # source id -> contact
    invoices: dict[str, tuple[State, str]] = field(default_factory=dict)  # source id -> state, the ledger's id
    names: dict[str, str] = field(default_factory=dict)
    locations: dict[str, str] = field(default_factory=dict)  # contact of a location -> its customer's source id

    def owner(self, contact: str) -> str:
        """Who owes what a contact owes: of a location's, its customer."""
        customer = self.locations.get(contact)
        return contact if customer is None else self.customers.get(customer) or f"source {customer}"


def laid(
    integration: Integration, books: Books, at: dt.date | None, here: Sequence[Item], there: Sequence[Item]
) -> Compared:
    """Both sides by customer and currency; ``at`` is only told."""
    sides: dict[tuple[str, str], tuple[list[Item], list[Item]]] = defaultdict(lambda: ([], []))
    for n, side in enumerate((here, there)):
        for one in side:
            sides[one.customer, one.currency][n].append(one)
    sources = {contact: source for source, contact in books.customers.items()}
    differing = []
    for (customer, currency), (ours, theirs) in sides.items():
        owed, due = (sum((one.balance for one in side), ZERO) for side in (ours, theirs))
        differences = _differences(ours, theirs)
        if differences and owed != due:
            source = customer.removeprefix("source ") if customer.startswith("source ") else sources.get(customer, "")
            party = books.parties.get(customer)
            name = books.names.get(source) or (party.name if party else customer)
            differing.append(Owing(name, source, customer if party else "", currency, owed, due, differences))
    differing.sort(key=lambda one: (-abs(one.here - one.there), one.customer))
    return Compared(
        integration.title, integration.source, integration.target, at, len({customer for customer, _ in sides}),
        _sums(here), _sums(there), tuple(differing),
        {cause: CAUSES[cause] for cause in CAUSES if any(d.cause == cause for one in differing for d in one.differences)},
    )  # fmt: skip


def _sums(items: Iterable[Item]) -> dict[str, Decimal]:
    found: dict[str, Decimal] = defaultdict(Decimal)
    for one in items:
        found[one.currency] += one.balance
    return dict(found)


def _differences(here: Sequence[Item], there: Sequence[Item]) -> tuple[Difference, ...]:
    """What is on one side alone, or open with another balance, by cause; money on nothing only as a whole."""
    found: dict[str, list[tuple[Decimal, str]]] = defaultdict(list)
    left = {one.id: one for one in there if one.kind == "invoice"}
    numbers = {number_key(one.number): one.id for one in left.values() if one.number}
    for one in (one for one in here if one.kind == "invoice"):
        other = left.pop(one.id if one.id in left else numbers.get(number_key(one.number), ""), None)
        if other is None:
            found[one.cause].append((one.balance, one.number))
        elif other.balance != one.balance:
            found["other balance"].append((one.balance - other.balance, one.number))
    for other in left.values():
        found[other.cause].append((-other.balance, other.number))
    rest = sum((one.balance for one in here if one.kind != "invoice"), ZERO)
    rest -= sum((one.balance for one in there if one.kind != "invoice"), ZERO)
    if rest:
        found["unapplied"].append((rest, ""))
    return tuple(
        Difference(cause, len(each), sum((amount for amount, _ in each), ZERO), each[0][1])
        for cause, each in found.items()
    )
