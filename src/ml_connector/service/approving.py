"""Approving: single stored plans, or a filtered list, are carried out while their flow stays in preview.

An approval is bound to the digest that was shown, is given once, and posts exactly what was shown: at send everything
is planned again, and what is not the same is held, shown as it is now, and approved again in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.service.desk import Change, Desk, Reading
from ml_connector.service.explaining import find_record
from ml_connector.service.finding import RECORDS, Filter, conditions, told
from ml_connector.service.flows import refuse_not_live
from ml_connector.service.four_eyes import confirm_rows, own_plans, refusal
from ml_connector.service.integrating import integrations_in
from ml_connector.service.outdated import Made, outdated
from ml_connector.service.plans import PLANNED, PLANS, Planned, shown_plans
from ml_connector.service.previewing import AGAIN, TO_APPROVE
from ml_connector.service.roles import Role
from ml_connector.service.tallies import Tally
from ml_connector.sync.release import restage
from ml_connector.sync.states import Priority, State

_MADE = f"""select f.integration_id, case when {AGAIN} then s.changed_at else p.planned_at end,
                   coalesce(p.renewed_reads, p.reads) {PLANS}"""
_AT_ONCE = 1_000  # plans in one transaction, so that a worker never waits long for one


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan that somebody has seen: its record, and the digest of what it showed (hexadecimal)."""

    record_id: int
    digest: str


@dataclass(frozen=True, slots=True)
class Approvable:
    """The plans a person is asked to approve, with their sum by currency.

    ``planned_before`` of them were made before a setting or a row of a mapping table that they have read changed.
    """

    chosen: Filter
    total: Tally
    plans: tuple[Planned, ...]
    planned_before: int = 0


@dataclass(frozen=True, slots=True)
class NotApproved:
    """A plan that was not approved, and why."""

    record_id: int
    sentence: str


@dataclass(frozen=True, slots=True)
class Approved:
    """What was approved and is on its way, and what was not."""

    total: Tally
    record_ids: tuple[int, ...]
    refused: tuple[NotApproved, ...] = ()


async def approvable(desk: Desk, chosen: Filter) -> Approvable:
    """The stored plans of a filter. Raises NotFound when there is none, BadInput for a filter of everything."""
    desk.require(Role.APPROVER)
    if chosen == Filter(integration_id=chosen.integration_id):
        raise BadInput("An approval needs to know of what: a record, a flow, a vendor, a run, or a range of dates.")
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        found = await conditions(desk, reading, sealer, chosen)
        found.add(f"{TO_APPROVE} and f.mode <> 'off'")
        rows = await reading.all(f"{PLANNED} where {found.sql} order by r.record_id", *found.values)
        plans = await reading.all(f"{_MADE} where {found.sql}", *found.values)
        before = await outdated(reading, sealer, [Made(*row) for row in plans])
        shown = await shown_plans(reading, sealer, rows)
    if not rows:
        raise NotFound("No stored plan fits: 'ml-connector preview' plans anew and shows what there is.")
    total = Tally()
    for one in shown:
        total.add(1, one.currency, one.amount)
    return Approvable(chosen, total, shown, before)


async def approvable_record(desk: Desk, wanted: str) -> Approvable:
    """The stored plan of one record. Raises NotFound, BadInput, and Refused with what became of it instead."""
    desk.require(Role.APPROVER)
    record_id = await find_record(desk, wanted)
    async with desk.looking() as reading:
        refused = _why_not(await _now(reading, [record_id]), Shown(record_id, ""))
    if refused:
        raise Refused(refused)
    return await approvable(desk, Filter(record_ids=(record_id,)))


async def approve_listed(desk: Desk, listed: Approvable) -> Approved:
    """Approve exactly what was listed; a plan that is another by now is not approved. Raises Refused."""
    shown = [Shown(one.record_id, one.digest) for one in listed.plans]
    return await approve_shown(desk, shown, told(listed.chosen))


