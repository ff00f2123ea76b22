"""Which intents the calls of a block are about: their exchanges are kept with them, and shown in their records' lives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_intents: ContextVar[tuple[int, ...]] = ContextVar("intents", default=())


@contextmanager
def about(*intent_ids: int) -> Iterator[None]:
    """Calls inside the block, however deep, are about these intents, in the order of the call's elements."""
    token = _intents.set(intent_ids)
    try:
        yield
    finally:
        _intents.reset(token)


@contextmanager
def part(start: int, count: int) -> Iterator[None]:
    """Calls inside the block are about some of the intents only: where what was to go in one call goes in several."""
    with about(*_intents.get()[start : start + count]):
        yield


def intent() -> int | None:
    """The intent the present call is about, the first of several; None for calls that are about no single document."""
    return next(iter(_intents.get()), None)


def others() -> tuple[int, ...]:
    """The further intents that the present call is about."""
    return _intents.get()[1:]
