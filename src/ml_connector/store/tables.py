"""What migrations write tables with, so that every table is treated alike."""

from __future__ import annotations

from alembic import op

# After a transaction that set it, a pooled connection reads '' and not NULL: hence nullif.
OWN_TENANT = "tenant_id = nullif(current_setting('app.tenant', true), '')::integer"


def run_sql(script: str) -> None:
    """Run a script of several statements as it stands: no parameters, no percent signs or colons to double."""
    connection = op.get_bind().connection.driver_connection
    if connection is None:
        raise RuntimeError("a migration runs on a connection")
    connection.execute(script.encode())


def tenant_table_sql(table: str, *, app: str = "SELECT, INSERT, UPDATE, DELETE") -> str:
    """Make `table` (with a column tenant_id) a tenant's own: row-level security for all, and what mlc_app may do.

    The owner is bound by the same policy, so a migration that changes rows sets app.tenant for each tenant in turn.
    """
    return f"""
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON {table} TO mlc_app, mlc_owner USING ({OWN_TENANT}) WITH CHECK ({OWN_TENANT});
REVOKE ALL ON {table} FROM PUBLIC;
GRANT {app} ON {table} TO mlc_app;
"""


def append_only_sql(table: str) -> str:
    """Refuse UPDATE, DELETE and TRUNCATE on `table` to everyone, its owner and superusers included.

    A statement trigger refuses even what would touch no row; ALWAYS keeps it awake under session_replication_role.
    """
    return f"""
CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only;
"""
