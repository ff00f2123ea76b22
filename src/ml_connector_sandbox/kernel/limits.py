"""Rate limits as the vendors count them: sliding windows and calls under way, on the sandbox clock."""

from __future__ import annotations

from collections import deque

from ml_connector_sandbox.kernel.clock import SandboxClock


class SlidingWindow:
    """At most ``limit`` calls in any ``seconds`` of sandbox time."""

    def __init__(self, clock: SandboxClock, limit: int, seconds: float) -> None:
        self.limit, self.seconds = limit, seconds
        self._clock = clock
        self._taken: deque[float] = deque()
        self.most_used = 0

    def take(self) -> float | None:
        """Count one call and return None; or, when the window is full, count nothing and return the seconds to wait."""
        now = self._clock.seconds()
        while self._taken and self._taken[0] <= now - self.seconds:
            self._taken.popleft()
        if len(self._taken) >= self.limit:
            return self._taken[0] + self.seconds - now
        self._taken.append(now)
        self.most_used = max(self.most_used, len(self._taken))
        return None

    @property
    def used(self) -> int:
        """Calls inside the window now."""
        edge = self._clock.seconds() - self.seconds
        return sum(1 for moment in self._taken if moment > edge)


class Concurrency:
    """At most ``limit`` calls under way at once."""

    def __init__(self, limit: int) -> None:
        self.limit, self.under_way, self.most = limit, 0, 0

    def enter(self) -> bool:
        """Count a call as under way; False, and nothing counted, when the limit is reached."""
        if self.under_way >= self.limit:
            return False
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        return True

    def leave(self) -> None:
        """The call is answered."""
        self.under_way -= 1
