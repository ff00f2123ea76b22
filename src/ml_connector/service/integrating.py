"""Joining two connections, and changing an integration's settings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.integrations.approvals import weakened
from ml_connector.integrations.base import FlowType, IntegrationType
from ml_connector.integrations.checks import check_closing
from ml_connector.integrations.loosening import loosened
from ml_connector.integrations.party_changes import PARTY_FLOWS, follows_status
from ml_connector.integrations.scopes import documents_of, units_of, writes_back
from ml_connector.service import settings as texts
from ml_connector.service.company_books import checked_settings
from ml_connector.service.connections import Connection, connections_in, pick_connection
from ml_connector.service.desk import Change, Desk, Reading, made
from ml_connector.service.party_status import status_setting_changed
from ml_connector.service.roles import ALL, NotAllowed, Role
from ml_connector.service.scopes import refuse_overlap, refuse_two_ledgers_back
from ml_connector.service.settings import Setting
from ml_connector.service.tallies import counted
from ml_connector.sync.release import release, restage
from ml_connector.sync.states import Priority, State

_BEGUN = (State.POSTED, State.SENDING, State.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class FlowLine:
    """One flow of an integration. ``mode`` is off, as needed, preview or live.

    ``live_from``: what is dated before it was taken up by an earlier start date, and is posted once it is approved.
    """

    flow_id: int
    name: str
    title: str
    mode: str
    start_date: dt.date | None
    source_id: int
    target_id: int
    live_from: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Integration:
    """Two connections joined, with its settings. ``not_possible``: what its vendors' APIs do not allow, in sentences."""

    integration_id: int
    kind: str
    title: str
    source: str
    target: str
    source_id: int
    target_id: int
    generation: int
    settings: dict[str, Any]
    flows: tuple[FlowLine, ...]
    not_possible: tuple[str, ...] = ()

    def flow(self, name: str) -> FlowLine:
        """The flow of that name. Raises NotFound naming those there are."""
        for one in self.flows:
            if one.name == name:
                return one
        known = ", ".join(one.name for one in self.flows)
        raise NotFound(f"{self.title} has no flow {name!r}; it has {known}.")


_INTEGRATIONS = """
    select i.integration_id, i.kind, s.name, t.name, i.source_id, i.target_id, i.generation, i.settings
    from integration i
    join connection s on s.tenant_id = i.tenant_id and s.connection_id = i.source_id
    join connection t on t.tenant_id = i.tenant_id and t.connection_id = i.target_id
    where i.tenant_id = %s order by i.integration_id"""
_FLOWS = """
    select integration_id, flow_id, name, mode, start_date, source_id, target_id, live_from from flow
    where tenant_id = %s order by flow_id"""


async def integrations(desk: Desk) -> list[Integration]:
    """All integrations of the tenant with their flows."""
    desk.require(*ALL)
    async with desk.looking() as reading:
        return await integrations_in(desk, reading)


async def integrations_in(desk: Desk, reading: Reading) -> list[Integration]:
    """All integrations, in an open transaction."""
    flows = await reading.all(_FLOWS, desk.tenant_id)
    found = []
    for row in await reading.all(_INTEGRATIONS, desk.tenant_id):
        kind = desk.runtime.integrations[row[1]]
        own = sorted((one[1:] for one in flows if one[0] == row[0]), key=lambda one: kind.flow(one[1]).priority)
        found.append(
            made(
                Integration,
                row[0],
                row[1],
                kind.title,
                *row[2:7],
                msgspec.json.decode(row[7]),
                tuple(made(FlowLine, one[0], one[1], kind.flow(one[1]).title, *one[2:]) for one in own),
                kind.not_possible,
            )
        )
    return found


