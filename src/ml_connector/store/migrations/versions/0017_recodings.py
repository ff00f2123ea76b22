"""Recodings: posted documents that a person wants brought to what a mapping table says today, and what became of each.

A job names a table, rows of it (none: all) and days; ``ended_at`` of a record is empty while it waits to be planned,
approved or sent. ``told`` is sealed: the lines that change, or why none does.
"""

from __future__ import annotations

from ml_connector.store.tables import run_sql, tenant_table_sql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

RECODING = """
create table recoding (
    tenant_id integer not null,
    recoding_id integer generated always as identity,
    integration_id integer not null,
    table_name text not null,
    keys text[] not null,
    since date,
    until date,
    begun_by text not null,
    begun_at timestamptz not null,
    primary key (tenant_id, recoding_id),
    foreign key (tenant_id, integration_id) references integration
);
create table recoded (
    tenant_id integer not null,
    recoding_id integer not null,
    record_id bigint not null,
    outcome text not null default '',
    told bytea,
    ended_at timestamptz,
    primary key (tenant_id, recoding_id, record_id),
    foreign key (tenant_id, recoding_id) references recoding,
    foreign key (tenant_id, record_id) references record
);
create unique index recoded_open on recoded (tenant_id, record_id) where ended_at is null;
"""


def upgrade() -> None:
    run_sql(RECODING)
    run_sql(tenant_table_sql("recoding"))
    run_sql(tenant_table_sql("recoded"))


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
