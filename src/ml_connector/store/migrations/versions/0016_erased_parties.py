"""Parties whose personal data are erased, by id, and the events of the audit trail whose details were rewritten for that.

An event keeps its digest, which its link covers. ``audit_erasure`` holds the digest of the rewritten body, and the link
whose one event tells of the erasure covers it: so the chain shows what was rewritten, and any other change is found out.
"""

from __future__ import annotations

from ml_connector.store.tables import run_sql, tenant_table_sql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

PARTIES = """
create table erased_party (
    tenant_id integer not null,
    connection_id integer not null,
    entity text not null,
    object_id text not null,
    erased_at timestamptz not null,
    erased_by text not null,
    words bytea[] not null,
    primary key (tenant_id, connection_id, entity, object_id),
    foreign key (tenant_id, connection_id) references connection
);
comment on column erased_party.words is 'keyed hashes of what named the party: found in later texts, read by nobody';
"""

ERASURES = """
create table audit_erasure (
    tenant_id integer not null,
    chain_no bigint not null,
    position smallint not null,
    erased_in bigint not null check (erased_in > chain_no),
    digest bytea not null check (length(digest) = 32),
    primary key (tenant_id, chain_no, position, erased_in)
);
comment on column audit_erasure.erased_in is 'the link whose one event tells of the erasure';
comment on column audit_erasure.digest is 'digest of the event with the body it was given then';
create trigger audit_erasure_append_only before update or delete or truncate on audit_erasure
    for each statement execute function refuse_change();
alter table audit_erasure enable always trigger audit_erasure_append_only;
"""

# The identity is the one of ml_connector.audit.event; a body is taken only if it gives a digest that is noted, whoever
# changes it. The setting alone permits nothing: without it even a change that would touch no row is refused.
REWRITING = """
create function audit_digest(one audit_event) returns bytea language sql stable set search_path = public, pg_temp as $$
    select sha256(
        int4send(one.tenant_id) || int8send((extract(epoch from one.at) * 1000000)::bigint)
        || set_byte(decode('00', 'hex'), 0, (one.record_id is not null)::integer
                    + 2 * (one.version_id is not null)::integer + 4 * (one.run_id is not null)::integer)
        || int8send(coalesce(one.record_id, 0)) || int8send(coalesce(one.version_id, 0))
        || int8send(coalesce(one.run_id, 0))
        || int2send(octet_length(convert_to(one.actor, 'UTF8'))::smallint)
        || int2send(octet_length(convert_to(one.kind, 'UTF8'))::smallint)
        || convert_to(one.actor, 'UTF8') || convert_to(one.kind, 'UTF8') || one.body)
$$;
create function refuse_unless_erased() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
    bare audit_event := new;
begin
    bare.body := old.body;
    if bare is distinct from old or not exists (
        select from audit_erasure e where e.tenant_id = new.tenant_id and e.chain_no = new.chain_no
        and e.position = new.position and e.digest = audit_digest(new)
    ) then
        raise exception 'The audit trail is append-only: % on % is refused.', tg_op, tg_table_name
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create function refuse_unless_erasing() returns trigger language plpgsql as $$
begin
    if tg_op <> 'UPDATE' or coalesce(current_setting('app.erasing', true), '') = '' then
        raise exception 'The audit trail is append-only: % on % is refused.', tg_op, tg_table_name
            using errcode = 'insufficient_privilege';
    end if;
    return null;
end $$;
drop trigger audit_event_append_only on audit_event;
create trigger audit_event_append_only before update or delete or truncate on audit_event
    for each statement execute function refuse_unless_erasing();
alter table audit_event enable always trigger audit_event_append_only;
create trigger audit_event_only_erased before update on audit_event
    for each row execute function refuse_unless_erased();
alter table audit_event enable always trigger audit_event_only_erased;
create function audit_erase(
    of_tenant integer, in_link bigint, chain_nos bigint[], positions bigint[], new_bodies bytea[], digests bytea[]
) returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into audit_erasure (tenant_id, chain_no, position, erased_in, digest)
        select of_tenant, c, p, in_link, d from unnest(chain_nos, positions, digests) as one (c, p, d);
    perform set_config('app.erasing', in_link::text, true);
    update audit_event e set body = one.b from unnest(chain_nos, positions, new_bodies) as one (c, p, b)
        where e.tenant_id = of_tenant and e.chain_no = one.c and e.position = one.p;
    perform set_config('app.erasing', '', true);
end $$;
grant execute on function audit_erase to mlc_app;
"""


def upgrade() -> None:
    run_sql(PARTIES + tenant_table_sql("erased_party", app="SELECT, INSERT"))
    run_sql(ERASURES + tenant_table_sql("audit_erasure", app="SELECT"))
    run_sql(REWRITING)


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
