"""Trips to the bank: every few days the checks and the cash, and the cards with what the processor keeps."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from ml_connector_sandbox.company import sales_catalogue as names
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.servicetitan.books import BankDeposit, Payment, batch, move_payment, post_batch
from ml_connector_sandbox.servicetitan.books.purchasing import cents

CARD_FEE = Decimal("0.029")
_SLIPS = (("Checks and cash", (names.CHECK, names.CASH), Decimal(0)), ("Cards", (names.CARD,), CARD_FEE))
_SETTLED = timedelta(days=10)
"""After so long everybody has read a deposit."""


def bring_to_bank(sales: Sales, number: int) -> None:
    """Deposit what was paid but for the newest, review and post it; then one check turns out to have gone later.

    The newest slip of checks is made out and not brought yet. ``number`` seeds a chance of its own, so that nothing else
    of the company hangs on it.
    """
    chance = random.Random(f"deposits {number}")
    checks, cards = (_deposited(sales, chance, *slip) for slip in _SLIPS)
    *brought, newest = checks
    sales.books.bank_deposits.modify(newest.id, newest.modified_on, status="Open")
    _review(sales, [*brought, *cards])
    _post(sales, [*brought, *cards])
    _correct(sales, chance, brought)


def _deposited(sales: Sales, chance: random.Random, name: str, kinds: Sequence[str], fee: Decimal) -> list[BankDeposit]:
    """Deposits of some kinds of payment, one every two to four days on which there is any."""
    left, made = _payments(sales, kinds), list[BankDeposit]()
    while left:
        day = left[0].paid_on + timedelta(days=chance.randrange(1, 4))
        if day > sales.seed.dates.last:
            break
        taken = [one for one in left if one.paid_on <= day]
        left = left[len(taken) :]
        made.append(_deposit(sales, chance, f"{name} {day.isoformat()}", day, taken, fee))
    return made


def _payments(sales: Sales, kinds: Sequence[str]) -> list[Payment]:
    """Money that customers gave and that was not taken back, the oldest first."""
    types = {sales.types[kind].id for kind in kinds}
    found = [one for one in sales.books.payments if one.active and one.type_id in types and one.total > 0]
    return sorted(found, key=lambda one: (one.paid_on, one.id))


def _deposit(
    sales: Sales, chance: random.Random, name: str, day: date, taken: Sequence[Payment], fee: Decimal
) -> BankDeposit:
    """One trip, in the evening of a day."""
    gross, accounts = sum((one.total for one in taken), Decimal(0)), sales.seed.accounts
    at = sales.seed.dates.stamp(day, 9 * 3600 + chance.randrange(3000), chance.randrange(10_000_000))
    kept = sales.books.collecting.deposit(
        [one.id for one in taken], name, day, at, fees=cents(gross * fee), bank_account_id=accounts["1010"],
        fee_account_id=accounts["6810"] if fee else None,
    )  # fmt: skip
    sales.note("deposits", kept.id)
    return kept


def _review(sales: Sales, made: Sequence[BankDeposit]) -> None:
    """On the day after, which for the latest is still to come."""
    for one in made:
        day = one.deposit_date + timedelta(days=1)
        if day <= sales.seed.dates.last:
            at = sales.seed.dates.stamp(day)
            sales.books.bank_deposits.modify(one.id, at, review_status="Reviewed", reviewed_on=at)


def _post(sales: Sales, made: Sequence[BankDeposit]) -> None:
    """On the Monday after, behind the invoices and payments, in a batch of their own."""
    weeks: dict[date, list[int]] = {}
    for one in made:
        weeks.setdefault(one.deposit_date + timedelta(days=7 - one.deposit_date.weekday()), []).append(one.id)
    for monday, ids in sorted(weeks.items()):
        if monday <= sales.seed.dates.last:
            at = f"{monday.isoformat()}T15:45:00.1234567Z"
            name = f"Bank, week to {monday.isoformat()}"
            post_batch(sales.books, batch(sales.books, name, at=at, deposit_ids=ids), at)


def _correct(sales: Sales, chance: random.Random, made: Sequence[BankDeposit]) -> None:
    """A check was left in the drawer and went with the next slip, as the bank's statement shows weeks later."""
    kept = [sales.books.bank_deposits[one.id] for one in made]
    pairs = [pair for pair in pairwise(kept) if _separate(sales, *pair) and len(_inside(sales, pair[0])) > 1]
    left, now = chance.choice(pairs)
    late = chance.choice(_inside(sales, left))
    move_payment(sales.books, late.id, now.id, sales.seed.dates.stamp(now.deposit_date + _SETTLED))
    sales.note("deposit_changed", late.id, left.id, now.id)


def _separate(sales: Sales, left: BankDeposit, now: BankDeposit) -> bool:
    """Both are posted, in weeks of their own, and long enough ago."""
    return left.batch != now.batch and now.deposit_date + _SETTLED <= sales.seed.dates.last


def _inside(sales: Sales, deposit: BankDeposit) -> list[Payment]:
    return [one for one in sales.books.payments if one.deposit_id == deposit.id]
