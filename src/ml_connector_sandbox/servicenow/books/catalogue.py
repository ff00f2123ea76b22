"""Writes the dictionary, the choices, the maps and the rules of an instance as rows, and settles its switches."""

from __future__ import annotations

from collections.abc import Iterable

from ml_connector_sandbox.servicenow.books.dictionary import STAMPS, Column, TableDefinition
from ml_connector_sandbox.servicenow.books.imports import RULE
from ml_connector_sandbox.servicenow.books.maps import MapDefinition
from ml_connector_sandbox.servicenow.books.records import Records, Row
from ml_connector_sandbox.servicenow.switches import Switches

_ACTIONS = frozenset({"create", "ignore", "reject"})


def describe(records: Records, definitions: Iterable[TableDefinition]) -> None:
    """Rows of sys_db_object, sys_dictionary and sys_choice for these tables."""
    for one in definitions:
        records.insert("sys_db_object", {"name": one.name, "label": one.label, "super_class": _super(records, one)})
        records.insert("sys_dictionary", {"name": one.name, "internal_type": "collection", "active": "true"})
        for column in one.columns.values():
            describe_column(records, one.name, column)


def describe_column(records: Records, table: str, column: Column) -> None:
    """The row of sys_dictionary and those of sys_choice for one column."""
    given = {
        "name": table,
        "element": column.name,
        "column_label": column.label,
        "internal_type": column.type,
        "max_length": str(column.max_length),
        "mandatory": str(column.mandatory).lower(),
        "reference": column.reference,
        "active": "true",
    }
    records.insert("sys_dictionary", given)
    for place, (value, label) in enumerate(column.choices):
        choice = {"name": table, "element": column.name, "value": value, "label": label, "sequence": str(place)}
        records.insert("sys_choice", choice | {"inactive": "false"})


def install_rule(records: Records) -> None:
    """The business rule by which synchronous rows are transformed; while it is inactive they stay pending."""
    records.insert("sys_script", {"name": RULE, "collection": "sys_import_set_row", "active": "true", "when": "after"})


def install_maps(records: Records, maps: Iterable[MapDefinition]) -> None:
    """Rows of sys_transform_map and sys_transform_entry, as the switches say."""
    for one in maps:
        given = {"name": one.name, "source_table": one.source, "target_table": one.target, "active": "true"}
        given |= {"order": "100", "run_business_rules": "true", "copy_empty_fields": "true"}
        transform = records.insert("sys_transform_map", given)
        for source, target in (line.split() for line in one.entries.splitlines() if line):
            entry = {"map": transform["sys_id"], "source_table": one.source, "source_field": source}
            records.insert("sys_transform_entry", entry | {"target_table": one.target, "target_field": target})
    settle_maps(records, maps)


def settle_maps(records: Records, maps: Iterable[MapDefinition]) -> None:
    """Write into the rows of the maps what the switches say of coalescing, choices and empty texts."""
    for one in maps:
        transform = records.find("sys_transform_map", name=one.name, source_table=one.source)
        if transform is None:
            continue
        records.update(transform, {"copy_empty_fields": str(records.switches.copy_empty).lower()})
        keys, choices = _coalescing(records.switches, one), dict(one.choices)
        for entry in records.having("sys_transform_entry", map=transform["sys_id"]):
            source = canonical(records, entry)
            action = choices.get(source, "create")
            action = action if action in _ACTIONS else str(getattr(records.switches, action))
            records.update(entry, {"coalesce": str(source in keys).lower(), "choice_action": action})


def canonical(records: Records, entry: Row) -> str:
    """The name by which the emulator knows the staging column of an entry."""
    known = records.columns(entry["source_table"]) if entry["source_table"] in records.tables else {}
    column = known.get(entry["source_field"])
    return (column.canonical if column else "") or entry["source_field"]


def settle_names(records: Records, definitions: Iterable[TableDefinition]) -> None:
    """Call inferred columns as the switches say, in tables, rows, dictionary and maps."""
    other = _pairs(records.switches.column_names)
    for one in definitions:
        for column in list(one.columns.values()):
            if not column.canonical:
                continue
            wanted = other.get(f"{one.name}.{column.canonical}") or other.get(column.canonical)
            wanted = wanted or _prefixed(records.switches, one.name, column.canonical)
            if wanted != column.name:
                _rename(records, one.name, column.name, wanted)


def settle_line_number(records: Records, name: str) -> None:
    """Put the column ``u_erp_line_number`` into the lines' staging table, or take it out, as the switch says."""
    definition = records.tables[name].definition
    current = records.column_named(name, "u_erp_line_number")
    if records.switches.line_number_column and current not in definition.columns:
        column = Column(name=current, label="ERP line number", canonical="u_erp_line_number")
        records.column_added(name, column)
        describe_column(records, name, column)
    elif not records.switches.line_number_column and current in definition.columns:
        records.column_removed(name, current)
        for row in records.having("sys_dictionary", name=name, element=current):
            records.delete(row)


def _super(records: Records, one: TableDefinition) -> str:
    parent = records.find("sys_db_object", name=one.extends) if one.extends else None
    return parent["sys_id"] if parent else ""


def _coalescing(switches: Switches, one: MapDefinition) -> set[str]:
    """Without its line number no line can be found again, so that none is looked for."""
    text = getattr(switches, one.coalesce, one.coalesce)
    keys = {key.strip() for key in str(text).split(",") if key.strip()}
    missing = "u_erp_line_number" in keys and not switches.line_number_column and one.coalesce == "line_coalesce"
    return set() if missing else keys


def _pairs(text: str) -> dict[str, str]:
    """Raises ValueError on a pair without an equals sign."""
    found = {}
    for one in filter(None, (part.strip() for part in text.split(","))):
        old, separator, new = one.partition("=")
        if not separator or not new:
            raise ValueError(f"column_names takes pairs such as u_erp_source=u_source_erp, not {one!r}")
        found[old.strip()] = new.strip()
    return found


def _prefixed(switches: Switches, table: str, name: str) -> str:
    return f"{switches.stage_prefix}{name.removeprefix('u_')}" if table.endswith("_stage") else name


def _rename(records: Records, table: str, old: str, new: str) -> None:
    if old in STAMPS:
        return
    records.rename(table, old, new)
    for row in records.having("sys_dictionary", name=table, element=old):
        records.update(row, {"element": new})
    for row in records.having("sys_choice", name=table, element=old):
        records.update(row, {"element": new})
    for entry in records.having("sys_transform_entry", source_table=table, source_field=old):
        records.update(entry, {"source_field": new})
