"""Replay: records are planned again with the reference they always had, so that nothing is posted twice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from ml_connector.canonical.money import ZERO
from ml_connector.errors import BadInput, NotFound, Refused
from ml_connector.service.desk import Change, Desk, made
from ml_connector.service.finding import RECORDS, Filter, conditions, told
from ml_connector.service.roles import Role
from ml_connector.service.tallies import Tally
from ml_connector.sync.release import restage
from ml_connector.sync.states import DISMISSED, HELD_BACK, REPLAYABLE, Priority, State

_AT_ONCE = 2_000  # versions in one transaction, so that a worker never waits long for one


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay took, by the state it was in. ``runs`` are the ids of its runs, one per flow."""

    runs: tuple[int, ...]
    count: int
    taken: dict[str, Tally]


@dataclass(frozen=True, slots=True)
class _Version:
    version_id: int
    record_id: int
    flow_id: int
    connection_id: int
    state: State
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class _Chosen:
    """What fits a filter: what can be replayed, and the record ids of what the breaker holds and of what a flow has off."""

    versions: list[_Version]
    held_back: list[int]
    off: dict[str, list[int]]  # by the flow's name


@dataclass(frozen=True, slots=True)
class Replayable:
    """What a replay would take, by the state it is in, and its sum by currency."""

    chosen: Filter
    total: Tally
    states: dict[str, Tally]
    versions: tuple[_Version, ...]


async def replay(desk: Desk, chosen: Filter) -> Replayed:
    """Plan the newest versions of the chosen records again, first in order. Raises NotFound when there is none.

    What is being sent or looked up is left alone. Each flow gets a run of kind ``replay`` that counts what it took.
    """
    return await replay_listed(desk, await replayable(desk, chosen))


async def replayable(desk: Desk, chosen: Filter) -> Replayable:
    """What of a filter can be replayed. Raises NotFound when there is none, BadInput for a filter of everything.

    What the mass-change breaker holds is left out, and so is what belongs to a flow that is off, since nobody would plan
    it and it would no longer be told as posted; Refused when it is named or nothing else fits.
    """
    desk.require(Role.BOOKKEEPER)
    if chosen == Filter(integration_id=chosen.integration_id):
        raise BadInput("A replay needs to know of what: a record, a flow with a state, a run, or a range of dates.")
    found = await _chosen(desk, chosen)
    if not found.versions or chosen.record_ids or chosen.number:
        _refuse_left_out(found)
    versions = found.versions
    if not versions:
        raise NotFound("No record that can be replayed fits; what is being sent right now is never replayed.")
    total = Tally()
    states: dict[str, Tally] = {}
    for one in versions:
        total.add(1, one.currency, one.amount)
        states.setdefault(one.state.word, Tally()).add(1, one.currency, one.amount)
    return Replayable(chosen, total, states, tuple(versions))


def _refuse_left_out(found: _Chosen) -> None:
    if found.held_back:
        raise Refused(
            f"The mass-change breaker holds {_some(found.held_back)} until an approver has decided about everything it "
            "stopped with it; 'ml-connector breaker' shows it. Nothing was replayed."
        )
    for flow, records in found.off.items():
        raise Refused(
            f"The flow {flow} of {_some(records)} is off, so nothing of it would be planned. Nothing was replayed; "
            "'ml-connector preview' turns it on, and shows first what would be posted."
        )


def _some(records: list[int]) -> str:
    return ", ".join(f"#{one}" for one in records[:5]) + (" and others" if records[5:] else "")


async def replay_listed(desk: Desk, listed: Replayable) -> Replayed:
    """Replay exactly the listed versions; what has been taken up or has changed since stays as it is.

    A record that has a newer version by now is planned from that one, or was: the listed one goes no more.
    """
    desk.require(Role.BOOKKEEPER)
    by_flow: dict[int, list[_Version]] = defaultdict(list)
    for one in listed.versions:
        by_flow[one.flow_id].append(one)
    taken: dict[str, Tally] = {}
    runs = [
        await _replay_flow(desk, flow_id, found, taken, told(listed.chosen))
        for flow_id, found in sorted(by_flow.items())
    ]
    return Replayed(tuple(runs), sum(tally.count for tally in taken.values()), taken)


