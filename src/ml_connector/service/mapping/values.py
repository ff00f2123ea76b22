"""One value of a mapping table, set or taken away by hand."""

from __future__ import annotations

from dataclasses import replace

from ml_connector.errors import BadInput, NotFound
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.files import doubts, unchecked
from ml_connector.service.mapping.keys import Known, Strangers, checked_value, known, strangers
from ml_connector.service.mapping.rows import EVER, FOR_EVER, Applied, Changed, Row, apply, rows_in
from ml_connector.service.roles import Role


async def set_value(
    desk: Desk, integration: Integration, table: str, key: str, value: str, note: str = "", *, anyway: bool = False
) -> Applied:
    """Map a key to a value for all dates; a target may be given by its id, number or name, and is stored as id.

    Raises NotFound, BadInput for a value that cannot be right, or (unless ``anyway``) for a key that nothing shows.
    """
    desk.require(Role.BOOKKEEPER)
    key, value = key.strip(), value.strip()
    if not key or not value:
        raise BadInput("A mapping row needs a key and a value.")
    found = await known(desk, integration, table, scan=False)
    value = checked_value(found, key, value)
    held = await _rows_of(desk, integration, table, key)
    row = Row(key, EVER, FOR_EVER, value, note)
    if any(one.valid_from != EVER for one in held):
        raise BadInput(f"{key!r} of {table} has rows with dates: change it with 'map export' and 'map import'.")
    strange = Strangers({}) if anyway else await strangers(desk, integration, table, [key])
    if key in strange.meant:
        raise BadInput(f"{table}: {strange.sentence(key)}. If the row is meant all the same, add --anyway.")
    done = await apply(desk, integration, table, [row], warnings=(*unchecked(found, strange), *doubts(found, [row])))
    return replace(done, row=_changed(found, key, value, held))


async def remove_value(desk: Desk, integration: Integration, table: str, key: str) -> Applied:
    """Take a key's rows away; what is posted stays posted. Raises NotFound."""
    desk.require(Role.BOOKKEEPER)
    found = await known(desk, integration, table, scan=False)
    held = await _rows_of(desk, integration, table, key.strip())
    if not held:
        raise NotFound(f"The mapping table {table} has no row {key!r}.")
    done = await apply(desk, integration, table, [], remove=held)
    return replace(done, row=_changed(found, key.strip(), "", held))


def _changed(found: Known, key: str, value: str, held: list[Row]) -> Changed:
    was = [one.value for one in held]
    names = (found.target_name(one) for one in was)
    return Changed(key, value, found.target_name(value), ", ".join(was), ", ".join(name for name in names if name))


async def _rows_of(desk: Desk, integration: Integration, table: str, key: str) -> list[Row]:
    async with desk.looking() as reading:
        return [row for row in await rows_in(reading, integration, table) if row.key == key]
