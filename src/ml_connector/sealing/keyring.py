"""Which key seals what: one per credential and webhook, one per tenant and month for documents, one for keyed hashes.

master key -> tenant key -> credential/<grant>   tokens and secrets of one grant
                         -> hook/<hook>          address and key of one webhook
                         -> document/<yyyy-mm>   documents, payloads and audit details of one month
                         -> index                keyed hashes of names, e-mails and phones
"""

from __future__ import annotations

import re
from typing import Protocol

from ml_connector.sealing.errors import (
    MasterKeyRotationStopped,
    MasterKeyUnusable,
    SealBroken,
    SealKeyMissing,
)
from ml_connector.sealing.master import MasterKey
from ml_connector.sealing.seal import IndexKey, Sealer, new_key, sealed_under
from ml_connector.sealing.secret import Secret

TENANT_KEY = "tenant"
INDEX_KEY = "index"
DOCUMENT_KEYS = "document/"
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


class KeyStore(Protocol):
    """Where wrapped keys lie, by tenant and key name. It never sees an unwrapped key.

    Every call is a transaction of its own: obtain sealers before opening a transaction, not inside one.
    """

    async def get(self, tenant_id: int, name: str) -> bytes | None:
        """The wrapped key, or None."""

    async def find(self, tenant_id: int, prefix: str) -> dict[str, bytes]:
        """All the tenant's wrapped keys whose name begins with `prefix`, by name."""

    async def add(self, tenant_id: int, name: str, wrapped: bytes) -> bytes:
        """Store a new key and return what is stored under the name now: of two that add at once, the first wins."""

    async def replace(self, tenant_id: int, name: str, wrapped: bytes, *, was: bytes) -> bool:
        """Put `wrapped` in the place of exactly `was`; False, and nothing changed, if something else is there."""

    async def remove(self, tenant_id: int, name: str) -> bool:
        """Erase one key; what it sealed is unreadable for ever. False if there was none."""

    async def tenants(self) -> list[int]:
        """The ids of all tenants, ascending."""


class Keyring:
    """Hands out sealers. Holds the master key and no other: every sealer is made from the store as it is now.

    So a key erased in the store is erased for every sealer asked for afterwards. Ask for a sealer once per slice or
    request (one or two look-ups), then use it thousands of times.
    """

    def __init__(self, master: MasterKey, store: KeyStore) -> None:
        self._master = master
        self._store = store

    async def credential_sealer(self, tenant_id: int, grant_id: int) -> Sealer:
        """The sealer of one grant's tokens and secrets."""
        return Sealer(tenant_id, await self._key(tenant_id, credential_key(grant_id)))

    async def hook_sealer(self, tenant_id: int, hook_id: int) -> Sealer:
        """The sealer of one webhook's address and key."""
        return Sealer(tenant_id, await self._key(tenant_id, hook_key(hook_id)))

    async def document_sealer(self, tenant_id: int, month: str) -> Sealer:
        """Seals under the key of `month` ("2026-11") and opens documents of every month whose key still exists.

        Raises ValueError for a month that is not written year-month.
        """
        name = document_key(month)
        tenant = await self._tenant_sealer(tenant_id)
        wrapped = await self._store.find(tenant_id, DOCUMENT_KEYS)
        if name not in wrapped:
            wrapped[name] = await self._add(tenant, name)
        keys = {each: _unwrap(tenant, each, sealed) for each, sealed in wrapped.items()}
        return Sealer(tenant_id, keys.pop(name), keys.values(), compress=True)

    async def index_key(self, tenant_id: int) -> IndexKey:
        """The key for hashes by which sealed words are found."""
        return IndexKey(await self._key(tenant_id, INDEX_KEY))

    async def erase_credential(self, tenant_id: int, grant_id: int) -> None:
        """Erase a grant's key: its sealed tokens open nowhere again, save from a backup that holds the key too."""
        await self._store.remove(tenant_id, credential_key(grant_id))

    async def erase_hook(self, tenant_id: int, hook_id: int) -> None:
        """Erase a webhook's key."""
        await self._store.remove(tenant_id, hook_key(hook_id))

    async def erase_documents(self, tenant_id: int, month: str) -> None:
        """Erase a month's document key. The audit trail still verifies; its details of that month are gone."""
        await self._store.remove(tenant_id, document_key(month))

    @staticmethod
    async def anything_sealed(store: KeyStore) -> bool:
        """Whether any tenant has a key: then only the master key that wrapped it is of use."""
        for tenant_id in await store.tenants():
            if await store.get(tenant_id, TENANT_KEY):
                return True
        return False

    async def check_master(self) -> int:
        """Open every tenant's key once, at start; how many there are. Raises MasterKeyUnusable or SealBroken."""
        opened = 0
        for tenant_id in await self._store.tenants():
            if wrapped := await self._store.get(tenant_id, TENANT_KEY):
                _unwrap_tenant(self._master, tenant_id, wrapped)
                opened += 1
        return opened

    async def _key(self, tenant_id: int, name: str) -> Secret:
        tenant = await self._tenant_sealer(tenant_id)
        wrapped = await self._store.get(tenant_id, name) or await self._add(tenant, name)
        return _unwrap(tenant, name, wrapped)

    async def _tenant_sealer(self, tenant_id: int) -> Sealer:
        wrapped = await self._store.get(tenant_id, TENANT_KEY)
        if wrapped is None:
            wrapped = await self._add(self._master.sealer(tenant_id), TENANT_KEY)
        return Sealer(tenant_id, _unwrap_tenant(self._master, tenant_id, wrapped))

    async def _add(self, wrapping: Sealer, name: str) -> bytes:
        return await self._store.add(wrapping.tenant_id, name, _wrap(wrapping, name, new_key()))


