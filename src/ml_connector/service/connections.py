"""The connections of a tenant, and finding the one a person means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from ml_connector.errors import BadInput, NotFound
from ml_connector.lanes.questions import renewal
from ml_connector.service.desk import Desk, Reading
from ml_connector.service.roles import ALL


@dataclass(frozen=True, slots=True)
class Connection:
    """One organisation at one vendor. ``problem`` is a sentence, empty when all is well.

    ``waits_until``: before then its lane calls nobody (a limit, or a retry), and goes on by itself.
    """

    connection_id: int
    name: str
    vendor: str
    organisation_id: str
    sandbox: bool
    state: str
    problem: str
    organisation_read_at: datetime
    grant_id: int
    grant_state: str
    scopes: int
    waits_until: datetime | None = None
    at: datetime | None = None  # when it stood so

    @property
    def waits(self) -> str:
        """Until when it waits by itself, in words; empty when it does not, or when only a person helps."""
        return told(self.waits_until, self.at) if self.waits_until and self.at and self.good else ""

    @property
    def renewal(self) -> str:
        """What to type to connect it again."""
        return renewal(self.vendor, self.name)

    @property
    def good(self) -> bool:
        """Whether nothing but time is needed: neither it nor its grant waits for a person."""
        return self.state == "good" and self.grant_state == "good"


def told(at: datetime, now: datetime) -> str:
    """The end of a wait, in UTC; with its day where that is not today."""
    return f"{at:%H:%M:%S} UTC" if at.date() == now.date() else f"{at:%Y-%m-%d %H:%M:%S} UTC"


_CONNECTIONS = """
    select c.connection_id, c.name, c.vendor, c.organisation_id, c.sandbox, c.state,
           coalesce(nullif(c.problem, ''), g.problem), c.organisation_read_at, c.grant_id, g.state,
           cardinality(c.scopes), nullif(greatest(l.not_before, %s::timestamptz), %s::timestamptz), %s::timestamptz
    from connection c join vendor_grant g using (tenant_id, grant_id)
    left join lane l using (tenant_id, connection_id)
    where tenant_id = %s order by c.connection_id"""


async def connections(desk: Desk) -> list[Connection]:
    """All connections, in the order they were made."""
    desk.require(*ALL)
    async with desk.looking() as reading:
        return await connections_in(reading, desk.clock.now())


async def connections_in(reading: Reading, now: datetime) -> list[Connection]:
    """All connections as they stand ``now``, in an open transaction."""
    found = [Connection(*row) for row in await reading.all(_CONNECTIONS, now, now, now, reading.tenant_id)]
    return [_with_the_way_out(one) for one in found]


def _with_the_way_out(one: Connection) -> Connection:
    """A connection that only a person brings back says what to type."""
    if one.good:
        return one
    problem = f"{one.problem.rstrip('.')}. " if one.problem else ""
    return replace(one, problem=f"{problem}Connect it again: {one.renewal}")


async def connection_named(desk: Desk, wanted: str, vendor: str = "") -> Connection:
    """The connection of that name, number, organisation id or vendor. Raises NotFound, BadInput when it is not one."""
    async with desk.looking() as reading:
        known = await connections_in(reading, desk.clock.now())
    return pick_connection(known, wanted, vendor)


def pick_connection(known: list[Connection], wanted: str, vendor: str = "") -> Connection:
    """The one meant by a name, number, organisation id or vendor; empty means the only one of ``vendor``."""
    possible = [one for one in known if vendor in ("", one.vendor)]
    found = [one for one in possible if wanted in ("", one.name, str(one.connection_id), one.organisation_id)]
    found = found or [one for one in possible if one.vendor == wanted.replace("-", "_")]
    if len(found) == 1:
        return found[0]
    what = f"connection {wanted!r}" if wanted else f"connection to {vendor}" if vendor else "connection"
    names = ", ".join(repr(one.name) for one in (found or known))
    if found:
        raise BadInput(f"Several connections fit ({names}): say which by name.")
    raise NotFound(f"There is no {what}; " + (f"there are {names}." if names else "connect one first."))
