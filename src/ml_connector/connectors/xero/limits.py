"""Xero's limits: per organisation 60 a minute, a day's allowance and 5 at once; per application 10,000 a minute.

The day's allowance follows the *application's* tier (1,000 for Starter, 5,000 for the others). No answer names the
tier, and the organisation's plan (``Class``) says nothing of it, so it is a setting; the header that counts the day
down corrects a wrong one. Whether the day is a fixed window or a rolling one is told differently, so only headers count.
"""

from __future__ import annotations

from collections.abc import Mapping

from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors.base import Limit, Limits, Window
from ml_connector.connectors.grants import Credentials
from ml_connector.transport.messages import Answer

PER_MINUTE, APP_PER_MINUTE, AT_ONCE = 60, 10_000, 5
TIERS: Mapping[str, int] = {"starter": 1_000, "core": 5_000, "plus": 5_000, "advanced": 5_000, "enterprise": 5_000}

# Without ``Retry-After``: the rest of a minute or of a day is not told; places and the application's minute free soon.
_WAITS = {"minute": 60.0, "day": 3_600.0, "concurrent": 2.0}
_OTHER_WAIT = 15.0  # the application's minute, under whatever name it is told


def limits(organisation: Organisation | None, credentials: Credentials, settings: Mapping[str, str]) -> Limits:
    """The limits of an organisation. The application's minute is counted over all organisations of one client id."""
    scope = organisation.id if organisation else ""
    day = TIERS.get(settings.get("tier", ""), TIERS["core"])
    app = f"app {credentials.get('client_id', '')}"
    return Limits(
        (
            Limit("calls a minute", PER_MINUTE, Window.SLIDING, 60.0, scope),
            Limit("calls a minute of the application", APP_PER_MINUTE, Window.SLIDING, 60.0, app),
            Limit("calls a day", day, Window.DAY, 86_400.0, scope),
        ),
        concurrency=AT_ONCE,
    )


def day_left(headers: Mapping[str, str]) -> int | None:
    """Calls left today for this organisation."""
    return whole(headers.get("x-daylimit-remaining", ""))


def throttle(answer: Answer) -> float | None:
    """Seconds to wait when a call was refused for its number: ``Retry-After`` exactly, else by the limit it names."""
    if answer.status != 429:
        return None
    stated = whole(answer.headers.get("retry-after", ""))
    if stated is not None:
        return float(stated)
    return _WAITS.get(answer.headers.get("x-rate-limit-problem", "").strip().lower(), _OTHER_WAIT)


def lacks_scope(answer: Answer) -> bool:
    """Whether a refusal names a missing scope; the word was also seen misspelt."""
    told = answer.headers.get("www-authenticate", "").lower()
    return answer.status in (401, 403) and ("insufficient_scope" in told or "insufficent_scope" in told)


def unauthorised(answer: Answer) -> bool:
    """Whether the token is no longer good. A missing scope and an organisation that was disconnected need no new token."""
    return answer.status == 401 and not lacks_scope(answer)


def whole(text: str) -> int | None:
    """A header's whole number, None when it is none."""
    return int(text) if text.isascii() and text.isdigit() else None
