"""Which intent the calls of a block are about: their exchanges are kept with it, and shown in its record's life."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_intent: ContextVar[int | None] = ContextVar("intent", default=None)


@contextmanager
def about(intent_id: int) -> Iterator[None]:
    """Calls inside the block, however deep, are about this intent."""
    token = _intent.set(intent_id)
    try:
        yield
    finally:
        _intent.reset(token)


def intent() -> int | None:
    """The intent the present call is about; None for calls that are about no single document."""
    return _intent.get()
