"""What documents of every kind must pass before they are planned: their currency, their period, and that they are new.

Every rule adds what is missing to the draft; all of it is told at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Dimension, Organisation
from ml_connector.canonical.parts import Ref
from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.errors import BadInput
from ml_connector.integrations.decisions import waiting
from ml_connector.integrations.drafts import Draft, closed_period, followed, is_code
from ml_connector.integrations.views import View

FIRST_OPEN_DAY = "first open day"  # of the setting closed_period
UNITS = "business_units"  # the source's list in which each may have a currency of its own
_DAY = dt.timedelta(days=1)


def currency_of(stated: str, unit: Ref, view: View) -> str:
    """The document's currency: its own, else its business unit's, else the company's."""
    return stated_currency(stated, unit, view.source_lists, view.settings, view.source)


def stated_currency(
    stated: str, unit: Ref, source_lists: Mapping[str, Mapping[str, Document]], settings: Any, source: Organisation
) -> str:  # fmt: skip
    """The same, of a document that is not planned now: from the source's lists, the settings and the source itself."""
    listed = source_lists.get(UNITS, {}).get(unit.id)
    of_unit = listed.currency if isinstance(listed, Dimension) else ""
    return stated or of_unit or settings.currency or source.currency


def in_its_currency(
    document: Document, source_lists: Mapping[str, Mapping[str, Document]], settings: Any, source: Organisation
) -> Document:  # fmt: skip
    """A document of a business unit that states no currency with the one in which it is planned; any other as it is."""
    unit = getattr(document, "business_unit", None)
    if unit is None or getattr(document, "currency", None) != "":
        return document
    return msgspec.structs.replace(document, currency=stated_currency("", unit, source_lists, settings, source))


def check_currency(party: str, what: str, view: View, draft: Draft) -> None:
    """The draft's currency is known, and that of the party at the target, else of its books."""
    if not is_code(draft.currency):
        draft.wait(waiting("currency_unknown", "setting", "setting:currency"))
        return
    known = view.ledger.parties.get(followed(party, view.ledger.parties))
    key, theirs, where = "organisation", view.ledger.organisation.currency, "the ledger"
    if known is not None and known.currency:
        key, theirs, where = f"parties:{known.id}", known.currency, f"the {what}'s ledger contact {known.name}"
    if theirs and theirs != draft.currency:
        draft.wait(waiting("currency_differs", "fact", key, source=draft.currency, target=theirs, what=where))


def check_seen(view: View, draft: Draft) -> None:
    """What was exported before it was first seen may be in some ledger."""
    if view.first_seen_exported and "already_exported" not in view.released:
        draft.wait(waiting("already_exported", "person", "already_exported"))


def check_periods(dates: Iterable[dt.date | None], view: View, draft: Draft, changes: str = "", way: str = "") -> None:
    """Nothing is made in a closed period unless an approver has released it, and nothing changed or removed there at all.

    ``changes``: what would be changed or removed, in words; empty where something is only made. ``way``: one more way out.
    """
    closed = closed_through(view.settings, view.ledger.organisation, view.document)
    inside = sorted(day for day in dates if day is not None and closed is not None and day <= closed)
    if inside and closed is not None:
        closed_period(inside[0], closed, view, draft, changes, way)


def closed_through(settings: Any, ledger: Organisation, document: Document) -> dt.date | None:
    """The last day that is closed to the document, by our own date and the ledger's lock; None where all are open.

    A ledger may lock what is sold, and what is paid for it, apart from what is bought.
    """
    sold = isinstance(document, Invoice) or (isinstance(document, Payment) and not document.to_vendor)
    of_sales = ledger.locked_through_sales if sold else None
    locks = (settings.closed_through, ledger.locked_through if of_sales is None else of_sales)
    return max((day for day in locks if day is not None), default=None)


def first_open_day(date: dt.date | None, settings: Any, ledger: Organisation, document: Document) -> dt.date | None:
    """The day that a new bill or payment of that date goes on by the settings: its own, unless it is closed and may move."""
    closed = closed_through(settings, ledger, document)
    if date is None or closed is None or date > closed or settings.closed_period != FIRST_OPEN_DAY:
        return date
    return closed + _DAY if closed < dt.date.max else date


def check_closing(settings: Any, today: dt.date) -> None:
    """What is new is booked on the first open day: that one has come. Raises BadInput."""
    closed = getattr(settings, "closed_through", None)
    if closed is not None and closed >= today and getattr(settings, "closed_period", "") == FIRST_OPEN_DAY:
        raise BadInput(
            f"The setting closed_through cannot be {closed} while closed_period is '{FIRST_OPEN_DAY}': what is new would be "
            f"booked on a day that has not come. Give a day before {today}, or set closed_period=hold."
        )


def booked_on(date: dt.date | None, view: View, draft: Draft) -> dt.date | None:
    """The day that a new bill or payment is booked on; held where that is a closed one.

    Where it is another than its own, a note says so. What an approver has released keeps its own.
    """
    day = first_open_day(date, view.settings, view.ledger.organisation, view.document)
    if day == date or "period_closed" in view.released:
        way = (
            f"; or set closed_period to '{FIRST_OPEN_DAY}' and replay it"
            if view.settings.closed_period == "hold"
            else ""
        )
        check_periods((date,), view, draft, way=way)
        return date
    closed = closed_through(view.settings, view.ledger.organisation, view.document)
    draft.notes.append(f"booked on {day}, the first open day, and not on {date}: the ledger is closed through {closed}")
    return day
