"""UNWRITTEN: versions that end without a write: tracked, skipped, unchanged, or linked with what is there."""

from __future__ import annotations

from collections.abc import Sequence

from ml_connector.integrations.decisions import Adopt, Skip, Unchanged
from ml_connector.integrations.tracked import Track
from ml_connector.sync.follow import wake_followers
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.links import NewLink, agree, settled, store_links
from ml_connector.sync.planned import Planned, move, tell
from ml_connector.sync.states import IntentState, State
from ml_connector.sync.superseding import went_back
from ml_connector.sync.tracked import Tracked, store_tracked


async def track(transaction: LaneTransaction, planned: Sequence[Planned]) -> None:
    """Keep what was found of documents that are only tracked, and tell what is new of it."""
    found = [Tracked(one.item, one.flow, one.decision) for one in planned if isinstance(one.decision, Track)]
    anew = {one.item.version_id for one in await store_tracked(transaction, found)}
    for one in found:
        if one.item.version_id in anew:
            transaction.event(
                "tracked", record_id=one.item.record_id, version_id=one.item.version_id, run_id=one.item.run_id,
                finding=one.track.finding, target=one.track.target_id, sentence=one.track.sentence,
            )  # fmt: skip
    await move(transaction, planned, [State.TRACKED] * len(planned), [one.track.finding for one in found])


async def skip(transaction: LaneTransaction, skipped: Sequence[Planned]) -> None:
    """Pass versions over, as a rule says."""
    codes = []
    for one in skipped:
        assert isinstance(one.decision, Skip)
        codes.append(one.decision.code)
        tell(transaction, one, "skipped", code=one.decision.code, sentence=one.decision.sentence)
    await agree(transaction, [link for one in skipped if (link := _agreed(one)) is not None])
    await move(transaction, skipped, [State.SKIPPED] * len(skipped), codes)
    await settled(transaction, [(one.flow, one.item) for one in skipped])


async def leave_unchanged(transaction: LaneTransaction, unchanged: Sequence[Planned]) -> None:
    """A version that is itself what was posted stays `posted` or `linked`; a newer one without a difference is unchanged."""
    if not unchanged:
        return
    await _in_line(transaction, [one for one in unchanged if _agreed(one) is None])
    rows = await transaction.all(
        """select version_id, origin from link where tenant_id = %b and version_id = any(%b::bigint[])""",
        transaction.lane.tenant_id, [one.item.version_id for one in unchanged],
    )  # fmt: skip
    origins, meanwhile = dict(rows), await _linked_meanwhile(transaction, unchanged)
    back = await went_back(transaction, [one.item.version_id for one in unchanged if one.flow.type.mirrors])
    states = []
    for one in unchanged:
        target = meanwhile.get(one.item.version_id)
        origin = origins.get(one.item.version_id, "created" if one.item.version_id in back else None)
        state = State.LINKED if target else State.UNCHANGED if origin is None else _state_of(origin)
        states.append(state)
        if target:
            tell(transaction, one, "linked", target=target, evidence="linked from the other side")
        else:
            tell(transaction, one, "unchanged", state=state.word)
    await agree(transaction, [link for one in unchanged if (link := _agreed(one)) is not None])
    await move(transaction, unchanged, states, [""] * len(unchanged))
    await wake_followers(transaction, [one.flow for one in unchanged])
    await settled(transaction, [(one.flow, one.item) for one in unchanged])


async def _linked_meanwhile(transaction: LaneTransaction, unchanged: Sequence[Planned]) -> dict[int, str]:
    """By version: what it was linked with from the other side, before its own record came to be planned."""
    rows = await transaction.all(
        """select page.version_id, l.target_id
        from unnest(%b::integer[], %b::text[], %b::text[], %b::bigint[])
             as page (integration_id, entity, source_id, version_id)
        join link l on l.tenant_id = %b and l.integration_id = page.integration_id and l.entity = page.entity
                   and l.source_id = page.source_id and l.record_id is null and l.origin <> 'created'""",
        [one.flow.integration_id for one in unchanged], [one.flow.name for one in unchanged],
        [one.item.source_id for one in unchanged], [one.item.version_id for one in unchanged],
        transaction.lane.tenant_id,
    )  # fmt: skip
    return dict(rows)


async def _in_line(transaction: LaneTransaction, unchanged: Sequence[Planned]) -> None:
    """A version whose update was sent, and needs no other since the target shows it, is the one that was posted."""
    if not unchanged:
        return
    lane = transaction.lane
    await transaction.run(
        """update link l set version_id = page.version_id, base = coalesce(
               (select body from directory where tenant_id = l.tenant_id and connection_id = %b
                and entity = l.target_entity and object_id = l.target_id), l.base)
        from unnest(%b::integer[], %b::text[], %b::text[], %b::bigint[], %b::bigint[])
             as page (integration_id, entity, source_id, record_id, version_id)
        where l.tenant_id = %b and l.integration_id = page.integration_id and l.entity = page.entity
          and l.source_id = page.source_id and l.version_id <> page.version_id
          and exists (select 1 from intent where tenant_id = l.tenant_id and record_id = page.record_id
                      and version_id = page.version_id and action = 'update' and entity = l.target_entity
                      and state = %b)""",
        lane.connection_id, [one.flow.integration_id for one in unchanged], [one.flow.name for one in unchanged],
        [one.item.source_id for one in unchanged], [one.item.record_id for one in unchanged],
        [one.item.version_id for one in unchanged], lane.tenant_id, IntentState.WITHDRAWN.value,
    )  # fmt: skip


def _agreed(one: Planned) -> NewLink | None:
    """What a party and its counterpart are agreed on, since both show the same."""
    agreed = one.decision.agreed if isinstance(one.decision, Unchanged | Skip) else None
    if agreed is None or agreed.target is None:
        return None
    return NewLink(one.flow, one.item, one.flow.type.parties, agreed.target.id, "", agreed=agreed)


async def link_adopted(transaction: LaneTransaction, adopted: Sequence[Planned]) -> None:
    """Link versions with what is there already."""
    links = []
    for one in adopted:
        assert isinstance(one.decision, Adopt)
        adopt = one.decision
        entity, id_ = adopt.target_entity, adopt.target_id
        links.append(NewLink(one.flow, one.item, entity, id_, adopt.origin, adopt.replaces, agreed=adopt.agreed))
        tell(transaction, one, _state_of(adopt.origin).word, target=adopt.target_id, evidence=adopt.evidence)
    await store_links(transaction, links)
    await move(transaction, adopted, [_state_of(one.origin) for one in links], [""] * len(adopted))
    await wake_followers(transaction, [one.flow for one in links if one.origin == "created"])


def _state_of(origin: str) -> State:
    """What a linked version is: what we made is `posted`, however we came to know that we had."""
    return State.POSTED if origin == "created" else State.LINKED
