"""Faults strike the receivables as anything else, those whose answer has no body too."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import aiohttp
import pytest
from servicetitan_receivables import Receivables, receivables
from servicetitan_world import Client, World

from ml_connector_sandbox.kernel.faults import Fault

pytestmark = pytest.mark.anyio


@pytest.fixture
def ledger(world: World) -> Receivables:
    world.api.check_published = False
    return receivables(world.books, world.account.id)


async def changed(api: Client, path: str, **body: Any) -> int | None:
    """The status of a PATCH; None when the connection ended in the middle of it."""
    try:
        return (await api.call("PATCH", path, json=body)).status
    except aiohttp.ClientError:
        return None


@pytest.mark.parametrize(
    ("kind", "status", "done"),
    [
        ("500 before", 500, False),
        ("503 after", 503, True),
        ("429 retry-after", 429, False),
        ("not json", 200, True),
        ("slow", 200, True),
    ],
)
async def test_an_invoice_is_changed_or_not_as_the_fault_says(
    api: Client, ledger: Receivables, world: World, kind: str, status: int, done: bool
) -> None:
    made = ledger.invoice("10.00")
    world.emulator.faults.add(Fault(kind=kind))
    assert await changed(api, f"accounting/invoices/{made.id}", tax=2.5) == status
    assert (ledger.books.invoices[made.id].tax == Decimal("2.5")) is done
    assert world.emulator.faults.pending == []


@pytest.mark.parametrize("kind", ["truncated", "cut", "wrong json"])
async def test_an_answer_without_a_body_can_be_spoilt(
    api: Client, ledger: Receivables, world: World, kind: str
) -> None:
    made = ledger.invoice("10.00")
    world.emulator.faults.add(Fault(kind=kind))
    await changed(api, f"accounting/invoices/{made.id}", tax=2.5)
    assert ledger.books.invoices[made.id].tax == Decimal("2.5")
    assert [fault.kind for fault, _ in world.emulator.faults.fired] == [kind]
    assert await changed(api, f"accounting/invoices/{made.id}", tax=3) == 200


async def test_an_old_invoice_moves_between_two_pages(api: Client, ledger: Receivables, world: World) -> None:
    wanted = []
    for _ in range(3):
        world.clock.advance(10)
        wanted.append(ledger.invoice("10.00").id)
    world.clock.advance(10)
    world.emulator.faults.add(Fault(kind="page moves"))
    seen: list[int] = []
    for page in (1, 2):
        seen += await api.ids("accounting/invoices", page=page, pageSize=2, sort="+ModifiedOn")
    assert sorted(seen) != sorted(wanted)
