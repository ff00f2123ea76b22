"""Surveys: which keys of the mapping tables the documents of the last months use, before anything goes live.

Of a document its id, day, sum and keys are kept, nothing else of it. ``to_read`` are the flows' entities that are still to be
read, in order; ``cursor`` is where the first of them goes on. ``name`` of a key is sealed.
"""

from __future__ import annotations

from ml_connector.store.tables import run_sql, tenant_table_sql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

SURVEY = """
create table survey (
    tenant_id integer not null,
    integration_id integer not null,
    since date not null,
    begun_at timestamptz not null,
    begun_by text not null,
    to_read text[] not null,
    cursor bytea,
    ended_at timestamptz,
    primary key (tenant_id, integration_id),
    foreign key (tenant_id, integration_id) references integration
);
create table surveyed (
    tenant_id integer not null,
    integration_id integer not null,
    flow text not null,
    source_id text not null,
    day date not null,
    currency text not null,
    amount numeric not null,
    keys text[] not null,
    primary key (tenant_id, integration_id, flow, source_id),
    foreign key (tenant_id, integration_id) references survey on delete cascade
);
create table survey_key (
    tenant_id integer not null,
    integration_id integer not null,
    key text not null,
    name bytea not null,
    primary key (tenant_id, integration_id, key),
    foreign key (tenant_id, integration_id) references survey on delete cascade
);
"""


def upgrade() -> None:
    run_sql(SURVEY)
    for table in ("survey", "surveyed", "survey_key"):
        run_sql(tenant_table_sql(table))


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
