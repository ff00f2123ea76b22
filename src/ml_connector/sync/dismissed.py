"""Changes that a person has dismissed: of a record that has its counterpart, what comes later is laid against them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ml_connector.canonical import documents
from ml_connector.integrations.views import Linked
from ml_connector.sync.directory import entry_name
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.states import DISMISSED, IntentState, State

# `offset 0` as in prepare._Batch.
_DISMISSED = """
    select l.link_id, {end}, d.content_hash, d.canonical
    from unnest(%b::bigint[]) as given (version_id)
    cross join lateral (select record_id from version_state where tenant_id = %b and version_id = given.version_id
                        and state = %b and reason = %b offset 0) s
    join record r on r.tenant_id = %b and r.record_id = s.record_id
    join document d on d.tenant_id = %b and d.version_id = given.version_id
    cross join lateral (select * from link where tenant_id = %b and integration_id = %b and entity = %b
                        and {found} offset 0) l"""
_FORWARD = _DISMISSED.format(end="l.entity, l.source_id", found="source_id = r.source_id")
_BACK = _DISMISSED.format(
    end="l.target_entity, l.target_id", found="target_entity = %b and target_id = r.source_id and mirrored"
)  # what came the other way has its base there
# The versions that were entered, of records that went back.
_WENT = """
    select r.source_id, d.content_hash, d.canonical
    from unnest(%b::text[]) as mine (id)
    cross join lateral (select * from record where tenant_id = %b and flow_id = %b and source_id = mine.id offset 0) r
    cross join lateral (select version_id from intent where tenant_id = r.tenant_id and record_id = r.record_id
                        and action = 'create' and state = %b order by intent_id desc limit 1) i
    cross join lateral (select * from document where tenant_id = r.tenant_id
                        and version_id = i.version_id offset 0) d"""


async def laid_against(transaction: LaneTransaction, flow: Flow, versions: Sequence[int]) -> None:
    """Note of those that a person has dismissed what they show, as agreed with their counterparts.

    For versions that are about to give way: a newer one is planned from this. One that is replayed instead was dismissed
    for nothing, and is laid against what was agreed before.
    """
    if not flow.type.lays_against_dismissed or not versions:
        return
    lane, back = transaction.lane, flow.type.mirrors
    rows = await transaction.all(
        _BACK if back else _FORWARD, list(versions), lane.tenant_id, State.SKIPPED.value, DISMISSED, lane.tenant_id,
        lane.tenant_id, lane.tenant_id, flow.integration_id, *((back, flow.type.mirrored) if back else (flow.name,)),
    )  # fmt: skip
    for link_id, entity, id_, content_hash, canonical in rows:
        shown = lane.sealer.seal(entry_name(entity, id_), lane.sealer.open(b"canonical " + content_hash, canonical))
        await transaction.run(
            f"update link set {'base' if back else 'source_base'} = %b where tenant_id = %b and link_id = %b",
            shown, lane.tenant_id, link_id,
        )  # fmt: skip


async def dismissed_since(transaction: LaneTransaction, flow: Flow, links: Mapping[str, Linked]) -> dict[str, Linked]:
    """The links of records that went back, by source id, with what tells that another version than the one that was

    entered is agreed on by now: one that a person has dismissed, since nothing else moves what is agreed of such a record.
    """
    ids = [id_ for id_, link in links.items() if link.mirrored and link.source is not None]
    if not flow.type.lays_against_dismissed or not ids:
        return dict(links)
    lane, found = transaction.lane, dict(links)
    rows = await transaction.all(_WENT, ids, lane.tenant_id, flow.flow_id, IntentState.DONE.value)
    for source_id, content_hash, canonical in rows:
        went = documents.decode(lane.sealer.open(b"canonical " + content_hash, canonical))
        found[source_id] = replace(found[source_id], dismissed=went != found[source_id].source)
    return found
