"""The transform maps of the staging tables, and the rule that transforms rows as they come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ml_connector.connectors.base import Session
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.servicenow import values
from ml_connector.connectors.servicenow.preflight_asking import ADMIN, BASE_TABLE, ask, some, unseen
from ml_connector.connectors.servicenow.preflight_references import choice_action, plain, risky
from ml_connector.connectors.servicenow.profiles import Staging
from ml_connector.connectors.servicenow.settings import of


async def maps(session: Session, staging: Mapping[str, Staging]) -> list[Finding]:
    tables = [one.table for one in staging.values()]
    asked = await ask(
        session, "sys_transform_map", ("source_table", tables), "", "name", "target_table", "active",
    )  # fmt: skip
    if asked.rows is None:
        return [unseen("transform maps", "sys_transform_map")]
    if not asked.rows and not await _any(session, "sys_transform_map"):
        return [unseen("transform maps", "sys_transform_map")]
    entries = await _entries(session, [values.text(row, "sys_id") for row in asked.rows])
    findings: list[Finding] = [] if entries is not None else [unseen("field maps", "sys_transform_entry")]
    for kind, one in staging.items():
        mine = [row for row in asked.rows if values.text(row, "source_table") == one.table]
        findings.append(_map(one, mine))
        ids = {values.text(row, "sys_id") for row in mine}
        own = [row for row in entries or () if values.text(row, "map") in ids]
        findings += _coalescing(session, kind, one, own) if entries is not None else []
        findings += await _references(session, kind, one, mine, own)
    return findings


async def _references(
    session: Session, kind: str, one: Staging, maps: Sequence[Mapping[str, Any]], entries: Sequence[Mapping[str, Any]]
) -> list[Finding]:
    """What the active maps do with references that they do not find."""
    targets = {values.text(row, "sys_id"): values.text(row, "target_table") for row in maps if _is_active(row)}
    active = [row for row in entries if values.text(row, "map") in targets]
    found = risky(kind, one, active)
    tables = {*targets.values()}
    no_references = await plain(session, [(table, column) for _, _, column in found for table in sorted(tables)])
    return [
        choice_action(session, kind, one, name, action)
        for name, action, column in found
        if not tables or any((table, column) not in no_references for table in tables)
    ]


def _is_active(row: Mapping[str, Any]) -> bool:
    return values.text(row, "active") not in ("false", "0")


async def _any(session: Session, table: str) -> bool:
    """Whether the user sees any row of a table that is never empty: one that is hidden by rights looks empty."""
    asked = await some(session, table)
    return bool(asked.rows)


def _map(one: Staging, maps: Sequence[Mapping[str, Any]]) -> Finding:
    subject = f"transform map of {one.table}"
    active = [values.text(row, "name") for row in maps if _is_active(row)]
    if active:
        to = one.target or next(filter(None, (values.text(row, "target_table") for row in maps)), "their table")
        return Finding(subject, Verdict.GOOD, f"{', '.join(active)} takes rows of {one.table} to {to}.")
    said = (
        f"No active transform map takes rows of {one.table} to {one.target or 'a table'}; staged rows would be refused."
    )
    action = f"{ADMIN} activates the map." if maps else f"{ADMIN} restores the map that the application delivers."
    return Finding(subject, Verdict.MISSING, said, action)


async def _entries(session: Session, maps: Sequence[str]) -> Sequence[Mapping[str, Any]] | None:
    if not maps:
        return ()
    asked = await ask(
        session, "sys_transform_entry", ("map", maps), "", "source_field", "target_field", "coalesce", "choice_action",
    )  # fmt: skip
    return asked.rows if asked.rows else None


def _coalescing(session: Session, kind: str, one: Staging, entries: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Where the settings say that edits find their invoice, header, lines and tax lines have to coalesce."""
    coalescing = any(values.text(row, "coalesce") in ("true", "1") for row in entries)
    tax = ["tax"] if of(session.settings, "tax_goes") == "rows" else []
    if kind not in ("invoice", "line", *tax) or coalescing or of(session.settings, "coalesces") != "yes":
        return []
    return [
        Finding(
            f"coalesce of {one.table}", Verdict.MISSING,
            f"The setting coalesces says yes, and no field of {one.table} coalesces: an edit makes a second {one.title}.",
            "Set coalesces=no, or the ServiceNow administrator lets the map coalesce on our key.",
        )
    ]  # fmt: skip


async def rule(session: Session) -> Finding:
    """The business rule that transforms rows as they come."""
    asked = await ask(
        session, "sys_script", ("name", ["Transform synchronously"]), f"collection={BASE_TABLE}", "active", "collection",
    )  # fmt: skip
    subject = "business rule Transform synchronously"
    rows = [row for row in asked.rows or () if values.text(row, "name") == "Transform synchronously"]
    if not rows:
        return unseen(subject, "sys_script")
    if any(values.text(row, "active") in ("true", "1", "") for row in rows):
        return Finding(subject, Verdict.GOOD, "It is active: staged rows are worked on as they come.")
    said = "It is inactive: staged rows would lie there and nothing would be made of them."
    return Finding(subject, Verdict.MISSING, said, f"{ADMIN} activates it on {BASE_TABLE}.")
