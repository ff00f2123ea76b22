"""Flows that stand still: a right is missing, a list is closed, or the target is not set up for what they write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ml_connector.service.desk import Reading
from ml_connector.service.tallies import counted
from ml_connector.sync.refused import REFUSED, Why, told, why_of
from ml_connector.sync.states import State


@dataclass(frozen=True, slots=True)
class Still:
    """Flows that stand still at a connection for one reason, ``why``, until they are tried again at ``until`` (clock).

    ``waiting``: how many documents of theirs are to be planned and sent there.
    """

    connection_id: int
    connection: str
    flow_ids: tuple[int, ...]
    flows: tuple[str, ...]
    waiting: int
    until: dt.datetime
    why: str

    @property
    def sentence(self) -> str:
        """Who stands still where, and when that is over, without the reason."""
        stand = "stands" if len(self.flows) == 1 else "stand"
        waiting = f", and {counted(self.waiting, 'document waits', 'documents wait')}" if self.waiting else ""
        return (
            f"{', '.join(self.flows)} {stand} still at {self.connection}{waiting}; tried again at {self.until:%H:%M} UTC, or "
            "at once by 'ml-connector sync'"
        )


# Refusals lie with the connection's feeds; the number behind the name is the flow's.
_STILL = """
    select c.connection_id, c.name, f.flow_id, f.name, r.moved_at, r.cursor,
           (select count(*) from work w
            join version_state s on s.tenant_id = w.tenant_id and s.version_id = w.version_id and s.state = %s
            where w.tenant_id = r.tenant_id and w.connection_id = r.connection_id and w.flow_id = f.flow_id)
    from feed r
    join flow f on f.tenant_id = r.tenant_id and f.flow_id = substr(r.name, %s)::int
    join connection c on c.tenant_id = r.tenant_id and c.connection_id = r.connection_id
    where r.tenant_id = %s and starts_with(r.name, %s) and r.moved_at > %s and f.mode <> 'off'
      and f.flow_id = any(%s::int[])
    order by c.connection_id, f.flow_id"""


async def still_in(reading: Reading, flow_ids: Collection[int], now: dt.datetime) -> tuple[Still, ...]:
    """Those of these flows, on either side, those of one reason together."""
    rows = await reading.all(
        _STILL, State.STAGED.value, len(REFUSED) + 1, reading.tenant_id, REFUSED, now, list(flow_ids)
    )
    groups: dict[tuple[int, str], list[_Refused]] = {}
    for connection_id, connection, flow_id, flow, until, why, waiting in rows:
        one = _Refused(connection_id, connection, flow_id, flow, until, why_of(bytes(why)), waiting)
        groups.setdefault((one.connection_id, one.alike), []).append(one)
    return tuple(_together(alike) for alike in groups.values())


@dataclass(frozen=True, slots=True)
class _Refused:
    connection_id: int
    connection: str
    flow_id: int
    flow: str
    until: dt.datetime
    why: Why
    waiting: int

    @property
    def alike(self) -> str:
        """What is said of the reason, whatever it was noticed at."""
        return self.why.sentence.replace(self.why.about, "", 1) if self.why.about else self.why.sentence


def _together(alike: Sequence[_Refused]) -> Still:
    [why] = told(one.why for one in alike)
    return Still(
        alike[0].connection_id, alike[0].connection, tuple(one.flow_id for one in alike), tuple(one.flow for one in alike),
        sum(one.waiting for one in alike), min(one.until for one in alike), why,
    )  # fmt: skip
