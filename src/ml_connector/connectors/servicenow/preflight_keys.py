"""Whether the columns by which rows are looked up are shown at all.

A query on a column that the instance does not know is no error: the term is dropped, and more rows come than were asked for;
or none, where the property glide.invalid_query.returns_no_rows is set. Then everything would seem to be absent, and be made a
second time. A row shows such a column not even as empty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ml_connector.connectors.base import Session
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.servicenow.preflight_asking import ADMIN, some, words
from ml_connector.connectors.servicenow.profiles import KEY, Shown, profile_of
from ml_connector.connectors.servicenow.standing import shown_of

# By what is written: the tables that are looked into, and the fields that they are asked by.
_ASKED_BY: Mapping[str, tuple[tuple[str, tuple[str, ...]], ...]] = MappingProxyType(
    {
        "bills": (
            ("invoice", ("external_number", "date")), ("line", ("invoice",)), ("outbound", ("invoice",)),
            ("task", ("invoice",)),
        ),
        "vendor_payments": (("payment", (KEY,)),),
        "dimensions": (("cost_center", ("number",)),),
        "parties": (("supplier", ("supplier_code",)),),
    }
)  # fmt: skip
# What is asked for here only tells why an invoice does not go on.
_TOLD_ONLY = frozenset(["outbound", "task"])


async def keys_seen(session: Session, entities: Sequence[str]) -> list[Finding]:
    """Of each table what rows are looked up by and it does not show. Raises NotJson, Cut and what the session raises.

    A table that is closed, or has no rows, says nothing: look-ups in it are refused, or there is nothing to be doubled yet.
    """
    profile = profile_of(session.settings)
    found: list[Finding] = []
    for entity in dict.fromkeys("bills" if one == "vendor_credits" else one for one in entities):
        for kind, fields in _ASKED_BY.get(entity, ()):
            shown = shown_of(profile, entity, session.settings) if entity == "parties" else profile.shown[kind]
            found += await _unseen(session, kind, shown, fields)
    return found


async def _unseen(session: Session, kind: str, shown: Shown, fields: Sequence[str]) -> list[Finding]:
    wanted = {name: column for name in fields if (column := shown.columns.get(name, ""))}
    if not wanted:
        return []
    rows = (await some(session, shown.table, *wanted.values())).rows or ()
    lacking = [name for name, column in wanted.items() if rows and not any(column in row for row in rows)]
    return [_finding(kind, shown, name) for name in lacking]


def _finding(kind: str, shown: Shown, name: str) -> Finding:
    column = shown.columns[name]
    setting = (
        "supplier_code_column=NAME" if name == "supplier_code" else f"read_{kind}_columns={name}={shown.table}.NAME"
    )
    action = (
        f"{ADMIN} gives the integration user read rights on {shown.table}.{column}; or the column is called otherwise: set "
        f"{setting} on the connection."
    )
    subject = f"column {shown.table}.{column}"
    if kind in _TOLD_ONLY:
        said = f"{shown.table} shows no column {column} ({words(name)}), so a posting to the ERP that failed is not noticed."
        return Finding(subject, Verdict.WARNING, said, action)
    said = (
        f"{shown.table} shows no column {column} ({words(name)}), by which what is there is looked up: it would seem to be "
        "absent, and be made a second time."
    )
    return Finding(subject, Verdict.MISSING, said, action)
