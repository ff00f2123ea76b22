"""What a reason is made of. The sentences are in ``reasons`` and, by subject, in the files that it puts together."""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.errors import Acts


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. ``action`` says what to do; ``acts`` who does it; ``title`` heads all that wait for it.

    ``for_version``: where a person may release it, they do so for the version they saw, and for no later one.
    ``for_both``: what they saw is of both sides, and the release is for neither side's later one.
    """

    code: str
    title: str
    sentence: str
    action: str
    acts: Acts = Acts.BOOKKEEPER
    for_version: bool = False
    for_both: bool = False
