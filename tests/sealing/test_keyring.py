from __future__ import annotations

import asyncio

import pytest

from ml_connector.sealing import (
    Keyring,
    MasterKey,
    MasterKeyRotationStopped,
    MasterKeyUnusable,
    SealBroken,
    SealKeyMissing,
    rotate_master,
)

pytestmark = pytest.mark.anyio
NAME = b"token/1"


class MemoryKeyStore:
    """What the database's key store promises, without a database."""

    def __init__(self) -> None:
        self.wrapped: dict[tuple[int, str], bytes] = {}

    async def get(self, tenant_id: int, name: str) -> bytes | None:
        return self.wrapped.get((tenant_id, name))

    async def find(self, tenant_id: int, prefix: str) -> dict[str, bytes]:
        return {
            name: key for (tenant, name), key in self.wrapped.items() if tenant == tenant_id and name.startswith(prefix)
        }

    async def add(self, tenant_id: int, name: str, wrapped: bytes) -> bytes:
        return self.wrapped.setdefault((tenant_id, name), wrapped)

    async def replace(self, tenant_id: int, name: str, wrapped: bytes, *, was: bytes) -> bool:
        if self.wrapped.get((tenant_id, name)) != was:
            return False
        self.wrapped[tenant_id, name] = wrapped
        return True

    async def remove(self, tenant_id: int, name: str) -> bool:
        return self.wrapped.pop((tenant_id, name), None) is not None

    async def tenants(self) -> list[int]:
        return sorted({tenant for tenant, _ in self.wrapped})


@pytest.fixture
def store() -> MemoryKeyStore:
    return MemoryKeyStore()


@pytest.fixture
def keyring(store: MemoryKeyStore) -> Keyring:
    return Keyring(MasterKey.new(), store)


async def test_a_credential_opens_again_and_only_as_itself(keyring: Keyring) -> None:
    sealed = (await keyring.credential_sealer(1, 10)).seal(NAME, b"refresh token")
    assert (await keyring.credential_sealer(1, 10)).open(NAME, sealed) == b"refresh token"
    for tenant_id, grant_id in ((1, 11), (2, 10)):
        with pytest.raises(SealBroken):
            (await keyring.credential_sealer(tenant_id, grant_id)).open(NAME, sealed)


async def test_documents_of_earlier_months_open(keyring: Keyring) -> None:
    october = (await keyring.document_sealer(1, "2026-10")).seal(NAME, b"bill")
    november = await keyring.document_sealer(1, "2026-11")
    assert november.open(NAME, october) == b"bill"
    assert november.seal(NAME, b"bill")[:9] != october[:9]


async def test_a_month_is_written_year_and_month(keyring: Keyring) -> None:
    for month in ("2026-13", "2026-1", "", "11-2026"):
        with pytest.raises(ValueError, match="month"):
            await keyring.document_sealer(1, month)


async def test_an_erased_month_is_gone_and_the_others_are_not(keyring: Keyring) -> None:
    october = (await keyring.document_sealer(1, "2026-10")).seal(NAME, b"bill")
    november = (await keyring.document_sealer(1, "2026-11")).seal(NAME, b"bill")
    await keyring.erase_documents(1, "2026-10")
    sealer = await keyring.document_sealer(1, "2026-11")
    assert sealer.open(NAME, november) == b"bill"
    with pytest.raises(SealKeyMissing):
        sealer.open(NAME, october)


async def test_erasing_one_credential_leaves_its_namesakes(keyring: Keyring) -> None:
    first = (await keyring.credential_sealer(1, 1)).seal(NAME, b"one")
    twelfth = (await keyring.credential_sealer(1, 12)).seal(NAME, b"twelve")
    await keyring.erase_credential(1, 1)
    assert (await keyring.credential_sealer(1, 12)).open(NAME, twelfth) == b"twelve"
    with pytest.raises(SealKeyMissing):
        (await keyring.credential_sealer(1, 1)).open(NAME, first)


async def test_index_hashes_differ_between_tenants(keyring: Keyring) -> None:
    first, second = await keyring.index_key(1), await keyring.index_key(2)
    assert first.digest("acme") == (await keyring.index_key(1)).digest("acme")
    assert first.digest("acme") != second.digest("acme")


async def test_two_that_make_a_key_at_once_use_the_same(keyring: Keyring) -> None:
    one, two = await asyncio.gather(keyring.credential_sealer(1, 10), keyring.credential_sealer(1, 10))
    assert two.open(NAME, one.seal(NAME, b"token")) == b"token"


async def test_another_master_key_is_refused_and_named(keyring: Keyring, store: MemoryKeyStore) -> None:
    await keyring.credential_sealer(1, 10)
    other = Keyring(MasterKey.new(), store)
    with pytest.raises(MasterKeyUnusable, match="tenant 1 was sealed under master key"):
        await other.credential_sealer(1, 10)
    with pytest.raises(MasterKeyUnusable):
        await other.check_master()
    assert await keyring.check_master() == 1


async def test_a_wrapped_key_moved_to_another_place_is_refused(keyring: Keyring, store: MemoryKeyStore) -> None:
    await keyring.credential_sealer(1, 10)
    await keyring.credential_sealer(2, 10)
    store.wrapped[1, "credential/11"] = store.wrapped[1, "credential/10"]
    with pytest.raises(SealBroken):
        await keyring.credential_sealer(1, 11)
    store.wrapped[2, "tenant"] = store.wrapped[1, "tenant"]
    with pytest.raises(SealBroken, match="tenant 2 was altered"):
        await keyring.credential_sealer(2, 10)


async def test_rotation_rewraps_tenant_keys_only(store: MemoryKeyStore) -> None:
    old, new = MasterKey.new(), MasterKey.new()
    sealed = {}
    for tenant_id in (1, 2):
        sealer = await Keyring(old, store).document_sealer(tenant_id, "2026-11")
        sealed[tenant_id] = sealer.seal(NAME, b"bill")
    before = dict(store.wrapped)
    assert await rotate_master(old, new, store) == 2
    assert {key for key in before if before[key] != store.wrapped[key]} == {(1, "tenant"), (2, "tenant")}
    for tenant_id, bytes_ in sealed.items():
        assert (await Keyring(new, store).document_sealer(tenant_id, "2026-11")).open(NAME, bytes_) == b"bill"
    with pytest.raises(MasterKeyUnusable):
        await Keyring(old, store).check_master()


async def test_a_stopped_rotation_is_repeated(store: MemoryKeyStore) -> None:
    old, new = MasterKey.new(), MasterKey.new()
    for tenant_id in (1, 2, 3):
        await Keyring(old, store).index_key(tenant_id)
    untouched = store.replace

    async def replaced_by_another(tenant_id: int, name: str, wrapped: bytes, *, was: bytes) -> bool:
        return tenant_id < 2 and await untouched(tenant_id, name, wrapped, was=was)

    store.replace = replaced_by_another  # type: ignore[method-assign]
    with pytest.raises(MasterKeyRotationStopped, match="tenant 2"):
        await rotate_master(old, new, store)
    store.replace = untouched  # type: ignore[method-assign]
    assert await rotate_master(old, new, store) == 2
    assert await Keyring(new, store).check_master() == 3