async def approve_shown(desk: Desk, shown: Sequence[Shown], chosen: dict[str, str] | None = None) -> Approved:
    """Approve plans by record and digest, each at most once; they are carried out whatever the mode of their flow.

    Those that cannot be approved are told one by one, and do not stop the others. Raises Refused, with nothing approved,
    where nothing of one of their flows can be posted now, such as over a dead grant; what becomes so in the middle of a
    long list is told of each plan, and so is what is the person's own where four eyes are asked for.
    """
    desk.require(Role.APPROVER)
    wanted, refused = _each_once(shown)
    sealer = await desk.sealer()
    total, went = Tally(), []
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        try:
            async with desk.changing(sealer) as change:
                await _hold_still(desk, change, part if start else wanted)
                if start == 0:
                    change.event("approval of a list", plans=len(shown), chosen=chosen or {})
                before = await _now(change, [one.record_id for one in part])
                own = await own_plans(desk, change, sealer, [one.record_id for one in part])
                approved = await _approve(desk, change, [one for one in part if one.record_id not in own])
                await confirm_rows(desk, change, sealer, list(approved))
        except Refused as error:
            if start == 0:
                raise
            refused += [NotApproved(one.record_id, error.sentence) for one in part]
            continue
        for one in part:
            if one.record_id in approved:
                total.add(1, *approved[one.record_id])
                went.append(one.record_id)
            else:
                mine = refusal(one.record_id, own[one.record_id]) if one.record_id in own else ""
                refused.append(NotApproved(one.record_id, _why_not(before, one) or mine or _just_changed(one)))
    return Approved(total, tuple(went), tuple(refused))


def _each_once(shown: Sequence[Shown]) -> tuple[list[Shown], list[NotApproved]]:
    """The plans with every record once, as it was named first; and what was named again."""
    first: dict[int, Shown] = {}
    refused = []
    for one in shown:
        if one.record_id not in first:
            first[one.record_id] = one
            continue
        same = first[one.record_id].digest == one.digest
        other = "" if same else ", with different digests; only the first was looked at"
        refused.append(
            NotApproved(one.record_id, f"Record #{one.record_id} is named more than once in this list{other}.")
        )
    return list(first.values()), refused


def _just_changed(shown: Shown) -> str:
    return f"Record #{shown.record_id} changed at this moment: look at it again, then approve it."


async def _hold_still(desk: Desk, change: Change, part: Sequence[Shown]) -> None:
    """No planner looks at the records meanwhile, and no flow changes its mode.

    Raises Refused where nothing of one of their flows may be posted.
    """
    rows = await change.all(
        """select distinct f.integration_id, f.name from record r join flow f using (tenant_id, flow_id)
        where r.tenant_id = %s and r.record_id = any(%s::bigint[])""",
        desk.tenant_id, [one.record_id for one in part],
    )  # fmt: skip
    await change.all(
        """select 1 from integration where tenant_id = %s and integration_id = any(%s::int[])
        order by integration_id for update""",
        desk.tenant_id, sorted({row[0] for row in rows}),
    )  # fmt: skip
    await change.all(
        """select 1 from flow where tenant_id = %s and integration_id = any(%s::int[]) and name = any(%s::text[])
        order by flow_id for share""",
        desk.tenant_id, sorted({row[0] for row in rows}), sorted({row[1] for row in rows}),
    )  # fmt: skip
    known = {one.integration_id: one for one in await integrations_in(desk, change)}
    for integration_id, name in sorted(rows):
        integration = known[integration_id]
        await refuse_not_live(desk, change, integration, integration.flow(name))


