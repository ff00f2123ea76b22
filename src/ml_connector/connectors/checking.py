"""What checks of a connection tell, line by line, the fields a preflight found, and the line several checks share."""

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


@dataclass(frozen=True, slots=True)
class FieldThere:
    """One field of ours and where it goes: ``place`` as the vendor's people name it (table and column), ``told`` its kind,

    length and whether it must be filled; ``verdict`` as of a finding. ``what``: the document and its field, in words.
    """

    what: str
    place: str
    told: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Preflight:
    """Whether what is written for some entities can be taken by the target as it is set up.

    Any finding that is MISSING stops the flows that write those entities. ``fields`` show the mapping, for a person.
    """

    findings: tuple[Finding, ...] = ()
    fields: tuple[FieldThere, ...] = ()


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