async def _chosen(desk: Desk, chosen: Filter) -> _Chosen:
    """The newest versions that fit and can be replayed, and what fits and is left out."""
    sealer = await desk.sealer()
    async with desk.looking() as reading:
        found = await conditions(desk, reading, sealer, chosen)
        # A party nobody needs stays where it is, and what a person has dismissed, unless it is named: nobody asked for it.
        found.add("s.state = any(%s::smallint[]) and s.reason <> 'not_needed'", [state.value for state in REPLAYABLE])
        if not (chosen.record_ids or chosen.number or chosen.reason == DISMISSED):
            found.add("s.reason <> %s", DISMISSED)
        rows = await reading.all(
            f"""select s.reason, f.name, f.mode, r.version_id, r.record_id, r.flow_id, f.target_id, s.state, d.amount,
                       d.currency
            {RECORDS} where {found.sql} order by r.version_id""",
            *found.values,
        )
    kept = _Chosen([], [], defaultdict(list))
    for reason, flow, mode, *ids, state, amount, currency in rows:
        if reason == HELD_BACK:
            kept.held_back.append(ids[1])
        elif mode == "off":
            kept.off[flow].append(ids[1])
        else:
            kept.versions.append(made(_Version, *ids, State(state), amount, currency))
    return kept


async def _replay_flow(
    desk: Desk, flow_id: int, found: list[_Version], taken: dict[str, Tally], chosen: dict[str, str]
) -> int:
    run_id = 0
    for start in range(0, len(found), _AT_ONCE):
        async with desk.changing() as change:
            if not run_id:
                run_id = await _begin(desk, change, flow_id)
                change.event("replay of a list", run_id=run_id, records=len(found), chosen=chosen)
            part = found[start : start + _AT_ONCE]
            went = set(
                await restage(
                    change.connection, desk.tenant_id, [one.version_id for one in part], REPLAYABLE, Priority.PERSON
                )
            )
            gone = [one for one in part if one.version_id in went]
            for one in gone:
                taken.setdefault(one.state.word, Tally()).add(1, one.currency, one.amount)
                change.event(
                    "replayed", record_id=one.record_id, version_id=one.version_id, run_id=run_id, was=one.state.word
                )
            await _count(desk, change, run_id, gone)
    return run_id


async def _begin(desk: Desk, change: Change, flow_id: int) -> int:
    row = await change.one(
        """insert into run (tenant_id, flow_id, kind, trigger, actor, started_at)
        values (%s, %s, 'replay', 'person', %s, %s) returning run_id""",
        desk.tenant_id, flow_id, desk.actor.name, desk.clock.now(),
    )  # fmt: skip
    assert row is not None
    return int(row[0])


async def _count(desk: Desk, change: Change, run_id: int, gone: list[_Version]) -> None:
    """A replay brings no new version: what it took are repeats, in number and in money."""
    row = await change.one("select sums from run where tenant_id = %s and run_id = %s", desk.tenant_id, run_id)
    assert row is not None
    sums = msgspec.json.decode(row[0], type=dict[str, dict[str, Decimal]])
    for one in gone:
        for name in ("rows", "repeats"):
            held = sums.setdefault(name, {})
            held[one.currency] = held.get(one.currency, ZERO) + one.amount
    await change.run(
        """update run set rows = rows + %s, repeats = repeats + %s, sums = %s, finished_at = %s
        where tenant_id = %s and run_id = %s""",
        len(gone), len(gone), msgspec.json.encode(sums).decode(), desk.clock.now(), desk.tenant_id, run_id,
    )  # fmt: skip
