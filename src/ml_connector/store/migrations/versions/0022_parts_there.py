"""How many parts of a step that was not proved its look-up found there: a try that brought some is none in vain."""

from __future__ import annotations

from ml_connector.store.tables import run_sql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql("alter table intent add column parts integer not null default 0;")


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
