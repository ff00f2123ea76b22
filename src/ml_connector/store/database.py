"""Transactions: for one tenant, or for the dispatcher. Every one has its role, and a tenant's its tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

import psycopg
from psycopg import pq
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from ml_connector.store.arrays import register_columns
from ml_connector.store.errors import CommitUnknown, DatabaseUnavailable, TransactionLost
from ml_connector.store.roles import APP, DISPATCHER, OWNER, as_role

Session: TypeAlias = psycopg.AsyncConnection[TupleRow]
_Pool: TypeAlias = AsyncConnectionPool[Session]

_SNAPSHOT = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_SESSION = {
    # Documents' statements are short: compiling them costs more than running them.
    "jit": "off",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}


class BinaryCursor(psycopg.AsyncCursor[Any]):
    """A cursor that asks for results in binary: bytea, numbers and instants arrive without a detour through text.

    PostgreSQL then takes one statement at a time; a script of several needs `execute(script, binary=False)`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.format = pq.Format.BINARY


class RawJson(Loader):
    """jsonb as bytes, for msgspec to decode with exact decimals. Its binary form begins with a version byte."""

    format = pq.Format.BINARY

    def load(self, data: Buffer) -> bytes:
        return bytes(data[1:])


class RawJsonText(Loader):
    """json and jsonb as bytes where a cursor was asked for text."""

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


class RawJsonBinary(RawJsonText):
    """json as bytes; its binary form is its text."""

    format = pq.Format.BINARY


class Database:
    """Two pools on one database, one per role. Open it once per process with `Database.open`, and close it."""

    def __init__(self, url: str, app: _Pool, dispatcher: _Pool) -> None:
        self._url = url
        self._app = app
        self._dispatcher = dispatcher

    @classmethod
    async def open(cls, url: str, *, pool_size: int = 8, wait_seconds: float = 10.0) -> Database:
        """Connect to a migrated database. At most `pool_size` connections for tenants and as many for the dispatcher.

        Raises DatabaseUnavailable, with the server's own reason, if it cannot be reached now.
        """
        try:
            await (await psycopg.AsyncConnection.connect(as_role(url, APP, **_SESSION))).close()
        except psycopg.OperationalError as error:
            raise _unavailable(error) from error
        app = _pool(url, APP, "public", pool_size, wait_seconds)
        database = cls(url, app, _pool(url, DISPATCHER, "public,jobs", pool_size, wait_seconds))
        try:
            await database._app.open(wait=True, timeout=wait_seconds)
            await database._dispatcher.open(wait=True, timeout=wait_seconds)
        except BaseException as error:
            await database.close()
            if isinstance(error, PoolTimeout):
                raise _unavailable(error) from error
            raise
        return database

    async def close(self) -> None:
        """Close all connections; what is still open is rolled back."""
        await self._app.close()
        await self._dispatcher.close()

    @property
    def owner_url(self) -> str:
        """The address for work as mlc_owner, such as maintenance; migrations take the login's own address."""
        return as_role(self._url, OWNER)

    @property
    def jobs_url(self) -> str:
        """The address for the job engine: mlc_dispatcher, with its tables in the search path."""
        return as_role(self._url, DISPATCHER, search_path="jobs,public")

    @asynccontextmanager
    async def tenant(self, tenant_id: int, *, snapshot: bool = False) -> AsyncIterator[Session]:
        """One transaction that sees and writes this tenant's rows only; commits at the end, rolls back on an error.

        `snapshot=True` reads one unchanging state (repeatable read, read only), for exports and checks. Cursors answer
        in binary, JSON as bytes, instants in UTC. Raises DatabaseUnavailable, CommitUnknown, TransactionLost.
        """
        begin = f"{_SNAPSHOT if snapshot else 'BEGIN'}; SET LOCAL app.tenant = '{int(tenant_id)}'"
        async with _transaction(self._app, begin) as session:
            yield session

    @asynccontextmanager
    async def dispatch(self) -> AsyncIterator[Session]:
        """One transaction as the dispatcher, which sees routing, lanes and jobs, and no tenant's rows."""
        async with _transaction(self._dispatcher, "BEGIN") as session:
            yield session

    async def schema_version(self) -> str:
        """The version of the database's schema, such as "0001"."""
        async with self.dispatch() as session:
            row = await (await session.execute("SELECT version_num FROM alembic_version")).fetchone()
        return str(row[0]) if row else ""


