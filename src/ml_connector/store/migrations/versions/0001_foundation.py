"""Tenants, wrapped keys, the audit trail, and the job engine's own schema."""

from procrastinate.schema import SchemaManager

from ml_connector.store.tables import append_only_sql, run_sql, tenant_table_sql

revision = "0001"
down_revision = None

_NOT_FOR_PUBLIC = """
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
REVOKE ALL ON alembic_version FROM PUBLIC;
GRANT SELECT ON alembic_version TO mlc_app, mlc_dispatcher;
"""

# The dispatcher keeps the directory of tenants: it lists them and takes in new ones.
_TENANT = """
CREATE TABLE tenant (
    tenant_id   integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (name = btrim(name) AND name <> ''),
    zone        text NOT NULL,
    created_at  timestamptz NOT NULL
);
COMMENT ON COLUMN tenant.zone IS 'IANA time zone in which the tenant''s days and schedules are meant';
"""
_TENANT_DIRECTORY = """
CREATE POLICY directory_read ON tenant FOR SELECT TO mlc_dispatcher USING (true);
CREATE POLICY directory_add ON tenant FOR INSERT TO mlc_dispatcher WITH CHECK (true);
GRANT SELECT, INSERT (name, zone, created_at) ON tenant TO mlc_dispatcher;
"""

_SEALING_KEY = """
CREATE TABLE sealing_key (
    tenant_id   integer NOT NULL REFERENCES tenant,
    key_name    text NOT NULL,
    wrapped     bytea NOT NULL,
    PRIMARY KEY (tenant_id, key_name)
);
"""

# Events and links carry no foreign key: a check per event would cost more than the event, and the chain proves more.
_AUDIT = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TABLE audit_head (
    tenant_id   integer PRIMARY KEY REFERENCES tenant,
    chain_no    bigint NOT NULL,
    hash        bytea NOT NULL CHECK (length(hash) = 32)
) WITH (fillfactor = 20);

CREATE TABLE audit_chain (
    tenant_id   integer NOT NULL,
    chain_no    bigint NOT NULL CHECK (chain_no > 0),
    at          timestamptz NOT NULL,
    previous    bytea NOT NULL CHECK (length(previous) = 32),
    hash        bytea NOT NULL CHECK (length(hash) = 32),
    events      smallint NOT NULL CHECK (events > 0),
    PRIMARY KEY (tenant_id, chain_no)
);

CREATE TABLE audit_event (
    tenant_id   integer NOT NULL,
    chain_no    bigint NOT NULL,
    position    smallint NOT NULL,
    at          timestamptz NOT NULL,
    record_id   bigint,
    version_id  bigint,
    run_id      bigint,
    actor       text NOT NULL,
    kind        text NOT NULL,
    body        bytea STORAGE EXTERNAL NOT NULL,
    digest      bytea NOT NULL CHECK (length(digest) = 32),
    PRIMARY KEY (tenant_id, chain_no, position)
);
CREATE INDEX audit_event_of_record ON audit_event (tenant_id, record_id) WHERE record_id IS NOT NULL;
COMMENT ON COLUMN audit_event.position IS 'place in its link, from 1';
COMMENT ON COLUMN audit_event.body IS 'sealed JSON details';
"""

# hash = sha256(previous || tenant int4 || chain_no int8 || at in microseconds since 1970 int8 || digest of each event).
# Owner's rights: nobody else can write events, links or the head, so a link is made here or not at all. The policies
# still hold for the owner: a tenant other than app.tenant is refused.
_AUDIT_APPEND = """
CREATE FUNCTION audit_append(
    of_tenant integer, at_instant timestamptz, actors text[], kinds text[],
    record_ids bigint[], version_ids bigint[], run_ids bigint[], bodies bytea[], digests bytea[]
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    former audit_head;
    link_hash bytea;
BEGIN
    SELECT * INTO former FROM audit_head WHERE tenant_id = of_tenant FOR UPDATE;
    IF NOT FOUND THEN
        INSERT INTO audit_head VALUES (of_tenant, 0, decode(repeat('00', 32), 'hex')) ON CONFLICT DO NOTHING;
        SELECT * INTO STRICT former FROM audit_head WHERE tenant_id = of_tenant FOR UPDATE;
    END IF;
    SELECT sha256(former.hash || int4send(of_tenant) || int8send(former.chain_no + 1)
                  || int8send((extract(epoch FROM at_instant) * 1000000)::bigint)
                  || string_agg(digest, ''::bytea ORDER BY nth))
        INTO link_hash FROM unnest(digests) WITH ORDINALITY AS one (digest, nth);
    INSERT INTO audit_event
            (tenant_id, chain_no, position, at, record_id, version_id, run_id, actor, kind, body, digest)
        SELECT of_tenant, former.chain_no + 1, nth, at_instant, record_id, version_id, run_id, actor, kind, body, digest
        FROM unnest(record_ids, version_ids, run_ids, actors, kinds, bodies, digests)
             WITH ORDINALITY AS one (record_id, version_id, run_id, actor, kind, body, digest, nth);
    INSERT INTO audit_chain (tenant_id, chain_no, at, previous, hash, events)
        VALUES (of_tenant, former.chain_no + 1, at_instant, former.hash, link_hash, cardinality(digests));
    UPDATE audit_head SET chain_no = former.chain_no + 1, hash = link_hash WHERE tenant_id = of_tenant;
    RETURN former.chain_no + 1;
END $$;
GRANT EXECUTE ON FUNCTION audit_append TO mlc_app;
"""

_JOBS_RIGHTS = """
GRANT USAGE ON SCHEMA jobs TO mlc_dispatcher;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO mlc_dispatcher;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO mlc_dispatcher;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs TO mlc_dispatcher;
"""


def upgrade() -> None:
    run_sql(_NOT_FOR_PUBLIC)
    run_sql(_TENANT + tenant_table_sql("tenant", app="SELECT, UPDATE (name, zone)") + _TENANT_DIRECTORY)
    run_sql(_SEALING_KEY + tenant_table_sql("sealing_key"))
    run_sql(_AUDIT)
    for table in ("audit_head", "audit_chain", "audit_event"):
        run_sql(tenant_table_sql(table, app="SELECT"))
    run_sql(append_only_sql("audit_chain") + append_only_sql("audit_event") + _AUDIT_APPEND)
    _install_jobs()


def _install_jobs() -> None:
    """The job engine's schema at the pinned version, under a search path of its own, so it touches nothing of ours."""
    run_sql("CREATE SCHEMA jobs; SET LOCAL search_path = jobs;" + SchemaManager.get_schema())
    run_sql(_JOBS_RIGHTS + "SET LOCAL search_path = public;")
