"""LINKS: "this document here is that document there", written set by set, with what the target showed when they were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ml_connector.canonical import documents
from ml_connector.canonical.documents import Document
from ml_connector.integrations.agreed import Agreed
from ml_connector.integrations.base import FlowType
from ml_connector.integrations.views import settled_key
from ml_connector.sync import claims
from ml_connector.sync.directory import entry_name
from ml_connector.sync.flows import Flow
from ml_connector.sync.items import Claimed
from ml_connector.sync.lane import LaneTransaction, PartiesLinked
from ml_connector.sync.merged import losers_of
from ml_connector.sync.release import release, restage
from ml_connector.sync.retrack import look_for_linked
from ml_connector.sync.states import Priority, State
from ml_connector.sync.taken import taken_by
from ml_connector.sync.uses import let_in_linked, stage_users_again

_MADE_LISTS = ("dimensions", "items", "tax_codes")  # of the target, whose entries a flow may make
PARTIES = "parties"  # the list whose entries may be counterparts of several flows


@dataclass(frozen=True, slots=True)
class Ends:
    """A link as it is stored: a record of the flow that made it, and its counterpart."""

    entity: str
    source_id: str
    target_entity: str
    target_id: str


def ends(flow: FlowType, source_id: str, target_entity: str, target_id: str) -> Ends:
    """The link of a flow's record and its counterpart. A flow that mirrors another has that one's, from the other end."""
    if not flow.mirrors:
        return Ends(flow.name, source_id, target_entity, target_id)
    return Ends(flow.mirrors, target_id, flow.mirrored, source_id)


@dataclass(frozen=True, slots=True)
class NewLink:
    """A record and its counterpart. ``origin`` is `created`, `adopted` or `matched`.

    ``replaces``: the counterpart that was removed for this one; empty where there was none. ``agreed``: of a party, what
    both sides are agreed on, with the ``answer`` of the target; else it is what the target shows of the version, or ``base``.
    Of a document that went back it is the record's own, and ``answer``.
    """

    flow: Flow
    item: Claimed
    target_entity: str
    target_id: str
    origin: str
    replaces: str = ""
    agreed: Agreed | None = None
    answer: Document | None = None
    base: Document | None = None

    @property
    def ends(self) -> Ends:
        """As it is stored."""
        return ends(self.flow.type, self.item.source_id, self.target_entity, self.target_id)

    @property
    def bases(self) -> tuple[Document | None, Document | None]:
        """What is agreed of the counterpart and of the record, as the link is stored; None for what both show."""
        if self.agreed is None:
            return self.base, self.answer if self.flow.type.mirrors else None
        shown = self.agreed.with_answer(self.answer)
        return (self.agreed.source, shown) if self.flow.type.mirrors else (shown, self.agreed.source)


# The base of later merges is the target's document as the directory has it now, sealed as it lies there. A record that
# is linked to something else keeps that link whole: who stores links has made sure that there is none.
_STORE = """
    insert into link (tenant_id, integration_id, entity, source_id, target_entity, target_id, record_id, version_id,
                      origin, base, source_base, mirrored, made_at)
    select %b, page.integration_id, page.entity, page.source_id, page.target_entity, page.target_id, page.record_id,
           page.version_id, page.origin, coalesce(page.base, shown.body), page.source_base, page.mirrored,
           %b
    from unnest(%b::integer[], %b::text[], %b::text[], %b::text[], %b::text[], %b::bigint[], %b::bigint[], %b::text[],
                %b::bytea[], %b::bytea[], %b::boolean[])
         as page (integration_id, entity, source_id, target_entity, target_id, record_id, version_id, origin, base,
                  source_base, mirrored)
    left join lateral (select body from directory where tenant_id = %b and connection_id = %b
                       and entity = page.target_entity and object_id = page.target_id offset 0) shown on true
    on conflict (tenant_id, integration_id, entity, source_id) do update
    set version_id = coalesce(excluded.version_id, link.version_id),
        record_id = coalesce(link.record_id, excluded.record_id), base = coalesce(excluded.base, link.base),
        source_base = coalesce(excluded.source_base, link.source_base)
    where link.target_entity = excluded.target_entity and link.target_id = excluded.target_id"""


async def store_links(transaction: LaneTransaction, links: Sequence[NewLink]) -> None:
    """Write links, and let go on what waits for them. File the targets' documents in the directory before."""
    if not links:
        return
    lane, links = transaction.lane, await _with_own(transaction, links)
    await _let_go(transaction, [one for one in links if one.replaces])
    await transaction.run(
        _STORE, lane.tenant_id, lane.clock.now(), [one.flow.integration_id for one in links],
        [one.ends.entity for one in links], [one.ends.source_id for one in links],
        [one.ends.target_entity for one in links], [one.ends.target_id for one in links],
        *_versions(links), [one.origin for one in links], *_bases(transaction, links),
        [bool(one.flow.type.mirrors) for one in links], lane.tenant_id, lane.connection_id,
    )  # fmt: skip
    await _matching_changed(transaction, links)
    await links_made(transaction, [(one.flow, one.item) for one in links if not one.flow.type.mirrors])
    await _mirrored(transaction, links)
    await let_in_linked(transaction, [(one.flow, one.ends.entity, one.ends.target_id) for one in links])


