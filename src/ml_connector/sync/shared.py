"""SHARED: a firm that is customer and vendor is two records of two flows, with one party of the target between them."""

from __future__ import annotations

from collections.abc import Iterable

from ml_connector.canonical import documents
from ml_connector.canonical.master_data import Party
from ml_connector.integrations.decisions import Adopt, Decision, Hold, Write, waiting
from ml_connector.integrations.views import Candidate, View, placeholder
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.matching import Record

_NEW = placeholder("")


def to_be_made(target_id: str) -> Record | None:
    """The record whose party a placeholder stands for; None for an id that the target has given."""
    if not target_id.startswith(_NEW):
        return None
    flow, _, source_id = target_id.removeprefix(_NEW).partition(" ")
    return flow, source_id


def leans_on(decision: Decision) -> Record | None:
    """The record whose party, still to be made, a decision links its own record with."""
    return to_be_made(decision.target_id) if isinstance(decision, Adopt) else None


def once_made(decision: Decision, view: View) -> Decision:
    """The decision as it is carried out: a record that shares another one's new party asks for that, and waits for it."""
    record, party = leans_on(decision), view.document
    if record is None or not isinstance(party, Party):
        return decision
    told = {"name": party.name, "role": record[0].removesuffix("s"), "flow": record[0]}
    return Hold((waiting("party_shares_contact", "link", ":".join(record), **told),), (record,))


def as_shared(now: Write | Adopt, shown: Write | Adopt, view: View) -> bool:
    """Whether a record is linked with the party that its preview said another record would bring."""
    record = leans_on(shown)
    if record is None or not isinstance(now, Adopt) or not isinstance(shown, Adopt):
        return False
    held = {one.shared_with for one in view.candidates if one.party.id == now.target_id}
    same = (now.target_entity, now.origin, now.replaces) == (shown.target_entity, shown.origin, shown.replaces)
    return record in held and same


async def persons(transaction: LaneTransaction, flow: Flow, candidates: Iterable[Candidate]) -> set[str]:
    """Ids of candidates that belong to private persons, as the records of other flows tell that have them."""
    held = {one.shared_with: one.party.id for one in candidates if one.shared_with and not to_be_made(one.party.id)}
    if not held:
        return set()
    rows = await transaction.all(
        """select f.name, r.source_id, d.content_hash, d.canonical
        from unnest(%b::text[], %b::text[]) as wanted (flow, source_id)
        join flow f on f.tenant_id = %b and f.integration_id = %b and f.name = wanted.flow
        cross join lateral (select * from record where tenant_id = f.tenant_id and flow_id = f.flow_id
                            and source_id = wanted.source_id offset 0) r  -- see prepare._Batch
        join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id""",
        [one[0] for one in held], [one[1] for one in held], transaction.lane.tenant_id, flow.integration_id,
    )  # fmt: skip
    unseal = transaction.lane.sealer.open
    found = {(name, id_): documents.decode(unseal(b"canonical " + hash_, body)) for name, id_, hash_, body in rows}
    return {held[record] for record, one in found.items() if isinstance(one, Party) and one.private_person}
