"""What the mass-change breaker stopped: looking at it, letting it go on, or passing it over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.integrations.decisions import Waiting
from ml_connector.service.desk import Change, Desk, Reading, made
from ml_connector.service.roles import ALL, Role
from ml_connector.sync.breaker import absence_told
from ml_connector.sync.directory import read_all_anew
from ml_connector.sync.guard import creates_told
from ml_connector.sync.release import release
from ml_connector.sync.states import DISMISSED, HELD_BACK, State

_sums = msgspec.json.Decoder(dict[str, Decimal])


@dataclass(frozen=True, slots=True)
class MassChange:
    """One thing a person is or was asked about. ``kind``: `creates` (new records of a flow) or `absence` (of a list).

    ``affected`` of ``known`` documents, with their ``sums`` per currency where they carry amounts.
    """

    breaker_id: int
    kind: str
    connection: str
    entity: str
    affected: int
    known: int
    percent: int
    sums: dict[str, Decimal]
    noted_at: datetime
    seen_at: datetime
    decision: str | None
    decided_at: datetime | None
    decided_by: str | None
    why: str
    ended_at: datetime | None

    @property
    def open(self) -> bool:
        """Whether a person still has to decide."""
        return self.decision is None and self.ended_at is None

    @property
    def sentence(self) -> str:
        """What was stopped."""
        if self.kind == "absence":
            return absence_told(self.connection, self.entity, self.affected, self.known, self.percent)
        return self._waiting.sentence

    @property
    def action(self) -> str:
        """What a person does about it."""
        n = self.breaker_id
        if self.kind == "absence":
            return (
                f"Look there whether they are really gone. If so, 'ml-connector breaker accept {n}': the next whole "
                f"reading takes those that are still missing away. If not, 'ml-connector breaker dismiss {n} WHY'."
            )
        return self._waiting.action

    @property
    def _waiting(self) -> Waiting:
        """What each of the new documents waits for."""
        return creates_told(self.breaker_id, self.entity, self.affected, self.sums, self.known, self.percent)


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision; ``records`` that went on or were passed over because of it."""

    breaker_id: int
    kind: str
    decision: str
    records: int


_BREAKERS = """
    select b.breaker_id, b.kind, c.name, b.entity, b.affected, b.known, b.percent, b.sums::text, b.noted_at, b.seen_at,
           b.decision, b.decided_at, b.decided_by, b.why, b.ended_at
    from breaker b join connection c on c.tenant_id = b.tenant_id and c.connection_id = b.connection_id
    where b.tenant_id = %s"""


async def mass_changes(desk: Desk, *, everything: bool = False) -> list[MassChange]:
    """What a person is asked about, oldest first; with ``everything`` also what was decided."""
    desk.require(*ALL)
    async with desk.looking() as reading:
        return await mass_changes_in(reading, everything=everything)


async def mass_changes_in(reading: Reading, *, everything: bool = False) -> list[MassChange]:
    """The same, in an open transaction."""
    still = "" if everything else " and b.decision is null and b.ended_at is null"
    rows = await reading.all(f"{_BREAKERS}{still} order by b.breaker_id", reading.tenant_id)
    return [made(MassChange, *row[:7], _sums.decode(row[7]), *row[8:]) for row in rows]


async def accept(desk: Desk, breaker_id: int) -> Decided:
    """Let it happen: held records go on; what is missing from a list is taken for gone by its next whole reading.

    Raises NotAllowed, NotFound, and Refused for what was decided already or is over.
    """
    desk.require(Role.APPROVER)
    async with desk.changing() as change:
        kind, connection_id, source_id = await _locked(change, breaker_id)
        records = 0
        if kind == "creates":
            records = await release(change.connection, desk.tenant_id, "person", [_key(breaker_id)])
        elif source_id is None:  # of a directory; a flow's own source is looked through again by itself
            await read_all_anew(change.connection, desk.tenant_id, connection_id)
        await _decide(desk, change, breaker_id, "accepted", "", over=kind == "creates")
        change.event("mass change accepted", breaker=breaker_id, change=kind, records=records)
        await change.wake([connection_id, source_id or connection_id], "breaker accepted")
    return Decided(breaker_id, kind, "accepted", records)


