"""Where our reference stands: behind the words of a ``Reference``, or in an invoice's link. Pure.

Xero has no field for other systems' keys on documents. A Reference is free text, so ours ends it in brackets, and what
people wrote stays in front; contacts alone have a key for it (``ContactNumber``). Over- and prepayments carry it in their
line's description as well, since it is not certain that they keep a Reference.

A payment that is booked on another day than its own has its own date in front of our reference: ``(dated 2026-07-31)``.
"""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import quote, unquote

LIMIT = 255  # of an invoice's Reference; that of the others is not published
CONTACT_LIMIT = 50
_ENDING = re.compile(r"(?:\s*\(dated (\d{4}-\d{2}-\d{2})\))?\s*\[ref ([^\[\]\s]+)\]\s*$")
_CUT = "..."


def written(words: str, reference: str, limit: int = LIMIT, dated: dt.date | None = None) -> str:
    """The words, cut where need be, and our reference whole behind them; ``dated``: the document's own date, in between."""
    if not reference:
        return cut(words, limit)
    ending = _ending(reference, dated)
    room = limit - len(ending) - 1
    kept = cut(words.strip(), room) if room > len(_CUT) else ""
    return f"{kept} {ending}" if kept else ending


def fits(words: str, reference: str, limit: int = LIMIT, dated: dt.date | None = None) -> bool:
    """Whether nothing of the words is cut away."""
    return len(words.strip()) + (len(_ending(reference, dated)) + 1 if reference else 0) <= limit


def read(text: str) -> tuple[str, str]:
    """The words in front, and our reference; empty where there is none."""
    found = _ENDING.search(text)
    return (text[: found.start()], found[2]) if found else (text, "")


def dated(text: str) -> dt.date | None:
    """The document's own date in front of our reference; None where it was booked on that."""
    found = _ENDING.search(text)
    try:
        return dt.date.fromisoformat(found[1]) if found and found[1] else None
    except ValueError:
        return None


def link(prefix: str, reference: str) -> str:
    """The link that carries a reference."""
    return prefix + quote(reference, safe="")


def of_link(url: str, prefix: str) -> str:
    """The reference that a link carries; empty for any other link."""
    return unquote(url.removeprefix(prefix)) if prefix and url.startswith(prefix) else ""


def _ending(reference: str, dated: dt.date | None) -> str:
    return f"(dated {dated}) [ref {reference}]" if dated else f"[ref {reference}]"


def cut(text: str, limit: int) -> str:
    """At most ``limit`` characters, the cut shown."""
    return text if len(text) <= limit else text[: limit - len(_CUT)] + _CUT
