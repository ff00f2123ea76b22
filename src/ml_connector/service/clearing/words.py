"""A clearing account and a bank deposit in a bookkeeper's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from ml_connector.canonical.money import ZERO
from ml_connector.canonical.sales import Deposit
from ml_connector.canonical.stamps import stamp_key
from ml_connector.service.clearing.facts import Facts, Known
from ml_connector.service.clearing.shapes import ClearedDeposit, ClearingAccount
from ml_connector.service.tallies import Tally, counted

_TOLD = 5


def unknown(id: str, source: str) -> tuple[str, str]:
    """Why a payment that was never read is not in the ledger, and what to do."""
    return (
        f"{source}'s payment {id} is not known here: payments are not read, or it has not come yet.",
        "Turn the flow payments on; one from before its start date stays in the books that were kept then.",
    )


# --- a deposit and its payments ----------------------------------------------------------------------------------


def differences(deposit: Deposit, known: Facts) -> tuple[str, ...]:
    """Where a deposit's list of payments and the payments themselves say different things."""
    listed = {part.id for part in deposit.payments}
    told = [
        _differs(part.amount, deposit, known.payments[part.id], known.kind.source_title)
        for part in deposit.payments
        if part.id in known.payments
    ]
    told += [
        f"Payment {_called(one)} names this deposit, and the deposit does not list it."
        for one in known.naming.get(deposit.id, ())
        if one.id not in listed and one.active
    ]
    return tuple(one for one in told if one)


def _differs(listed: Decimal, deposit: Deposit, payment: Known, source: str) -> str:
    name = _called(payment)
    if not payment.active:
        return f"Payment {name} was taken back in {source}, and the deposit lists it."
    if payment.amount != listed:
        return f"Payment {name} is over {payment.amount:,.2f}, and the deposit lists it with {listed:,.2f}."
    if payment.deposit.id and payment.deposit.id != deposit.id:
        return f"Payment {name} names deposit {payment.deposit.name or payment.deposit.id}, and this one lists it."
    if not payment.deposit.id and _is_later(payment.stamp, deposit.stamp):
        return f"Payment {name} changed after the deposit and names none any more, and this one lists it."
    return ""


def _is_later(stamp: str, other: str) -> bool:
    """Whether a document was changed after another one, as far as their stamps tell."""
    try:
        return stamp_key(stamp) > stamp_key(other)
    except ValueError:
        return False


def _called(payment: Known) -> str:
    return f"{payment.id} (number {payment.number})" if payment.number else payment.id


# --- an account --------------------------------------------------------------------------------------------------


def sentences(account: ClearingAccount) -> tuple[str, ...]:
    """What is to be known of an account, the sum of it last."""
    if not account.id:
        return (
            f"{_worth(account.gross, 'deposit', 'deposits')} with payments that go to no account yet: their payment types "
            "are not mapped to one, or nothing is known of them.",
        )
    if not (account.booked.count or account.gross.count):
        return ("No payment is booked on it.",)
    told = (_waiting(account), _missing(account), _unread(account), _expected(account))
    return tuple(one for one in told if one)


def _expected(account: ClearingAccount) -> str:
    stands = f"It should stand at {_sums(account.expected)}"
    if not account.gross.count:
        return f"{stands}: nothing of it was deposited yet."
    fees = {currency: amount for currency, amount in account.fees.items() if amount}
    kept = f", fees of {_sums(fees)} among it" if fees else ""
    deposits = f"{counted(account.gross.count, 'deposit')} of {_sums(account.gross.sums)}{kept}"
    return f"{stands} once all that was deposited is booked out of it: {deposits}."


def _waiting(account: ClearingAccount) -> str:
    if not account.waiting.count:
        return "Everything that is booked on it was deposited." if account.booked.count else ""
    since = f", the oldest of {account.oldest}, {counted(account.age or 0, 'day')} ago" if account.oldest else ""
    kinds = (f"{name} {tally.count:,} ({_sums(tally.sums)})" for name, tally in sorted(account.waiting_by_type.items()))
    by_type = f": {', '.join(kinds)}" if len(account.waiting_by_type) > 1 else ""
    return f"{_worth(account.waiting, 'payment is', 'payments are')} booked and not deposited yet{since}{by_type}."


def _missing(account: ClearingAccount) -> str:
    told = _worth(account.missing, "payment was", "payments were")
    return f"{told} deposited and not booked; each is told with its deposit." if account.missing.count else ""


def _unread(account: ClearingAccount) -> str:
    names = "names" if account.unread.count == 1 else "name"
    told = f"Of these, {account.unread.count:,} ({_sums(account.unread.sums)}) {names} a bank deposit that has not been read"
    return f"{told}, or does not list them." if account.unread.count else ""


def _worth(tally: Tally, one: str, several: str) -> str:
    """Count and sum: "2 payments are of 30.00 USD" is told as "2 payments (30.00 USD) are"."""
    first, _, rest = (one if tally.count == 1 else several).partition(" ")
    return f"{tally.count:,} {first} ({_sums(tally.sums)}) {rest}".rstrip()


def _sums(sums: Mapping[str, Decimal]) -> str:
    return ", ".join(f"{amount:,} {currency}".strip() for currency, amount in sorted(sums.items())) or "nothing"


# --- the ledger's own balance ------------------------------------------------------------------------------------


def explained(account: ClearingAccount, currency: str, deposits: Sequence[ClearedDeposit], target: str) -> str:
    """What may make the ledger's balance differ from what is expected. ``deposits`` are the account's, oldest first."""
    difference = account.difference or ZERO
    stands = f"{target} shows {account.balance:,} {currency}".rstrip()
    if not difference:
        return f"{stands}, as expected."
    told = f"{stands}, {abs(difference):,} {currency} {'more' if difference > 0 else 'less'} than expected"
    return f"{told}: {_cause(difference, account.fees.get(currency, ZERO), deposits)}."


def _cause(difference: Decimal, fees: Decimal, deposits: Sequence[ClearedDeposit]) -> str:
    if last := _last(difference, deposits):
        return f"as if {_names(last)} had not been booked out of it yet"
    if alone := [one for one in deposits if one.gross == difference]:
        return f"as if {_names(alone[:1])} had not been booked out of it"
    if twice := [one for one in deposits if one.gross == -difference]:
        return f"as if {_names(twice[:1])} had been booked out of it twice"
    if fees and difference == fees:
        return (
            "as much as all fees: deposits seem to be booked at their net amounts, and the fees are still to be booked"
        )
    if alone := [one for one in deposits if one.fees and one.fees == difference]:
        return f"as much as the fees of {_names(alone[:1])}, which seems to be booked at its net amount"
    return (
        "no deposit explains it; look there for what was entered on the account by hand, for an opening balance, and for "
        "deposits booked with another amount"
    )


def _last(difference: Decimal, deposits: Sequence[ClearedDeposit]) -> Sequence[ClearedDeposit]:
    """The newest deposits that come to the difference together."""
    found = ZERO
    for count, one in enumerate(reversed(deposits), start=1):
        found += one.gross
        if found == difference:
            return deposits[-count:]
    return ()


def _names(deposits: Sequence[ClearedDeposit]) -> str:
    shown = [f"{one.number} of {one.date or 'no date'}" for one in deposits[:_TOLD]]
    more = [f"{len(deposits) - _TOLD} more"] if len(deposits) > _TOLD else []
    return f"deposit{'' if len(deposits) == 1 else 's'} {', '.join([*shown, *more])}"
