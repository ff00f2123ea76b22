"""A connector's line to its emulator: real requests on loopback, which a test may watch, spoil or lose."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation
from ml_connector.clock import Clock
from ml_connector.connectors.base import Connector, Limit, Window
from ml_connector.connectors.grants import Credentials, Http, Tokens
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.lanes.grants import PlainHttp
from ml_connector.transport.messages import Answer, Exchange, Request
from ml_connector.transport.protocols import Lease, Token
from ml_connector.transport.session import HttpSession, VendorRules
from ml_connector.transport.wire import Addresses, Wire
from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.clock import SandboxClock

_PATIENCE = 60.0
"""Machine seconds: no test here waits for a lost answer, and a machine that stands still for a while loses none."""


class SkippingClock(SandboxClock):
    """The sandbox's clock, which a test can set forward."""

    __slots__ = ("_skipped",)
    _skipped: list[float]

    def __init__(self, start: datetime, anchor: float, speed: float) -> None:
        super().__init__(start, anchor, speed)
        object.__setattr__(self, "_skipped", [0.0])

    def skip(self, seconds: float) -> None:
        """Let ``seconds`` pass at once."""
        self._skipped[0] += seconds

    def now(self) -> datetime:
        return SandboxClock.now(self) + timedelta(seconds=self._skipped[0])

    def seconds(self) -> float:
        return SandboxClock.seconds(self) + self._skipped[0]


class SameClock(Clock):
    """The product's clock, reading what the sandbox's reads."""

    __slots__ = ("_other",)
    _other: SandboxClock

    def __init__(self, other: SandboxClock) -> None:
        super().__init__(other.start, other.anchor, other.speed)
        object.__setattr__(self, "_other", other)

    def now(self) -> datetime:
        return self._other.now()

    def seconds(self) -> float:
        return self._other.seconds()


class WatchedWire(Wire):
    """The product's wire. ``before`` sees every request, ``after`` may put another answer in place of the vendor's."""

    before: Callable[[Request], None] = staticmethod(lambda request: None)
    after: Callable[[Request, Answer], Answer] = staticmethod(lambda request, answer: answer)

    async def send(
        self, request: Request, url: str, headers: Mapping[str, str], *, allowed: frozenset[str], timeout: float,
        lease: Lease | None = None,
    ) -> Answer:  # fmt: skip
        self.before(request)
        patience = max(timeout, _PATIENCE * self.clock.speed)
        answer = await super().send(request, url, headers, allowed=allowed, timeout=patience, lease=lease)
        return self.after(request, answer)


First = Callable[[Http, Credentials, Clock], Awaitable[Tokens]]
"""How the first tokens of a grant are won."""


@dataclass
class LineTokens:
    """Fulfils ``TokenSource`` for one process, with the connector's own rules."""

    connector: Connector
    credentials: Mapping[str, str]
    http: PlainHttp
    clock: Clock
    first: First
    held: Tokens | None = None
    serial: int = 0
    refreshes: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def current(self) -> Token:
        async with self._turn:
            if self.held is None:
                self.held = await self.first(self.http, self.credentials, self.clock)
            elif (self.held.expires_at - self.clock.now()).total_seconds() <= self.connector.auth.margin:
                await self._refresh(self.held)
            return self._token()

    async def replace(self, refused: Token) -> Token:
        async with self._turn:
            assert self.held is not None
            if self.serial <= refused.serial:
                await self._refresh(self.held)
            return self._token()

    async def _refresh(self, held: Tokens) -> None:
        self.held = await self.connector.auth.refresh(self.http, self.credentials, held, self.clock)
        self.serial += 1
        self.refreshes += 1

    def _token(self) -> Token:
        assert self.held is not None
        headers = self.connector.auth.headers(self.credentials, self.held)
        return Token(headers, self.held.api_base, self.held.expires_at, self.serial)


class LineBudget:
    """Fulfils ``Budget`` by the limits the connector declares, waited for on the clock.

    The vendor counts a call when it arrives: after it was taken here, before it is answered. So it fills a place from the
    one until a window after the other, and no limit is hit however long a machine takes for a call.
    """

    def __init__(self, clock: Clock, limits: tuple[Limit, ...]) -> None:
        self._clock = clock
        self._windows = [(one, deque[float]()) for one in limits if one.window is Window.SLIDING]
        self._under_way = 0
        self.throttles: list[float] = []

    async def take(self) -> None:
        while (wait := max((self._wait(*window) for window in self._windows), default=0.0)) > 0:
            await self._clock.sleep(wait)
        self._under_way += 1

    def _wait(self, limit: Limit, answered: deque[float]) -> float:
        now, window = self._clock.seconds(), limit.seconds * 1.01
        while answered and answered[0] <= now - window:
            answered.popleft()
        if len(answered) + self._under_way < limit.calls:
            return 0.0
        return answered[0] + window - now if answered else limit.seconds / limit.calls

    def done(self, headers: Mapping[str, str], status: int) -> None:
        self._under_way -= 1
        for _, answered in self._windows:
            answered.append(self._clock.seconds())

    def throttled(self, retry_after: float) -> None:
        self.throttles.append(retry_after)


