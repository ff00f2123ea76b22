"""Records as the APIs show them: actual values, display values, references, dotted fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from ml_connector_sandbox.servicenow.books.access import READ, User
from ml_connector_sandbox.servicenow.books.dictionary import Column
from ml_connector_sandbox.servicenow.books.records import Row
from ml_connector_sandbox.servicenow.books.values import STAMP, moment
from ml_connector_sandbox.servicenow.instance import Instance

ADDITION = "u_sandbox_addition"


@dataclass(frozen=True, slots=True)
class Rendering:
    """How one call wants records shown. ``display``: false, true or all; ``fields``: empty for all."""

    instance: Instance
    user: User
    display: str = "false"
    fields: tuple[str, ...] = ()
    links: bool = True

    def shown(self, row: Row) -> dict[str, Any]:
        """A record; unknown fields and those that the user may not read are left out."""
        names, ruled = self.fields or self._all(row["sys_class_name"]), self.instance.access.ruled(READ)
        found: dict[str, Any] = {}
        for name in names:
            at = self.instance.queries.walked(row["sys_class_name"], row, name)
            if at is not None and (name.partition(".")[0] not in ruled or self._readable(row, name)):
                found[name] = self._value(*at)
        if self.instance.switches.extra_fields:
            found[ADDITION] = ""
        return found

    def displayed(self, column: Column, row: Mapping[str, str]) -> str:
        """The display value of one column."""
        value = row.get(column.name, "")
        if column.type == "currency2":
            price = self.instance.records.price(value)
            return f"{price[0]} {price[1]}" if price else ""
        if column.refers:
            target = self.instance.records.target(column, row)
            return self.instance.records.display(*target) if target else ""
        if column.type == "glide_date_time" and value:
            return self._local(value)
        return next((label for choice, label in column.choices if choice == value), value)

    def _all(self, table: str) -> list[str]:
        names = list(self.instance.records.columns(table))
        extends = self.instance.records.tables[table].definition.extends
        return [*names, "sys_class_name"] if extends else names

    def _readable(self, row: Row, name: str) -> bool:
        table = row["sys_class_name"]
        return self.instance.access.allowed(self.user, table, READ, row, name.partition(".")[0])

    def _value(self, column: Column, row: Mapping[str, str]) -> Any:
        value = row.get(column.name, "")
        reference = column.refers and bool(value)
        link = {"link": self._link(column, row)} if reference and self.links else {}
        if self.display == "all":
            return {"display_value": self.displayed(column, row), "value": value, **link}
        if self.display == "true":
            shown = self.displayed(column, row)
            return {"display_value": shown, **link} if link else shown
        return {**link, "value": value} if link else value

    def _link(self, column: Column, row: Mapping[str, str]) -> str:
        target = self.instance.records.target(column, row)
        table = target[0] if target else column.reference
        return f"{self.instance.address}/api/now/table/{table}/{row[column.name]}"

    def _local(self, value: str) -> str:
        found = moment(value)
        return found.astimezone(ZoneInfo(self.user.zone)).strftime(STAMP) if found else value
