"""Journal entries: those of ServiceTitan's own books, and external ones that an application makes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from ml_connector_sandbox.servicetitan.books.changing import changed
from ml_connector_sandbox.servicetitan.books.table import Record
from ml_connector_sandbox.servicetitan.stamps import Moment

if TYPE_CHECKING:
    from ml_connector_sandbox.servicetitan.books.tenant import TenantBooks

OWN, EXTERNAL = "ServiceTitan", "External"
POSTING_STATUSES = ("Open", "Closed")
SYNC_STATES = ("NotSynced", "InProgress", "Synced", "OutOfSync", "Error", "Excluded")


@dataclass(frozen=True, kw_only=True)
class JournalLine:
    """One side of an entry: ``debit`` or ``credit``, both positive, in the company's currency."""

    debit: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)
    account_id: int | None = None
    memo: str | None = None
    post_date: date | None = None
    business_unit_id: int | None = None
    customer_id: int | None = None
    vendor_id: int | None = None
    job_id: int | None = None


@dataclass(frozen=True, kw_only=True)
class JournalEntry(Record):
    """An entry. ``guid`` is what the API calls its id; ``id`` orders entries here alone. Inactive means deleted."""

    number: int
    guid: str = ""
    name: str | None = None
    source: str = EXTERNAL
    status: str = "Open"
    sync_status: str = "NotSynced"
    version_id: int = 1
    message: str | None = None
    post_date: date | None = None
    exported_on: str | None = None
    exported_by: str | None = None
    lines: tuple[JournalLine, ...] = ()
    custom_fields: tuple[tuple[str, str | None], ...] = ()


def unbalanced(lines: Sequence[JournalLine]) -> Decimal:
    """Debits less credits: 0 where they balance."""
    return sum((one.debit - one.credit for one in lines), Decimal(0))


class Journals:
    """The journal of one tenant's books. ``at`` stamps a change, None is now."""

    def __init__(self, books: TenantBooks) -> None:
        self._books = books
        self._by_guid: dict[str, int] = {}

    def enter(self, entry: JournalEntry, at: Moment | None = None) -> JournalEntry:
        """Keep an entry under a new GUID. Raises ValueError when a line points at a record that does not exist."""
        books = self._books
        for line in entry.lines:
            for table, number in (
                (books.gl_accounts, line.account_id), (books.business_units, line.business_unit_id),
                (books.customers, line.customer_id), (books.vendors, line.vendor_id), (books.jobs, line.job_id),
            ):  # fmt: skip
                books.require(table, number)
        number = entry.id or books.next_stock_id()
        guid = str(uuid.uuid5(uuid.NAMESPACE_URL, f"servicetitan/{books.number}/journal-entries/{number}"))
        kept = books.journal_entries.add(changed(entry, id=number, guid=guid), at)
        self._by_guid[guid] = kept.id
        return kept

    def next_number(self) -> int:
        """The number of the next entry, from 1."""
        return len(self._books.journal_entries) + 1

    def find(self, guid: str) -> JournalEntry | None:
        """The live entry of this GUID, in lower case with dashes."""
        entry = self._books.journal_entries.get(self._by_guid.get(guid))
        return entry if entry is not None and entry.active else None

    def delete(self, guid: str, at: Moment | None = None) -> JournalEntry:
        """Raises KeyError when there is none, ValueError when it is one of ServiceTitan's own."""
        entry = self.find(guid)
        if entry is None:
            raise KeyError(f"there is no journal entry {guid}")
        if entry.source != EXTERNAL:
            raise ValueError(f"journal entry {entry.number} is {entry.source}'s own and cannot be deleted")
        return self._books.journal_entries.modify(entry.id, at, active=False)
