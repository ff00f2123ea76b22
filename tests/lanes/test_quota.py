"""The plan of a day that a vendor counts: live work keeps its share, a backfill has the rest."""

from __future__ import annotations

import datetime as dt
import time

import pytest

from ml_connector.clock import Clock
from ml_connector.connectors.base import Limit, Limits, Window
from ml_connector.lanes.budget import LaneBudget
from ml_connector.lanes.quota import quota
from ml_connector.store.database import Database

HOUR = 3_600.0


@pytest.mark.parametrize(
    ("left", "seconds", "reserve", "surplus"),
    [
        (5_000, 24 * HOUR, 1_500, 3_500),
        (2_000, 12 * HOUR, 750, 1_250),
        (700, 12 * HOUR, 750, 0),
        (700, 1 * HOUR, 63, 637),
        (-3, 24 * HOUR, 1_500, 0),
        (5_000, 25 * HOUR, 1_500, 3_500),  # a day on which the clocks go back
    ],
)
def test_what_is_kept_for_live_work_shrinks_with_the_day(left: int, seconds: float, reserve: int, surplus: int) -> None:
    found = quota(5_000, left, seconds)
    assert (found.reserve, found.surplus, found.for_backfill) == (reserve, surplus, 3_500)


@pytest.mark.anyio
async def test_a_budget_tells_the_surplus_of_its_tightest_day(database: Database, two_tenants: tuple[int, int]) -> None:
    midnight = Clock(dt.datetime(2026, 8, 5, 0, 0, tzinfo=dt.UTC), time.time(), 1e-9)

    def of(*limits: Limit) -> LaneBudget:
        return LaneBudget(database, two_tenants[0], Limits(limits, 5), midnight, "UTC", lambda _: None)

    minute, day = Limit("a minute", 100), Limit("a day", 1_000, Window.DAY, 86_400.0)
    assert of(minute).surplus() is None
    assert of(minute, day, Limit("wide", 9_000, Window.DAY, 86_400.0)).surplus() == 700
