"""What is under way and waits for nothing but time, or for a document that needs it: until when, and why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from ml_connector.sealing import Sealer
from ml_connector.service.desk import Reading

_QUEUED = """
    select w.version_id, greatest(w.not_before, l.not_before, timestamptz '1970-01-01 00:00:00+00'), c.name, c.problem
    from work w
    join lane l on l.tenant_id = w.tenant_id and l.connection_id = w.connection_id
    join connection c on c.tenant_id = w.tenant_id and c.connection_id = w.connection_id
    join version_state s on s.tenant_id = w.tenant_id and s.version_id = w.version_id and s.state = 0
    where w.tenant_id = %s and w.version_id = any(%s::bigint[])"""
_LOOKED_UP = """
    select distinct on (version_id) version_id, look_at, why from intent
    where tenant_id = %s and version_id = any(%s::bigint[]) and state = 1 order by version_id, look_at desc nulls last"""
_PLANNED = """
    select s.version_id from version_state s
    join flow f on f.tenant_id = s.tenant_id and f.flow_id = s.flow_id and f.mode = 'as needed'
    join plan p on p.tenant_id = s.tenant_id and p.version_id = s.version_id and p.approved_at is null
    where s.tenant_id = %s and s.version_id = any(%s::bigint[]) and s.state = 1"""


async def awaiting(reading: Reading, sealer: Sealer, now: dt.datetime, versions: Sequence[int]) -> Mapping[int, str]:
    """By version, of those that are planned as needed, queued or being looked up: what each waits for, as half a sentence."""
    planned = await reading.all(_PLANNED, reading.tenant_id, list(versions))
    told = {version_id: "goes as soon as a document that needs it can go" for (version_id,) in planned}
    for version_id, at, name, problem in await reading.all(_QUEUED, reading.tenant_id, list(versions)):
        until = f"until {at:%Y-%m-%d %H:%M:%S} UTC and goes on by itself" if at > now else "and is next in its queue"
        told[version_id] = f"waits for {name} {until}" + (f" ({problem.rstrip('.')})" if problem else "")
    for version_id, at, sealed in await reading.all(_LOOKED_UP, reading.tenant_id, list(versions)):
        when = f" at {at:%Y-%m-%d %H:%M:%S} UTC" if at else ""
        why = sealer.open(b"why", sealed).decode().rstrip(".") if sealed else "the worker ended before its answer"
        told[version_id] = f"nobody knows yet whether it was done ({why}); it is looked up{when}, and goes on by itself"
    return told
