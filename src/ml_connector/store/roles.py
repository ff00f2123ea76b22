"""The three roles, and how a login takes one.

    mlc_owner       owns tables and functions, migrates; bound by row-level security like the others
    mlc_app         works for one tenant at a time
    mlc_dispatcher  sees what belongs to no tenant's business: routing, lanes and jobs

None can log in. The login of the address is granted all three and takes one as it connects. Roles belong to the whole
cluster, so several databases share them, and two databases may be prepared at the same moment.
"""

from __future__ import annotations

import time

import psycopg
from psycopg import conninfo, sql

from ml_connector.store.errors import DatabaseNotPrepared

OWNER = "mlc_owner"
APP = "mlc_app"
DISPATCHER = "mlc_dispatcher"
ROLES = (OWNER, APP, DISPATCHER)

# Two databases of one cluster that create the same role at once collide in pg_authid (unique_violation), and two that
# grant it at once in pg_auth_members (unique_violation, or internal_error "tuple concurrently updated"). A role whose
# name is taken already may still be unknown (undefined_object) until the word of its creation has reached this session.
_CREATE_ROLE = """
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN
    NULL;
END $$;
DO $$
BEGIN
    IF NOT pg_has_role(current_user, '{role}', 'SET') THEN
        EXECUTE format('GRANT {role} TO %I', current_user);
    END IF;
EXCEPTION WHEN unique_violation OR internal_error THEN
    IF NOT pg_has_role(current_user, '{role}', 'SET') THEN
        RAISE;
    END IF;
END $$;
"""

_UNTIL_THE_OTHERS_ROLE_IS_KNOWN = (0.05, 0.2, 1.0)
"""Seconds between looks at a role that another database's start has just created."""

_OPEN_DATABASE = """
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO mlc_owner;
GRANT USAGE ON SCHEMA public TO mlc_app, mlc_dispatcher;
"""

_OWNER_MAY_CREATE = """
SELECT has_schema_privilege('mlc_owner', 'public', 'CREATE')
   AND has_database_privilege('mlc_owner', current_database(), 'CREATE')
"""

_TOO_MIGHTY = "SELECT rolname FROM pg_roles WHERE rolname = ANY(%s) AND (rolsuper OR rolbypassrls) ORDER BY rolname"


def as_role(url: str, role: str, **settings: str) -> str:
    """The address of a connection that works as `role`, with PostgreSQL settings of the session (`lock_timeout="5s"`).

    Options already in the address are kept; the role and the settings given here win over them.
    """
    parts = conninfo.conninfo_to_dict(url)
    chosen = {"role": role, "timezone": "UTC", **settings}
    options = [
        str(parts.pop("options", "") or ""),
        *(f"-c {name}={_escaped(value)}" for name, value in chosen.items()),
    ]
    return conninfo.make_conninfo("", **parts, options=" ".join(options).strip())


def prepare_roles(connection: psycopg.Connection) -> None:
    """Create what is missing of roles and their rights on this database. Needs autocommit; harmless when repeated.

    Raises DatabaseNotPrepared when the login may not do so, or when a role could look past row-level security.
    """
    try:
        for role in ROLES:
            _create_role(connection, role)
        _refuse_mighty_roles(connection)
        if not _one(connection, _OWNER_MAY_CREATE):
            connection.execute(_OPEN_DATABASE.encode())
            connection.execute(
                sql.SQL("GRANT CREATE ON DATABASE {} TO mlc_owner").format(sql.Identifier(connection.info.dbname))
            )
    except psycopg.errors.InsufficientPrivilege as error:
        raise _not_prepared(connection, str(error.diag.message_primary)) from error
    # A GRANT by someone who does not own the object is only a warning.
    if not _one(connection, _OWNER_MAY_CREATE):
        raise _not_prepared(connection, "mlc_owner may not create tables")


def _create_role(connection: psycopg.Connection, role: str) -> None:
    statement = _CREATE_ROLE.format(role=role).encode()
    for pause in _UNTIL_THE_OTHERS_ROLE_IS_KNOWN:
        try:
            connection.execute(statement)
        except psycopg.errors.UndefinedObject:
            time.sleep(pause)
        else:
            return
    connection.execute(statement)


def _refuse_mighty_roles(connection: psycopg.Connection) -> None:
    mighty = [str(row[0]) for row in connection.execute(_TOO_MIGHTY, [list(ROLES)])]
    if mighty:
        raise DatabaseNotPrepared(
            f"The database role {mighty[0]} may look past row-level security, so tenants would not be kept apart: "
            f"run ALTER ROLE {mighty[0]} NOSUPERUSER NOBYPASSRLS."
        )


def _not_prepared(connection: psycopg.Connection, reason: str) -> DatabaseNotPrepared:
    login, database = connection.info.user, connection.info.dbname
    return DatabaseNotPrepared(
        f"The login {login} cannot prepare the database {database} ({reason}): let it own the database and have "
        f"CREATEROLE, or have an administrator create the roles {', '.join(ROLES)} NOLOGIN, grant them to {login}, and "
        f"grant mlc_owner CREATE on the database and on its schema public."
    )


def _one(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def _escaped(value: str) -> str:
    """A setting's value as libpq's options want it: spaces and backslashes escaped."""
    return value.replace("\\", "\\\\").replace(" ", "\\ ")
