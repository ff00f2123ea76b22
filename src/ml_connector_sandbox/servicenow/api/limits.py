"""Rate rules per user and hour, and the semaphore with its queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ml_connector_sandbox.servicenow.books.access import User
from ml_connector_sandbox.servicenow.books.records import Row
from ml_connector_sandbox.servicenow.errors import PageRefused, Refused
from ml_connector_sandbox.servicenow.instance import Instance

_HOUR = 3600


@dataclass
class Limits:
    """The counters of one instance. ``refused``: calls that a rule or the queue refused."""

    instance: Instance
    refused: int = 0
    most_at_once: int = 0
    _taken: dict[tuple[str, str, int], list[float]] = field(default_factory=dict)
    _under_way: int = 0
    _gate: asyncio.Semaphore | None = None

    def rule(self, user: User, api: str) -> Row | None:
        """The rule for a user and an API: the user's own before those of roles (the lowest) before everybody's."""
        active = [
            one
            for one in self.instance.records.having("sys_rate_limit_rules", active="true")
            if one["api"] in ("", api)
        ]  # fmt: skip
        own = [one for one in active if one["user"] and one["user"] == user.sys_id]
        roles = [one for one in active if not one["user"] and one["role"] and one["role"] in user.roles]
        everybody = [one for one in active if not one["user"] and not one["role"]]
        return min(own or roles or everybody, key=lambda one: int(one["request_limit_per_hour"]), default=None)

    def take(self, user: User, api: str) -> dict[str, str]:
        """Count one call; the headers of the rule it fell under, none without one. Raises Refused with 429."""
        rule = self.rule(user, api) if self.instance.switches.limits else None
        if rule is None:
            return {}
        now = self.instance.clock.seconds()
        hour = int(now // _HOUR)
        taken = self._taken.setdefault((rule["sys_id"], user.name, hour), [])
        headers = self.headers(rule)
        if self._flushed(taken, now) >= int(rule["request_limit_per_hour"]):
            self.refused += 1
            raise too_many(rule, api, headers, (hour + 1) * _HOUR - now)
        taken.append(now)
        return headers

    def headers(self, rule: Row) -> dict[str, str]:
        """What every answer under a rule carries; none says how many calls remain."""
        hour = int(self.instance.clock.seconds() // _HOUR)
        return {
            "X-RateLimit-Limit": rule["request_limit_per_hour"],
            "X-RateLimit-Reset": str((hour + 1) * _HOUR),
            "X-RateLimit-Rule": rule["sys_id"],
        }

    @asynccontextmanager
    async def thread(self) -> AsyncIterator[None]:
        """One of the threads of the APIs' pool. Raises PageRefused with 429 when the queue is full, too."""
        switches = self.instance.switches
        if not switches.limits:
            yield
            return
        if self._under_way >= switches.semaphore_threads + switches.semaphore_queue:
            self.refused += 1
            raise PageRefused(429, "Too Many Requests")
        self._gate = self._gate or asyncio.Semaphore(switches.semaphore_threads)
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        try:
            async with self._gate:
                yield
        finally:
            self._under_way -= 1

    def _flushed(self, taken: list[float], now: float) -> int:
        every = self.instance.switches.rate_flush_seconds
        edge = now if every <= 0 else now // every * every
        return sum(1 for one in taken if one <= edge)


def too_many(rule: Row, api: str, headers: dict[str, str], wait: float) -> Refused:
    """The refusal of a rate rule; ``wait`` in sandbox seconds."""
    limit = rule["request_limit_per_hour"]
    refusal = Refused(429, "Rate limit exceeded", f"Rate limit of {limit} requests per hour for {api} exceeded")
    refusal.headers = headers | {"Retry-After": str(max(1, int(wait) + 1))}
    return refusal
