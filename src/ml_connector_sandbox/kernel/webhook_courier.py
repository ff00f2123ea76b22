"""Carries one subscription's deliveries to its address: one at a time, in order, again after a failure."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from yarl import URL

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.webhook_rules import Parcel, Subscription, WebhookRules

LARGEST_QUEUE = 1000
"""Deliveries that may wait for one address; what comes beyond is dropped, as a receiver that is down must expect."""
_LOOK_SECONDS = 0.02  # machine seconds between looks at the sandbox's clock while something is due later

WAITING, RETRYING, DELIVERED, FAILED = "waiting", "retrying", "delivered", "failed"
NEVER, DROPPED, NOT_SENT = "never", "dropped", "not sent"


@dataclass(slots=True)
class Delivery:
    """One event on its way to one address. ``at``: sandbox seconds since the Unix epoch; ``answer``: the last one.

    ``status``: waiting, retrying, delivered, failed (given up), never (a fault), dropped (no room, or the
    subscription was removed), not sent (the vendor does not announce it).
    """

    number: int
    subscription: int
    event: str
    company: str
    object_id: str
    at: float
    status: str = WAITING
    attempts: int = 0
    answer: str = ""
    fault: str = ""
    parcel: Parcel | None = field(default=None, repr=False)
    waits: list[float] = field(default_factory=list)  # sandbox seconds before each further attempt
    copies: int = 1

    def as_dict(self) -> dict[str, Any]:
        """For the admin address."""
        shown = (
            "number", "subscription", "event", "company", "object_id", "at", "status", "attempts", "answer", "fault",
        )  # fmt: skip
        return {name: getattr(self, name) for name in shown}


class Courier:
    """The queue of one subscription. ``run`` is its task; everything else is called from the same event loop."""

    def __init__(
        self, clock: SandboxClock, rules: WebhookRules, session: aiohttp.ClientSession, subscription: Subscription
    ) -> None:
        self.subscription = subscription
        self._clock, self._rules, self._session = clock, rules, session
        self._ready: deque[Delivery] = deque()
        self._later: list[tuple[float, int, Delivery]] = []
        self._held: Delivery | None = None
        self._under_way: Delivery | None = None
        self._wake = asyncio.Event()

    def put(self, delivery: Delivery) -> None:
        """Queue it; one that is held for its turn goes right behind it."""
        if len(self._ready) + len(self._later) >= LARGEST_QUEUE:
            delivery.status, delivery.answer = DROPPED, f"{LARGEST_QUEUE} deliveries are waiting already"
            return
        self._ready.append(delivery)
        if self._held is not None:
            self._ready.append(self._held)
            self._held = None
        self._wake.set()

    def put_behind_next(self, delivery: Delivery) -> None:
        """Hold it until the next one has gone; a second one in a row counts as that next one."""
        if self._held is not None:
            self.put(delivery)
        else:
            self._held = delivery

    def put_later(self, delivery: Delivery, seconds: float) -> None:
        """Queue it after so many sandbox seconds."""
        heapq.heappush(self._later, (self._clock.seconds() + seconds, delivery.number, delivery))
        self._wake.set()

    def give_up(self, why: str) -> None:
        """Drop what has not gone, and what was under way when ``run`` was cancelled: whether it arrived is not known."""
        late = (delivery for _, _, delivery in self._later)
        for delivery in (self._under_way, *self._ready, *late, self._held):
            if delivery is not None:
                delivery.status, delivery.answer = DROPPED, why
        self._ready.clear()
        self._later.clear()
        self._held = self._under_way = None

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            while self._later and self._later[0][0] <= self._clock.seconds():
                self._ready.append(heapq.heappop(self._later)[2])
            if self._ready:
                await self._deliver(self._ready.popleft())
            else:
                await self._wait()

    async def _wait(self) -> None:
        """Until something is queued; while something is due later, no longer than a look at the clock takes."""
        self._wake.clear()
        try:
            await asyncio.wait_for(self._wake.wait(), _LOOK_SECONDS if self._later else None)
        except TimeoutError:
            return

    async def _deliver(self, delivery: Delivery) -> None:
        delivery.attempts += 1
        self._under_way = delivery
        accepted = await self._accepted(delivery)
        self._under_way = None
        if not accepted:
            self._failed(delivery)
            return
        delivery.copies -= 1
        if delivery.copies:
            self._ready.appendleft(delivery)
        else:
            delivery.status = DELIVERED

    def _failed(self, delivery: Delivery) -> None:
        if delivery.waits:
            delivery.status = RETRYING
            self.put_later(delivery, delivery.waits.pop(0))
        else:
            delivery.status = FAILED

    async def _accepted(self, delivery: Delivery) -> bool:
        parcel, seconds = delivery.parcel, self._rules.time_out_seconds()
        assert parcel is not None, "only composed deliveries are queued"
        try:
            async with self._session.request(
                self.subscription.method,
                URL(self.subscription.url, encoded=True),
                data=parcel.body,
                headers=parcel.headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
            ) as response:
                delivery.answer = str(response.status)
                return self._rules.accepted(response.status)
        except TimeoutError:
            delivery.answer = f"no answer within {seconds:g} s"
        except (aiohttp.ClientError, OSError) as error:
            delivery.answer = f"{type(error).__name__}: {error}"
        return False
