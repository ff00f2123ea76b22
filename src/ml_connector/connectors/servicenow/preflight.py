"""Whether the instance is set up for what is staged there: columns, transform maps, choices, the ERP source, rights.

The administration tables are read with the integration user's own rights; what is hidden from it is told as a warning, since
then only a row that is sent will show it. What is told to be missing would be dropped by the instance without a word.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from ml_connector.connectors.base import Session
from ml_connector.connectors.checking import Finding, Preflight, Verdict
from ml_connector.connectors.servicenow import values
from ml_connector.connectors.servicenow.preflight_asking import ADMIN, Asked, ask, some, unseen
from ml_connector.connectors.servicenow.preflight_columns import columns, table_missing
from ml_connector.connectors.servicenow.preflight_keys import keys_seen
from ml_connector.connectors.servicenow.preflight_maps import maps, rule
from ml_connector.connectors.servicenow.preflight_references import lines_seen
from ml_connector.connectors.servicenow.profiles import Staging, profile_of
from ml_connector.connectors.servicenow.scopes import FINANCE, IMPORT_READER, INTEGRATOR
from ml_connector.connectors.servicenow.settings import of

KINDS: Mapping[str, tuple[str, ...]] = {
    "bills": ("invoice", "line", "tax"),
    "vendor_credits": ("invoice", "line", "tax"),
    "vendor_payments": ("payment",),
    "dimensions": ("cost_center",),
    "parties": ("supplier", "location", "contact"),
}


async def preflight(session: Session, entities: Sequence[str]) -> Preflight:
    """Findings and fields for what is written of ``entities``. Raises NotJson, Cut, and what the session raises.

    Refusals are findings.
    """
    profile = profile_of(session.settings)
    kinds = list(dict.fromkeys(kind for entity in entities for kind in KINDS.get(entity, ())))
    staging = {kind: profile.staging[kind] for kind in kinds if kind in profile.staging}
    if not kinds:
        return Preflight()
    findings = [_no_table(kind) for kind in kinds if kind not in staging and kind in _NEEDED]
    there, fields, wrong = await columns(session, staging)
    findings += wrong
    findings += await maps(session, staging)
    findings += [await rule(session), *await erp_source(session)]
    findings += await _choices(session, kinds, staging)
    findings += await _rights(session, staging, {one.subject for one in wrong})
    findings += await lines_seen(session, profile) if "line" in staging else []
    findings += await keys_seen(session, entities)
    if there is None:
        findings.append(unseen("columns", "sys_dictionary"))
    return Preflight(tuple(findings), tuple(fields))


_NEEDED = frozenset(["invoice", "line", "payment", "cost_center", "supplier"])


def _no_table(kind: str) -> Finding:
    return Finding(
        f"{kind} table", Verdict.MISSING, f"The connection's profile names no staging table for {kind}.",
        f"Set {kind}_columns, or profile=apo.",
    )  # fmt: skip


async def erp_source(session: Session) -> list[Finding]:
    """The registry's row that all staged rows name; of the custom profile nothing is asked. Raises as ``preflight``."""
    if of(session.settings, "profile") == "custom":
        return []
    wanted = of(session.settings, "erp_source")
    asked = await some(session, "sn_fin_erp_source", "name", "code", "source", "number")
    if asked.rows is None:
        return [unseen("ERP source", "sn_fin_erp_source")]
    names = sorted(
        {values.text(row, column) for row in asked.rows for column in ("name", "code", "source", "number")} - {""}
    )
    if wanted.casefold() in {name.casefold() for name in names}:
        return [Finding("ERP source", Verdict.GOOD, f"ServiceNow knows the ERP source {wanted}.")]
    said = f"ServiceNow has no ERP source {wanted}; it has: {', '.join(names) or 'none that the integration user may read'}."
    action = f"{ADMIN} adds it to sn_fin_erp_source, or set erp_source to one of these."
    return [Finding("ERP source", Verdict.MISSING, said, action)]


async def _choices(session: Session, kinds: Sequence[str], staging: Mapping[str, Staging]) -> list[Finding]:
    """Values of choice columns that are sent, against those of the tables the rows become."""
    shown, wanted = profile_of(session.settings).shown, list[tuple[str, str, str, str]]()
    if "invoice" in staging and (column := shown["invoice"].columns.get("type")):
        wanted += [(staging["invoice"].target, column, of(session.settings, name), name)
                   for name in ("type_non_po", "type_po", "type_credit")]  # fmt: skip
    if "payment" in staging and (column := shown["payment"].columns.get("method")):
        methods = of(session.settings, "payment_methods").replace(",", " ").split()
        wanted += [(staging["payment"].target, column, method, "payment_methods") for method in methods]
    if not wanted:
        return []
    tables = {table for table, *_ in wanted}
    asked = await ask(session, "sys_choice", ("name", tables), "inactive=false", "element", "value")
    if not asked.rows:
        return [unseen("choices", "sys_choice")]
    findings: list[Finding] = []
    for table, element, value, setting in wanted:
        known = {values.text(row, "value") for row in asked.rows
                 if (values.text(row, "name"), values.text(row, "element")) == (table, element)}  # fmt: skip
        if known and value not in known:
            said = f"{table}.{element} has no choice {value!r}; it has: {', '.join(sorted(known))}."
            action = f"Set {setting} to choices of the instance, or the ServiceNow administrator adds it."
            findings.append(Finding(f"choice {table}.{element}", Verdict.MISSING, said, action))
    return findings or [Finding("choices", Verdict.GOOD, "All values of choices that are sent are known there.")]


async def _rights(session: Session, staging: Mapping[str, Staging], told: Collection[str]) -> list[Finding]:
    """Whether staged rows can be read again: nothing is sent where what lies there cannot be seen.

    The right to make rows shows with the first one only; no call tells it without making one.
    """
    findings: list[Finding] = []
    for kind, one in staging.items():
        found = _right(kind, one, await some(session, one.table, "sys_import_state", one.columns[one.found_by].name))
        findings += [found] if found.subject not in told else []
    return findings


def _right(kind: str, one: Staging, asked: Asked) -> Finding:
    if asked.gone:
        return table_missing(one)
    subject = f"rights on {one.table}"
    role = INTEGRATOR if kind in ("invoice", "line", "tax", "payment") else FINANCE
    roles = f"{ADMIN} gives the integration user the roles {role} and {IMPORT_READER}, or read rights on the table."
    if asked.rows is None:
        return Finding(subject, Verdict.MISSING, f"Staged rows cannot be read again. {asked.why}", roles)
    if asked.total and not asked.rows:
        said = f"{one.table} has {asked.total} rows, and none of the first is shown to the integration user."
        return Finding(subject, Verdict.MISSING, said, roles)
    if asked.rows and "sys_import_state" not in asked.rows[0]:
        said = f"The state of rows in {one.table} is hidden from the integration user."
        action = f"{ADMIN} gives it the role {IMPORT_READER}, or a read right on sys_import_state."
        return Finding(subject, Verdict.MISSING, said, action)
    key = one.columns[one.found_by].name
    if asked.rows and not any(key in row for row in asked.rows):
        said = f"{one.table} shows no column {key}, by which rows are found again: they would be sent twice."
        action = f"{ADMIN} adds it or gives read rights on it; or set {kind}_columns={one.found_by}={one.table}.NAME."
        return Finding(subject, Verdict.MISSING, said, action)
    return Finding(subject, Verdict.GOOD, f"{one.table} can be read.")
