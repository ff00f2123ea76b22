"""WITNESSES: the documents that we made for a party, and whom they name now that the contact they were made on is gone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Party
from ml_connector.canonical.purchases import Bill
from ml_connector.canonical.sales import Invoice
from ml_connector.integrations.views import Linked, Named
from ml_connector.sync.coming import makes_parties
from ml_connector.sync.directory import entry_name
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import LaneTransaction

PARTIES = "parties"
WITNESSES = 10  # documents that are asked, the last ones that were made
LOOKED_THROUGH = (
    200  # documents of one party that are opened to find these: most may stand on contacts of its locations
)
# The documents that name a contact of each kind, of those that are made from here. No payment: it stands on the contact of
# its invoices, which may be a location's.
_NAMING = {
    "customer": ("invoices", "credit_notes"),
    "vendor": ("bills", "vendor_credits"),
}

# A location's id begins with its customer's (master_data.location_id), whom its documents name; which of them stand on its
# own contact ``_is_own`` tells.
_MADE = """
    select l.entity, l.target_entity, l.target_id, d.content_hash, d.canonical, own.source_id
    from link own
    join link l on l.tenant_id = own.tenant_id and l.integration_id = own.integration_id and l.target_entity = any(%b::text[])
    cross join lateral (select party_id, content_hash, canonical from document where tenant_id = l.tenant_id
                        and version_id = l.version_id offset 0) d
    where own.tenant_id = %b and own.integration_id = %b and own.entity = %b and own.target_id = %b
      and d.party_id = case own.entity when 'locations' then split_part(own.source_id, '-', 1) else own.source_id end
    order by l.link_id desc limit %b"""
_SHOWN = """
    select distinct e.entity, e.object_id, e.party_id, p.body
    from unnest(%b::text[], %b::text[]) as made (entity, object_id)
    cross join (values (%b::integer, %b::integer)) as here (tenant_id, connection_id)
    join directory e on e.tenant_id = here.tenant_id and e.connection_id = here.connection_id and e.entity = made.entity
         and e.object_id = made.object_id and e.state <> 'gone'
    join directory p on p.tenant_id = e.tenant_id and p.connection_id = e.connection_id and p.entity = %b
         and p.object_id = e.party_id and p.state <> 'gone'"""
_HOLDERS = """
    select target_id, entity, source_id from link
    where tenant_id = %b and integration_id = %b and target_entity = %b and target_id = any(%b::text[])"""


def tells_no_survivor(flow: Flow) -> bool:
    """Whether a flow has parties whose ledger names no survivor of a merger."""
    return makes_parties(flow.type) and bool(flow.type.one_kind) and not flow.type.ways.tells_survivor


async def made_for(transaction: LaneTransaction, flow: Flow, contact: str) -> Mapping[str, list[str]]:
    """The documents that were made for the party that is linked with a contact, by list; the last ones first."""
    rows = await transaction.all(
        _MADE, list(_NAMING[flow.type.one_kind]), transaction.lane.tenant_id, flow.integration_id, flow.name, contact,
        LOOKED_THROUGH,
    )  # fmt: skip
    found: dict[str, list[str]] = defaultdict(list)
    own = [(entity, id_) for name, entity, id_, *of in rows if _is_own(transaction, flow, name, *of)]
    for entity, id_ in own[:WITNESSES]:
        found[entity].append(id_)
    return found


def _is_own(
    transaction: LaneTransaction, flow: Flow, made_by: str, content_hash: bytes, canonical: bytes, source_id: str
) -> bool:
    """Whether a document of a party stands on that one's own contact, and not on one of its locations'."""
    document = documents.decode(transaction.lane.sealer.open(b"canonical " + content_hash, canonical))
    if not isinstance(document, Invoice | Bill):
        return False  # as a payment that is written off by a credit note
    whose = flow.integration.flow(made_by).needs_links(document, flow.settings)[:1]
    return whose == ((flow.name, source_id),)


async def named_now(
    transaction: LaneTransaction, flow: Flow, own: Mapping[str, Linked]
) -> Mapping[str, tuple[Named, ...]]:
    """Of linked parties (by source id) whose contact is gone, the contacts that their documents name, most of them first."""
    if not tells_no_survivor(flow):
        return {}
    lost = {id_: one.target_id for id_, one in own.items() if one.now is None and one.target_entity == PARTIES}
    return {id_: await _named(transaction, flow, contact) for id_, contact in lost.items()}


async def _named(transaction: LaneTransaction, flow: Flow, contact: str) -> tuple[Named, ...]:
    made = [(entity, id_) for entity, ids in (await made_for(transaction, flow, contact)).items() for id_ in ids]
    lane = transaction.lane
    rows = await transaction.all(
        _SHOWN, [entity for entity, _ in made], [id_ for _, id_ in made], lane.tenant_id, flow.target_id, PARTIES
    )
    bodies = {party: body for _, _, party, body in rows}
    shown = {id_: documents.decode(lane.sealer.open(entry_name(PARTIES, id_), body)) for id_, body in bodies.items()}
    holders = await _holders(transaction, flow, list(bodies))
    counted = Counter(party for _, _, party, _ in rows).most_common()
    return tuple(
        Named(party, count, holders.get(id_, ""))
        for id_, count in sorted(counted, key=lambda one: (-one[1], one[0]))
        if isinstance(party := shown[id_], Party)
    )


async def _holders(transaction: LaneTransaction, flow: Flow, contacts: Sequence[str]) -> dict[str, str]:
    """By contact what a party of the same flow is called here that has it."""
    rows = await transaction.all(
        _HOLDERS, transaction.lane.tenant_id, flow.integration_id, PARTIES, list(contacts)
    )  # fmt: skip
    return {target_id: f"{entity} {source_id}" for target_id, entity, source_id in rows}
