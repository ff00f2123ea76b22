"""What every sentence that a person reads must be."""

from __future__ import annotations

import re


def one_sentence(told: str, *words: str) -> None:
    """It is one short paragraph that speaks of ``words``, and no traceback.

    It ends with a full stop, or with the command to type, which a full stop would spoil for who copies it.
    """
    assert told and "Traceback" not in told and "Error(" not in told, told
    assert all(word.lower() in told.lower() for word in words), told
    assert re.search(r"(\.|: ml-connector [^.:]+)$", told), told
    assert len(told) < 600, told