async def _with_own(transaction: LaneTransaction, links: Sequence[NewLink]) -> list[NewLink]:
    """Of documents that went back the record's own is what the counterpart was made from, and what it is agreed with."""
    wanted = {one.item.version_id for one in links if one.flow.type.mirrors and one.agreed is None}
    if not wanted:
        return list(links)
    lane, found = transaction.lane, dict[int, Document]()
    rows = await transaction.all(
        "select version_id, content_hash, canonical from document where tenant_id = %b and version_id = any(%b::bigint[])",
        lane.tenant_id, sorted(wanted),
    )  # fmt: skip
    for version_id, content_hash, canonical in rows:
        found[version_id] = documents.decode(lane.sealer.open(b"canonical " + content_hash, canonical))
    return [replace(one, base=found.get(one.item.version_id, one.base)) for one in links]


def _versions(links: Sequence[NewLink]) -> tuple[list[int | None], list[int | None]]:
    """Record and version of each, where they are those of the flow that has the link."""
    own = [None if one.flow.type.mirrors else one.item for one in links]
    return [one.record_id if one else None for one in own], [one.version_id if one else None for one in own]


def _bases(transaction: LaneTransaction, links: Sequence[NewLink]) -> tuple[list[bytes | None], list[bytes | None]]:
    """What is agreed of both ends of each, sealed as entries of the directory are."""
    bases, source_bases = [], []
    for one in links:
        (base, source_base), place = one.bases, one.ends
        bases.append(_sealed(transaction, place.target_entity, place.target_id, base))
        source_bases.append(_sealed(transaction, place.entity, place.source_id, source_base))
    return bases, source_bases


def _sealed(transaction: LaneTransaction, entity: str, id_: str, document: Document | None) -> bytes | None:
    if document is None:
        return None
    return transaction.lane.sealer.seal(entry_name(entity, id_), documents.encode(document))


async def agree(transaction: LaneTransaction, links: Sequence[NewLink], *, in_part: bool = False) -> None:
    """Note of links that stand what both sides are agreed on now; ``in_part``: their version is not done with yet."""
    for one in links:
        (base,), (source_base,) = _bases(transaction, [one])
        (record,), (version,) = _versions([one])
        version = None if in_part else version
        await transaction.run(
            """update link set base = coalesce(%b::bytea, base), source_base = coalesce(%b::bytea, source_base),
                   record_id = coalesce(record_id, %b::bigint), version_id = coalesce(version_id, %b::bigint)
            where tenant_id = %b and integration_id = %b and entity = %b and source_id = %b and target_id = %b""",
            base, source_base, record, version, transaction.lane.tenant_id, one.flow.integration_id, one.ends.entity,
            one.ends.source_id, one.ends.target_id,
        )  # fmt: skip


async def _let_go(transaction: LaneTransaction, replacing: Sequence[NewLink]) -> None:
    """The links of counterparts that were removed so that others take their place."""
    if not replacing:
        return
    await transaction.run(
        """delete from link l
        using unnest(%b::integer[], %b::text[], %b::text[], %b::text[]) as page (integration_id, entity, source_id, target)
        where l.tenant_id = %b and l.integration_id = page.integration_id and l.entity = page.entity
          and l.source_id = page.source_id and l.target_id = page.target""",
        [one.flow.integration_id for one in replacing], [one.flow.name for one in replacing],
        [one.item.source_id for one in replacing], [one.replaces for one in replacing], transaction.lane.tenant_id,
    )  # fmt: skip
    moved = [(one.flow, one.item.source_id) for one in replacing]
    await stage_users_again(transaction, moved, "what it stands on was replaced")


