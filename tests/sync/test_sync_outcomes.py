"""Every fault at every write ends with the books of a run without faults."""

from __future__ import annotations

import pytest
from sync_world import World, is_bill, is_write

pytestmark = pytest.mark.anyio

KINDS = ["refused", "lost", "500 before", "500 after", "truncated", "429", "429 bare", "401", "defect"]


async def test_a_fault_free_run_agrees(company: World) -> None:
    await company.live()
    await company.sync()
    assert company.compared().findings == []
    assert await company.states() == {"posted": len(company.bills)}
    await company.sound()


@pytest.mark.parametrize("kind", KINDS)
async def test_a_fault_changes_nothing_in_the_end(company: World, kind: str) -> None:
    company.faults.on(kind, is_write, times=3, skip=1)
    await company.live()
    await company.sync()
    assert company.compared().findings == []
    assert await company.states() == {"posted": len(company.bills)}
    await company.sound()