@asynccontextmanager
async def _transaction(pool: _Pool, begin: str) -> AsyncIterator[Session]:
    session = await _begun(pool, begin)
    try:
        try:
            yield session
        except BaseException:
            await _roll_back(session)
            raise
        await _commit(session)
    except psycopg.OperationalError as error:
        if session.closed or isinstance(error, psycopg.errors.DiskFull):
            raise _unavailable(error) from error
        raise
    finally:
        await pool.putconn(session)


async def _begun(pool: _Pool, begin: str) -> Session:
    """A connection in a transaction, opened in one round trip.

    After a restart of the database the pool holds dead connections. Nothing has been done on them yet, so the pool is
    cleared of them and asked once more.
    """
    try:
        return await _begun_once(pool, begin)
    except psycopg.OperationalError:
        await pool.check()
    try:
        return await _begun_once(pool, begin)
    except psycopg.OperationalError as error:
        raise _unavailable(error) from error


async def _begun_once(pool: _Pool, begin: str) -> Session:
    session = await _taken(pool)
    try:
        # Two statements in one message, which the protocol allows for text only.
        await session.cursor().execute(begin.encode(), binary=False)
    except BaseException:
        await session.close()
        await pool.putconn(session)
        raise
    return session


async def _taken(pool: _Pool) -> Session:
    try:
        return await pool.getconn()
    except PoolTimeout as error:
        raise DatabaseUnavailable(
            f"No database connection came free within {pool.timeout:g} s: all {pool.max_size} are in use, or the "
            "server does not answer. Nothing was saved; it will be tried again."
        ) from error


async def _roll_back(session: Session) -> None:
    # A connection that cannot even roll back is broken: the server rolls back, and the first error is the one to tell.
    with suppress(psycopg.OperationalError):
        await session.rollback()


async def _commit(session: Session) -> None:
    """Commit, and make sure of it: PostgreSQL answers COMMIT of a failed transaction with ROLLBACK, not an error."""
    try:
        answer = await session.execute(b"COMMIT")
    except psycopg.OperationalError as error:
        if session.closed:
            raise CommitUnknown(
                "The connection to the database was lost during a commit: look up whether it was saved, then "
                "repeat it or not."
            ) from error
        raise
    if answer.statusmessage != "COMMIT":
        raise TransactionLost(
            "Nothing of the transaction was saved: a statement in it failed and the failure was passed over."
        )


def _pool(url: str, role: str, search_path: str, size: int, wait_seconds: float) -> _Pool:
    return AsyncConnectionPool(
        as_role(url, role, search_path=search_path, application_name=f"ml-connector/{role}", **_SESSION),
        connection_class=psycopg.AsyncConnection[TupleRow],
        kwargs={"autocommit": True, "cursor_factory": BinaryCursor},
        configure=_configured,
        min_size=min(2, size),
        max_size=size,
        timeout=wait_seconds,
        reconnect_timeout=wait_seconds,  # it tries less and less often; whoever asks next makes it begin anew
        open=False,
        name=role,
    )


async def _configured(session: Session) -> None:
    for name, loader in (
        ("json", RawJsonText),
        ("json", RawJsonBinary),
        ("jsonb", RawJsonText),
        ("jsonb", RawJson),
    ):
        session.adapters.register_loader(name, loader)
    register_columns(session)


def _unavailable(error: Exception) -> DatabaseUnavailable:
    reason = " ".join(str(error).split()) or type(error).__name__
    if isinstance(error, psycopg.errors.DiskFull):
        reason = reason.partition(" HINT:")[0] + "."
        return DatabaseUnavailable(
            f"The disk of the database is full: {reason} Nothing was saved. Free some space; it then goes on by itself."
        )
    return DatabaseUnavailable(f"The database does not answer: {reason}. Nothing was saved; it will be tried again.")
