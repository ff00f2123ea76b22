"""What a connection learns while it runs: a right that was given, one that was withdrawn, a lock that cannot be read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec
import pytest
from lane_world import TinyAuth, TinyConnector, TokenServer, add_lane, one, run

from joined import joined
from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Organisation
from ml_connector.clock import Clock
from ml_connector.connectors.grants import Auth, Credentials, Http, Tokens
from ml_connector.lanes.grants import GrantTokens
from ml_connector.lanes.slice import run_slice
from ml_connector.sealing import Keyring
from ml_connector.store.database import Database
from ml_connector.sync.refused import REFUSED
from ml_connector.transport.wire import Wire

pytestmark = pytest.mark.anyio


class TellingAuth(TinyAuth):
    """Its tokens tell the rights they carry."""

    def __init__(self, scopes: tuple[str, ...]) -> None:
        self.scopes = scopes

    async def refresh(self, http: Http, credentials: Credentials, tokens: Tokens, clock: Clock) -> Tokens:
        return msgspec.structs.replace(await super().refresh(http, credentials, tokens, clock), scopes=self.scopes)


class Telling(TinyConnector):
    def __init__(self, *scopes: str) -> None:
        self.told = scopes

    @property
    def auth(self) -> Auth:
        return TellingAuth(self.told)


SCOPES = "select scopes from connection where connection_id = %s"


async def test_a_token_with_other_rights_is_written_to_its_connections_and_lets_them_go_on(
    database: Database,
    keyring: Keyring,
    now_clock: Clock,
    wire: Wire,
    vendor: TokenServer,
    two_tenants: tuple[int, int],
) -> None:
    tenant_id, now = two_tenants[0], now_clock.now()
    grant_id, first = await add_lane(database, keyring, tenant_id, now=now, expires_in=0)
    _, second = await add_lane(database, keyring, tenant_id, now=now, name="other", grant_id=grant_id)
    await run(
        database, tenant_id,
        "insert into feed (tenant_id, connection_id, name, cursor, moved_at) values (%s, %s, %s, '', %s)",
        tenant_id, first, f"{REFUSED}1", now + dt.timedelta(hours=1),
    )  # fmt: skip
    await run(database, tenant_id, "update lane set not_before = 'infinity' where tenant_id = %s", tenant_id)

    async def refresh(*scopes: str) -> None:
        await run(database, tenant_id, "delete from wake where tenant_id = %s", tenant_id)
        holder = GrantTokens(database, keyring, now_clock, wire, Telling(*scopes), tenant_id, grant_id, "worker")
        await holder.replace(await holder.current())

    await refresh("bills:r", "bills:w")
    for connection_id in (first, second):
        assert await one(database, tenant_id, SCOPES, connection_id) == (["bills:r", "bills:w"],)
    assert await one(database, tenant_id, "select count(*) from feed") == (0,)
    assert await one(database, tenant_id, "select count(*) from lane where not_before > '-infinity'") == (0,)
    assert await one(database, tenant_id, "select count(distinct connection_id) from wake") == (2,)

    await refresh("bills:r", "bills:w")  # nothing new: nobody is woken
    assert await one(database, tenant_id, "select count(*) from wake") == (0,)

    await refresh("bills:r")
    assert await one(database, tenant_id, SCOPES, first) == (["bills:r"],)
    assert await one(database, tenant_id, "select count(*) from wake") == (0,)

    await refresh()  # the vendor says nothing of rights: what is known stays
    assert await one(database, tenant_id, SCOPES, first) == (["bills:r"],)
    assert await one(database, tenant_id, "select count(*) from audit_event") == (2,)


async def test_a_lock_that_cannot_be_read_leaves_the_date_known_before(database: Database, tmp_path: Path) -> None:
    async with joined(database, tmp_path) as company:

        async def known() -> Organisation:
            async with company.desk.looking() as reading:
                row = await reading.one("select organisation from connection where vendor = 'zoho_books'")
            assert row is not None
            found = documents.decode((await company.desk.sealer()).open(b"organisation", row[0]))
            assert isinstance(found, Organisation)
            return found

        async def read_again() -> Organisation:
            async with company.desk.changing() as change:
                await change.run("update connection set organisation_read_at = 'epoch'")
            target_id = company.integration.target_id
            await run_slice(company.runtime, "test", company.desk.tenant_id, target_id, lambda _: None)
            return await known()

        (books,) = company.sandbox.company.zoho_books.organisations.values()
        books.lock_transactions(dt.date(2026, 3, 31), "purchase", "closed")
        before = await read_again()
        assert (before.locked_through, before.lock_known) == (dt.date(2026, 3, 31), True)
        grants = company.sandbox.company.zoho_books.grants
        for token in grants.refresh_tokens():
            token.scopes = frozenset(["ZohoBooks.settings.READ"])
        grants.withdraw_all()
        assert await read_again() == msgspec.structs.replace(before, lock_known=False)
