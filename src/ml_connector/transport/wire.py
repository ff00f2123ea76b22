"""The one place where bytes leave: known hosts only, lease and time checked last, a write never sent twice by itself."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from ml_connector.clock import Clock
from ml_connector.transport.calls import present_calls
from ml_connector.transport.deadline import check_time_left
from ml_connector.transport.errors import AnswerLost, ForbiddenAddress, NotSent, TransportError
from ml_connector.transport.messages import Answer, Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ml_connector.transport.protocols import Lease

_AT_LEAST = 5.0  # machine seconds: a sandbox's fast clock makes no lost answer of this machine's own slowness
MAX_BODY = 32 * 1024 * 1024  # bytes of one answer; the largest documented page (5,000 rows) is well below


@dataclass(slots=True)
class _Passage:
    """What is known of one request at the moment its first byte would leave."""

    safe: bool
    lease: Lease | None
    sent: bool = False

    def pass_through(self) -> None:
        if self.sent and not self.safe:
            raise AnswerLost("the connection broke while a write was under way; its outcome has to be looked up")
        self.check()
        self.sent = True

    def check(self) -> None:
        if self.lease is not None:
            self.lease.check()
        if not self.safe:
            check_time_left()


_passage: ContextVar[_Passage | None] = ContextVar("passage", default=None)


class _GuardedRequest(aiohttp.ClientRequest):
    """Checks lease and time when the connection is open, as the last act before the first byte.

    The library repeats idempotent methods by itself on a stale connection; for a write the passage refuses that.
    A request with a body leaves, its head included, in a later turn of the loop: it is checked once more there.
    """

    async def send(self, conn: Any) -> aiohttp.ClientResponse:
        passage = _passage.get()
        if passage is not None:
            passage.pass_through()
        return await super().send(conn)

    async def write_bytes(self, writer: Any, conn: Any, content_length: int | None = None) -> None:
        passage = _passage.get()
        if passage is not None:
            try:
                passage.check()
            except TransportError as error:  # raised where the answer is awaited, which closes the connection
                passage.sent = False
                conn.protocol.set_exception(error)
                return
        await super().write_bytes(writer, conn, content_length)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where host names lead. ``loopback`` maps a vendor's host to this machine (the sandbox); else https."""

    loopback: Mapping[str, str]

    @property
    def is_sandbox(self) -> bool:
        """Whether calls go to the sandbox instead of the vendors."""
        return bool(self.loopback)

    def resolve(self, url: str, allowed: frozenset[str]) -> tuple[URL, str]:
        """The address to call, and the Host header. Raises ForbiddenAddress unless it is https on an allowed host."""
        try:
            parsed = URL(url)
        except ValueError as error:
            raise ForbiddenAddress("what was to be called is no address; it was not called") from error
        host = parsed.host or ""
        plain = parsed.explicit_port in (None, 443) and parsed.user is None and parsed.password is None
        if parsed.scheme != "https" or host not in allowed or not plain:
            raise ForbiddenAddress(f"{parsed.scheme}://{host} is not an address of this connection; it was not called")
        if not self.is_sandbox:
            return parsed, host
        if host not in self.loopback:
            raise ForbiddenAddress(f"the sandbox has no {host}; on the sandbox nothing else is called")
        address, _, port = self.loopback[host].rpartition(":")
        address = address.strip("[]")
        if address not in ("127.0.0.1", "localhost", "::1") or not port.isdecimal():
            raise ForbiddenAddress(f"the sandbox must be on this machine, not at {self.loopback[host]}")
        return parsed.with_scheme("http").with_host(address).with_port(int(port)), host


class Wire:
    """One pool of connections. Cookies are dropped, redirects are not followed, body size is bounded."""

    def __init__(self, addresses: Addresses, clock: Clock, *, connections: int = 100) -> None:
        self.addresses = addresses
        self.clock = clock
        self._connections = connections
        self._client: aiohttp.ClientSession | None = None

    @classmethod
    @asynccontextmanager
    async def opened(cls, addresses: Addresses, clock: Clock) -> AsyncIterator[Wire]:
        """A wire that is closed at the end of the block."""
        wire = cls(addresses, clock)
        try:
            yield wire
        finally:
            await wire.close()

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _session(self) -> aiohttp.ClientSession:
        if self._client is None:
            self._client = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, ssl=ssl.create_default_context()),
                cookie_jar=aiohttp.DummyCookieJar(),
                request_class=_GuardedRequest,
                auto_decompress=True,
            )
        return self._client

    async def send(
        self,
        request: Request,
        url: str,
        headers: Mapping[str, str],
        *,
        allowed: frozenset[str],
        timeout: float,
        lease: Lease | None = None,
    ) -> Answer:
        """One request, once. ``timeout`` in clock seconds. Raises NotSent, AnswerLost, LeaseLost, ForbiddenAddress.

        A read that is cut off because the worker has to stop is NotSent: it has changed nothing and is not repeated here.
        """
        target, host = self.addresses.resolve(url, allowed)
        passage, calls = _Passage(request.safe, lease), present_calls()
        token = _passage.set(passage)
        try:
            async with (
                calls.under_way(),
                self._session().request(
                    request.method,
                    target.extend_query([*request.query]) if request.query else target,
                    data=request.body,
                    headers=self._headers(request, headers, host),
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=max(_AT_LEAST, self.clock.real(timeout))),
                ) as response,
            ):
                body = await _bounded(response, host)
                lowered = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, lowered, body, self.clock.now())
        except TransportError:
            raise
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            what = "the worker was told to stop" if calls.stopping else type(error).__name__
            if passage.sent and not (request.safe and calls.stopping):
                raise AnswerLost(f"{host} gave no complete answer ({what})") from error
            raise NotSent(f"{host} could not be reached ({what})") from error
        finally:
            _passage.reset(token)

    @staticmethod
    def _headers(request: Request, headers: Mapping[str, str], host: str) -> dict[str, str]:
        merged = {
            "Host": host,
            "Accept": "application/json",
            "User-Agent": "ml-connector",
            **headers,
            **request.headers,
        }
        if request.body is not None:
            merged["Content-Type"] = request.content_type
        return merged


async def _bounded(response: aiohttp.ClientResponse, host: str) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(256 * 1024):
        body += chunk
        if len(body) > MAX_BODY:
            raise AnswerLost(
                f"{host} gave an answer of more than {MAX_BODY // 1024 // 1024} MiB, which is not taken: set fewer rows for "
                "a page where the connection's settings have that, else report it to support."
            )
    return bytes(body)
