"""Sealed bytes: AES-256-GCM, bound to a tenant, an object name and a key.

    offset  bytes  content
    0       1      format: 1, or 2 where the plain bytes were compressed (Zstandard) before they were sealed
    1       8      key id, derived from the key
    9       12     nonce, random for every seal
    21      n+16   ciphertext and tag

The additional data are: format, key id, tenant (4 bytes, big-endian), object name.

Only documents are compressed. What is compressed tells by its length how much it repeats itself; whoever could read that
from the database cannot choose the text that stands beside a secret, and credentials stay as they are all the same.
"""

from __future__ import annotations

import hmac
import os
import sys
import unicodedata
from collections.abc import Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ml_connector.sealing.errors import SealBroken, SealKeyMissing
from ml_connector.sealing.secret import Secret

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

KEY_BYTES = 32
_PLAIN = b"\x01"
_PACKED = b"\x02"
_FORMATS = (_PLAIN, _PACKED)
_PACK_FROM = 200  # bytes; less hardly gets shorter
_LEVEL = 1  # a document of 5 kB shrinks to a quarter in about ten microseconds
_KEY_ID_BYTES = 8
_NONCE_BYTES = 12
_NONCE_AT = 1 + _KEY_ID_BYTES
_CIPHER_AT = _NONCE_AT + _NONCE_BYTES
SEAL_OVERHEAD = _CIPHER_AT + 16


def new_key() -> Secret:
    """A fresh random 256-bit key."""
    return Secret(os.urandom(KEY_BYTES))


def key_id(key: Secret) -> bytes:
    """8 bytes that name a key without telling anything of it."""
    return hmac.digest(key.reveal(), b"ml-connector key id", "sha256")[:_KEY_ID_BYTES]


def sealed_under(sealed: bytes) -> bytes:
    """The id of the key that sealed these bytes. Raises SealBroken when they are not sealed bytes at all."""
    if len(sealed) < SEAL_OVERHEAD:
        raise SealBroken(f"These {len(sealed)} bytes are too short to be sealed bytes: they were cut or never sealed.")
    if sealed[:1] not in _FORMATS:
        raise SealBroken(
            f"Sealed bytes of format {sealed[0]} cannot be opened by this release, which knows formats 1 and 2: "
            "they are damaged, or a newer release wrote them."
        )
    return bytes(sealed[1:_NONCE_AT])


class Sealer:
    """Seals under one key and opens under any of the keys it was given. Synchronous, and safe to share.

    `name` is the object's identity in bytes, such as b"raw/4711": bytes sealed under one name never open under
    another. A key serves 2**32 seals at most, since nonces are random: a month of one tenant's documents is far less.
    """

    __slots__ = ("_ciphers", "_compress", "_own", "_sealing", "_tenant", "tenant_id")

    def __init__(
        self, tenant_id: int, key: Secret, also_open: Iterable[Secret] = (), *, compress: bool = False
    ) -> None:
        self.tenant_id = tenant_id
        self._compress = compress
        self._tenant = tenant_id.to_bytes(4, "big")
        self._own = own = key_id(key)
        self._sealing = AESGCM(key.reveal())
        self._ciphers = {key_id(other): AESGCM(other.reveal()) for other in also_open}
        self._ciphers[own] = self._sealing

    def __repr__(self) -> str:
        return f"Sealer(tenant {self.tenant_id}, {len(self._ciphers)} keys)"

    def seal(self, name: bytes, plain: bytes) -> bytes:
        """Seal `plain` as the object `name`; 37 bytes longer than its content, and different every time."""
        form, content = self._content(plain)
        nonce = os.urandom(_NONCE_BYTES)
        head = form + self._own
        return head + nonce + self._sealing.encrypt(nonce, content, head + self._tenant + name)

    def _content(self, plain: bytes) -> tuple[bytes, bytes]:
        if self._compress and len(plain) >= _PACK_FROM:
            packed = zstd.compress(plain, _LEVEL)
            if len(packed) < len(plain):
                return _PACKED, packed
        return _PLAIN, plain

    def open(self, name: bytes, sealed: bytes) -> bytes:
        """Open what `seal` made. Raises SealKeyMissing for an unknown key, SealBroken for anything else amiss."""
        under = sealed_under(sealed)
        cipher = self._ciphers.get(under)
        if cipher is None:
            raise SealKeyMissing(
                f"Tenant {self.tenant_id} has no key {under.hex()} at hand to open {_shown(name)}: the key was erased, "
                "or the bytes belong to another tenant."
            )
        form = bytes(sealed[:1])
        try:
            content = cipher.decrypt(
                sealed[_NONCE_AT:_CIPHER_AT], sealed[_CIPHER_AT:], form + under + self._tenant + name
            )
            return zstd.decompress(content) if form == _PACKED else content
        except InvalidTag:
            raise SealBroken(
                f"The sealed bytes of {_shown(name)} of tenant {self.tenant_id} do not open: they were altered, "
                "or sealed for another object or tenant. Restore them from a backup."
            ) from None


def _shown(name: bytes) -> str:
    """An object's name for a sentence: readable if it is text, else its first bytes in hexadecimal."""
    text = name.decode("ascii", "replace")
    return repr(text) if text.isprintable() and "\N{REPLACEMENT CHARACTER}" not in text else f"object {name[:8].hex()}"


class IndexKey:
    """Keyed hashes by which sealed names, e-mails and phones are found without being readable."""

    __slots__ = ("_key",)

    def __init__(self, key: Secret) -> None:
        self._key = key

    def digest(self, word: str) -> bytes:
        """32 bytes, HMAC-SHA256 of the word normalised: NFKC, case folded, spaces trimmed and single."""
        normal = " ".join(unicodedata.normalize("NFKC", word).casefold().split())
        return hmac.digest(self._key.reveal(), normal.encode(), "sha256")

    def __repr__(self) -> str:
        return "IndexKey(redacted)"
