"""Serving the web application beside the worker, in the same process and for as long as that runs."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import Any

import uvicorn

from ml_connector.errors import BadInput
from ml_connector.lanes.runtime import Runtime
from ml_connector.web.app import application

_STOPPED_WITHIN = 3  # machine seconds that requests under way have left
_AT_ONCE = 200  # connections; more are refused at once


class _Server(uvicorn.Server):
    """One whose end is decided by the process it runs in, which has handlers of its own for signals."""

    def capture_signals(self) -> Any:
        return nullcontext()


@contextmanager
def listening(address: str) -> Iterator[socket.socket]:
    """A socket on ``host:port``. Raises BadInput where that is no address, or the port is taken."""
    host, port = _parsed(address)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as found:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            found.bind((host, port))
            found.listen(128)
        except OSError as error:
            why = "another program uses it" if error.errno == errno.EADDRINUSE else str(error.strerror or error).lower()
            raise BadInput(f"{address} cannot be listened on: {why}. Choose another port with --listen.") from error
        yield found


def _parsed(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdecimal() or not port.isascii() or not 0 <= int(port) <= 65535:
        raise BadInput(f"{address!r} is no address to listen on such as 127.0.0.1:8765.")
    return host, int(port)


@asynccontextmanager
async def serving(runtime: Runtime, bound: socket.socket, stop: asyncio.Event) -> AsyncIterator[None]:
    """Answer requests on a socket until ``stop`` is set or the block ends; those under way are finished in seconds."""
    config = uvicorn.Config(
        application(runtime), lifespan="off", access_log=False, log_config=None, server_header=False,
        timeout_graceful_shutdown=_STOPPED_WITHIN, limit_concurrency=_AT_ONCE, ws="none", loop="none",
    )  # fmt: skip
    server = _Server(config)
    # Addresses are never logged: somebody may put a token into one.
    logging.getLogger("uvicorn.access").disabled = True

    async def told() -> None:
        await stop.wait()
        server.should_exit = True

    telling = asyncio.create_task(told())
    # The server closes what it is given; the socket itself stays open for the next one.
    task = asyncio.create_task(server.serve(sockets=[bound.dup()]))
    try:
        yield
    finally:
        telling.cancel()
        server.should_exit = True
        await task
