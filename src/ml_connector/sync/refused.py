"""What a vendor does not let a connection do: the flows concerned stand still, and the lane's other work goes on.

A refusal with a token that was just refreshed says that a right is missing, not which; only a person can give it. So it
is tried again after an hour, or at once when somebody connects again or asks for a reading. It is kept with the
connection's feeds, since it says how far they may be read and written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from ml_connector.connectors.writing import Later, Outcome, Unread
from ml_connector.store.database import Session as Transaction
from ml_connector.sync.intents import Intended
from ml_connector.sync.lane import Lane

REFUSED = "refused flow "
GOOD = "set up for flow "  # what a preflight found; see sync.preflight
TRIED_AGAIN = timedelta(hours=1)  # of the clock; every try costs a token


class Why(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why flows stand still, for a person: what is wrong, and who changes what.

    ``about`` is the part of ``sentence`` that names the one thing it was noticed at; empty where it names none. ``others``
    tell further things apart of which the same is to be said, and ``more`` is what is said of their number behind ``about``.
    """

    sentence: str
    about: str = ""
    others: tuple[str, ...] = ()
    more: str = " (and {} more record{})"  # the number, and the s of several


_why = msgspec.json.Decoder(Why)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A flow of this lane that is refused, until when (clock time), and why."""

    flow_id: int
    until: datetime
    why: Why


async def refused_flows(lane: Lane) -> Mapping[int, Refusal]:
    """The flows that are refused now, by id."""
    async with lane.database.tenant(lane.tenant_id) as connection:
        rows = await (
            await connection.execute(
                b"""select name, moved_at, cursor from feed
                where tenant_id = %s and connection_id = %s and starts_with(name, %s) and moved_at > %s""",
                [lane.tenant_id, lane.connection_id, REFUSED, lane.clock.now()],
            )
        ).fetchall()
    found = [Refusal(int(name.removeprefix(REFUSED)), until, why_of(bytes(why))) for name, until, why in rows]
    return {one.flow_id: one for one in found}


def why_of(stored: bytes) -> Why:
    """The reason as it is kept with a connection's feeds; a release before kept the sentence alone."""
    try:
        return _why.decode(stored)
    except msgspec.DecodeError:
        return Why(stored.decode())


def told(reasons: Iterable[Why]) -> list[str]:
    """Each reason once: what it holds for is named by the first, and the number of the others."""
    alike: dict[str, list[Why]] = {}
    for one in reasons:
        alike.setdefault(one.sentence.replace(one.about, "", 1) if one.about else one.sentence, []).append(one)
    return [_together(found) for found in alike.values()]


def _together(alike: Sequence[Why]) -> str:
    first = alike[0]
    others = {other for one in alike for other in (one.about, *one.others)} - {first.about}
    if not first.about or not others:
        return first.sentence
    more = first.more.format(len(others), "s" if len(others) > 1 else "")
    return first.sentence.replace(first.about, f"{first.about}{more}", 1)


async def refuse(lane: Lane, flows: Iterable[int], why: Why) -> None:
    """Let these flows stand still in this lane. Raises LeaseLost."""
    until = lane.clock.now() + TRIED_AGAIN
    async with lane.transaction() as transaction:
        for flow_id in sorted(set(flows)):
            await transaction.run(
                """insert into feed (tenant_id, connection_id, name, cursor, moved_at) values (%s, %s, %s, %s, %s)
                on conflict (tenant_id, connection_id, name) do update
                set cursor = excluded.cursor, moved_at = excluded.moved_at""",
                lane.tenant_id, lane.connection_id, f"{REFUSED}{flow_id}", msgspec.json.encode(why), until,
            )  # fmt: skip
            transaction.event("not permitted", flow=flow_id, why=why.sentence)
    await hold_back(lane, {flow_id: Refusal(flow_id, until, why) for flow_id in flows})


async def hold_back(lane: Lane, refusals: Mapping[int, Refusal]) -> None:
    """Leave the work of refused flows in the queue until they are tried again; also what has come since."""
    for one in refusals.values():
        async with lane.transaction() as transaction:
            await transaction.run(
                """update work set not_before = %s
                where tenant_id = %s and connection_id = %s and flow_id = %s and not_before < %s""",
                one.until, lane.tenant_id, lane.connection_id, one.flow_id, one.until,
            )  # fmt: skip


async def try_again(connection: Transaction, tenant_id: int, flows: Collection[int]) -> None:
    """Forget the refusals of these flows on both sides, and let their work go on: a person wants to know."""
    await connection.execute(
        b"""with forgotten as (
            delete from feed where tenant_id = %s and name = any(%s::text[]) returning connection_id, name
        )
        update work w set not_before = '-infinity' from forgotten f
        where w.tenant_id = %s and w.connection_id = f.connection_id and f.name = %s || w.flow_id::text""",
        [tenant_id, [f"{REFUSED}{flow_id}" for flow_id in flows], tenant_id, REFUSED],
    )


async def put_off(lane: Lane, group: Sequence[Intended], outcomes: Sequence[Outcome]) -> list[Later]:
    """What was provably not done and concerns the whole lane; where a right is missing, the flows of ``group`` stand still.

    A document that cannot be read before its change concerns that change alone.
    """
    later = [one for one in outcomes if isinstance(one, Later) and not isinstance(one, Unread)]
    if any(one.forbidden for one in later):
        flows = {one.flow.flow_id for one in group}
        await refuse(lane, flows, _forbidden(group, outcomes))
        await _look_anew(lane, flows)
    return [one for one in later if not one.forbidden]


async def _look_anew(lane: Lane, flows: Collection[int]) -> None:
    """Before these flows write again, the target is looked at whole: the refusal has told of the first lack alone."""
    async with lane.transaction() as transaction:
        await transaction.run(
            "delete from feed where tenant_id = %s and connection_id = %s and name = any(%s::text[])",
            lane.tenant_id, lane.connection_id, [f"{GOOD}{flow_id}" for flow_id in flows],
        )  # fmt: skip


def _forbidden(group: Sequence[Intended], outcomes: Sequence[Outcome]) -> Why:
    """The first reason, with the references of the others: names of parties are not kept for the sake of a number."""
    found = [
        (intended.step.reference, one) for intended, one in zip(group, outcomes, strict=True)
        if isinstance(one, Later) and one.forbidden
    ]  # fmt: skip
    return Why(found[0][1].why, found[0][1].about, tuple(reference for reference, _ in found[1:]))
