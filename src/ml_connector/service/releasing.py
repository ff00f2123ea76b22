"""Release: a person lets held records go on, one or a whole list, having seen the list and its sum."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from ml_connector.errors import Acts, BadInput, NotFound, Refused
from ml_connector.service.desk import Change, Desk, made
from ml_connector.service.explaining import find_record
from ml_connector.service.finding import RECORDS, Filter, conditions, opened_document, party_name, told
from ml_connector.service.roles import Role
from ml_connector.service.tallies import Tally, acts_of, in_currency, opened_wait, title_of
from ml_connector.sync.release import restage
from ml_connector.sync.states import Priority, State

#: What a person may let go on, and who that is. Everything else frees itself when what it waits for arrives.
RELEASABLE = {
    "already_exported": (Role.BOOKKEEPER, Role.APPROVER),
    "period_closed": (Role.APPROVER,),
    "preview_changed": (Role.APPROVER,),
    "same_number_other_year": (Role.BOOKKEEPER, Role.APPROVER),
    "tax_rate_changed": (Role.BOOKKEEPER, Role.APPROVER),
    "left_scope": (Role.BOOKKEEPER, Role.APPROVER),
    "adjusted_pending": (Role.BOOKKEEPER, Role.APPROVER),
    "credited_bill_pending": (Role.BOOKKEEPER, Role.APPROVER),
    "credited_bill_flow_off": (Role.BOOKKEEPER, Role.APPROVER),
    "credited_bill_closed": (Role.BOOKKEEPER, Role.APPROVER),
    "payment_twin": (Role.BOOKKEEPER, Role.APPROVER),
    "whole_payment_twin": (Role.BOOKKEEPER, Role.APPROVER),
    "payment_back_twin": (Role.BOOKKEEPER, Role.APPROVER),
    "payment_back_exceeds": (Role.BOOKKEEPER, Role.APPROVER),
    "staged_payment_twin": (Role.BOOKKEEPER, Role.APPROVER),
    "credit_twin": (Role.BOOKKEEPER, Role.APPROVER),
    "vendor_remittance_changed": (Role.APPROVER,),
    "party_changed_on_both": (Role.BOOKKEEPER, Role.APPROVER),
    "vendor_lacks_details": (Role.APPROVER,),
    "remit_to_differs": (Role.APPROVER,),
    "contact_ambiguous": (Role.BOOKKEEPER, Role.APPROVER),
}
_AT_ONCE = 2_000  # records in one transaction, so that a worker never waits long for one


@dataclass(frozen=True, slots=True)
class Listed:
    """One held record as its newest version shows it; that version, and no later one, is what is released."""

    record_id: int
    version_id: int
    integration_id: int
    flow: str
    number: str
    party: str
    date: dt.date | None
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Releasable:
    """What a person is asked to let go on past ``code``, with its sum by currency."""

    code: str
    title: str
    chosen: Filter
    total: Tally
    records: tuple[Listed, ...]


@dataclass(frozen=True, slots=True)
class Released:
    """What goes on. ``changed`` are records that changed while the list was looked at, which stay as they are;

    ``still_waiting`` are the other codes that released ones were waiting for, as far as known now, with their number.
    """

    code: str
    total: Tally
    record_ids: tuple[int, ...]
    changed: tuple[int, ...] = ()
    still_waiting: dict[str, int] = field(default_factory=dict)


async def release(desk: Desk, wanted: str, code: str = "") -> Released:
    """Let a held record go on past ``code``; without one, past the only thing a person can release.

    Raises NotFound, BadInput, and Refused with what to do instead.
    """
    desk.require(Role.BOOKKEEPER, Role.APPROVER)
    record_id = await find_record(desk, wanted)
    code = await _code_of(desk, record_id, code)
    return await release_listed(desk, await releasable(desk, Filter(reason=code, record_ids=(record_id,))))


async def releasable(desk: Desk, chosen: Filter) -> Releasable:
    """The held records of a filter that wait for its reason. Raises NotFound when there is none, BadInput, Refused."""
    desk.require(Role.BOOKKEEPER, Role.APPROVER)
    if chosen.reason not in RELEASABLE:
        raise BadInput(_unreleasable(chosen.reason))
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        found = await conditions(desk, reading, sealer, chosen)
        found.add("s.state = %s", State.HELD.value)
        found.add(
            """exists (select 1 from wait w where w.tenant_id = s.tenant_id and w.version_id = s.version_id
               and w.code = %s)""",
            chosen.reason,
        )  # fmt: skip
        rows = await reading.all(
            f"""select r.record_id, r.version_id, f.integration_id, f.name, d.number, d.content_hash, d.canonical,
                       d.document_date, d.amount, d.currency
            {RECORDS} where {found.sql} order by r.record_id""",
            *found.values,
        )
    if not rows:
        raise NotFound(f"No record that waits for {chosen.reason} fits.")
    total, records = Tally(), []
    for row in rows:
        total.add(1, row[9], row[8])
        party = party_name(opened_document(sealer, row[5], row[6]))
        records.append(made(Listed, *row[:5], party, row[7], in_currency(row[8], row[9]), row[9]))
    return Releasable(chosen.reason, title_of(chosen.reason), chosen, total, tuple(records))


def _unreleasable(code: str) -> str:
    known = ", ".join(RELEASABLE)
    if not code:
        return f"A release needs a record, or the reason of those to be released: one of {known}."
    return f"{code} is not released by hand; what is: {known}. Everything else frees itself, see 'explain'."


async def _code_of(desk: Desk, record_id: int, code: str) -> str:
    """The code to be released of what the record waits for."""
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        state = await reading.one(
            """select s.state from record r join version_state s using (tenant_id, version_id)
            where tenant_id = %s and r.record_id = %s""",
            desk.tenant_id, record_id,
        )  # fmt: skip
        rows = await reading.all(
            """select w.code, w.detail from wait w join record r using (tenant_id, version_id)
            where tenant_id = %s and r.record_id = %s order by w.position""",
            desk.tenant_id, record_id,
        )  # fmt: skip
    assert state is not None
    if state[0] != State.HELD:
        raise Refused(f"Record #{record_id} is {State(state[0]).word}, not held: there is nothing to release.")
    actions: dict[str, str] = {one: opened_wait(sealer, detail).action for one, detail in rows}
    possible = [one for one in actions if one in RELEASABLE]
    if code in possible:
        return code
    if not code and len(possible) == 1:
        return possible[0]
    if code in actions:
        raise Refused(f"{code} is not released by hand. {actions[code]}")
    held_for = ", ".join(actions) or "nothing"
    if not possible:
        raise Refused(f"Record #{record_id} waits for {held_for}; that is not released by hand. {_what_to_do(actions)}")
    raise BadInput(f"Record #{record_id} waits for {held_for}; say which of {', '.join(possible)} to release.")


def _what_to_do(actions: Mapping[str, str]) -> str:
    """What somebody has to do about it; where nobody has to, that."""
    due = [action for code, action in actions.items() if acts_of(code) != Acts.NOBODY]
    return " ".join(due or actions.values()) or "See 'explain'."


async def release_listed(desk: Desk, listed: Releasable) -> Released:
    """Let exactly the listed versions go on; what has changed since the list was made stays. Raises NotAllowed."""
    desk.require(*RELEASABLE[listed.code])
    went: list[Listed] = []
    others: Counter[str] = Counter()
    for start in range(0, len(listed.records), _AT_ONCE):
        part = listed.records[start : start + _AT_ONCE]
        async with desk.changing() as change:
            if start == 0:
                _tell_list(change, listed)
            went += await _release(desk, change, part, listed.code, others)
    total = Tally()
    for one in went:
        total.add(1, one.currency, one.amount)
    gone = {one.record_id for one in went}
    changed = tuple(one.record_id for one in listed.records if one.record_id not in gone)
    return Released(listed.code, total, tuple(sorted(gone)), changed, dict(others))


def _tell_list(change: Change, listed: Releasable) -> None:
    """One event for the list as it was seen; each record's own follows with it."""
    sums = {currency: str(amount) for currency, amount in listed.total.sums.items()}
    change.event(
        "release of a list", code=listed.code, records=listed.total.count, sums=sums, chosen=told(listed.chosen)
    )  # fmt: skip


