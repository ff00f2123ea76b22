"""When a record was last shown by a list that is looked through for what was deleted, and whether it was found deleted."""

from __future__ import annotations

from ml_connector.store.tables import run_sql

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
alter table record add column shown_at timestamptz;
alter table record add column deleted boolean not null default false;
"""
    )


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
