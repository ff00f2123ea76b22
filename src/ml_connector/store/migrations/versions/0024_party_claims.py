"""By what each party of a source is told from others: keyed digests, so that two that claim one counterpart are found."""

from __future__ import annotations

from ml_connector.store.tables import run_sql, tenant_table_sql

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

CLAIMS = """
create table party_claim (
    tenant_id integer not null,
    flow_id integer not null,
    record_id bigint not null,
    digest bytea not null check (length(digest) = 32),
    primary key (tenant_id, record_id, digest),
    foreign key (tenant_id, flow_id) references flow,
    foreign key (tenant_id, record_id) references record
);
comment on column party_claim.digest is 'keyed hash of the name, the e-mail or the account number: compared, read by nobody';
create index party_claim_by_digest on party_claim (tenant_id, flow_id, digest);
"""


def upgrade() -> None:
    run_sql(CLAIMS + tenant_table_sql("party_claim"))


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