async def rotate_master(old: MasterKey, new: MasterKey, store: KeyStore) -> int:
    """Wrap every tenant's key anew, from the old master key to the new; how many were changed.

    Nothing else is touched: no data key changes and no document is read. Stopped half way, it can be repeated with the
    same two keys; tenants already under the new key are left alone. Keep the old key until it has ended, and set the
    new one in environment or file afterwards. Raises MasterKeyUnusable when a tenant's key is under neither of the two.
    """
    changed = 0
    for tenant_id in await store.tenants():
        wrapped = await store.get(tenant_id, TENANT_KEY)
        if wrapped is None or sealed_under(wrapped) == new.key_id:
            continue
        key = _unwrap_tenant(old, tenant_id, wrapped)
        fresh = _wrap(new.sealer(tenant_id), TENANT_KEY, key)
        if not await store.replace(tenant_id, TENANT_KEY, fresh, was=wrapped):
            raise MasterKeyRotationStopped(
                f"The key of tenant {tenant_id} was changed by someone else meanwhile: repeat the rotation."
            )
        changed += 1
    return changed


def credential_key(grant_id: int) -> str:
    """The name of a grant's key."""
    return f"credential/{grant_id}"


def hook_key(hook_id: int) -> str:
    """The name of a webhook's key."""
    return f"hook/{hook_id}"


def document_key(month: str) -> str:
    """The name of a month's document key. Raises ValueError for a month that is not written year-month."""
    if not _MONTH.fullmatch(month):
        raise ValueError(f"a month is written like 2026-11, not {month!r}")
    return DOCUMENT_KEYS + month


def _wrap(wrapping: Sealer, name: str, key: Secret) -> bytes:
    return wrapping.seal(_object_name(name), key.reveal())


def _unwrap(wrapping: Sealer, name: str, wrapped: bytes) -> Secret:
    return Secret(wrapping.open(_object_name(name), wrapped))


def _unwrap_tenant(master: MasterKey, tenant_id: int, wrapped: bytes) -> Secret:
    try:
        return _unwrap(master.sealer(tenant_id), TENANT_KEY, wrapped)
    except SealKeyMissing as error:
        raise MasterKeyUnusable(
            f"The key of tenant {tenant_id} was sealed under master key {sealed_under(wrapped).hex()}, and the one "
            f"given is {master.key_id.hex()}: give back the former key, or restore it from where it is kept."
        ) from error
    except SealBroken as error:
        raise SealBroken(
            f"The stored key of tenant {tenant_id} was altered: restore table sealing_key from a backup."
        ) from error


def _object_name(name: str) -> bytes:
    return b"key/" + name.encode()
