"""Bring a database to this release's schema: forward only, one migrator at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from ml_connector.errors import BadInput
from ml_connector.store.errors import DatabaseUnavailable, SchemaTooNew
from ml_connector.store.roles import OWNER, as_role, prepare_roles
from ml_connector.store.schema import newest_version

# Any number, but the same in every release: whoever holds it migrates this database.
_MIGRATING = 0x6D6C_632D_6D69_6772
_WAIT_FOR_OTHER_MIGRATOR = "10min"
# A migration gives up rather than queue behind a long transaction and block all who come after it.
_LOCK_TIMEOUT = "10s"


def migrate(url: str, *, to: str = "head") -> str:
    """Prepare roles and bring the schema up to date; the version reached. Blocking; repeated, it changes nothing.

    `to` names an earlier version to stop at; it never goes back. A process migrates one database at a time.
    Of several that start at once, one migrates and the others wait for it. Each migration is one transaction, so a
    failed one leaves the schema at the version before. Raises BadInput for an address that is none,
    DatabaseUnavailable, DatabaseNotPrepared, SchemaTooNew.
    """
    with _only_migrator(url) as guard:
        prepare_roles(guard)
        with _owner_connection(url) as connection:
            _refuse_later_schema(connection)
            config = _config()
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, to)
            except psycopg.errors.LockNotAvailable as error:
                raise DatabaseUnavailable(
                    f"The schema could not be changed within {_LOCK_TIMEOUT}, since another transaction holds a table: "
                    "stop the workers or wait for the backup to end, and start again."
                ) from error
    return newest_version() if to == "head" else to


@contextmanager
def _only_migrator(url: str) -> Iterator[psycopg.Connection]:
    try:
        guard = psycopg.connect(url, autocommit=True)
    except psycopg.ProgrammingError as error:  # its text may hold a password
        raise BadInput(
            "The database's address (DATABASE_URL) cannot be understood: it must be like "
            "postgresql://user:password@host:5432/name."
        ) from error
    except psycopg.OperationalError as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise DatabaseUnavailable(
            f"The database cannot be reached: {reason}. See that it runs, and that its address (DATABASE_URL) is right."
        ) from error
    with guard:
        try:
            guard.execute(f"SET lock_timeout = '{_WAIT_FOR_OTHER_MIGRATOR}'".encode())
            guard.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
        except psycopg.errors.LockNotAvailable as error:
            raise DatabaseUnavailable(
                f"Another process has been migrating this database for over {_WAIT_FOR_OTHER_MIGRATOR}: see whether it "
                "still works, stop it, and start again."
            ) from error
        yield guard


@contextmanager
def _owner_connection(url: str) -> Iterator[Connection]:
    address = as_role(url, OWNER, lock_timeout=_LOCK_TIMEOUT, search_path="public")
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(address), poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def _refuse_later_schema(connection: Connection) -> None:
    with connection.begin():
        current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if current is not None and current not in known:
        raise SchemaTooNew(
            f"The database has schema {current}, and this release knows only up to {newest_version()}: start the release "
            "that migrated it, or a later one."
        )


def _config() -> Config:
    config = Config()
    folder = Path(__file__).with_name("migrations")
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
