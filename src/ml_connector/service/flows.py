"""Turning flows off, to preview, as needed, or live."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from ml_connector.errors import BadInput, Refused
from ml_connector.integrations.scopes import documents_of, parties_back
from ml_connector.lanes.questions import renewal
from ml_connector.sealing import Sealer
from ml_connector.service import settings as texts
from ml_connector.service.desk import Change, Desk, Reading
from ml_connector.service.four_eyes import confirm_rows, own_plans
from ml_connector.service.integrating import FlowLine, Integration, integrations_in
from ml_connector.service.outdated import made_plans, outdated
from ml_connector.service.roles import Role
from ml_connector.service.scopes import refuse_overlap, refuse_two_ledgers_back
from ml_connector.sync.release import release_links, restage
from ml_connector.sync.states import IN_FLIGHT, Priority, State

MODES = ("off", "preview", "live", "as needed")


@dataclass(frozen=True, slots=True)
class ModeSet:
    """A flow's new mode; ``approved`` plans of its preview are now on their way, and so is what is ``taken_up``:

    what had been passed over, or waited, only because of the mode the flow was in. ``withdrawn`` approvals were not
    carried out yet, and have to be given again. ``unseen``: it went live and nothing of it had been previewed;
    ``planned_before`` of the approved plans were made before a setting or a row that they have read changed. ``tracks``: its
    documents are only matched with what the ledger has, and nothing of it is ever posted. ``own``: plans of the preview that
    somebody else has to approve, see four_eyes.
    """

    flow: str
    title: str
    was: str
    mode: str
    approved: int = 0
    taken_up: int = 0
    withdrawn: int = 0
    unseen: bool = False
    planned_before: int = 0
    tracks: bool = False
    own: int = 0


@dataclass(frozen=True, slots=True)
class Previewed:
    """What a person can have seen of a flow: ``planned`` documents, ``planned_before`` of them before a setting or a row

    that they have read changed. ``unseen``: nothing of the flow was planned, held or passed over yet.
    """

    planned: int
    planned_before: int
    unseen: bool


async def previewed(desk: Desk, integration: Integration, flow_name: str) -> Previewed:
    """What was seen of a flow so far. Raises NotFound."""
    flow, sealer = integration.flow(flow_name), await desk.sealer()
    async with desk.looking() as reading:
        return await _previewed(desk, reading, sealer, integration, flow)


async def _previewed(
    desk: Desk, reading: Reading, sealer: Sealer, integration: Integration, flow: FlowLine
) -> Previewed:  # fmt: skip
    row = await reading.one(
        """select count(*) from version_state
        where tenant_id = %s and flow_id = %s and state <> %s and not (state = %s and reason = 'not_needed')""",
        reading.tenant_id, flow.flow_id, State.STAGED.value, State.SKIPPED.value,
    )  # fmt: skip
    assert row is not None
    plans = await made_plans(reading, [flow.flow_id])
    # What follows another flow shows nothing before it is on, and then what that one has posted; what is only tracked
    # posts nothing that somebody should have seen.
    type_ = desk.runtime.integrations[integration.kind].flow(flow.name)
    before = await outdated(reading, sealer, plans)
    return Previewed(len(plans), before, unseen=row[0] == 0 and not type_.follows and not type_.tracks)


async def set_flow_mode(desk: Desk, integration: Integration, flow_name: str, mode: str) -> ModeSet:
    """Set a flow's mode; live approves what its preview shows, and posts it. Raises NotFound, BadInput, Refused.

    Off keeps approvals and carries none out; in preview and as needed those that have not been carried out are withdrawn.
    """
    flow = integration.flow(flow_name)
    type_ = desk.runtime.integrations[integration.kind].flow(flow.name)
    if mode not in MODES:
        raise BadInput(f"A flow cannot be {mode!r}; it can be {', '.join(MODES)}.")
    if mode == "as needed" and not type_.as_needed:
        raise BadInput(f"{flow.title} is not brought by others and cannot run as needed; choose preview, live or off.")
    desk.require(*((Role.APPROVER,) if mode == "live" else (Role.APPROVER, Role.BOOKKEEPER)))
    sealer = await desk.sealer()
    async with desk.changing(sealer) as change:
        row = await change.one(
            "select mode from flow where tenant_id = %s and flow_id = %s for update", desk.tenant_id, flow.flow_id
        )
        assert row is not None
        if row[0] == mode:
            return ModeSet(flow.name, flow.title, mode, mode, tracks=type_.tracks)
        if row[0] == "off":
            await _refuse_overlap(desk, change, integration, flow)
        if mode == "live":
            await refuse_not_live(desk, change, integration, flow)
            await _refuse_two_back(desk, change, integration, flow)
        live = mode == "live"
        seen = await _previewed(desk, change, sealer, integration, flow) if live else Previewed(0, 0, unseen=False)
        await change.run(
            """update flow set mode = %s, live_from = case when mode = 'preview' and %s = 'live' then null
                                                          else live_from end
            where tenant_id = %s and flow_id = %s""",
            mode, mode, desk.tenant_id, flow.flow_id,
        )  # fmt: skip
        approved, own = await _approve(desk, change, sealer, flow) if live else (0, 0)
        withdrawn = await _withdraw(change, flow) if mode in ("preview", "as needed") else 0
        taken_up = await _take_up(change, integration.integration_id, flow, row[0], mode)
        change.event(
            "flow mode set", flow=flow.name, was=row[0], mode=mode, approved=approved, taken_up=taken_up,
            withdrawn=withdrawn,
        )  # fmt: skip
        await change.wake([integration.source_id, integration.target_id], f"{flow.name} {mode}")
        return ModeSet(
            flow.name, flow.title, row[0], mode, approved, taken_up, withdrawn, seen.unseen, seen.planned_before,
            type_.tracks, own,
        )  # fmt: skip


async def _refuse_overlap(desk: Desk, change: Change, integration: Integration, flow: FlowLine) -> None:
    """Two integrations are never on with the same documents."""
    known = {one.integration_id: one for one in await integrations_in(desk, change)}
    now = known.pop(integration.integration_id)
    names = documents_of(desk.runtime.integrations[now.kind]) & {flow.name}
    refuse_overlap(desk, names, flow.source_id, now.settings, known.values())


async def _refuse_two_back(desk: Desk, change: Change, integration: Integration, flow: FlowLine) -> None:
    """Of several ledgers only one changes the customers and vendors of their source."""
    if flow.name not in parties_back(desk.runtime.integrations[integration.kind]):
        return
    known = await integrations_in(desk, change)
    others = [one for one in known if one.integration_id != integration.integration_id]
    refuse_two_ledgers_back(desk, integration.source_id, others)


async def refuse_not_live(desk: Desk, change: Change, integration: Integration, flow: FlowLine) -> None:
    """Raise Refused where nothing of the flow may be posted now: a dead grant, or settings that its rules do not allow."""
    await _refuse_dead(change, integration)
    await _refuse_unready(desk, change, integration, flow)


async def _refuse_dead(change: Change, integration: Integration) -> None:
    rows = await change.all(
        """select name, problem, vendor from connection
        where tenant_id = %s and connection_id = any(%s::int[]) and state <> 'good'""",
        change.tenant_id, [integration.source_id, integration.target_id],
    )  # fmt: skip
    for name, problem, vendor in rows:
        why = (problem or "its grant is dead").rstrip(".")
        raise Refused(
            f"{name} has to be connected again before anything goes live: {why}. Type: {renewal(vendor, name)}"
        )


async def _refuse_unready(desk: Desk, change: Change, integration: Integration, flow: FlowLine) -> None:
    """What the flow's own rules do not allow with the settings and the source's rights there are now."""
    kind = desk.runtime.integrations[integration.kind]
    row = await change.one(
        """select i.settings, c.scopes from integration i join connection c using (tenant_id)
        where i.tenant_id = %s and i.integration_id = %s and c.connection_id = %s""",
        change.tenant_id, integration.integration_id, flow.source_id,
    )  # fmt: skip
    assert row is not None
    settings = texts.with_changes(kind, msgspec.json.decode(row[0]), {})
    if why := kind.flow(flow.name).not_live(settings, row[1] or ()):
        raise Refused(f"{flow.title} cannot go live as it is set up. {why}")


async def _approve(desk: Desk, change: Change, sealer: Sealer, flow: FlowLine) -> tuple[int, int]:
    """Everything the preview shows is approved as shown; at send it is planned again, and must be the same.

    How many are, and how many are left to somebody else.
    """
    rows = await change.all(
        "select record_id, version_id from version_state where tenant_id = %s and flow_id = %s and state = %s",
        desk.tenant_id, flow.flow_id, State.PLANNED.value,
    )  # fmt: skip
    own = await own_plans(desk, change, sealer, [row[0] for row in rows])
    versions = [version_id for record_id, version_id in rows if record_id not in own]
    await change.run(
        """update plan set approved_at = %s, approved_by = %s
        where tenant_id = %s and version_id = any(%s::bigint[])""",
        desk.clock.now(), desk.actor.name, desk.tenant_id, versions,
    )  # fmt: skip
    staged = await restage(change.connection, desk.tenant_id, versions, [State.PLANNED], Priority.DOCUMENT)
    await confirm_rows(desk, change, sealer, [row[0] for row in rows if row[0] not in own])
    return len(staged), len(own)


async def _withdraw(change: Change, flow: FlowLine) -> int:
    """Approvals that were not carried out are none any more: the flow shows again what it would post."""
    return await change.run(
        """update plan p set approved_at = null, approved_by = null from version_state s
        where p.tenant_id = %s and p.approved_at is not null and s.tenant_id = p.tenant_id
          and s.version_id = p.version_id and s.flow_id = %s and s.state = any(%s::smallint[])""",
        change.tenant_id, flow.flow_id, [*IN_FLIGHT, State.HELD, State.REJECTED],
    )  # fmt: skip


async def _take_up(change: Change, integration_id: int, flow: FlowLine, was: str, mode: str) -> int:
    """What only the former mode kept back is staged: the flow's own records, and those of others that wait for it."""
    taken_up = 0
    if mode in ("live", "preview"):
        rows = await change.all(
            """select version_id from version_state s join record r using (tenant_id, version_id)
            where tenant_id = %s and s.flow_id = %s and s.state = %s and s.reason = 'not_needed'""",
            change.tenant_id, flow.flow_id, State.SKIPPED.value,
        )  # fmt: skip
        versions = [row[0] for row in rows]
        taken_up += len(
            await restage(change.connection, change.tenant_id, versions, [State.SKIPPED], Priority.BACKFILL)
        )
    if was == "off":
        taken_up += await release_links(change.connection, change.tenant_id, integration_id, flow.name)
    return taken_up
