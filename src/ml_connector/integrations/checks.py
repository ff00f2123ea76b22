"""What documents of every kind must pass before they are planned: their currency, their period, and that they are new.

Every rule adds what is missing to the draft; all of it is told at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from ml_connector.canonical.master_data import Dimension
from ml_connector.canonical.parts import Ref
from ml_connector.integrations.base import View, waiting
from ml_connector.integrations.drafts import Draft, closed_period, followed, is_code


def currency_of(stated: str, unit: Ref, view: View) -> str:
    """The document's currency: its own, else its business unit's, else the company's."""
    listed = view.source_lists.get("business_units", {}).get(unit.id)
    of_unit = listed.currency if isinstance(listed, Dimension) else ""
    return stated or of_unit or view.settings.currency or view.source.currency


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


def check_periods(dates: Iterable[dt.date | None], view: View, draft: Draft, changes: str = "") -> None:
    """Nothing is made in a closed period unless an approver has released it, and nothing changed or removed there at all.

    ``changes``: what would be changed or removed, in words; empty where something is only made.
    """
    locks = (view.settings.closed_through, view.ledger.organisation.locked_through)
    closed = max((day for day in locks if day is not None), default=None)
    inside = sorted(day for day in dates if day is not None and closed is not None and day <= closed)
    if inside and closed is not None:
        closed_period(inside[0], closed, view, draft, changes)
