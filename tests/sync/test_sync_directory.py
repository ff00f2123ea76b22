"""The copy of the target's lists: never taken for whole when it is not, and nothing is gone that was only not seen yet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta

import pytest
from sync_world import Killed, World

from ml_connector.canonical.master_data import Account
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.connectors.writing import Action
from ml_connector.sync.directory import file_documents, refresh

pytestmark = pytest.mark.anyio

LONG = 36_000.0  # clock seconds: a minute of the machine's


class Lists:
    """A list of accounts in pages; the cursor is the next page. ``dies_at``: the page at which the reading breaks off."""

    vendor, timeout, list_lag = "zoho_books", 1.0, 60.0
    writable: Mapping[str, frozenset[Action]] = {}

    def __init__(self, *pages: Sequence[str], dies_at: int = 99, complete: bool = True) -> None:
        self.pages, self.dies_at, self.complete = pages, dies_at, complete
        self.began: list[bytes | None] = []

    async def read(self, session: object, reading: Reading) -> AsyncIterator[Page]:
        self.began.append(reading.cursor)
        begin = 0 if reading.cursor in (None, b"rest") else int(reading.cursor)
        for number, names in list(enumerate(self.pages))[begin:]:
            if number == self.dies_at:
                raise Killed
            last = number == len(self.pages) - 1
            rows = tuple(Row(name, name.encode(), Account(name, name)) for name in names)
            yield Page(rows, b"rest" if last else str(number + 1).encode(), last=last, complete=last and self.complete)


async def read(company: World, source: Lists, older_than: float = LONG) -> None:
    async with company.held(company.target) as lane:
        lane.connector = source  # type: ignore[assignment]
        await refresh(lane, "things", older_than)


async def broken_off(company: World, source: Lists) -> None:
    with pytest.raises(Killed):
        await read(company, source)
    await company.free(company.target)


async def known(company: World) -> set[str]:
    rows = await company.all("select object_id from directory where entity = 'things' and state <> 'gone'")
    return {row[0] for row in rows}


async def long_ago(company: World) -> None:
    """Everything was seen and read most of a day before."""
    await company.run("update directory set walk = walk - 72000000000 where entity = 'things'")
    await company.run("update feed set moved_at = moved_at - interval '20 hours' where name like '%%things'")


async def test_a_fresh_list_is_not_read_again(company: World) -> None:
    source = Lists(["a"])
    await read(company, source)
    await read(company, source)
    assert source.began == [None]
    await long_ago(company)
    await read(company, source)
    assert len(source.began) == 2


async def test_a_list_that_broke_off_is_not_fresh_and_goes_on_where_it_was(company: World) -> None:
    await broken_off(company, Lists(["a"], ["b"], dies_at=1))
    assert await known(company) == {"a"}
    source = Lists(["a"], ["b"])
    await read(company, source)
    assert source.began == [b"1"]
    assert await known(company) == {"a", "b"}  # what was seen before the break is not gone
    await read(company, source)
    assert source.began == [b"1"]


async def test_a_list_longer_than_the_slice_is_not_whole_and_goes_on_in_the_next(company: World) -> None:
    source = Lists(["a"], ["b"], ["c"])
    async with company.held(company.target) as lane:
        lane.connector, lane.slice.seconds = source, 0.0  # type: ignore[assignment]
        assert not await refresh(lane, "things", LONG)
        assert not await refresh(lane, "things", LONG)
        assert await refresh(lane, "things", LONG)
    assert source.began == [None, b"1", b"2"]
    assert await known(company) == {"a", "b", "c"}


async def test_what_a_whole_reading_did_not_show_is_gone(company: World) -> None:
    await read(company, Lists(["a", "b"]))
    await long_ago(company)
    await read(company, Lists(["a"]))
    assert await known(company) == {"a"}
    await long_ago(company)
    await read(company, Lists(["a", "b"]))
    assert await known(company) == {"a", "b"}


async def test_a_reading_that_is_not_proven_whole_takes_nothing_away(company: World) -> None:
    await read(company, Lists(["a", "b"]))
    await long_ago(company)
    await read(company, Lists(["a"], complete=False))
    assert await known(company) == {"a", "b"}


async def test_what_we_made_just_before_a_reading_may_be_missing_from_it(company: World) -> None:
    async with company.held(company.target) as lane, lane.transaction() as transaction:
        await file_documents(transaction, "things", [Account("new", "new")])
    await read(company, Lists(["a"]))
    assert await known(company) == {"a", "new"}


async def test_once_a_day_everything_is_read_so_that_deletions_are_seen(company: World) -> None:
    await read(company, Lists(["a", "b"]))
    source = Lists(["a"])
    await long_ago(company)
    await read(company, source)
    await company.run("update feed set complete_at = complete_at - interval '25 hours' where name = 'walk things'")
    await long_ago(company)
    await read(company, source)
    assert source.began == [b"rest", None]


async def test_a_bill_deleted_in_the_ledger_is_no_twin_for_ever(company: World) -> None:
    organisation = company.sandbox.company.seed.organisation
    bill = company.tenant.bills[company.bills[0]]
    await company.live()
    await company.sync()
    assert company.compared().findings == []
    stands = next(one for one in company.zoho_bills() if one.number == bill.vendor_number)
    organisation.bills.remove(stands)
    await company.run("update directory set walk = 0 where object_id = %s", stands.document_id)
    await company.run("update feed set complete_at = complete_at - interval '25 hours' where name like 'walk %%'")
    await company.sync()
    row = await company.one("select state from directory where entity = 'bills' and object_id = %s", stands.document_id)
    assert row[0] == "gone"


async def test_a_list_is_as_whole_as_it_was_when_its_walk_began(company: World) -> None:
    """What a person asks for while a list is being read is not in what was read before."""
    source = Lists(["a"], ["b"])
    async with company.held(company.target) as lane:
        lane.connector, lane.slice.seconds = source, 0.0  # type: ignore[assignment]
        before = lane.clock.now()
        assert not await refresh(lane, "things", LONG)
        asked = lane.clock.now()
        assert await refresh(lane, "things", LONG)
    (whole,) = await company.one("select complete_at from feed where name = 'walk things'")
    assert before - timedelta(seconds=1) <= whole < asked


async def test_a_change_of_any_entry_is_told_to_who_waits_for_any(
    company: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[list[str]] = []

    async def changed(connection: object, tenant_id: int, connection_id: int, keys: Sequence[str]) -> None:
        told.append(list(keys))

    monkeypatch.setattr("ml_connector.sync.directory.facts_changed", changed)
    await read(company, Lists(["a"]))
    await long_ago(company)
    await read(company, Lists(["a"]))
    assert told == [["things:a", "things:(any)"]]
