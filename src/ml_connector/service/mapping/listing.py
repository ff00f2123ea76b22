"""The mapping tables of an integration, and the rows of one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.keys import known
from ml_connector.service.roles import READERS


@dataclass(frozen=True, slots=True)
class TableLine:
    """A table: what its keys and values are, in words, and how many rows it has."""

    table: str
    keys: str
    values: str
    rows: int


@dataclass(frozen=True, slots=True)
class TableList:
    """The mapping tables of an integration."""

    integration: str
    tables: tuple[TableLine, ...]


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row as it stands. ``valid_from`` and ``valid_until`` are document dates, None where it has no end.

    ``confirmed_by`` is None while a second person has still to see it.
    """

    key: str
    value: str
    name: str
    valid_from: dt.date | None
    valid_until: dt.date | None
    note: str
    changed_by: str
    changed_at: dt.datetime
    confirmed_by: str | None


@dataclass(frozen=True, slots=True)
class TableRows:
    """The rows of a table by key and date."""

    table: str
    rows: tuple[StoredRow, ...]


async def tables(desk: Desk, integration: Integration) -> TableList:
    """Every table of an integration, as its type has them."""
    desk.require(*READERS)
    async with desk.looking() as reading:
        counts = await reading.all(
            "select table_name, count(*) from mapping where tenant_id = %s and integration_id = %s group by 1",
            desk.tenant_id, integration.integration_id,
        )  # fmt: skip
    rows = dict(counts)
    kind = desk.runtime.integrations[integration.kind]
    found = (TableLine(one.name, one.key_words, one.value_words, rows.get(one.name, 0)) for one in kind.tables)
    return TableList(integration.title, tuple(found))


async def rows(desk: Desk, integration: Integration, table: str) -> TableRows:
    """The rows of a table, with what the target calls their values. Raises NotFound for an unknown table."""
    desk.require(*READERS)
    found = await known(desk, integration, table, scan=False)
    async with desk.looking() as reading:
        stored = await reading.all(
            """select source_key, target_key, nullif(valid_from, '-infinity'), nullif(valid_until, 'infinity'), note,
                   changed_by, changed_at, confirmed_by
            from mapping where tenant_id = %s and integration_id = %s and table_name = %s
            order by source_key, valid_from""",
            desk.tenant_id, integration.integration_id, table,
        )  # fmt: skip
    return TableRows(
        table, tuple(StoredRow(key, value, found.target_name(value), *rest) for key, value, *rest in stored)
    )
