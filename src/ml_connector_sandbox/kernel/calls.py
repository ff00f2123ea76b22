"""The numbered calls of one emulator: what was asked, and how it was answered."""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web

from ml_connector_sandbox.kernel.clock import SandboxClock


@dataclass(slots=True)
class Call:
    """One request as the emulator saw it. ``at`` is sandbox seconds since the Unix epoch.

    ``status`` is what was answered, 0 while nothing was; ``fault`` is the kind of fault that struck the call. ``inside``:
    what a call that carries others carries, each kind once.
    """

    number: int
    at: float
    host: str
    method: str
    path: str
    query: str
    status: int = 0
    fault: str = ""
    inside: str = ""


CALL = web.RequestKey("call", Call)
"""Where a request carries its numbered call."""


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