async def _approve(desk: Desk, change: Change, part: Sequence[Shown]) -> dict[int, tuple[str, Any]]:
    """Approve those that are as they were shown; by record: currency and amount."""
    rows = await change.all(
        f"""update plan p set approved_at = %s, approved_by = %s, digest = coalesce(p.renewed_digest, p.digest),
               body = coalesce(p.renewed, p.body), reads = coalesce(p.renewed_reads, p.reads), renewed_digest = null,
               renewed = null, renewed_reads = null
        from unnest(%s::bigint[], %s::text[]) as shown (record_id, digest), record r, version_state s, flow f, document d
        where p.tenant_id = %s and encode(coalesce(p.renewed_digest, p.digest), 'hex') = shown.digest
          and r.tenant_id = p.tenant_id and r.record_id = shown.record_id and r.version_id = p.version_id
          and s.tenant_id = p.tenant_id and s.version_id = p.version_id
          and (s.state = {State.PLANNED.value} and p.approved_at is null or {AGAIN})
          and f.tenant_id = p.tenant_id and f.flow_id = s.flow_id and f.mode <> 'off'
          and d.tenant_id = p.tenant_id and d.version_id = p.version_id
        returning p.record_id, p.version_id, shown.digest, d.currency, d.amount""",
        desk.clock.now(), desk.actor.name, [one.record_id for one in part], [one.digest for one in part],
        desk.tenant_id,
    )  # fmt: skip
    approved = [row[1] for row in rows]
    await restage(change.connection, desk.tenant_id, approved, [State.PLANNED, State.HELD], Priority.PERSON)
    for record_id, version_id, digest, _, _ in rows:
        change.event("approved", record_id=record_id, version_id=version_id, digest=digest)
    return {row[0]: (row[3], row[4]) for row in rows}


@dataclass(frozen=True, slots=True)
class _Now:
    """A record as it stands: the plan of its newest version while it has one, and who approved that version when.

    What was carried out has no plan any more; its approval is in the audit trail. One that waits for its approval
    ``again`` has none that counts.
    """

    state: State
    mode: str
    digest: str
    approved_at: datetime | None
    approved_by: str
    again: bool


async def _now(reading: Reading, record_ids: Sequence[int]) -> dict[int, _Now]:
    rows = await reading.all(
        f"""select r.record_id, s.state, f.mode, coalesce(encode(coalesce(p.renewed_digest, p.digest), 'hex'), ''),
                   case when {AGAIN} then null else coalesce(p.approved_at, e.at) end,
                   coalesce(p.approved_by, e.actor, ''), {AGAIN}
        {RECORDS} left join plan p on p.tenant_id = r.tenant_id and p.version_id = r.version_id
        left join lateral (select at, actor from audit_event where tenant_id = r.tenant_id and record_id = r.record_id
                           and version_id = r.version_id and kind = 'approved' and s.state <> {State.PLANNED.value}
                           order by chain_no desc limit 1) e on true
        where r.tenant_id = %s and r.record_id = any(%s::bigint[])""",
        reading.tenant_id, list(record_ids),
    )  # fmt: skip
    return {row[0]: _Now(State(row[1]), *row[2:]) for row in rows}


def _why_not(known: dict[int, _Now], shown: Shown) -> str:
    """Why a plan cannot be approved; empty when it can. Without a digest any plan will do."""
    one = known.get(shown.record_id)
    name = f"record #{shown.record_id}"
    if one is None:
        return f"There is no {name}."
    if one.approved_at is not None:
        at = f"{one.approved_at:%Y-%m-%d %H:%M:%S}"
        return (
            f"The plan of {name} was approved already, by {one.approved_by} on {at} UTC; it is {one.state.word} now. A "
            "stored preview is approved once."
        )
    if not (one.state is State.PLANNED or one.again) or not one.digest:
        return f"R{name[1:]} is {one.state.word}: there is no stored plan of it to approve."
    if one.mode == "off":
        return f"The flow of {name} is off: turn it to preview first."
    if shown.digest and shown.digest != one.digest:
        return f"The plan of {name} is not the one that was shown any more: look at it again, then approve it."
    return ""
