"""What parties need that two systems keep: the source's side of what is agreed, and who was merged into whom.

``source_base`` is sealed as ``base`` is; without it the version that was posted is what was agreed. In the clear stand ids.
"""

from __future__ import annotations

from ml_connector.store.tables import run_sql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
alter table link add column source_base bytea;
alter table link alter column source_base set storage external;
alter table record add column merged_into text not null default '';
alter table directory add column merged_into text not null default '';
create index record_merged on record (tenant_id, flow_id, merged_into) where merged_into <> '';
create index directory_merged on directory (tenant_id, connection_id, entity) where merged_into <> '';
"""
    )


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
