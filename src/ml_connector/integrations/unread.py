"""Counterparts of which only a list has told, where the ledger's lists show neither lines nor what is applied. Pure."""

from __future__ import annotations

from ml_connector.canonical.sales import Invoice, Payment
from ml_connector.integrations.decisions import Hold, waiting
from ml_connector.integrations.views import View


def unread(now: Invoice | Payment | None, entity: str, what: str, view: View) -> Hold | None:
    """A change waits until its counterpart is read by its id; None where all of it is known. ``what`` changes, in words."""
    if now is None or now.complete or not view.ways.lists_in_part:
        return None
    return Hold((waiting("counterpart_unread", "fact", f"{entity}:{now.id}", id=now.id, what=what),))


def any_unread(what: str, view: View) -> Hold | None:
    """The same of everything that a record has made there, and of its counterpart."""
    there = [(one.entity, view.at_target.get((one.entity, one.target_id))) for one in view.made.values()]
    if view.link is not None:
        there.append((view.link.target_entity, view.link.now))
    shown = ((entity, now) for entity, now in there if isinstance(now, Payment | Invoice))
    holds = (unread(now, entity, what, view) for entity, now in shown)
    return next((hold for hold in holds if hold is not None), None)