async def integration_named(desk: Desk, wanted: str = "") -> Integration:
    """The integration of that kind or number; without one, the only one. Raises NotFound, BadInput."""
    known = await integrations(desk)
    found = [one for one in known if wanted in ("", one.kind, str(one.integration_id))]
    if len(found) == 1:
        return found[0]
    if not known:
        raise NotFound("Nothing is integrated yet: connect two systems, then 'ml-connector integrate'.")
    names = ", ".join(f"{one.integration_id} ({one.kind}, {one.source} with {one.target})" for one in known)
    if found:
        raise BadInput(f"Several integrations fit ({names}): say which by its number.")
    of_a_flow = any(wanted == flow.name for one in known for flow in one.flows)
    told = f" {wanted!r} is a flow, and a whole integration is asked for." if of_a_flow else ""
    raise NotFound(f"There is no integration {wanted!r}; there are {names}.{told}")


def described(desk: Desk, integration: Integration) -> list[Setting]:
    """Its settings with their consequences."""
    kind = desk.runtime.integrations[integration.kind]
    return texts.described(texts.with_changes(kind, integration.settings, {}))


# --- making one --------------------------------------------------------------------------------------------------


async def integrate(
    desk: Desk, kind: str, settings: Mapping[str, str], *, source: str = "", target: str = ""
) -> Integration:
    """Join two connections; repeated, it changes the settings given. Flows start off, parties as needed.

    Raises NotFound for an unknown kind or connection, BadInput for a setting, Refused where test meets real books.
    """
    desk.require()
    type_ = _kind(desk, kind)
    async with desk.looking() as reading:
        known = await connections_in(reading, desk.clock.now())
        existing = await integrations_in(desk, reading)
    one, other = (
        pick_connection(known, source, type_.source_vendor),
        pick_connection(known, target, type_.target_vendor),
    )
    for held in existing:
        if (held.kind, held.source_id, held.target_id) == (kind, one.connection_id, other.connection_id):
            return await change_settings(desk, held, settings)
    if one.sandbox != other.sandbox:
        raise Refused(
            f"{one.name} holds {_books(one)} books and {other.name} holds {_books(other)} ones: "
            "test data never goes to real books."
        )
    settings = await checked_settings(desk, type_, settings, one.connection_id, other.connection_id)
    made = texts.with_changes(type_, {}, settings)
    check_closing(made, desk.clock.now().date())
    refuse_overlap(desk, documents_of(type_), one.connection_id, made, existing)
    if writes_back(type_, made, ()):
        refuse_two_ledgers_back(desk, one.connection_id, existing)
    await _create(desk, type_, made, one.connection_id, other.connection_id)
    return await integration_between(desk, kind, one.connection_id, other.connection_id)


async def integration_between(desk: Desk, kind: str, source_id: int, target_id: int) -> Integration:
    """The integration of two connections. Raises NotFound."""
    for one in await integrations(desk):
        if (one.kind, one.source_id, one.target_id) == (kind, source_id, target_id):
            return one
    raise NotFound(f"Connections {source_id} and {target_id} are not integrated.")


def _kind(desk: Desk, kind: str) -> IntegrationType:
    found = desk.runtime.integrations.get(kind)
    if found is None:
        known = ", ".join(sorted(desk.runtime.integrations))
        raise NotFound(f"There is no integration {kind!r}; there are {known}.")
    return found


def _books(connection: Connection) -> str:
    return "test" if connection.sandbox else "real"


async def _create(desk: Desk, kind: IntegrationType, settings: Any, source_id: int, target_id: int) -> None:
    async with desk.changing() as change:
        row = await change.one(
            """insert into integration (tenant_id, kind, source_id, target_id, settings, created_at)
            values (%s, %s, %s, %s, %s, %s) returning integration_id""",
            desk.tenant_id, kind.kind, source_id, target_id, _json(settings), desk.clock.now(),
        )  # fmt: skip
        assert row is not None
        for flow in kind.flows:
            await _add_flow(change, kind, flow, row[0], source_id, target_id, settings)
        change.event("integrated", integration=kind.kind, settings=texts.plain(settings))
        await change.wake([source_id, target_id], "integrated")


