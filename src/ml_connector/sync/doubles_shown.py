"""Documents of the target's directory that stand under one reference or have the same facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.canonical.sales import Payment
from ml_connector.sync.directory import entry_name
from ml_connector.sync.lane import LaneTransaction

_OF_PAYMENTS = ("payments", "vendor_payments")


@dataclass(frozen=True, slots=True)
class Shown:
    """One live document that another one is like. ``claim``: the reference it shows or was made for; "" if none."""

    entity: str
    id: str
    claim: str
    ours: bool
    record_id: int | None


Suspects = Mapping[str, Sequence[Shown]]  # by group


@dataclass(frozen=True, slots=True)
class Double:
    """Documents that stand for one thing. ``key`` says which thing, the same in every sweep."""

    kind: str
    key: str
    shown: tuple[Shown, ...]
    reference: str

    @property
    def record_id(self) -> int | None:
        return next((one.record_id for one in self.shown if one.record_id is not None), None)

    @property
    def ids(self) -> list[str]:
        return [one.id for one in self.shown]


# Live documents with what they claim to be: the reference they show, else that of the record they are linked to; and the
# facts by which one is like another.
_LIVE = """
    with live as (
        select d.entity, d.object_id, coalesce(nullif(d.reference, ''), l.reference, '') as claim,
               d.reference <> '' or coalesce(l.origin in ('created', 'adopted'), false) as ours, l.record_id,
               case when d.number_key <> '' and d.party_id <> '' and d.document_date is not null and d.total is not null
                    then concat_ws('|', d.entity, d.party_id, d.number_key, d.document_date, trim_scale(d.total),
                                   d.currency)
                    when d.name_digest is not null then concat_ws('|', d.entity, encode(d.name_digest, 'hex')) end
                    as facts
        from directory d
        left join (select l.target_entity, l.target_id, l.origin, r.record_id, r.reference
                   from link l join flow f on f.tenant_id = l.tenant_id and f.integration_id = l.integration_id
                        and f.name = l.entity
                   join record r on r.tenant_id = l.tenant_id and r.record_id = l.record_id
                   where l.tenant_id = %b and f.target_id = %b) l
          on l.target_entity = d.entity and l.target_id = d.object_id
        where d.tenant_id = %b and d.connection_id = %b and d.entity = any(%b::text[]) and d.active and d.state <> 'gone'
    )"""
_BY_REFERENCE = f"""{_LIVE}
    select claim, entity, object_id, claim, bool_or(ours), min(record_id) from live
    where claim in (select claim from live where claim <> '' group by claim
                    having count(distinct (entity, object_id)) > 1)
    group by claim, entity, object_id order by claim, entity, object_id"""
_BY_FACTS = f"""{_LIVE}, alike as (
        select facts from live where facts is not null group by facts
        having count(distinct (entity, object_id)) > 1 and bool_or(ours)
    )
    select facts, entity, object_id, min(claim), bool_or(ours), min(record_id) from live join alike using (facts)
    group by facts, entity, object_id order by facts, object_id"""


async def _rows(transaction: LaneTransaction, query: str, entities: Sequence[str]) -> dict[str, list[Shown]]:
    ids = transaction.lane.tenant_id, transaction.lane.connection_id
    groups: dict[str, list[Shown]] = defaultdict(list)
    for key, *shown in await transaction.all(query, *ids, *ids, list(entities)):
        groups[key].append(Shown(*shown))
    return groups


async def of_one_reference(transaction: LaneTransaction, entities: Sequence[str]) -> list[Double]:
    """Doubles by the reference they show or were made for."""
    groups = await _rows(transaction, _BY_REFERENCE, entities)
    return [Double("reference", f"reference {key}", tuple(shown), key) for key, shown in groups.items()]


async def groups_alike(
    transaction: LaneTransaction, entities: Sequence[str], absent: Collection[str] = ()
) -> dict[str, list[Shown]]:
    """Documents with the same facts of which one says nothing of whose it is; those that say it are told apart by it.

    ``absent``: ids that the target has just denied; they are nobody's doubles today.
    """
    groups: dict[str, list[Shown]] = {}
    alike = await _paying_alike(transaction, await _rows(transaction, _BY_FACTS, entities))
    for key, found in alike.items():
        shown = [one for one in found if one.id not in absent]
        if len(shown) > 1 and any(one.ours for one in shown) and any(not one.claim for one in shown):
            groups[key] = shown
    return groups


async def _paying_alike(transaction: LaneTransaction, groups: Mapping[str, list[Shown]]) -> dict[str, list[Shown]]:
    """The groups, payments told apart by what they pay: the parts of one on two equal bills are no doubles."""
    lane = transaction.lane
    rows = await transaction.all(
        """select entity, object_id, body from directory where tenant_id = %b and connection_id = %b
           and entity = any(%b::text[]) and object_id = any(%b::text[])""",
        lane.tenant_id, lane.connection_id, [*_OF_PAYMENTS], sorted({one.id for shown in groups.values() for one in shown}),
    )  # fmt: skip
    pays = {
        (entity, id_): _paid(documents.decode(lane.sealer.open(entry_name(entity, id_), body)))
        for entity, id_, body in rows
    }
    apart: dict[str, list[Shown]] = defaultdict(list)
    for key, shown in groups.items():
        for one in shown:
            apart[f"{key}{pays.get((one.entity, one.id), '')}"].append(one)
    return apart


def _paid(payment: Document) -> str:
    """What a payment pays, as an end of a group's key; empty where that is not shown."""
    splits = payment.splits if isinstance(payment, Payment) else ()
    return "".join(f"|{id_}" for id_ in sorted({one.document.id for one in splits}))
