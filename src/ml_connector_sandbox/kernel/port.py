"""A loopback port that can refuse connections for a while and then listens under the same number again."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
HOST = "127.0.0.1"
_BACKLOG = 512
_TRIES, _TRY_SECONDS = 100, 0.01  # a listener that is closed may keep its address for a moment


class Port:
    """One loopback port. An application whose idle connections it shall be able to end has ``answering`` first."""

    def __init__(self) -> None:
        self._server: web.Server | None = None
        self._listener: asyncio.Server | None = None
        self._again: asyncio.Task[None] | None = None
        self._busy: set[Any] = set()
        self._until = 0.0
        self.number = 0

    async def open(self, runner: web.AppRunner, number: int) -> None:
        """Serve ``runner``, which is set up already; 0 picks a free port. Raises OSError when the port is taken."""
        listener = socket.create_server((HOST, number), backlog=_BACKLOG)
        self.number, self._server = int(listener.getsockname()[1]), runner.server
        await self._listen(listener)

    @property
    def answering(self) -> Any:
        """The middleware that knows which connections have a call under way."""

        @web.middleware
        async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
            self._busy.add(request.protocol)
            try:
                return await handler(request)
            finally:
                # The answer is written before the event loop turns again.
                asyncio.get_running_loop().call_soon(self._busy.discard, request.protocol)

        return middleware

    @property
    def refusing(self) -> bool:
        """Whether connections are refused now."""
        return self._listener is None

    def refuse(self, seconds: float) -> None:
        """Refuse connections for so many machine seconds: nobody listens, idle connections end now, others when
        their call is answered. Asked again meanwhile, the later end counts."""
        self._until = max(self._until, asyncio.get_running_loop().time() + seconds)
        if self._listener is None:
            return
        self._listener.close()
        self._listener = None
        assert self._server is not None
        for connection in self._server.connections:
            if connection in self._busy:
                connection.close()
            else:
                connection.force_close()
        self._again = asyncio.create_task(self._listen_again())

    async def close(self) -> None:
        """Listen no more."""
        if self._again is not None:
            self._again.cancel()
            await asyncio.wait([self._again])
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def _listen_again(self) -> None:
        """Keep the number from everybody else (bound and not listening: connections are refused), then listen."""
        with await self._bound() as holder:
            loop = asyncio.get_running_loop()
            while (left := self._until - loop.time()) > 0:  # noqa: ASYNC110 - the end may move meanwhile
                await asyncio.sleep(left)
            await self._listen(holder.dup())

    async def _bound(self) -> socket.socket:
        for _ in range(_TRIES):
            holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                holder.bind((HOST, self.number))
            except OSError:
                holder.close()
                await asyncio.sleep(_TRY_SECONDS)
            else:
                return holder
        raise OSError(f"the port {self.number} was taken while it refused connections")

    async def _listen(self, bound: socket.socket) -> None:
        assert self._server is not None
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._server, sock=bound, backlog=_BACKLOG)
