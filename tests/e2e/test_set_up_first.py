"""Nothing is staged at an instance that lacks a column; the flow says which, and goes on once it is there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ml_connector.lanes.runtime import Runtime
from ml_connector.lanes.slice import run_slice
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration
from ml_connector.service.status import status
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from ml_connector.sync.states import State
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import Sandbox, seeded
from rig.company import joined

pytestmark = pytest.mark.anyio

KIND = "zoho_books-servicenow"
MODES = {
    "bills": "live", "vendor_credits": "live", "vendor_payments": "live", "vendors": "as needed",
    "cost_centers": "as needed",
}  # fmt: skip
HEADERS, LINES = "sn_spend_intg_imp_invoice", "sn_spend_intg_imp_invoice_line"
LACKING = f"{LINES}.u_external_invoice_source=u_ledger"


@dataclass
class Firm:
    """The firm whose lanes are run by hand."""

    sandbox: Sandbox
    runtime: Runtime
    desk: Desk
    integration: Integration

    async def slices(self, rounds: int) -> None:
        for _ in range(rounds):
            for connection_id in (self.integration.source_id, self.integration.target_id):
                await run_slice(self.runtime, "test", self.desk.tenant_id, connection_id, lambda _: None)

    async def run(self, *statements: str) -> None:
        async with self.runtime.database.tenant(self.desk.tenant_id) as connection:
            for one in statements:
                await connection.execute(one.encode())

    async def an_hour_passes(self) -> None:
        """For what is refused, and for the work that waits for it."""
        await self.run(
            "update feed set moved_at = moved_at - interval '61 minutes' where starts_with(name, 'refused flow ')",
            "update work set not_before = '-infinity'",
        )

    async def posted(self, flow: str) -> int:
        async with self.desk.looking() as reading:
            row = await reading.one(
                """select count(*) from version_state s join flow f using (tenant_id, flow_id)
                where f.name = %s and s.state = %s""",
                flow, State.POSTED,
            )  # fmt: skip
        return int(row[0]) if row else 0

    async def problem(self) -> str:
        found = await status(self.desk)
        return next(one.problem for one in found.connections if one.connection_id == self.integration.target_id)

    def staged(self, table: str) -> list[dict[str, Any]]:
        books = self.sandbox.company.servicenow
        assert books is not None
        return list(books.named("").records.rows(table))

    def rename(self, pairs: str) -> None:
        assert self.sandbox.servicenow is not None
        self.sandbox.servicenow.set_switches({"column_names": pairs})


@pytest.fixture
async def firm(database: Database, tmp_path: Path) -> AsyncIterator[Firm]:
    company = seeded(f"matrix:{KIND}", SandboxClock.starting(datetime(2026, 11, 17, 15, 0, tzinfo=UTC), 12.0))
    company.zoho_books_switches.list_lag_seconds = 0.0
    async with Sandbox.running(company) as sandbox:
        file = tmp_path / "sandbox.json"
        sandbox.write(file)
        async with Runtime.on(database, Settings(data=tmp_path / "data", sandbox=file)) as runtime:
            desk, integration = await joined(runtime, sandbox.handover, KIND, MODES)
            yield Firm(sandbox, runtime, desk, integration)


async def test_nothing_is_staged_while_a_column_is_missing_and_all_of_it_once_it_is_there(firm: Firm) -> None:
    firm.rename(LACKING)
    await firm.slices(4)
    assert firm.staged(HEADERS) == [] and firm.staged(LINES) == []
    said = await firm.problem()
    assert f"{LINES} has no column u_external_invoice_source" in said and "line_columns=external_source=" in said
    assert "Nothing is written" in said
    assert firm.staged("sn_fcms_intg_imp_supplier") != []  # vendors have all they need, and go

    firm.rename("")
    await firm.slices(1)
    assert firm.staged(HEADERS) == []  # it is not asked again in every slice
    await firm.an_hour_passes()
    await firm.slices(4)
    assert await firm.posted("bills") > 0 and len(firm.staged(LINES)) >= await firm.posted("bills")
    assert "Nothing is written" not in await firm.problem()
    assert all(one["u_external_invoice_source"] for one in firm.staged(LINES))
