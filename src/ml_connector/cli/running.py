"""``up`` and ``worker``: the service itself."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from socket import socket

from cyclopts import App

from ml_connector.cli import sandboxed
from ml_connector.cli.context import Cli, Exit, Given
from ml_connector.lanes.runtime import Runtime
from ml_connector.lanes.worker import WorkerLost, serve
from ml_connector.store.embedded import DataDirectory, EmbeddedServerError
from ml_connector.store.errors import DatabaseUnavailable

START_AGAIN_AFTER = 3.0  # machine seconds
ENDED_WITHIN = 9.0  # machine seconds; whoever starts services gives them ten before it kills them


def mount(app: App) -> None:
    """Add these commands."""
    app.command(up, help_epilogue="Example: ml-connector up --data /var/lib/ml-connector")
    app.command(worker, help_epilogue="Example: DATABASE_URL=postgresql://db.example/books ml-connector worker")


async def up(*, listen: str = "", cli: Given) -> int:
    """Run the service: database, dispatcher and worker in one process.

    Stops on Ctrl-C or SIGTERM, and leaves no database server behind. A data
    directory has one service; a second one says so and ends.

    Parameters
    ----------
    listen
        Serve the REST API and webhooks at this address, such as 127.0.0.1:8765; without it nothing is served. It speaks plain
        HTTP: where others can reach it, put a proxy with TLS before it.
    """
    return await _serve(cli, "ml-connector up", alone=True, listen=listen)


async def worker(*, cli: Given) -> int:
    """Run one more worker on the same database.

    Start it on as many machines as you like; work is shared fairly, and what a
    worker was doing when it died is taken over.
    """
    return await _serve(cli, "ml-connector worker", alone=False)


async def _serve(cli: Cli, what: str, *, alone: bool, listen: str = "") -> int:
    directory = DataDirectory(cli.settings.data)
    with ExitStack() as held:
        stop = held.enter_context(_stopping(cli, what))
        if alone:
            held.enter_context(directory.claim_service(what))
        door = held.enter_context(_listening(cli, listen)) if listen else None
        try:
            await _keep_serving(cli, what, directory, stop, door)
        finally:
            await asyncio.get_running_loop().shutdown_default_executor()
    cli.say(f"{what} has stopped.")
    return Exit.GOOD


async def _keep_serving(
    cli: Cli, what: str, directory: DataDirectory, stop: asyncio.Event, door: socket | None
) -> None:
    """Serve until told to stop. A worker that lost its database ends and is started afresh, as often as it takes.

    Raises ConnectorError when it cannot even start.
    """
    started, outage = False, ""
    while not stop.is_set():
        try:
            async with _opened(cli, stop) as runtime:
                if not started:
                    where = "the given database" if cli.settings.database_url else str(directory.path)
                    cli.say(f"{what} works on {where}. Stop it with Ctrl-C.")
                elif outage:
                    cli.say(f"{what} works again.")
                started, outage = True, ""
                async with _answering(runtime, door, stop):
                    await serve(runtime, stop=stop)
        except _Told:
            return
        except (WorkerLost, DatabaseUnavailable, EmbeddedServerError) as error:
            if not started:
                raise
            if outage != type(error).__name__:  # its words may change from try to try
                cli.say(f"{error.sentence} It is tried again until it works.")
            outage = type(error).__name__
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), START_AGAIN_AFTER)


class _Told(Exception):
    """Told to stop before there was anything to stop."""


@asynccontextmanager
async def _opened(cli: Cli, stop: asyncio.Event) -> AsyncIterator[Runtime]:
    """The runtime, if it may work here. A database that holds us up is not waited for once told to stop: _Told."""
    async with AsyncExitStack() as open_:
        try:
            async with _until(stop):
                runtime = await open_.enter_async_context(cli.runtime())
                await sandboxed.refuse_any_mixed(cli.settings, runtime, cli.actor)
        except Exception as error:
            if stop.is_set():  # then whatever failed is nobody's concern any more
                raise _Told from error
            raise
        yield runtime


@asynccontextmanager
async def _until(stop: asyncio.Event) -> AsyncIterator[None]:
    """Break the block off when ``stop`` is set. Raises TimeoutError then."""
    async with asyncio.timeout(None) as block:

        async def watch() -> None:
            await stop.wait()
            block.reschedule(asyncio.get_running_loop().time())

        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()


@contextmanager
def _listening(cli: Cli, address: str) -> Iterator[socket]:
    """The address of the REST API, kept while the service is started again. Raises BadInput, such as for one taken."""
    from ml_connector.web.server import listening  # half a second that no other command needs

    with listening(address) as door:
        host, port = door.getsockname()[:2]
        cli.say(f"The REST API is at http://{f'[{host}]' if ':' in host else host}:{port}/api/v1/.")
        yield door


@asynccontextmanager
async def _answering(runtime: Runtime, door: socket | None, stop: asyncio.Event) -> AsyncIterator[None]:
    """Answer at the door, where there is one, for as long as the block runs and nobody says stop."""
    if door is None:
        yield
        return
    from ml_connector.web.server import serving

    async with serving(runtime, door, stop):
        yield


@contextmanager
def _stopping(cli: Cli, what: str) -> Iterator[asyncio.Event]:
    """An event that the first SIGINT or SIGTERM sets; work under way is finished in order, and ended if it cannot be.

    That end waits beyond this block: a process may still be held up by what its event loop closes last.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    last = threading.Timer(ENDED_WITHIN, _end, [cli, what])
    last.daemon = True

    def told() -> None:
        if not stop.is_set():
            stop.set()
            last.start()

    with ExitStack() as undo:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, told)
            undo.callback(loop.remove_signal_handler, number)
        yield stop


def _end(cli: Cli, what: str) -> None:
    """End this process at once, as a kill does: everything here is made for that."""
    cli.say(
        f"{what} was held up, such as by a database that does not answer, and ends without taking leave. Whatever it was "
        "doing is taken over by another worker, or by the next one."
    )
    sys.stderr.flush()
    os._exit(Exit.FAILED)
