"""Which day the parts of a payment are booked on: its own, or the first open one where the settings say so.

A part that was booked on another day shows the payment's own date in its reference, so a later version is laid against that,
and neither the day it was booked on nor a period that closes afterwards makes a change of it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace

import msgspec

from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.integrations.checks import booked_on, check_periods, closed_through
from ml_connector.integrations.drafts import Draft
from ml_connector.integrations.payment_parts import Part
from ml_connector.integrations.views import View


def booked(
    parts: Sequence[Part], payment: Payment, view: View, draft: Draft, beside: Collection[dt.date | None] = ()
) -> tuple[Part, ...]:
    """The parts on the day they are booked on; held where that is a closed one.

    A credit note with tax never moves by itself, and no part does where another stands in the closed period already
    (``beside``: the dates of what stands): the payment would be changed there.
    """
    closed = closed_through(view.settings, view.ledger.organisation, payment)
    inside = closed is not None and any(day is not None and day <= closed for day in beside)
    if inside or any(_taxed(part) for part in parts):
        check_periods((payment.date,), view, draft)
        return tuple(parts)
    day = booked_on(payment.date, view, draft)
    if day == payment.date:
        return tuple(parts)
    return tuple(
        replace(part, document=msgspec.structs.replace(part.document, date=day, original_date=payment.date))
        for part in parts
    )


def _taxed(part: Part) -> bool:
    return isinstance(part.document, Invoice) and any(line.tax for line in part.document.lines)
