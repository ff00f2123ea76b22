"""What the engine is given to work with on one lane: the connection, its session, the sealed store, and the fence."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

import msgspec

from ml_connector.audit import Event, append
from ml_connector.canonical.master_data import Organisation
from ml_connector.clock import Clock
from ml_connector.connectors.base import Connector, Session
from ml_connector.integrations.base import IntegrationType
from ml_connector.sealing import Sealer
from ml_connector.sealing.seal import IndexKey
from ml_connector.store.database import Database
from ml_connector.store.database import Session as Transaction
from ml_connector.transport.calls import Calls
from ml_connector.transport.errors import AnswerLost, LeaseLost, NotSent, Reconnect
from ml_connector.transport.messages import Exchange

_settings = msgspec.json.Decoder(dict[str, str])

# Keeps a lane from being taken, which locks it `for update`. Renewing the lease locks no key, and so waits for no
# transaction: neither for a long one of our own nor for one that waits for another lane's.
HOLD = b"select 1 from lane where tenant_id = %s and connection_id = %s and fence = %s for key share"

# Nobody at the vendor can be asked now. Every other error is about the one document that was asked for.
UNREACHABLE = (NotSent, AnswerLost, Reconnect)


class Capacity(Protocol):
    """How many calls may be made now, by our own count of the vendor's limits."""

    def free(self) -> int:
        """Calls that may start at once."""

    def wait(self, calls: int = 1) -> float:
        """Clock seconds until ``calls`` may start; 0 when they may now."""

    def surplus(self) -> int | None:
        """Calls of the vendor's day that a backfill may use now, live work kept out; None where no day is counted."""


@dataclass(slots=True)
class ExchangeBuffer:
    """Exchanges of this slice that have not been written yet; they go with the next transaction."""

    waiting: list[Exchange] = field(default_factory=list)

    def add(self, exchange: Exchange) -> None:
        self.waiting.append(exchange)

    def take(self) -> list[Exchange]:
        """Everything not yet written."""
        taken, self.waiting = self.waiting, []
        return taken

    def put_back(self, taken: list[Exchange]) -> None:
        """What was taken and not written after all."""
        self.waiting[:0] = taken


@dataclass(slots=True, eq=False)
class Slice:
    """The time a lane may run before it makes room, on the machine's monotonic clock."""

    seconds: float
    began: float = field(default_factory=time.monotonic)
    calls: Calls = field(default_factory=Calls)

    @property
    def stopping(self) -> bool:
        """Whether the worker was told to stop: no call starts any more, and the lane is handed over."""
        return self.calls.stopping

    def stop(self, within: float) -> None:
        """End soon; a vendor that has not answered within these machine seconds is not waited for."""
        self.calls.stop(within)

    def over(self, share: float = 1.0) -> bool:
        """Whether the lane should finish its batch and leave, or has used up a ``share`` of its time."""
        return self.stopping or time.monotonic() - self.began > self.seconds * share


@dataclass(slots=True)
class Lane:
    """One lane while this worker holds it."""

    database: Database
    tenant_id: int
    connection_id: int
    fence: int
    connector: Connector
    session: Session
    organisation: Organisation
    settings: Mapping[str, str]
    sealer: Sealer
    index: IndexKey
    clock: Clock
    slice: Slice
    capacity: Capacity
    exchanges: ExchangeBuffer
    concurrency: int
    integrations: Mapping[str, IntegrationType]
    actor: str = "engine"
    not_before: datetime | None = None
    unfinished: set[int] = field(default_factory=set)  # flows whose reading took longer than this slice
    spared: set[int] = field(
        default_factory=set
    )  # flows whose backfill waits until the vendor's day has calls to spare
    makes_room: bool = False  # a backfill ended early, so that what is to be sent and looked up finds calls
    problem: str = ""  # what keeps the lane from going on for longer than a moment, for a person

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[LaneTransaction]:
        """A transaction that commits only while this worker holds the lane; exchanges and events are written at its end.

        Raises LeaseLost when another worker has taken the lane. What is not committed leaves the exchanges to the next.
        """
        exchanges: list[Exchange] = []
        try:
            async with self.database.tenant(self.tenant_id) as connection:
                await self._hold(connection)
                transaction = LaneTransaction(self, connection, exchanges)
                yield transaction
                await transaction.finish()
        except BaseException:
            self.exchanges.put_back(exchanges)
            raise

    async def _hold(self, connection: Transaction) -> None:
        """Keep the lane from being taken until the transaction ends. Raises LeaseLost when it was taken before."""
        row = await (
            await connection.execute(
                HOLD,
                [self.tenant_id, self.connection_id, self.fence],
            )
        ).fetchone()
        if row is None:
            raise LeaseLost(f"lane {self.connection_id} was taken by another worker; nothing was written")


