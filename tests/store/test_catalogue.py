"""What pg_catalog says of the schema: every table treated alike, whoever wrote its migration."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

# Tables that belong to no tenant, and why. They hold ids and versions, never a tenant's business.
NO_TENANT = {
    "alembic_version": "the version of the schema",
    "worker": "the processes that carry lanes",
}

TENANT_TABLES = """
    SELECT c.oid::regclass::text, c.relrowsecurity, c.relforcerowsecurity,
           EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*'
                   AND pg_get_expr(p.polqual, c.oid) LIKE '%tenant_id = (NULLIF(current_setting(%'
                   AND pg_get_expr(p.polwithcheck, c.oid) LIKE '%tenant_id = (NULLIF(current_setting(%'),
           EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary AND a.attnum = ANY(i.indkey))
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')"""

WITHOUT_TENANT = """
    SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
    AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id')"""

# A foreign key between two tenants' tables in which tenant_id is not matched with tenant_id.
LOOSE_FOREIGN_KEYS = """
    SELECT con.conname FROM pg_constraint con
    JOIN pg_attribute own ON own.attrelid = con.conrelid AND own.attname = 'tenant_id'
    JOIN pg_attribute other ON other.attrelid = con.confrelid AND other.attname = 'tenant_id'
    WHERE con.contype = 'f' AND con.connamespace = 'public'::regnamespace
    AND NOT EXISTS (SELECT FROM unnest(con.conkey, con.confkey) AS pair (mine, theirs)
                    WHERE mine = own.attnum AND theirs = other.attnum)"""

OPEN_TO_PUBLIC = """
    SELECT what FROM (
        SELECT oid::regclass::text AS what, relacl AS acl FROM pg_class
            WHERE relnamespace IN ('public'::regnamespace, 'jobs'::regnamespace)
        UNION ALL
        SELECT oid::regprocedure::text, coalesce(proacl, acldefault('f', proowner)) FROM pg_proc
            WHERE pronamespace IN ('public'::regnamespace, 'jobs'::regnamespace)
        UNION ALL
        SELECT nspname::text, nspacl FROM pg_namespace WHERE nspname IN ('public', 'jobs')
    ) AS everything, aclexplode(acl) AS given WHERE given.grantee = 0"""

NOT_OWNED = """
    SELECT oid::regclass::text FROM pg_class WHERE relnamespace IN ('public'::regnamespace, 'jobs'::regnamespace)
    AND relkind IN ('r', 'p', 'S', 'v') AND relowner <> 'mlc_owner'::regrole"""

# Functions that run with their owner's rights could be led astray by a search path of the caller's.
LOOSE_DEFINERS = """
    SELECT oid::regprocedure::text FROM pg_proc WHERE prosecdef AND pronamespace = 'public'::regnamespace
    AND NOT coalesce(proconfig::text, '') LIKE '%search_path=public, pg_temp%'"""


@pytest.fixture(scope="module")
def catalogue(migrated_template: str, postgres_url: str) -> Iterator[psycopg.Connection]:
    # The template is copied by other tests, which needs it unused: so this one works on a copy too.
    with psycopg.connect(postgres_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE catalogue TEMPLATE {migrated_template}".encode())
        with psycopg.connect(postgres_url, dbname="catalogue", autocommit=True) as connection:
            yield connection
        server.execute("DROP DATABASE catalogue")


def rows(catalogue: psycopg.Connection, query: str) -> list[tuple[object, ...]]:
    return catalogue.execute(query.encode()).fetchall()


def test_every_tenant_table_is_secured_by_row_and_keyed_by_tenant(catalogue: psycopg.Connection) -> None:
    tables = rows(catalogue, TENANT_TABLES)
    assert len(tables) >= 5
    assert [table for table in tables if not all(table[1:])] == []


def test_tables_without_a_tenant_are_named_here(catalogue: psycopg.Connection) -> None:
    assert {str(row[0]) for row in rows(catalogue, WITHOUT_TENANT)} <= set(NO_TENANT)


@pytest.mark.parametrize("query", [LOOSE_FOREIGN_KEYS, OPEN_TO_PUBLIC, NOT_OWNED, LOOSE_DEFINERS])
def test_nothing_is_loose(catalogue: psycopg.Connection, query: str) -> None:
    assert rows(catalogue, query) == []


def test_the_checks_find_what_is_loose(catalogue: psycopg.Connection) -> None:
    with catalogue.transaction(force_rollback=True):
        catalogue.execute("""
            CREATE TABLE ordinary (tenant_id integer, note text PRIMARY KEY);
            CREATE TABLE child (tenant_id integer, n text REFERENCES ordinary, PRIMARY KEY (tenant_id, n));
            GRANT SELECT ON ordinary TO PUBLIC;
            CREATE FUNCTION loose() RETURNS integer LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'""")
        assert ("ordinary", False, False, False, False) in rows(catalogue, TENANT_TABLES)
        assert rows(catalogue, LOOSE_FOREIGN_KEYS) == [("child_n_fkey",)]
        assert ("ordinary",) in rows(catalogue, OPEN_TO_PUBLIC)
        assert ("loose()",) in rows(catalogue, OPEN_TO_PUBLIC)
        assert ("ordinary",) in rows(catalogue, NOT_OWNED)
        assert rows(catalogue, LOOSE_DEFINERS) == [("loose()",)]


def test_the_app_role_cannot_reach_the_jobs(catalogue: psycopg.Connection) -> None:
    assert rows(catalogue, "SELECT has_schema_privilege('mlc_app', 'jobs', 'USAGE')") == [(False,)]
    reach = """SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'jobs'::regnamespace AND relkind = 'r'
               AND has_table_privilege('mlc_app', oid, 'SELECT, INSERT, UPDATE, DELETE')"""
    assert rows(catalogue, reach) == []


def test_audit_tables_may_only_be_read_by_the_app_role(catalogue: psycopg.Connection) -> None:
    writable = """SELECT oid::regclass::text FROM pg_class WHERE relname LIKE 'audit%' AND relkind = 'r'
                  AND has_table_privilege('mlc_app', oid, 'INSERT, UPDATE, DELETE, TRUNCATE')"""
    assert rows(catalogue, writable) == []


def test_no_role_looks_past_row_level_security(catalogue: psycopg.Connection) -> None:
    mighty = """SELECT rolname FROM pg_roles WHERE rolname LIKE 'mlc%'
                AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolcanlogin)"""
    assert rows(catalogue, mighty) == []
