"""The setting ``inactive_parties``: what it concerns is planned anew, and what differs already is shown before it goes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ml_connector.service.desk import Change
from ml_connector.sync.party_status import TURNED_ON
from ml_connector.sync.release import restage
from ml_connector.sync.states import Priority, State

_ENDED = [State.POSTED, State.LINKED, State.UNCHANGED, State.PLANNED]


async def status_setting_changed(
    change: Change, flows: Sequence[tuple[int, int]], at: datetime, *, follows: bool
) -> None:  # fmt: skip
    """Plan the linked parties of ``flows`` (their ids, and their target's) anew; note what is the newest of them now.

    Those that are held or passed over because of the setting go as after every change of settings.
    """
    for flow_id, target_id in flows:
        if follows:
            await change.run(
                """insert into feed (tenant_id, connection_id, name, cursor, moved_at)
                select %s, %s, %s, convert_to(coalesce(max(version_id), 0)::text, 'UTF8'), %s
                from record where tenant_id = %s and flow_id = %s
                on conflict (tenant_id, connection_id, name) do update
                set cursor = excluded.cursor, moved_at = excluded.moved_at""",
                change.tenant_id, target_id, f"{TURNED_ON}{flow_id}", at, change.tenant_id, flow_id,
            )  # fmt: skip
        else:
            await change.run(
                "delete from feed where tenant_id = %s and connection_id = %s and name = %s",
                change.tenant_id, target_id, f"{TURNED_ON}{flow_id}",
            )  # fmt: skip
    rows = await change.all(
        """select r.version_id from record r
        join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
        join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
        where r.tenant_id = %s and r.flow_id = any(%s::integer[]) and s.state = any(%s::smallint[])
          and (s.state = %s
               or exists (select 1 from link l where l.tenant_id = r.tenant_id and l.integration_id = f.integration_id
                          and l.entity = f.name and l.source_id = r.source_id offset 0)
               or exists (select 1 from link l where l.tenant_id = r.tenant_id and l.integration_id = f.integration_id
                          and l.target_entity = 'parties' and l.target_id = r.source_id offset 0))""",
        change.tenant_id, [flow_id for flow_id, _ in flows], [state.value for state in _ENDED], State.PLANNED.value,
    )  # fmt: skip
    await restage(change.connection, change.tenant_id, [row[0] for row in rows], _ENDED, Priority.RELEASED)
