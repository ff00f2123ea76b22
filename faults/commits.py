"""Stands between a worker and PostgreSQL and counts its commits, so that the worker can be killed at any of them.

Between two effects outside itself, a call or a commit, a worker changes nothing of a tenant that outlives it. Counted
are the commits that write for a tenant, in whatever order the lanes and their renewals came to them in that run; those
of the dispatcher, which say what is to be run and by whom, hold no document and come by the clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from psycopg import conninfo

_CHUNK = 1 << 16
_ENCRYPTION = (80877103).to_bytes(4), (80877104).to_bytes(4)
_APP = b"ml-connector/mlc_app"
"""The name of the connections that write for a tenant."""


@dataclass
class Commits:
    """The commits so far. ``hold``: the number of the one to be held, before it reaches the server or after."""

    socket: Path
    address: str
    hold: int = 0
    after: bool = False
    count: int = 0
    held: asyncio.Event = field(default_factory=asyncio.Event)
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of the worker, until either side ends it."""
        theirs, ours = await asyncio.open_unix_connection(str(self.socket))
        mine = Asked()
        try:
            with suppress(asyncio.CancelledError):  # at the end of the run
                await self._both(self._asked(mine, reader, ours), self._answered(mine, theirs, writer))
        finally:
            for one in (ours, writer):
                one.close()

    async def _both(self, *pumps: Coroutine[Any, Any, None]) -> None:
        tasks = {asyncio.create_task(one) for one in pumps}
        self._open |= tasks
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._open -= tasks

    async def _asked(self, mine: Asked, reader: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(_CHUNK):
            for _ in range(mine.begun(chunk)):
                self.count += 1
                if self.count == self.hold:
                    mine.held = True
                    if not self.after:
                        self.held.set()
                        await asyncio.Event().wait()
            server.write(chunk)
            await server.drain()

    async def _answered(self, mine: Asked, server: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while chunk := await server.read(_CHUNK):
            if mine.held:  # the commit is done, and the worker never hears of it
                self.held.set()
                await asyncio.Event().wait()
            client.write(chunk)
            with suppress(ConnectionError):
                await client.drain()

    def end(self) -> None:
        """Drop every connection, as the kernel does when their process is gone."""
        for one in self._open:
            one.cancel()


@dataclass
class Asked:
    """What the client has said so far, as PostgreSQL's protocol (version 3) frames it.

    A COMMIT comes as a query of its own, or is prepared once and then only bound by its name.
    """

    held: bool = False
    _rest: bytes = b""
    _started: bool = False
    _counts: bool = False
    _prepared: set[bytes] = field(default_factory=set)

    def begun(self, chunk: bytes) -> int:
        """How many commits the client asks for in this chunk, and what was left of the one before."""
        self._rest += chunk
        count = 0
        while (message := self._next()) is not None:
            count += self._is_commit(*message)
        return count if self._counts else 0

    def _next(self) -> tuple[bytes, bytes] | None:
        """The next whole message, its kind and its body; the first has no kind."""
        kind = 1 if self._started else 0
        if len(self._rest) < kind + 4:
            return None
        end = kind + int.from_bytes(self._rest[kind : kind + 4])
        if len(self._rest) < end:
            return None
        found = self._rest[:kind], self._rest[kind + 4 : end]
        self._rest = self._rest[end:]
        return found

    def _is_commit(self, kind: bytes, body: bytes) -> bool:
        if not kind:  # a wish for encryption may come before the start
            self._started, self._counts = body[:4] not in _ENCRYPTION, _APP in body
        elif kind == b"Q":
            return body == b"COMMIT\x00"
        elif kind == b"P":
            name, query, *_ = body.split(b"\x00", 2)
            (self._prepared.add if query == b"COMMIT" else self._prepared.discard)(name)
        elif kind == b"B":
            return body.split(b"\x00", 2)[1] in self._prepared
        return False


@asynccontextmanager
async def counted_commits(url: str, *, hold: int = 0, after: bool = False) -> AsyncIterator[Commits]:
    """A way to the database at ``url`` on which commits are counted; ``address`` is to be used in its place."""
    given = conninfo.conninfo_to_dict(url)
    name = f".s.PGSQL.{given.get('port') or 5432}"
    with TemporaryDirectory(prefix="pg-") as folder:  # a socket's address may not be long
        commits = Commits(Path(str(given["host"])) / name, conninfo.make_conninfo(url, host=folder), hold, after)
        server = await asyncio.start_unix_server(commits.connected, path=str(Path(folder) / name))
        try:
            yield commits
        finally:
            server.close()
            commits.end()
