"""What the check of a connection tells, line by line, and the line that several vendors' checks share."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """Result of one check."""

    GOOD = "good"
    WARNING = "warning"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of ``check``: what was looked at, how it is, and what to do when it is not good."""

    subject: str
    verdict: Verdict
    sentence: str
    action: str = ""


_SKEW = 60.0  # seconds


def clock(ours: dt.datetime, theirs: dt.datetime | None, title: str, short: str) -> Finding:
    """Whether this machine's clock agrees with the vendor's; ``short`` is the vendor's name in a sentence's midst."""
    if theirs is None:
        return Finding("clock", Verdict.WARNING, f"{title} sent no time to compare the clock with.")
    skew = abs((ours - theirs).total_seconds())
    if skew <= _SKEW:
        return Finding("clock", Verdict.GOOD, f"The clock agrees with {short}'s to {skew:.0f} s.")
    return Finding(
        "clock",
        Verdict.WARNING,
        f"The clock is {skew:.0f} s off {short}'s.",
        "Set the machine's clock by network time.",
    )
