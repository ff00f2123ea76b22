"""What the books say without ids and stamps, and touching an old record while a list is being paged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from servicetitan_clock import HandClock
from servicetitan_world import GUID, World, furnish, order

from ml_connector_sandbox.kernel import exact
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.sandbox import START, seeded
from ml_connector_sandbox.servicetitan import ServiceTitanBooks, ServiceTitanEmulator
from ml_connector_sandbox.servicetitan.books import TenantBooks

pytestmark = pytest.mark.anyio


def company(numbers: Sequence[str], paper: str = "INV-{}") -> tuple[ServiceTitanEmulator, TenantBooks, HandClock]:
    """One bill for each order, received in the order of ``numbers``."""
    clock = HandClock()
    made = ServiceTitanBooks(clock)
    books = made.add_tenant("1001", "Polar Air")
    kept = furnish(books)
    for number in numbers:
        clock.advance(61)
        ordered = books.add_purchase_order(order(number, kept["vendor"], kept["account"]))
        books.receive(ordered.id, vendor_invoice_number=paper.format(number), received_on=date(2026, 5, 11))
    return ServiceTitanEmulator(clock, made), books, clock


def bill_ids(books: TenantBooks) -> dict[str | None, int]:
    return {one.vendor_number: one.id for one in books.bills}


def multisets(emulator: ServiceTitanEmulator) -> dict[str, Counter[bytes]]:
    return {entity: Counter(map(exact.dumps, rows.values())) for entity, rows in emulator.essence().items()}


def test_the_order_of_writing_does_not_show() -> None:
    found = []
    for numbers in (["A1", "A2", "A3"], ["A3", "A1", "A2"]):
        emulator, books, clock = company(numbers)
        for number in numbers[:2] if numbers[0] == "A1" else ("A2", "A1"):
            clock.advance(5)
            books.mark_bill_exported(bill_ids(books)[f"INV-{number}"])
        found.append(emulator)
    one, other = found
    assert multisets(one) == multisets(other)
    assert one.essence() != other.essence()
    assert sum(multisets(one)["bills"].values()) == 3


def test_one_cent_shows() -> None:
    one, books, _ = company(["A1", "A2"])
    other, others, _ = company(["A1", "A2"])
    others.modify_bill(bill_ids(others)["INV-A2"], tax=others.bills[bill_ids(others)["INV-A2"]].tax + Decimal("0.01"))
    assert {entity for entity, rows in multisets(one).items() if rows != multisets(other)[entity]} == {"bills"}
    assert one.essence()["bills"].keys() == other.essence()["bills"].keys() == {str(one.id) for one in books.bills}


def test_an_export_mark_shows() -> None:
    one, _, _ = company(["A1"])
    other, books, _ = company(["A1"])
    books.mark_bill_exported(bill_ids(books)["INV-A1"])
    changed = {entity for entity, rows in multisets(one).items() if rows != multisets(other)[entity]}
    assert changed == {"bills", "purchase_orders", "receipts"}


async def test_external_data_shows_under_the_vendor_and_its_documents(world: World) -> None:
    before = multisets(world.emulator)
    data = {"applicationGuid": GUID, "externalData": [{"key": "ledger", "value": "4711"}]}
    answer = await world.api.call("PATCH", f"inventory/vendors/{world.vendor.id}", json={"externalData": data})
    assert answer.status == 200
    assert world.emulator.essence()["vendors"][str(world.vendor.id)]["external_data"] == {GUID: {"ledger": "4711"}}
    assert multisets(world.emulator)["purchase_orders"] != before["purchase_orders"]


def test_records_of_a_second_tenant_do_not_hide_the_first() -> None:
    emulator, _books, _ = company(["A1"])
    furnish(emulator.company.add_tenant("1002", "Polar Air West"))
    vendors = emulator.essence()["vendors"]
    assert len(vendors) == 2
    assert {one["tenant"] for one in vendors.values()} == {"1001", "1002"}


def test_stirring_moves_old_records_and_says_nothing_new() -> None:
    emulator, books, clock = company(["A1", "A2"])
    before, old = emulator.essence(), {name: newest(table) for name, table in books.tables().items() if len(table)}
    clock.advance(100)
    emulator.stir()
    assert emulator.essence() == before
    moved = {name for name, table in books.tables().items() if len(table) and newest(table) != old[name]}
    assert moved == {"vendors", "purchase_orders", "receipts", "bills"}


def newest(table: Any) -> str:
    return str(max(one.modified_on for one in table))


@pytest.mark.parametrize("sort", ["+ModifiedOn", "-ModifiedOn"])
async def test_pages_by_number_lose_or_repeat_a_row_when_stirred(world: World, sort: str) -> None:
    for number in range(5):
        world.clock.advance(10)
        world.add_order(f"44100{number}")
    wanted = sorted(one.id for one in world.books.purchase_orders)
    seen: list[int] = []
    for page in (1, 2, 3):
        seen += await world.api.ids("inventory/purchase-orders", page=page, pageSize=2, sort=sort)
        world.clock.advance(10)
        if page == 1:
            world.emulator.stir()
    assert sorted(seen) != wanted


async def test_a_window_of_bills_loses_a_row_when_stirred(world: World) -> None:
    """These lists have no sort: rows move because one of them leaves the window."""
    for number in range(6):
        world.clock.advance(10)
        world.books.receive(world.add_order(f"44200{number}").id)
    wanted = sorted(one.id for one in world.books.bills)
    world.clock.advance(10)
    before = world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    seen: list[int] = []
    for page in (1, 2, 3):
        world.clock.advance(10)
        query = {"page": page, "pageSize": 2, "modifiedBefore": before}
        seen += await world.api.ids("accounting/inventory-bills/paginated", **query)
        world.emulator.stir()
    assert sorted(seen) != wanted


@pytest.mark.parametrize("kind", ["demo", "receipts"])
def test_the_seeded_companies_say_the_same_each_time_and_stirred(kind: str) -> None:
    emulators = []
    for _ in range(2):
        made = seeded(kind, SandboxClock.starting(START))
        emulators.append(ServiceTitanEmulator(made.servicetitan.clock, made.servicetitan))
    one, other = emulators
    assert multisets(one) == multisets(other)
    other.stir()
    assert multisets(one) == multisets(other)
