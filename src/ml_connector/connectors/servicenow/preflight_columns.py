"""The columns that are sent, against the instance's dictionary."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ml_connector.connectors.base import Session
from ml_connector.connectors.checking import FieldThere, Finding, Verdict
from ml_connector.connectors.servicenow import values
from ml_connector.connectors.servicenow.preflight_asking import ADMIN, BASE_TABLE, ask, some, words
from ml_connector.connectors.servicenow.profiles import KEY, Column, Staging
from ml_connector.connectors.servicenow.settings import KEY_LENGTH, of


@dataclass(frozen=True, slots=True)
class Definition:
    """A column by the dictionary: its kind, length (0: not told), and whether it must be filled."""

    kind: str
    length: int
    mandatory: bool


async def columns(
    session: Session, staging: Mapping[str, Staging]
) -> tuple[dict[str, dict[str, Definition]] | None, list[FieldThere], list[Finding]]:
    """Each column that is sent against the dictionary. None where that is hidden, or shows nothing of a known table."""
    tables = [one.table for one in staging.values()]
    told = ("name", [*tables, BASE_TABLE])
    asked = await ask(
        session, "sys_dictionary", told, "elementISNOTEMPTY", "element", "internal_type", "max_length", "mandatory"
    )
    known = _definitions(asked.rows or ())
    if not any(table in known for table in tables):
        exists = [await _exists(session, one) for one in staging.values()] if asked.rows else []
        return None, _unknown_fields(staging), [finding for finding in exists if finding is not None]
    findings: list[Finding] = []
    fields: list[FieldThere] = []
    for kind, one in staging.items():
        if one.table not in known:
            findings.append(table_missing(one))
            continue
        for name, column in one.columns.items():
            found = known[one.table].get(column.name) or known.get(BASE_TABLE, {}).get(column.name)
            fields.append(_field(one, name, column, found))
            findings += _of_column(session, kind, one, name, column, found)
        findings += _not_sent(one, known[one.table])
    return known, fields, findings


def _definitions(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Definition]]:
    known: dict[str, dict[str, Definition]] = {}
    for row in rows:
        length = values.text(row, "max_length")
        definition = Definition(
            values.text(row, "internal_type") or "string",
            int(length) if length.isdigit() else 0,
            values.text(row, "mandatory") in ("true", "1"),
        )
        known.setdefault(values.text(row, "name"), {})[values.text(row, "element")] = definition
    return known


async def _exists(session: Session, one: Staging) -> Finding | None:
    asked = await some(session, one.table)
    return None if asked.rows is not None else table_missing(one, "" if asked.gone else asked.why)


def table_missing(one: Staging, why: str = "") -> Finding:
    """That a staging table is not there."""
    return Finding(
        f"table {one.table}",
        Verdict.MISSING,
        f"ServiceNow has no table {one.table} for the {one.title}, or hides it. {why}".strip(),
        f"{ADMIN} activates Source-to-Pay Integrations and Accounts Payable Operations, or the settings name another table.",
    )


def _unknown_fields(staging: Mapping[str, Staging]) -> list[FieldThere]:
    return [
        FieldThere(f"{one.title}: {words(name)}", f"{one.table}.{column.name}", "not looked at", Verdict.WARNING)
        for one in staging.values() for name, column in one.columns.items()
    ]  # fmt: skip


def _field(one: Staging, name: str, column: Column, found: Definition | None) -> FieldThere:
    what, place = f"{one.title}: {words(name)}", f"{one.table}.{column.name}"
    if found is None:
        return FieldThere(what, place, "not there", Verdict.WARNING if column.optional else Verdict.MISSING)
    length = f", {found.length} characters" if found.length else ""
    told = f"{found.kind}{length}{', must be filled' if found.mandatory else ''}"
    return FieldThere(what, place, told, Verdict.GOOD)


def _of_column(
    session: Session, kind: str, one: Staging, name: str, column: Column, found: Definition | None
) -> list[Finding]:
    """What is wrong with one column: not there, or too short for what goes into it."""
    subject = f"column {one.table}.{column.name}"
    if found is None:
        if column.optional:
            lost = f"the {words(name)} of the {one.title} does not get there"
            without = "without it rows of ours are known by their contents" if name == KEY else lost
            said = f"{one.table} has no column {column.name}; {without}."
            advice = f"{ADMIN} adds it, or set another: {kind}_columns={name}={one.table}.NAME."
            return [Finding(subject, Verdict.WARNING, said, advice)]
        return [
            Finding(
                subject,
                Verdict.MISSING,
                f"{one.table} has no column {column.name} for {words(name)} of the {one.title}; ServiceNow would drop the "
                "value without a word.",
                f"Look up the column's real name and set {kind}_columns={name}={one.table}.NAME, or have the ServiceNow "
                "administrator add it.",
            )
        ]
    needed = int(of(session.settings, "key_length")) if name == KEY else column.length
    short = found.length and ((needed and found.length < needed) or (name == KEY and not needed and found.length < 255))
    if not short:
        return []
    if name == KEY:
        said = f"{one.table}.{column.name} holds {found.length} characters, and keys may have {needed or 'any number'}."
        shorter = f"Set key_length={found.length}, or have the ServiceNow administrator lengthen it."
        longer = f"{ADMIN} lengthens it to {needed or KEY_LENGTH} characters or more."
        return [Finding(subject, Verdict.MISSING, said, shorter if found.length >= KEY_LENGTH else longer)]
    said = f"{one.table}.{column.name} holds {found.length} characters; up to {needed} are sent, and the rest would be cut."
    if (kind, name) == ("payment", "number") and of(session.settings, "payment_reference") == "unique":
        said += " Its last ones are the mark by which two payments of a bill differ."
        return [Finding(subject, Verdict.MISSING, said, f"{ADMIN} lengthens the column to {needed} characters.")]
    return [Finding(subject, Verdict.WARNING, said, f"{ADMIN} lengthens the column to {needed} characters.")]


def _not_sent(one: Staging, known: Mapping[str, Definition]) -> list[Finding]:
    """Columns that must be filled and that nothing of ours goes into."""
    sent = {column.name for column in one.columns.values()}
    return [
        Finding(
            f"column {one.table}.{name}", Verdict.MISSING,
            f"{one.table}.{name} must be filled, and nothing is sent for it.",
            f"{ADMIN} makes it optional or gives it a default, or map one of our fields to it.",
        )
        for name, definition in known.items() if definition.mandatory and name not in sent and not name.startswith("sys_")
    ]  # fmt: skip
