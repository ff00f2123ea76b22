"""Payments of bills at the target are found by amount and day, as customers' payments are."""

from __future__ import annotations

from ml_connector.store.tables import run_sql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
create index directory_by_paid on directory (tenant_id, connection_id, entity, total, document_date)
    where entity = 'vendor_payments';
"""
    )


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
