"""A grant's tokens: refreshed before they expire, once per grant across all machines, kept sealed.

The holder of the grant's lease commits ``refreshing_since``, calls, and commits the new pair; until then the old one
stays. A grant found marked was being refreshed by somebody who died, or whose answer was lost: the refresh is repeated
with the old token, which vendors accept for a while. Waiting workers read the new serial.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from dataclasses import dataclass

import msgspec
import psycopg
import structlog

from ml_connector.audit import Event, append
from ml_connector.clock import Clock
from ml_connector.connectors.base import Connector
from ml_connector.connectors.grants import Credentials, Tokens
from ml_connector.errors import ConnectorError
from ml_connector.lanes.rights import lock_lanes, rights_changed
from ml_connector.sealing import Keyring, Sealer
from ml_connector.store.database import Database
from ml_connector.store.errors import DatabaseUnavailable
from ml_connector.transport.calls import present_calls
from ml_connector.transport.errors import NotSent, Reconnect
from ml_connector.transport.messages import Answer, Request
from ml_connector.transport.protocols import Token
from ml_connector.transport.wire import Wire

REFRESH_TIMEOUT = 20.0  # clock seconds
HELD_BEYOND = 10.0  # machine seconds after that time-out at which another worker repeats the refresh
LOOK_AGAIN = 0.2
OVER = 1.0  # clock seconds after its end at which a token is over at the vendor, too, which counts in whole seconds
ASKED_AT_MOST = 3  # times, where the vendor gives a token again that has just ended here
FRESH = 60.0  # clock seconds for which a token refreshed for a refusal cannot be the reason of the next one

log = structlog.get_logger()
_credentials = msgspec.json.Decoder(dict[str, str])
_tokens = msgspec.json.Decoder(Tokens)


@dataclass(frozen=True, slots=True)
class PlainHttp:
    """Fulfils ``connectors.base.Http``: token and consent calls, without token, budget or log."""

    wire: Wire
    hosts: frozenset[str]
    timeout: float = 60.0

    async def send(self, request: Request) -> Answer:
        """One request, once, to one of the connector's own hosts. Raises NotSent, AnswerLost, ForbiddenAddress."""
        return await self.wire.send(request, request.path, {}, allowed=self.hosts, timeout=self.timeout)


@dataclass(frozen=True, slots=True)
class _Held:
    credentials: Credentials
    tokens: Tokens
    serial: int