async def _matching_changed(transaction: LaneTransaction, links: Sequence[NewLink]) -> None:
    """A party's link is a fact for matching: it is taken now, and documents of it may find their like.

    So is an entry of a list that was made: what is planned next uses it, and must not be planned from a list without it.
    """
    parties = [one for one in links if one.ends.target_entity == "parties"]
    made_lists = [one for one in links if one.ends.target_entity in _MADE_LISTS and one.origin == "created"]
    for integration_id in sorted({one.flow.integration_id for one in (*parties, *made_lists)}):
        row = await transaction.one(
            """update integration set generation = generation + 1 where tenant_id = %s and integration_id = %s
            returning generation""",
            transaction.lane.tenant_id, integration_id,
        )  # fmt: skip
        assert row is not None
        _note_linked(transaction, integration_id, int(row[0]), links)
        made = [(one.ends.entity, one.ends.source_id) for one in parties if one.flow.integration_id == integration_id]
        await look_for_linked(transaction.connection, transaction.lane.tenant_id, integration_id, made)
    await claims.decided(transaction, [f"{one.flow.name}:{one.item.source_id}" for one in parties])


def _note_linked(transaction: LaneTransaction, integration_id: int, generation: int, links: Sequence[NewLink]) -> None:
    """Whoever keeps lists need not load them anew for links of parties alone: twenty thousand may be linked by fifties."""
    own = [one for one in links if one.flow.integration_id == integration_id]
    if all(one.ends.target_entity == PARTIES and not one.replaces for one in own):
        ends_ = [(one.ends.entity, one.ends.target_id, one.ends.source_id) for one in own]
        taken = taken_by(own[0].flow.integration, ends_)
        transaction.linked.append(PartiesLinked(integration_id, generation, taken))


async def links_made(transaction: LaneTransaction, linked: Sequence[tuple[Flow, Claimed]]) -> None:
    """New links, or planned ones, are what others wait for."""
    await _release(transaction, [(flow, flow.name, item.source_id) for flow, item in linked])
    await settled(transaction, linked)


async def _mirrored(transaction: LaneTransaction, links: Sequence[NewLink]) -> None:
    """A link is one of the flow that goes the other way, too."""
    made = []
    for one in links:
        back = (type_.name for type_ in one.flow.integration.flows if type_.mirrors == one.flow.name)
        made += [(one.flow, name, one.target_id) for name in back]
        if one.flow.type.mirrors:
            made.append((one.flow, one.flow.type.mirrors, one.target_id))
    await _release(transaction, made)
    await _known_again(transaction, [one for one in links if one.flow.type.mirrors and one.flow.type.dated])


async def _known_again(transaction: LaneTransaction, links: Sequence[NewLink]) -> None:
    """Documents that went back and were read at their target before this was known are held there as new ones: not now."""
    lane = transaction.lane
    for one in links:
        rows = await transaction.all(
            """select r.version_id from record r
            join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id and f.integration_id = %b and f.name = %b
            where r.tenant_id = %b and r.source_id = %b""",
            one.flow.integration_id, one.ends.entity, lane.tenant_id, one.ends.source_id,
        )  # fmt: skip
        await restage(
            transaction.connection, lane.tenant_id, [row[0] for row in rows], [State.HELD, State.PLANNED],
            Priority.RELEASED,
        )  # fmt: skip


async def _release(transaction: LaneTransaction, made: Sequence[tuple[Flow, str, str]]) -> None:
    """Free what waits for these (flow of the integration, flow, source id), or for who was merged into them."""
    if not made:
        return
    keys = [f"{name}:{source_id}" for _, name, source_id in made]
    parties = [one for one in made if one[0].integration.flow(one[1]).as_needed]
    if parties:
        keys += await losers_of(transaction, [(flow.integration_id, name, id_) for flow, name, id_ in parties])
    await release(transaction.connection, transaction.lane.tenant_id, "link", keys)


async def settled(transaction: LaneTransaction, ended: Sequence[tuple[Flow, Claimed]]) -> None:
    """However a version has ended: what was taken off its counterpart for it goes back, and what is made from it goes on."""
    keys = [settled_key(flow.name, item.source_id) for flow, item in ended if _is_awaited(flow)]
    if keys:
        await release(transaction.connection, transaction.lane.tenant_id, "link", keys)


def _is_awaited(flow: Flow) -> bool:
    """Whether anything may wait for the end of its versions."""
    return flow.type.several_steps or any(flow.name in one.as_linked for one in flow.integration.flows)
