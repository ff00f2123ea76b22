"""Bank deposits of ServiceTitan, to be shown against the clearing accounts that its payments are booked on.

A deposit is never written: in the ledger a person books it, from the clearing account to the bank and the fees. What became
of its payments there changes from day to day and is looked up when it is shown.
"""

from __future__ import annotations

from ml_connector.canonical.documents import Document
from ml_connector.canonical.money import total
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Deposit
from ml_connector.integrations import reasons
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.checks import currency_of
from ml_connector.integrations.decisions import Decision, skip
from ml_connector.integrations.drafts import money
from ml_connector.integrations.receivable_settings import Settings
from ml_connector.integrations.tracked import Track
from ml_connector.integrations.views import View


class Deposits(FlowType):
    """Each is looked at by itself: whether its payments come to its gross amount, and that less its fees to its net."""

    name = "deposits"
    title = "Bank deposits: shown against the clearing account"
    source_vendor, target_vendor = "servicetitan", "xero"
    priority = 6
    tracks = True
    source_lists = ("business_units",)
    target_lists = ("accounts",)
    tables = ()

    def source_entities(self, settings: Settings) -> tuple[str, ...]:
        return ("deposits",)

    def reading_options(self, settings: Settings) -> dict[str, str]:
        return {}

    def number_of(self, document: Document, given: str | None, settings: Settings) -> str:
        """None: a deposit's name is no number that the ledger could have taken."""
        return ""

    def only_linked(self, document: Document, settings: Settings) -> bool:
        return True

    def plan(self, view: View) -> Decision:
        deposit = view.document
        assert isinstance(deposit, Deposit)
        if not deposit.active:
            return skip("deposit_removed")
        start = view.settings.start_date
        if deposit.date is not None and deposit.date < start:
            return skip("before_start", date=str(deposit.date), start=str(start))
        currencies = _currencies(deposit, view)
        if len(currencies) > 1:
            return _track(deposit, "", f"its payments are in {' and '.join(currencies)}")
        return _track(deposit, currencies[0], "; ".join(apart(deposit, currencies[0])))


def _currencies(deposit: Deposit, view: View) -> list[str]:
    """Those of its payments' business units, else the company's."""
    units = [one.business_unit for one in deposit.payments] or [Ref()]
    return sorted({currency_of(deposit.currency, unit, view) for unit in units})


def apart(deposit: Deposit, currency: str) -> list[str]:
    """Where a deposit does not add up, each in words; empty if it ties to the cent."""
    told = []
    paid = total(one.amount for one in deposit.payments)
    if paid != deposit.gross:
        more = "less" if paid < deposit.gross else "more"
        told.append(
            f"its {_payments(deposit)} come to {money(paid, currency)}, {money(abs(paid - deposit.gross), currency)} {more} "
            f"than its gross amount of {money(deposit.gross, currency)}"
        )
    left = deposit.gross - deposit.fees
    if left != deposit.net:
        told.append(
            f"{money(deposit.gross, currency)} gross less {money(deposit.fees, currency)} fees is {money(left, currency)}, "
            f"and it says {money(deposit.net, currency)} net"
        )
    return told


def _track(deposit: Deposit, currency: str, what: str) -> Track:
    code = "deposit_untied" if what else "deposit_ties" if deposit.deposited else "deposit_open"
    amounts = {"gross": deposit.gross, "fees": deposit.fees, "net": deposit.net}
    told = {name: money(amount, currency) for name, amount in amounts.items()}
    told |= {"number": deposit.number or deposit.id, "count": _payments(deposit), "what": what}
    return Track(
        finding=code,
        sentence=reasons.sentence(code, told),
        action=reasons.action(code, told),
        currency=currency,
        received=deposit.gross,
        received_on=deposit.date,
        number=deposit.number or deposit.id,
    )


def _payments(deposit: Deposit) -> str:
    count = len(deposit.payments)
    return f"{count:,} payment{'' if count == 1 else 's'}"