class GrantTokens:
    """Fulfils ``transport.protocols.TokenSource`` for one grant."""

    def __init__(
        self, database: Database, keyring: Keyring, clock: Clock, wire: Wire, connector: Connector,
        tenant_id: int, grant_id: int, worker: str,
    ) -> None:  # fmt: skip
        self._database, self._keyring, self._clock, self._wire = database, keyring, clock, wire
        self._connector, self._tenant_id, self._grant_id = connector, tenant_id, grant_id
        # One worker runs several lanes of one grant: each is a holder of its own.
        self._holder = f"{worker}/{uuid.uuid4().hex[:8]}"
        self._held: _Held | None = None
        self._turn = asyncio.Lock()
        self._for_refusal = (-1, 0.0)  # the serial of our own last refresh for a refusal, and when (clock seconds)
        self.refreshes = 0

    async def current(self) -> Token:
        """A token good for at least the vendor's margin. Raises Reconnect, Throttled, NotSent, AnswerLost."""
        held = self._held
        if held is not None and not self._expiring(held.tokens):
            return self._token(held)
        async with self._turn:
            held = self._held = await self._load()
            if self._expiring(held.tokens):
                held = self._held = await self._renewed(held)
            return self._token(held)

    async def replace(self, refused: Token) -> Token:
        """A newer token than ``refused``; refreshed at most once per refused token. Raises Reconnect.

        One that was refreshed for a refusal a moment ago is not refreshed for the next: the vendor refuses the call,
        whatever the token, and vendors count refreshes. One that was refreshed because its time was over may have died
        since (another application, or too many live ones).
        """
        async with self._turn:
            held = await self._load()
            if held.serial <= refused.serial and not self._fresh(held):
                held = await self._refreshed(held)
                self._for_refusal = (held.serial, self._clock.seconds())
            self._held = held
            return self._token(held)

    async def keep_alive(self) -> None:
        """Refresh a grant nobody uses, in the last third of the days the vendor gives it. A dead one is left alone."""
        days = self._connector.auth.idle_days
        if days is None:
            return
        try:
            held = self._held or await self._load()
        except Reconnect:
            return
        # The access token's end is the only trace of the last refresh, and at most a few hours later.
        if self._clock.now() - held.tokens.expires_at > dt.timedelta(days=days) * 2 / 3:
            await self.current()

    def _expiring(self, tokens: Tokens) -> bool:
        left = (tokens.expires_at - self._clock.now()).total_seconds()
        return left <= self._connector.auth.margin

    def _fresh(self, held: _Held) -> bool:
        serial, at = self._for_refusal
        return held.serial == serial and self._clock.seconds() - at < FRESH

    def _token(self, held: _Held) -> Token:
        headers = self._connector.auth.headers(held.credentials, held.tokens)
        return Token(headers, held.tokens.api_base, held.tokens.expires_at, held.serial)

    async def credentials(self) -> Credentials:
        """What a person gave at connect; of a dead grant too. Raises Reconnect when it was never connected."""
        return (self._held or await self._load(dead_too=True)).credentials

    async def scopes(self) -> frozenset[str]:
        """What the grant allows, as far as the vendor tells with the token."""
        held = self._held or await self._load()
        return frozenset(held.tokens.scopes)

    async def _sealer(self) -> Sealer:
        return await self._keyring.credential_sealer(self._tenant_id, self._grant_id)

    async def _load(self, *, dead_too: bool = False) -> _Held:
        async with self._database.tenant(self._tenant_id) as connection:
            row = await (
                await connection.execute(
                    b"""select credentials, tokens, serial, state, problem from vendor_grant
                    where tenant_id = %s and grant_id = %s""",
                    [self._tenant_id, self._grant_id],
                )
            ).fetchone()
        if row is None or row[1] is None:
            raise Reconnect(f"{self._connector.title} has not been connected yet: connect it")
        if row[3] != "good" and not dead_too:
            raise Reconnect(row[4] or f"{self._connector.title} needs to be connected again")
        sealer = await self._sealer()
        return _Held(
            _credentials.decode(sealer.open(b"credentials", row[0])),
            _tokens.decode(sealer.open(b"tokens", row[1])),
            int(row[2]),
        )

    async def _renewed(self, held: _Held) -> _Held:
        """The next token. Where asking too soon gives the same one again, all who need one wait until it is over."""
        for _ in range(ASKED_AT_MOST):
            again = self._connector.auth.reissues(held.tokens)
            if again:
                await self._over(held.tokens)
            held = await self._refreshed(held)
            if not again or not self._expiring(held.tokens):
                break
        return held

    async def _over(self, tokens: Tokens) -> None:
        end = tokens.expires_at + dt.timedelta(seconds=OVER)
        while (left := (end - self._clock.now()).total_seconds()) > 0:
            present_calls().check()
            await asyncio.sleep(min(LOOK_AGAIN, self._clock.real(left)))

    async def _refreshed(self, held: _Held) -> _Held:
        while not await self._claim(held.serial):
            present_calls().check()
            await asyncio.sleep(LOOK_AGAIN)
            newer = await self._load()
            if newer.serial > held.serial:
                return newer
        tokens = await self._asked(held)
        self.refreshes += 1
        return await self._kept(held, tokens)

    async def _asked(self, held: _Held) -> Tokens:
        """The vendor's new tokens. A refresh whose answer was lost stays marked; whoever comes next repeats it."""
        http = PlainHttp(self._wire, self._connector.hosts(held.credentials), REFRESH_TIMEOUT)
        try:
            return await self._connector.auth.refresh(http, held.credentials, held.tokens, self._clock)
        except Reconnect as error:
            await self._dead(held.serial, error.sentence)
            raise
        except ConnectorError as error:
            await self._unclaim(marked=not isinstance(error, NotSent))
            raise

    async def _kept(self, held: _Held, tokens: Tokens) -> _Held:
        """Commit the new tokens, again and again while the database is away: the old ones may be worth nothing now."""
        told = False
        while True:
            try:
                return await self._store(held, tokens)
            except (DatabaseUnavailable, psycopg.OperationalError) as error:  # away, or a lock in the way
                if not told:
                    log.warning("new tokens not saved yet", grant=self._grant_id, why=str(error))
                told = True
                await asyncio.sleep(LOOK_AGAIN)

    async def _claim(self, serial: int) -> bool:
        async with self._database.tenant(self._tenant_id) as connection:
            done = await connection.execute(
                b"""update vendor_grant set refreshing_since = %s, holder = %s,
                       held_until = now() + make_interval(secs => %s)
                where tenant_id = %s and grant_id = %s and serial = %s and state = 'good'
                  and (holder is null or holder = %s or held_until < now())""",
                [
                    self._clock.now(), self._holder, self._clock.real(REFRESH_TIMEOUT) + HELD_BEYOND, self._tenant_id,
                    self._grant_id, serial, self._holder,
                ],
            )  # fmt: skip
        return done.rowcount == 1

    async def _unclaim(self, *, marked: bool) -> None:
        async with self._database.tenant(self._tenant_id) as connection:
            await connection.execute(
                b"""update vendor_grant set holder = null, held_until = null,
                       refreshing_since = case when %s then refreshing_since end
                where tenant_id = %s and grant_id = %s and holder = %s""",
                [marked, self._tenant_id, self._grant_id, self._holder],
            )

    async def _store(self, held: _Held, tokens: Tokens) -> _Held:
        sealer = await self._sealer()
        told, before = frozenset(tokens.scopes), frozenset(held.tokens.scopes)
        gained = told - before
        audit = await self._audit() if told and told != before else None
        async with self._database.tenant(self._tenant_id) as connection:
            if gained:
                await lock_lanes(connection, self._tenant_id, self._grant_id)
            done = await connection.execute(
                b"""update vendor_grant set tokens = %s, serial = serial + 1, expires_at = %s, refreshing_since = null,
                       holder = null, held_until = null
                where tenant_id = %s and grant_id = %s and serial = %s""",
                [
                    sealer.seal(b"tokens", msgspec.json.encode(tokens)), tokens.expires_at, self._tenant_id,
                    self._grant_id, held.serial,
                ],
            )  # fmt: skip
            if done.rowcount == 1 and audit is not None:
                await rights_changed(connection, self._tenant_id, self._grant_id, told, gained)
                details = {"grant": self._grant_id, "gained": sorted(gained), "lost": sorted(before - told)}
                event = Event("rights changed", "engine", None, None, None, details)
                await append(connection, self._tenant_id, [event], audit, self._clock.now())
        if done.rowcount != 1:
            return await self._load()
        return _Held(held.credentials, tokens, held.serial + 1)

    async def _audit(self) -> Sealer:
        return await self._keyring.document_sealer(self._tenant_id, self._clock.now().strftime("%Y-%m"))

    async def _dead(self, serial: int, problem: str) -> None:
        """A dead grant turns its connections to `needs reconnect`, and says why; one renewed meanwhile is not dead."""
        async with self._database.tenant(self._tenant_id) as connection:
            done = await connection.execute(
                b"""update vendor_grant set state = 'needs reconnect', problem = %s, refreshing_since = null,
                       holder = null, held_until = null where tenant_id = %s and grant_id = %s and serial = %s""",
                [problem, self._tenant_id, self._grant_id, serial],
            )
            if done.rowcount == 0:
                return
            await connection.execute(
                b"""update connection set state = 'needs reconnect', problem = %s
                where tenant_id = %s and grant_id = %s and state = 'good'""",
                [problem, self._tenant_id, self._grant_id],
            )
