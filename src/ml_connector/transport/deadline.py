"""Until when a write may leave: an intent's `send_before`, checked on the boot-time clock, as the lease is.

Whoever starts a write says how long it may leave; it holds for every write made inside, however deep, retries included.
Reads are free: what was written may be looked at later.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from ml_connector.transport.errors import NotSent

# It runs while the machine sleeps, too. Where there is no such clock (macOS), the monotonic one comes nearest.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
_until: ContextVar[float | None] = ContextVar("until", default=None)


def boot_time() -> float:
    """Machine seconds since it was started, those it slept included. Nobody can set this clock."""
    return time.clock_gettime(_CLOCK)


@contextmanager
def leaving_before(moment: datetime) -> Iterator[None]:
    """Writes inside the block leave before ``moment`` (machine time, UTC) or raise NotSent."""
    token = _until.set(boot_time() + (moment - datetime.now(UTC)).total_seconds())
    try:
        yield
    finally:
        _until.reset(token)


def check_time_left() -> None:
    """The last act before a write's first byte. Raises NotSent when its time is over."""
    until = _until.get()
    if until is not None and boot_time() >= until:
        raise NotSent("its time to be sent has passed; nothing left")
