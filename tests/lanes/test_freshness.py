"""How often lists are read again: every minute where calls are plenty, else as often as a share of the day allows."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from ml_connector.clock import Clock
from ml_connector.connectors.base import Limit, Limits, Window
from ml_connector.connectors.xero.limits import limits as xero_limits
from ml_connector.lanes.budget import LaneBudget
from ml_connector.lanes.freshness import DOCUMENTS_AGE, GUARDS_AGE, GUARDS_SHARE, LISTS_AGE, SHARE, DayLeft, allowed_age
from ml_connector.store.database import Database

XERO = (
    "accounts", "tax_codes", "dimensions", "parties", "invoices", "credit_notes", "payments", "overpayments",
    "prepayments", "purchase_orders",
)  # fmt: skip
MOVING = XERO[3:]
DAY = 86_400.0
CHICAGO = "America/Chicago"


def calls_a_day(age: float, lists: int) -> float:
    return lists * DAY / age


@pytest.mark.parametrize("calls", [1_000, 5_000])
def test_a_whole_day_of_steady_work_leaves_the_documents_their_share(calls: int) -> None:
    age = allowed_age("parties", XERO, DayLeft(calls, DAY))
    assert calls_a_day(DOCUMENTS_AGE, len(MOVING)) > calls  # what a minute would take
    assert calls_a_day(age, len(MOVING)) <= SHARE * calls + 1


def test_what_is_left_of_the_day_decides() -> None:
    noon = DAY / 2
    saved, spent = (allowed_age("parties", XERO, DayLeft(calls, noon)) for calls in (4_500, 900))
    assert DOCUMENTS_AGE < saved < allowed_age("parties", XERO, DayLeft(5_000, DAY)) < spent < LISTS_AGE


@pytest.mark.parametrize("entity", ["invoices", "credit_notes", "payments"])
@pytest.mark.parametrize("calls", [1_000, 5_000])
def test_what_guards_against_posting_twice_is_a_quarter_of_an_hour_old_at_most(entity: str, calls: int) -> None:
    assert allowed_age(entity, XERO, DayLeft(calls, DAY)) <= GUARDS_AGE
    taken = sum(calls_a_day(allowed_age(one, XERO, DayLeft(calls, DAY)), 1) for one in MOVING)
    assert taken <= calls / 2


def test_guards_never_take_more_than_half_of_what_is_left() -> None:
    age = allowed_age("payments", XERO, DayLeft(60, DAY / 6))
    assert GUARDS_AGE < age < LISTS_AGE and calls_a_day(age, 3) / 6 <= GUARDS_SHARE * 60 + 1
    assert allowed_age("payments", XERO, DayLeft(0, DAY)) == LISTS_AGE


def test_what_is_only_shown_guards_nothing() -> None:
    lists, day = (*XERO, "bills"), DayLeft(1_000, DAY)
    assert allowed_age("bills", lists, day, ["bills"]) == allowed_age("parties", lists, day) > GUARDS_AGE
    assert allowed_age("bills", lists, day) == GUARDS_AGE


def test_neither_plenty_nor_nothing_leaves_its_bounds() -> None:
    assert allowed_age("parties", XERO, None) == DOCUMENTS_AGE
    assert allowed_age("parties", XERO, DayLeft(5_000, 60.0)) == DOCUMENTS_AGE
    assert allowed_age("parties", XERO, DayLeft(0, DAY)) == LISTS_AGE
    assert allowed_age("accounts", XERO, DayLeft(5_000, 60.0)) == LISTS_AGE


@pytest.mark.anyio
@pytest.mark.parametrize(("tier", "calls"), [("starter", 1_000), ("core", 5_000)])
async def test_the_rest_of_the_day_is_that_of_the_tightest_limit(
    database: Database, two_tenants: tuple[int, int], tier: str, calls: int
) -> None:
    evening = dt.datetime(2026, 11, 17, 1, 0, tzinfo=dt.UTC)  # 19:00 in Chicago
    clock = Clock(evening, time.time(), 1e-9)
    known = xero_limits(None, {}, {"tier": tier}).limits
    many = (*known, Limit("calls a day of all", 100_000, Window.DAY, DAY, "all"))
    budget = LaneBudget(database, two_tenants[0], Limits(many, 5), clock, CHICAGO, lambda _: None)
    await budget.load()
    left = budget.rest_of_day()
    assert left is not None and left.calls == calls and left.seconds == pytest.approx(5 * 3600, abs=1)
    await budget.take()
    budget.done({}, 200)
    after = budget.rest_of_day()
    assert after is not None and after.calls == calls - 1


@pytest.mark.anyio
async def test_a_vendor_that_counts_no_day_has_no_rest_of_it(database: Database, two_tenants: tuple[int, int]) -> None:
    clock = Clock(dt.datetime(2026, 11, 17, tzinfo=dt.UTC), time.time(), 1e-9)
    budget = LaneBudget(database, two_tenants[0], Limits((Limit("a second", 60),), 5), clock, CHICAGO, lambda _: None)
    await budget.load()
    assert budget.rest_of_day() is None


def test_payments_keyed_by_hand_where_bills_are_approved_guard_too() -> None:
    lists = ("accounts", "parties", "bills", "vendor_payments")
    assert allowed_age("vendor_payments", lists, None) == DOCUMENTS_AGE
    assert allowed_age("vendor_payments", lists, DayLeft(1_000, DAY)) == GUARDS_AGE
