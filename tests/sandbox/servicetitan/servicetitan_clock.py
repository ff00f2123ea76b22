"""A sandbox clock that stands still until it is moved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ml_connector_sandbox.kernel.clock import SandboxClock

START = datetime(2026, 5, 10, 12, 0, 0, 250_000, tzinfo=UTC)


class HandClock(SandboxClock):
    """Reads ``START`` plus every ``advance``."""

    __slots__ = ("_passed",)
    _passed: list[float]

    def __init__(self) -> None:
        super().__init__(START, START.timestamp(), 1.0)
        object.__setattr__(self, "_passed", [0.0])

    def advance(self, seconds: float) -> None:
        self._passed[0] += seconds

    def now(self) -> datetime:
        return START + timedelta(seconds=self._passed[0])

    def seconds(self) -> float:
        return START.timestamp() + self._passed[0]
