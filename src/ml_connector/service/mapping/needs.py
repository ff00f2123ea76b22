"""Which keys of a mapping table need a row at all, by what the table declares: settings, links, the target's own list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from ml_connector.integrations.base import IntegrationType
from ml_connector.integrations.tables import TableType
from ml_connector.sealing import Sealer
from ml_connector.service.company_books import listed
from ml_connector.service.desk import Reading
from ml_connector.service.finding import opened_document
from ml_connector.service.integrating import Integration


@dataclass(frozen=True, slots=True)
class Need:
    """``by_itself``: no key needs a row. Else the keys ``without`` need none; every other one holds its documents.

    ``unread``: the target's list was never read, in which more such keys may stand.
    """

    by_itself: bool = False
    without: frozenset[str] = frozenset()
    unread: bool = False


async def need_of(
    reading: Reading, sealer: Sealer, kind: IntegrationType, integration: Integration, table: TableType
) -> Need:  # fmt: skip
    """What of a table needs rows now."""
    there = await _settings_there(reading, integration) if table.not_with_there else {}
    if _by_itself(kind, integration, table, there):
        return Need(by_itself=True)
    if not table.linked_by:
        return Need()
    entries = await listed(reading, sealer, integration.target_id, table.target_entity)
    linked = await _linked(reading, sealer, integration, table)
    return Need(False, linked | table.listed_there((entries or {}).values()), entries is None)


def _by_itself(kind: IntegrationType, integration: Integration, table: TableType, there: Mapping[str, str]) -> bool:
    """Whether nothing looks into it as it is set, or what has no row is matched or made, as parties and centres are."""
    mine = msgspec.to_builtins(msgspec.convert(integration.settings, kind.settings, strict=False))
    if _any(mine, table.not_with) or _any(there, table.not_with_there):
        return True
    if table.linked_by or _any(mine, table.holds_with):
        return False
    return table.seldom or table.name in {one.name for one in kind.flows}


def _any(settings: Mapping[str, object], pairs: tuple[tuple[str, str], ...]) -> bool:
    return any(settings.get(name) == value for name, value in pairs)


async def _settings_there(reading: Reading, integration: Integration) -> dict[str, str]:
    """The settings of the connection that is written, as far as they are no defaults."""
    row = await reading.one(
        "select settings::text from connection where tenant_id = %s and connection_id = %s",
        reading.tenant_id, integration.target_id,
    )  # fmt: skip
    assert row is not None
    return msgspec.json.decode(row[0], type=dict[str, str])


async def _linked(reading: Reading, sealer: Sealer, integration: Integration, table: TableType) -> frozenset[str]:
    """The keys of the source's entries that the table's flow has linked, as they are called there now."""
    rows = await reading.all(
        """select d.content_hash, d.canonical from link l
        join flow f on f.tenant_id = l.tenant_id and f.integration_id = l.integration_id and f.name = l.entity
        join record r on r.tenant_id = f.tenant_id and r.flow_id = f.flow_id and r.source_id = l.source_id
        join document d on d.tenant_id = r.tenant_id and d.version_id = r.version_id
        where l.tenant_id = %s and l.integration_id = %s and l.entity = %s""",
        reading.tenant_id, integration.integration_id, table.linked_by,
    )  # fmt: skip
    return frozenset(table.listed_key(opened_document(sealer, *row)) for row in rows)
