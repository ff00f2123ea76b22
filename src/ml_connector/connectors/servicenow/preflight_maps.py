"""The transform maps of the staging tables, and the rule that transforms rows as they come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ml_connector.connectors.base import Session
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.servicenow import values
from ml_connector.connectors.servicenow.preflight_asking import ADMIN, BASE_TABLE, ask, some, unseen, words
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
    findings: list[Finding] = []
    for kind, one in staging.items():
        mine = [row for row in asked.rows if values.text(row, "source_table") == one.table]
        findings.append(_map(one, mine))
        if entries is not None:
            ids = {values.text(row, "sys_id") for row in mine}
            findings += _of_entries(session, kind, one, [row for row in entries if values.text(row, "map") in ids])
    return findings


async def _any(session: Session, table: str) -> bool:
    """Whether the user sees any row of a table that is never empty: one that is hidden by rights looks empty."""
    asked = await some(session, table)
    return bool(asked.rows)


def _map(one: Staging, maps: Sequence[Mapping[str, Any]]) -> Finding:
    subject = f"transform map of {one.table}"
    active = [values.text(row, "name") for row in maps if values.text(row, "active") not in ("false", "0")]
    if active:
        return Finding(subject, Verdict.GOOD, f"{', '.join(active)} takes rows of {one.table} to {one.target}.")
    said = f"No active transform map takes rows of {one.table} to {one.target}; staged rows would be refused."
    action = f"{ADMIN} activates the map." if maps else f"{ADMIN} restores the map that the application delivers."
    return Finding(subject, Verdict.MISSING, said, action)


async def _entries(session: Session, maps: Sequence[str]) -> Sequence[Mapping[str, Any]] | None:
    if not maps:
        return ()
    asked = await ask(
        session, "sys_transform_entry", ("map", maps), "", "source_field", "target_field", "coalesce", "choice_action",
    )  # fmt: skip
    return asked.rows if asked.rows else None


def _of_entries(session: Session, kind: str, one: Staging, entries: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Coalescing as the setting says it, and what happens to references that are not found."""
    findings: list[Finding] = []
    coalescing = sorted(
        values.text(row, "target_field") for row in entries if values.text(row, "coalesce") in ("true", "1")
    )
    says = of(session.settings, "coalesces") == "yes"
    if kind in ("invoice", "line") and says and not coalescing:
        findings.append(
            Finding(
                f"coalesce of {one.table}", Verdict.MISSING,
                f"The setting coalesces says yes, and no field of {one.table} coalesces: an edit makes a second invoice.",
                "Set coalesces=no, or the ServiceNow administrator lets the map coalesce on our key.",
            )
        )  # fmt: skip
    # A supplier's own code refers to nothing: the row is the supplier.
    named = {
        one.columns[name].name: name
        for name in ("account", "cost_center", "supplier", "legal_entity")
        if name in one.columns and kind != "supplier"
    }
    for row in entries:
        name, action = named.get(values.text(row, "source_field")), values.text(row, "choice_action").lower()
        if name and action in ("create", "ignore"):
            findings.append(_choice_action(one, name, action))
    return findings


def _choice_action(one: Staging, name: str, action: str) -> Finding:
    becomes = "makes a new record of it" if action == "create" else "leaves the field empty"
    return Finding(
        f"choice action of {one.table}",
        Verdict.WARNING,
        f"Where the {words(name)} of a {one.title} is not known, the transform map {becomes} in place of refusing the row.",
        f"{ADMIN} sets the field map's choice action to reject.",
    )


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
