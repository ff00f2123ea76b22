"""``up`` and ``worker``: the service itself."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress

from cyclopts import App

from ml_connector.cli import sandboxed
from ml_connector.cli.context import Cli, Exit, Given
from ml_connector.lanes.worker import WorkerLost, serve
from ml_connector.store.embedded import DataDirectory
from ml_connector.store.errors import DatabaseUnavailable

START_AGAIN_AFTER = 3.0  # machine seconds


def mount(app: App) -> None:
    """Add these commands."""
    app.command(up, help_epilogue="Example: ml-connector up --data /var/lib/ml-connector")
    app.command(worker, help_epilogue="Example: DATABASE_URL=postgresql://db.example/books ml-connector worker")


async def up(*, cli: Given) -> int:
    """Run the service: database, dispatcher and worker in one process.

    Stops on Ctrl-C or SIGTERM, and leaves no database server behind. A data
    directory has one service; a second one says so and ends.
    """
    return await _serve(cli, "ml-connector up", alone=True)


async def worker(*, cli: Given) -> int:
    """Run one more worker on the same database.

    Start it on as many machines as you like; work is shared fairly, and what a
    worker was doing when it died is taken over.
    """
    return await _serve(cli, "ml-connector worker", alone=False)


async def _serve(cli: Cli, what: str, *, alone: bool) -> int:
    directory = DataDirectory(cli.settings.data)
    with _stopping() as stop, directory.claim_service(what) if alone else nullcontext():
        await _keep_serving(cli, what, directory, stop)
    cli.say(f"{what} has stopped.")
    return Exit.GOOD


async def _keep_serving(cli: Cli, what: str, directory: DataDirectory, stop: asyncio.Event) -> None:
    """Serve until told to stop. A worker that lost its database ends and is started afresh, as often as it takes.

    Raises ConnectorError when it cannot even start.
    """
    started = False
    while not stop.is_set():
        try:
            async with cli.runtime() as runtime:
                await sandboxed.refuse_any_mixed(cli.settings, runtime, cli.actor)
                if not started:
                    where = "the given database" if cli.settings.database_url else str(directory.path)
                    cli.say(f"{what} works on {where}. Stop it with Ctrl-C.")
                started = True
                await serve(runtime, stop=stop)
        except (WorkerLost, DatabaseUnavailable) as error:
            if not started:
                raise
            cli.say(f"{error.sentence} Starting again.")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), START_AGAIN_AFTER)


@contextmanager
def _stopping() -> Iterator[asyncio.Event]:
    """An event that the first SIGINT or SIGTERM sets; work under way is finished in order."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    with ExitStack() as undo:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
            undo.callback(loop.remove_signal_handler, number)
        yield stop
