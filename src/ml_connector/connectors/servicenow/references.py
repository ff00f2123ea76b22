"""References that came to be, laid against those that were sent.

A transform map whose choice action is not ``reject`` takes a row whose account, centre, supplier or entity it does not know,
and leaves the field empty or makes a record of it. The row's answer tells nothing of that, so the records are read back with
the look-up that proves the write. A column that is not shown says nothing, and is not taken for an empty one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from ml_connector.connectors.servicenow.profiles import Profile, Shown
from ml_connector.connectors.servicenow.rows import HEADS, StagedRow
from ml_connector.connectors.servicenow.translate import Fieldwise
from ml_connector.connectors.writing import Awaited, Rejected
from ml_connector.errors import Acts

_TOLD_AT_MOST = 3
_ACTION = (
    "The ServiceNow administrator enters it there (first in its own table, if it is not there), and sets the field map's "
    "choice action to reject; then replay this record: it is looked at again and nothing is sent twice. If it is right as it "
    "stands there, link this record with it. Its payments wait until then."
)


class Reference(NamedTuple):
    """A field of a staged row that names another record: what people call it, and the table whose ``number`` is sent."""

    words: str
    table: str = ""


# By kind of row: what decides whose money it is and where it is booked.
REFERENCES: Mapping[str, Mapping[str, Reference]] = {
    "invoice": {
        "supplier": Reference("supplier"), "legal_entity": Reference("legal entity", "legal_entity"),
        "currency": Reference("currency"),
    },
    "line": {
        "account": Reference("GL account", "account"), "cost_center": Reference("cost centre", "cost_center"),
    },
    "payment": {"invoice": Reference("invoice")},
}  # fmt: skip
_NUMBER = "_number"


def with_numbers(profile: Profile, kind: str, shown: Shown) -> Shown:
    """The table with the numbers of what its references name, by dots: they are what rows were sent with."""
    dotted = {
        f"{name}{_NUMBER}": f"{shown.columns[name]}.{profile.shown[one.table].columns['number']}"
        for name, one in REFERENCES.get(kind, {}).items()
        if one.table and shown.columns.get(name) and profile.shown[one.table].columns.get("number")
    }
    return Shown(shown.table, {**shown.columns, **dotted})


def refused(profile: Profile, entity: str, made: Sequence[tuple[StagedRow, Fieldwise]]) -> Rejected | None:
    """Why a document that was taken in does not count: what its rows name did not come to be. None where all did."""
    found = [one for row, record in made for one in _wrong(profile, row, record)]
    if not found:
        return None
    rest = f" So {len(found) - _TOLD_AT_MOST} more." if len(found) > _TOLD_AT_MOST else ""
    heads = tuple(Awaited(entity, id=record.id) for row, record in made if row.kind in HEADS)
    said = " ".join(found[:_TOLD_AT_MOST]) + rest
    return Rejected(
        "reference_blank", said, _ACTION, "reference_blank", Acts.TENANT_ADMIN, awaits=heads,
    )  # fmt: skip


def judged(made: Sequence[tuple[StagedRow, Fieldwise]]) -> Mapping[str, Collection[str]]:
    """By key of a row the references that its record shows, so that ``refused`` tells of them."""
    return {row.key: [name for name in REFERENCES.get(row.kind, {}) if record.has(name)] for row, record in made}


# Fields whose numbers the target's lists show, by the list.
_LISTS = {
    "account": "accounts", "cost_center": "dimensions", "supplier": "parties", "legal_entity": "legal_entities",
}  # fmt: skip
_REFUSED = {
    "gl_account_refused": "account", "cost_center_refused": "cost_center", "supplier_refused": "supplier",
    "legal_entity_refused": "legal_entity",
}  # fmt: skip


def awaiting(profile: Profile, row: StagedRow, refusal: Rejected) -> Rejected:
    """The refusal of a row with what it waits for: the numbers that its words name, else the one that it is about."""
    if row.kind not in REFERENCES:
        return refusal
    sent = {name: value for name in _LISTS if (value := _sent(profile, row, name))}
    said = refusal.sentence.casefold()
    about = {name for name, value in sent.items() if value.casefold() in said} or {_REFUSED.get(refusal.reason, "")}
    return replace(refusal, awaits=tuple(Awaited(_LISTS[name], sent[name]) for name in sent if name in about))


def _wrong(profile: Profile, row: StagedRow, record: Fieldwise) -> list[str]:
    known = REFERENCES.get(row.kind, {})
    sent = {name: _sent(profile, row, name) for name in known}
    told = [_told(row, known[name].words, record, name, value) for name, value in sent.items() if value]
    return [one for one in told if one]


def _sent(profile: Profile, row: StagedRow, name: str) -> str:
    column = profile.staging[row.kind].columns.get(name) if row.kind in profile.staging else None
    return row.columns.get(column.name, "") if column else ""


def _told(row: StagedRow, words: str, record: Fieldwise, name: str, sent: str) -> str:
    """The sentence for one reference; empty where it is as it was sent, or cannot be told."""
    if not record.has(name):
        return ""
    shown = record.text(name) or (_currency(record) if name == "currency" else "")
    if not shown:
        return f"ServiceNow took {row.name} in and left its {words} blank (sent: {sent})."
    number = record.text(f"{name}{_NUMBER}") if record.has(f"{name}{_NUMBER}") else None
    if number is None or _same(number, sent):
        return ""
    other = f"{words} {number}" if number else f"{words} without a number"
    return f"ServiceNow took {row.name} in and gave it the {other} in place of {sent}."


def _currency(record: Fieldwise) -> str:
    """The currency that amounts show, where they are of the FX kind."""
    return next((code for name in ("total", "subtotal") if (code := record.money(name)[1])), "")


def _same(shown: str, sent: str) -> bool:
    return shown.strip().casefold() == sent.strip().casefold()
