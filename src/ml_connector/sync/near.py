"""What people may have keyed by hand at the target: payments and credit notes of an equal amount and a near day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from decimal import Decimal

from ml_connector.canonical.master_data import Organisation
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Item

Key = tuple[int, Decimal, dt.date, dt.date]

# As (record, entity, id, body) of documents that nobody is linked with; `offset 0` as in prepare._Batch. The list stands in
# the text, since its index is of payments alone.
_NEAR = """
    select mine.record_id, e.entity, e.object_id, e.body
    from unnest(%b::bigint[], %b::numeric[], %b::date[], %b::date[]) as mine (record_id, amount, since, until)
    cross join lateral (select * from directory d where tenant_id = %b and connection_id = %b and entity = '{entity}'
                        and total = mine.amount
                        and document_date between mine.since - %b::interval and mine.until + %b::interval
                        and state <> 'gone' and not exists (
                            select 1 from link l where l.tenant_id = d.tenant_id and l.target_entity = '{entity}'
                            and l.target_id = d.object_id){back}
                        offset 0) e"""
# Of a flow that mirrors another, the target's documents are linked as that one's records.
_BACK = """
                        and not exists (
                            select 1 from link l join integration i on i.tenant_id = l.tenant_id
                            and i.integration_id = l.integration_id and i.source_id = d.connection_id
                            where l.tenant_id = d.tenant_id and l.entity = '{entity}' and l.source_id = d.object_id)"""
NEAR = {entity: _NEAR.format(entity=entity, back="") for entity in ("payments", "vendor_payments")}
NEAR_BACK = {entity: _NEAR.format(entity=entity, back=_BACK.format(entity=entity)) for entity in NEAR}
# There are few credit notes beside payments: they are gone through once for all records.
NEAR_CREDITS = """
    select mine.record_id, e.entity, e.object_id, e.body
    from unnest(%b::bigint[], %b::numeric[], %b::date[], %b::date[]) as mine (record_id, amount, since, until)
    join directory e on e.tenant_id = %b and e.connection_id = %b and e.entity = 'credit_notes' and e.total = mine.amount
                     and e.document_date between mine.since - %b::interval and mine.until + %b::interval
                     and e.active and e.state <> 'gone'
    where not exists (select 1 from link l where l.tenant_id = e.tenant_id and l.target_entity = 'credit_notes'
                      and l.target_id = e.object_id)"""


def days_of(
    flow: Flow, items: Sequence[Item], ledger: Organisation, behind: Collection[tuple[str, str]] = ()
) -> list[Key]:
    """(record, amount, first and last day) of what twins of each are looked for, see FlowType.amounts and FlowType.days."""
    found: set[Key] = set()
    for item in items:
        if days := flow.type.days(item.document, flow.settings, ledger):
            amounts = flow.type.amounts(item.document, behind)
            found |= {(item.record_id, amount, min(days), max(days)) for amount in amounts}
    return sorted(found)
