"""A new, empty database over a ledger and an instance that an earlier one has brought together: nothing is staged again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from payables_world import INVOICES, KIND, MODES, PAYMENT_DETAILS, Firm, payables

from ml_connector.lanes.runtime import Runtime
from ml_connector.settings import Settings
from ml_connector.store.database import Database
from rig.company import joined

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
MakeDatabase = Callable[[], AbstractAsyncContextManager[Database]]


def standing(firm: Firm) -> Counter[str]:
    """What the instance shows, by our keys."""
    return Counter(row["third_party_import_id"] for table in (INVOICES, PAYMENT_DETAILS) for row in firm.rows(table))


async def test_what_was_applied_later_is_not_staged_once_more(
    database: Database, make_database: MakeDatabase, tmp_path: Path
) -> None:
    async with payables(database, tmp_path) as firm:
        first, second = firm.bill(), firm.bill()
        made = firm.at_zoho("pay", vendor=next(iter(firm.books.vendors)), amount="150")
        for bill, amount in ((first, "100"), (second, "50")):
            firm.at_zoho("apply advance", payment=made["payment"], bill=bill.number, amount=amount)
            await firm.sync()
        before = standing(firm)
        assert len(firm.payments(second)) == 1
        firm.jump(days=8)  # the staged rows are cleared
        async with make_database() as anew, Runtime.on(anew, _settings(firm, tmp_path)) as runtime:
            again = Firm(firm.sandbox, runtime, *await joined(runtime, firm.sandbox.handover, KIND, MODES))
            await again.sync()
            for flow, source_id in (("bills", second.document_id), ("vendor_payments", made["payment_id"])):
                assert await again.end(flow, source_id) == ("posted", ""), await again.why(flow, source_id)
        assert standing(firm) == before and len(firm.payments(second)) == 1


def _settings(firm: Firm, folder: Path) -> Settings:
    file = folder / "anew.json"
    firm.sandbox.write(file)
    return Settings(data=folder / "anew", sandbox=file)
