"""Two settings of integrations that stage are gone: rows for ServiceNow state every amount, so no rounding line ever was."""

from __future__ import annotations

from ml_connector.store.tables import run_sql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


# The owner is bound by the tenants' policies too, but for the moment in which all tenants' rows are changed at once.
def upgrade() -> None:
    run_sql(
        """
alter table integration no force row level security;
update integration set settings = settings - 'rounding_account' - 'rounding_limit' where kind like '%-servicenow';
alter table integration force row level security;
"""
    )


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
