"""The firm's month in ServiceNow: each bill, credit and payment staged once and to the cent, under its supplier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ml_connector.errors import ConnectorError
from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.desk import Desk
from ml_connector.service.explaining import explain
from ml_connector.service.integrating import integration_named
from ml_connector.service.mapping.values import set_value
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync.states import State
from ml_connector_sandbox.compare_payables import PayablesComparison, compare_payables
from ml_connector_sandbox.sandbox import Sandbox
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(400)]

KIND = "zoho_books-servicenow"
MODES = {"bills": "live", "vendor_credits": "live", "vendor_payments": "live"}


def compared(sandbox: Sandbox, **more: Any) -> PayablesComparison:
    """The two systems' books, without our ledger."""
    assert sandbox.servicenow is not None
    company = sandbox.handover["company"]
    return compare_payables(company, sandbox.zoho_books.books(), sandbox.servicenow.books(), **more)


async def under_way(desk: Desk) -> list[tuple[Any, ...]]:
    """What is neither there nor left out by a rule: record, its id in Zoho Books, state and reason."""
    async with desk.looking() as reading:
        return await reading.all(
            """select f.name, r.record_id, r.source_id, s.state, s.reason, s.changed_at from record r
            join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
            join flow f on f.tenant_id = r.tenant_id and f.flow_id = r.flow_id
            where r.tenant_id = %s and s.state <> all(%s::smallint[]) and s.reason <> 'not_needed' order by 1, 2""",
            desk.tenant_id, [State.POSTED.value, State.LINKED.value, State.SKIPPED.value],
        )  # fmt: skip


async def everything_about(desk: Desk, found: PayablesComparison) -> str:
    """What is known of what is not as it should be: the lives of the first documents, and all that may keep any."""
    lives = []
    for number in [one.sentence.split()[1] for one in found.findings][:5]:
        try:
            lives.append(await explain(desk, number))
        except ConnectorError as error:
            lives.append(f"{number}: {error.sentence}")
    async with desk.looking() as reading:
        unread = await reading.all("select flow_id, source_id, attempts from unread where resolved_at is null")
        feeds = await reading.all("select name, moved_at::text, cursor from feed order by name")
        lanes = await reading.all(
            "select connection_id, due_at::text, not_before::text, lease_until::text, fence from lane"
        )
        open_ = await reading.all(
            "select intent_id, record_id, state, look_at::text, looks from intent where state in (0, 1)"
        )
        reads = await reading.all("select name, mode, next_read_at::text, read_requested_by from flow")
    shown = {"lives": lives, "under way": await under_way(desk), "unread": unread, "feeds": feeds, "lanes": lanes,
             "open": open_, "flows": reads}  # fmt: skip
    return "\n".join(f"{name}: {value}" for name, value in shown.items())


async def test_the_month_is_in_servicenow_once_and_to_the_cent(database: Database, tmp_path: Path) -> None:
    async with Sandbox.running("payables", speed=60.0, limits=False) as sandbox:
        assert sandbox.servicenow is not None
        file = tmp_path / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=tmp_path / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, MODES)

            async def sync() -> None:
                await syncing.request_sync(desk, await integration_named(desk, KIND))
                assert (await syncing.wait_until_quiet(desk, integration, patience=120.0)).done

            await sync()
            found = compared(sandbox)
            assert [one.sentence for one in found.findings] == [], await everything_about(desk, found)
            assert (found.documents, found.payments) == (473, 397)
            assert found.ledger == found.staged and found.paid == found.paid_there
            before = sandbox.servicenow.essence()
            await sync()
            assert sandbox.servicenow.essence() == before
            [(table, rows)] = sandbox.handover["company"]["fill_later"].items()
            [(key, value)] = rows.items()
            assert (await set_value(desk, integration, table, key, value)).released == 4
            await sync()
            found = compared(sandbox, filled=[f"{table}:{key}"])
            assert found.agrees and found.documents == 477, [one.sentence for one in found.findings]
