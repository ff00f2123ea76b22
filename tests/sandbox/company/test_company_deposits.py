"""What the company that sells brings to its bank: every few days, with fees on cards, and nothing else is touched by it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from ml_connector_sandbox import company
from ml_connector_sandbox.company import Company, sales_deposits
from ml_connector_sandbox.company.sales_catalogue import CARD, CASH, CHECK
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicetitan.books import BankDeposit, Payment, TenantBooks
from ml_connector_sandbox.servicetitan.books.purchasing import cents

START = datetime(2026, 11, 16, 14, 0, tzinfo=UTC)
LONGEST = 4  # days from one trip to the bank to the next


def made_at(start: datetime = START) -> Company:
    return company.contractor(SandboxClock.starting(start, 60))


@pytest.fixture(scope="module")
def made() -> Company:
    return made_at()


@pytest.fixture(scope="module")
def books(made: Company) -> TenantBooks:
    return made.seed.tenant


def inside(books: TenantBooks, deposit: BankDeposit) -> list[Payment]:
    return [one for one in books.payments if one.deposit_id == deposit.id]


def kind(books: TenantBooks, payment: Payment) -> str:
    return books.payment_types[payment.type_id].name


def money(books: TenantBooks) -> list[Payment]:
    """What a slip can hold: cash, checks and cards that customers gave, and that are not taken back."""
    return [one for one in books.payments if kind(books, one) in (CASH, CHECK, CARD) and one.active and one.total > 0]


def moved(made: Company) -> tuple[Payment, list[BankDeposit]]:
    """The payment that went onto another deposit, and the one it was on and the one it is on."""
    assert made.sales is not None
    number, *deposits = made.sales.cases["deposit_changed"]
    books = made.seed.tenant
    return books.payments[number], [books.bank_deposits[one] for one in deposits]


def test_all_that_is_a_few_days_old_is_deposited_and_the_newest_is_not(made: Company, books: TenantBooks) -> None:
    early = made.seed.dates.last - timedelta(days=LONGEST)
    assert all(one.deposit_id for one in money(books) if one.paid_on <= early)
    loose = [one for one in money(books) if not one.deposit_id]
    assert len(loose) > 3 and {kind(books, one) for one in loose} == {CASH, CHECK, CARD}
    held = [one for one in books.payments if one.deposit_id]
    assert {one.id for one in held} <= {one.id for one in money(books)} and len(held) > 250
    last = max(one.deposit_date for one in books.bank_deposits)
    assert all(one.paid_on > last - timedelta(days=LONGEST) for one in loose)


def test_somebody_goes_to_the_bank_every_few_days(made: Company, books: TenantBooks) -> None:
    assert len(books.bank_deposits) > made.seed.dates.days / 3
    other = moved(made)[0].id
    for deposit in books.bank_deposits:
        days = [one.paid_on for one in inside(books, deposit) if one.id != other]
        assert days and deposit.deposit_date - timedelta(days=LONGEST) < min(days), deposit
        assert max(days) <= deposit.deposit_date <= made.seed.dates.last
    assert len({one.name for one in books.bank_deposits}) == len(books.bank_deposits)


def test_a_deposit_is_its_payments_and_cards_cost_a_fee(books: TenantBooks) -> None:
    kinds = Counter[frozenset[bool]]()
    for deposit in books.bank_deposits:
        found = inside(books, deposit)
        assert deposit.gross == sum((one.total for one in found), Decimal(0))
        kinds[frozenset(kind(books, one) == CARD for one in found)] += 1
        of_cards = kind(books, found[0]) == CARD
        assert deposit.fees == (cents(deposit.gross * Decimal("0.029")) if of_cards else 0)
        assert (deposit.fee_account_id is None) == (not of_cards) and deposit.bank_account_id is not None
    assert kinds.keys() == {frozenset([True]), frozenset([False])} and min(kinds.values()) > 10


def test_one_deposit_changes_after_it_was_made(made: Company, books: TenantBooks) -> None:
    payment, [left, now] = moved(made)
    assert payment.deposit_id == now.id and payment.paid_on <= left.deposit_date < now.deposit_date
    assert left.modified_on == now.modified_on == payment.modified_on > now.created_on
    assert len(inside(books, left)) > 0 and not left.fees and left.sync_status == "Posted"
    batched = {one.batch.id for one in (left, now) if one.batch}
    assert len(batched) == 2  # weeks apart, so that the change comes when the first is posted long since


def test_deposits_are_in_every_state_but_exported(made: Company, books: TenantBooks) -> None:
    assert {one.sync_status for one in books.bank_deposits} == {"Pending", "Posted"}
    [open_one] = [one for one in books.bank_deposits if one.status == "Open"]
    assert open_one.deposit_date == max(one.deposit_date for one in books.bank_deposits if not one.fees)
    for one in books.bank_deposits:
        assert (one.review_status == "Reviewed") == (one.reviewed_on is not None) and one.status != "Undefined"
        assert (one.batch is None) == (one.sync_status == "Pending") and one.modified_on < START.isoformat()
    assert {one.review_status for one in books.bank_deposits} == {"Reviewed", "NeedsReview"}


@pytest.mark.parametrize("start", [datetime(2026, 4, 2, 12, tzinfo=UTC), datetime(2027, 1, 1, 3, tzinfo=UTC)])
def test_it_holds_at_any_time_of_the_year(start: datetime) -> None:
    later = made_at(start)
    kept = later.seed.tenant
    test_all_that_is_a_few_days_old_is_deposited_and_the_newest_is_not(later, kept)
    test_somebody_goes_to_the_bank_every_few_days(later, kept)
    test_a_deposit_is_its_payments_and_cards_cost_a_fee(kept)
    test_one_deposit_changes_after_it_was_made(later, kept)


def test_nothing_but_deposits_comes_of_it(made: Company, books: TenantBooks, monkeypatch: pytest.MonkeyPatch) -> None:
    """The chance it draws from is its own: the same company without a bank has the same of everything else."""
    monkeypatch.setattr(sales_deposits, "bring_to_bank", lambda *_: None)
    other = made_at()
    without = other.seed.tenant
    assert len(without.bank_deposits) == 0 and made.sales is not None and other.sales is not None
    for one, same in ((made.sales.chance, other.sales.chance), (made.seed.chance, other.seed.chance)):
        assert one.getstate() == same.getstate()
    for name, table in without.tables().items():
        assert [said(one) for one in table] == [said(one) for one in books.tables()[name]] or name == "bank_deposits"


def said(record: Any) -> dict[str, Any]:
    values = vars(record)
    return {name: value for name, value in values.items() if name != "deposit_id" and (
        name != "modified_on" or not isinstance(record, Payment))}  # fmt: skip


def test_credit_memos_are_applied_or_open(books: TenantBooks) -> None:
    found = Counter((len(one.splits), one.balance) for one in books.credit_memos)
    assert found == {(0, Decimal("40.00")): 3, (1, Decimal("0.00")): 3}
    for memo in books.credit_memos:
        for part in memo.splits:
            assert books.invoices[part.invoice_id].customer_id == memo.customer_id