@dataclass(frozen=True, slots=True)
class PartiesLinked:
    """Links of parties that made one generation of an integration out of the one before it, and are all that it differs by.

    ``taken``: by flow and party of its target the record that has it now.
    """

    integration_id: int
    generation: int
    taken: Mapping[tuple[str, str], str]


@dataclass(slots=True)
class LaneTransaction:
    """An open transaction of a lane, and the events that will be its link in the audit chain.

    ``linked``: the links of parties that it has made, once it is committed.
    """

    lane: Lane
    connection: Transaction
    exchanges: list[Exchange]  # those that are written with it
    events: list[Event] = field(default_factory=list)
    linked: list[PartiesLinked] = field(default_factory=list)

    def event(
        self,
        kind: str,
        *,
        record_id: int | None = None,
        version_id: int | None = None,
        run_id: int | None = None,
        **details: object,
    ) -> None:
        """Add an event to this transaction's link."""
        self.events.append(Event(kind, self.lane.actor, record_id, version_id, run_id, details))

    async def all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return await (await self.connection.execute(query.encode(), values)).fetchall()

    async def one(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        """The first row of a query."""
        return await (await self.connection.execute(query.encode(), values)).fetchone()

    async def run(self, query: str, *values: Any) -> int:
        """Run a statement; the number of rows it touched."""
        return (await self.connection.execute(query.encode(), values)).rowcount

    async def as_connected(self) -> bool:
        """Whether the connection's settings are still those this slice reads by; a person may change them at any time."""
        lane = self.lane
        row = await self.one(
            "select settings from connection where tenant_id = %b and connection_id = %b",
            lane.tenant_id, lane.connection_id,
        )  # fmt: skip
        return row is not None and _settings.decode(row[0]) == lane.settings

    async def finish(self) -> None:
        """Write exchanges, then the events as the last statement: the chain head is the last row locked."""
        await self._exchanges()
        await append(self.connection, self.lane.tenant_id, self.events, self.lane.sealer, self.lane.clock.now())

    async def _exchanges(self) -> None:
        taken = self.exchanges
        taken += self.lane.exchanges.take()
        alone = [one for one in taken if not one.others]
        if alone:
            await self.connection.execute(_EXCHANGES, self._columns(alone))
        for one in taken:
            if one.others:
                await self.connection.execute(_SHARED, [*self._columns([one]), self.lane.tenant_id, list(one.others)])

    def _columns(self, taken: list[Exchange]) -> list[Any]:
        seal = self.lane.sealer.seal
        return [
            self.lane.tenant_id,
            self.lane.connection_id,
            [one.intent for one in taken],
            [one.at for one in taken],
            [one.method for one in taken],
            [seal(b"exchange url", one.url.encode()) for one in taken],
            [one.status for one in taken],
            [one.milliseconds for one in taken],
            [seal(b"exchange", one.request + b"\n" + one.answer + one.error.encode()) for one in taken],
            [len(one.others) + 1 for one in taken],
        ]


_EXCHANGES = b"""
    insert into exchange (tenant_id, connection_id, intent_id, at, method, url, status, milliseconds, body, documents)
    select %b, %b, * from unnest(%b::bigint[], %b::timestamptz[], %b::text[], %b::bytea[], %b::smallint[],
                                 %b::integer[], %b::bytea[], %b::smallint[])"""
# The call stands once; each further intent that went in it knows which one it was.
_SHARED = (
    b"with made as ("
    + _EXCHANGES
    + b""" returning exchange_id)
    insert into exchange_part (tenant_id, intent_id, exchange_id)
    select %b, other, exchange_id from made, unnest(%b::bigint[]) as other"""
)


async def wake(transaction: LaneTransaction, connection_id: int, reason: str) -> None:
    """Ask for a lane to run once this transaction is committed."""
    await transaction.run(
        "insert into wake (tenant_id, connection_id, reason) values (%s, %s, %s)",
        transaction.lane.tenant_id,
        connection_id,
        reason,
    )