async def dismiss(desk: Desk, breaker_id: int, why: str) -> Decided:
    """Do nothing of it: held records are passed over until they change at their source or a replay names them; what

    is missing from a list stays known until it is seen again.
    Raises BadInput without a reason, and as ``accept``.
    """
    desk.require(Role.APPROVER)
    why = " ".join(why.split())
    if not why:
        raise BadInput("Say why it is dismissed, such as 'imported twice by mistake'; it stays in the audit trail.")
    async with desk.changing() as change:
        kind, connection_id, _ = await _locked(change, breaker_id)
        records = await _pass_over(desk, change, breaker_id, why) if kind == "creates" else 0
        await _decide(desk, change, breaker_id, "dismissed", why, over=kind == "creates")
        change.event("mass change dismissed", breaker=breaker_id, change=kind, records=records, why=why)
        await change.wake([connection_id], "breaker dismissed")
    return Decided(breaker_id, kind, "dismissed", records)


def _key(breaker_id: int) -> str:
    return f"breaker:{breaker_id}"


async def _locked(change: Change, breaker_id: int) -> tuple[str, int, int | None]:
    """Its kind, connection and the source of its flow. Integrations stand still: no planner looks at it meanwhile."""
    await change.all(
        """select 1 from integration i join breaker b on b.tenant_id = i.tenant_id
               and b.connection_id in (i.source_id, i.target_id)
        where i.tenant_id = %s and b.breaker_id = %s order by i.integration_id for update of i""",
        change.tenant_id, breaker_id,
    )  # fmt: skip
    row = await change.one(
        """select b.kind, b.connection_id, f.source_id, b.decision, b.decided_by, b.decided_at, b.ended_at
        from breaker b left join flow f on f.tenant_id = b.tenant_id and f.flow_id = b.flow_id
        where b.tenant_id = %s and b.breaker_id = %s for update of b""",
        change.tenant_id, breaker_id,
    )  # fmt: skip
    if row is None:
        raise NotFound(f"There is no mass change {breaker_id}: 'ml-connector breaker' lists those that wait.")
    kind, connection_id, source_id, decision, by, at, ended_at = row
    if decision is not None:
        raise Refused(f"Mass change {breaker_id} was {decision} by {by} on {at:%Y-%m-%d %H:%M} UTC already.")
    if ended_at is not None:
        raise Refused(f"Mass change {breaker_id} is over: too little of it is still so to be asked about.")
    return kind, connection_id, source_id


async def _decide(desk: Desk, change: Change, breaker_id: int, decision: str, why: str, *, over: bool) -> None:
    await change.run(
        """update breaker set decision = %s, decided_at = %s, decided_by = %s, why = %s, ended_at = %s
        where tenant_id = %s and breaker_id = %s""",
        decision, desk.clock.now(), desk.actor.name, why, desk.clock.now() if over else None, desk.tenant_id,
        breaker_id,
    )  # fmt: skip


async def _pass_over(desk: Desk, change: Change, breaker_id: int, why: str) -> int:
    """Skip everything it holds, set by set, each record with its event."""
    rows: list[tuple[Any, ...]] = await change.all(
        """with held as (
            delete from wait where tenant_id = %s and kind = 'person' and key = %s and code = %s returning version_id
        ), planned as (
            delete from plan where tenant_id = %s and version_id in (select version_id from held)
        )
        update version_state s set state = %s, reason = %s, changed_at = %s from held
        where s.tenant_id = %s and s.version_id = held.version_id and s.state = %s
        returning s.record_id, s.version_id""",
        desk.tenant_id, _key(breaker_id), HELD_BACK, desk.tenant_id, State.SKIPPED.value, DISMISSED, desk.clock.now(),
        desk.tenant_id, State.HELD.value,
    )  # fmt: skip
    for record_id, version_id in rows:
        change.event("dismissed", record_id=record_id, version_id=version_id, was=State.HELD.word, why=why)
    return len(rows)
