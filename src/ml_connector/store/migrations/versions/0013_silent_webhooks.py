"""How many changes readings found of what no webhook has ever told of, though one is set up for its vendor. Counts only."""

from __future__ import annotations

from ml_connector.store.tables import run_sql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("alter table announcement add column found integer not null default 0;")


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
