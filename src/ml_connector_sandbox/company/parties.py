"""A firm of as many customers and vendors on both sides as are asked for, with a truth table of who is whom.

Both sides were kept by hand for years: nothing names the other. The same numbers and seed give the same parties, ids
and truth, on any machine.
"""

from __future__ import annotations

import random
from dataclasses import replace

from ml_connector_sandbox.company.company import Company, founded
from ml_connector_sandbox.company.party_cases import CASES, ONLY_HERE, ONLY_THERE, SAME, Case
from ml_connector_sandbox.company.party_desk import CUSTOMER, VENDOR, Desk
from ml_connector_sandbox.company.party_truth import Parties
from ml_connector_sandbox.company.seed import Seed
from ml_connector_sandbox.kernel.clock import SandboxClock

LEAST = 40  # parties of one kind: each case once, with the rest in balance
BOTH = "both_kinds"


def parties(clock: SandboxClock, customers: int, vendors: int, seed: int = 1) -> Company:
    """So many customers and vendors at ServiceTitan, and as many at Zoho Books; no documents, and no limits kept.

    Raises ValueError on fewer than ``LEAST`` of a kind, or more than there are names and numbers for.
    """
    if min(customers, vendors) < LEAST:
        raise ValueError(f"parties:N,M takes {LEAST} or more of each kind, so that every case is among them")
    company = founded(clock, seed, f"parties:{customers},{vendors}", suppliers=0)
    company.limits = False
    company.parties = file_parties(company.seed, customers, vendors, seed)
    return company


def file_parties(books: Seed, customers: int, vendors: int, seed: int) -> Parties:
    """File them on both sides and tell who is whom; each side has exactly so many. ``seed`` seeds the chance."""
    truth = Parties()
    buying = Desk(books, truth, CUSTOMER, customers)
    selling = Desk(books, truth, VENDOR, vendors, numbers=buying.numbers)
    for place in range(max(1, vendors // 200)):
        _both_kinds(buying, selling, place)
    for desk in (buying, selling):
        _fill(desk, random.Random(f"parties {seed} {desk.kind}"))
    return truth


def _both_kinds(buying: Desk, selling: Desk, place: int) -> None:
    """A firm that buys and sells: one name and e-mail, and on each side one record of each kind."""
    facts = buying.someone(private=False)
    facts = replace(facts, name=f"{facts.name} Cooperative {place + 1}")
    for desk in (buying, selling):
        desk.expect(BOTH, desk.source(facts), facts, target_id=desk.target(facts))


def _fill(desk: Desk, chance: random.Random) -> None:
    cases = [one for one in CASES if desk.kind in one.kinds]
    for one in cases:
        one.file(desk, one.name)
    weights = [one.weight for one in cases]
    while desk.room(3, 3):
        [one] = chance.choices(cases, weights)
        one.file(desk, one.name)
    while desk.room(1, 0) or desk.room(0, 1):
        one = _last(desk)
        one.file(desk, one.name)


def _last(desk: Desk) -> Case:
    if desk.room(1, 1):
        return SAME
    return ONLY_HERE if desk.room(1, 0) else ONLY_THERE
