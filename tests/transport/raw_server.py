"""A server on loopback that records every byte and answers by script, and a wire that leads to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ml_connector.clock import Clock
from ml_connector.transport.messages import Answer, Request
from ml_connector.transport.wire import Addresses, Wire

HOST = "api.vendor.example"
ALLOWED = frozenset([HOST])
BASE = f"https://{HOST}"

# Plays one connection; returns when the connection is to be closed.
Play = Callable[["Talk"], Awaitable[None]]


def clock(speed: float = 1.0) -> Clock:
    """A clock that began now and runs at ``speed``."""
    return Clock(datetime.now(UTC), time.time(), speed)


def http(status: int = 200, body: bytes = b"{}", *headers: str) -> bytes:
    """An answer's bytes."""
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Content-Type: application/json", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass
class Talk:
    """One connection, and what it has brought."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    requests: list[bytes]

    async def request(self) -> bytes:
        """The next request, whole."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        whole = head + await self.reader.readexactly(length)
        self.requests.append(whole)
        return whole

    async def answer(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


@dataclass
class RawServer:
    """What came in. ``connections`` counts those accepted."""

    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    def wire(self, speed: float = 1.0) -> AbstractAsyncContextManager[Wire]:
        """A wire on which the vendor's host is this server."""
        return Wire.opened(Addresses({HOST: f"127.0.0.1:{self.port}"}), clock(speed))


@asynccontextmanager
async def serving(play: Play) -> AsyncIterator[RawServer]:
    """A server that plays every connection."""
    found = RawServer()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        found.connections += 1
        try:
            await play(Talk(reader, writer, found.requests))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            found.closed.set()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=1 << 26)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()


async def ask(wire: Wire, request: Request, *, timeout: float = 30.0, lease: object = None, url: str = "") -> Answer:
    """One request, with a timeout in clock seconds."""
    return await wire.send(
        request, url or BASE + request.path, {"Authorization": "Bearer a-token"}, allowed=ALLOWED, timeout=timeout,
        lease=lease,  # type: ignore[arg-type]
    )  # fmt: skip
