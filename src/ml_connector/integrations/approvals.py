"""The settings that have an approver look first: amounts above which a document waits, and four eyes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from ml_connector.canonical.documents import Document, amount_of
from ml_connector.connectors.writing import Step
from ml_connector.integrations.decisions import Waiting, Write, waiting
from ml_connector.integrations.views import View

_AMOUNT = re.compile(r"^\s*([A-Z]{3})\s*=\s*(\d{1,15}(?:\.\d{1,4})?)\s*$")


def limits_of(texts: Sequence[str]) -> dict[str, Decimal]:
    """The amounts of ``approve_above`` ("USD=10000") by currency. Raises ValueError."""
    found: dict[str, Decimal] = {}
    for text in texts:
        part = _AMOUNT.match(text)
        if part is None or part[1] in found:
            raise ValueError(
                f"{text!r} says no amount for approve_above: it is a currency, = and an amount, such as USD=10000, "
                "each currency once"
            )
        found[part[1]] = Decimal(part[2])
    return found


def large(write: Write, view: View) -> Waiting | None:
    """The wait for an approver of a document over more than the limit of its currency; None where it may go.

    What has been sent in part already goes on, and so does what is only put back after what it stands on has changed.
    """
    limits = limits_of(getattr(view.settings, "approve_above", ()))
    if not limits or view.done or view.taken_off or _same_as_posted(view):
        return None
    amount, currency = amount_of(view.document), _currency(write.steps, view)
    limit = limits.get(currency)
    if amount is None or limit is None or abs(amount) <= limit:
        return None
    told = {"amount": f"{abs(amount):,} {currency}", "limit": f"{limit:,} {currency}"}
    return waiting("above_limit", "setting", "setting:approve_above", **told)


def _same_as_posted(view: View) -> bool:
    """Whether the document is as it was when it was posted: what is written then is not its own change."""
    return view.link is not None and view.link.source == view.document


def _currency(steps: Sequence[Step], view: View) -> str:
    document: Document = view.document
    stated = getattr(document, "currency", "") or next((step.currency for step in steps if step.currency), "")
    return str(stated or view.settings.currency or view.source.currency)


def weakened(former: Any, new: Any) -> list[str]:
    """What the new settings let past an approver that the former did not, in words."""
    told = []
    before, after = (limits_of(getattr(one, "approve_above", ())) for one in (former, new))
    for currency, limit in before.items():
        if currency not in after:
            told.append(f"take away the limit for {currency} (approve_above {limit:,} {currency} -> none)")
        elif after[currency] > limit:
            told.append(f"raise the limit for {currency} (approve_above {limit:,} {currency} -> {after[currency]:,})")
    if (getattr(former, "four_eyes", "no"), getattr(new, "four_eyes", "no")) == ("yes", "no"):
        told.append("have people approve what is their own (four_eyes yes -> no)")
    return told
