"""The calls that are under way, so that a worker which is told to stop ends in time, whatever a vendor holds back.

Who runs a lane opens the block; it holds for every call made inside, however deep, token calls included. Once told to
stop, no call starts any more, and those under way get a moment before they are cut off: a write whose answer is cut off
is one whose answer was lost, and is looked up; a read has changed nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar

from ml_connector.transport.errors import NotSent


class Calls:
    """The calls of one slice."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Timeout] = set()
        self.stopping = False

    def stop(self, within: float) -> None:
        """Let no call start any more; cut off those under way after ``within`` machine seconds. The first word holds."""
        if self.stopping:
            return
        self.stopping = True
        end = asyncio.get_running_loop().time() + within
        for call in self._under_way:
            call.reschedule(end)

    @asynccontextmanager
    async def under_way(self) -> AsyncIterator[None]:
        """One call. Raises NotSent when told to stop before, TimeoutError when cut off."""
        self.check()
        async with asyncio.timeout(None) as call:
            self._under_way.add(call)
            try:
                yield
            finally:
                self._under_way.discard(call)

    def check(self) -> None:
        """Raises NotSent when no call may start any more."""
        if self.stopping:
            raise NotSent("the worker was told to stop; nothing was sent")


_calls: ContextVar[Calls | None] = ContextVar("calls", default=None)


@contextmanager
def known_to(calls: Calls) -> Iterator[None]:
    """Calls inside the block, however deep, are ``calls``'."""
    token = _calls.set(calls)
    try:
        yield
    finally:
        _calls.reset(token)


def present_calls() -> Calls:
    """Those of the block we are in; outside of any, calls of their own, which nobody tells to stop."""
    return _calls.get() or Calls()
