"""Which rows of mapping tables a second person has confirmed, where nobody approves what is their own.

Empty where one person alone has written the row since then; what was there before counts as its writer's own.
"""

from __future__ import annotations

from ml_connector.store.tables import run_sql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


# The owner is bound by the tenants' policies too, but for the moment in which all tenants' rows are changed at once.
def upgrade() -> None:
    run_sql(
        """
alter table mapping no force row level security;
alter table mapping add column confirmed_by text;
update mapping set confirmed_by = changed_by;
alter table mapping force row level security;
"""
    )


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
