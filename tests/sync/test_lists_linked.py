"""Links of parties move the lists that are kept to the next generation, as loading them anew would."""

from __future__ import annotations

from typing import Any

import pytest
from sync_world import World

from ml_connector.sync import lists, prepare, push
from ml_connector.sync.flows import Flow
from ml_connector.sync.lane import LaneTransaction
from ml_connector.sync.lists import KeptLists, Lists

pytestmark = pytest.mark.anyio


def _taken(found: Lists) -> dict[Any, Any]:
    indexes = {place: {id_: held for id_, held in one._taken.items() if held} for place, one in found.indexes.items()}
    return {"held": found.held, "indexes": indexes, "parties": found.parties}


async def test_what_was_linked_is_known_without_loading_all_again(
    company: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = list(company.tenant.vendors)
    for number, vendor in enumerate(shown):
        company.tenant.vendors.modify(vendor.id, name=f"{'ABCDEFGH'[number] * 9} Supply Inc", active=True)
        company.sandbox.company.seed.organisation.add_contact(
            f"{'ABCDEFGH'[number] * 9} Supply Inc", contact_type="vendor"
        )
    loaded, asked = list[int](), list[int]()
    kept = prepare.Preparer.lists

    async def load(transaction: LaneTransaction, flow: Flow, generation: int, known: KeptLists) -> Lists:
        loaded.append(generation)
        return await lists.load(transaction, flow, generation, known)

    async def compared(self: prepare.Preparer, transaction: LaneTransaction, flow: Flow) -> Lists:
        found = await kept(self, transaction, flow)
        asked.append(found.generation)
        assert _taken(found) == _taken(await lists.load(transaction, flow, found.generation, KeptLists()))
        return found

    monkeypatch.setattr(push, "BATCH", 1)
    monkeypatch.setattr(prepare, "load", load)
    monkeypatch.setattr(prepare.Preparer, "lists", compared)
    await company.sync()
    await company.mode("vendors", "live")
    await company.settle()
    links = await company.all(
        "select source_id, origin from link where tenant_id = %s and entity = 'vendors'",
        company.desk.tenant_id,
    )
    assert len(links) >= len(shown), await company.ends("vendors")
    assert len(set(asked)) > len(set(loaded)) + 3
