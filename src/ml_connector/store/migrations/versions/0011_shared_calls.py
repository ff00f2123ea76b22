"""Which call each of several documents went in, and which tries ended because a document could not be read before.

A call is stored once, with its first intent; the others of the same call are in ``exchange_part``. ``documents`` is how
many went in it. ``unread`` marks the intent of a change that did not leave since what it would change could not be read.

Whom payments stand on was not kept before 0010, and can only be read from sealed documents: a feed ``uses <flow>`` says
from which record on down a lane still has to note it, see sync.uses.
"""

from __future__ import annotations

from ml_connector.store.tables import run_sql, tenant_table_sql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SHARED = """
alter table exchange add column documents smallint not null default 1;
create table exchange_part (
    tenant_id integer not null,
    intent_id bigint not null,
    exchange_id bigint not null,
    primary key (tenant_id, intent_id, exchange_id),
    foreign key (tenant_id, exchange_id) references exchange
);
alter table intent add column unread boolean not null default false;
"""

# The owner is bound by the tenants' policies too, but for the moment in which all tenants' flows are gone through at once.
OLDER_USES = """
alter table flow no force row level security;
alter table record no force row level security;
alter table feed no force row level security;
insert into feed (tenant_id, connection_id, name, cursor, moved_at)
select f.tenant_id, f.target_id, 'uses ' || f.flow_id, convert_to(max(r.record_id)::text, 'UTF8'), now()
from flow f join record r on r.tenant_id = f.tenant_id and r.flow_id = f.flow_id
group by f.tenant_id, f.target_id, f.flow_id;
alter table flow force row level security;
alter table record force row level security;
alter table feed force row level security;
"""


def upgrade() -> None:
    run_sql(SHARED)
    run_sql(OLDER_USES)
    run_sql(tenant_table_sql("exchange_part"))


def downgrade() -> None:
    raise RuntimeError("the ledger is never taken back; restore a backup instead")