async def _add_flow(
    change: Change,
    kind: IntegrationType,
    flow: FlowType,
    integration_id: int,
    source_id: int,
    target_id: int,
    settings: Any,
) -> None:
    """One flow between the two connections; some go back, or stay within one of them."""
    ends = {kind.source_vendor: source_id, kind.target_vendor: target_id}
    await change.run(
        """insert into flow (tenant_id, integration_id, name, mode, source_id, target_id, start_date)
        values (%s, %s, %s, %s, %s, %s, %s)""",
        change.tenant_id, integration_id, flow.name, _first_mode(flow), ends[flow.source_vendor],
        ends[flow.target_vendor], settings.start_date if flow.dated else None,
    )  # fmt: skip


async def _add_new_flows(desk: Desk, kind: IntegrationType, held: Integration) -> None:
    """Flows that a later release offers; they start like those of a new integration."""
    there = {flow.name for flow in held.flows}
    missing = [flow for flow in kind.flows if flow.name not in there]
    if not missing:
        return
    settings = texts.with_changes(kind, held.settings, {})
    async with desk.changing() as change:
        for flow in missing:
            await _add_flow(change, kind, flow, held.integration_id, held.source_id, held.target_id, settings)
        change.event("flows added", integration=kind.kind, flows=[flow.name for flow in missing])


def _first_mode(flow: FlowType) -> str:
    return "as needed" if flow.as_needed and not flow.begins_off else "off"


def _json(settings: Any) -> str:
    return msgspec.json.encode(settings).decode()


# --- changing settings -------------------------------------------------------------------------------------------


async def change_settings(desk: Desk, integration: Integration, changes: Mapping[str, str]) -> Integration:
    """Change settings; what waited for them, or was passed over because of them, is looked at again.

    Raises BadInput naming the setting, NotAllowed for one that only an approver may loosen, Refused for one that stands

    because documents were posted under it.
    """
    desk.require(Role.BOOKKEEPER, Role.APPROVER)
    kind = desk.runtime.integrations[integration.kind]
    changes = await checked_settings(desk, kind, changes, integration.source_id, integration.target_id)
    async with desk.changing() as change:
        row = await change.one(
            "select settings from integration where tenant_id = %s and integration_id = %s for update",
            desk.tenant_id, integration.integration_id,
        )  # fmt: skip
        assert row is not None
        stored = msgspec.json.decode(row[0])
        former, settings = texts.with_changes(kind, stored, {}), texts.with_changes(kind, stored, changes)
        after = texts.plain(settings)
        before = texts.plain(former)
        changed = sorted(name for name in after if after[name] != before[name])
        check_closing(settings, desk.clock.now().date())
        _require_approver(desk, [*loosened(kind, former, settings), *weakened(former, settings)])
        if changed:
            known = await integrations_in(desk, change)
            others = [one for one in known if one.integration_id != integration.integration_id]
            if units_of(former) != units_of(settings):
                refuse_overlap(desk, documents_of(kind), integration.source_id, settings, others)
            if writes_back(kind, settings, ()) and not writes_back(kind, former, ()):
                refuse_two_ledgers_back(desk, integration.source_id, others)
            await _refuse_fixed(change, integration, [one for one in changed if one in kind.fixed_once_posted])
            await _store(change, integration, settings)
            await _follow(change, kind, integration, changed, (former, settings), desk.clock.now())
            differences = {name: [before[name], after[name]] for name in changed}
            change.event("settings changed", integration=integration.kind, settings=differences)
    await _add_new_flows(desk, kind, integration)
    return await integration_between(desk, integration.kind, integration.source_id, integration.target_id)


def _require_approver(desk: Desk, looser: list[str]) -> None:
    """What lets more through, or takes from an approver what they have to see, is decided by whoever may go live."""
    if looser and desk.actor.role not in (Role.APPROVER, Role.OWNER):
        raise NotAllowed(
            f"{desk.actor.name} is {desk.actor.role.value} here, and only an approver or owner may {' and '.join(looser)}. "
            "Nothing was changed; ask one of them."
        )


