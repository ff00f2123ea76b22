"""Absence is concluded only from a whole enumeration: rows that move, errors, lag and several slices take nothing away."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sync_world import ZOHO_API, World

from ml_connector.sync.absent import confirm
from ml_connector.sync.directory import refresh
from ml_connector.sync.not_shown import note
from ml_connector.transport.messages import Answer, Request
from ml_connector_sandbox.zoho_books.books.purchases import delete_bill

pytestmark = pytest.mark.anyio

LISTS = ("bills", "parties", "vendor_credits")


@pytest.fixture
async def posted(company: World) -> World:
    """Everything posted; from now on lists come in pages of two."""
    await company.live()
    await company.settle()
    company.sandbox.zoho_books.switches.max_per_page = 2
    return company


def after_lists(company: World, happens: Callable[[], None], times: int, path: str = "") -> list[int]:
    """Let something happen after each of the next pages of a list (``path`` in its address); how many times are left."""
    send, left = company.faults.send, [times]

    async def sent(request: Request, url: str, *given: Any, **options: Any) -> Answer:
        answer = await send(request, url, *given, **options)
        if ZOHO_API in url and path in url and "page" in dict(request.query) and left[0] > 0:
            left[0] -= 1
            happens()
        return answer

    company.runtime.wire.send = sent  # type: ignore[method-assign]
    return left


async def read_whole(company: World, *, seconds: float = 60.0, tries: int = 1) -> None:
    """All lists from their beginning, as once a day; what was known before was seen a day ago."""
    await company.run("update directory set walk = walk - 90000000000")
    await company.run("update feed set complete_at = complete_at - interval '25 hours', cursor = '', "
                      "moved_at = '1970-01-01Z' where name like 'walk %%' or name like 'directory %%'")  # fmt: skip
    for entity in LISTS:
        for _ in range(tries):
            async with company.held(company.target) as lane:
                lane.slice.seconds = seconds
                if await refresh(lane, entity, 36_000.0):
                    break
    async with company.held(company.target) as lane:
        await confirm(lane)


async def live(company: World) -> dict[str, set[str]]:
    rows = await company.all(
        "select entity, object_id from directory where connection_id = %s and state <> 'gone'", company.target
    )
    return {entity: {row[1] for row in rows if row[0] == entity} for entity in LISTS}


def there(company: World) -> dict[str, set[str]]:
    """What stands in Zoho's own books."""
    books = company.sandbox.company.seed.organisation
    return {
        "bills": {one.document_id for one in books.bills},
        "parties": {one.contact_id for one in books.contacts if one.contact_type == "vendor"},
        "vendor_credits": {one.document_id for one in books.vendor_credits},
    }


async def proven(company: World) -> set[str]:
    rows = await company.all(
        "select name from feed where connection_id = %s and complete_at > %s - interval '1 hour'",
        company.target, company.runtime.clock.now(),
    )  # fmt: skip
    return {row[0].removeprefix("directory ") for row in rows if row[0].startswith("directory ")}


async def test_rows_that_move_between_pages_take_nothing_away(posted: World) -> None:
    before = there(posted)
    stirred = after_lists(posted, posted.sandbox.zoho_books.stir, 40)
    await read_whole(posted)
    assert await live(posted) == before == there(posted) and stirred == [0]
    await read_whole(posted)  # and when they stand still again all is proven
    assert await live(posted) == before and await proven(posted) >= set(LISTS)


async def test_removals_that_shift_counted_pages_take_only_themselves_away(posted: World) -> None:
    """Contacts are counted by pages; the one after a removed one slips to the page that was read before."""
    books = posted.sandbox.company.seed.organisation
    first = min(one.created for one in books.contacts)
    spare = [books.add_contact(f"Spare {n}", created=first - timedelta(days=n)) for n in range(1, 8)]
    await read_whole(posted)
    assert await live(posted) == there(posted)
    shifted = []

    def remove() -> None:
        if spare:
            shifted.append(spare.pop())  # the oldest, on the first page
            books.contacts.remove(shifted[-1])

    after_lists(posted, remove, 99, "/contacts")
    await read_whole(posted)
    known, standing = await live(posted), there(posted)
    assert len(shifted) == 7
    assert {entity: standing[entity] - known[entity] for entity in LISTS} == {entity: set() for entity in LISTS}
    await read_whole(posted)
    assert await live(posted) == standing


async def test_a_list_that_fails_in_the_middle_goes_on_and_takes_nothing_away(posted: World) -> None:
    posted.faults.on("refused", lambda request, url: request.safe and "/bills" in url and ZOHO_API in url, skip=1)
    with pytest.raises(Exception, match="nobody listens"):
        await read_whole(posted)
    await posted.free(posted.target)
    assert await live(posted) == there(posted)
    assert "bills" not in await proven(posted)
    posted.sandbox.zoho_books.stir()
    async with posted.held(posted.target) as lane:
        assert await refresh(lane, "bills", 36_000.0)
    assert await live(posted) == there(posted) and "bills" in await proven(posted)


async def test_a_walk_over_many_slices_takes_nothing_away_and_is_whole(posted: World) -> None:
    gone = sorted(posted.sandbox.company.seed.organisation.bills, key=lambda one: one.modified)[0]
    delete_bill(posted.sandbox.company.seed.organisation, gone)
    after_lists(posted, posted.sandbox.zoho_books.stir, 6)
    await read_whole(posted, seconds=0.0, tries=60)
    assert await live(posted) == there(posted) and "bills" in await proven(posted)


async def test_what_lists_do_not_show_yet_is_not_gone(company: World) -> None:
    company.sandbox.zoho_books.switches.list_lag_seconds = 50.0
    await company.live()
    await company.settle()
    await company.run("update feed set complete_at = null, cursor = '', moved_at = '1970-01-01Z' "
                      "where name like 'walk %%' or name like 'directory %%'")  # fmt: skip
    async with company.held(company.target) as lane:
        for entity in LISTS:
            assert await refresh(lane, entity, 36_000.0)
    assert await live(company) == there(company)


async def test_what_no_list_shows_is_asked_for_after_what_is_due_is_sent(company: World) -> None:
    await company.live()
    spare = sorted(there(company)["parties"])
    async with company.held(company.target) as lane, lane.transaction() as transaction:
        await note(transaction, "parties", spare)
    send, sent = company.faults.send, list[str]()

    async def noted(request: Request, url: str, *given: Any, **options: Any) -> Answer:
        if ZOHO_API in url:
            sent.append(f"{request.method} {url.partition('?')[0]}")
        return await send(request, url, *given, **options)

    company.runtime.wire.send = noted  # type: ignore[method-assign]
    await company.settle()
    asked = [n for n, one in enumerate(sent) if one.startswith("GET") and one.rpartition("/")[2] in spare]
    written = [n for n, one in enumerate(sent) if not one.startswith("GET")]
    assert asked and min(written) < min(asked)
