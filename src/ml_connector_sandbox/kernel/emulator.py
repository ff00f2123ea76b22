"""The HTTP shell of every emulator: numbered calls, switches for uncertain facts, books that can be inspected."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from email.utils import format_datetime
from typing import Any

from aiohttp import web

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.clock import SandboxClock

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
UNDOCUMENTED = "sandboxAddition"


@dataclass(slots=True)
class Call:
    """One request as the emulator saw it. ``at`` is sandbox seconds since the Unix epoch."""

    number: int
    at: float
    host: str
    method: str
    path: str
    query: str
    status: int = 0


CALL = web.RequestKey("call", Call)
"""Where a request carries its numbered call."""


class UnknownSwitch(ValueError):
    """A switch was set that the emulator does not have, or to a value of another type."""


@dataclass
class CallLog:
    """Every call in order, numbered from 1; faults are addressed by these numbers."""

    calls: list[Call] = field(default_factory=list)

    def open(self, clock: SandboxClock, request: web.Request) -> Call:
        call = Call(
            len(self.calls) + 1,
            clock.seconds(),
            request.host.split(":")[0],
            request.method,
            request.path,
            request.query_string,
        )
        self.calls.append(call)
        return call

    def counted(self) -> dict[str, int]:
        """Calls and 429 answers so far."""
        return {"calls": len(self.calls), "http_429": sum(1 for call in self.calls if call.status == 429)}


class Emulator(ABC):
    """One vendor. Subclasses set ``name`` and ``hosts`` and add their routes to ``app()``.

    ``switches`` is a dataclass instance: one named field per uncertain fact, each documented where it is declared.
    """

    name: str
    hosts: tuple[str, ...]  # the vendor's real host names that this emulator answers for

    def __init__(self, clock: SandboxClock, switches: Any) -> None:
        if not is_dataclass(switches):
            raise TypeError("switches must be a dataclass instance")
        self.clock = clock
        self.switches: Any = switches
        self.log = CallLog()

    @abstractmethod
    def app(self) -> web.Application:
        """A fresh aiohttp application with this vendor's routes and middlewares (``self.numbered`` first)."""

    @abstractmethod
    def books(self) -> dict[str, Any]:
        """Everything the emulated company has on record, as plain JSON-able values (Decimals allowed)."""

    def statistics(self) -> dict[str, Any]:
        """Counts for the summary: calls, 429 answers, tokens issued ...; subclasses add their own."""
        return dict(self.log.counted())

    @property
    def numbered(self) -> Any:
        """The middleware that numbers each call and notes its status."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            call = self.log.open(self.clock, request)
            request[CALL] = call
            try:
                response = await handler(request)
            except web.HTTPException as answer:
                call.status = answer.status
                answer.headers["Date"] = self._date()
                raise
            call.status = response.status
            response.headers["Date"] = self._date()
            return response

        return middleware

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
