"""One value of a mapping table, set or taken away by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from ml_connector.errors import BadInput, NotFound
from ml_connector.service.desk import Desk
from ml_connector.service.integrating import Integration
from ml_connector.service.mapping.files import doubts, unchecked
from ml_connector.service.mapping.keys import Known, Strangers, checked_value, known, strangers
from ml_connector.service.mapping.rows import EVER, FOR_EVER, Applied, Changed, Row, apply, rows_in
from ml_connector.service.roles import Role

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Days:
    """The days of documents on which a row holds, both included."""

    first: dt.date = EVER
    last: dt.date = FOR_EVER

    def require_order(self) -> None:
        """Raise BadInput where the last day is before the first."""
        if self.last < self.first:
            raise BadInput(f"No document is dated from {self.first} to {self.last}: turn the days round.")


ALL_DAYS = Days()


async def set_value(
    desk: Desk, integration: Integration, table: str, key: str, value: str, note: str = "", *, anyway: bool = False,
    days: Days = ALL_DAYS,
) -> Applied:  # fmt: skip
    """Map a key to a value on some days, all unless said; a target may be given by its id, number or name, stored as id.

    What held on those days before ends there and begins again after them. Raises NotFound, BadInput for a value or days
    that cannot be right, for a key with dated rows that no days are given for, or (unless ``anyway``) one that nothing shows.
    """
    desk.require(Role.BOOKKEEPER)
    key, value = key.strip(), value.strip()
    if not key or not value:
        raise BadInput("A mapping row needs a key and a value.")
    days.require_order()
    found = await known(desk, integration, table, scan=False)
    value = checked_value(found, key, value)
    held = await _rows_of(desk, integration, table, key)
    row = Row(key, days.first, days.last, value, note)
    if not note:  # nobody takes the evidence away that a row was accepted with by naming its value again
        row = next((one for one in held if replace(one, note="") == row), row)
    if days == ALL_DAYS and any(one != ALL_DAYS for one in map(_days, held)):
        raise BadInput(
            f"{key!r} of {table} has rows with dates: say with --from and --until on which days the value holds, or change "
            "the rows with 'map export' and 'map import'."
        )
    strange = Strangers({}) if anyway else await strangers(desk, integration, table, [key])
    if key in strange.meant:
        raise BadInput(f"{table}: {strange.sentence(key)}. If the row is meant all the same, add --anyway.")
    kept = cut(held, row)
    begins = {one.valid_from for one in (row, *kept)}
    gone = [one for one in held if one.valid_from not in begins]
    warnings = (*unchecked(found, strange), *doubts(found, [row]))
    done = await apply(desk, integration, table, [row, *kept], remove=gone, warnings=warnings)
    return replace(done, row=_changed(found, key, value, [one for one in held if one.overlaps(row)], row.span()))


def cut(held: Sequence[Row], row: Row) -> list[Row]:
    """What is left of rows of the same key where ``row`` holds: the days before it, and those after it.

    >>> old = Row("5100", EVER, FOR_EVER, "a1")
    >>> new = Row("5100", dt.date(2026, 10, 1), dt.date(2026, 12, 31), "a2")
    >>> [one.span() for one in cut([old], new)]
    ['until 2026-09-30', 'from 2027-01-01 on']
    """
    left = []
    for one in held:
        if not one.overlaps(row):
            left.append(one)
            continue
        if one.valid_from < row.valid_from:
            left.append(replace(one, valid_until=row.valid_from - _DAY))
        if one.valid_until > row.valid_until:
            left.append(replace(one, valid_from=row.valid_until + _DAY))
    return left


def _days(row: Row) -> Days:
    return Days(row.valid_from, row.valid_until)


async def remove_value(desk: Desk, integration: Integration, table: str, key: str) -> Applied:
    """Take a key's rows away; what is posted stays posted. Raises NotFound."""
    desk.require(Role.BOOKKEEPER)
    found = await known(desk, integration, table, scan=False)
    held = await _rows_of(desk, integration, table, key.strip())
    if not held:
        raise NotFound(f"The mapping table {table} has no row {key!r}.")
    done = await apply(desk, integration, table, [], remove=held)
    return replace(done, row=_changed(found, key.strip(), "", held))


def _changed(found: Known, key: str, value: str, held: list[Row], span: str = "") -> Changed:
    was = list(dict.fromkeys(one.value for one in held))
    names = [name for one in was if (name := found.target_name(one))]
    span = "" if span == Row(key, EVER, FOR_EVER, value).span() else span
    return Changed(key, value, found.target_name(value), ", ".join(was), ", ".join(names), span)


async def _rows_of(desk: Desk, integration: Integration, table: str, key: str) -> list[Row]:
    async with desk.looking() as reading:
        return [row for row in await rows_in(reading, integration, table) if row.key == key]
