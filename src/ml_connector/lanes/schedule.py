"""Schedules in one line: a cron expression, optionally kept to business days and off a country's holidays.

``*/15 * * * *`` every quarter of an hour; ``business days US 0 7-18 * * *`` hourly from 7 to 18 on working days that
are no holiday in the United States. Times are in the company's zone; daylight saving is exact.
"""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import holidays
from cronsim import CronSim, CronSimError

from ml_connector.errors import BadInput

DEFAULT = "*/15 * * * *"
_BUSINESS = re.compile(r"^business days(?:\s+(?P<country>[A-Z]{2}))?\s+(?P<cron>.+)$")
_LOOK_AHEAD = dt.timedelta(days=400)


def next_run(schedule: str, zone: str, after: dt.datetime) -> dt.datetime:
    """The first instant (UTC) of a schedule after ``after``. Raises BadInput on a bad schedule, country or zone."""
    match = _BUSINESS.match(schedule.strip())
    cron = match["cron"] if match else schedule.strip() or DEFAULT
    free = _holidays(match["country"]) if match else None
    local = after.astimezone(_zone(zone))
    try:
        for moment in CronSim(cron, local):
            if free is None or (moment.weekday() < 5 and moment.date() not in free):
                return moment.astimezone(dt.UTC)
            if moment - local > _LOOK_AHEAD:
                break
    except CronSimError as error:
        raise BadInput(f"'{cron}' is not a schedule such as '{DEFAULT}': {error}") from error
    raise BadInput(f"the schedule '{schedule}' never comes due")


def _zone(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone or "UTC")
    except (KeyError, ValueError) as error:
        raise BadInput(f"'{zone}' is not a time zone such as America/Chicago") from error


def _holidays(country: str | None) -> holidays.HolidayBase:
    if country is None:
        return holidays.HolidayBase()
    try:
        return holidays.country_holidays(country)
    except NotImplementedError as error:
        raise BadInput(f"no holidays are known for the country '{country}'") from error
