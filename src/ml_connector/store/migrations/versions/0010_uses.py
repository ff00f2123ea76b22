"""Who stands on whose counterpart: payments on invoices, credits on what they correct, refunds on payments.

What becomes of a counterpart concerns those who use it: one that is replaced, or taken off it for a change, goes again.
Pairs of ids only.
"""

from __future__ import annotations

from ml_connector.store.tables import run_sql, tenant_table_sql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

USES = """
create table uses (
    tenant_id integer not null,
    record_id bigint not null,
    integration_id integer not null,
    entity text not null,
    source_id text not null,
    primary key (tenant_id, record_id, entity, source_id),
    foreign key (tenant_id, record_id) references record
);
create index uses_of on uses (tenant_id, integration_id, entity, source_id);
"""


def upgrade() -> None:
    run_sql(USES)
    run_sql(tenant_table_sql("uses"))


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
