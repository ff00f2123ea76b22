"""Tenants cannot see each other, enforced by the database."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from ml_connector.store.database import Database
from ml_connector.store.keys import DatabaseKeyStore
from ml_connector.store.roles import APP, DISPATCHER, OWNER, as_role

pytestmark = pytest.mark.anyio
NAMES = "SELECT name FROM tenant"
ADD_KEY = "INSERT INTO sealing_key VALUES (%s, 'index', 'x')"


async def names(database: Database, tenant_id: int) -> list[str]:
    async with database.tenant(tenant_id) as session:
        return [row[0] for row in await (await session.execute(NAMES)).fetchall()]


async def test_a_tenant_sees_itself_only(database: Database, two_tenants: tuple[int, int]) -> None:
    first, second = two_tenants
    assert await names(database, first) == ["Polar Air"]
    assert await names(database, second) == ["Desert Heating"]
    assert await names(database, 999) == []


async def test_one_connection_serves_tenants_in_turn_without_leaking(
    database_url: str, two_tenants: tuple[int, int]
) -> None:
    database = await Database.open(database_url, pool_size=1)
    seen = [await names(database, tenant_id) for tenant_id in (*two_tenants, two_tenants[0])]
    await database.close()
    assert seen == [["Polar Air"], ["Desert Heating"], ["Polar Air"]]


async def test_rows_of_another_tenant_can_be_neither_made_nor_changed_nor_removed(
    database: Database, two_tenants: tuple[int, int]
) -> None:
    first, second = two_tenants
    await DatabaseKeyStore(database).add(second, "index", b"theirs")
    for statement in (
        "INSERT INTO sealing_key VALUES (%b, 'other', 'x')",
        "UPDATE sealing_key SET tenant_id = %b",
    ):
        with pytest.raises(InsufficientPrivilege, match="row-level security"):
            async with database.tenant(first) as session:
                await session.execute("INSERT INTO sealing_key VALUES (%b, 'index', 'x')", [first])
                await session.execute(statement, [second])
    async with database.tenant(first) as session:
        assert (await session.execute("UPDATE sealing_key SET wrapped = 'x'")).rowcount == 0
        assert (await session.execute("DELETE FROM sealing_key")).rowcount == 0
    assert await DatabaseKeyStore(database).get(second, "index") == b"theirs"


@pytest.mark.parametrize("role", [APP, OWNER])
@pytest.mark.parametrize("prepare", ["SELECT 1", "SELECT set_config('app.tenant', '', false)"])
async def test_without_a_tenant_nothing_is_seen_or_made(
    database_url: str, two_tenants: tuple[int, int], role: str, prepare: str
) -> None:
    with psycopg.connect(as_role(database_url, role), autocommit=True) as connection:
        connection.execute(prepare.encode())
        assert connection.execute(NAMES).fetchall() == []
        with pytest.raises(InsufficientPrivilege, match="row-level security"):
            connection.execute(ADD_KEY, [two_tenants[0]])


@pytest.mark.parametrize("role", [APP, DISPATCHER])
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE sealing_key DISABLE ROW LEVEL SECURITY",
        "CREATE TABLE mine (n integer)",
        "DROP TABLE sealing_key",
    ],
)
def test_the_working_roles_cannot_change_the_schema(database_url: str, role: str, statement: str) -> None:
    with psycopg.connect(as_role(database_url, role)) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(statement.encode())


async def test_the_dispatcher_sees_the_directory_of_tenants_and_nothing_of_theirs(
    database: Database, two_tenants: tuple[int, int]
) -> None:
    assert await DatabaseKeyStore(database).tenants() == list(two_tenants)
    for table in ("sealing_key", "audit_event", "audit_chain", "audit_head"):
        with pytest.raises(InsufficientPrivilege):
            async with database.dispatch() as session:
                await session.execute(f"SELECT FROM {table}")
    with pytest.raises(InsufficientPrivilege):
        async with database.dispatch() as session:
            await session.execute("UPDATE tenant SET name = 'x'")
