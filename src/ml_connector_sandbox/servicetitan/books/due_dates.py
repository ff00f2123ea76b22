"""When an invoice is due under a payment term."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

from ml_connector_sandbox.servicetitan.books.payments import PaymentTerm


def due_date(term: PaymentTerm | None, day: date) -> date:
    """``day`` itself without a term; a day the month does not have is its last one.

    >>> due_date(PaymentTerm(name="31st", due_day_type="CertainDayOfFollowingMonth", due_day=31), date(2026, 1, 5))
    datetime.date(2026, 2, 28)
    """
    if term is None:
        return day
    if term.due_day_type == "NumberOfDays":
        return day + timedelta(days=term.due_day)
    month = day.replace(day=1)
    if term.due_day_type == "CertainDayOfFollowingMonth":
        month = (month + timedelta(days=31)).replace(day=1)
    last = calendar.monthrange(month.year, month.month)[1]
    return month.replace(day=max(1, min(term.due_day, last)))
