"""Nothing read is lost or stored twice: ties of a second, pages that move, workers that end between any two calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given
from stateful_reading import (
    at_call,
    directory_agrees,
    every_version_once,
    keyed_in_one_second,
    of_bills,
    read_source,
    slice_of,
    versions,
)
from stateful_settings import EXAMPLES, examples
from stateful_world import Databases, Stateful, a_page, begun

from ml_connector.service.connection_settings import change_connection_settings
from ml_connector.service.connections import connection_named
from ml_connector_sandbox.company import Company
from ml_connector_sandbox.company.seed import amount_of
from ml_connector_sandbox.kernel.clock import SandboxClock
from ml_connector_sandbox.servicetitan.books import Bill
from ml_connector_sandbox.zoho_books.books import purchases

pytestmark = pytest.mark.anyio
Start = Callable[[Callable[[SandboxClock], Company]], AbstractAsyncContextManager[Stateful]]
SMALL_PAGE = 5
EACH = 1 if EXAMPLES else 4  # pages further with each worker; all of them in a long run


@pytest.fixture
def start(fresh_database: Databases, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """``async with start(company) as world``: bills in preview, nothing mapped, nothing read."""

    @asynccontextmanager
    async def begin(company: Callable[[SandboxClock], Company]) -> AsyncIterator[Stateful]:
        with fresh_database() as url:
            async with begun(url, tmp_path_factory.mktemp("reading"), company) as world:
                await world.mode("bills", "preview")
                yield world

    return begin


async def small_pages(world: Stateful) -> None:
    """Both vendors answer a few rows a page."""
    found = await connection_named(world.desk, "", "servicetitan")
    await change_connection_settings(world.desk, found, {"page_size": str(SMALL_PAGE)})
    world.sandbox.servicetitan.switches.export_page_size = SMALL_PAGE
    world.sandbox.zoho_books.switches.max_per_page = SMALL_PAGE


# --- ServiceTitan: the export feed, the AP lists and the vendors, into the ledger


@pytest.mark.parametrize("page", [37, 500])
async def test_500_bills_of_one_second_are_each_read_once(start: Start, page: int) -> None:
    async with start(of_bills(500, same_second=True)) as world:
        world.sandbox.servicetitan.switches.export_page_size = page
        await read_source(world)
        await every_version_once(world)
        world.jump(2 * 86_400.0)  # the daily re-reading meets all of them again
        await read_source(world)
        await every_version_once(world)


async def wave(world: Stateful, *, same_second: bool) -> None:
    """Every bill changes, an hour after all that was before, in one second or in many."""
    world.jump(3600.0)
    now = world.sandbox.clock.now().replace(microsecond=0)
    for place, bill in enumerate(world.tenant.bills):
        at = now if same_second else now - timedelta(seconds=place * 7)
        world.tenant.bills.touch(bill.id, f"{at:%Y-%m-%dT%H:%M:%S}.{place % 3:07d}Z")
    world.jump(600.0)  # beyond the lag of lists


@pytest.mark.parametrize(
    ("same_second", "answered"), [(True, False), (True, True), (False, False)] if EXAMPLES else [(True, False)]
)
async def test_a_worker_that_ends_at_any_page_loses_nothing(start: Start, same_second: bool, answered: bool) -> None:
    """Each wave is read by a worker that ends a little later than the one before, and by one that goes on after it."""
    async with start(of_bills(12, same_second=same_second)) as world:
        await small_pages(world)
        await read_source(world)
        call, waves, cut = 0, 0, True
        while cut:
            call, waves = call + EACH, waves + 1
            await wave(world, same_second=same_second)
            await world.ask()
            cut = await world.cut_off(world.source, call, answered=answered, fits=a_page)
            await read_source(world)
        assert call > 4
        await every_version_once(world)
        assert {len(stamps) for stamps in (await versions(world)).values()} == {waves + 1}


async def test_workers_that_end_after_each_page_come_to_the_end_all_the_same(start: Start) -> None:
    """No worker gets further than a page and what is looked up for it."""
    async with start(of_bills(30, same_second=True)) as world:
        await small_pages(world)
        await world.ask()
        ended = 0
        while await world.cut_off(world.source, 2, answered=False, fits=a_page):
            ended += 1
        assert ended >= 5
        await read_source(world, ask=False)
        await every_version_once(world)


MOVES = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 11), st.booleans()), min_size=1, max_size=4)


@given(moves=MOVES, same_second=st.booleans())
@examples(2)
async def test_bills_that_change_between_two_pages_are_not_lost(
    start: Start, moves: list[tuple[int, int, bool]], same_second: bool
) -> None:
    async with start(of_bills(12, same_second=same_second)) as world:
        await small_pages(world)
        for call, place, says in moves:
            bill = list(world.tenant.bills)[place]
            at_call(world, call, partial(moved, world, bill, says))
            await read_source(world)
            world.jump(600.0)
        world.wire.before = None
        await read_source(world)
        await every_version_once(world)


def moved(world: Stateful, bill: Bill, says: bool, call: int) -> None:
    """A bill goes to the end of every list by modification, with or without saying something else."""
    changes = {"summary": f"moved at call {call}"} if says else {}
    world.tenant.modify_bill(bill.id, **changes)


async def test_back_and_forth_are_three_versions(start: Start) -> None:
    async with start(of_bills(3, same_second=False)) as world:
        await read_source(world)
        bill = next(iter(world.tenant.bills))
        for tax in (bill.tax + 1, bill.tax):
            world.jump(600.0)
            world.tenant.modify_bill(bill.id, tax=tax)
            await read_source(world)
        await every_version_once(world)
        amounts = await world.all(
            """select d.amount from document d join record r on r.tenant_id = d.tenant_id and r.record_id = d.record_id
            where r.tenant_id = %s and r.source_id = %s order by d.version_id""",
            world.desk.tenant_id, str(bill.id),
        )  # fmt: skip
        stated = amount_of(bill)
        assert [row[0] for row in amounts] == [stated, stated + 1, stated]


# --- Zoho Books: the directory of bills


@pytest.mark.parametrize("inclusive", [True, False])
async def test_500_bills_of_one_second_are_all_in_the_directory(start: Start, inclusive: bool) -> None:
    async with start(of_bills(1, same_second=False)) as world:
        world.sandbox.zoho_books.switches.modified_since_inclusive = inclusive
        keyed_in_one_second(world, 500)
        await lists_read(world)
        await directory_agrees(world)
        late = keyed_in_one_second(world, 3, first=500)  # among those that were read, as far as their stamp tells
        assert late < world.sandbox.clock.now()
        world.jump(2 * 86_400.0)
        await lists_read(world)
        await directory_agrees(world)


@pytest.mark.parametrize("answered", [False, True] if EXAMPLES else [False])
async def test_a_worker_that_ends_at_any_page_loses_no_entry(start: Start, answered: bool) -> None:
    """The whole list is read again each day; each day's worker ends a little later."""
    async with start(of_bills(1, same_second=False)) as world:
        await small_pages(world)
        keyed_in_one_second(world, 17)
        await lists_read(world)
        call, cut = 0, True
        while cut:
            call += EACH
            bill = world.zoho_bills()[call % 17]
            purchases.update_bill(world.sandbox.company.seed.organisation, bill, {"adjustment": Decimal(call)})
            world.jump(90_000.0)
            await world.ask()
            cut = await world.cut_off(world.target, call, answered=answered, fits=a_page)
            await lists_read(world)
            await directory_agrees(world)
        assert call > 3


@given(moves=st.lists(st.tuples(st.integers(1, 30), st.integers(0, 16), st.booleans()), min_size=1, max_size=4))
@examples(2)
async def test_entries_that_change_between_two_pages_are_not_lost(
    start: Start, moves: list[tuple[int, int, bool]]
) -> None:
    async with start(of_bills(1, same_second=False)) as world:
        await small_pages(world)
        keyed_in_one_second(world, 17)
        for call, place, gone in moves:
            bill = world.zoho_bills()[place % len(world.zoho_bills())]
            at_call(world, call, partial(changed_there, world, bill, gone))
            await lists_read(world)
            world.jump(90_000.0)
        world.wire.before = None
        await lists_read(world)
        await directory_agrees(world)


def changed_there(world: Stateful, bill: Any, gone: bool, call: int) -> None:
    """A document is deleted, so that the others move up a place, or goes to the end of the changes."""
    books = world.sandbox.company.seed.organisation
    if gone:
        purchases.delete_bill(books, bill)
    else:
        purchases.update_bill(books, bill, {"adjustment": Decimal(call)})


async def lists_read(world: Stateful) -> None:
    """The target's lane until its lists are read."""
    await world.ask()
    for _ in range(3):
        await slice_of(world, world.target)
