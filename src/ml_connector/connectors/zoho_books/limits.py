"""Zoho Books' three limits, how it says "too many", and what its headers count.

100 requests in any minute, a day's allowance by plan, and 5 or 10 at once, all per organisation. The headers count the
day, in the organisation's zone; there is no header for the minute.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml_connector.canonical.master_data import Organisation
from ml_connector.connectors.base import Limit, Limits, Window
from ml_connector.transport.errors import NotJson
from ml_connector.transport.messages import Answer

PER_MINUTE = 100
TRIAL_DAY = 1_000
_DAY = {"free": 1_000, "standard": 2_000, "professional": 5_000, "premium": 10_000, "elite": 10_000, "ultimate": 10_000}
_FREE_AT_ONCE, _PAID_AT_ONCE = 5, 10

MINUTE_CODE, DAY_CODE, CONCURRENCY_CODE = 44, 45, 1070
THROTTLE_CODES = frozenset([MINUTE_CODE, DAY_CODE, CONCURRENCY_CODE])
_MINUTE_WAIT, _DAY_WAIT, _CONCURRENCY_WAIT = 60.0, 3600.0, 2.0
_SMALL = 1_000  # bytes; a refusal is never longer, a list never shorter to matter


def limits(organisation: Organisation | None, settings: Mapping[str, str]) -> Limits:
    """The limits of an organisation; of the free plan while it is unknown. A trial of a paid plan has 1,000 a day."""
    plan = organisation.plan.lower() if organisation else ""
    word = next((name for name in _DAY if name in plan), "free")
    trial = settings.get("trial", "no") == "yes" or "trial" in plan
    scope = organisation.id if organisation else ""
    day = TRIAL_DAY if trial else _DAY[word]
    return Limits(
        (
            Limit("calls a minute", PER_MINUTE, Window.SLIDING, 60.0, scope),
            Limit("calls a day", day, Window.DAY, 86_400.0, scope),
        ),
        concurrency=_FREE_AT_ONCE if word == "free" else _PAID_AT_ONCE,
    )


def day_left(headers: Mapping[str, str]) -> int | None:
    """Calls left today; the header counts the day, whatever its name suggests."""
    return _whole(headers.get("x-rate-limit-remaining", ""))


def throttle(answer: Answer) -> float | None:
    """Seconds to wait when a call was refused for its number: ``Retry-After`` exactly, else by the code."""
    code = refusal_code(answer)
    if answer.status != 429 and code not in THROTTLE_CODES:
        return None
    stated = _whole(answer.headers.get("retry-after", ""))
    return float(stated) if stated is not None else _documented_wait(code, answer.headers)


def unauthorised(answer: Answer) -> bool:
    """401 (code 57) says: token expired, or the token's user or scope lacks the right. One refresh tells which."""
    return answer.status == 401


def refusal_code(answer: Answer) -> int | None:
    """The ``code`` of a short answer (a refusal), None of anything else."""
    if answer.status < 400 and len(answer.body) > _SMALL:
        return None
    try:
        body: Any = answer.json()
    except NotJson:
        return None
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) else None


def _documented_wait(code: int | None, headers: Mapping[str, str]) -> float:
    if code == DAY_CODE:
        reset = _whole(headers.get("x-rate-limit-reset", ""))
        return float(reset) if reset is not None else _DAY_WAIT
    return _CONCURRENCY_WAIT if code == CONCURRENCY_CODE else _MINUTE_WAIT


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() else None