async def _refuse_fixed(change: Change, integration: Integration, fixed: list[str]) -> None:
    if not fixed:
        return
    row = await change.one(
        """select count(*) from version_state s join flow f using (tenant_id, flow_id)
        where tenant_id = %s and f.integration_id = %s and s.state = any(%s::smallint[])
          and f.start_date is not null""",
        change.tenant_id, integration.integration_id, [state.value for state in _BEGUN],
    )  # fmt: skip
    if row and row[0]:
        raise Refused(
            f"{' and '.join(fixed)} cannot change any more: "
            f"{counted(row[0], 'document was', 'documents were')} posted under the present value, and would not be "
            "recognised under another. Nothing was changed."
        )


async def _store(change: Change, integration: Integration, settings: Any) -> None:
    await change.run(
        """update integration set settings = %s, generation = generation + 1
        where tenant_id = %s and integration_id = %s""",
        _json(settings), change.tenant_id, integration.integration_id,
    )  # fmt: skip


async def _follow(
    change: Change, kind: IntegrationType, integration: Integration, changed: list[str], settings: tuple[Any, Any],
    at: dt.datetime,
) -> None:  # fmt: skip
    """What changed settings set in motion: what is read otherwise is read again, waits and skips are looked at again.

    ``settings`` are the former and the new ones; ``at`` is clock time.
    """
    for flow in integration.flows:
        type_ = kind.flow(flow.name)
        former, new = (type_.reading_options(one) for one in settings)
        if (type_.dated and {"start_date", kind.currency_setting}.intersection(changed)) or former != new:
            await _read_anew(change, flow)
        if type_.source_entities(settings[0]) != type_.source_entities(settings[1]):
            await _read_now(change, flow)
    if "start_date" in changed:
        await _start_on(change, kind, integration, settings[1].start_date)
    if follows_status(settings[0]) != follows_status(settings[1]):
        parties = [(one.flow_id, one.target_id) for one in integration.flows if one.name in PARTY_FLOWS]
        await status_setting_changed(change, parties, at, follows=follows_status(settings[1]))
    await release(change.connection, change.tenant_id, "setting", [f"setting:{name}" for name in changed])
    rows = await change.all(
        """select r.version_id from record r join flow f using (tenant_id, flow_id)
        join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
        where r.tenant_id = %s and f.integration_id = %s and s.state = %s and s.reason = any(%s::text[])""",
        change.tenant_id, integration.integration_id, State.SKIPPED.value, list(kind.skipped_by_settings),
    )  # fmt: skip
    await restage(change.connection, change.tenant_id, [row[0] for row in rows], [State.SKIPPED], Priority.RELEASED)
    rows = await change.all(
        """select distinct w.version_id from wait w join flow f using (tenant_id, flow_id)
        where w.tenant_id = %s and f.integration_id = %s and w.code = any(%s::text[])""",
        change.tenant_id, integration.integration_id, list(kind.held_by_settings),
    )  # fmt: skip
    await restage(change.connection, change.tenant_id, [row[0] for row in rows], [State.HELD], Priority.RELEASED)


async def _read_anew(change: Change, flow: FlowLine) -> None:
    """A flow reads from its beginning; what is known already, and is understood as before, counts as repeats."""
    await change.run(
        "delete from feed where tenant_id = %s and connection_id = %s and starts_with(name, %s)",
        change.tenant_id, flow.source_id, f"flow {flow.flow_id} ",
    )  # fmt: skip


async def _read_now(change: Change, flow: FlowLine) -> None:
    """A flow that reads something else is due, whenever it was read last."""
    await change.run(
        "update flow set next_read_at = null where tenant_id = %s and flow_id = %s", change.tenant_id, flow.flow_id
    )
    await change.wake([flow.source_id], "settings changed")


async def _start_on(change: Change, kind: IntegrationType, integration: Integration, start_date: dt.date) -> None:
    """A live flow goes on from its former start; what an earlier one takes up is shown first, see sync.taken_up."""
    dated = [flow.flow_id for flow in integration.flows if kind.flow(flow.name).dated]
    await change.run(
        """update flow set start_date = %s, live_from = case when mode = 'live' and start_date > %s
                                                             then greatest(live_from, start_date) else live_from end
        where tenant_id = %s and flow_id = any(%s::integer[])""",
        start_date, start_date, change.tenant_id, dated,
    )  # fmt: skip
