"""A document's own date, where it is booked on another: ``(dated 2026-07-31)`` behind the words of a text. Pure.

Zoho has no field for it, so payments and credit notes have it in their reference number and refunds in their description,
and it is read from there again. Only of what bears our reference: people may write such words for reasons of their own.
"""

from __future__ import annotations

import datetime as dt
import re

from ml_connector.connectors.zoho_books.lines import REFERENCE_NUMBER_LIMIT, cut

_ENDING = re.compile(r"\s*\(dated (\d{4}-\d{2}-\d{2})\)\s*$")


def with_date(words: str, own: dt.date | None) -> str:
    """The words with the document's own date behind them; as they are where it is booked on that."""
    return " ".join(part for part in (words, f"(dated {own})" if own else "") if part)


def numbered(words: str, own: dt.date | None, what: str, notes: list[str]) -> str:
    """A reference number: the words, cut where need be, and the date whole behind them. ``what``: as people call them."""
    return with_date(cut(words, REFERENCE_NUMBER_LIMIT - 1 - len(with_date("", own)), what, notes), own)


def without_date(text: str, reference: str) -> tuple[str, dt.date | None]:
    """The words in front, and the date behind them: None where there is none, or the document is not of ``reference``."""
    found = _ENDING.search(text) if reference else None
    try:
        return (text[: found.start()], dt.date.fromisoformat(found[1])) if found else (text, None)
    except ValueError:  # no day of the calendar, so not ours
        return text, None