class _NoLease:
    def check(self) -> None:
        return


@dataclass
class Exchanges:
    """Fulfils ``ExchangeLog``."""

    all: list[Exchange] = field(default_factory=list)

    def add(self, exchange: Exchange) -> None:
        self.all.append(exchange)

    @property
    def statuses(self) -> list[int]:
        return [one.status for one in self.all]


@dataclass
class Walked:
    """One walk: rows as they came, its last cursor, and whether it proved that it saw everything."""

    rows: list[Row]
    cursor: bytes
    complete: bool
    pages: int

    @property
    def ids(self) -> list[str]:
        return [row.id for row in self.rows]

    @property
    def documents(self) -> dict[str, Document]:
        """The newest document by id."""
        return {row.id: row.document for row in self.rows if row.document is not None}

    @property
    def problems(self) -> list[Row]:
        return [row for row in self.rows if row.document is None]


@dataclass
class Line:
    """A session of one connector with everything a test looks at."""

    connector: Connector
    clock: Clock
    wire: WatchedWire
    tokens: LineTokens
    session: HttpSession
    budget: LineBudget
    exchanges: Exchanges

    async def walk(self, entity: str, cursor: bytes | None = None, *, resumed: bool = False, **options: str) -> Walked:
        """Read to the end. ``resumed``: every page by a reader of its own, as after a crash between two pages."""
        walked = Walked([], cursor or b"", False, 0)
        pages = self._resumed(entity, cursor, options) if resumed else self._read(entity, cursor, options)
        async for page in pages:
            walked.rows += page.rows
            walked.cursor, walked.complete = page.cursor, page.complete
            walked.pages += 1
            assert walked.pages < 500, f"the walk of {entity} does not end"
        return walked

    async def by_ids(self, entity: str, ids: list[str]) -> Walked:
        walked = Walked([], b"", False, 0)
        async for page in self.connector.read(self.session, Reading(entity, cursor=b"kept", ids=tuple(ids))):
            walked.rows += page.rows
            walked.cursor = page.cursor
        return walked

    async def _read(self, entity: str, cursor: bytes | None, options: dict[str, str]) -> AsyncIterator[Page]:
        async for page in self.connector.read(self.session, Reading(entity, cursor=cursor, options=options)):
            yield page
            if page.last:
                return
        raise AssertionError(f"the walk of {entity} stopped without a last page")

    async def _resumed(self, entity: str, cursor: bytes | None, options: dict[str, str]) -> AsyncIterator[Page]:
        last = False
        while not last:
            reader = self.connector.read(self.session, Reading(entity, cursor=cursor, options=options))
            page = await anext(reader)
            yield page
            cursor, last = page.cursor, page.last


@asynccontextmanager
async def opened(
    connector: Connector, hosts: Mapping[str, str], clock: SandboxClock, credentials: Mapping[str, str],
    organisation: str, settings: Mapping[str, str] | None = None, first: First | None = None,
) -> AsyncIterator[Line]:  # fmt: skip
    """A line to the emulators at ``hosts``, its first token already won: by the connector itself unless told how."""
    same = SameClock(clock)
    wire = WatchedWire(Addresses(hosts), same)
    try:
        tokens = LineTokens(
            connector, credentials, PlainHttp(wire, connector.hosts(credentials)), same, first or connector.auth.first
        )
        yield await _line(connector, wire, same, tokens, organisation, settings or {})
    finally:
        await wire.close()


async def _line(
    connector: Connector, wire: WatchedWire, clock: Clock, tokens: LineTokens, organisation: str,
    settings: Mapping[str, str],
) -> Line:  # fmt: skip
    credentials, allowed = tokens.credentials, connector.hosts(tokens.credentials)
    rules = VendorRules(connector.title, allowed, connector.timeout, connector.throttle, connector.unauthorised)
    budget = LineBudget(clock, connector.limits(Organisation(organisation, ""), credentials, settings).limits)
    exchanges = Exchanges()
    await tokens.current()
    scopes = frozenset(tokens.held.scopes if tokens.held else ())
    session = HttpSession(
        wire, rules, tokens, budget, _NoLease(), exchanges, clock, organisation,
        connector.seen_by_session(credentials, settings), scopes,
    )  # fmt: skip
    return Line(connector, clock, wire, tokens, session, budget, exchanges)


def edited(answer: Answer, edit: Callable[[list[Any]], None], lists: Callable[[Any], list[list[Any]]]) -> Answer:
    """The answer with its lists of rows edited in place; unchanged when it holds none."""
    body = exact.loads(answer.body)
    found = lists(body)
    for rows in found:
        edit(rows)
    return replaced(answer, exact.dumps(body)) if found else answer


def lists_of(body: Any) -> list[list[Any]]:
    """A body that is a list itself, else the lists of objects right below it."""
    if isinstance(body, list):
        return [body]
    found = body.values() if isinstance(body, dict) else ()
    return [one for one in found if isinstance(one, list) and one and all(isinstance(row, dict) for row in one)]


def replaced(answer: Answer, body: bytes, status: int | None = None) -> Answer:
    """The answer with another body, and perhaps another status."""
    return Answer(status or answer.status, answer.headers, body, answer.at)
