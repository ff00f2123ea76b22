"""How results are told: a failing point in some lines, the whole matrix as a table for the documentation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from faults.books import Difference
from faults.points import Point
from faults.process import Result

_SHOWN = 5


def shown(result: Result) -> str:
    """A point that failed, and how."""
    sentences = result.difference.sentences
    more = [f"  ... and {len(sentences) - _SHOWN} more"] if len(sentences) > _SHOWN else []
    return "\n".join([f"FAILED {result.point}", *(f"  {one[:400]}" for one in sentences[:_SHOWN]), *more])


def table(results: Sequence[Result], points: Sequence[Point], command: str, seconds: float) -> str:
    """The matrix as Markdown: each kind of fault with what became of its points, for each integration."""
    rows: list[str] = []
    for integration in sorted({one.integration for one in points}):
        calls = {(one.vendor, one.call) for one in points if one.integration == integration}
        counts = ", ".join(
            f"{sum(1 for vendor, _ in calls if vendor == name)} of {name}" for name in sorted({one for one, _ in calls})
        )
        rows += [f"## {integration}", "", f"Calls and commits of a run without faults: {counts}.", ""]
        rows += [
            "| fault | points | struck | twice | missing | amounts differ | unbalanced | seconds, median and most |"
        ]
        rows += ["|---|---|---|---|---|---|---|---|"]
        rows += _rows([one for one in results if one.point.integration == integration])
        rows += [""]
    today = datetime.now(UTC).date().isoformat()
    whole = f"{len(results)} of {len(points)} points" if len(results) < len(points) else f"all {len(points)} points"
    head = [
        f"# The fault matrix, {'a sample of it' if len(results) < len(points) else 'run whole'}", "",
        f"Run on {today} with `{command}`: {whole}, {seconds / 60:.0f} minutes. What a point is, and what is compared, says",
        "[the page about it](faults.md).", "",
    ]  # fmt: skip
    return "\n".join([*head, *rows]).rstrip() + "\n"


def _rows(results: Iterable[Result]) -> list[str]:
    by_kind: dict[str, list[Result]] = defaultdict(list)
    for one in results:
        by_kind[one.point.kind].append(one)
    return [_row(kind, found) for kind, found in by_kind.items()]


def _row(kind: str, found: Sequence[Result]) -> str:
    spent = sorted(one.seconds for one in found)
    sums = counts(found)
    struck = sum(one.struck for one in found)
    cells = [kind, len(found), struck, *sums, f"{spent[len(spent) // 2]:.0f}, {spent[-1]:.0f}"]
    return f"| {' | '.join(map(str, cells))} |"


def counts(results: Iterable[Result]) -> list[int]:
    """Over all results: what is there twice, missing, different, and unbalanced."""
    return [
        sum(len(found) for found in each) for each in zip(*(_lists(one.difference) for one in results), strict=True)
    ]


def _lists(one: Difference) -> tuple[list[str], ...]:
    return one.duplicates, one.missing, one.amounts, one.unbalanced
