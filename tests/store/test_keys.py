from __future__ import annotations

import asyncio

import pytest

from ml_connector.sealing import Keyring, MasterKey, SealBroken, SealKeyMissing, rotate_master
from ml_connector.store.database import Database
from ml_connector.store.keys import DatabaseKeyStore

pytestmark = pytest.mark.anyio


async def test_sealed_in_one_process_and_opened_in_the_next(database: Database, two_tenants: tuple[int, int]) -> None:
    master, (first, second) = MasterKey.new(), two_tenants
    sealed = (await Keyring(master, DatabaseKeyStore(database)).document_sealer(first, "2026-10")).seal(
        b"raw/1", b"bill"
    )
    later = Keyring(master, DatabaseKeyStore(database))
    assert (await later.document_sealer(first, "2026-11")).open(b"raw/1", sealed) == b"bill"
    with pytest.raises(SealBroken):
        (await later.document_sealer(second, "2026-11")).open(b"raw/1", sealed)


async def test_the_first_of_two_that_add_at_once_wins(database: Database, two_tenants: tuple[int, int]) -> None:
    store = DatabaseKeyStore(database)
    kept = await asyncio.gather(*(store.add(two_tenants[0], "index", f"{n}".encode()) for n in range(4)))
    assert set(kept) == {await store.get(two_tenants[0], "index")}


async def test_keys_are_found_by_the_beginning_of_their_name(database: Database, two_tenants: tuple[int, int]) -> None:
    store, tenant_id = DatabaseKeyStore(database), two_tenants[0]
    for name in ("document/2026-10", "document/2026-11", "index"):
        await store.add(tenant_id, name, name.encode())
    assert sorted(await store.find(tenant_id, "document/")) == ["document/2026-10", "document/2026-11"]
    assert await store.find(two_tenants[1], "document/") == {}


async def test_a_key_is_replaced_only_in_the_place_of_the_one_meant(
    database: Database, two_tenants: tuple[int, int]
) -> None:
    store, tenant_id = DatabaseKeyStore(database), two_tenants[0]
    await store.add(tenant_id, "tenant", b"old")
    assert not await store.replace(tenant_id, "tenant", b"new", was=b"other")
    assert await store.replace(tenant_id, "tenant", b"new", was=b"old")
    assert await store.get(tenant_id, "tenant") == b"new"


async def test_an_erased_key_is_gone(database: Database, two_tenants: tuple[int, int]) -> None:
    keyring = Keyring(MasterKey.new(), DatabaseKeyStore(database))
    sealed = (await keyring.credential_sealer(two_tenants[0], 5)).seal(b"token", b"secret")
    await keyring.erase_credential(two_tenants[0], 5)
    with pytest.raises(SealKeyMissing):
        (await keyring.credential_sealer(two_tenants[0], 5)).open(b"token", sealed)


async def test_the_master_key_is_rotated_for_all_tenants(database: Database, two_tenants: tuple[int, int]) -> None:
    store, old, new = DatabaseKeyStore(database), MasterKey.new(), MasterKey.new()
    for tenant_id in two_tenants:
        await Keyring(old, store).index_key(tenant_id)
    assert await rotate_master(old, new, store) == 2
    assert await Keyring(new, store).check_master() == 2
