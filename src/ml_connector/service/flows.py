"""Turning flows off, to preview, as needed, or live."""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.errors import BadInput, Refused
from ml_connector.service.desk import Change, Desk
from ml_connector.service.integrating import FlowLine, Integration
from ml_connector.service.roles import Role
from ml_connector.sync.release import restage
from ml_connector.sync.states import Priority, State

MODES = ("off", "preview", "live", "as needed")


@dataclass(frozen=True, slots=True)
class ModeSet:
    """A flow's new mode; ``approved`` plans of its preview are now on their way."""

    flow: str
    title: str
    was: str
    mode: str
    approved: int = 0


async def set_flow_mode(desk: Desk, integration: Integration, flow_name: str, mode: str) -> ModeSet:
    """Set a flow's mode; live approves what its preview shows, and posts it. Raises NotFound, BadInput, Refused."""
    flow = integration.flow(flow_name)
    type_ = desk.runtime.integrations[integration.kind].flow(flow.name)
    if mode not in MODES:
        raise BadInput(f"A flow cannot be {mode!r}; it can be {', '.join(MODES)}.")
    if mode == "as needed" and not type_.as_needed:
        raise BadInput(f"{flow.title} is not brought by others and cannot run as needed; choose preview, live or off.")
    desk.require(*((Role.APPROVER,) if mode == "live" else (Role.APPROVER, Role.BOOKKEEPER)))
    async with desk.changing() as change:
        row = await change.one(
            "select mode from flow where tenant_id = %s and flow_id = %s for update", desk.tenant_id, flow.flow_id
        )
        assert row is not None
        if row[0] == mode:
            return ModeSet(flow.name, flow.title, mode, mode)
        if mode == "live":
            await _refuse_dead(change, integration)
        await change.run(
            "update flow set mode = %s where tenant_id = %s and flow_id = %s", mode, desk.tenant_id, flow.flow_id
        )
        approved = await _approve(desk, change, flow) if mode == "live" else 0
        change.event("flow mode set", flow=flow.name, was=row[0], mode=mode, approved=approved)
        await change.wake([integration.source_id, integration.target_id], f"{flow.name} {mode}")
        return ModeSet(flow.name, flow.title, row[0], mode, approved)


async def _refuse_dead(change: Change, integration: Integration) -> None:
    rows = await change.all(
        """select name, problem from connection
        where tenant_id = %s and connection_id = any(%s::int[]) and state <> 'good'""",
        change.tenant_id, [integration.source_id, integration.target_id],
    )  # fmt: skip
    for name, problem in rows:
        raise Refused(f"{name} has to be connected again before anything goes live: {problem or 'its grant is dead.'}")


async def _approve(desk: Desk, change: Change, flow: FlowLine) -> int:
    """Everything the preview shows is approved as shown; at send it is planned again, and must be the same."""
    rows = await change.all(
        "select version_id from version_state where tenant_id = %s and flow_id = %s and state = %s",
        desk.tenant_id, flow.flow_id, State.PLANNED.value,
    )  # fmt: skip
    versions = [row[0] for row in rows]
    await change.run(
        """update plan set approved_at = %s, approved_by = %s
        where tenant_id = %s and version_id = any(%s::bigint[])""",
        desk.clock.now(), desk.actor.name, desk.tenant_id, versions,
    )  # fmt: skip
    staged = await restage(change.connection, desk.tenant_id, versions, [State.PLANNED], Priority.DOCUMENT)
    return len(staged)
