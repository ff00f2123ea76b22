"""Webhooks of an emulator: who is told of which changes, and how a delivery can be disturbed."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp
from yarl import URL

from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.webhook_courier import FAILED, NEVER, NOT_SENT, Courier, Delivery
from ml_connector_sandbox.kernel.webhook_rules import Change, Numbers, Subscription, WebhookRules

TWICE, LATE, OUT_OF_ORDER = "twice", "late", "out of order"
KINDS = {
    TWICE: "The same delivery arrives a second time right behind itself.",
    LATE: "It arrives after so many seconds of sandbox time, 60 unless told.",
    OUT_OF_ORDER: "It arrives behind the next one to the same address, and waits for that one.",
    NEVER: "It does not arrive.",
}
LATE_SECONDS = 60.0
_KEPT = 10_000  # deliveries that can be looked at
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class WebhookFault:
    """What happens to delivery number ``delivery``, or to the next one. ``seconds``: sandbox seconds, of ``late``."""

    kind: str
    delivery: int | None = None
    seconds: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """For the admin address."""
        return asdict(self)


class Webhooks:
    """Subscriptions, deliveries and their faults. Deliveries are numbered from 1, one per event and address.

    A change is announced after the call that made it; announcing neither waits nor fails.
    """

    def __init__(self, clock: SandboxClock, rules: WebhookRules) -> None:
        self.rules = rules
        self.faults: list[WebhookFault] = []
        self.deliveries: deque[Delivery] = deque(maxlen=_KEPT)
        self._clock = clock
        self._couriers: dict[int, tuple[Courier, asyncio.Task[None]]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._session: aiohttp.ClientSession | None = None
        self._subscribed = self._delivered = self._occurred = 0

    def subscriptions(self) -> list[Subscription]:
        """In the order they were set up."""
        return [courier.subscription for courier, _ in self._couriers.values()]

    def subscribe(
        self,
        url: str,
        events: tuple[str, ...] = (),
        *,
        secret: str = "",
        method: str = "POST",
        company: str = "",
    ) -> Subscription:
        """Announce ``events`` (none: all) at ``url`` from now on. Needs a running event loop.

        Raises ValueError, with a sentence, on an address beyond this machine, an unknown event or method, or a
        secret the vendor would not take.
        """
        _require_loopback(url)
        _require_known("event", events, self.rules.events)
        _require_known("method", (method,), self.rules.methods)
        self.rules.check_secret(secret)
        self._subscribed += 1
        made = Subscription(self._subscribed, url, events or self.rules.events, method, company, secret)
        self._loop = asyncio.get_running_loop()
        if self._session is None:
            # A connection kept open and closed by the receiver meanwhile would lose a delivery that is not repeated.
            self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))
        courier = Courier(self._clock, self.rules, self._session, made)
        self._couriers[made.number] = (courier, asyncio.create_task(courier.run()))
        return made

    async def unsubscribe(self, number: int | None = None) -> int:
        """End one subscription, or all; returns how many. Raises KeyError on an unknown number."""
        numbers = list(self._couriers) if number is None else [number]
        for one in numbers:
            courier, task = self._couriers.pop(one)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            courier.give_up("the subscription was removed")
        return len(numbers)

    async def stop(self) -> None:
        """End everything; an attempt under way is cut off."""
        await self.unsubscribe()
        self._loop = None
        if self._session is not None:
            await self._session.close()
            self._session = None

    def announce(self, change: Change) -> None:
        """Tell the subscribers, once the step that changes the books is through. From any thread; never raises."""
        if self._couriers and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, change)

    def disturb(self, fault: WebhookFault) -> WebhookFault:
        """Let ``fault`` happen. Raises ValueError on an unknown kind, or a delivery that has been sent already."""
        _require_known("kind", (fault.kind,), tuple(KINDS))
        if fault.seconds is not None and (fault.kind != LATE or fault.seconds <= 0):
            raise ValueError(f"seconds is of the kind {LATE!r} only, and more than 0")
        if fault.delivery is not None and fault.delivery <= self._delivered:
            raise ValueError(f"delivery {fault.delivery} has been sent; the next one is {self._delivered + 1}")
        self.faults.append(fault)
        return fault

    def clear_faults(self) -> int:
        """Let nothing more go wrong; how many there were."""
        count = len(self.faults)
        self.faults.clear()
        return count

    def as_dicts(self) -> list[dict[str, Any]]:
        """The deliveries, oldest first."""
        return [one.as_dict() for one in self.deliveries]

    def _take(self, change: Change) -> None:
        wanting = [courier for courier, _ in self._couriers.values() if courier.subscription.wants(change)]
        refusal = self.rules.admit(change) if wanting else ""
        self._occurred += 1
        for courier in wanting:
            delivery = self._opened(courier.subscription, change)
            if refusal:
                delivery.status, delivery.answer = NOT_SENT, refusal
            elif self._composed(delivery, courier.subscription, change):
                self._queue(courier, delivery)

    def _opened(self, subscription: Subscription, change: Change) -> Delivery:
        self._delivered += 1
        now = self._clock.seconds()
        delivery = Delivery(
            self._delivered, subscription.number, change.event, change.company, change.object_id, now
        )  # fmt: skip
        self.deliveries.append(delivery)
        return delivery

    def _composed(self, delivery: Delivery, subscription: Subscription, change: Change) -> bool:
        """The bytes are those of the change, however late they go. A switch that says nothing known shows here."""
        try:
            delivery.parcel = self.rules.compose(subscription, change, Numbers(delivery.number, self._occurred))
            delivery.waits = list(self.rules.retry_seconds())
        except ValueError as error:
            delivery.status, delivery.answer = FAILED, str(error)
            return False
        return True

    def _queue(self, courier: Courier, delivery: Delivery) -> None:
        fault = self._fault_of(delivery)
        delivery.fault = fault.kind if fault else ""
        if fault is None:
            courier.put(delivery)
        elif fault.kind == NEVER:
            delivery.status = NEVER
        elif fault.kind == LATE:
            courier.put_later(delivery, LATE_SECONDS if fault.seconds is None else fault.seconds)
        elif fault.kind == OUT_OF_ORDER:
            courier.put_behind_next(delivery)
        else:
            delivery.copies = 2
            courier.put(delivery)

    def _fault_of(self, delivery: Delivery) -> WebhookFault | None:
        """One meant for this number goes before one meant for the next."""
        meant = [one for one in self.faults if one.delivery == delivery.number]
        found = next((one for one in (*meant, *self.faults) if one.delivery in (None, delivery.number)), None)
        if found is not None:
            self.faults.remove(found)
        return found


def _require_known(what: str, given: tuple[str, ...], known: tuple[str, ...]) -> None:
    for one in given:
        if one not in known:
            raise ValueError(f"there is no {what} {one!r}; there are: {', '.join(known)}")


def _require_loopback(url: str) -> None:
    try:
        found = URL(url, encoded=True)
        fits = found.scheme == "http" and found.host in _LOOPBACK and bool(found.port)
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"url must lead to this machine, such as http://127.0.0.1:8765/hooks, not {url!r}")
