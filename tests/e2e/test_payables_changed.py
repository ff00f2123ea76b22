"""The whole firm goes on after its month was staged: what was changed, voided or deleted since stands there as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from ml_connector.lanes.runtime import Runtime
from ml_connector.service import syncing
from ml_connector.service.integrating import integration_named
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector_sandbox.compare_payables import compare_payables
from ml_connector_sandbox.sandbox import Sandbox
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(400)]

KIND = "zoho_books-servicenow"
MODES = {"bills": "live", "vendor_credits": "live", "vendor_payments": "live"}
DAY = 86_400.0 + 300.0


async def test_what_the_firm_changes_is_told_and_nothing_there_is_touched(database: Database, tmp_path: Path) -> None:
    async with Sandbox.running("payables changed", speed=60.0, limits=False) as sandbox:
        assert sandbox.servicenow is not None and sandbox.company.change is not None
        file = tmp_path / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=tmp_path / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, MODES)

            async def sync() -> None:
                await syncing.request_sync(desk, await integration_named(desk, KIND))
                assert (await syncing.wait_until_quiet(desk, integration, patience=120.0)).done

            await sync()
            sandbox.company.change(sandbox.company)
            for clock in (sandbox.clock, runtime.clock):
                object.__setattr__(clock, "anchor", clock.anchor - DAY / clock.speed)
            await sync()
            await sync()
            payables = sandbox.company.payables
            assert payables is not None
            endings = payables.go_on().endings
            found = compare_payables(
                sandbox.handover["company"], sandbox.zoho_books.books(), sandbox.servicenow.books(), endings=endings
            )
            assert [one.sentence for one in found.findings] == []
            async with desk.looking() as reading:
                rows = await reading.all(
                    """select r.source_id, s.reason from record r
                    join version_state s on s.tenant_id = r.tenant_id and s.version_id = r.version_id
                    where r.tenant_id = %s and r.source_id = any(%s::text[])""",
                    desk.tenant_id, list(endings),
                )  # fmt: skip
            ended = dict(rows)
            deleted = [one for one in payables.go_on().bills if one.reason == "deleted_after_staging"]
            assert [ended[one.document_id] for one in deleted] == ["void_after_staging"]
            [unpaid] = [one for one in payables.go_on().payments if one.reason == "deleted_after_staging"]
            assert ended[unpaid.payment_id] == "payment_changed_after_staging"
