"""Lists of a lane: of what was opened for an earlier generation only what differs is opened again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from sync_world import World

from ml_connector.canonical.documents import Document
from ml_connector.canonical.master_data import Item
from ml_connector.connectors.reading import Page, Reading, Row
from ml_connector.sync import lists
from ml_connector.sync.directory import refresh
from ml_connector.sync.lists import KeptLists

pytestmark = pytest.mark.anyio


class PriceBook:
    """Items as they are now."""

    vendor, timeout, list_lag = "zoho_books", 1.0, 60.0

    def __init__(self, *items: Item) -> None:
        self.items = items

    async def read(self, session: object, reading: Reading) -> AsyncIterator[Page]:
        rows = tuple(Row(one.id, one.name.encode(), one) for one in self.items)
        yield Page(rows, b"", last=True, complete=True)


def item(id_: str, name: str) -> Item:
    return Item(id_, "material", name, sku=f"S-{id_}")


async def read(company: World, kept: KeptLists, *items: Item) -> dict[str, Any]:
    async with company.held(company.target) as lane:
        lane.connector = PriceBook(*items)  # type: ignore[assignment]
        assert await refresh(lane, "items", 0.0)
        async with lane.transaction() as transaction:
            return await kept.entries(transaction, lane.connection_id, "items")


async def test_what_is_the_same_is_opened_once(company: World, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = list[str]()

    def decode(body: bytes) -> Document:
        found = lists_documents.decode(body)
        opened.append(found.id)
        return found

    lists_documents = lists.documents
    monkeypatch.setattr(lists, "documents", SimpleNamespace(decode=decode))
    monkeypatch.setattr(lists, "AT_ONCE", 1)
    kept, pipe, valve = KeptLists(), item("1", "Pipe"), item("2", "Valve")
    first = await read(company, kept, pipe, valve)
    assert {one.name for one in first.values()} == {"Pipe", "Valve"} and sorted(opened) == ["1", "2"]
    again = await read(company, kept, pipe, item("2", "Ball valve"), item("3", "Elbow"))
    assert {id_: one.name for id_, one in again.items()} == {"1": "Pipe", "2": "Ball valve", "3": "Elbow"}
    assert sorted(opened[2:]) == ["2", "3"]
    assert first["2"].name == "Valve", "what an earlier generation was given stays as it was"
    await company.run("update directory set state = 'gone' where entity = 'items' and object_id = '1'")
    assert (await read(company, kept, item("3", "Elbow"), item("2", "Ball valve"))).keys() == {"2", "3"}
    assert len(opened) == 4
