"""What the instances' targets say, whichever ids, numbers and stamps a run gave them."""

from __future__ import annotations

from typing import Any

from ml_connector_sandbox.kernel.essence import Essence, settled
from ml_connector_sandbox.servicenow.books.dictionary import STAMPS
from ml_connector_sandbox.servicenow.books.imports import ROW
from ml_connector_sandbox.servicenow.books.records import Row
from ml_connector_sandbox.servicenow.books.transforms import ERROR
from ml_connector_sandbox.servicenow.company import ServiceNowBooks
from ml_connector_sandbox.servicenow.inspection import said, targets
from ml_connector_sandbox.servicenow.instance import Instance

_OPEN = frozenset(
    {
        "draft",
        "received",
        "suspected_duplicate",
        "no_exceptions_found",
        "exceptions_found",
        "pending_approval",
        "in_review",
    }
)
"""States that the clock decides, not what was sent."""
_CHANCE = STAMPS | {"number", "third_party_import_id", "u_third_party_import_id"}


def company_essence(company: ServiceNowBooks) -> Essence:
    """Cost centres, suppliers, contacts, locations, invoices with lines, taxes and payments of every instance.

    A document that was sent twice is there twice, and where maps find a record again, its rows in ``staged`` are: every
    row of a staging table that was not refused, by its own columns. A record of another instance differs by its host.
    """
    entities: Essence = {}
    for instance in company.instances.values():
        for name in targets(instance):
            rows = {row["sys_id"]: settled(_row(instance, name, row)) for row in instance.records.rows(name)}
            entities.setdefault(name, {}).update(rows)
        entities.setdefault("staged", {}).update(
            {row["sys_id"]: settled(_staged(instance, row)) for row in instance.records.rows(ROW) if _counts(row)}
        )
    return entities


def stir(company: ServiceNowBooks) -> None:
    """Save the record of each target whose last change is longest ago."""
    for instance in company.instances.values():
        for name in targets(instance):
            rows = instance.records.rows(name)
            if rows:
                instance.records.touch(min(rows, key=lambda row: row["sys_updated_on"]))


def _counts(row: Row) -> bool:
    """Whether a staged row made, or will make, a record; a refused one may be staged again."""
    return row["sys_class_name"] != ROW and row["sys_import_state"] != ERROR


def _staged(instance: Instance, row: Row) -> dict[str, Any]:
    name = row["sys_class_name"]
    own = [key for key in instance.records.table(name).definition.columns if key not in _CHANCE and row.get(key)]
    return {"instance": instance.host, "table": name} | {key: row[key] for key in own}


def _row(instance: Instance, name: str, row: Row) -> dict[str, Any]:
    known = instance.records.columns(name)
    shown = {key: said(instance, column, row) for key, column in known.items() if key not in _CHANCE}
    for key in ("state", "u_state"):
        if shown.get(key) in _OPEN:
            shown[key] = "open"
    return {"instance": instance.host} | {key: value for key, value in shown.items() if value not in ("", None)}
