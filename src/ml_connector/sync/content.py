"""What the target shows of a document, laid against what a step was to make of it."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from decimal import Decimal

from ml_connector.canonical.documents import Document, amount_of, party_of
from ml_connector.canonical.master_data import Party
from ml_connector.connectors.writing import Step


@dataclass(frozen=True, slots=True)
class Content:
    """A document of the target as it is kept: the hash of ``whole``, and of what an approval is bound to, as ``shown``."""

    whole: bytes
    shown: bytes


NOTHING = Content(b"", b"")


def as_listed(party: Document) -> bytes:
    """The hash of what every reading of a party shows: a list's row has less than the party itself, and reading it in full

    changes nothing. What else a plan would change it has laid against what is there.
    """
    if not isinstance(party, Party):
        return b""
    told = (party.name, party.company, party.first_name, party.last_name, party.email, party.phone, party.merged_into)
    return hashlib.sha256(repr((*told, party.active)).encode()).digest()


def meant(step: Step) -> str:
    """What a step was to make, as a person reads it: number, date, total."""
    return _told(step.number, step.date, step.total or None, step.currency, "") or f"{step.action.value} {step.entity}"


def shown(document: Document) -> str:
    """A document of the target as a person reads it: its id, number, date, total and party."""
    party = party_of(document)
    told = _told(
        str(getattr(document, "number", "") or getattr(document, "name", "")), getattr(document, "date", None),
        amount_of(document), str(getattr(document, "currency", "")), party.label() if party else "",
    )  # fmt: skip
    return f"document {document.id}: {told}" if told else f"document {document.id}"


def _told(number: str, date: dt.date | None, total: Decimal | None, currency: str, party: str) -> str:
    amount = f"{total:,} {currency}".rstrip() if total is not None else ""
    parts = (number, f"of {date}" if date else "", f"over {amount}" if amount else "", f"with {party}" if party else "")
    return " ".join(part for part in parts if part)


def differences(step: Step, shown: Document) -> list[str]:
    """What the target shows otherwise than the step says; empty when it is the same document."""
    expected = {"number": step.number, "date": step.date, "total": step.total, "currency": step.currency}
    found: list[str] = []
    party = party_of(shown)
    if step.party_id and party is not None and party.id != step.party_id:
        found.append(f"another {'vendor' if hasattr(shown, 'vendor') else 'customer'} ({party.label()})")
    for name, value in expected.items():
        theirs = amount_of(shown) if name == "total" else getattr(shown, name, None)
        if not value or theirs is None or theirs == "" or (name == "number" and amount_of(shown) is None):
            continue
        if not _same(theirs, value):
            found.append(f"{name} {theirs} instead of {value}")
    return found


def _same(theirs: object, value: object) -> bool:
    """Signs are each side's own; so are blanks in a text, which many a target trims and closes up."""
    if isinstance(theirs, Decimal) and isinstance(value, Decimal):
        return abs(theirs) == abs(value)
    if isinstance(theirs, str) and isinstance(value, str):
        return theirs.split() == value.split()
    return theirs == value
