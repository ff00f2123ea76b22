"""Dismissing: a person says that nothing is to be done about a record, and why."""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector.errors import BadInput, Refused
from ml_connector.service.desk import Change, Desk
from ml_connector.service.explaining import find_record
from ml_connector.service.roles import Role
from ml_connector.sync.states import DISMISSED, HELD_BACK, State

_POSSIBLE = (State.HELD, State.REJECTED)


@dataclass(frozen=True, slots=True)
class Dismissed:
    """A record that is passed over now. ``was`` is the state it was in."""

    record_id: int
    was: str
    why: str


async def dismiss(desk: Desk, wanted: str, why: str) -> Dismissed:
    """Pass a held or rejected record over, until it changes at its source or a replay names it.

    Raises NotFound, BadInput without a reason, Refused for a record that waits for nobody,
    or that the mass-change breaker holds: what it stopped is passed over as a whole, by an approver.
    """
    desk.require(Role.BOOKKEEPER)
    why = " ".join(why.split())
    if not why:
        raise BadInput(
            "Say why the record is dismissed, such as 'received twice by mistake'; it stays in the audit trail."
        )
    record_id = await find_record(desk, wanted)
    async with desk.changing() as change:
        version_id, state, reason = await _locked(change, record_id)
        if state not in _POSSIBLE:
            raise Refused(f"Record #{record_id} is {state.word}: only what is held or rejected can be dismissed.")
        if reason == HELD_BACK:
            raise Refused(
                f"The mass-change breaker holds record #{record_id} until an approver has decided about everything it "
                "stopped with it; 'ml-connector breaker' shows it. Nothing was dismissed."
            )
        await change.run(
            """update version_state set state = %s, reason = %s, changed_at = %s
            where tenant_id = %s and version_id = %s""",
            State.SKIPPED.value, DISMISSED, desk.clock.now(), desk.tenant_id, version_id,
        )  # fmt: skip
        for table in ("work", "wait", "plan"):
            await change.run(
                f"delete from {table} where tenant_id = %s and version_id = %s", desk.tenant_id, version_id
            )
        change.event("dismissed", record_id=record_id, version_id=version_id, was=state.word, why=why)
    return Dismissed(record_id, state.word, why)


async def _locked(change: Change, record_id: int) -> tuple[int, State, str]:
    """The newest version and its state, with the integration locked: no planner looks at it meanwhile."""
    await change.all(
        """select i.integration_id from integration i join flow f using (tenant_id, integration_id)
        join record r using (tenant_id, flow_id) where i.tenant_id = %s and r.record_id = %s for update of i""",
        change.tenant_id, record_id,
    )  # fmt: skip
    row = await change.one(
        """select version_id, s.state, s.reason from record r join version_state s using (tenant_id, version_id)
        where tenant_id = %s and r.record_id = %s""",
        change.tenant_id, record_id,
    )  # fmt: skip
    assert row is not None
    return row[0], State(row[1]), row[2]
