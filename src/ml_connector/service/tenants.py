"""Tenants: the companies whose books are kept apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import available_timezones

import psycopg

from ml_connector.errors import BadInput, NotFound
from ml_connector.lanes.runtime import Runtime
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Actor, require


@dataclass(frozen=True, slots=True)
class Tenant:
    """One company. ``zone`` is the IANA time zone its days and schedules are meant in."""

    tenant_id: int
    name: str
    zone: str
    created_at: datetime


async def tenants(runtime: Runtime) -> list[Tenant]:
    """All tenants of this database, in the order they came."""
    query = b"select tenant_id, name, zone, created_at from tenant order by tenant_id"
    async with runtime.database.dispatch() as connection:
        return [Tenant(*row) for row in await (await connection.execute(query)).fetchall()]


async def selected_tenant(runtime: Runtime, wanted: str = "") -> Tenant:
    """The tenant of that name or number; without a name, the only one there is. Raises NotFound, BadInput."""
    known = await tenants(runtime)
    found = [one for one in known if wanted in ("", one.name, str(one.tenant_id))]
    if len(found) == 1:
        return found[0]
    names = ", ".join(repr(one.name) for one in known)
    if wanted:
        raise NotFound(f"There is no company {wanted!r}; " + (f"there are {names}." if known else "there is none yet."))
    if not known:
        raise NotFound("Nothing is connected yet: connect a system first, with 'ml-connector connect'.")
    raise BadInput(f"There are several companies ({names}): say which with --company.")


async def create_tenant(runtime: Runtime, actor: Actor, name: str, zone: str) -> Tenant:
    """Take in a company. Raises BadInput on a name that is taken or empty, or a zone that is none."""
    require(actor)
    name = " ".join(name.split())
    if not name:
        raise BadInput("A company needs a name: give it one.")
    if zone not in available_timezones():
        raise BadInput(f"{zone!r} is not a time zone such as America/Chicago.")
    query = b"insert into tenant (name, zone, created_at) values (%s, %s, %s) returning tenant_id"
    at = runtime.clock.now()
    try:
        async with runtime.database.dispatch() as connection:
            row = await (await connection.execute(query, [name, zone, at])).fetchone()
    except psycopg.errors.UniqueViolation as error:
        raise BadInput(f"There is a company {name!r} already: choose it with --company, or name another.") from error
    assert row is not None
    tenant = Tenant(row[0], name, zone, at)
    async with Desk(runtime, tenant.tenant_id, actor).changing() as change:
        change.event("tenant created", name=name, zone=zone)
    return tenant
