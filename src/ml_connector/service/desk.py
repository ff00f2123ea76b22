"""Where a person works: one tenant, one actor, and transactions that end with their audit events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ml_connector.audit import Event, append
from ml_connector.clock import Clock
from ml_connector.lanes.runtime import Runtime
from ml_connector.sealing import Sealer
from ml_connector.service.roles import Actor, Role, require
from ml_connector.store.database import Session

T = TypeVar("T")
_AT_A_TIME = 500  # rows of a query that are in memory together, where each is looked at alone


def made(kind: Callable[..., T], *values: Any) -> T:
    """A value of ``kind`` from a row's columns and what was made of the others, in the order of its fields."""
    return kind(*values)


@dataclass(frozen=True, slots=True)
class Reading:
    """An open transaction of one tenant."""

    connection: Session
    tenant_id: int

    async def all(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return await (await self.connection.execute(query.encode(), values)).fetchall()

    async def each(self, query: str, *values: Any) -> AsyncIterator[tuple[Any, ...]]:
        """Rows of a query one by one; never are all of them in memory. One such query at a time, to its end or closed."""
        async with self.connection.cursor(name="each") as cursor:
            cursor.itersize = _AT_A_TIME
            await cursor.execute(query.encode(), values, binary=True)
            async for row in cursor:
                yield row

    async def one(self, query: str, *values: Any) -> tuple[Any, ...] | None:
        """The first row of a query."""
        return await (await self.connection.execute(query.encode(), values)).fetchone()


@dataclass(frozen=True, slots=True)
class Change(Reading):
    """An open transaction that changes something, and the events that will be its link in the audit chain."""

    actor: Actor
    events: list[Event] = field(default_factory=list)

    async def run(self, query: str, *values: Any) -> int:
        """Run a statement; the number of rows it touched."""
        return (await self.connection.execute(query.encode(), values)).rowcount

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
        self.events.append(Event(kind, self.actor.name, record_id, version_id, run_id, details))

    async def wake(self, connections: Sequence[int], reason: str) -> None:
        """Ask for lanes to run once this transaction is committed."""
        for connection_id in sorted(set(connections)):
            await self.run(
                "insert into wake (tenant_id, connection_id, reason) values (%s, %s, %s)",
                self.tenant_id, connection_id, reason,
            )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Desk:
    """One person at one tenant's books."""

    runtime: Runtime
    tenant_id: int
    actor: Actor

    @property
    def clock(self) -> Clock:
        """The product's clock."""
        return self.runtime.clock

    def require(self, *roles: Role) -> None:
        """Raise NotAllowed unless the person is an owner or in one of ``roles``."""
        require(self.actor, *roles)

    async def sealer(self) -> Sealer:
        """The document sealer of the current month. Ask for it before a transaction is opened."""
        return await self.runtime.keyring.document_sealer(self.tenant_id, self.clock.now().strftime("%Y-%m"))

    @asynccontextmanager
    async def looking(self) -> AsyncIterator[Reading]:
        """A transaction that reads one unchanging state."""
        async with self.runtime.database.tenant(self.tenant_id, snapshot=True) as connection:
            yield Reading(connection, self.tenant_id)

    @asynccontextmanager
    async def changing(self, sealer: Sealer | None = None) -> AsyncIterator[Change]:
        """A transaction whose events are written as its last statement."""
        sealer = sealer or await self.sealer()
        async with self.runtime.database.tenant(self.tenant_id) as connection:
            change = Change(connection, self.tenant_id, self.actor)
            yield change
            await append(connection, self.tenant_id, change.events, sealer, self.clock.now())
