"""What an earlier start date takes up while a flow is live is only shown, until a person has approved it."""

from __future__ import annotations

from ml_connector.store.tables import run_sql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("alter table flow add column live_from date;")


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
