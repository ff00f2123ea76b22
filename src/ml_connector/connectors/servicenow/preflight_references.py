"""What transform maps do with a reference that they do not know, and whether it can be seen afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ml_connector.connectors.base import Session
from ml_connector.connectors.checking import Finding, Verdict
from ml_connector.connectors.servicenow import values
from ml_connector.connectors.servicenow.preflight_asking import ADMIN, ask, some, words
from ml_connector.connectors.servicenow.profiles import Profile, Staging
from ml_connector.connectors.servicenow.references import REFERENCES
from ml_connector.connectors.servicenow.settings import of

# What decides whose money it is and where it is booked. A supplier's own code refers to nothing: the row is the supplier. A
# currency is mostly a plain choice, of which the field map says nothing: it is looked at when it came to be.
_MONEY: Mapping[str, frozenset[str]] = {
    "invoice": frozenset({"supplier", "legal_entity"}),
    "line": frozenset({"account", "cost_center"}),
    "payment": frozenset({"supplier", "invoice"}),
    "supplier": frozenset(),
}
_OTHERS = frozenset({"supplier", "legal_entity"})
Target = tuple[str, str]  # table and column that an entry of a map fills


async def plain(session: Session, targets: Sequence[Target]) -> frozenset[Target]:
    """Those that the dictionary shows to be no references: a choice action says nothing of them.

    Columns of a parent table are listed under that, and count as references here.
    """
    if not targets:
        return frozenset()
    columns = ",".join(sorted({column for _, column in targets}))
    tables = [table for table, _ in targets]
    asked = await ask(session, "sys_dictionary", ("name", tables), f"elementIN{columns}", "element", "internal_type")
    return frozenset(
        (values.text(row, "name"), values.text(row, "element"))
        for row in asked.rows or ()
        if values.text(row, "internal_type") not in ("reference", "")
    )


def risky(kind: str, one: Staging, entries: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """Fields of ours that an entry takes though it does not know them, with what it does and the column it fills."""
    known = {column.name: name for name, column in one.columns.items() if name in _MONEY.get(kind, _OTHERS)}
    told = (
        (known.get(values.text(row, "source_field"), ""), values.text(row, "choice_action").lower(),
         values.text(row, "target_field"))
        for row in entries
    )  # fmt: skip
    return [(name, action, target) for name, action, target in told if name and action in ("create", "ignore")]


def choice_action(session: Session, kind: str, one: Staging, name: str, action: str) -> Finding:
    """What happens to a number that is not known. Of money nothing is written then, unless the settings take the risk."""
    becomes = "makes a new record of it" if action == "create" else "leaves the field empty"
    what = "GL account" if name == "account" else words(name)
    article = "an" if one.title[0] in "aeiou" else "a"
    said = f"Where the {what} of {article} {one.title} is not known, the transform map {becomes} in place of refusing the row"
    advice = f"{ADMIN} sets the choice action of the field map of {one.columns[name].name} to reject"
    subject = f"choice action of {one.table}"
    if kind not in _MONEY or of(session.settings, "unknown_references") == "accept":
        return Finding(subject, Verdict.WARNING, f"{said}.", f"{advice}.")
    return Finding(
        subject, Verdict.MISSING, f"{said}: it would be booked for nobody, or for somebody else.",
        f"{advice}; or set unknown_references=accept on the connection: what came out blank is then told afterwards.",
    )  # fmt: skip


async def lines_seen(session: Session, profile: Profile) -> list[Finding]:
    """Whether lines of invoices are shown with what they are booked on: so it is told when that was left blank."""
    shown = profile.shown["line"]
    wanted = [shown.columns[name] for name in REFERENCES["line"] if shown.columns.get(name)]
    asked = await some(session, shown.table, *wanted)
    hidden = [one for one in wanted if asked.rows and one not in asked.rows[0]]
    if asked.rows is not None and not hidden:
        return []
    what = f"{', '.join(hidden)} of {shown.table}" if hidden else shown.table
    said = (
        f"The integration user may not read {what}, so a GL account or cost centre that was left blank is not noticed."
    )
    advice = f"{ADMIN} gives it read rights on {shown.table}, or set read_line_columns=account={shown.table}.NAME."
    return [Finding(f"rights on {shown.table}", Verdict.WARNING, f"{said} {asked.why}".strip(), advice)]
