"""Which schema a database has, and which this release needs; migrating only where they differ."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg

from ml_connector.store.roles import OWNER, as_role, prepare_roles

_VERSIONS = Path(__file__).with_name("migrations") / "versions"


def newest_version() -> str:
    """The schema version this release brings, such as "0001"; versions sort as text."""
    return max(path.stem.partition("_")[0] for path in _VERSIONS.glob("[0-9]*.py"))


async def upgrade(url: str) -> str:
    """Bring a database to this release's schema; the version reached. Raises what `migrate.migrate` raises."""
    return await asyncio.to_thread(_upgrade, url)


def _upgrade(url: str) -> str:
    newest = newest_version()
    if _version(url) == newest:
        return newest
    # Alembic and SQLAlchemy take half a second and 25 MB, which no later start and no command needs.
    from ml_connector.store.migrate import migrate

    return migrate(url)


def _version(url: str) -> str:
    """The database's schema version, its roles as they must be; empty when it does not say, which migrating explains."""
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            prepare_roles(connection)
        with psycopg.connect(as_role(url, OWNER, search_path="public")) as connection:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except psycopg.Error:
        return ""
    return str(row[0]) if row else ""
