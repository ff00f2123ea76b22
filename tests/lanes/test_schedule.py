"""Schedules: business days, holidays, and daylight saving to the minute."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from ml_connector.errors import BadInput
from ml_connector.lanes.schedule import next_run

CHICAGO = "America/Chicago"


def after(schedule: str, moment: str, zone: str = CHICAGO) -> str:
    """The next run after a local moment, as local text with its offset."""
    found = next_run(schedule, zone, dt.datetime.fromisoformat(moment).astimezone(dt.UTC))
    assert found.tzinfo is dt.UTC
    return found.astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("schedule", "moment", "expected"),
    [
        ("", "2026-06-09T13:07-05:00", "2026-06-09T13:15-05:00"),
        ("*/15 * * * *", "2026-06-09T13:15-05:00", "2026-06-09T13:30-05:00"),
        ("0 7 * * *", "2026-06-09T13:15-05:00", "2026-06-10T07:00-05:00"),
        ("business days 0 7 * * *", "2026-06-05T08:00-05:00", "2026-06-08T07:00-05:00"),
        ("business days US 0 7 * * *", "2026-07-02T08:00-05:00", "2026-07-06T07:00-05:00"),  # July 3 observed
        ("business days US 0 7-18 * * *", "2026-12-24T18:30-06:00", "2026-12-28T07:00-06:00"),
        ("business days 0 7 * * *", "2026-12-24T18:30-06:00", "2026-12-25T07:00-06:00"),
        ("business days DE 0 7 * * *", "2026-10-01T18:30-05:00", "2026-10-02T07:00-05:00"),
    ],
)
def test_the_next_run(schedule: str, moment: str, expected: str) -> None:
    assert after(schedule, moment) == expected


def test_a_fixed_hour_keeps_its_hour_over_daylight_saving() -> None:
    assert after("0 7 * * *", "2026-03-07T08:00-06:00") == "2026-03-08T07:00-05:00"
    assert after("0 7 * * *", "2026-10-31T08:00-05:00") == "2026-11-01T07:00-06:00"


def test_a_run_in_the_hour_that_does_not_exist_is_not_lost() -> None:
    assert after("30 2 * * *", "2026-03-07T12:00-06:00") == "2026-03-08T03:00-05:00"


def test_a_quarter_hourly_run_comes_every_quarter_of_the_hour_that_is_there_twice() -> None:
    moment = dt.datetime(2026, 11, 1, 5, 50, tzinfo=dt.UTC)
    runs = []
    for _ in range(9):
        moment = next_run("*/15 * * * *", CHICAGO, moment)
        runs.append(moment)
    assert {later - earlier for earlier, later in pairwise(runs)} == {dt.timedelta(minutes=15)}


@pytest.mark.parametrize(
    ("schedule", "zone", "says"),
    [
        ("every day", CHICAGO, "is not a schedule"),
        ("61 * * * *", CHICAGO, "is not a schedule"),
        ("0 7 * * *", "Chicago", "is not a time zone"),
        ("business days XX 0 7 * * *", CHICAGO, "no holidays are known for the country 'XX'"),
        ("business days 0 7 * * 6", CHICAGO, "never comes due"),
        ("0 0 31 2 *", CHICAGO, "never comes due|is not a schedule"),
        ("business days", CHICAGO, "is not a schedule"),
    ],
)
def test_bad_input_gets_one_sentence(schedule: str, zone: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        next_run(schedule, zone, dt.datetime(2026, 6, 9, tzinfo=dt.UTC))
