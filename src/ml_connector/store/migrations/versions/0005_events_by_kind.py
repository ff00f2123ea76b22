"""Events that concern no one record are found by their kind, such as the last change of the mapping."""

from __future__ import annotations

from ml_connector.store.tables import run_sql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("create index audit_event_by_kind on audit_event (tenant_id, kind, chain_no) where record_id is null;")


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
