"""What a stored plan has read of the mapping tables, and what it would be now where that is not what was approved.

``reads`` and ``renewed`` are sealed as the plan's ``body`` is; ``renewed_digest`` is what a new approval is bound to.
"""

from __future__ import annotations

from ml_connector.store.tables import run_sql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
alter table plan add column reads bytea;
alter table plan add column renewed_digest bytea;
alter table plan add column renewed bytea;
alter table plan add column renewed_reads bytea;
alter table plan alter column reads set storage external;
alter table plan alter column renewed set storage external;
alter table plan alter column renewed_reads set storage external;
"""
    )


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
