"""The HTTP shell of every emulator: numbered calls, switches for uncertain facts, books that can be inspected."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from dataclasses import asdict, fields, is_dataclass
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.calls import CALL, Call, CallLog
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.essence import Essence
from ml_connector_sandbox.kernel.faults import Faults
from ml_connector_sandbox.kernel.port import Handler
from ml_connector_sandbox.kernel.striking import Stroke, Unanswered
from ml_connector_sandbox.kernel.vendor_faults import VendorFaults
from ml_connector_sandbox.kernel.webhooks import Webhooks

__all__ = ["CALL", "UNDOCUMENTED", "Call", "CallLog", "Emulator", "Handler", "UnknownSwitch", "grown", "json_response"]

UNDOCUMENTED = "sandboxAddition"


class UnknownSwitch(ValueError):
    """A switch was set that the emulator does not have, or to a value of another type."""


class Emulator(ABC):
    """One vendor. Subclasses set ``name`` and ``hosts`` and add their routes to ``app()``.

    ``switches`` is a dataclass instance: one named field per uncertain fact, each documented where it is declared.
    """

    name: str
    hosts: tuple[str, ...]  # the vendor's real host names that this emulator answers for
    webhooks: Webhooks | None = None  # of vendors that announce changes

    def __init__(self, clock: SandboxClock, switches: Any, vendor_faults: VendorFaults) -> None:
        if not is_dataclass(switches):
            raise TypeError("switches must be a dataclass instance")
        self.clock = clock
        self.switches: Any = switches
        self.log = CallLog()
        self.faults = Faults(self.name, self.log, vendor_faults)

    @abstractmethod
    def app(self) -> web.Application:
        """A fresh aiohttp application with this vendor's routes and middlewares (``self.numbered`` first)."""

    @abstractmethod
    def books(self) -> dict[str, Any]:
        """Everything the emulated company has on record, as plain JSON-able values (Decimals allowed)."""

    @abstractmethod
    def stir(self) -> None:
        """Touch an old document so that it moves in lists sorted by modification, without changing what it says."""

    @abstractmethod
    def essence(self) -> Essence:
        """Entity -> id -> what the object says, without ids, stamps and counters of its own."""

    def desk(self, wish: dict[str, Any]) -> dict[str, Any]:
        """What a person does at the vendor's screens, and what came of it. Raises ValueError with a sentence."""
        raise ValueError(f"{self.name} has no desk; it was asked to {wish.get('act', 'nothing')}")

    def statistics(self) -> dict[str, Any]:
        """Counts for the summary: calls, 429 answers, tokens issued ...; subclasses add their own."""
        return dict(self.log.counted())

    @property
    def numbered(self) -> Any:
        """The middleware that numbers each call, lets faults strike it, and notes its status."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            call = self.log.open(self.clock, request)
            request[CALL] = call
            try:
                response = await self._struck(request, handler, call)
            except web.HTTPException as answer:
                await self._note(call, answer)
                raise
            await self._note(call, response)
            return response

        return middleware

    async def _struck(self, request: web.Request, handler: Handler, call: Call) -> web.StreamResponse:
        fault = self.faults.take(call)
        if fault is None:
            return await handler(request)
        return await Stroke(fault, request, handler, self.faults, self.stir, self._date()).answer()

    async def _note(self, call: Call, response: web.StreamResponse) -> None:
        if not isinstance(response, Unanswered):
            call.status = response.status
        if not response.prepared:
            response.headers["Date"] = self._date()
        if self.faults.refuse_if_due():
            # The ends of the idle connections are on their way before this answer is.
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        if self.faults.refusing and not response.prepared:
            response.force_close()

    def _date(self) -> str:
        """The Date header: the vendor's clock is the sandbox's."""
        return format_datetime(self.clock.now().replace(microsecond=0), usegmt=True)

    def set_switches(self, values: dict[str, Any]) -> dict[str, Any]:
        """Set switches by name, all or none; returns all of them. Raises UnknownSwitch."""
        known = {one.name: getattr(self.switches, one.name) for one in fields(self.switches)}
        for name, value in values.items():
            if name not in known:
                raise UnknownSwitch(f"{self.name} has no switch {name!r}; it has: {', '.join(sorted(known))}")
            if known[name] is not None and not isinstance(value, type(known[name])):
                raise UnknownSwitch(f"switch {name!r} takes a {type(known[name]).__name__}, not {value!r}")
        for name, value in values.items():
            setattr(self.switches, name, value)
        return asdict(self.switches)


def json_response(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """An ``application/json`` answer with exact decimals."""
    return web.Response(body=exact.dumps(value), status=status, headers=headers, content_type="application/json")


def grown(value: Any) -> Any:
    """``value`` with an undocumented field in every object: APIs grow by addition."""
    if isinstance(value, dict):
        return {**{key: grown(one) for key, one in value.items()}, UNDOCUMENTED: {"since": "sandbox"}}
    if isinstance(value, list):
        return [grown(one) for one in value]
    return value
