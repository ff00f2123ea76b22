"""Which parties were last seen with all that their system tells of them, and when they were last asked for that; and which

links were made by the flow that goes the other way, so that what is created is the source's end of it.

Of parties that are there already it is not known; those that we made are read once more.
"""

from __future__ import annotations

from ml_connector.store.tables import run_sql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


# The owner is bound by the tenants' policies too, but for the moment in which all tenants' rows are changed at once.
def upgrade() -> None:
    run_sql(
        """
alter table directory no force row level security;
alter table link no force row level security;
alter table directory add column in_full boolean not null default true;
alter table directory add column asked_at timestamptz not null default '-infinity';
alter table link add column mirrored boolean not null default false;
update link set mirrored = true where record_id is null;
update directory set in_full = false where entity = 'parties';
alter table directory force row level security;
alter table link force row level security;
"""
    )


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
