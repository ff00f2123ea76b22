"""One authenticated call, and the operations it may be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Any

import msgspec
from aiohttp import web

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.kernel.emulator import json_response
from ml_connector_sandbox.servicetitan.answers import invalid
from ml_connector_sandbox.servicetitan.books import TenantBooks
from ml_connector_sandbox.servicetitan.parameters import Parameters
from ml_connector_sandbox.servicetitan.rows import Rows
from ml_connector_sandbox.servicetitan.stamps import before
from ml_connector_sandbox.servicetitan.switches import Switches


class ApiCall:
    """A call that has passed the gateway: whose books, with which switches, asking what."""

    def __init__(
        self,
        request: web.Request,
        path: dict[str, str],
        *,
        books: TenantBooks,
        switches: Switches,
        clock: SandboxClock,
        rows: Rows,
    ) -> None:
        self.request, self.path, self.books = request, path, books
        self.switches, self.clock, self.rows = switches, clock, rows
        self.parameters = Parameters(request.query)

    @cached_property
    def switched(self) -> tuple[Any, ...]:
        """All switches as one comparable value."""
        return astuple(self.switches)

    @cached_property
    def row_context(self) -> tuple[Any, ...]:
        """What rendered rows depend on besides their record."""
        return (self.books.reference_generation(), self.switched)

    @cached_property
    def horizon(self) -> str | None:
        """What was modified after this does not show yet; None without a lag."""
        lag = self.switches.read_after_write_lag_seconds
        return before(self.clock.now(), lag) if lag > 0 else None

    def path_id(self, name: str) -> int:
        """A record id in the path. Raises Refusal (400) when it is no number."""
        text = self.path[name]
        if not (text.isascii() and text.isdigit()):
            raise invalid({name: [f"The value '{text}' is not valid."]})
        return int(text)

    async def json_object(self) -> dict[str, Any]:
        """The body. Raises Refusal (400) when it is no JSON object."""
        value = await self._json()
        if not isinstance(value, dict):
            raise invalid({"": ["A non-empty request body is required."]})
        return value

    async def json_array(self) -> list[Any]:
        """The body. Raises Refusal (400) when it is no JSON array."""
        value = await self._json()
        if not isinstance(value, list):
            raise invalid({"": ["A request body that is an array is required."]})
        return value

    async def _json(self) -> Any:
        try:
            return exact.loads(await self.request.read())
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None

    def empty(self) -> web.Response:
        """200 without a body."""
        return web.Response()

    def answer(self, value: Any) -> web.Response:
        """200 with ``value``."""
        return json_response(value)


Answer = Callable[[ApiCall], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One published operation. ``path`` stands after ``/{module}/v2/tenant/{tenant}/``; ``{name}`` is any segment.

    ``switch``: the switch that says whether the vendor has it at all; empty for those that are certain.
    """

    method: str
    module: str
    path: str
    scope: str
    answer: Answer
    switch: str = ""
