"""ALIKE: names that are nearly the same, among very many, without comparing each with all.

The measure is rapidfuzz's token_sort_ratio, and what it says is never guessed at: left out is only what cannot reach the
score. Two texts of a and b letters that score s differ in at most (1 - s)(a + b) letters, so b is not much shorter than
a. Of a's pairs of neighbouring letters each letter that is left out spoils two, and each that is put in between one: at
most 2a - 2L + b - L for L letters in common, which is most where b is shortest. Any one more than that of a's pairs holds
one that b has as well: the rarest are taken.
"""

from __future__ import annotations

from collections import defaultdict
from math import floor

from rapidfuzz import fuzz, process

_SLACK = 1e-6  # for what floating-point numbers leave open


class Names:
    """Names that can be searched for those alike; added and dropped one by one."""

    def __init__(self, score: float) -> None:
        self._score = score
        share = score / 100
        self._shortest = share / (2 - share)  # the shorter text's part of the longer one
        common = share / 2 * (1 + self._shortest)  # letters in common, as a part of the longer text, with the shortest
        self._spoilt = 2 * (1 - common) + (self._shortest - common)
        self._sorted: dict[str, str] = {}
        self._by_pair: dict[str, set[str]] = defaultdict(set)

    def add(self, name: str) -> None:
        """Add a name, whose words have one blank between them."""
        if name not in self._sorted:
            self._sorted[name] = " ".join(sorted(name.split()))
            for pair in _pairs(self._sorted[name]):
                self._by_pair[pair].add(name)

    def drop(self, name: str) -> None:
        """Take a name away."""
        for pair in _pairs(self._sorted.pop(name, "")):
            self._by_pair[pair].discard(name)

    def like(self, name: str, at_most: int) -> list[tuple[str, float]]:
        """The names that score enough, with their scores, best first, those of one score by the alphabet."""
        wanted = " ".join(sorted(name.split()))
        if not wanted:
            return []
        near = {one: self._sorted[one] for one in self._near(wanted)}
        found = process.extract(wanted, near, scorer=fuzz.ratio, score_cutoff=self._score, limit=None)
        ranked = sorted(((one, score) for _, score, one in found), key=lambda one: (-one[1], one[0]))
        return ranked[:at_most]

    def _near(self, wanted: str) -> list[str]:
        """Those that may score enough."""
        length, pairs = len(wanted), _pairs(wanted)
        needed = floor(self._spoilt * length + _SLACK) + 1
        if needed > len(pairs):
            names = set(self._sorted)
        else:
            rarest = sorted(pairs, key=lambda pair: len(self._by_pair.get(pair, ())))[:needed]
            names = set[str]().union(*(self._by_pair.get(pair, ()) for pair in rarest))
        least, most = length * self._shortest - _SLACK, length / self._shortest + _SLACK
        return sorted(one for one in names if least <= len(self._sorted[one]) <= most)


def _pairs(text: str) -> list[str]:
    """Neighbouring letters, as often as they stand there."""
    return [text[n : n + 2] for n in range(len(text) - 1)]
