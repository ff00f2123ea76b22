from __future__ import annotations

import pytest

from ml_connector.store.arrays import ByteaColumn, Int8Column, TextColumn
from ml_connector.store.database import Database

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("column", "type_", "values"),
    [
        (Int8Column, "bigint", [1, None, -(2**63), 2**63 - 1]),
        (Int8Column, "bigint", [None, None]),
        (Int8Column, "bigint", []),
        (ByteaColumn, "bytea", [b"", None, b"\x00\xff" * 2000]),
        (TextColumn, "text", ["", "Müller & Söhne", None, "{a,b}", "NULL"]),
        (TextColumn, "text", []),
    ],
)
async def test_a_column_arrives_as_it_was(
    database: Database, two_tenants: tuple[int, int], column: type, type_: str, values: list[object]
) -> None:
    async with database.tenant(two_tenants[0]) as session:
        rows = await session.execute("SELECT x, pg_typeof(x)::text FROM unnest(%b) AS x", [column(values)])
        assert await rows.fetchall() == [(value, type_) for value in values]
