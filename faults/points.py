"""The points of the matrix: which call of which vendor is spoiled, and how."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec

KILLS = {"kill before": "timeout before", "kill after": "timeout after"}
"""A worker is killed while the sandbox holds its call: the call is not carried out, or it is, and nobody hears of it."""
COMMIT_KILLS = ("kill before commit", "kill after commit")
DATABASE = "database"
"""In place of a vendor: the numbered ``call`` is one of the worker's commits."""
KILL_SHARE = 5  # of a sample, one in so many is a kill


class Point(msgspec.Struct, frozen=True, order=True):
    """One run: at the numbered ``call`` of ``vendor`` happens ``kind``. ``request`` shows what the call was."""

    integration: str
    vendor: str
    call: int
    kind: str
    request: str = ""

    @property
    def is_kill(self) -> bool:
        """Whether a worker dies."""
        return self.kind in KILLS or self.kind in COMMIT_KILLS

    def __str__(self) -> str:
        return f"{self.integration} {self.vendor} call {self.call} ({self.request}) {self.kind}"


def sampled(points: Sequence[Point], count: int, seed: int) -> list[Point]:
    """``count`` of the points, the same for the same seed; a fixed share of them are kills."""
    chance = random.Random(seed)
    kills = [one for one in points if one.is_kill]
    others = [one for one in points if not one.is_kill]
    wanted = min(len(kills), max(count // KILL_SHARE, count - len(others)))
    chosen = chance.sample(kills, wanted) + chance.sample(others, min(len(others), count - wanted))
    return sorted(chosen)
