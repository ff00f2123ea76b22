"""A grant's tokens: refreshed before they expire, once per grant across all machines, kept sealed.

The holder of the grant's lease commits ``refreshing_since``, calls, and commits the new pair. A grant found marked was
being refreshed by somebody who died: the refresh is repeated with the old token. Waiting workers read the new serial.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from ml_connector.clock import Clock
from ml_connector.connectors.base import Connector, Credentials, Tokens
from ml_connector.sealing import Keyring, Sealer
from ml_connector.store.database import Database
from ml_connector.transport.errors import NotSent, Reconnect
from ml_connector.transport.messages import Answer, Request
from ml_connector.transport.protocols import Token
from ml_connector.transport.wire import Wire

HELD_FOR = 30.0  # machine seconds a refresh may take before another worker repeats it
LOOK_AGAIN = 0.2

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
        self._connector, self._tenant_id, self._grant_id, self._worker = connector, tenant_id, grant_id, worker
        self._held: _Held | None = None
        self._turn = asyncio.Lock()
        self.refreshes = 0

    async def current(self) -> Token:
        """A token good for at least the vendor's margin. Raises Reconnect, Throttled, NotSent, AnswerLost."""
        held = self._held
        if held is not None and not self._expiring(held.tokens):
            return self._token(held)
        async with self._turn:
            held = self._held = await self._load()
            if self._expiring(held.tokens):
                held = self._held = await self._refreshed(held)
            return self._token(held)

    async def replace(self, refused: Token) -> Token:
        """A newer token than ``refused``; refreshed at most once per refused token. Raises Reconnect."""
        async with self._turn:
            held = await self._load()
            if held.serial <= refused.serial:
                held = await self._refreshed(held)
            self._held = held
            return self._token(held)

    def _expiring(self, tokens: Tokens) -> bool:
        left = (tokens.expires_at - self._clock.now()).total_seconds()
        return left <= self._connector.auth.margin

    def _token(self, held: _Held) -> Token:
        headers = self._connector.auth.headers(held.credentials, held.tokens)
        return Token(headers, held.tokens.api_base, held.tokens.expires_at, held.serial)

    async def credentials(self) -> Credentials:
        """What a person gave at connect. Raises Reconnect when the grant is dead."""
        if self._held is None:
            self._held = await self._load()
        return self._held.credentials

    async def scopes(self) -> frozenset[str]:
        """What the grant allows, as far as the vendor tells with the token."""
        held = self._held or await self._load()
        return frozenset(held.tokens.scopes)

    async def _sealer(self) -> Sealer:
        return await self._keyring.credential_sealer(self._tenant_id, self._grant_id)

    async def _load(self) -> _Held:
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
        if row[3] != "good":
            raise Reconnect(row[4] or f"{self._connector.title} needs to be connected again")
        sealer = await self._sealer()
        return _Held(
            _credentials.decode(sealer.open(b"credentials", row[0])),
            _tokens.decode(sealer.open(b"tokens", row[1])),
            int(row[2]),
        )

    async def _refreshed(self, held: _Held) -> _Held:
        while not await self._claim(held.serial):
            await asyncio.sleep(LOOK_AGAIN)
            newer = await self._load()
            if newer.serial > held.serial:
                return newer
        hosts = self._connector.hosts(held.credentials)
        http = PlainHttp(self._wire, hosts)
        try:
            tokens = await self._connector.auth.refresh(http, held.credentials, held.tokens, self._clock)
        except Reconnect as error:
            await self._dead(error.sentence)
            raise
        except NotSent:
            await self._unclaim()
            raise
        self.refreshes += 1
        return await self._store(held, tokens)

    async def _claim(self, serial: int) -> bool:
        async with self._database.tenant(self._tenant_id) as connection:
            done = await connection.execute(
                b"""update vendor_grant set refreshing_since = %s, holder = %s,
                       held_until = now() + make_interval(secs => %s)
                where tenant_id = %s and grant_id = %s and serial = %s
                  and (holder is null or holder = %s or held_until < now())""",
                [self._clock.now(), self._worker, HELD_FOR, self._tenant_id, self._grant_id, serial, self._worker],
            )
        return done.rowcount == 1

    async def _unclaim(self) -> None:
        async with self._database.tenant(self._tenant_id) as connection:
            await connection.execute(
                b"""update vendor_grant set refreshing_since = null, holder = null, held_until = null
                where tenant_id = %s and grant_id = %s and holder = %s""",
                [self._tenant_id, self._grant_id, self._worker],
            )

    async def _store(self, held: _Held, tokens: Tokens) -> _Held:
        sealer = await self._sealer()
        async with self._database.tenant(self._tenant_id) as connection:
            done = await connection.execute(
                b"""update vendor_grant set tokens = %s, serial = serial + 1, expires_at = %s, refreshing_since = null,
                       holder = null, held_until = null
                where tenant_id = %s and grant_id = %s and serial = %s""",
                [
                    sealer.seal(b"tokens", msgspec.json.encode(tokens)), tokens.expires_at, self._tenant_id,
                    self._grant_id, held.serial,
                ],
            )  # fmt: skip
        if done.rowcount != 1:
            return await self._load()
        return _Held(held.credentials, tokens, held.serial + 1)

    async def _dead(self, problem: str) -> None:
        """A dead grant turns its connections to `needs reconnect`, and says why."""
        async with self._database.tenant(self._tenant_id) as connection:
            await connection.execute(
                b"""update vendor_grant set state = 'needs reconnect', problem = %s, refreshing_since = null,
                       holder = null, held_until = null where tenant_id = %s and grant_id = %s""",
                [problem, self._tenant_id, self._grant_id],
            )
            await connection.execute(
                b"""update connection set state = 'needs reconnect', problem = %s
                where tenant_id = %s and grant_id = %s""",
                [problem, self._tenant_id, self._grant_id],
            )