async def _release(desk: Desk, change: Change, part: Sequence[Listed], code: str, others: Counter[str]) -> list[Listed]:
    """Those of a part that still wait as they did. Their integrations are locked: no planner looks at them meanwhile."""
    await change.all(
        """select 1 from integration where tenant_id = %s and integration_id = any(%s::int[])
        order by integration_id for update""",
        desk.tenant_id, sorted({one.integration_id for one in part}),
    )  # fmt: skip
    rows = await change.all(
        """select w.version_id, w.code from wait w join record r using (tenant_id, version_id)
        join version_state s using (tenant_id, version_id)
        where tenant_id = %s and version_id = any(%s::bigint[]) and s.state = %s""",
        desk.tenant_id, [one.version_id for one in part], State.HELD.value,
    )  # fmt: skip
    waiting = {version_id for version_id, one in rows if one == code}
    going = [one for one in part if one.version_id in waiting]
    others.update(one for version_id, one in set(rows) if version_id in waiting and one != code)
    await _let_go(desk, change, going, code)
    for one in going:
        change.event("released", record_id=one.record_id, version_id=one.version_id, code=code)
    return going


async def _let_go(desk: Desk, change: Change, going: Sequence[Listed], code: str) -> None:
    versions = [one.version_id for one in going]
    if code == "preview_changed":
        await change.run(
            """update plan set approved_at = null, approved_by = null, renewed_digest = null, renewed = null,
                               renewed_reads = null
            where tenant_id = %s and version_id = any(%s::bigint[])""",
            desk.tenant_id, versions,
        )  # fmt: skip
    else:
        await change.run(
            """insert into release (tenant_id, record_id, code, version_id, actor, at)
            select %s, shown.record, %s, shown.version, %s, %s
            from unnest(%s::bigint[], %s::bigint[]) as shown (record, version)
            on conflict (tenant_id, record_id, code) do update
            set version_id = excluded.version_id, actor = excluded.actor, at = excluded.at""",
            desk.tenant_id, code, desk.actor.name, desk.clock.now(), [one.record_id for one in going], versions,
        )  # fmt: skip
    await restage(change.connection, desk.tenant_id, versions, [State.HELD], Priority.PERSON)
