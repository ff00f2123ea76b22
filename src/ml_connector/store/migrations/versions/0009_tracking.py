"""What tracked documents were found to be: one row a record, of its newest version that was looked at.

`target_id` is the ledger's document that a record is matched with, one to one; `candidates` are all that may be it. In
the clear stand ids, the finding and when it was looked at; amounts, numbers and names are sealed in `detail`.
"""

from __future__ import annotations

from ml_connector.store.tables import run_sql, tenant_table_sql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TRACKING = """
create table tracking (
    tenant_id integer not null,
    record_id bigint not null,
    version_id bigint not null,
    flow_id integer not null,
    connection_id integer not null,
    finding text not null,
    party_id text not null,
    target_id text not null,
    rank smallint not null,
    candidates text[] not null,
    since timestamptz not null,
    looked_at timestamptz not null,
    detail bytea storage external not null,
    primary key (tenant_id, record_id),
    foreign key (tenant_id, record_id) references record
) with (fillfactor = 70);
create unique index tracking_of_target on tracking (tenant_id, flow_id, target_id) where target_id <> '';
create index tracking_by_party on tracking (tenant_id, connection_id, party_id);
create index directory_by_vendor on directory (tenant_id, connection_id, party_id) where entity = 'bills';
"""


def upgrade() -> None:
    run_sql(TRACKING)
    run_sql(tenant_table_sql("tracking"))


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
