"""Tenants: the companies whose books are kept apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import available_timezones

import psycopg

from ml_connector.errors import BadInput, NotFound
from ml_connector.lanes.runtime import Runtime
from ml_connector.service.desk import Desk
from ml_connector.service.roles import Actor, require

#: The zone of a company whose own nobody has told.
DEFAULT_ZONE = "UTC"


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
    name, zone = _checked_name(name), checked_zone(zone)
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


async def change_tenant(runtime: Runtime, actor: Actor, tenant: Tenant, *, name: str = "", zone: str = "") -> Tenant:
    """Give a company another name or time zone; what is empty stays. Schedules are meant in the new zone from now on.

    Raises BadInput on a name that is taken, or a zone that is none.
    """
    require(actor)
    new_name = _checked_name(name) if name else tenant.name
    new_zone = checked_zone(zone) if zone else tenant.zone
    if (new_name, new_zone) == (tenant.name, tenant.zone):
        return tenant
    try:
        async with Desk(runtime, tenant.tenant_id, actor).changing() as change:
            query = "update tenant set name = %s, zone = %s where tenant_id = %s"
            await change.run(query, new_name, new_zone, tenant.tenant_id)
            change.event("tenant changed", name=[tenant.name, new_name], zone=[tenant.zone, new_zone])
    except psycopg.errors.UniqueViolation as error:
        raise BadInput(f"There is a company {new_name!r} already: give another name.") from error
    return replace(tenant, name=new_name, zone=new_zone)


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise BadInput("A company needs a name: give it one.")
    return name


def checked_zone(zone: str) -> str:
    """The zone. Raises BadInput when it is none."""
    if zone not in available_timezones():
        raise BadInput(f"{zone!r} is not a time zone such as America/Chicago.")
    return zone
