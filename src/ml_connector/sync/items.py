"""Versions that have work to do, as they are claimed, planned and sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from ml_connector.canonical.documents import Document
from ml_connector.integrations.coding import Recoding


@dataclass(frozen=True, slots=True)
class Claimed:
    """One version that has work to do."""

    version_id: int
    record_id: int
    run_id: int
    priority: int
    source_id: str
    reference: str
    exported_at_first_sight: bool
    needed: int
    recoding: Recoding | None = field(default=None, kw_only=True)  # the job that the record is marked for


@dataclass(frozen=True, slots=True)
class Item(Claimed):
    """One version that has work to do, with its document."""

    document: Document
    number_key: str
    party_id: str
    content_hash: bytes
