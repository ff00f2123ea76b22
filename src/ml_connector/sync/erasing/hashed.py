"""The words of an erased person as keyed hashes: found in what is read later, and read by nobody."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

from ml_connector.canonical.erased import ERASED, is_telephone

_WORD = re.compile(r"\w+")
_LONGEST = 12  # words of a name or street that is looked for


class Hashed:
    """Finds words by their hashes, however spaced, joined and in whatever case; telephones by digits."""

    def __init__(self, known: Collection[bytes], digest: Callable[[str], bytes]) -> None:
        self._known, self._digest = frozenset(known), digest

    def out_of(self, text: str) -> str:
        """The text with ``erased`` in their place."""
        spans, kept, end, at = [one.span() for one in _WORD.finditer(text)], "", 0, 0
        while self._known and at < len(spans):
            start, count = spans[at][0], self._count(text, spans[at : at + _LONGEST])
            if count:
                kept += text[end:start].removesuffix("+") + ERASED
                end = spans[at + count - 1][1]
            at += count or 1
        return kept + text[end:]

    def _count(self, text: str, spans: list[tuple[int, int]]) -> int:
        """How many of these words, from the first on, are one of what is looked for: as many as may be."""
        parts = ((n, text[spans[0][0] : spans[n - 1][1]]) for n in range(len(spans), 0, -1))
        return next((n for n, part in parts if self._digest(_key(part)) in self._known), 0)


def digests(words: Iterable[str], digest: Callable[[str], bytes]) -> list[bytes]:
    """The hashes that words are kept by."""
    return sorted({digest(_key(one)) for one in words})


def _key(text: str) -> str:
    return re.sub(r"\D", "", text) if is_telephone(text) else " ".join(_WORD.findall(text))
