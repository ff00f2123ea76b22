"""A connection's own settings: uncertain facts of its vendor and choices, changed without connecting again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from ml_connector.connectors.base import Connector
from ml_connector.service.connections import Connection
from ml_connector.service.credentials import checked_settings
from ml_connector.service.desk import Change, Desk, Reading
from ml_connector.service.roles import ALL
from ml_connector.service.settings import Setting
from ml_connector.sync import preflight
from ml_connector.sync.flows import facts_changed

_stored = msgspec.json.Decoder(dict[str, str])


async def connection_settings(desk: Desk, connection: Connection) -> list[Setting]:
    """Every setting of a connection with its value and its consequence, in the order the connector declares them."""
    desk.require(*ALL)
    async with desk.looking() as reading:
        values = await _values(reading, connection)
    return [
        Setting(one.name, values.get(one.name, one.default), one.default, one.choices, one.consequence)
        for one in desk.runtime.connectors[connection.vendor].settings
    ]


async def change_connection_settings(desk: Desk, connection: Connection, changes: Mapping[str, str]) -> None:
    """Change settings (an empty value is the default); the organisation, and what depends on them, is read again.

    For owners, as connecting is. Raises BadInput naming the setting, NotAllowed; then nothing was changed.
    """
    desk.require()
    connector = desk.runtime.connectors[connection.vendor]
    async with desk.changing() as change:
        # The lanes first, then integrations: the order in which a lane's own transactions lock them.
        await change.run(
            "select 1 from lane where tenant_id = %s and connection_id = %s for update",
            desk.tenant_id, connection.connection_id,
        )  # fmt: skip
        before = await _values(change, connection)
        after = _after(connector, before, changes)
        defaults = {one.name: one.default for one in connector.settings}
        shown = [{**defaults, **values} for values in (before, after)]
        changed = [name for name in defaults if shown[0][name] != shown[1][name]]
        if not changed:
            return
        await _store(change, connection, after)
        await preflight.look_anew(change.connection, desk.tenant_id, connection.connection_id)
        if any(one.rereads for one in connector.settings if one.name in changed):
            await _read_again(change, connection)
        differences = {name: [values[name] for values in shown] for name in changed}
        change.event("connection settings changed", connection=connection.name, settings=differences)
        await change.wake([connection.connection_id], "settings changed")


def _after(connector: Connector, before: Mapping[str, str], changes: Mapping[str, str]) -> dict[str, str]:
    given = {name: text.strip() for name, text in changes.items()}
    known = {one.name: one for one in connector.settings}
    # An empty text is a value of its own where a setting may be empty and is not by default.
    reset = {name for name, text in given.items() if not text and name in known and not known[name].may_be_empty}
    # Together with the others, never alone: what one setting may say depends on them.
    after = {name: text for name, text in {**before, **given}.items() if name not in reset}
    return checked_settings(connector, after)


async def _values(reading: Reading, connection: Connection) -> dict[str, str]:
    row = await reading.one(
        "select settings::text from connection where tenant_id = %s and connection_id = %s",
        reading.tenant_id, connection.connection_id,
    )  # fmt: skip
    assert row is not None
    return _stored.decode(row[0])


async def _store(change: Change, connection: Connection, values: Mapping[str, Any]) -> None:
    """Plans were made from the old ones, and so was what is known of the organisation: both are made anew."""
    await facts_changed(change.connection, change.tenant_id, connection.connection_id, ["organisation"])
    await change.run(
        """update connection set settings = %s, organisation_read_at = 'epoch'
        where tenant_id = %s and connection_id = %s""",
        msgspec.json.encode(dict(values)).decode(), change.tenant_id, connection.connection_id,
    )  # fmt: skip


async def _read_again(change: Change, connection: Connection) -> None:
    """Lists and feeds from their beginning; what has not been sent and is understood otherwise now is a new version."""
    await change.run(
        """update feed set cursor = '', complete_at = null
        where tenant_id = %s and connection_id = %s and split_part(name, ' ', 1) = any(%s::text[])""",
        change.tenant_id, connection.connection_id, ["flow", "directory", "walk"],
    )  # fmt: skip
    await change.run(
        "update flow set next_read_at = null where tenant_id = %s and source_id = %s",
        change.tenant_id, connection.connection_id,
    )  # fmt: skip
