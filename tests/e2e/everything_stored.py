"""Every value of every column of every table, opened: sealed bytes too, whatever name they were sealed by."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from psycopg import sql

from ml_connector.lanes.runtime import Runtime
from ml_connector.sealing.keyring import DOCUMENT_KEYS, _unwrap
from ml_connector.sealing.seal import key_id

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_COLUMNS = """
    select c.table_schema, c.table_name, c.column_name, c.data_type = 'bytea' from information_schema.columns c
    join information_schema.tables t using (table_schema, table_name)
    where c.table_schema in ('public', 'jobs') and t.table_type = 'BASE TABLE' order by 1, 2, 3"""


async def where_shown(runtime: Runtime, url: str, tenant_id: int, words: Sequence[str]) -> set[str]:
    """``table.column`` of every value in which one of the words stands, in whatever case."""
    keys = await _keys(runtime, tenant_id)
    wanted = [word.casefold() for word in words]
    return {place for place, text in _texts(url, keys) if any(word in text for word in wanted)}


async def _keys(runtime: Runtime, tenant_id: int) -> dict[bytes, bytes]:
    """The tenant's document keys by their ids."""
    wrapping = await runtime.keyring._tenant_sealer(tenant_id)
    wrapped = await runtime.keyring._store.find(tenant_id, DOCUMENT_KEYS)
    secrets = [_unwrap(wrapping, name, sealed) for name, sealed in wrapped.items()]
    return {key_id(one): one.reveal() for one in secrets}


def _texts(url: str, keys: dict[bytes, bytes]) -> Iterator[tuple[str, str]]:
    with psycopg.connect(url) as superuser:
        for schema, table, column, is_bytes in superuser.execute(_COLUMNS).fetchall():
            shown = sql.SQL("select {}" if is_bytes else "select {}::text")
            query = shown.format(sql.Identifier(column)) + sql.SQL(" from {}").format(sql.Identifier(schema, table))
            for (value,) in superuser.execute(query):
                yield f"{table}.{column}", _text(value, keys)


def _text(value: Any, keys: dict[bytes, bytes]) -> str:
    if not isinstance(value, bytes):
        return str(value).casefold()
    key = keys.get(value[1:9])
    opened = value if key is None else _opened(value, key)
    return _nested(opened.decode("utf-8", "replace")).casefold()


def _opened(sealed: bytes, key: bytes) -> bytes:
    """GCM's plain text is CTR's from the counter 2 on; the tag, which would ask for the name, is left alone."""
    cipher = Cipher(algorithms.AES(key), modes.CTR(sealed[9:21] + (2).to_bytes(4, "big"))).decryptor()
    plain = cipher.update(sealed[21:-16])
    return zstd.decompress(plain) if sealed[:1] == b"\x02" else plain


def _nested(text: str) -> str:
    """The text, and every payload in base64 that stands in it."""
    found = [
        base64.b64decode(one).decode("utf-8", "replace") for one in re.findall(r'"body":"([A-Za-z0-9+/=]+)"', text)
    ]
    return " ".join((text, *found))
