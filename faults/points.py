"""The points of the matrix: which call of which vendor is spoiled, and how."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec

KILLS = {"kill before": "timeout before", "kill after": "timeout after"}
"""A worker is killed while the sandbox holds its call: the call is not carried out, or it is, and nobody hears of it."""
COMMIT_KILLS = ("kill before commit", "kill after commit")
DAY_LIMIT = "day limit"
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
    """``count`` of the points, the same for the same seed: as many of each world, and a fixed share of them kills."""
    chance = random.Random(seed)
    worlds: dict[str, list[Point]] = {}
    for one in points:
        worlds.setdefault(one.integration, []).append(one)
    chosen: list[Point] = []
    # The smallest first: what a world has too few of, the others make up for.
    for place, mine in enumerate(sorted(worlds.values(), key=len)):
        share = -(-(count - len(chosen)) // (len(worlds) - place))
        chosen += _of_world(mine, min(share, len(mine)), chance)
    return sorted(chosen)


def _of_world(points: Sequence[Point], count: int, chance: random.Random) -> list[Point]:
    kills = [one for one in points if one.is_kill]
    others = [one for one in points if not one.is_kill]
    wanted = min(len(kills), max(count // KILL_SHARE, count - len(others)))
    return chance.sample(kills, wanted) + chance.sample(others, count - wanted)
