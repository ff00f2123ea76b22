"""What payments need: a contact that is customer and vendor, and documents found by amount or by their party.

A firm that is customer and vendor has two links to its one contact; any other document has one counterpart.
"""

from __future__ import annotations

from ml_connector.store.tables import run_sql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    run_sql(
        """
alter table link drop constraint link_tenant_id_target_entity_target_id_integration_id_key;
alter table link add constraint link_by_target unique (tenant_id, target_entity, target_id, integration_id, entity);
create unique index link_of_document on link (tenant_id, target_entity, target_id, integration_id)
    where target_entity <> 'parties';
create index directory_by_amount on directory (tenant_id, connection_id, entity, total, document_date)
    where entity = 'payments';
create index directory_by_party on directory (tenant_id, connection_id, entity, party_id)
    where entity in ('overpayments', 'prepayments');
"""
    )


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
