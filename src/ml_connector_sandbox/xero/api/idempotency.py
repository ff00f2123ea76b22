"""Answers kept under ``Idempotency-Key``: six minutes from first use (a switch), per app, errors among them.

The tenant is no part of a key or of the request it is compared with: the same key and body for a second organisation
is answered with what the first one was.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from ml_connector_sandbox.xero.books.company import XeroBooks
from ml_connector_sandbox.xero.errors import BadRequest, Refused, Titled

HEADER = "Idempotency-Key"
LONGEST = 128
METHODS = frozenset({"POST", "PUT", "PATCH"})


@dataclass(frozen=True, slots=True)
class Kept:
    """A finished answer."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, answer: web.Response) -> Kept:
        body = answer.body
        shown = tuple((name, value) for name, value in answer.headers.items() if name == "Content-Type")
        return cls(answer.status, bytes(body) if isinstance(body, bytes | bytearray) else b"", shown)

    def again(self) -> web.Response:
        """The same answer once more."""
        return web.Response(status=self.status, body=self.body, headers=dict(self.headers))


@dataclass(slots=True)
class _Entry:
    fingerprint: str
    expires: float
    answer: asyncio.Future[Kept]


class Idempotency:
    """The store of all apps."""

    def __init__(self, books: XeroBooks) -> None:
        self._books = books
        self._entries: dict[tuple[str, str], _Entry] = {}
        self.replayed = 0

    async def answer(
        self, request: web.Request, client_id: str, handle: Callable[[], Awaitable[web.Response]]
    ) -> web.Response:
        """Handle a call, or answer as the same call was answered before. Raises Refused on a key that cannot be."""
        if request.method not in METHODS or HEADER not in request.headers:
            return await handle()
        key, now = request.headers[HEADER], self._books.clock.seconds()
        if not key or len(key) > LONGEST:
            raise self._refused(f"Idempotency Key: {key} must have 1 to {LONGEST} characters, not {len(key)}.")
        fingerprint = await _fingerprint(request)
        entry = self._entries.get((client_id, key))
        if entry is None or entry.expires <= now:
            return await self._first((client_id, key), fingerprint, handle)
        if entry.fingerprint != fingerprint:
            raise self._refused(f"Idempotency Key: {key} is used with a different request.")
        if not entry.answer.done() and not self._books.switches.idempotency_waits:
            raise self._refused(f"Idempotency Key: {key} is used by a request under way.")
        self.replayed += 1
        return (await asyncio.shield(entry.answer)).again()

    async def _first(
        self, key: tuple[str, str], fingerprint: str, handle: Callable[[], Awaitable[web.Response]]
    ) -> web.Response:
        future: asyncio.Future[Kept] = asyncio.get_running_loop().create_future()
        expires = self._books.clock.seconds() + self._books.switches.idempotency_seconds
        self._entries[key] = _Entry(fingerprint, expires, future)
        try:
            answer = await handle()
        except BaseException:
            # Nothing was done: the key is free again, and who waits for it is refused with it.
            self._entries.pop(key, None)
            future.cancel()
            raise
        future.set_result(Kept.of(answer))
        return answer

    def _refused(self, message: str) -> Refused:
        if self._books.switches.idempotency_validation_shape:
            return BadRequest("ValidationException", message, 10, [])
        return Titled(400, "Bad Request", message)


async def _fingerprint(request: web.Request) -> str:
    body = await request.read()
    return hashlib.sha256(f"{request.method} {request.path_qs}\n".encode() + body).hexdigest()
