"""The plan for a day that a vendor counts: what is kept for live work, and what a backfill may use. Pure.

Live work is changes, webhooks, lists and postings. It comes over the whole day, so what is kept for it shrinks with the
rest of the day: what it has not used by the evening the backfill may.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

RESERVE = 0.3  # of a day's calls
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Quota:
    """Of ``day`` calls so many are ``left`` now, of which ``reserve`` are kept for live work until midnight."""

    day: int
    left: int
    reserve: int

    @property
    def surplus(self) -> int:
        """Calls that a backfill may use now."""
        return max(0, self.left - self.reserve)

    @property
    def for_backfill(self) -> int:
        """Calls that a backfill may count on in a whole day."""
        return self.day - math.ceil(self.day * RESERVE)


def quota(day: int, left: int, seconds: float) -> Quota:
    """The plan of a day of so many calls, with ``left`` of them and ``seconds`` of the clock until it ends."""
    share = min(1.0, max(0.0, seconds / _DAY))
    return Quota(day, max(0, left), math.ceil(day * RESERVE * share))
