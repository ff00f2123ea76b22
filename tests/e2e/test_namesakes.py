"""Customers of one name: each gets a contact of its own, also while nobody knows what became of the first one's."""

from __future__ import annotations

from pathlib import Path

import pytest
from sales_world import selling

from ml_connector.store.database import Database
from ml_connector_sandbox.kernel.calls import Call
from ml_connector_sandbox.kernel.faults import Fault, Faults

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(600)]


async def test_one_waits_until_it_is_known_whether_its_namesake_is_there(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with selling(database, tmp_path) as company:
        take = Faults.take
        struck: list[int] = []

        def chosen(self: Faults, call: Call) -> Fault | None:
            if self is company.sandbox.xero.faults and call.method == "PUT" and "/Contacts" in call.path and not struck:
                self.add(Fault(call=call.number, kind="not json"))
                struck.append(call.number)
            return take(self, call)

        monkeypatch.setattr(Faults, "take", chosen)
        await company.sync()
        assert struck
        assert set(await company.versions("customers")) <= {"posted", "linked", "skipped"}
        named = [one.name for one in company.target.contacts if one.name.startswith("John Smith")]
        assert len(named) == 3 and sum("(ST " in one for one in named) == 2
