"""What tells by a column alone whether a posted document goes on at its target; empty for what was stored before."""

from __future__ import annotations

from ml_connector.store.tables import run_sql

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
alter table document add column settled text;
alter table directory add column troubled boolean;
"""
    )


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
