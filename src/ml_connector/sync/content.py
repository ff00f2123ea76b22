"""What the target shows of a document, laid against what a step was to make of it."""

from __future__ import annotations

from decimal import Decimal

from ml_connector.canonical.documents import Document
from ml_connector.connectors.base import Step


def differences(step: Step, shown: Document) -> list[str]:
    """What the target shows otherwise than the step says; empty when it is the same document."""
    expected = {"number": step.number, "date": step.date, "total": step.total, "currency": step.currency}
    found: list[str] = []
    if step.party_id and getattr(shown, "vendor", None) is not None and shown.vendor.id != step.party_id:  # type: ignore[union-attr]
        found.append(f"another vendor ({shown.vendor.label()})")  # type: ignore[union-attr]
    for name, value in expected.items():
        theirs = getattr(shown, name, None)
        if not value or theirs is None or theirs == "" or (name == "number" and not hasattr(shown, "total")):
            continue
        same = abs(theirs) == abs(value) if isinstance(value, Decimal) else theirs == value
        if not same:
            found.append(f"{name} {theirs} instead of {value}")
    return found
