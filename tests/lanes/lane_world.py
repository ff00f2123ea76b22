"""Connections and lanes in a real database, and a vendor whose token server runs on loopback."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import msgspec
from aiohttp import web

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Organisation
from ml_connector.clock import Clock
from ml_connector.connectors.base import Connector, Limit, Limits, Session
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.grants import Auth, Credentials, Http, Tokens
from ml_connector.connectors.reading import Page, Reading
from ml_connector.connectors.writing import Action, Composed, Outcome, Step
from ml_connector.sealing import Keyring
from ml_connector.store.database import Database
from ml_connector.transport.errors import Reconnect, Throttled
from ml_connector.transport.messages import Answer, Request

HOST = "api.vendor.example"
ORGANISATION = Organisation("org", "Polar Air", "USD", "America/Chicago")


def clock(speed: float = 1.0) -> Clock:
    """A clock that began now and runs at ``speed``."""
    return Clock(dt.datetime.now(dt.UTC), time.time(), speed)


class TinyAuth(Auth):
    """Refresh tokens that rotate: each is good once."""

    interactive = False
    margin = 60.0

    async def first(self, http: Http, credentials: Credentials, clock: Clock) -> Tokens:
        raise NotImplementedError

    async def refresh(self, http: Http, credentials: Credentials, tokens: Tokens, clock: Clock) -> Tokens:
        form = f"refresh_token={tokens.refresh_token}".encode()
        answer = await http.send(Request("POST", f"https://{HOST}/token", body=form))
        if answer.status == 429:
            raise Throttled("too many tokens", 60.0)
        if answer.status != 200:
            raise Reconnect("the consent was withdrawn: connect again")
        given = answer.json()
        return Tokens(given["access"], clock.now() + dt.timedelta(hours=1), f"https://{HOST}", given["refresh"])

    def headers(self, credentials: Credentials, tokens: Tokens) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {tokens.access_token}"}


class TinyConnector(Connector):
    """A vendor that reads and writes nothing; a check calls it once."""

    vendor, title = "tiny", "Tiny Vendor"
    credentials = ()
    scopes = ()
    readable: ClassVar[dict[str, Any]] = {}
    writable: ClassVar[dict[str, Any]] = {}
    timeout, list_lag = 5.0, 0.0

    @property
    def auth(self) -> Auth:
        return TinyAuth()

    def hosts(self, credentials: Credentials) -> frozenset[str]:
        return frozenset([HOST])

    def limits(
        self, organisation: Organisation | None, credentials: Credentials, settings: Mapping[str, str]
    ) -> Limits:
        return Limits((Limit("calls a minute", 100, scope="org"),), 5)

    def day_left(self, headers: Mapping[str, str]) -> int | None:
        return None

    def throttle(self, answer: Answer) -> float | None:
        return 60.0 if answer.status == 429 else None

    def unauthorised(self, answer: Answer) -> bool:
        return answer.status == 401

    async def organisations(self, session: Session) -> Sequence[Organisation]:
        return [ORGANISATION]

    async def organisation(self, session: Session) -> Organisation:
        return ORGANISATION

    async def check(self, session: Session, entities: Sequence[str]) -> Sequence[Finding]:
        answer = await session.send(Request.get("/ping"))
        return [Finding("ping", Verdict.GOOD, f"answered {answer.status}")]

    async def read(self, session: Session, reading: Reading) -> AsyncIterator[Page]:
        raise NotImplementedError
        yield

    def compose(
        self,
        action: Action,
        document: Document,
        organisation: Organisation,
        reference: str,
        settings: Mapping[str, str],
    ) -> Composed:
        raise NotImplementedError

    async def write(self, session: Session, step: Step) -> Outcome:
        raise NotImplementedError

    async def find(self, session: Session, step: Step) -> Sequence[Document]:
        return []


@dataclass
class TokenServer:
    """Gives out pairs; an old refresh token is refused unless ``grace``. ``faults`` are answered first, in order."""

    serial: int = 1
    grace: bool = False
    faults: list[int] = field(default_factory=list)  # 0 = close without an answer
    asked: list[str] = field(default_factory=list)
    delay: float = 0.0
    pings: int = 0
    on_ping: Callable[[], Awaitable[None]] | None = None
    port: int = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/token", self._token)
        app.router.add_get("/ping", self._ping)
        return app

    async def _token(self, request: web.Request) -> web.StreamResponse:
        given = (await request.text()).removeprefix("refresh_token=")
        self.asked.append(given)
        await asyncio.sleep(self.delay)
        if self.faults and (fault := self.faults.pop(0)) != 200:
            if fault == 0 and request.transport is not None:
                request.transport.close()
            return web.json_response({}, status=fault or 500)
        if given != f"refresh-{self.serial}" and not self.grace:
            return web.json_response({"error": "invalid_grant"}, status=400)
        self.serial += 1
        return web.json_response({"access": f"access-{self.serial}", "refresh": f"refresh-{self.serial}"})

    async def _ping(self, request: web.Request) -> web.Response:
        self.pings += 1
        if self.on_ping is not None:
            await self.on_ping()
        return web.json_response({})


async def add_lane(
    database: Database, keyring: Keyring, tenant_id: int, *, now: dt.datetime, name: str = "tiny",
    expires_in: float = 3600.0, due_at: dt.datetime | None = None, grant_id: int | None = None,
) -> tuple[int, int]:  # fmt: skip
    """A grant (unless given), a connection and its lane; the ids of grant and connection."""
    if grant_id is None:
        grant_id = await _add_grant(database, keyring, tenant_id, now, expires_in)
    sealer = await keyring.document_sealer(tenant_id, now.strftime("%Y-%m"))
    async with database.tenant(tenant_id) as session:
        row = await (
            await session.execute(
                b"""insert into connection (tenant_id, grant_id, vendor, organisation_id, name, sandbox, organisation,
                        organisation_read_at, created_at)
                values (%s, %s, 'tiny', %s, %s, true, %s, %s, %s) returning connection_id""",
                [
                    tenant_id,
                    grant_id,
                    name,
                    name,
                    sealer.seal(b"organisation", documents.encode(ORGANISATION)),
                    now,
                    now,
                ],
            )
        ).fetchone()
        assert row is not None
        await session.execute(
            b"insert into lane (tenant_id, connection_id, due_at) values (%s, %s, %s)",
            [tenant_id, row[0], due_at or now],
        )
    return grant_id, int(row[0])


async def _add_grant(database: Database, keyring: Keyring, tenant_id: int, now: dt.datetime, expires_in: float) -> int:
    async with database.tenant(tenant_id) as session:
        row = await (
            await session.execute(
                b"""insert into vendor_grant (tenant_id, vendor, credentials, created_at) values (%s, 'tiny', '', %s)
                returning grant_id""",
                [tenant_id, now],
            )
        ).fetchone()
    assert row is not None
    sealer = await keyring.credential_sealer(tenant_id, row[0])
    expires = now + dt.timedelta(seconds=expires_in)
    tokens = Tokens("access-1", expires, f"https://{HOST}", "refresh-1")
    async with database.tenant(tenant_id) as session:
        await session.execute(
            b"""update vendor_grant set credentials = %s, tokens = %s, expires_at = %s
            where tenant_id = %s and grant_id = %s""",
            [
                sealer.seal(b"credentials", b'{"client_id":"me"}'), sealer.seal(b"tokens", msgspec.json.encode(tokens)),
                expires, tenant_id, row[0],
            ],
        )  # fmt: skip
    return int(row[0])


async def one(database: Database, tenant_id: int, query: str, *values: object) -> tuple[Any, ...]:
    """The only row of a query of a tenant."""
    async with database.tenant(tenant_id) as session:
        row = await (await session.execute(query.encode(), values)).fetchone()
    assert row is not None
    return tuple(row)


async def run(database: Database, tenant_id: int, query: str, *values: object) -> None:
    """One statement of a tenant."""
    async with database.tenant(tenant_id) as session:
        await session.execute(query.encode(), values)
