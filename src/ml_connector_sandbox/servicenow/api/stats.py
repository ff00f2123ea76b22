"""The Aggregate API: counts, sums, averages, least and greatest, in groups."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ml_connector_sandbox.servicenow.api.call import Answer, ApiCall
from ml_connector_sandbox.servicenow.api.rendering import Rendering
from ml_connector_sandbox.servicenow.api.tables import readable, selected
from ml_connector_sandbox.servicenow.books.access import READ
from ml_connector_sandbox.servicenow.books.records import Row
from ml_connector_sandbox.servicenow.books.values import number

_FUNCTIONS: dict[str, Callable[[list[Decimal]], Decimal]] = {
    "sum": lambda found: sum(found, Decimal(0)),
    "avg": lambda found: sum(found, Decimal(0)) / len(found),
    "min": min,
    "max": max,
}


def aggregate(call: ApiCall, table: str) -> Answer:
    """``GET``: one object, or a list when the rows are grouped. Raises Refused, UnknownTable."""
    rows = [row for row in selected(call, table) if call.instance.access.allowed(call.user, table, READ, row)]
    names = [one for one in _names(call, "sysparm_group_by") if one in call.instance.records.columns(table)]
    if not names:
        return Answer(200, {"result": {"stats": _stats(call, table, rows)}})
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return Answer(200, {"result": [_group(call, table, names, found) for found in groups.values()]})


def _group(call: ApiCall, table: str, names: list[str], rows: list[Row]) -> dict[str, Any]:
    shape, known = Rendering(call.instance, call.user), call.instance.records.columns(table)
    shown = call.flag("sysparm_display_value")
    fields = [
        {"field": name, "value": shape.displayed(known[name], rows[0]) if shown else rows[0][name]} for name in names
    ]
    return {"stats": _stats(call, table, rows), "groupby_fields": fields}


def _stats(call: ApiCall, table: str, rows: list[Row]) -> dict[str, Any]:
    stats: dict[str, Any] = {"count": str(len(rows))} if call.flag("sysparm_count") else {}
    for name, function in _FUNCTIONS.items():
        asked = [one for one in _names(call, f"sysparm_{name}_fields") if readable(call, table, one)]
        values = {one: _numbers(call, table, rows, one) for one in asked}
        if asked:
            stats[name] = {one: format(function(found), "f") if found else "" for one, found in values.items()}
    return stats


def _numbers(call: ApiCall, table: str, rows: list[Row], name: str) -> list[Decimal]:
    column = call.instance.records.columns(table).get(name)
    if column is None:
        return []
    if column.type == "currency2":
        prices = [call.instance.records.price(row[name]) for row in rows]
        return [one[1] for one in prices if one]
    return [found for row in rows if (found := number(row[name])) is not None]


def _names(call: ApiCall, parameter: str) -> list[str]:
    return [one.strip() for one in call.query.get(parameter, "").split(",") if one.strip()]
