"""Wrapped keys in the database: what `ml_connector.sealing` asks of a key store."""

from __future__ import annotations

from ml_connector.store.database import Database


class DatabaseKeyStore:
    """The table sealing_key. Every call is a transaction of its own, on a connection of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, tenant_id: int, name: str) -> bytes | None:
        """The wrapped key, or None."""
        query = "SELECT wrapped FROM sealing_key WHERE tenant_id = %b AND key_name = %b"
        async with self._database.tenant(tenant_id) as session:
            row = await (await session.execute(query, [tenant_id, name])).fetchone()
        return row[0] if row else None

    async def find(self, tenant_id: int, prefix: str) -> dict[str, bytes]:
        """All wrapped keys whose name begins with `prefix`, by name."""
        query = "SELECT key_name, wrapped FROM sealing_key WHERE tenant_id = %b AND starts_with(key_name, %b)"
        async with self._database.tenant(tenant_id) as session:
            rows = await (await session.execute(query, [tenant_id, prefix])).fetchall()
        return dict(rows)

    async def add(self, tenant_id: int, name: str, wrapped: bytes) -> bytes:
        """Store a new key, and return what is stored under the name now: the first to add wins."""
        # DO UPDATE with the value already there, unlike DO NOTHING, waits for the other and returns its row.
        query = """
            INSERT INTO sealing_key AS kept (tenant_id, key_name, wrapped) VALUES (%b, %b, %b)
            ON CONFLICT (tenant_id, key_name) DO UPDATE SET wrapped = kept.wrapped
            RETURNING wrapped"""
        async with self._database.tenant(tenant_id) as session:
            row = await (await session.execute(query, [tenant_id, name, wrapped])).fetchone()
        return bytes(row[0]) if row else wrapped

    async def replace(self, tenant_id: int, name: str, wrapped: bytes, *, was: bytes) -> bool:
        """Put `wrapped` in the place of exactly `was`; False, and nothing changed, if something else is there."""
        query = "UPDATE sealing_key SET wrapped = %b WHERE tenant_id = %b AND key_name = %b AND wrapped = %b"
        async with self._database.tenant(tenant_id) as session:
            done = await session.execute(query, [wrapped, tenant_id, name, was])
        return done.rowcount == 1

    async def remove(self, tenant_id: int, name: str) -> bool:
        """Erase one key; what it sealed is unreadable for ever. False if there was none."""
        query = "DELETE FROM sealing_key WHERE tenant_id = %b AND key_name = %b"
        async with self._database.tenant(tenant_id) as session:
            done = await session.execute(query, [tenant_id, name])
        return done.rowcount == 1

    async def tenants(self) -> list[int]:
        """The ids of all tenants, ascending."""
        async with self._database.dispatch() as session:
            rows = await (await session.execute("SELECT tenant_id FROM tenant ORDER BY tenant_id")).fetchall()
        return [row[0] for row in rows]
