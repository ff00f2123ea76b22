"""The matrix's company that goes on: each of its changes must be found after the second reading, else nothing tries it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from faults import run
from faults.books import Books
from faults.preparing import prepared
from faults.run import undisturbed
from faults.world import kind_of, worlds
from ml_connector_sandbox.company.sales_changes import CHANGES, PAID, UNPAID
from ml_connector_sandbox.company.sales_seed import Sales
from ml_connector_sandbox.servicetitan.books import TenantBooks
from ml_connector_sandbox.xero import OrganisationBooks
from ml_connector_sandbox.xero.books.documents import GONE, Document
from rig.postgres import drop_database

WORLD = "servicetitan-xero changed"


def test_a_world_is_an_integration_and_may_go_on() -> None:
    found = worlds()
    assert WORLD in found and {kind_of(one) for one in found} <= {*found}
    assert found.index(kind_of(WORLD)) < found.index(WORLD)


@pytest.mark.anyio
@pytest.mark.parametrize("moves", [True, False])
async def test_a_run_is_waited_for_as_long_as_it_moves(moves: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = itertools.count()

    async def progress(*_: object) -> SimpleNamespace:
        return SimpleNamespace(moved=(next(looks),) if moves else (0,))

    async def done_after(count: int) -> None:
        while next(looks) < count:
            await asyncio.sleep(0)

    monkeypatch.setattr(run, "progress", progress)
    monkeypatch.setattr(run, "MOVED_EVERY", 0.001)
    monkeypatch.setattr(run, "PATIENCE", 60.0 if moves else 0.05)
    running = cast(Any, SimpleNamespace(desk=None, integration=None, slowed=1.0))
    if moves:
        await run._while_it_moves(running, done_after(2000))
        monkeypatch.setattr(run, "LONGEST", 0.05)  # it turns in circles
    with pytest.raises(TimeoutError, match="nothing has moved for"):
        await run._while_it_moves(running, asyncio.Event().wait())  # type: ignore[arg-type]


@pytest.mark.anyio
@pytest.mark.parametrize("slowed", [1.0, 5.0])
async def test_a_run_with_a_slow_clock_is_waited_for_as_many_times_longer(
    slowed: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits for an hour of its clock moves nothing meanwhile, and the machine may have become quick again."""
    seconds = itertools.count(step=5.0)

    async def stands(*_: object) -> SimpleNamespace:
        return SimpleNamespace(moved=(0,))

    monkeypatch.setattr(run, "Pace", lambda: SimpleNamespace(slowness=lambda: 1.0))
    monkeypatch.setattr(run, "time", SimpleNamespace(monotonic=lambda: next(seconds)))
    monkeypatch.setattr(run, "progress", stands)
    monkeypatch.setattr(run, "MOVED_EVERY", 0.001)
    running = cast(Any, SimpleNamespace(desk=None, integration=None, slowed=slowed))
    with pytest.raises(TimeoutError):
        await run._while_it_moves(running, asyncio.Event().wait())  # type: ignore[arg-type]
    assert next(seconds) > run.PATIENCE * slowed


@pytest.mark.slow
@pytest.mark.anyio
async def test_every_change_is_on_both_sides_after_the_second_reading(postgres_url: str, tmp_path: Path) -> None:
    world = await prepared(postgres_url, tmp_path / "changed", WORLD)
    try:
        async with world.running("matrix_changed") as running:
            before, books = await running.books(), await undisturbed(running)
            company = running.sandbox.company
            assert books.unsound == [] and company.sales is not None
            _receivables(company.sales, company.xero_organisation)
            _orders_and_parties(company.sales, company.seed.tenant, company.xero_organisation)
            _ends(before, books)
    finally:
        drop_database(postgres_url, world.database)
    assert len(CHANGES) == 18


def _receivables(sales: Sales, there: OrganisationBooks) -> None:
    number = {case: _number(sales, case) for case in (*UNPAID, *PAID, "sold_later")}
    live = {one.number: one for one in there.invoices if one.is_sale and one.status not in GONE}
    assert number["voided_later"] not in live and number["sold_later"] in live
    for case in ("repriced", "changed_when_paid"):
        assert live[number[case]].lines[0].unit_amount == Decimal("184.50")
    assert _statuses(there, live[number["changed_when_paid"]]) == ["AUTHORISED", "DELETED"]
    assert _statuses(there, live[number["reversed_later"]]) == ["DELETED"]
    assert live[number["financed_later"]].due == 0 and len(live[number["financed_later"]].allocations) == 1
    assert [one.amount for one in live[number["deposit_applied"]].allocations] == [Decimal("200.00")]
    assert len(live[number["written_off_later"]].allocations) == 1
    [refund] = [one for one in there.credit_notes if one.number == f"{number['refunded_later']}-1"]
    assert refund.due == 0 and _statuses(there, refund) == ["AUTHORISED"]
    assert Decimal("75.00") in [one.due for one in there.overpayments]
    _credits(sales, {one.number: one for one in there.credit_notes if one.status not in GONE})


def _credits(sales: Sales, live: Mapping[str, Document]) -> None:
    """The raised adjustment is applied as raised; the credit memo that was taken back is open again."""
    [raised] = [one for one in sales.books.invoices if one.id in sales.cases["adjusted"] and one.total < 0]
    note = live[raised.reference_number]
    assert note.total == sum(part.amount for part in note.allocations) == -raised.total >= Decimal("80.00")
    [memo] = [one for one in sales.books.credit_memos if one.id in sales.cases["credited"]]
    assert live[memo.reference_number].due == memo.total > 0


def _orders_and_parties(sales: Sales, here: TenantBooks, there: OrganisationBooks) -> None:
    orders = {one.number: one for one in there.orders}
    mine = [here.purchase_orders[number] for number in sales.cases["orders"]]
    assert sum(orders[one.number].status == "DELETED" for one in mine if one.status == "Canceled") == 1
    edited = next(one for one in mine if one.status == "Sent")
    assert orders[edited.number].lines[0].quantity == edited.items[0].quantity
    phones = {one.name: one.phones.get("DEFAULT", {}).get("PhoneNumber") for one in there.contacts}
    assert phones[here.customers[sales.firms[3]].name] == "(320) 555-7001"
    assert "office@moved.example" in [one.value for one in here.crm.contacts_of(sales.firms[0])]
    assert "320 555 7010" in [one.phone for one in here.vendors]


def _ends(before: Books, books: Books) -> None:
    """What is tracked, and what is marked as exported, in the second reading alone."""
    moved = {key: end for key, end in books.ends.items() if before.ends.get(key) != end}
    tracked = sorted(end for key, end in moved.items() if key.startswith("inventory_bills "))
    assert tracked == ["tracked matched", "tracked price_difference"]
    marked = [end for key, end in moved.items() if "_exported " in key]
    assert len(marked) == 7 and set(marked) == {"posted"}


def _number(sales: Sales, case: str) -> str:
    return next(one.reference_number for one in sales.books.invoices if one.id in sales.cases[case])


def _statuses(there: OrganisationBooks, document: Document) -> list[str]:
    return sorted(one.status for one in there.payments if one.document is document)
