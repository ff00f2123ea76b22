"""Webhooks, their inbox and their counts belong to one tenant, and the dispatcher has no part in them."""

from __future__ import annotations

import pytest
from psycopg.errors import InsufficientPrivilege

from ml_connector.store.database import Database

pytestmark = pytest.mark.anyio
HOOK = """insert into hook (tenant_id, hook_id, vendor, name, base, digest, secret, keyed, made_at, made_by)
    values (%s, 1, 'xero', 'Xero', '', %s, '', false, now(), 'cli/anna')"""


@pytest.mark.parametrize("table", ["hook", "inbox", "announcement"])
async def test_the_dispatcher_sees_nothing_of_webhooks(database: Database, table: str) -> None:
    with pytest.raises(InsufficientPrivilege):
        async with database.dispatch() as session:
            await session.execute(f"select from {table}")


async def test_a_tenant_reaches_its_own_hooks_only(database: Database, two_tenants: tuple[int, int]) -> None:
    first, second = two_tenants
    async with database.tenant(first) as session:
        await session.execute(HOOK, [first, bytes(32)])
    async with database.tenant(second) as session:
        assert (await session.execute("select 1 from hook")).rowcount == 0
        assert (await session.execute("update hook set refused = 9")).rowcount == 0
        assert (await session.execute("delete from hook")).rowcount == 0
    with pytest.raises(InsufficientPrivilege, match="row-level security"):
        async with database.tenant(second) as session:
            await session.execute(HOOK, [first, bytes(32)])
    async with database.tenant(first) as session:
        assert (await session.execute("select 1 from hook where refused = 0")).rowcount == 1
