"""What clearing accounts hold, by payments and deposits. Pure.

A payment comes onto its clearing account in the ledger when it is posted, and leaves it when a person books its bank deposit
there: the net amount to the bank, the fees to their expense.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from ml_connector.canonical.money import ZERO
from ml_connector.canonical.sales import Deposited
from ml_connector.errors import Acts, BadInput, NotFound
from ml_connector.service.clearing import words
from ml_connector.service.clearing.facts import Facts, Known, Taken
from ml_connector.service.clearing.shapes import ClearedDeposit, ClearedPayment, ClearingAccount
from ml_connector.service.tallies import Tally, acts_of, in_currency

Accounts = dict[str, ClearingAccount]


def is_good(finding: str) -> bool:
    """Whether nobody has to do anything about what a deposit was found to be."""
    return acts_of(finding) == Acts.NOBODY


# --- deposits ----------------------------------------------------------------------------------------------------


def cleared(taken: Taken, known: Facts) -> ClearedDeposit:
    """A deposit with what became of its payments."""
    deposit, track = taken.deposit, taken.track
    payments = tuple(_payment(one, track.currency, known) for one in deposit.payments)
    missing = Tally()
    for one in payments:
        if not one.booked:
            missing.add(1, one.currency, one.amount)
    gross, fees, net = (in_currency(one, track.currency) for one in (deposit.gross, deposit.fees, deposit.net))
    return ClearedDeposit(
        taken.record_id, track.number, deposit.date, track.currency, gross, fees, net, deposit.deposited,
        is_good(track.finding), track.sentence, track.action, payments, missing, words.differences(deposit, known),
    )  # fmt: skip


def _payment(part: Deposited, currency: str, known: Facts) -> ClearedPayment:
    found = known.payments.get(part.id)
    if found is None:
        account = known.types.account(part.method, part.date)
        amount, why = in_currency(part.amount, currency), words.unknown(part.id, known.kind.source_title)
        return ClearedPayment(part.id, 0, part.number, part.date, amount, currency, account, False, *why)
    amount = in_currency(part.amount, found.currency)
    return ClearedPayment(
        part.id, found.record_id, part.number, part.date, amount, found.currency, found.account, found.booked,
        found.why, found.action,
    )  # fmt: skip


def by_date(one: ClearedDeposit) -> tuple[dt.date, int]:
    """The order of deposits, the oldest first."""
    return (one.date or dt.date.min, one.record_id)


# --- accounts ----------------------------------------------------------------------------------------------------


def accounts(known: Facts, deposits: Sequence[ClearedDeposit], today: dt.date) -> Accounts:
    """By id, those that payment types go to and those that hold something."""
    found = {id: _account(id, keys, known) for id, keys in known.types.of_account().items()}
    listed = {part.id for one in deposits for part in one.payments}
    at_bank = {part.id for one in deposits if one.deposited for part in one.payments}
    for payment in known.payments.values():
        if payment.booked and payment.account:
            _book(_of(payment.account, found, known), payment, at_bank, listed)
    for deposit in deposits:
        if deposit.deposited:
            _take(deposit, found, known)
    for account in found.values():
        account.age = (today - account.oldest).days if account.oldest else None
    return found


def _account(id: str, keys: Iterable[str], known: Facts) -> ClearingAccount:
    account = known.accounts.get(id)
    types = tuple(known.names.get(key) or key for key in keys)
    return ClearingAccount(id, account.number if account else "", account.name if account else "", types)


def _of(id: str, found: Accounts, known: Facts) -> ClearingAccount:
    return found.setdefault(id, _account(id, (), known))


def _book(account: ClearingAccount, payment: Known, at_bank: Collection[str], listed: Collection[str]) -> None:
    """A payment that stands on the account, and may be there still."""
    currency, amount = payment.currency, payment.amount
    account.booked.add(1, currency, amount)
    _add(account.expected, currency, amount)
    if payment.id in at_bank:
        return
    account.waiting.add(1, currency, amount)
    account.waiting_by_type.setdefault(payment.method, Tally()).add(1, currency, amount)
    if payment.deposit.id and payment.id not in listed:
        account.unread.add(1, currency, amount)
    if payment.date is not None:
        account.oldest = min(account.oldest or payment.date, payment.date)


def _take(deposit: ClearedDeposit, found: Accounts, known: Facts) -> None:
    """A deposit that is at the bank, off every account that its payments are of."""
    shares: dict[str, Decimal] = {}
    for part in deposit.payments:
        shares[part.account] = shares.get(part.account, ZERO) + part.amount
        account = _of(part.account, found, known)
        _add(account.expected, part.currency, -part.amount)
        if not part.booked:
            account.missing.add(1, part.currency, part.amount)
    most = max(shares, key=lambda id: (shares[id], id), default="")
    for id, share in shares.items():
        alone, account = len(shares) == 1, found[id]
        gross, fees = deposit.gross if alone else share, deposit.fees if id == most else ZERO
        account.gross.add(1, deposit.currency, gross)
        _add(account.fees, deposit.currency, fees)
        _add(account.net, deposit.currency, deposit.net if alone else gross - fees)


def _add(sums: dict[str, Decimal], currency: str, amount: Decimal) -> None:
    sums[currency] = in_currency(sums.get(currency, ZERO) + amount, currency)


# --- what the ledger says ----------------------------------------------------------------------------------------


def compare(found: Accounts, balances: Mapping[str, Decimal], deposits: Sequence[ClearedDeposit], target: str) -> None:
    """Put the balances that ``target`` shows, by an account's number, name or id, beside what is expected.

    Raises NotFound for an account that is none of them, BadInput for one with several currencies.
    """
    for wanted, balance in balances.items():
        account = _named(found, wanted)
        if len(account.expected) > 1:
            raise BadInput(f"{account.label} has payments in several currencies: one balance does not tell them apart.")
        currency, expected = next(iter(account.expected.items()), ("", ZERO))
        account.balance = in_currency(balance, currency)
        account.difference = in_currency(balance - expected, currency)
        mine = [one for one in sorted(deposits, key=by_date) if one.deposited and _is_of(one, account.id)]
        account.sentences = (words.explained(account, currency, mine, target),)


def _named(found: Accounts, wanted: str) -> ClearingAccount:
    name = wanted.strip().casefold()
    fitting = [one for one in found.values() if name in (one.id, one.number.casefold(), one.name.casefold())]
    if name and len(fitting) == 1:
        return fitting[0]
    known = ", ".join(one.label for one in found.values() if one.id) or "none"
    raise NotFound(f"No clearing account is called {wanted!r}; there are: {known}.")


def _is_of(deposit: ClearedDeposit, account: str) -> bool:
    return {part.account for part in deposit.payments} == {account}
